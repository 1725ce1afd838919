import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import schema from '../../public/statement-report.schema.json'
import { FORMAT_CODES } from '../../src/core/codes.ts'
import { sha256 } from '../reference/merkle.ts'
import { hex } from '../reference/shapes.ts'
import { idleRows } from './about.ts'
import { PAGE, TABLE } from './page.ts'
import { LATER, RULES } from './rules.ts'
import { makeSet, namesOfCases, type Description, type Entry } from './set.ts'

const FOLDER = new URL('../../public/conformance/', import.meta.url)
const entries: Entry[] = [...makeSet()]
const toText = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
const indexText = () =>
  toText({ format: 'omega-conformance/1', cases: entries.map(({ path }) => `${path}.case.json`) })

/** Everything in the folder that is made, by path. */
function* filesToBe(): Generator<[path: string, contents: string | Uint8Array]> {
  yield ['index.json', indexText()]
  for (const { path, description, bytes } of entries) {
    yield [`${path}.case.json`, toText(description)]
    yield [`${dirname(path)}/${description.file}`, bytes]
  }
}

// `npm run conformance` makes the folder anew; every other run holds it against what would be made.
if (process.env['OMEGA_CONFORMANCE'] === 'write') {
  for (const kind of ['manifest', 'statement'])
    rmSync(new URL(kind, FOLDER), { recursive: true, force: true })
  for (const [path, contents] of filesToBe()) {
    mkdirSync(new URL(dirname(path), FOLDER), { recursive: true })
    writeFileSync(new URL(path, FOLDER), contents)
  }
}

describe('the folder that is shipped', () => {
  it('is what the naive writer and verifier make, byte for byte, and nothing else', () => {
    const present = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => `${file.parentPath}/${file.name}`.split('/conformance/')[1]!.replace(/^\/+/, ''))
    const made = new Map(filesToBe())
    expect(present.filter((path) => path !== 'README.md').sort()).toEqual([...made.keys()].sort())
    for (const [path, contents] of made) {
      const shipped = readFileSync(new URL(path, FOLDER))
      const isPacked = path.endsWith('.gz') && !path.startsWith('manifest/gzip/')
      // Packed by another zlib the bytes may be others; what inflates may not.
      if (isPacked) expect(gunzipSync(shipped).equals(gunzipSync(contents)), path).toBe(true)
      else if (!path.endsWith('.case.json'))
        expect(shipped.equals(Buffer.from(contents as string)), path).toBe(true)
    }
    for (const { path, description } of entries) {
      const shipped = JSON.parse(readFileSync(new URL(`${path}.case.json`, FOLDER), 'utf8')) as Description
      const bytes = readFileSync(new URL(`${dirname(path)}/${description.file}`, FOLDER))
      // Of the file beside it, however that was packed.
      expect(shipped, path).toEqual({ ...description, sha256: hex(sha256(bytes)) })
    }
  })

  it('has one path for each case', () => {
    expect(new Set(entries.map(({ path }) => path)).size).toBe(entries.length)
  })

  it('is no burden to whoever loads the page with it', () => {
    const bytes = [...filesToBe()].reduce((sum, [, contents]) => sum + Buffer.byteLength(contents), 0)
    expect(bytes).toBeLessThan(3_000_000)
  })
})

const descriptions = entries.map(({ description }) => description)

it('is refused by the naive verifier as was written down by hand, code, layer, line and index', () => {
  for (const { path, verdict, byHand } of entries) {
    const { result, layer, line, index } = verdict
    expect({ path, result, layer, line, index }).toEqual({ path, ...byHand })
  }
})

describe('the table of clause 10', () => {
  const codes = TABLE.flatMap((row) => row.codes)

  it('has the codes of the product, in their order, each with its clause', () => {
    expect(codes).toEqual(Object.keys(FORMAT_CODES))
    const clauses = TABLE.flatMap((row) => row.codes.map((code) => [code, row.clauses[0]]))
    expect(Object.fromEntries(clauses)).toEqual(FORMAT_CODES)
  })

  it('has a case for every code, in every layer that its row names', () => {
    const missing = TABLE.flatMap(({ codes, layers }) =>
      codes.flatMap((code) =>
        layers
          .filter((layer) => !descriptions.some((each) => each.result === code && each.layer === layer))
          .map((layer) => `${code} in ${layer}`),
      ),
    )
    expect(missing).toEqual([])
  })

  it('names no layer in which a case is refused beside those of its row', () => {
    for (const { result, layer, reason } of descriptions) {
      const row = TABLE.find((each) => each.codes.includes(result))
      if (layer !== null) expect(row!.layers, reason).toContain(layer)
    }
  })
})

it('has a statement for every code that one can be refused with', () => {
  const results = descriptions.filter(({ kind }) => kind === 'statement').map(({ result }) => result)
  expect([...new Set(results)].sort()).toEqual([...schema.properties.result.enum].sort())
})

it('names in every description the clause that the report names', () => {
  for (const { description, report } of entries) {
    if (description.result === 'ok') continue
    const { layers, clause } = JSON.parse(report) as {
      layers?: Record<string, { clause?: string }>
      clause?: string
    }
    expect(description.clause, description.reason).toBe(clause ?? layers![description.layer!]!.clause)
  }
})

it('has more that is refused than that holds', () => {
  const ok = descriptions.filter(({ result }) => result === 'ok').length
  expect(ok).toBeGreaterThan(100)
  expect(descriptions.length - ok).toBeGreaterThan(3 * ok)
})

it('quotes the format in every case, and has a case for every quotation', () => {
  const quoted = new Set(descriptions.map(({ rule }) => rule))
  expect(Object.entries(RULES).filter(([, rule]) => !quoted.has(rule))).toEqual([])
  for (const rule of Object.values(RULES)) expect(PAGE.split(rule), rule).toHaveLength(2)
  for (const { reason } of descriptions) expect(reason).toMatch(/^.+: .+\.$/)
  expect(idleRows(namesOfCases())).toEqual([])
})

it('has a refused case for every MUST that the product reads', () => {
  const musts = PAGE.split('\n').flatMap((line, at) =>
    // The line that says what MUST means is none.
    [...line.matchAll(/\bMUST\b/g)]
      .filter(() => at > 6)
      .map((match) => PAGE.split('\n').slice(0, at).join('\n').length + 1 + match.index),
  )
  expect(musts.length).toBe(9)
  const isLater = (at: number) =>
    LATER.some((words) => {
      const from = PAGE.indexOf(words)
      return from <= at && at < from + words.length
    })
  const covered = (at: number) =>
    descriptions.some(({ rule, result }) => {
      const from = PAGE.indexOf(rule)
      return result !== 'ok' && from <= at && at < from + rule.length
    })
  const missing = musts.filter((at) => !isLater(at) && !covered(at)).map((at) => PAGE.slice(at - 40, at + 40))
  expect(missing).toEqual([])
  expect(musts.filter(isLater)).toHaveLength(LATER.length)
})
