import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leftOf, PaceMeter, roughly, secondsLeft, Speaker } from '../../src/ui/pace.ts'

const steady = (seconds: number, perSecond: number, from = 0) => {
  const meter = new PaceMeter()
  for (let at = 0; at <= seconds * 1000; at += 100)
    meter.push({ at, done: from + (at / 1000) * perSecond, memories: at / 10 })
  return meter
}

describe('the pace of a task', () => {
  it('is not told before a second has passed, nor what is left', () => {
    const { pace } = steady(0.9, 50)
    expect(pace).toEqual({ done: null, memories: null })
    expect(secondsLeft(pace, 45, 1000)).toBeNull()
  })

  it('of a steady task is its pace, and what is left follows from it', () => {
    const { pace } = steady(3, 50)
    expect(pace).toEqual({ done: 50, memories: 100 })
    expect(secondsLeft(pace, 150, 1000)).toBe(17)
  })

  it('forgets what was long ago', () => {
    const meter = steady(60, 1000)
    for (let at = 60_100; at <= 70_000; at += 100) meter.push({ at, done: 60_000 + at / 100, memories: 6000 })
    expect(meter.pace.done).toBeCloseTo(10, 6)
  })

  it('of a task that stands still is none, and then nothing is said of what is left', () => {
    const meter = steady(2, 50)
    for (let at = 2100; at <= 9000; at += 100) meter.push({ at, done: 100, memories: 200 })
    expect(meter.pace.done).toBe(0)
    expect(secondsLeft(meter.pace, 100, 1000)).toBeNull()
  })

  it('begins anew with the second part of a task', () => {
    const meter = steady(10, 50)
    meter.push({ at: 10_100, done: 1, memories: 1 })
    expect(meter.pace.done).toBeNull()
  })

  it('has no negative and no endless time, whatever happened', () => {
    const sample = fc.record({ after: fc.nat(3000), more: fc.integer({ min: -5, max: 1000 }) })
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60 }), (samples) => {
        const meter = new PaceMeter()
        let [at, done] = [0, 0]
        for (const { after, more } of samples) {
          at += after
          done = Math.max(0, done + more)
          meter.push({ at, done, memories: done })
          const left = secondsLeft(meter.pace, done, 1e6)
          if (left !== null) expect(left > 0 && Number.isFinite(left)).toBe(true)
        }
      }),
      { seed: 20261125 },
    )
  })
})

it.each([
  [0.2, ''],
  [0.7, 'about 1 s left'],
  [12.3, 'about 12 s left'],
  [19.4, 'about 19 s left'],
  [19.6, 'about 20 s left'],
  [44, 'about 45 s left'],
  [58, 'about 1 min left'],
  [200, 'about 3 min left'],
  [3569, 'about 59 min left'],
  [3600, 'about 1 h left'],
  [9000, 'about 3 h left'],
])('%d seconds are “%s”', (seconds, words) => expect(leftOf(seconds)).toBe(words))

it.each([
  [0, 0],
  [7.4, 7],
  [87, 87],
  [203_418, 200_000],
  [1_960_000, 2_000_000],
  [98_765, 99_000],
])('%d is roughly %d', (value, rough) => expect(roughly(value)).toBe(rough))

describe('a reader is told', () => {
  it('at each quarter of a task that is quick, and not as it ends', () => {
    const speaker = new Speaker(0)
    const told = Array.from({ length: 101 }, (_, percent) => percent).filter((percent) =>
      speaker.isDue(percent * 20, percent / 100),
    )
    expect(told).toEqual([25, 50, 75])
  })

  it('every ten seconds of one that is slow', () => {
    const speaker = new Speaker(0)
    const told = Array.from({ length: 600 }, (_, tenth) => tenth).filter((tenth) =>
      speaker.isDue(tenth * 100, tenth / 10_000),
    )
    expect(told).toEqual([100, 200, 300, 400, 500])
  })
})
