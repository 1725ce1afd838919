import { DATABASE_NAME, openDatabase } from '../store/database.ts'
import { relayBlobs } from './blob-relay.ts'
import { laneTasks } from './lane.ts'
import { LANE_NAME } from './lane-host.ts'
import { askForLane } from './lane-request.ts'
import type { Request } from './protocol.ts'
import { serve } from './serve.ts'
import { createTasks } from './tasks.ts'

declare const self: DedicatedWorkerGlobalScope

const ready = relayBlobs()

// One script for both, so that a single one is loaded, and inlined where there is but one file.
if (self.name === LANE_NAME) {
  serve(self, laneTasks, ready)
  self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
    if (!('port' in data)) return
    serve(data.port, laneTasks, ready)
    data.port.start()
  })
} else {
  // Named like the database it works on; the app's own has the usual one.
  serve(self, createTasks(openDatabase(lose, self.name || DATABASE_NAME), askForLane), ready)
}

/** An error that nobody catches tells the page, which ends this worker; closing itself it would leave calls waiting. */
function lose(why: string): void {
  self.reportError(new Error(`the database is gone: ${why}`))
}
