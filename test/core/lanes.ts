import { Kernel } from '../../src/core/kernel.ts'
import { checkRun } from '../../src/core/run.ts'
import type { Lanes, VerifyOptions } from '../../src/core/verification.ts'
import { buildKernel } from '../../src/kernel/build.ts'

/** The kernel as it is shipped, started anew. */
export function startKernel(): Kernel {
  const kernel = Kernel.start(Buffer.from(buildKernel()).toString('base64'))
  if (kernel === null) throw new Error('no WebAssembly with SIMD here')
  return kernel
}

/** Options with which `bytes` are verified in runs of `runBytes`. A null kernel: plainly. */
export function inRuns(bytes: Uint8Array, kernel: Kernel | null, runBytes: number): VerifyOptions {
  const read = async (from: number, to: number) => bytes.slice(from, to)
  const lanes: Lanes = {
    size: bytes.length,
    count: 2,
    runBytes,
    check: (from, to) => checkRun(kernel, read, from, to),
    async *chunks(from) {
      for (let at = from; at < bytes.length; at += 1000) yield bytes.slice(at, at + 1000)
    },
  }
  return kernel === null ? { lanes } : { lanes, hashPairs: kernel.hashPairs }
}
