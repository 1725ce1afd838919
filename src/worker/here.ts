import type { Database } from '../store/database.ts'
import { WorkerBridge } from './bridge.ts'
import { serve } from './serve.ts'
import { createTasks, type Tasks } from './tasks.ts'

/**
 * The tasks in the page's own thread, over the store that the page has open: for an engine whose workers have another.
 * Lanes need no store. What keeps a thread busy and needs none either is left to `worker`.
 */
export function createWorkerHere(db: Database, worker: WorkerBridge, startLane: () => Worker): WorkerBridge {
  const tasks: Tasks = {
    ...createTasks(Promise.resolve(db), startLane),
    stretch: (input, { signal }) => worker.call('stretch', input, { signal }),
  }
  return new WorkerBridge(() => {
    const { port1, port2 } = new MessageChannel()
    serve(port2, tasks, Promise.resolve())
    port1.start()
    port2.start()
    return Object.assign(port1, { terminate: () => port1.close() })
  })
}
