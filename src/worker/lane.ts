import { checkRun, type CheckedRun, type RunProgress } from '../core/run.ts'
import { gatherRun, type GatheredRun } from './gather.ts'
import { kernel } from './kernel.ts'
import type { Task, TaskContext } from './protocol.ts'
import { searchSegment, type SegmentToSearch } from './search.ts'
import { readBlob, readBytes } from './source.ts'
import { stageRun, type RunToStage, type StagedRun } from './stage-run.ts'

/** Name of the workers that only check: they open no store. */
export const LANE_NAME = 'omega-lane'

/** Milliseconds between two words of how far a run is. */
const TELL_MS = 100

/** Bytes `from` to `to` of a file; the one before `from` is there too. */
interface Run {
  readonly file: Blob
  readonly from: number
  readonly to: number
}

export interface LaneTasks {
  /** Answers once the worker runs. */
  ready: Task<Record<string, never>, void>
  check: Task<Run, CheckedRun>
  gather: Task<Run & { ownKeys: readonly string[] }, GatheredRun>
  stage: Task<{ file: Blob; run: RunToStage }, StagedRun>
  search: Task<SegmentToSearch, Uint32Array>
}

export const laneTasks: LaneTasks = {
  ready: async () => undefined,
  check: (run, context) =>
    inTurn(run, context, (chunks, onProgress) => checkRun(kernel, chunks, run.from, run.to, onProgress)),
  gather: (run, context) =>
    inTurn(run, context, (chunks, onProgress) => gatherRun(kernel, chunks, run, onProgress)),
  stage: async ({ file, run }) => stageRun(kernel, await readBlob(file), run),
  search: searchSegment,
}

let before: Promise<unknown> = Promise.resolve()

/** Runs are read one after the other: two readings at once cost more, each with a pipe of its own, than is gained. */
function inTurn<Result extends CheckedRun>(
  { file, from, to }: Run,
  context: TaskContext,
  check: (chunks: AsyncIterable<Uint8Array>, onProgress: RunProgress) => Promise<Result>,
): Promise<Result> {
  const result = before.then(async () => {
    let told = performance.now()
    const run = await check(readBytes(file, from - 1, context), (done, memories) => {
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
