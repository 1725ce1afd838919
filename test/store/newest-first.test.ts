import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mergeNewestFirst, newestFirst } from '../../src/store/newest-first.ts'

/** Equal ones, near ones, and the first and the last that a memory can have. */
const time = fc.oneof(
  fc.constantFrom(0, 4095, 4096, 2 ** 24 - 1, 2 ** 24, 2 ** 36, -62_167_219_200_000, 253_402_300_799_999),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_010 }),
  fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
)

const naive = (times: Float64Array, from: number) =>
  Array.from(times.keys())
    .filter((i) => i >= from)
    .sort((a, b) => times[b]! - times[a]! || b - a)

it('orders as a comparator does, at once and by and by', () => {
  const lists = fc.array(time, { maxLength: 60 })
  fc.assert(
    fc.property(lists, lists, (before, after) => {
      const times = Float64Array.from([...before, ...after])
      const first = newestFirst(times.subarray(0, before.length), 0)
      expect([...first]).toEqual(naive(times.subarray(0, before.length), 0))
      const later = newestFirst(times, before.length)
      expect([...later]).toEqual(naive(times, before.length))
      expect([...mergeNewestFirst(times, first, later)]).toEqual(naive(times, 0))
    }),
    { numRuns: 300 },
  )
})
