/** Everything of the product that is fuzzed, as one module: copies of it are built with something missing. */
export { gunzip } from '../../src/cli/gunzip.ts'
export { Kernel } from '../../src/core/kernel.ts'
export { createReport } from '../../src/core/report.ts'
export { reportStatementFile } from '../../src/core/statement-file.ts'
export { verifyManifest } from '../../src/core/verify.ts'
export { inRuns, startScriptKernel } from '../core/lanes.ts'
