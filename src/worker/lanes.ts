import { ExchangeError } from '../core/errors.ts'
import type { VerifyOptions } from '../core/verification.ts'
import { runBytesOf, type Run, type RunProgress } from '../core/run.ts'
import { WorkerBridge, type CallOptions, type WorkerLike } from './bridge.ts'
import { kernel } from './kernel.ts'
import { laneTasks, type LaneTasks } from './lane.ts'
import type { Source } from './source.ts'
import type { Task, TaskContext } from './protocol.ts'
import { isInUse } from './turns.ts'

const MOST_LANES = 8
const IDLE_MS = 30_000
/** Fewer bytes than this are not worth a worker's start, nor the way there. */
const WORTH_BYTES = 512 * 1024
const NEVER = new AbortController().signal

/**
 * Workers for this one, one a core, that check runs of lines side by side. Started when first needed, ended when
 * they were idle for a while: what they hold is memory of a run, no state.
 */
export class Lanes {
  readonly #bridges: readonly WorkerBridge<LaneTasks>[]
  readonly #load: number[]
  #usedAt = -Infinity
  #reaper: ReturnType<typeof setTimeout> | undefined

  constructor(
    start: () => WorkerLike,
    count = Math.min(Math.max(navigator.hardwareConcurrency, 1), MOST_LANES),
  ) {
    this.#bridges = Array.from({ length: count }, () => new WorkerBridge<LaneTasks>(start))
    this.#load = this.#bridges.map(() => 0)
  }

  get count(): number {
    return this.#bridges.length
  }

  /** Runs a task that reads `bytes` in the lane that has least to do, or here. Rejects as `WorkerBridge.call` does. */
  async call<Name extends keyof LaneTasks>(
    task: Name,
    input: Parameters<LaneTasks[Name]>[0],
    bytes: number,
    { signal = NEVER, onProgress = () => undefined }: CallOptions = {},
  ): Promise<Awaited<ReturnType<LaneTasks[Name]>>> {
    const here = () => {
      const run = laneTasks[task] as Task<typeof input, Awaited<ReturnType<LaneTasks[Name]>>>
      return run(input, { signal, progress: onProgress, give: () => undefined })
    }
    if (bytes < WORTH_BYTES) return here()
    const lane = this.#laneFor(task)
    this.#load[lane]!++
    clearTimeout(this.#reaper)
    if (isInUse(this.#usedAt, Date.now())) this.#tellUse(lane)
    try {
      return await this.#bridges[lane]!.call(task, input, { signal, onProgress })
    } catch (error) {
      // Where no further worker starts, or one ended, this one does it: slower, and the answer is the same.
      if (error instanceof ExchangeError && error.code === 'worker_lost' && !signal.aborted) return here()
      throw error
    } finally {
      this.#load[lane]!--
      if (this.#load.every((calls) => calls === 0)) this.#reaper = setTimeout(() => this.#end(), IDLE_MS)
    }
  }

  /** Starts them: the first file that a person opens need not wait for it. */
  async warm(): Promise<void> {
    await Promise.all(this.#bridges.map(() => this.call('ready', {}, WORTH_BYTES)))
  }

  /**
   * What is staged knows no rest: while somebody uses the page one lane does it, and the other cores are the page's and
   * the store's (test/bench/reading, "What held the page up").
   */
  #laneFor(task: keyof LaneTasks): number {
    if (task === 'stage' && isInUse(this.#usedAt, Date.now())) return 0
    return this.#load.indexOf(Math.min(...this.#load))
  }

  /** Somebody uses the page: what reads takes turns at resting, what is staged keeps to one lane. */
  giveWay(): void {
    this.#usedAt = Date.now()
    for (const [lane, calls] of this.#load.entries()) if (calls > 0) this.#tellUse(lane)
  }

  #tellUse(lane: number): void {
    this.#bridges[lane]!.call('use', { lane, lanes: this.count }).catch(() => undefined)
  }

  #end(): void {
    for (const bridge of this.#bridges) bridge.close()
  }

  /** What verification needs to check a file's runs here: of a gzip file that is not inflated yet there are none. */
  optionsFor(source: Source, context: Pick<TaskContext, 'signal'>): Pick<VerifyOptions, 'lanes' | 'kernel'> {
    const file = source.plain
    if (file === null) return { kernel }
    const lanes = {
      size: file.size,
      count: this.count,
      runBytes: runBytesOf(file.size, this.count),
      check: (run: Run, onProgress: RunProgress) =>
        this.call('check', { file, ...run }, run.to - run.from, {
          signal: context.signal,
          onProgress: ({ done, memories }) => onProgress(done, memories),
        }),
      chunks: (from: number) => source.chunks(context, from),
    }
    return { kernel, lanes }
  }
}
