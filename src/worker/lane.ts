import { checkRun, type CheckedRun, type Run, type RunProgress } from '../core/run.ts'
import { gatherRun, type GatheredRun } from './gather.ts'
import { kernel } from './kernel.ts'
import type { Task, TaskContext } from './protocol.ts'
import { searchSegment, type SegmentToSearch } from './search.ts'
import { nextTask, readBlob, readBytes } from './source.ts'
import { stageRun, type RunToStage, type StagedRun } from './stage-run.ts'
import { holdMs, restMs, type Use } from './turns.ts'

/** Milliseconds between two words of how far a run is. */
const TELL_MS = 200
/** Longest for which it hears nothing, a frame, but for one chunk and, behind the last of them, the tree. */
const HEAR_MS = 16

/** A run of a file; the byte before it is there too. */
interface RunOfFile extends Run {
  readonly file: Blob
}

export interface LaneTasks {
  /** Answers once the worker runs. */
  ready: Task<Record<string, never>, void>
  check: Task<RunOfFile, CheckedRun>
  gather: Task<RunOfFile & { ownKeys: readonly string[] }, GatheredRun>
  stage: Task<{ file: Blob; run: RunToStage }, StagedRun>
  search: Task<SegmentToSearch, Uint32Array>
  /** Somebody uses the page: lanes take turns at resting; a search, which somebody waits for, goes on. */
  use: Task<Omit<Use, 'at'>, void>
}

export const laneTasks: LaneTasks = {
  ready: async () => undefined,
  check: (run, context) =>
    inTurn(run, context, (chunks, onProgress) => checkRun(kernel, chunks, run, onProgress)),
  gather: (run, context) =>
    inTurn(run, context, (chunks, onProgress) => gatherRun(kernel, chunks, run, onProgress)),
  async stage({ file, run }) {
    await passing(holdMs)
    return stageRun(kernel, await readBlob(file), run)
  },
  search: searchSegment,
  async use(lane) {
    lastUse = { ...lane, at: Date.now() }
  },
}

let lastUse: Use = { at: -Infinity, lane: 0, lanes: 1 }

/** Resolves once `wait` says that there is nothing to wait for; uses that are heard of meanwhile count. */
async function passing(wait: (use: Use, now: number) => number): Promise<void> {
  for (let ms = wait(lastUse, Date.now()); ms > 0; ms = wait(lastUse, Date.now()))
    await new Promise((goOn) => setTimeout(goOn, ms))
}

/**
 * Chunks as they come, none while the lane is to rest. What has been read ahead comes without a pause in which the lane
 * could hear that somebody uses the page, or that nobody waits for it any more.
 */
async function* resting(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let heard = performance.now()
  for await (const chunk of chunks) {
    yield chunk
    if (performance.now() - heard >= HEAR_MS) {
      await nextTask()
      heard = performance.now()
    }
    await passing(restMs)
  }
}

let before: Promise<unknown> = Promise.resolve()

/** Runs are read one after the other: two readings at once cost more, each with a pipe of its own, than is gained. */
function inTurn<Result extends CheckedRun>(
  { file, from, to }: RunOfFile,
  context: TaskContext,
  check: (chunks: AsyncIterable<Uint8Array>, onProgress: RunProgress) => Promise<Result>,
): Promise<Result> {
  const result = before.then(async () => {
    let told = performance.now()
    const run = await check(resting(readBytes(file, from - 1, context)), (done, memories) => {
      if (performance.now() - told < TELL_MS) return
      told = performance.now()
      context.progress({ done, total: to - from, memories })
    })
    context.give(run.leaves.buffer)
    return run
  })
  before = result.catch(() => undefined)
  return result
}
