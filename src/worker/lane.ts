import { rootOf } from '../core/merkle.ts'
import { checkRun, type CheckedRun, type Run, type RunProgress } from '../core/run.ts'
import { gatherRun, type GatheredRun } from './gather.ts'
import { kernel } from './kernel.ts'
import type { Task, TaskContext } from './protocol.ts'
import { searchSegment, type SegmentToSearch } from './search.ts'
import { nextTask, readBlob, readBytes } from './source.ts'
import { stageRun, type RunToStage, type StagedRun } from './stage-run.ts'

/** Milliseconds between two words of how far a run is. */
const TELL_MS = 100
/** Longest for which it hears nothing, but for one chunk. */
const HEAR_MS = 5
/** Fewer bytes than this another lane does not begin to read sooner than this one has checked them. */
const WORTH_BYTES = 8 * 1024 * 1024

/** A run of a file in which there is a byte before it; `id` is its own. */
export interface RunOfFile extends Run {
  readonly id: number
  readonly file: Blob
}

export interface LaneTasks {
  /** Answers once the worker runs. */
  ready: Task<Record<string, never>, void>
  check: Task<RunOfFile, CheckedRun>
  hashSubtree: Task<{ leaves: Uint8Array }, Uint8Array>
  /**
   * Gives up the second half of what is left of a run, and answers where the run ends then; null where that is not worth
   * a reading of its own.
   */
  halve: Task<{ id: number }, number | null>
  gather: Task<RunOfFile & { ownKeys: readonly string[] }, GatheredRun>
  stage: Task<{ file: Blob; run: RunToStage }, StagedRun>
  search: Task<SegmentToSearch, Uint32Array>
  /** For so many milliseconds from now no more of a run is read; a search, which somebody waits for, goes on. */
  pause: Task<{ ms: number }, void>
}

export const laneTasks: LaneTasks = {
  ready: async () => undefined,
  check: (run, context) =>
    inTurn(run, context, (chunks, onProgress) => checkRun(kernel, chunks, run, onProgress)),
  hashSubtree: async ({ leaves }) => rootOf(leaves, kernel?.hashSubtree),
  async halve({ id }) {
    const asked = runs.get(id)
    if (asked === undefined) return null
    const left = asked.run.to - asked.run.from - asked.done
    if (left < 2 * WORTH_BYTES) return null
    return (asked.run.to -= Math.floor(left / 2))
  },
  gather: (run, context) =>
    inTurn(run, context, (chunks, onProgress) => gatherRun(kernel, chunks, run, onProgress)),
  async stage({ file, run }) {
    await resumed()
    return stageRun(kernel, await readBlob(file), run)
  },
  search: searchSegment,
  async pause({ ms }) {
    pausedUntil = performance.now() + ms
  },
}

let pausedUntil = 0

async function resumed(): Promise<void> {
  for (let ms = pausedUntil - performance.now(); ms > 0; ms = pausedUntil - performance.now())
    await new Promise((resume) => setTimeout(resume, ms))
}

/**
 * Chunks as they come, none while the lane is paused. What has been read ahead comes without a pause in which the lane
 * could hear that it is, or what else it is asked for.
 */
async function* pausing(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let heard = performance.now()
  for await (const chunk of chunks) {
    yield chunk
    if (performance.now() - heard >= HEAR_MS) {
      await nextTask()
      heard = performance.now()
    }
    await resumed()
  }
}

/** Runs that were asked for, by their `id`, and the bytes of each that are done. */
const runs = new Map<number, { readonly run: Run; done: number }>()

let before: Promise<unknown> = Promise.resolve()

/** Runs are read one after the other: two readings at once cost more, each with a pipe of its own, than is gained. */
function inTurn<Result extends CheckedRun>(
  run: RunOfFile,
  context: TaskContext,
  check: (chunks: AsyncIterable<Uint8Array>, onProgress: RunProgress) => Promise<Result>,
): Promise<Result> {
  const asked = { run, done: 0 }
  runs.set(run.id, asked)
  const result = before.then(async () => {
    let told = performance.now()
    const checked = await check(pausing(readBytes(run.file, run.from - 1, context)), (done, memories) => {
      asked.done = done
      if (performance.now() - told < TELL_MS) return
      told = performance.now()
      context.progress({ done, total: run.to - run.from, memories })
    })
    context.give(checked.leaves.buffer)
    return checked
  })
  before = result.catch(() => undefined).then(() => runs.delete(run.id))
  return result
}
