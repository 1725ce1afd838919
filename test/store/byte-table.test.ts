import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteTable } from '../../src/store/byte-table.ts'

/** Few bytes that differ, in places that hash alike and in places that do not. */
const key = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 31 }))
  .map(([prefix, value, place]) => {
    const bytes = new Uint8Array(32)
    bytes.fill(prefix, 0, 4)
    bytes[place] = value
    return bytes
  })

it('is a Map of keys to the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 300 }), (steps) => {
      const table = new ByteTable()
      const model = new Map<string, number>()
      for (const [add, bytes] of steps) {
        const name = String(bytes)
        if (add) {
          if (!model.has(name)) model.set(name, model.size)
          expect(table.add(bytes)).toBe(model.get(name))
        } else expect(table.find(bytes)).toBe(model.get(name) ?? -1)
        expect(table.size).toBe(model.size)
      }
      for (const [name, n] of model) expect(String(table.keyAt(n))).toBe(name)
    }),
    { numRuns: 100 },
  )
})

it('grows, and reads keys out of the middle of an array', () => {
  const table = new ByteTable()
  const bytes = crypto.getRandomValues(new Uint8Array(32 * 2000))
  for (let n = 0; n < 2000; n++) bytes.set([255, 255, 255, 255], 32 * n)
  for (let n = 0; n < 2000; n++) expect(table.add(bytes, 32 * n)).toBe(n)
  for (let n = 0; n < 2000; n++) expect(table.find(bytes, 32 * n)).toBe(n)
  expect(table.size).toBe(2000)
  expect(table.keyAt(1999)).toEqual(bytes.subarray(32 * 1999))
})

it('keeps its own copy of a key', () => {
  const table = new ByteTable()
  const bytes = new Uint8Array(32).fill(7)
  table.add(bytes)
  bytes.fill(8)
  expect(table.find(bytes)).toBe(-1)
  expect(table.find(new Uint8Array(32).fill(7))).toBe(0)
})

it('is not slowed by keys that somebody chose to begin alike', { timeout: 10_000 }, () => {
  const table = new ByteTable()
  const bytes = new Uint8Array(32)
  // Where the first four bytes alone choose the slot, this many steps take minutes.
  for (let n = 0; n < 100_000; n++) {
    new DataView(bytes.buffer).setUint32(4, n)
    expect(table.add(bytes)).toBe(n)
  }
})
