import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rootOf } from '../../src/core/merkle.ts'
import { checkRun, type Run } from '../../src/core/run.ts'
import { buildManifest } from '../reference/writer.ts'
import type { Kernel } from '../../src/core/kernel.ts'
import { KERNEL_NAMES, KERNELS } from './lanes.ts'

/** Bytes of a manifest, and where each memory's line starts. */
function linesOf(lengths: readonly number[]) {
  const { bytes } = buildManifest({
    memories: lengths.map((length, i) => ({ content: `${i} `.repeat(length).slice(0, length) })),
  })
  const starts: number[] = []
  for (let at = 0; at !== -1; at = Buffer.from(bytes).indexOf('\n{"author"', at + 1)) starts.push(at + 1)
  return { bytes, starts: starts.slice(1) }
}

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!
    yield bytes.slice(at, at + size)
    at += size
  }
}

/** What a run says, its marks apart. */
async function check(kernel: Kernel, bytes: Uint8Array, from: number, to: number, sizes: readonly number[]) {
  const pieces = inPieces(bytes.subarray(from - 1), sizes)
  const { marks, ...run } = await checkRun(kernel, pieces, { from, to })
  // Of a run in which no line starts nothing is said of an end.
  return { run: { ...run, end: run.start === null ? null : run.end }, marks }
}

const { bytes, starts } = linesOf(Array.from({ length: 40 }, (_, i) => 1 + ((i * 7919) % 900)))

describe.each(KERNEL_NAMES)('by the kernel in %s', (name) => {
  const kernel = KERNELS[name]()

  it('a run says the same, however its bytes come', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: bytes.length }),
        async (sizes, from, length) => {
          const to = Math.min(bytes.length, from + length)
          const { run, marks } = await check(kernel, bytes, from, to, sizes)
          expect(run).toEqual((await check(kernel, bytes, from, to, [bytes.length])).run)
          const first = starts.findIndex((start) => start >= from)
          for (const { index, offset } of marks) expect(offset).toBe(starts[first + index])
        },
      ),
      { numRuns: 300 },
    ))

  it('where it is known which memories they are, whole subtrees of theirs are hashed with them', async () => {
    const many = linesOf(Array.from({ length: 2600 }, (_, i) => 1 + (i % 7)))
    const [from, to] = [many.starts[300]!, many.starts[2500]!]
    const count = 2200
    const ask = (place: Partial<Run>) =>
      checkRun(kernel, inPieces(many.bytes.subarray(from - 1), [50_000]), { from, to, ...place })
    const { leaves, subtrees } = await ask({})
    expect(leaves).toHaveLength(32 * count)
    expect(subtrees).toBeNull()
    // 1,024 and 2,048 are the borders between which one lies.
    const root = rootOf(leaves.subarray(32 * (1024 - 300), 32 * (2048 - 300)))
    expect((await ask({ first: 300 })).subtrees).toEqual({ start: 300, roots: root })
    expect((await ask({ behind: 300 + count })).subtrees).toEqual({ start: 300, roots: root })
    // More lines than there should be: no place, and no error.
    expect((await ask({ behind: 5 })).subtrees?.start).toBe(5 - count)
    expect((await ask({ first: 0 })).subtrees?.roots).toHaveLength(64)
  })

  it('one line that does not hold ends it where that line starts, however its bytes come', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 38 }),
        fc.integer({ min: 1, max: 4000 }),
        async (bad, size) => {
          const forged = bytes.slice()
          forged[starts[bad]! + 20]! ^= 1
          const { run } = await check(kernel, forged, starts[0]!, forged.length, [size])
          expect(run.end).toBe(starts[bad])
          expect(run.leaves).toHaveLength(32 * bad)
          expect(run.isWhole).toBe(false)
        },
      ),
      { numRuns: 150 },
    ))
})
