import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { CLI } from './cli.ts'
import { measureResources, SMALL } from './resources.ts'

/** The cheapest of the scenarios, one for each way to ask for too much; `npm run assure` runs all. */
const SHORT = [
  'memory_count 2^32−1, two memories',
  'a sparse file of 10 GB after a valid first line',
  'gzip of a valid first line and a second without end',
  '15 skipped keys of 16 KiB with signatures of 65,536 bytes',
]

it(
  'a file that asks for more is refused early, or read in bounded memory',
  { timeout: 120_000 },
  async () => {
    const rows = await measureResources(SHORT)
    expect(rows.map(({ name }) => name).sort()).toEqual([SMALL.name, ...SHORT].sort())
    expect(rows.filter(({ ok }) => !ok)).toEqual([])
  },
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
    const [scenario] = SHORT
    // A process starts with the peak of the one that starts it, if it is asked for `maxRSS`.
    const held = Buffer.alloc(500_000_000, 1)
    const hold = 'globalThis.held = Buffer.alloc(100_000_000, 1)'
    const [small, row] = await measureResources([scenario!], cliThat(hold, 'hostile'))
    expect(small!.ok).toBe(true)
    expect(row!.ok).toBe(false)
    expect(row!.megabytes).toBeGreaterThan(80)
    expect(row!.megabytes).toBeLessThan(150)
    const [always] = await measureResources([], cliThat(hold, 'every'))
    expect(always!.ok).toBe(false)
    const spin = 'while (process.cpuUsage().user < 4e6);'
    const [, slow] = await measureResources([scenario!], cliThat(spin, 'hostile'))
    expect(slow!.ok).toBe(false)
    expect(held.at(-1)).toBe(1)
  },
)
