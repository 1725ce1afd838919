import { toWire } from '../core/errors.ts'
import { DATABASE_NAME, openDatabase } from '../store/database.ts'
import type { Reply, Request } from './protocol.ts'
import { createTasks, type Tasks } from './tasks.ts'

declare const self: DedicatedWorkerGlobalScope

const running = new Map<number, AbortController>()
/** Named like the database it works on; the app's own has the usual one. */
const tasks = createTasks(openDatabase(lose, self.name || DATABASE_NAME))

/** An error that nobody catches tells the page, which ends this worker; closing itself it would leave calls waiting. */
function lose(why: string): void {
  self.reportError(new Error(`the database is gone: ${why}`))
}

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if ('cancel' in data) running.get(data.id)?.abort()
  else void run(data)
})

async function run({ id, task, input }: Extract<Request, { task: keyof Tasks }>): Promise<void> {
  const reply = (message: Reply) => self.postMessage(message)
  const controller = new AbortController()
  running.set(id, controller)
  try {
    const work = tasks[task] as (input: unknown, context: object) => Promise<unknown>
    const output = await work(input, {
      signal: controller.signal,
      progress: (progress: Extract<Reply, { progress: unknown }>['progress']) => reply({ id, progress }),
    })
    reply({ id, output })
  } catch (error) {
    reply({ id, error: toWire(error) })
  } finally {
    running.delete(id)
  }
}
