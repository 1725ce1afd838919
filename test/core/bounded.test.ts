import { expect, it } from 'vitest'
import { Kernel } from '../../src/core/kernel.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { buildManifest } from '../reference/writer.ts'
import { inRuns, KERNEL_NAMES, KERNELS } from './lanes.ts'
import { inChunks } from './manifests.ts'

/** The exports of a kernel of either kind. */
interface Grown {
  readonly memory: { readonly buffer: ArrayBuffer }
}

/** A kernel, and how much memory it has, in bytes. */
function startWatched(name: keyof typeof KERNELS) {
  const { Instance } = WebAssembly
  const { startScript } = Kernel
  let exports: Grown | null = null
  WebAssembly.Instance = class extends Instance {
    constructor(...args: ConstructorParameters<typeof Instance>) {
      super(...args)
      exports = this.exports as unknown as Grown
    }
  }
  Kernel.startScript = (begin) => startScript(() => (exports = begin() as Grown))
  try {
    return { kernel: KERNELS[name](), bytesOf: () => exports!.memory.buffer.byteLength }
  } finally {
    WebAssembly.Instance = Instance
    Kernel.startScript = startScript
  }
}

const manifestOf = (count: number) =>
  buildManifest({ memories: Array.from({ length: count }, (_, i) => ({ content: `${i} `.repeat(400) })) })
    .bytes

const FOLLOWS =
  'the memory of the kernel in %s follows what it is given at once, and not the length of the file'

it.each(KERNEL_NAMES)(FOLLOWS, async (name) => {
  const [short, long] = [manifestOf(1200), manifestOf(3600)]
  const sizes: number[][] = []
  for (const bytes of [short, long]) {
    const [inStream, byLanes] = [startWatched(name), startWatched(name)]
    const options = { kernel: inStream.kernel, batchBytes: 64 * 1024 }
    expect((await verifyManifest(inChunks(bytes, [16 * 1024]), options)).failure).toBeNull()
    const lanes = inRuns(bytes, byLanes.kernel, 256 * 1024)
    expect((await verifyManifest(inChunks(bytes), lanes)).failure).toBeNull()
    sizes.push([inStream.bytesOf(), byLanes.bytesOf()])
  }
  expect(sizes[1]).toEqual(sizes[0])
  expect(Math.max(...sizes[1]!)).toBeLessThan(long.length)
})
