import { FORMAT_CODES, type FormatCode } from '../../src/core/codes.ts'
import type { Base, Mutant, Mutators } from './base.ts'
import type { Random } from './random.ts'

/**
 * The random mutator below the one that knows the format: bytes. Nothing is known of a mutant but that it must
 * be refused, and how the twin refuses it. Its bases have no byte that a courier may change; what he may do with
 * a whole line of evidence can come out by chance, and is then drawn again (`isCourierDeed`).
 */
type Edit = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array

/** What no change of bytes comes to: the files are small, no key in them is a weak one, none is packed. */
const NEVER: readonly FormatCode[] = ['gzip_invalid', 'line_too_long', 'limit_exceeded', 'key_not_allowed']
/** And what takes more than one place that is changed: lines that come or go whole, two that agree. */
const NOT_IN_ONE_PLACE: readonly FormatCode[] = [
  ...['file_empty', 'issuer_unsigned', 'signer_missing', 'count_mismatch', 'root_mismatch'],
  ...['evidence_unordered', 'not_supported_yet'],
] as FormatCode[]
const ALL = Object.keys(FORMAT_CODES) as FormatCode[]
const ANY: ReadonlySet<FormatCode> = new Set(ALL.filter((code) => !NEVER.includes(code)))
const OF_ONE_PLACE: ReadonlySet<FormatCode> = new Set(
  [...ANY].filter((code) => !NOT_IN_ONE_PLACE.includes(code)),
)
const OF_WHAT_IS_PACKED: ReadonlySet<FormatCode> = new Set([...ANY, 'gzip_invalid'])
const OF_A_CUT: ReadonlySet<FormatCode> = new Set(['file_empty', 'not_a_manifest', 'truncated'])

const INTERESTING = [0x00, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xff]
const TOKENS = [
  '"envelope"',
  '"evidence":[',
  '"memories":[',
  ']}',
  '],',
  '{}',
  '__proto__',
  '"critical":["x"],',
  'null',
  '\\u0000',
  '\ud83d\ude00',
  '\ufeff',
  '-0',
  '1e400',
].map((token) => Buffer.from(token))

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const spliced = (bytes: Uint8Array, at: number, count: number, insert: Uint8Array) =>
  join(bytes.subarray(0, at), insert, bytes.subarray(at + count))

/** Where a run starts and how long it is: mostly short, at times long. */
function run(bytes: Uint8Array, random: Random): [at: number, count: number] {
  const at = random.below(bytes.length)
  const most = random.oneIn(4) ? bytes.length - at : Math.min(16, bytes.length - at)
  return [at, random.between(1, most)]
}

const EDITS: Record<string, Edit> = {
  'a bit flipped': (bytes, random) => {
    const at = random.below(bytes.length)
    return bytes.with(at, bytes[at]! ^ (1 << random.below(8)))
  },
  'some bits flipped': (bytes, random) => {
    const copy = bytes.slice()
    for (let n = random.between(2, 8); n > 0; n--) copy[random.below(copy.length)]! ^= 1 << random.below(8)
    return copy
  },
  'a byte of meaning': (bytes, random) => bytes.with(random.below(bytes.length), random.pick(INTERESTING)),
  'bytes put in': (bytes, random) =>
    spliced(bytes, random.below(bytes.length + 1), 0, random.bytes(random.between(1, 12))),
  'a token put in': (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, random.pick(TOKENS)),
  'a run deleted': (bytes, random) => spliced(bytes, ...run(bytes, random), new Uint8Array()),
  'a run repeated': (bytes, random) => {
    const [at, count] = run(bytes, random)
    return spliced(bytes, at + count, 0, bytes.subarray(at, at + count))
  },
  'a run overwritten': (bytes, random) => {
    const [at, count] = run(bytes, random)
    return spliced(bytes, at, count, random.bytes(count))
  },
  'a run moved': (bytes, random) => {
    const [at, count] = run(bytes, random)
    const rest = spliced(bytes, at, count, new Uint8Array())
    return spliced(rest, random.below(rest.length + 1), 0, bytes.subarray(at, at + count))
  },
  'a run of another file': (bytes, random, other) => {
    const [at, count] = run(other, random)
    return spliced(bytes, random.below(bytes.length + 1), 0, other.subarray(at, at + count))
  },
  'cut off': (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  'two files spliced': (bytes, random, other) =>
    join(bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length))),
}

/**
 * Whether only lines of evidence have gone or come, each of them one that was signed so: the one thing that may be
 * done to a plain base (manifest-format, 5). Said of the bytes before either verifier is asked.
 */
function isCourierDeed(bytes: Uint8Array, base: Base, other: Base): boolean {
  const lines = Buffer.from(bytes).toString('latin1').split('\n')
  const [first, second, ...rest] = Buffer.from(base.bytes).toString('latin1').split('\n')
  const tail = rest.slice(base.statements === 0 ? 0 : base.statements + 1)
  const evidence = lines.slice(2, lines.length - tail.length)
  if (lines[0] !== first || evidence.length + 2 + tail.length !== lines.length) return false
  if (lines.slice(-tail.length).join('\n') !== tail.join('\n')) return false
  const known = new Set([...base.lines, ...other.lines].map((line) => latin1(line.replace(/,$/, ''))))
  const isList = second !== undefined && (lines[1] === '"evidence":[' || lines[1] === '"evidence":[],')
  return isList && evidence.every((line) => known.has(line.replace(/,$/, '')) || line === '],')
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1')

/** `pool` holds plain bases only. */
function noise(edit: Edit) {
  return (base: Base, random: Random, pool: readonly Base[]): Mutant | null => {
    const other = random.pick(pool)
    const bytes = edit(base.bytes, random, other.bytes)
    if (pool.some((one) => Buffer.from(one.bytes).equals(bytes))) return null
    return isCourierDeed(bytes, base, other) ? null : { bytes, expected: null }
  }
}

export const NOISE: Mutators = Object.fromEntries(
  Object.entries(EDITS).map(([name, edit]) => [`bytes: ${name}`, noise(edit)]),
)

/** The codes that a class may be refused with: what else comes is a finding, for somebody to look at. */
export function noiseCodes(name: string): ReadonlySet<FormatCode> {
  if (name === 'bytes: cut off') return OF_A_CUT
  if (name.startsWith('gzip: ')) return OF_WHAT_IS_PACKED
  return ['bytes: a bit flipped', 'bytes: a byte of meaning'].includes(name) ? OF_ONE_PLACE : ANY
}
