import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { CLI } from './cli.ts'
import { bytesKept, fuzz, LIMIT_MS } from './fuzz.ts'
import { ROUND } from './mutants.ts'
import { CONTROLS, findPlants, PLANTS } from './planted.ts'
import type { Product } from './product.ts'
import { theProduct } from './product.ts'
import { KEPT_LIMIT } from './report.ts'
import { measureResources, SMALL } from './resources.ts'

/** What looks for faults finds those that were put there: in the long run, for it tells of the tests, not of the program. */
const SEED = '20261124'
const LONG = 240_000

const planted = PLANTS.filter(({ name }) =>
  [
    'leaf_hash compared',
    'kernel: tags in order',
    'kernel: in JavaScript: UTF-8 is looked at',
    'gzip: the checksum',
    'statement alone: nothing after the end',
  ].includes(name),
)

it(
  'finds a check that is missing, and nothing in a copy from which nothing is',
  async () => {
    const found = await findPlants(planted, SEED, 3 * ROUND)
    expect(found.filter(({ finding }) => finding === null)).toEqual([])
    expect(found).toHaveLength(5)
    for (const { finding } of await findPlants(CONTROLS, SEED, 50)) expect(finding).toBeNull()
  },
  LONG,
)

it('says so where the text to remove is not there once', async () => {
  const [plant] = planted
  await expect(findPlants([{ ...plant!, text: 'no such text' }], SEED, 1)).rejects.toThrow('0 times')
})

/** The product, and something done at each call of one of its readers. */
function productThat(reader: 'stream' | 'runs', deed: () => void): Product {
  const product = theProduct()
  const done = <Given extends unknown[], Result>(read: (...given: Given) => Result) => {
    return (...given: Given) => {
      deed()
      return read(...given)
    }
  }
  return reader === 'stream'
    ? { ...product, stream: done(product.stream) }
    : { ...product, runs: done(product.runs) }
}

it(
  'finds a reader that throws, takes too long, or keeps kilobytes of each call',
  async () => {
    const thrown = await fuzz({
      seed: SEED,
      to: 1,
      product: productThat('runs', () => {
        throw new RangeError('as a bug does')
      }),
    })
    expect(thrown).toMatchObject({ crashes: 1, findings: [{ what: 'crash' }] })

    const spin = () => {
      const { user } = process.cpuUsage()
      while (process.cpuUsage().user - user < 1050 * LIMIT_MS);
    }
    const slow = await fuzz({ seed: SEED, to: 1, product: productThat('stream', spin) })
    expect(slow.findings).toMatchObject([{ what: 'slow' }])

    const kept: number[][] = []
    const leak = productThat('stream', () => void kept.push(Array.from({ length: 4096 }, Math.random)))
    const options = { seed: SEED, to: 300, warmUp: 100, samples: 10 }
    expect(bytesKept(await fuzz({ ...options, product: leak }))).toBeGreaterThan(5 * KEPT_LIMIT)
    // Some of the mutants are statements, which it is not given.
    expect(kept.length).toBeGreaterThan(250)
  },
  LONG,
)

/** The verifier, and a deed before it whenever the file is `which`. */
function cliThat(deed: string, which: 'every' | 'hostile'): string {
  const folder = mkdtempSync(join(tmpdir(), 'omega-planted-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'omega-verify.mjs')
  const condition = which === 'every' ? 'true' : 'statSync(process.argv[2]).size !== SMALL'
  const small = [...SMALL.parts()].reduce((sum, part) => sum + part.length, 0)
  writeFileSync(
    path,
    `import { statSync } from 'node:fs'
const SMALL = ${small}
if (${condition}) ${deed}
await import(${JSON.stringify(CLI)})
`,
  )
  return path
}

it(
  'a verifier that holds 100 MB more, or takes 4 s more, is found, however much this process holds',
  { timeout: 120_000 },
  async () => {
    const SCENARIO = 'memory_count 2^32−1, two memories'
    // A process starts with the peak of the one that starts it, if it is asked for `maxRSS`.
    const held = Buffer.alloc(500_000_000, 1)
    const hold = 'globalThis.held = Buffer.alloc(100_000_000, 1)'
    const [small, row] = await measureResources([SCENARIO], cliThat(hold, 'hostile'))
    expect(small!.ok).toBe(true)
    expect(row!.ok).toBe(false)
    expect(row!.megabytes).toBeGreaterThan(80)
    expect(row!.megabytes).toBeLessThan(150)
    const [always] = await measureResources([], cliThat(hold, 'every'))
    expect(always!.ok).toBe(false)
    const spin = 'while (process.cpuUsage().user < 4e6);'
    const [, slow] = await measureResources([SCENARIO], cliThat(spin, 'hostile'))
    expect(slow!.ok).toBe(false)
    expect(held.at(-1)).toBe(1)
  },
)
