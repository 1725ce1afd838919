import { checkRun, type CheckedRun } from '../core/run.ts'
import { kernel } from './kernel.ts'
import type { Task } from './protocol.ts'
import { readBlob, readBytes } from './source.ts'
import { stageRun, type RunToStage, type StagedRun } from './stage-run.ts'

/** Name of the workers that only check: they open no store. */
export const LANE_NAME = 'omega-lane'

export interface LaneTasks {
  check: Task<{ file: Blob; from: number; to: number }, CheckedRun>
  stage: Task<{ file: Blob; run: RunToStage }, StagedRun>
}

export const laneTasks: LaneTasks = {
  check: ({ file, from, to }, context) => checkRun(kernel, readBytes(file, from - 1, context), from, to),
  stage: async ({ file, run }) => stageRun(kernel, await readBlob(file), run),
}
