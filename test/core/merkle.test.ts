import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { concat } from '../../src/core/bytes.ts'
import {
  checkConsistency,
  checkInclusion,
  hashSubtrees,
  proveConsistency,
  proveInclusion,
  rootOf,
  TreeHasher,
} from '../../src/core/merkle.ts'
import { startKernels } from './lanes.ts'
import { checkPath, checkProof, MTH, node, PATH, PROOF, sha256 } from '../reference/merkle.ts'

const leavesOf = (size: number) => Array.from({ length: size }, (_, at) => sha256(Buffer.from(`leaf ${at}`)))
const ALL = leavesOf(700)
const SIZES = Array.from({ length: 40 }, (_, at) => at + 1)
const SEED = 20261122

describe.each(SIZES)('a tree of %i', (size) => {
  const leaves = ALL.slice(0, size)
  const packed = concat(...leaves)
  const root = MTH(leaves)

  it('has the root of its slow twin, all at once and leaf by leaf', () => {
    expect(rootOf(packed)).toEqual(root)
    const tree = new TreeHasher()
    leaves.forEach((leaf, at) => {
      tree.push(leaf)
      expect(tree.size).toBe(at + 1)
      // Asking for the root on the way changes nothing.
      expect(tree.root()).toEqual(MTH(leaves.slice(0, at + 1)))
    })
  })

  it('proves each place, and no other', () => {
    for (const [index, leaf] of leaves.entries()) {
      const path = proveInclusion(packed, index)
      expect(path).toEqual(PATH(index, leaves))
      expect(checkInclusion(root, size, leaf, index, path)).toBe(true)
      for (const other of [-1, index - 1, index + 1, index + 0.5, size, index + size, NaN]) {
        expect(checkInclusion(root, size, leaf, other, path)).toBe(false)
      }
      // A path that is right for two sizes does not exist: its length and sides follow from index and size.
      for (const other of [0, index, size - 1, size + 1, 2 * size, 2 ** 53]) {
        expect(checkInclusion(root, other, leaf, index, path)).toBe(checkPath(index, other, leaf, path, root))
      }
      expect(checkInclusion(root, size, leaf, index, [...path, leaf])).toBe(false)
      expect(checkInclusion(root, size, leaf, index, [leaf, ...path])).toBe(false)
      if (path.length > 0) {
        expect(checkInclusion(root, size, leaf, index, path.slice(1))).toBe(false)
        expect(checkInclusion(root, size, leaf, index, path.slice(0, -1))).toBe(false)
        expect(checkInclusion(root, size, leaf, index, path.with(0, path[0]!.slice(1)))).toBe(false)
        expect(checkInclusion(root, size, leaf, index, path.with(0, concat(path[0]!, leaf)))).toBe(false)
        expect(checkInclusion(root, size, leaf, index, path.with(0, sha256()))).toBe(false)
      }
      expect(checkInclusion(root.slice(1), size, leaf, index, path)).toBe(false)
      expect(checkInclusion(sha256(), size, leaf, index, path)).toBe(false)
      expect(checkInclusion(root, size, sha256(), index, path)).toBe(false)
    }
  })

  it('proves that each earlier tree is its beginning, and no other is', () => {
    for (let first = 1; first <= size; first++) {
      const old = MTH(leaves.slice(0, first))
      const path = proveConsistency(packed, first)
      expect(path).toEqual(PROOF(first, leaves))
      expect(checkConsistency(first, size, old, root, path)).toBe(true)
      for (const other of [-1, 0, first - 1, first + 1, first + 0.5, size, size + 1]) {
        if (other === first) continue
        expect(checkConsistency(other, size, old, root, path)).toBe(checkProof(other, size, old, root, path))
      }
      for (const other of [0, first, size - 1, size + 1, 2 * size]) {
        expect(checkConsistency(first, other, old, root, path)).toBe(
          checkProof(first, other, old, root, path),
        )
      }
      expect(checkConsistency(first, size, sha256(), root, path)).toBe(false)
      expect(checkConsistency(first, size, old, sha256(), path)).toBe(false)
      expect(checkConsistency(first, size, old, root, [...path, old])).toBe(false)
      if (path.length > 0) {
        expect(checkConsistency(first, size, old, root, [])).toBe(false)
        expect(checkConsistency(first, size, old, root, path.slice(1))).toBe(false)
        expect(checkConsistency(first, size, old, root, path.slice(0, -1))).toBe(false)
        expect(checkConsistency(first, size, old, root, path.with(0, sha256()))).toBe(false)
        expect(checkConsistency(first, size, old, root, path.with(0, path[0]!.slice(1)))).toBe(false)
      }
    }
  })
})

it('agrees with its slow twin on larger trees', () => {
  const place = fc
    .integer({ min: 41, max: ALL.length })
    .chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)))
  fc.assert(
    fc.property(place, ([size, index]) => {
      const leaves = ALL.slice(0, size)
      const packed = concat(...leaves)
      const root = MTH(leaves)
      expect(rootOf(packed)).toEqual(root)
      const path = proveInclusion(packed, index)
      expect(path).toEqual(PATH(index, leaves))
      expect(checkInclusion(root, size, leaves[index]!, index, path)).toBe(true)
      const proof = proveConsistency(packed, index + 1)
      expect(proof).toEqual(PROOF(index + 1, leaves))
      expect(checkConsistency(index + 1, size, MTH(leaves.slice(0, index + 1)), root, proof)).toBe(true)
    }),
    { seed: SEED, numRuns: 25 },
  )
})

describe('leaves that come in runs of any length, some thousand of them', () => {
  const leaves = leavesOf(5200)
  const packed = concat(...leaves)
  const [vectors, script] = startKernels()
  const hashers = {
    plainly: () => new TreeHasher(),
    'by the kernel': () => new TreeHasher(vectors!.hashSubtree),
    'by the kernel in JavaScript': () => new TreeHasher(script!.hashSubtree),
  }
  const size = fc.oneof(
    fc.integer({ min: 1, max: leaves.length }),
    fc.constantFrom(1, 1023, 1024, 1025, 2047, 2048, 2049, 3072, 4095, 4096, 4097, 5120, 5121),
  )
  const cuts = fc.array(fc.nat(leaves.length), { maxLength: 6 })

  it.each(Object.entries(hashers))('have the root of the slow twin, hashed %s', (_, makeHasher) => {
    fc.assert(
      fc.property(size, cuts, (size, cuts) => {
        const tree = makeHasher()
        const ends = [...cuts.filter((cut) => cut < size), size].sort((a, b) => a - b)
        const starts = [0, ...ends]
        for (const [at, end] of ends.entries()) tree.push(packed.subarray(32 * starts[at]!, 32 * end))
        expect(tree.size).toBe(size)
        const root = MTH(leaves.slice(0, size))
        expect(tree.root()).toEqual(root)
        expect(tree.root()).toEqual(root)
      }),
      { seed: SEED, numRuns: 40 },
    )
  })

  it('have it where whole subtrees were hashed elsewhere, and those are not hashed again', () => {
    fc.assert(
      fc.property(size, cuts, fc.array(fc.boolean(), { minLength: 1 }), (size, cuts, given) => {
        const hash = vi.fn(vectors!.hashSubtree)
        const tree = new TreeHasher(hash)
        const ends = [...cuts.filter((cut) => cut < size), size].sort((a, b) => a - b)
        let [from, known] = [0, 0]
        for (const [at, end] of ends.entries()) {
          const run = packed.subarray(32 * from, 32 * end)
          const subtrees = given[at % given.length] ? hashSubtrees(run, from) : null
          known += (subtrees?.roots.length ?? 0) / 32
          tree.push(run, subtrees)
          from = end
        }
        expect(hash).toHaveBeenCalledTimes(Math.floor(size / 1024) - known)
        expect(tree.root()).toEqual(MTH(leaves.slice(0, size)))
      }),
      { seed: SEED, numRuns: 40 },
    )
  })

  it('are hashed here where the subtrees are of another place', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: -3000, max: 9000 }), fc.nat(2000), (size, start, before) => {
        fc.pre(start !== before)
        const tree = new TreeHasher(vectors!.hashSubtree)
        const first = packed.subarray(0, 32 * Math.min(before, size))
        const rest = packed.subarray(first.length, 32 * size)
        tree.push(first)
        tree.push(rest, { ...hashSubtrees(rest, start), roots: new Uint8Array(32 * 5) })
        expect(tree.root()).toEqual(MTH(leaves.slice(0, size)))
      }),
      { seed: SEED, numRuns: 40 },
    )
  })
})

it('answers as its slow twin whatever is claimed', () => {
  const hash = fc.nat(5).map((at) => ALL[at]!)
  const path = fc.array(hash, { maxLength: 4 })
  const claim = fc.record({ first: fc.nat(9), second: fc.nat(9), path, a: hash, b: hash })
  fc.assert(
    fc.property(claim, ({ first, second, path, a, b }) => {
      expect(checkInclusion(a, second, b, first, path)).toBe(checkPath(first, second, b, path, a))
      expect(checkConsistency(first, second, a, b, path)).toBe(checkProof(first, second, a, b, path))
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

it('reaches sizes beyond what bit operators carry', () => {
  const size = 2 ** 40
  const path = Array.from({ length: 40 }, (_, at) => ALL[at]!)
  const root = path.reduce((left, right) => node(right, left), ALL[99]!)
  expect(checkInclusion(root, size, ALL[99]!, size - 1, path)).toBe(true)
  expect(checkInclusion(root, size, ALL[99]!, size - 2, path)).toBe(false)
  expect(checkInclusion(root, size, ALL[99]!, 2 ** 32 - 1, path)).toBe(false)
})

it('takes what must not happen for a bug of ours', () => {
  expect(() => new TreeHasher().root()).toThrow('assertion failed')
  for (const index of [-1, 2, 0.5])
    expect(() => proveInclusion(concat(...leavesOf(2)), index)).toThrow('assertion')
  for (const first of [0, 3, 1.5])
    expect(() => proveConsistency(concat(...leavesOf(2)), first)).toThrow('assertion')
})
