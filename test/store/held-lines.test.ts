import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LeafList } from '../../src/core/leaf-list.ts'
import { HeldLines } from '../../src/store/held-lines.ts'

/** Few, so that equal ones come often. */
const leaf = fc.integer({ min: 0, max: 40 })
const toLeaf = (of: number) => new Uint8Array(32).fill(of)
const toBytes = (leaves: readonly number[]) => Uint8Array.from(leaves.flatMap((of) => [...toLeaf(of)]))

/** A manifest, and where it was cut into pages; some stand as it stands, of others leaves were passed over or taken out. */
const manifest = fc.array(
  fc.record({
    leaves: fc.array(leaf, { minLength: 1, maxLength: 12 }),
    isThere: fc.boolean(),
    skipped: fc.option(fc.nat(11), { nil: null }),
    erased: fc.option(fc.nat(11), { nil: null }),
  }),
  { minLength: 1, maxLength: 6 },
)

it('finds a line for each leaf of a run or none, as if each was looked up', () => {
  fc.assert(
    fc.property(manifest, fc.nat(60), fc.nat(20), (runs, from, length) => {
      const all = runs.flatMap(({ leaves }) => leaves)
      const list = new LeafList()
      list.push(toBytes(all))
      // Pages with the lines that are left, and each line with its leaf.
      const lines: (number | null)[] = []
      const pages = []
      let at = 0
      for (const { leaves, isThere, skipped, erased } of runs) {
        const kept = leaves.map((of, row) => ({ of, index: at + row })).filter((_, row) => row !== skipped)
        at += leaves.length
        if (!isThere) continue
        const taken = erased !== null && erased < kept.length ? [erased] : []
        pages.push({
          start: lines.length,
          page: {
            count: kept.length,
            leaves: toBytes(kept.map(({ of }) => of)),
            indexes: Uint32Array.from(kept.map(({ index }) => index)),
            ...(taken.length === 0 ? {} : { erased: taken }),
          },
        })
        lines.push(...kept.map(({ of }, row) => (taken.includes(row) ? null : of)))
      }
      const held = new HeldLines(pages)
      for (let of = 0; of <= 41; of++) {
        const line = lines.indexOf(of)
        expect(held.find(toLeaf(of))).toBe(line === -1 ? null : line)
      }
      const expectRun = (index: number, count: number) => {
        const wanted = all.slice(index, index + count)
        const found = held.linesOf(list, index, count)
        // Of equal leaves any line will do: they say the same.
        expect(found?.map((line) => lines[line]) ?? null).toEqual(
          wanted.every((of) => lines.includes(of)) ? wanted : null,
        )
      }
      const index = from % all.length
      expectRun(index, Math.min(length, all.length - index))
      let start = 0
      for (const { leaves } of runs) {
        expectRun(start, leaves.length)
        start += leaves.length
      }
    }),
    { seed: 20261127, numRuns: 500 },
  )
})

it('a page is not taken for a run that begins where it does and has other leaves, or more of them', () => {
  const list = new LeafList()
  list.push(toBytes([1, 2, 3]))
  const page = (...leaves: number[]) => ({
    start: 10,
    page: { count: leaves.length, leaves: toBytes(leaves), indexes: Uint32Array.from(leaves.keys()) },
  })
  expect(new HeldLines([page(1, 2, 3)]).linesOf(list, 0, 3)).toEqual([10, 11, 12])
  expect(new HeldLines([page(1, 2)]).linesOf(list, 0, 3)).toBeNull()
  expect(new HeldLines([page(1, 2, 4)]).linesOf(list, 0, 3)).toBeNull()
  expect(new HeldLines([page(3, 2, 1)]).linesOf(list, 0, 3)).toEqual([12, 11, 10])
  expect(new HeldLines([page(1, 2, 3)]).linesOf(list, 0, 2)).toEqual([10, 11])
})
