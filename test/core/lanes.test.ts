import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { FormatCode } from '../../src/core/codes.ts'
import { runBytesOf, type Run } from '../../src/core/run.ts'
import type { Lanes } from '../../src/core/verification.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { bytesOfCase, CASES } from './cases.ts'
import { inRuns, startKernel, startKernels } from './lanes.ts'
import { inChunks } from './manifests.ts'
import type { JsonObject } from '../reference/canonical.ts'
import { hex } from '../reference/shapes.ts'
import { buildManifest } from '../reference/writer.ts'

const kernel = startKernel()
const kernels = startKernels()

/** Everything that is answered, marks aside: they only have to be true. */
async function answer(...args: Parameters<typeof verifyManifest>) {
  const { failure, signed, memories, evidence, leaves } = await verifyManifest(...args)
  // As text: large arrays are compared element by element, and slowly.
  return { failure, signed, memories, evidence, leaves: hex(leaves.toBytes()) }
}

/** What stands on the lines of memories, and about them: of the other groups the runs see nothing. */
const { start, frame, spelling, memories, members, tree, notYet, order } = CASES
const GROUPS = { start, frame, spelling, memories, members, tree, notYet, order }

describe.each(Object.entries(GROUPS))('%s, in runs', (_, cases) => {
  it.each(cases)('%s', async (_, file) => {
    const bytes = bytesOfCase(file)
    const plain = await answer(inChunks(bytes))
    const sizes = bytes.length > 100_000 ? [100_001] : [1, 500]
    for (const size of sizes) expect(await answer(inChunks(bytes), inRuns(bytes, null, size))).toEqual(plain)
    for (const kernel of kernels) {
      expect(await answer(inChunks(bytes), { kernel })).toEqual(plain)
      for (const size of sizes) {
        expect(await answer(inChunks(bytes), inRuns(bytes, kernel, size))).toEqual(plain)
        expect(await answer(inChunks(bytes, [size]), { kernel, batchBytes: size })).toEqual(plain)
      }
    }
  })
})

it('a run that does not begin where the one before it ended, as of a file that changes meanwhile, is not taken', async () => {
  const { bytes } = buildManifest({
    memories: Array.from({ length: 60 }, (_, i) => ({ content: `memory ${i} `.repeat(200) })),
  })
  const first = Buffer.from(bytes).indexOf('{"author"')
  const second = Buffer.from(bytes).indexOf('{"author"', first + 1)
  // The same with its first memory twice: all that follows stands one line further.
  const changed = Buffer.concat([bytes.subarray(0, second), bytes.subarray(first)])
  const [before, after] = [inRuns(bytes, kernel, 20_000), inRuns(changed, kernel, 20_000)]
  const check: Lanes['check'] = (run, onProgress) =>
    (run.from < 40_000 ? before : after).lanes!.check(run, onProgress)
  const found = await answer(inChunks(bytes), { kernel, lanes: { ...before.lanes!, check } })
  expect(found).toEqual(await answer(inChunks(bytes)))
  expect(found.failure).toBeNull()
})

it('the first run and the last are told where they stand, and others are not', async () => {
  const { bytes } = buildManifest({
    memories: Array.from({ length: 60 }, (_, i) => ({ content: `memory ${i} `.repeat(200) })),
  })
  for (const [runBytes, more] of [
    [20_000, true],
    [2 ** 20, false],
  ] as const) {
    const options = inRuns(bytes, kernel, runBytes)
    const asked: Run[] = []
    const check: Lanes['check'] = (run, onProgress) => {
      asked.push(run)
      return options.lanes!.check(run, onProgress)
    }
    const { failure } = await verifyManifest(inChunks(bytes), {
      kernel,
      lanes: { ...options.lanes!, check },
    })
    expect(failure).toBeNull()
    expect(asked.length > 2).toBe(more)
    // The last memory's line has no comma, and is nobody's but the reader's.
    for (const [i, { first, behind }] of asked.entries()) {
      expect(first).toBe(i === 0 ? 0 : undefined)
      expect(behind).toBe(i === asked.length - 1 ? 59 : undefined)
    }
  }
})

it('what the lanes hashed of the tree is not hashed again', async () => {
  const { bytes } = buildManifest({ memories: Array.from({ length: 4000 }, (_, i) => ({ content: `${i}` })) })
  const { lanes } = inRuns(bytes, startKernel(), Math.ceil(bytes.length / 2))
  const here = startKernel()
  const hash = vi.spyOn(here, 'hashSubtree')
  const { failure } = await verifyManifest(inChunks(bytes), { kernel: here, lanes: lanes! })
  expect(failure).toBeNull()
  // Of four subtrees of 1,024 the second lies in both runs, and the last is not whole.
  const whole = hash.mock.calls.filter(([leaves]) => leaves.length === 32 * 1024)
  expect(whole).toHaveLength(1)
})

describe('of some thousand memories, whose tree the lanes hash in part', () => {
  const memories = Array.from({ length: 3200 }, (_, i) => ({ content: `${i}`.padStart(4, '0') }))
  const inParts = (bytes: Uint8Array, parts: number) =>
    inRuns(bytes, kernel, Math.ceil(bytes.length / parts), 65_536)
  const { bytes: good, lines } = buildManifest({ memories })
  const signed = (header: JsonObject) => buildManifest({ memories, header }).bytes
  const at = (memory: number) => lines.findIndex((line) => line.startsWith('{"author"')) + memory
  const withLine = (memory: number, ...instead: string[]) =>
    Buffer.from(lines.toSpliced(at(memory), 1, ...instead).join('\n') + '\n')

  it.each<[name: string, bytes: Uint8Array, code: FormatCode | null]>([
    ['the right ones', good, null],
    ['another root', signed({ merkle_root: 'ab'.repeat(32) }), 'root_mismatch'],
    ['one too few', signed({ memory_count: 3201 }), 'count_mismatch'],
    ['one too many', signed({ memory_count: 3199 }), 'count_mismatch'],
    ['a thousand too many', signed({ memory_count: 2176 }), 'count_mismatch'],
    ['far too few', signed({ memory_count: 2 ** 32 - 1 }), 'count_mismatch'],
    [
      'one forged in the first run',
      withLine(700, lines[at(700)]!.replace('"0700"', '"0701"')),
      'content_hash_mismatch',
    ],
    [
      'one forged in the last',
      withLine(3190, lines[at(3190)]!.replace('"3190"', '"3191"')),
      'content_hash_mismatch',
    ],
    ['one left out of the first run', withLine(5), 'count_mismatch'],
    ['one left out of the last', withLine(3000), 'count_mismatch'],
    ['one twice', withLine(3000, lines[at(3000)]!, lines[at(3000)]!), 'count_mismatch'],
    ['one in the place of another', withLine(3000, lines[at(3001)]!), 'root_mismatch'],
  ])('%s: the answer is that of one reading, in whatever runs', async (_, bytes, code) => {
    const plain = await answer(inChunks(bytes), { kernel })
    expect(plain.failure?.code ?? null).toBe(code)
    for (const parts of [1, 2, 3, 5])
      expect(await answer(inChunks(bytes), inParts(bytes, parts))).toEqual(plain)
  })

  it('runs of another file than the one that was begun with are not taken for it', async () => {
    const other = buildManifest({
      memories: memories.toSpliced(0, 1024, ...memories.slice(1024, 2048)),
    }).bytes
    const options = inParts(good, 2)
    const later = inParts(other, 2).lanes!
    const check: Lanes['check'] = (run, onProgress) =>
      (run.first === 0 ? later : options.lanes!).check(run, onProgress)
    const { failure } = await answer(inChunks(good), { kernel, lanes: { ...options.lanes!, check } })
    expect(failure?.code).toBe('root_mismatch')
  })
})

describe('progress over runs', () => {
  const { bytes } = buildManifest({
    memories: Array.from({ length: 60 }, (_, i) => ({ content: `memory ${i} `.repeat(200) })),
  })

  it.each([3000, 20_000, 2 ** 20])(
    'rises to the whole in runs of %i bytes, and within them',
    async (runBytes) => {
      const seen: (readonly [bytes: number, memories: number])[] = []
      const onProgress = (...told: readonly [number, number]) => void seen.push(told)
      const { failure } = await verifyManifest(inChunks(bytes), {
        ...inRuns(bytes, kernel, runBytes),
        onProgress,
      })
      expect(failure).toBeNull()
      for (const [i, [done, memories]] of seen.entries()) {
        const [before, memoriesBefore] = seen[i - 1] ?? [0, 0]
        expect(done).toBeGreaterThanOrEqual(before)
        expect(memories).toBeGreaterThanOrEqual(memoriesBefore)
        expect(done).toBeLessThanOrEqual(bytes.length)
      }
      expect(seen.at(-1)).toEqual([bytes.length, 60])
      // Chunks are of 1,000 bytes: each is heard of.
      expect(new Set(seen.map(([done]) => done)).size).toBeGreaterThan(50)
    },
  )

  it('does not go back where a line does not hold and others behind it were checked', async () => {
    const broken = Buffer.from(bytes)
    broken[broken.indexOf('memory 31 ')]! ^= 1
    const seen: (readonly [bytes: number, memories: number])[] = []
    const { failure, memories } = await verifyManifest(inChunks(broken), {
      ...inRuns(broken, kernel, 10_000),
      onProgress: (...told) => void seen.push(told),
    })
    expect(failure).toMatchObject({ code: 'content_hash_mismatch', index: 31 })
    expect(memories).toBe(31)
    expect(seen.at(-1)![1]).toBeGreaterThan(31)
    for (const at of [0, 1] as const) {
      const numbers = seen.map((told) => told[at])
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    }
  })
})

it('cuts a file into as many runs for each lane, long ones, none of them huge', () => {
  const MIB = 2 ** 20
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 16 }), (size, lanes) => {
      const bytes = runBytesOf(size, lanes)
      expect(bytes).toBeGreaterThanOrEqual(MIB / 2)
      expect(bytes).toBeLessThanOrEqual(128 * MIB)
      const runs = Math.ceil(size / bytes)
      if (bytes > MIB / 2) expect(runs % lanes === 0 || bytes < MIB).toBe(true)
    }),
    { seed: 20261126, numRuns: 500 },
  )
})
