import { expect, it } from 'vitest'
import { sha256 } from '../reference/merkle.ts'
import { hex } from '../reference/shapes.ts'
import { fuzzCli } from './cli.ts'
import { fuzz } from './fuzz.ts'
import { COURIERS, makeForgery, RANDOM, ROUND, STRUCTURED } from './mutants.ts'
import { CONTROL, findPlant, PLANTS } from './planted.ts'
import { buildPool } from './pool.ts'

/** The short form of `npm run assure`: the same code, the same seed, fewer mutants. */
const SEED = '20261124'
/** Ten of each class, and more of each that works on bytes. */
const MUTANTS = 10 * ROUND
const LONG = 180_000

it(
  'refuses each forgery where its class says and as the twin does',
  async () => {
    const { findings, accepted, crashes, classes } = await fuzz({ seed: SEED, to: MUTANTS })
    expect(findings).toEqual([])
    expect({ accepted, crashes }).toEqual({ accepted: 0, crashes: 0 })
    const names = [...STRUCTURED, ...RANDOM].map(([name]) => name)
    expect(Object.keys(classes).sort()).toEqual(names.sort())
    expect(Math.min(...Object.values(classes).map(({ mutants }) => mutants))).toBeGreaterThanOrEqual(10)
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

it(
  'gives the same answers on the command line',
  async () => {
    const { findings, files } = await fuzzCli(SEED, 10, 2)
    expect(findings).toEqual([])
    expect(files).toBe(10)
  },
  LONG,
)

it('makes the same mutants again, each from its number alone', () => {
  const mutants = (order: number[]) => {
    const pool = buildPool('again')
    return order.map((n) => {
      const { name, bytes, sizes, fate } = makeForgery('again', n, pool)
      return { name, sizes, fate, bytes: hex(sha256(bytes)) }
    })
  }
  const numbers = Array.from({ length: 100 }, (_, n) => 7 * n)
  expect(mutants(numbers.toReversed()).toReversed()).toEqual(mutants(numbers))
})

const planted = PLANTS.filter(({ name }) =>
  ['leaf_hash compared', 'the listed signers signed', 'canonical form compared'].includes(name),
)

it.each(planted)(
  'finds a check that is missing: $name',
  async (plant) => {
    expect((await findPlant(plant, SEED, 1000)).mutants).not.toBeNull()
  },
  LONG,
)

it(
  'finds nothing in a copy from which nothing is missing',
  async () => {
    expect((await findPlant(CONTROL, SEED, 100)).finding).toBeNull()
  },
  LONG,
)

it('says so where the text to remove is not there once', async () => {
  const [plant] = planted
  await expect(findPlant({ ...plant!, text: 'no such text' }, SEED, 1)).rejects.toThrow('0 times')
})
