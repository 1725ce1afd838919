import { describe, expect, it } from 'vitest'
import { verifyManifest } from '../../src/core/verify.ts'
import { bytesOfCase, CASES } from './cases.ts'
import { inRuns, startKernel } from './lanes.ts'
import { inChunks } from './manifests.ts'

const kernel = startKernel()

/** Everything that is answered, marks aside: they only have to be true. */
async function answer(...args: Parameters<typeof verifyManifest>) {
  const { failure, signed, memories, evidence, leaves } = await verifyManifest(...args)
  return { failure, signed, memories, evidence, leaves: leaves.toBytes() }
}

/** What stands on the lines of memories, and about them: of the other groups the runs see nothing. */
const { start, frame, spelling, memories, members, tree, notYet, order } = CASES
const GROUPS = { start, frame, spelling, memories, members, tree, notYet, order }

describe.each(Object.entries(GROUPS))('%s, in runs', (_, cases) => {
  it.each(cases)('%s', async (_, file) => {
    const bytes = bytesOfCase(file)
    const plain = await answer(inChunks(bytes))
    expect(await answer(inChunks(bytes), { kernel })).toEqual(plain)
    const sizes = bytes.length > 100_000 ? [100_001] : [1, 500]
    for (const size of sizes) {
      expect(await answer(inChunks(bytes), inRuns(bytes, kernel, size))).toEqual(plain)
      expect(await answer(inChunks(bytes), inRuns(bytes, null, size))).toEqual(plain)
      expect(await answer(inChunks(bytes, [size]), { kernel, batchBytes: size })).toEqual(plain)
    }
  })
})
