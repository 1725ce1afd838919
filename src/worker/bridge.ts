import { ExchangeError, fromWire } from '../core/errors.ts'
import type { Progress, Reply, Request, Task } from './protocol.ts'
import type { Tasks } from './tasks.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** A worker, or what is spoken to as one. */
export type WorkerLike = Pick<Worker, 'postMessage' | 'addEventListener' | 'terminate'>

/**
 * How long a worker may be silent after it was made, in milliseconds, before another is made in its place; the last time
 * it is given up. No event tells of a script that never comes.
 */
const START_MS = [10_000, 20_000, 40_000]
/** What lies there unheard is heard within this. */
const HEARD_MS = 500

interface Pending {
  readonly request: Request
  readonly resolve: (output: never) => void
  readonly reject: (error: unknown) => void
  readonly onProgress: CallOptions['onProgress']
}

/**
 * The page's end of the worker. A worker that dies rejects all that was pending with `worker_lost`, and the
 * next call starts a new one; what a call was told to keep in the old one is gone. One that never starts is replaced.
 */
export class WorkerBridge<Called extends { [Name in keyof Called]: Task<never, unknown> } = Tasks> {
  readonly #start: () => WorkerLike
  readonly #startMs: readonly number[]
  readonly #pending = new Map<number, Pending>()
  #worker: WorkerLike | null = null
  #calls = 0

  /** `start` makes the worker; it is called again after one has died, or has not started within its time. */
  constructor(start: () => WorkerLike, startMs = START_MS) {
    this.#start = start
    this.#startMs = startMs
  }

  /** Starts the worker before anything is asked of it: its script is loaded beside the page's own. */
  prepare(): void {
    this.#worker ??= this.#open()
  }

  /** Runs a task. Rejects with what it throws, `cancelled` when the signal says so, `worker_lost`. */
  async call<Name extends keyof Called & string>(
    task: Name,
    input: Parameters<Called[Name]>[0],
    options: CallOptions = {},
  ): Promise<Awaited<ReturnType<Called[Name]>>> {
    const { signal, onProgress } = options
    if (signal?.aborted) throw new ExchangeError('cancelled')
    const worker = (this.#worker ??= this.#open())
    const id = ++this.#calls
    // Not always the one that was asked: that may never have started.
    const cancel = () => this.#worker?.postMessage({ id, cancel: true } satisfies Request)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await new Promise<Awaited<ReturnType<Called[Name]>>>((resolve, reject) => {
        const request = { id, task, input } satisfies Request
        this.#pending.set(id, { request, resolve: resolve as Pending['resolve'], reject, onProgress })
        worker.postMessage(request)
      })
    } finally {
      this.#pending.delete(id)
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Whether anything that was asked for has not been answered. */
  get isBusy(): boolean {
    return this.#pending.size > 0
  }

  /** Ends the worker; what is pending is rejected with `worker_lost`. */
  close(): void {
    if (this.#worker !== null) this.#lose(this.#worker, 'closed')
  }

  #open(tries = 0): WorkerLike {
    const worker = this.#start()
    // A page that was held up, or asleep, hears of its time before it hears what the worker said meanwhile.
    let silence = setTimeout(() => {
      silence = setTimeout(() => this.#replace(worker, tries), HEARD_MS)
    }, this.#startMs[tries])
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      clearTimeout(silence)
      if ('read' in data) void give(worker, data)
      else if ('id' in data) this.#receive(data)
    })
    worker.addEventListener('error', (event) => {
      event.preventDefault()
      this.#lose(worker, event.message)
    })
    worker.addEventListener('messageerror', () => this.#lose(worker, 'a message could not be read'))
    return worker
  }

  /** Of a worker that has not started nothing was done: another is asked for the same. */
  #replace(worker: WorkerLike, tries: number): void {
    if (worker !== this.#worker) return
    if (tries + 1 >= this.#startMs.length) return this.#lose(worker, 'it does not start')
    worker.terminate()
    this.#worker = this.#open(tries + 1)
    for (const { request } of this.#pending.values()) this.#worker.postMessage(request)
  }

  #receive(reply: Extract<Reply, { id: number }>): void {
    const pending = this.#pending.get(reply.id)
    if (pending === undefined) return
    if ('progress' in reply) pending.onProgress?.(reply.progress)
    else if ('error' in reply) pending.reject(fromWire(reply.error))
    else pending.resolve(reply.output as never)
  }

  #lose(worker: WorkerLike, why: string): void {
    worker.terminate()
    // The last words of one that was already replaced.
    if (worker !== this.#worker) return
    this.#worker = null
    for (const { reject } of this.#pending.values()) reject(new ExchangeError('worker_lost', why))
    this.#pending.clear()
  }
}

/** Reads for a worker that cannot. */
export async function give(
  worker: WorkerLike,
  { read, blob }: Extract<Reply, { read: number }>,
): Promise<void> {
  const bytes = await blob.arrayBuffer().catch(() => null)
  worker.postMessage({ given: read, bytes } satisfies Request, bytes === null ? [] : [bytes])
}
