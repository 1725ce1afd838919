import { toWire } from '../core/errors.ts'
import type { Reply, Request, Task } from './protocol.ts'

/** This end of what a `WorkerBridge` posts to: a worker's own scope, or a port. */
export interface End {
  postMessage(message: Reply, given: ArrayBuffer[]): void
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void
}

/** Answers the calls of a `WorkerBridge` with `tasks`, once it is `ready`. */
export function serve<Tasks>(
  end: End,
  tasks: { [Name in keyof Tasks]: Tasks[Name] & Task<never, unknown> },
  ready: Promise<void>,
): void {
  const running = new Map<number, AbortController>()
  const reply = (message: Reply, given: ArrayBuffer[] = []) => end.postMessage(message, given)

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

  end.addEventListener('message', ({ data }) => {
    if ('cancel' in data) running.get(data.id)?.abort()
    else if ('task' in data) void run(data)
  })
  reply({ started: true })
}
