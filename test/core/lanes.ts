import { Kernel } from '../../src/core/kernel.ts'
import { checkRun } from '../../src/core/run.ts'
import type { Lanes, VerifyOptions } from '../../src/core/verification.ts'
import { buildKernel, buildKernelScript } from '../../src/kernel/build.ts'

/** The kernel as it is shipped, started anew. */
export function startKernel(): Kernel {
  const kernel = Kernel.start(Buffer.from(buildKernel()).toString('base64'))
  if (kernel === null) throw new Error('no WebAssembly with SIMD here')
  return kernel
}

/** The same where there is no WebAssembly. */
export function startScriptKernel(code = buildKernelScript()): Kernel {
  const begin = new Function(code.replace(/^export default/, 'return')) as () => () => unknown
  const kernel = Kernel.startScript(begin())
  if (kernel === null) throw new Error('no memory for a kernel here')
  return kernel
}

/** Both, by what they are made of. */
export const KERNELS = { WebAssembly: startKernel, JavaScript: startScriptKernel } as const
export const KERNEL_NAMES = Object.keys(KERNELS) as (keyof typeof KERNELS)[]

/** Both, started. */
export function startKernels(): Kernel[] {
  return KERNEL_NAMES.map((name) => KERNELS[name]())
}

/** Options with which `bytes` are verified in runs of `runBytes`. A null kernel: plainly. */
export function inRuns(
  bytes: Uint8Array,
  kernel: Kernel | null,
  runBytes: number,
  chunkBytes = 1000,
): VerifyOptions {
  async function* chunks(from: number): AsyncGenerator<Uint8Array> {
    // One buffer filled again and again, as files are read.
    const buffer = new Uint8Array(chunkBytes)
    for (let at = from; at < bytes.length; at += chunkBytes) {
      const chunk = bytes.subarray(at, at + chunkBytes)
      buffer.set(chunk)
      yield buffer.subarray(0, chunk.length)
    }
  }
  const lanes: Lanes = {
    size: bytes.length,
    count: 2,
    runBytes,
    check: (run, onProgress) => checkRun(kernel, chunks(run.from - 1), run, onProgress),
    chunks,
  }
  return { kernel, lanes }
}
