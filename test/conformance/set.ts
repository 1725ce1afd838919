import { gzipSync } from 'node:zlib'
import { bytesOfCase, CASES, type Case } from '../core/cases.ts'
import { isGzip } from '../reference/gzip.ts'
import { sha256 } from '../reference/merkle.ts'
import { reportNaively, reportStatementNaively } from '../reference/report.ts'
import { hex } from '../reference/shapes.ts'
import { about } from './about.ts'
import { PACKED } from './packed.ts'
import { clauseAbove, clauseOfCode } from './page.ts'
import type { Verdict } from './reader.ts'
import { STATEMENTS } from './statements.ts'

/** The clock of all reports. */
export const NOW = '2026-06-01T00:00:00.000Z'
/** Larger files are shipped packed. */
const PLAIN_BYTES = 65_536

/** What a case says of its file; `public/conformance/README.md` says what each member means. */
export interface Description extends Verdict {
  readonly file: string
  readonly sha256: string
  readonly kind: 'manifest' | 'statement'
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
  /** As it is judged: what was packed for its size alone, inflated. */
  readonly plain: Uint8Array
  /** What the naive verifier finds, */
  readonly verdict: Verdict
  /** and what was written down by hand where the case was made. */
  readonly byHand: ByHand
  /** The whole report of the naive verifier. */
  readonly report: string
}

export type ByHand = Pick<Verdict, 'result' | 'layer' | 'line' | 'index'>

/** Group and name of every case. */
export function namesOfCases(): (readonly [group: string, name: string])[] {
  const manifests = Object.entries({ ...CASES, gzip: PACKED })
  return [
    ...manifests.flatMap(([group, cases]) => cases.map(([name]) => [group, name] as const)),
    ...STATEMENTS.map(([name]) => ['statement', name] as const),
  ]
}

/** The whole set, from the naive writer and judged by the naive verifier; nothing of the product has a part in it. */
export function* makeSet(): Generator<Entry> {
  for (const [group, cases] of Object.entries({ ...CASES, gzip: PACKED }))
    for (const [name, file, expected] of cases)
      yield toEntry('manifest', group, name, bytesOfCase(file), ofManifest(expected))
  for (const [name, bytes, code] of STATEMENTS)
    yield toEntry('statement', 'statement', name, bytes(), { result: code ?? 'ok', ...NOWHERE })
}

const NOWHERE: Pick<Verdict, 'layer' | 'line' | 'index'> = { layer: null, line: null, index: null }

function ofManifest(expected: Case[2]): ByHand {
  if (expected === null) return { result: 'ok', ...NOWHERE }
  const [layer, result, line, index = null] = expected
  return { result, layer: layer ?? null, line, index }
}

function toEntry(
  kind: Description['kind'],
  group: string,
  name: string,
  plain: Uint8Array,
  byHand: ByHand,
): Entry {
  const path = kind === 'manifest' ? `manifest/${kebab(group)}/${kebab(name)}` : `statement/${kebab(name)}`
  const isPacked = plain.length > PLAIN_BYTES
  const bytes = isPacked ? new Uint8Array(gzipSync(plain, { level: 9 })) : plain
  const report = kind === 'manifest' ? reportNaively(plain, NOW) : reportStatementNaively(plain)
  const verdict = verdictOf(JSON.parse(report) as Report)
  const { rule, reason } = about(group, name)
  return {
    path,
    bytes,
    plain,
    verdict,
    byHand,
    report,
    description: {
      file: `${path.split('/').at(-1)!}.json${isGzip(bytes) || group === 'gzip' ? '.gz' : ''}`,
      sha256: hex(sha256(bytes)),
      kind,
      ...verdict,
      clause: verdict.result === 'ok' ? clauseAbove(rule) : clauseOfCode(verdict.result),
      rule,
      reason,
      report_sha256: hex(sha256(Buffer.from(report))),
    },
  }
}

interface Report extends Pick<Verdict, 'result'> {
  readonly layers?: Record<string, Pick<Verdict, 'line' | 'index'> & { status: string }>
  readonly leaves?: number | null
  readonly manifest?: { readonly id: string } | null
  readonly statement?: { readonly id: string } | null
}

/** What a report says, in short: the file is read but once. */
function verdictOf({ result, layers = {}, leaves = null, manifest, statement }: Report): Verdict {
  const [layer, place] = Object.entries(layers).find(([, { status }]) => status === 'failed') ?? [
    null,
    NOWHERE,
  ]
  const { line, index } = place
  return { result, layer: layer ?? null, line, index, leaves, id: (manifest ?? statement)?.id ?? null }
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
