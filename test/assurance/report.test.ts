import { readFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { expect, it } from 'vitest'
import { SUITES } from './assure.ts'
import { COURIERS, LARGE, RANDOM, STRUCTURED } from './mutants.ts'
import { PLANTS } from './planted.ts'
import type { Assurance } from './report.ts'
import { faultsOf, toMarkdown } from './report.ts'
import { SMALL } from './resources.ts'
import { scenarios, SECONDS_PER_MB } from './scenarios.ts'

/** The report that is committed: `npm run assure` writes it anew. */
const here = (path: string) => new URL(path, import.meta.url).pathname
const read = (path: string) => readFileSync(here(path), 'utf8')
const report = JSON.parse(read('report.json')) as Assurance
const named = (all: readonly { readonly name: string }[] | null) => (all ?? []).map(({ name }) => name)

it('is of what is there now: the same classes, plants, scenarios and suites', () => {
  const { forgeries, courier } = report.fuzz!
  const classes = new Set([...forgeries, courier].flatMap((result) => Object.keys(result.classes)))
  expect([...classes].sort()).toEqual(named([...STRUCTURED, ...LARGE, ...RANDOM, ...COURIERS]).sort())
  expect(named(report.planted!.plants)).toEqual(named(PLANTS))
  expect(named(report.resources)).toEqual(named([SMALL, ...scenarios()]))
  expect(named(report.suites)).toEqual(named(SUITES))
})

it('says that all holds, and says to people what it says to machines', async () => {
  expect(faultsOf(report)).toEqual([])
  const filepath = here('report.md')
  const options = { ...(await resolveConfig(filepath)), filepath }
  expect(await format(toMarkdown(report), options)).toBe(read('report.md'))
})

it('has the figures that the README names', () => {
  const page = read('../../README.md')
  const figures = (pattern: RegExp) => pattern.exec(page)?.slice(1).map(Number)
  expect(figures(/in (\d+) classes that know the format and (\d+) that do not/)).toEqual([
    [...STRUCTURED, ...LARGE].length,
    RANDOM.length,
  ])
  expect(figures(/: (\d+) files made to exhaust/)).toEqual([scenarios().length])
  const { cases } = JSON.parse(read('../../public/conformance/index.json')) as { cases: string[] }
  const refused = cases.filter((path) => {
    const { result } = JSON.parse(read(`../../public/conformance/${path}`)) as { result: string }
    return result !== 'ok'
  })
  expect(figures(/has (\d+) files, (\d+) of them to be refused/)).toEqual([cases.length, refused.length])
})

it('has the figures that SECURITY.md names', () => {
  const page = read('../../SECURITY.md')
  const gigabytes = Number(/takes up to (\d\.\d) GB while it is read/.exec(page)?.[1])
  const most = Math.max(...report.resources!.map(({ megabytes }) => megabytes)) / 1000
  expect(gigabytes).toBeGreaterThanOrEqual(most)
  expect(gigabytes).toBeLessThan(1.5 * most)
  const seconds = Number(/at most (\d+) s of CPU time for each megabyte/.exec(page)?.[1])
  expect(seconds).toBe(SECONDS_PER_MB)
})
