import kernelBase64 from 'virtual:omega-kernel'
import { Kernel } from '../core/kernel.ts'
import { checkRun, type CheckedRun } from '../core/run.ts'
import type { Task } from './protocol.ts'
import { readBlob } from './source.ts'
import { stageRun, type RunToStage, type StagedRun } from './stage-run.ts'

/** Name of the workers that only check: they open no store. */
export const LANE_NAME = 'omega-lane'

export interface LaneTasks {
  check: Task<{ file: Blob; from: number; to: number }, CheckedRun>
  stage: Task<{ file: Blob; run: RunToStage }, StagedRun>
}

/** This worker's own; null where the engine has none. */
const kernel = Kernel.start(kernelBase64)

export const laneTasks: LaneTasks = {
  check: ({ file, from, to }) => checkRun(kernel, (start, end) => readBlob(file.slice(start, end)), from, to),
  stage: async ({ file, run }) => stageRun(kernel, await readBlob(file), run),
}
