import { checkRun, type CheckedRun } from '../core/run.ts'
import { gatherRun, type GatheredRun, type RunToGather } from './gather.ts'
import { kernel } from './kernel.ts'
import type { Task, TaskContext } from './protocol.ts'
import { searchSegment, type SegmentToSearch } from './search.ts'
import { readBlob, readBytes } from './source.ts'
import { stageRun, type RunToStage, type StagedRun } from './stage-run.ts'

/** Name of the workers that only check: they open no store. */
export const LANE_NAME = 'omega-lane'

/** Milliseconds between two words of how far a run is. */
const TELL_MS = 100

export interface LaneTasks {
  check: Task<{ file: Blob; from: number; to: number }, CheckedRun>
  gather: Task<{ run: RunToGather }, GatheredRun>
  stage: Task<{ file: Blob; run: RunToStage }, StagedRun>
  search: Task<SegmentToSearch, Uint32Array>
}

export const laneTasks: LaneTasks = {
  check: (asked, context) => inTurn(() => check(asked, context)),
  gather: ({ run }) => gatherRun(kernel, run),
  stage: async ({ file, run }) => stageRun(kernel, await readBlob(file), run),
  search: searchSegment,
}

async function check(
  { file, from, to }: Parameters<LaneTasks['check']>[0],
  context: TaskContext,
): Promise<CheckedRun> {
  let told = performance.now()
  const run = await checkRun(kernel, readBytes(file, from - 1, context), from, to, (done, memories) => {
    if (performance.now() - told < TELL_MS) return
    told = performance.now()
    context.progress({ done, total: to - from, memories })
  })
  context.give(run.leaves.buffer)
  return run
}

let before: Promise<unknown> = Promise.resolve()

/** Runs are read one after the other: two readings at once cost more, each with a pipe of its own, than is gained. */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const result = before.then(work)
  before = result.catch(() => undefined)
  return result
}
