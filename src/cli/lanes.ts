import kernelBase64 from 'virtual:omega-kernel'
import { readSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { Kernel } from '../core/kernel.ts'
import { checkRun, runBytesOf, type CheckedRun, type Run } from '../core/run.ts'
import { isKernelRight } from '../core/kernel-test.ts'
import type { VerifyOptions } from '../core/verification.ts'

const CHUNK_BYTES = 1024 * 1024
const MOST_LANES = 16
/** Below this a thread is not worth its start, a fifth of a second. */
const WORTH_BYTES = 64 * 1024 * 1024

/** To a run; `failed` is what reading the file says. */
type Answer = { readonly run: CheckedRun } | { readonly failed: string }

/** Null where the engine has none, or has one that is not right: then all is read and hashed plainly. */
export function startKernel(): Kernel | null {
  const kernel = Kernel.start(kernelBase64)
  return kernel !== null && isKernelRight(kernel) ? kernel : null
}

/** Bytes of an open file from one on, in one buffer filled again and again. Throws what reading says. */
function* readBytes(fd: number, from: number): Generator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES)
  for (let at = from; ;) {
    const length = readSync(fd, buffer, 0, buffer.length, at)
    if (length === 0) return
    at += length
    yield buffer.subarray(0, length)
  }
}

/**
 * What verification needs to check an open file of `size` bytes side by side on all cores: threads of this same
 * script. `end` ends them.
 */
export function openLanes(
  fd: number,
  size: number,
): { readonly options: VerifyOptions; readonly end: () => void } {
  const isWorth = size >= WORTH_BYTES
  const count = isWorth ? Math.min(availableParallelism(), MOST_LANES) : 1
  // At once: they start while the envelope is read.
  const threads = Array.from({ length: isWorth ? count : 0 }, () => new Lane(fd))
  const kernel = startKernel()
  const checkHere = (run: Run) => checkRun(kernel, asAsync(readBytes(fd, run.from - 1)), run)
  const check = async (run: Run): Promise<CheckedRun> => {
    if (!isWorth) return checkHere(run)
    const thread = threads.reduce((a, b) => (b.load < a.load ? b : a))
    // Where a thread cannot start, or ends, it is done here: slower, and the answer is the same.
    return (await thread.check(run)) ?? checkHere(run)
  }
  const lanes = {
    size,
    count,
    runBytes: runBytesOf(size, count),
    check,
    chunks: (from: number) => asAsync(readBytes(fd, from)),
  }
  return {
    options: { kernel, lanes },
    end: () => threads.forEach((thread) => thread.end()),
  }
}

/** One thread; answers come in the order of the questions. */
class Lane {
  readonly #worker: Worker
  readonly #waiting: { resolve: (run: CheckedRun | null) => void; reject: (error: Error) => void }[] = []
  /** It may end before anything was asked of it. */
  #isLost = false

  constructor(fd: number) {
    this.#worker = new Worker(fileURLToPath(import.meta.url), { workerData: { fd } })
    this.#worker.on('message', (answer: Answer) => {
      const { resolve, reject } = this.#waiting.shift()!
      if ('run' in answer) resolve(answer.run)
      else reject(new Error(answer.failed))
    })
    this.#worker.on('error', () => {
      this.#isLost = true
      this.#waiting.splice(0).forEach(({ resolve }) => resolve(null))
    })
  }

  get load(): number {
    return this.#waiting.length
  }

  /** Null if the thread is no more. Rejects with what reading says. */
  check(run: Run): Promise<CheckedRun | null> {
    if (this.#isLost) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#worker.postMessage(run)
    })
  }

  end(): void {
    void this.#worker.terminate()
  }
}

/** The other end: what a thread does. */
export function serveLane(): void {
  const { fd } = workerData as { readonly fd: number }
  const kernel = startKernel()
  const check = async (run: Run): Promise<Answer> => {
    try {
      return { run: await checkRun(kernel, asAsync(readBytes(fd, run.from - 1)), run) }
    } catch (error) {
      return { failed: error instanceof Error ? error.message : String(error) }
    }
  }
  // One after the other, for there is one kernel.
  let before: Promise<unknown> = Promise.resolve()
  parentPort!.on('message', (run: Run) => {
    before = before
      .then(() => check(run))
      .then((answer) => parentPort!.postMessage(answer, 'run' in answer ? [answer.run.leaves.buffer] : []))
  })
}

async function* asAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}
