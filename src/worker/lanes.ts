import { ExchangeError } from '../core/errors.ts'
import { runBytesOf } from '../core/run.ts'
import type { Lanes as CoreLanes, VerifyOptions } from '../core/verification.ts'
import { WorkerBridge, type CallOptions, type WorkerLike } from './bridge.ts'
import { kernel } from './kernel.ts'
import { laneTasks, type LaneTasks, type RunOfFile } from './lane.ts'
import type { Source } from './source.ts'
import type { Task, TaskContext } from './protocol.ts'

const MOST_LANES = 8
const IDLE_MS = 30_000
/** Fewer bytes than this are not worth a worker's start, nor the way there. */
const WORTH_BYTES = 512 * 1024
const NEVER = new AbortController().signal

let nextRun = 0

/**
 * Workers for this one, one a core, that check runs of lines side by side. Started when first needed, ended when
 * they were idle for a while: what they hold is memory of a run, no state.
 */
export class Lanes {
  readonly #bridges: readonly WorkerBridge<LaneTasks>[]
  readonly #load: number[]
  /** Where what was asked for is done. */
  readonly #laneOf = new WeakMap<object, WorkerBridge<LaneTasks>>()
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
    const lane = this.#load.indexOf(Math.min(...this.#load))
    this.#load[lane]!++
    this.#laneOf.set(input, this.#bridges[lane]!)
    clearTimeout(this.#reaper)
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

  /** What reads pauses, for so many milliseconds. */
  giveWay(ms: number): void {
    for (const [lane, bridge] of this.#bridges.entries())
      if (this.#load[lane]! > 0) bridge.call('pause', { ms }).catch(() => undefined)
  }

  #end(): void {
    for (const bridge of this.#bridges) bridge.close()
  }

  /** The runs of a file, each done by `work`, which hands the run itself to a lane; `more` is part of each. */
  runsOf<More extends object, Result>(
    file: Blob,
    more: More,
    work: (run: RunOfFile & More, options: CallOptions) => Promise<Result>,
    { signal }: Pick<TaskContext, 'signal'>,
  ): Pick<CoreLanes<Result>, 'size' | 'count' | 'runBytes' | 'check' | 'halve'> {
    const { size } = file
    const asked = new Map<number, RunOfFile>()
    return {
      size,
      count: this.count,
      runBytes: runBytesOf(size, this.count),
      async check(from, to, onProgress) {
        const run = { id: nextRun++, file, from, to, ...more }
        asked.set(from, run)
        try {
          return await work(run, { signal, onProgress: ({ done, memories }) => onProgress(done, memories) })
        } finally {
          asked.delete(from)
        }
      },
      halve: async (from) => {
        const run = asked.get(from)
        const lane = run && this.#laneOf.get(run)
        if (!run || !lane) return null
        const to = await lane.call('halve', { id: run.id }).catch(() => null)
        // Also for where it is done over, if that lane is lost.
        if (to !== null) run.to = to
        return to
      },
    }
  }

  /** What verification needs to check a file's runs here: of a gzip file that is not inflated yet there are none. */
  optionsFor(source: Source, context: Pick<TaskContext, 'signal'>): Pick<VerifyOptions, 'lanes' | 'kernel'> {
    const file = source.plain
    if (file === null) return { kernel }
    const lanes = {
      ...this.runsOf(
        file,
        {},
        (run, options) => this.call('check', run, run.to - run.from, options),
        context,
      ),
      hashSubtree: (leaves: Uint8Array) =>
        this.call('hashSubtree', { leaves }, leaves.length, { signal: context.signal }),
      chunks: (from: number) => source.chunks(context, from),
    }
    return { kernel, lanes }
  }
}
