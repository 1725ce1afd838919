import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import type { Statement } from '../reference/shapes.ts'
import { buildStatement } from '../reference/writer.ts'
import type { Base, Mutant, Mutator, Mutators } from './base.ts'
import { inEnvelope, parseEnvelope, parseStatements } from './base.ts'
import { EVIDENCE } from './evidence.ts'
import { MALLORY } from './pool.ts'
import type { Random } from './random.ts'
import { SPELLINGS } from './spelling.ts'

/**
 * Statements alone in a file (manifest-format, 1, 10). What is done to a line of evidence is done to these too: the
 * line is taken out of its manifest. The code alone is compared; such a report has no layers and no lines.
 */
const FORMAT = 'omega-statement/1'
const MAX_LINE = 8 * 1024 * 1024
/** Of several statements, or of lines that are none. */
const NOT_ALONE = [
  'evidence out of order',
  'evidence: a statement twice',
  'evidence: a statement twice, with other signatures',
  'members out of order',
  'white space at the end of a line',
]
/** What is asked before it is asked whether all that is critical is understood. */
const BEFORE_CRITICAL = ['not_canonical', 'shape_invalid']

const utf8 = (text: string) => new Uint8Array(Buffer.from(text))
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const documentOf = (statement: string) => utf8(`{"format":"${FORMAT}","statement":${statement}}\n`)
const write = (document: Json) => utf8(`${serialize(document)}\n`)

/** The line that a mutator has changed among the evidence, in a file of its own. */
function alone(mutate: Mutator): Mutator {
  return (base, random, pool) => {
    const mutant = mutate(base, random, pool)
    if (mutant?.expected == null) return null
    const { layer, line, code } = mutant.expected
    if (layer !== 'evidence' && !(line >= 3 && line < 3 + base.statements)) return null
    const text = Buffer.from(mutant.bytes).toString().split('\n')[line - 1]!.replace(/,$/, '')
    if (!BEFORE_CRITICAL.includes(code) && text.includes('"critical":[')) return null
    return { bytes: documentOf(text), expected: inEnvelope(code) }
  }
}

function renamed(mutators: Mutators): Mutators {
  const entries = Object.entries(mutators).filter(([name]) => !NOT_ALONE.includes(name))
  return Object.fromEntries(
    entries.map(([name, mutate]) => [`statement alone: ${name.replace('evidence: ', '')}`, alone(mutate)]),
  )
}

/** One that holds, or null: the base has none, or none that a reader understands. */
function anyStatement(base: Base, random: Random): Statement | null {
  const statements = [...parseStatements(base), base.statement]
  const statement = random.pick(statements)
  return Object.hasOwn(statement.header, 'critical') ? null : statement
}

function onDocument(edit: (bytes: Uint8Array, random: Random) => Mutant | null): Mutator {
  return (base, random) => {
    const statement = anyStatement(base, random)
    return statement && edit(documentOf(serialize(statement)), random)
  }
}

const NOT_UTF8 = ['ff', 'c080', 'eda080', 'e282', 'f5808080', '80'].map((bytes) => Buffer.from(bytes, 'hex'))

export const STATEMENTS: Mutators = {
  ...renamed(EVIDENCE),
  ...renamed(SPELLINGS),
  'statement alone: cut off': onDocument((bytes, random) => {
    const end = random.below(bytes.length)
    return { bytes: bytes.slice(0, end), expected: inEnvelope(end === 0 ? 'file_empty' : 'truncated') }
  }),
  'statement alone: bytes after the end': onDocument((bytes, random) => {
    const more = random.pick([utf8('\n'), utf8(' '), Uint8Array.of(0), random.bytes(20), bytes])
    return { bytes: join(bytes, more), expected: inEnvelope('trailing_data') }
  }),
  'statement alone: bytes before the start': onDocument((bytes, random) => ({
    bytes: join(utf8(random.pick(['\ufeff', ' ', '\n', '{', '\r\n', '\u200b'])), bytes),
    expected: inEnvelope('not_canonical'),
  })),
  'statement alone: LF inside': onDocument((bytes, random) => {
    const at = random.between(1, bytes.length - 2)
    const isInCharacter = (bytes[at]! & 0xc0) === 0x80
    return {
      bytes: join(bytes.subarray(0, at), Uint8Array.of(10), bytes.subarray(at)),
      expected: inEnvelope(isInCharacter ? 'not_utf8' : 'not_canonical'),
    }
  }),
  'statement alone: LF taken out or replaced': onDocument((bytes, random) => {
    const end = random.pick(['', '\r', '\r\n', '\u2028', ' \n'])
    return {
      bytes: join(bytes.subarray(0, -1), utf8(end)),
      expected: inEnvelope(end.endsWith('\n') ? 'not_canonical' : 'truncated'),
    }
  }),
  'statement alone: bytes that are not UTF-8': onDocument((bytes, random) => {
    let at = random.below(bytes.length)
    while ((bytes[at]! & 0xc0) === 0x80) at++
    return {
      bytes: join(bytes.subarray(0, at), random.pick(NOT_UTF8), bytes.subarray(at)),
      expected: inEnvelope('not_utf8'),
    }
  }),
  'statement alone: a line over 8 MiB': onDocument((bytes, random) => {
    const at = random.between(1, bytes.length - 2)
    const more = new Uint8Array(MAX_LINE + 2 - bytes.length).fill(random.pick([0x20, 0x61, 0x5b]))
    return {
      bytes: join(bytes.subarray(0, at), more, bytes.subarray(at)),
      expected: inEnvelope('line_too_long'),
    }
  }),
  'statement alone: printed otherwise': onDocument((bytes, random) => {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    const text = random.pick([
      JSON.stringify(value, null, 2),
      JSON.stringify(value, null, 1),
      ` ${serialize(value as Json)}`,
    ])
    return { bytes: utf8(`${text}\n`), expected: inEnvelope('not_canonical') }
  }),
  'statement alone: members of the document out of order': (base, random) => {
    const statement = anyStatement(base, random)
    const text = statement && `{"statement":${serialize(statement)},"format":"${FORMAT}"}\n`
    return text === null ? null : { bytes: utf8(text), expected: inEnvelope('not_canonical') }
  },
  'statement alone: format of another version': (base, random) => {
    const statement = anyStatement(base, random)
    const format = `omega-statement/${random.pick(['2', '0', '10', '01'])}`
    return statement && { bytes: write({ format, statement }), expected: inEnvelope('version_unsupported') }
  },
  'statement alone: another format': (base, random) => {
    const statement = anyStatement(base, random)
    const names = [
      'omega-statement',
      'omega-statement/1a',
      'omega-federation-manifest/1',
      '',
      'Omega-statement/1',
    ]
    const format = random.pick<Json>([...names, null, 1, [FORMAT]])
    return statement && { bytes: write({ format, statement }), expected: inEnvelope('shape_invalid') }
  },
  'statement alone: a member of the document absent, surplus or of the wrong kind': (base, random) => {
    const statement = anyStatement(base, random)
    if (statement === null) return null
    const whole = { format: FORMAT, statement }
    const document = random.pick<Json>([
      { format: FORMAT },
      { statement },
      { format: FORMAT, statement: null },
      { format: FORMAT, statement: [statement] },
      { ...whole, details: {} },
      { ...whole, zz: 1 },
      { ...whole, ['__proto__']: {} },
      { format: FORMAT, statement: whole },
    ])
    return { bytes: write(document), expected: inEnvelope('shape_invalid') }
  },
  'statement alone: a manifest with its details': (base) => ({
    bytes: write({ format: FORMAT, statement: parseEnvelope(base) }),
    expected: inEnvelope('shape_invalid'),
  }),
  'statement alone: critical, signed': (_, random) => {
    const header: JsonObject = { critical: ['x-must'], 'x-must': random.hex(4) }
    const statement = buildStatement(
      random.pick(['text/x', 'application/vnd.omega.receipt.v1+json']),
      header,
      [MALLORY],
    )
    return { bytes: write({ format: FORMAT, statement }), expected: inEnvelope('critical_unknown') }
  },
}

/** No forgery: what stands among the evidence, or the signed part of a manifest, as a file. */
export const STATEMENT_COURIER: Mutators = {
  'courier: takes a statement out, alone in a file': (base, random) => {
    const statement = anyStatement(base, random)
    return statement && { bytes: write({ format: FORMAT, statement }), expected: null }
  },
}
