import { toWire } from '../core/errors.ts'
import type { Reply, Request, Task } from './protocol.ts'

declare const self: DedicatedWorkerGlobalScope

/** Answers the calls of a `WorkerBridge` with `tasks`, once it is `ready`. */
export function serve<Tasks>(
  tasks: { [Name in keyof Tasks]: Tasks[Name] & Task<never, unknown> },
  ready: Promise<void>,
): void {
  const running = new Map<number, AbortController>()
  const reply = (message: Reply, given: ArrayBuffer[] = []) => self.postMessage(message, given)

  async function run({ id, task, input }: Extract<Request, { task: string }>): Promise<void> {
    const controller = new AbortController()
    const given: ArrayBuffer[] = []
    running.set(id, controller)
    try {
      await ready
      const work = tasks[task as keyof Tasks] as Task<unknown, unknown>
      const output = await work(input, {
        signal: controller.signal,
        progress: (progress) => reply({ id, progress }),
        give: (memory) => given.push(memory),
      })
      reply({ id, output }, given)
    } catch (error) {
      reply({ id, error: toWire(error) })
    } finally {
      running.delete(id)
    }
  }

  self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
    if ('given' in data) return
    if ('cancel' in data) running.get(data.id)?.abort()
    else void run(data)
  })
}
