import { ExchangeError, fromWire } from '../core/errors.ts'
import type { Progress, Reply, Request, Task } from './protocol.ts'
import type { Tasks } from './tasks.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** A worker, or what is spoken to as one. */
export type WorkerLike = Pick<Worker, 'postMessage' | 'addEventListener' | 'terminate'>

interface Pending {
  readonly resolve: (output: never) => void
  readonly reject: (error: unknown) => void
  readonly onProgress: CallOptions['onProgress']
}

/**
 * The page's end of the worker. A worker that dies rejects all that was pending with `worker_lost`, and the
 * next call starts a new one; what a call was told to keep in the old one is gone.
 */
export class WorkerBridge<Called extends { [Name in keyof Called]: Task<never, unknown> } = Tasks> {
  readonly #start: () => WorkerLike
  readonly #pending = new Map<number, Pending>()
  #worker: WorkerLike | null = null
  #calls = 0

  /** `start` makes the worker; it is called again after one has died. */
  constructor(start: () => WorkerLike) {
    this.#start = start
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
    const cancel = () => worker.postMessage({ id, cancel: true } satisfies Request)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await new Promise<Awaited<ReturnType<Called[Name]>>>((resolve, reject) => {
        this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject, onProgress })
        worker.postMessage({ id, task, input } satisfies Request)
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

  #open(): WorkerLike {
    const worker = this.#start()
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if ('read' in data) void give(worker, data)
      else this.#receive(data)
    })
    worker.addEventListener('error', (event) => {
      event.preventDefault()
      this.#lose(worker, event.message)
    })
    worker.addEventListener('messageerror', () => this.#lose(worker, 'a message could not be read'))
    return worker
  }

  #receive(reply: Exclude<Reply, { read: number }>): void {
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
async function give(worker: WorkerLike, { read, blob }: Extract<Reply, { read: number }>): Promise<void> {
  const bytes = await blob.arrayBuffer().catch(() => null)
  worker.postMessage({ given: read, bytes } satisfies Request, bytes === null ? [] : [bytes])
}
