import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RunProgress } from '../../src/core/run.ts'
import { runsOf } from '../../src/core/runs.ts'

const SEED = 20261127

/** A file whose bytes pass one by one, by as many lanes as there are: each has a pace of its own. */
function createLanes(size: number, count: number, runBytes: number, paces: readonly number[]) {
  const runs: { readonly from: number; to: number; at: number; isDone: boolean }[] = []
  const passed: number[] = []
  let halved = 0
  const lanes = {
    size,
    count,
    runBytes,
    async check(from: number, to: number, onProgress: RunProgress) {
      const run = { from, to, at: from, isDone: false }
      const pace = paces[(runs.push(run) - 1) % paces.length]!
      for (; run.at < run.to; run.at++) {
        passed.push(run.at)
        for (let turn = 0; turn < pace; turn++) await new Promise((resolve) => setImmediate(resolve))
        onProgress(run.at - from, 0)
      }
      run.isDone = true
      return run.to
    },
    async halve(from: number) {
      const run = runs.find((each) => each.from === from && !each.isDone)
      const left = run ? run.to - run.at - 1 : 0
      if (!run || left < 2) return null
      halved++
      return (run.to -= left >> 1)
    },
  }
  return { lanes, passed, runs, halved: () => halved }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const nobody = () => undefined

describe('the runs of a file', () => {
  const arbitrary = [
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 30 }),
    fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 }),
    fc.nat(10),
  ] as const

  it('come in order, end where the next begins, and pass each byte once, however lanes share them', () =>
    fc.assert(
      fc.asyncProperty(...arbitrary, async (size, count, runBytes, paces, skipped) => {
        const offset = Math.min(skipped, size - 1)
        const { lanes, passed } = createLanes(size, count, runBytes, paces)
        const runs = await collect(runsOf(lanes, offset, nobody))
        expect(runs.map(({ from }) => from)).toEqual([offset, ...runs.slice(0, -1).map(({ to }) => to)])
        expect(runs.at(-1)!.to).toBe(size)
        // What a run says it has done is what it was asked for in the end.
        for (const { to, run } of runs) expect(run).toBe(to)
        expect(passed.toSorted((a, b) => a - b)).toEqual(numbers(offset, size))
      }),
      { seed: SEED, numRuns: 150 },
    ))

  it('are as asked for where none can be shared', async () => {
    const { lanes } = createLanes(50, 2, 20, [1, 3])
    const { halve: _, ...unshared } = lanes
    const runs = await collect(runsOf(unshared, 3, nobody))
    expect(runs.map(({ from, to }) => [from, to])).toEqual([
      [3, 23],
      [23, 43],
      [43, 50],
    ])
  })
})

it('a lane that is done takes over half of what a slow one has left, again and again', async () => {
  const { lanes, runs, halved } = createLanes(200, 2, 100, [0, 9, 0, 0, 0, 0, 0, 0])
  await collect(runsOf(lanes, 0, nobody))
  expect(halved()).toBeGreaterThan(2)
  const slow = runs.find(({ from }) => from === 100)!
  expect(slow.to).toBeLessThan(150)
})

it('a lane shares nothing while there are runs to begin, and none is begun for nobody', async () => {
  const { lanes, runs, halved } = createLanes(1000, 2, 100, [2, 0])
  for await (const { to } of runsOf(lanes, 0, nobody)) {
    expect(halved()).toBe(0)
    if (to === 500) break
  }
  const begun = runs.length
  for (let turn = 0; turn < 2000; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(runs.every(({ isDone }) => isDone)).toBe(true)
  expect(runs.length).toBe(begun)
})

it('what fails comes in its turn, and a lane that cannot say where a run ends shares nothing', async () => {
  const { lanes } = createLanes(40, 2, 10, [1])
  const failing = {
    ...lanes,
    check: async (from: number, to: number, onProgress: RunProgress) => {
      if (from === 20) throw new Error('gone')
      return lanes.check(from, to, onProgress)
    },
  }
  const seen: number[] = []
  const read = async () => {
    for await (const { from } of runsOf(failing, 0, nobody)) seen.push(from)
  }
  await expect(read()).rejects.toThrow('gone')
  expect(seen).toEqual([0, 10])
})
