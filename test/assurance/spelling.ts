import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import { signStatement } from '../reference/writer.ts'
import type { Base, Mutator, Mutators } from './base.ts'
import {
  forge,
  inEnvelope,
  inLine,
  parseEnvelope,
  parseMemory,
  parseStatements,
  PREFIX,
  put,
  withEvidence,
  withLine,
} from './base.ts'
import type { Random } from './random.ts'

/** The same value spelled otherwise, and values that have no canonical form here (manifest-format, 0; RFC 8785). */

/** A line that holds a value: the envelope, a statement or a memory. */
function valueLine(base: Base, random: Random): number {
  const { statement, memory } = base.lineOf
  const kind = random.below(3)
  if (kind === 0) return 1
  if (kind === 1 && base.statements > 0) return statement(random.below(base.statements))
  return memory(random.below(base.memories))
}

/**
 * Edits the JSON text of a line, prefix and comma aside. What is looked for starts with `{"` or `,"` before a
 * plain name: inside a string these quotes would be escaped.
 */
function spelled(edit: (json: string, random: Random) => string | null): Mutator {
  return (base, random) => {
    const line = valueLine(base, random)
    const text = base.lines[line - 1]!
    const prefix = line === 1 ? PREFIX : ''
    const comma = text.endsWith(',') ? ',' : ''
    const json = text.slice(prefix.length, text.length - comma.length)
    const edited = edit(json, random)
    if (edited === null || edited === json) return null
    return {
      bytes: withLine(base, line, prefix + edited + comma),
      expected: inLine(base, line, 'not_canonical'),
    }
  }
}

/** Replaces one match, drawn among all; null where there is none. */
function replaceOne(
  text: string,
  pattern: RegExp,
  random: Random,
  replacement: (match: RegExpMatchArray) => string,
): string | null {
  const matches = [...text.matchAll(pattern)]
  if (matches.length === 0) return null
  const match = random.pick(matches)
  return text.slice(0, match.index) + replacement(match) + text.slice(match.index + match[0].length)
}

const NAME = /([{,])("\w+":)/g
const TEXT = /([{,]"\w+":")([^"\\])/gu
const NUMBER = /([{,]"\w+":)(-?\d+)(?=[,}])/g

/** An object with two neighbours exchanged. */
function disordered(value: JsonObject, random: Random): string | null {
  const names = Object.keys(value).sort()
  if (names.length < 2) return null
  const at = random.below(names.length - 1)
  const order = names.with(at, names[at + 1]!).with(at + 1, names[at]!)
  return `{${order.map((name) => `${serialize(name)}:${serialize(value[name]!)}`).join(',')}}`
}

const nest = (depth: number): Json => (depth === 0 ? 0 : [nest(depth - 1)])

/** Puts a member that the format refuses into the header, a memory or a statement, hashed and signed. */
function withMember(base: Base, random: Random, value: Json): ReturnType<Mutator> {
  const kind = random.below(3)
  if (kind === 0) {
    const bytes = forge(base, { beforeSigning: (header) => put(header, 'later', value) })
    return { bytes, expected: inEnvelope('not_canonical') }
  }
  if (kind === 1 && base.statements > 0) {
    const at = random.below(base.statements)
    const statements = parseStatements(base)
    const header: JsonObject = { ...statements[at]!.header, later: value }
    const signed = signStatement(statements[at]!.type, header, [base.signers[0]])
    const line = base.lineOf.statement(at)
    return {
      bytes: withEvidence(base, statements.with(at, signed)),
      expected: inLine(base, line, 'not_canonical'),
    }
  }
  const at = random.below(base.memories)
  const name = random.pick(['x-odd', 'metadata'])
  const drafts = base.options.memories!
  const draft = { ...drafts[at]!, [name]: name === 'metadata' ? { value } : value }
  const bytes = forge(base, { memories: drafts.with(at, draft) })
  return { bytes, expected: inLine(base, base.lineOf.memory(at), 'not_canonical') }
}

export const SPELLINGS: Mutators = {
  'duplicate key': spelled((json, random) => {
    const value = random.pick(['null', '0', '{}', '"x"', '[]'])
    return replaceOne(json, NAME, random, ([, open, name]) => `${open}${name}${value},${name}`)
  }),
  'duplicate key spelled with an escape': spelled((json, random) =>
    replaceOne(
      json,
      /([{,])"(\w)(\w*":)/g,
      random,
      ([, open, first, rest]) => `${open}"${escapeOf(first!)}${rest}0,"${first}${rest}`,
    ),
  ),
  'number spelled otherwise': spelled((json, random) => {
    const spellings: ((digits: string) => string)[] = [
      (digits) => `${digits}.0`,
      (digits) => `${digits}e0`,
      (digits) => `${digits}E+0`,
      (digits) => `${digits}.`,
      (digits) => `0${digits}`,
      (digits) => `+${digits}`,
      (digits) => `"${digits}"`.replaceAll('"', ' '),
      (digits) => (digits === '0' ? '-0' : `${digits}0e-1`),
      (digits) => `0x${Number(digits).toString(16)}`,
      (digits) => `${digits}n`,
    ]
    return replaceOne(json, NUMBER, random, ([, open, digits]) => open + random.pick(spellings)(digits!))
  }),
  'needless escape': spelled((json, random) =>
    replaceOne(json, TEXT, random, ([, open, character]) => open + escapeOf(character!)),
  ),
  'escape spelled otherwise': spelled((json, random) =>
    replaceOne(json, /(?<=[^\\](?:\\\\)*)\\(?:u00([01])([0-9a-f])|[btnfr"])/g, random, ([all, high, low]) => {
      if (low !== undefined)
        return /[a-f]/.test(low) ? `\\u00${high}${low.toUpperCase()}` : `\\U00${high}${low}`
      return escapeOf(JSON.parse(`"${all}"`) as string)
    }),
  ),
  'raw control character': spelled((json, random) =>
    replaceOne(json, TEXT, random, ([all]) => all + random.pick(['\u0000', '\u0001', '\t', '\r', '\u001f'])),
  ),
  'lone surrogate': spelled((json, random) => {
    const half = random.pick(['\\ud800', '\\udfff', '\\udc00\\ud800', '\\ud83d'])
    return random.oneIn(2)
      ? replaceOne(json, TEXT, random, ([, open, character]) => `${open}${half}${character}`)
      : replaceOne(json, NAME, random, ([, open, name]) => `${open}"x-${half}":0,${name}`)
  }),
  'members out of order': (base, random) => {
    const at = random.below(base.memories)
    const kind = random.below(3)
    if (kind > 0) {
      const text = disordered(parseMemory(base, at), random)
      const line = base.lineOf.memory(at)
      const comma = base.lines[line - 1]!.endsWith(',') ? ',' : ''
      return { bytes: withLine(base, line, text! + comma), expected: inLine(base, line, 'not_canonical') }
    }
    const text = disordered(parseEnvelope(base), random)
    return { bytes: withLine(base, 1, `${PREFIX}${text!},`), expected: inEnvelope('not_canonical') }
  },
  'white space': spelled((json, random) => {
    const space = random.pick([' ', '\t', '\r', '  '])
    return replaceOne(json, NAME, random, ([, open, name]) =>
      random.oneIn(2) ? `${open}${space}${name}` : `${open}${name}${space}`,
    )
  }),
  'white space at the end of a line': (base, random) => {
    const line = random.between(1, base.lineOf.close)
    const text = base.lines[line - 1]! + random.pick([' ', '\t', '\r', '\u00a0', '\u2028'])
    return { bytes: withLine(base, line, text), expected: inLine(base, line, 'not_canonical') }
  },
  'not JSON': spelled((json, random) => {
    const edits: (() => string | null)[] = [
      () => json.replace(/}$/, ',}'),
      () => json.replace(/}$/, ''),
      () => `${json}}`,
      () => `${json}/**/`,
      () => json.replaceAll('"', "'"),
      () => replaceOne(json, NAME, random, ([, open, name]) => open + name!.replaceAll('"', '')),
      () => replaceOne(json, NAME, random, ([, open, name]) => `${open}"x":NaN,${name}`),
      () => replaceOne(json, NAME, random, ([, open, name]) => `${open}"x":undefined,${name}`),
      () => replaceOne(json, NAME, random, ([, open, name]) => `${open}/**/${name}`),
      () => `(${json})`,
      () => `[${json}]`.slice(0, -1),
    ]
    return random.pick(edits)()
  }),
  'number beyond 2^53 − 1, hashed and signed': (base, random) =>
    withMember(
      base,
      random,
      random.pick([2 ** 53, -(2 ** 53), 1e21, -1e21, 1e300, [2 ** 60], { a: 2 ** 64 }]),
    ),
  'number too large for a double': spelled((json, random) => {
    const value = random.pick(['1e400', '-1e400', '9'.repeat(400), '1e-400', '18446744073709551616'])
    return replaceOne(json, NAME, random, ([, open, name]) => `${open}"x":${value},${name}`)
  }),
  'deeper than 32, hashed and signed': (base, random) =>
    withMember(base, random, nest(random.pick([32, 33, 40, 300]))),
  'deeper than any stack': spelled((json, random) => {
    const depth = random.pick([5000, 20_000])
    const value = random.oneIn(2) ? '['.repeat(depth) + ']'.repeat(depth) : '['.repeat(depth)
    return replaceOne(json, NAME, random, ([, open, name]) => `${open}"x":${value},${name}`)
  }),
}

function escapeOf(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
