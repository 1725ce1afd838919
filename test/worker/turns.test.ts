import fc from 'fast-check'
import { expect, it } from 'vitest'
import { holdMs, isInUse, restMs } from '../../src/worker/turns.ts'

const START = 1_800_000_000_000
const times = fc.integer({ min: 0, max: 5000 })
const counts = fc.integer({ min: 1, max: 8 })
/** A chunk that a lane has begun it ends. */
const CHUNK_MS = 15

it('while the page is used at least one lane rests at any moment, though each ends the chunk it has begun', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 2, max: 8 }), (after, lanes) => {
      const now = START + after
      const works = (lane: number) =>
        Array.from({ length: CHUNK_MS }, (_, before) => now - before).some(
          (time) => restMs({ at: now - CHUNK_MS, lane, lanes }, time) === 0,
        )
      const working = Array.from({ length: lanes }, (_, lane) => lane).filter(works)
      expect(working.length).toBeLessThan(lanes)
    }),
    { seed: 20261127, numRuns: 2000 },
  )
})

it('a lane is told to rest until it may go on, and goes on for a good part of the time', () => {
  fc.assert(
    fc.property(times, counts, fc.nat(7), (after, lanes, which) => {
      const [at, lane] = [START + after, which % lanes]
      let working = 0
      for (let now = at; now < at + 400; now++) {
        const ms = restMs({ at, lane, lanes }, now)
        if (ms === 0) working++
        else {
          expect(restMs({ at, lane, lanes }, now + ms)).toBe(0)
          expect(restMs({ at, lane, lanes }, now + ms - 1)).toBeGreaterThan(0)
        }
      }
      // One that is alone or one of two: all but its turns, and a moment before each.
      expect(working).toBeGreaterThanOrEqual(170)
    }),
    { seed: 20261127, numRuns: 200 },
  )
})

it('who stops using it has the lanes at work again; what is begun only then waits for the answer alone', () => {
  for (const lane of [0, 1]) {
    const use = { at: START, lane, lanes: 2 }
    expect(isInUse(START, START + 499)).toBe(true)
    expect(isInUse(START, START + 500)).toBe(false)
    expect(restMs(use, START + 500)).toBe(0)
    for (let now = START; now < START + 500; now++)
      expect(now + restMs(use, now)).toBeLessThanOrEqual(START + 500)
    expect([0, 69, 70, 400].map((ms) => holdMs(use, START + ms))).toEqual([70, 1, 0, 0])
    // A clock that was put back holds nobody up.
    expect([isInUse(START, START - 1), holdMs(use, START - 1), restMs(use, START - 1)]).toEqual([false, 0, 0])
  }
})
