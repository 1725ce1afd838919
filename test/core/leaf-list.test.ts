import fc from 'fast-check'
import { expect, it } from 'vitest'
import { concat } from '../../src/core/bytes.ts'
import { LeafList } from '../../src/core/leaf-list.ts'

/** Leaves that tell their places. */
function leavesFrom(start: number, count: number): Uint8Array<ArrayBuffer> {
  const leaves = new Uint8Array(32 * count)
  const view = new DataView(leaves.buffer)
  for (let i = 0; i < count; i++) view.setUint32(32 * i + 28, start + i)
  return leaves
}

/** Runs that begin and end anywhere stand where they stand, and nowhere else. */
function expectHeld(list: LeafList, whole: Uint8Array): void {
  for (const [from, to] of [
    [0, 1],
    [0, 0.5],
    [0.3, 0.7],
    [0.9, 1],
  ] as const) {
    const [start, end] = [Math.floor(from * list.length), Math.ceil(to * list.length)]
    const run = whole.slice(32 * start, 32 * end)
    expect(list.holds(run, start)).toBe(true)
    if (run.length === 0) continue
    expect(list.holds(run, start + 1)).toBe(false)
    run[run.length - 1]! ^= 1
    expect(list.holds(run, start)).toBe(false)
  }
  expect(list.holds(concat(whole, leavesFrom(list.length, 1)), 0)).toBe(false)
}

const lengths = fc.array(
  fc.oneof(
    fc.constant(1),
    fc.nat(9),
    fc.integer({ min: 2040, max: 2056 }),
    fc.integer({ min: 30_000, max: 34_000 }),
  ),
  { maxLength: 12 },
)

it('gives each leaf at its place, whatever they came in', () => {
  fc.assert(
    fc.property(lengths, (lengths) => {
      const list = new LeafList()
      const parts: Uint8Array[] = []
      for (const count of lengths) {
        const part = leavesFrom(list.length, count)
        list.push(part)
        parts.push(part)
      }
      const whole = concat(...parts)
      expect(list.length).toBe(whole.length / 32)
      expect(Buffer.compare(list.toBytes(), whole)).toBe(0)
      expect(Buffer.compare(concat(...list.blocks), whole)).toBe(0)
      for (let at = 0; at < list.length; at += 1 + (at % 97)) expect(list.at(at)).toEqual(leavesFrom(at, 1))
      if (list.length > 0) expect(list.at(list.length - 1)).toEqual(leavesFrom(list.length - 1, 1))
      expectHeld(list, whole)
    }),
    { seed: 20261126, numRuns: 60 },
  )
})

it('copies what is small, so that it may be written to again', () => {
  const list = new LeafList()
  const leaf = leavesFrom(7, 1)
  list.push(leaf)
  leaf.fill(0)
  expect(list.at(0)).toEqual(leavesFrom(7, 1))
})

it('makes many leaves one by one a few blocks', () => {
  const list = new LeafList()
  for (let at = 0; at < 100_000; at++) list.push(leavesFrom(at, 1))
  expect(list.blocks.length).toBe(4)
  expect(list.at(99_999)).toEqual(leavesFrom(99_999, 1))
})
