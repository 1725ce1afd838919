import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { sha256 } from '../reference/merkle.ts'
import { hex } from '../reference/shapes.ts'
import { allTurns, CLI, fuzzCli } from './cli.ts'
import { fuzz } from './fuzz.ts'
import { COURIERS, firstOfEach, LARGE, makeForgery, RANDOM, ROUND, STRUCTURED } from './mutants.ts'
import { PLANTS } from './planted.ts'
import { buildPool } from './pool.ts'

/** The short form of `npm run assure`: the same code, the same seed, fewer mutants. */
const SEED = '20261124'
/** So many of each class, more of each that works on bytes. */
const ROUNDS = 2
const LONG = 240_000

it(
  'refuses each forgery where its class says, as the twin and the fast path do, report by report',
  async () => {
    const all = ROUNDS * ROUND
    const ranges = [{ from: 0, to: all }]
    // Of the large ones there is one a round: those of later rounds.
    for (const n of firstOfEach()) if (n >= all) ranges.push({ from: n, to: n + 1 })
    const results = []
    for (const range of ranges) results.push(await fuzz({ seed: SEED, ...range }))
    for (const { findings, accepted, crashes } of results)
      expect({ findings, accepted, crashes }).toEqual({ findings: [], accepted: 0, crashes: 0 })
    const names = [...STRUCTURED, ...LARGE, ...RANDOM].map(({ name }) => name)
    expect(results.flatMap(({ classes }) => Object.keys(classes)).sort()).toEqual(names.sort())
    const { classes } = results[0]!
    const counts = [...STRUCTURED, ...RANDOM].map(({ name }) => classes[name]!.mutants)
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(ROUNDS)
  },
  LONG,
)

it(
  'holds what a courier may do, with the id, header, details and leaves as they were',
  async () => {
    const { findings, classes } = await fuzz({ seed: SEED, kind: 'courier', to: 10 * COURIERS.length })
    expect(findings).toEqual([])
    expect(Object.keys(classes)).toHaveLength(COURIERS.length)
  },
  LONG,
)

it('gives each class to the command line as it is and packed, and damaged files beside them', () => {
  const turns = allTurns()
  const given = (...packings: string[]) =>
    turns.filter(({ packing }) => packings.includes(packing)).map(({ name }) => name)
  const all = [...STRUCTURED, ...LARGE, ...RANDOM, ...COURIERS]
  expect(given('plain').sort()).toEqual(all.map(({ name }) => name).sort())
  const unpacked = all.filter(({ file }) => file !== 'gzip').map(({ name }) => name)
  expect(given('gzip').sort()).toEqual(unpacked.sort())
  expect(given('damaged gzip').length).toBeGreaterThan(30)
})

it(
  'reports on the command line what the twin reports, byte for byte',
  async () => {
    expect(existsSync(CLI), 'npm run build first').toBe(true)
    const turns = allTurns().filter((_, at) => at % 60 === 0)
    const { findings, packed } = await fuzzCli(SEED, turns)
    expect(findings).toEqual([])
    expect(Object.values(packed).reduce((sum, count) => sum + count)).toBe(turns.length)
  },
  LONG,
)

it('makes the same mutants again, each from its number alone', () => {
  const mutants = (order: number[]) => {
    const pool = buildPool('again')
    return order.map((n) => {
      const { name, bytes, sizes, runs, fate } = makeForgery('again', n, pool)
      return { name, sizes, runs, fate, bytes: hex(sha256(bytes)) }
    })
  }
  const numbers = Array.from({ length: 100 }, (_, n) => 7 * n)
  expect(mutants(numbers.toReversed()).toReversed()).toEqual(mutants(numbers))
})

it('plants each bug in what stands in its file just once', () => {
  for (const { name, file, text } of PLANTS) {
    const code = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8')
    expect(code.split(text).length - 1, `${name}: ${file}`).toBe(1)
  }
})
