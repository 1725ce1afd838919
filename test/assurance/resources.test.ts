import { expect, it } from 'vitest'
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
