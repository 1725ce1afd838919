import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { bytesOfCase, CASES } from '../core/cases.ts'
import { sha256 } from '../reference/merkle.ts'
import { reportNaively, reportStatementNaively, verifyFile } from '../reference/report.ts'
import { readStatementFile } from '../reference/statement-file.ts'
import { hex } from '../reference/shapes.ts'
import { idOf } from '../reference/verify.ts'
import { PACKED } from './packed.ts'
import { RULES } from './rules.ts'
import { STATEMENTS } from './statements.ts'

/** The clock of all reports. */
export const NOW = '2026-06-01T00:00:00.000Z'
/** Larger files are shipped packed. */
const PLAIN_BYTES = 65_536

/** What a case says of its file; `public/conformance/README.md` says what each member means. */
export interface Description {
  readonly file: string
  readonly sha256: string
  readonly kind: 'manifest' | 'statement'
  readonly result: string
  readonly layer: string | null
  readonly line: number | null
  readonly index: number | null
  readonly leaves: number | null
  readonly id: string | null
  readonly clause: string
  readonly rule: string
  readonly reason: string
  readonly report_sha256: string
}

export interface Entry {
  /** Path below `public/conformance`, without what it ends with. */
  readonly path: string
  readonly description: Description
  /** As shipped, packed or not. */
  readonly bytes: Uint8Array
}

export const PAGE = readFileSync(new URL('../../public/manifest-format.md', import.meta.url), 'utf8')

/** The whole set, from the naive writer and judged by the naive verifier; nothing of the product has a part in it. */
export function* makeSet(): Generator<Entry> {
  for (const [group, cases] of Object.entries({ ...CASES, gzip: PACKED }))
    for (const [name, file] of cases) yield ofManifest(kebab(group), name, bytesOfCase(file))
  for (const [name, bytes] of STATEMENTS) yield ofStatement(name, bytes())
}

function ofManifest(group: string, name: string, bytes: Uint8Array): Entry {
  const { failure, leaves, id } = verifyFile(bytes)
  const found = {
    kind: 'manifest',
    result: failure?.code ?? 'ok',
    layer: failure?.layer ?? null,
    line: failure?.line ?? null,
    index: failure?.index ?? null,
    leaves: leaves.length,
    id,
  } as const
  return toEntry(
    `manifest/${group}/${kebab(name)}`,
    `${group}: ${name}`,
    found,
    bytes,
    reportNaively(bytes, NOW),
  )
}

function ofStatement(name: string, bytes: Uint8Array): Entry {
  const { statement, code } = readStatementFile(bytes)
  const found = {
    kind: 'statement',
    result: code ?? 'ok',
    layer: null,
    line: null,
    index: null,
    leaves: null,
    id: statement && idOf(statement),
  } as const
  return toEntry(
    `statement/${kebab(name)}`,
    `statements: ${name}`,
    found,
    bytes,
    reportStatementNaively(bytes),
  )
}

type Found = Pick<Description, 'kind' | 'result' | 'layer' | 'line' | 'index' | 'leaves' | 'id'>

function toEntry(path: string, name: string, found: Found, plain: Uint8Array, report: string): Entry {
  const isPacked = plain.length > PLAIN_BYTES
  const bytes = isPacked ? new Uint8Array(gzipSync(plain, { level: 9 })) : plain
  const isGzip = isPacked || name.startsWith('gzip: ')
  const rule = ruleOf(name, found.result)
  return {
    path,
    bytes,
    description: {
      ...{ file: `${path.split('/').at(-1)!}.json${isGzip ? '.gz' : ''}`, sha256: hex(sha256(bytes)) },
      ...found,
      clause: clauseOf(rule),
      rule,
      reason: name,
      report_sha256: hex(sha256(Buffer.from(report))),
    },
  }
}

function ruleOf(name: string, result: string): string {
  const rule = RULES.find(([, cases]) => cases.test(name))?.[0]
  if (rule !== undefined) return rule
  // The row of the code in the table of 10, its last cell.
  const row = PAGE.split('\n').find((line) => line.startsWith('| `') && line.includes(`\`${result}\``))
  if (row === undefined) throw new Error(`no words of the format for ${name}: ${result}`)
  return row.split(' | ').at(-1)!.replace(/ \|$/, '')
}

/** The number of the heading above these words. */
function clauseOf(rule: string): string {
  const at = PAGE.indexOf(rule)
  if (at < 0) throw new Error(`the format does not say: ${rule}`)
  return [...PAGE.slice(0, at).matchAll(/^## (\d+)\./gm)].at(-1)![1]!
}

function kebab(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[A-Z]+/g, (letters) => `-${letters.toLowerCase()}`)
    .replace(/−/g, '-minus-')
    .replace(/\+/g, '-plus-')
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
}
