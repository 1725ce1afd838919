import { constants, crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { MAX_LINE } from '../../src/core/lines.ts'
import { twinOf } from '../core/curve.ts'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import { MTH } from '../reference/merkle.ts'
import type { Statement } from '../reference/shapes.ts'
import { hex } from '../reference/shapes.ts'
import type { Draft, ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildMemory, buildStatement, ISSUER, signerNamed } from '../reference/writer.ts'

/** A file that asks for more than it should be given. */
export interface Scenario {
  readonly name: string
  /** The bytes, made when they are asked for. */
  readonly parts: () => Iterable<Uint8Array>
  /** The file is made this long with zeros, which take no room on disk. */
  readonly size?: number
  readonly expected: { readonly result: string; readonly line: number | null }
  /** Refused without reading the rest. */
  readonly isEarly?: boolean
  /** Where they are not the usual. */
  readonly megabytes?: number
  readonly seconds?: number
  /** Instead of so many seconds: `SECONDS_PER_MB` of the file. */
  readonly perMegabyte?: boolean
}

/** What a verification may take over that of a small manifest; less where it ends at the start of the file. */
export const MEGABYTES = { whole: 200, early: 90 }
/** And the most CPU time, three times and more what it takes. */
export const SECONDS = { whole: 10, early: 3 }
/** Lines of 8 MiB, each held as bytes, as text, as what it says and as what is hashed. */
const LARGE_LINES = { megabytes: 300, perMegabyte: true }
/** Lines of 8 MiB in values of a few bytes: parsed, each takes a hundred times that. Of a line, never of the file. */
const DENSE_LINES = { megabytes: 1200, perMegabyte: true }

const MIB = 1024 * 1024
const SPARSE = 10_000_000_000
const MOST_MEMORIES = 2 ** 32 - 1
const OK = { result: 'ok', line: null }
const ANA = signerNamed('Ana')

const bytesOf = (options: ManifestOptions) => [buildManifest(options).bytes]
const text = (...parts: string[]) => parts.map((part) => Buffer.from(part))
const firstLine = (options: ManifestOptions = {}) => `${buildManifest(options).lines[0]!}\n`

export function scenarios(): Scenario[] {
  return [...counts, ...evidence, ...signatures, ...sparse, ...packed, ...memories(), ...lines]
}

const huge = { header: { memory_count: MOST_MEMORIES } }
const counts: Scenario[] = [
  {
    name: 'memory_count 2^32−1, two memories',
    parts: () => bytesOf({ ...huge, memories: [{}, {}] }),
    expected: { result: 'count_mismatch', line: 7 },
    isEarly: true,
  },
  {
    name: 'memory_count 2^32−1, cut in the first memory',
    parts: () => bytesOf({ ...huge, bytes: (bytes) => bytes.subarray(0, -40) }),
    expected: { result: 'truncated', line: 5 },
    isEarly: true,
  },
]

const statement = (at: number, ...by: [Signer, ...Signer[]]) => buildStatement('text/x', { at }, by)
const many = <Item>(count: number, make: (at: number) => Item) =>
  Array.from({ length: count }, (_, at) => make(at))
/** A statement whose line has exactly `bytes` bytes, with its comma if it has one. */
function statementOf(bytes: number, at: number, comma: boolean): Statement {
  const make = (pad: string) => buildStatement('text/x', { at, pad }, [ANA])
  return make('x'.repeat(bytes - serialize(make('')).length - (comma ? 1 : 0)))
}
/** In whatever order their ids have, the last line has no comma. */
function evidenceOf(sizes: readonly number[]): ManifestOptions {
  for (let seed = 0; ; seed++) {
    const list = sizes.map((bytes, at) => statementOf(bytes, seed + at, at < sizes.length - 1))
    const options = { evidence: list }
    if (
      buildManifest(options)
        .lines.slice(2, -6)
        .every((line, at) => line.length === sizes[at])
    )
      return options
  }
}

const evidence: Scenario[] = [
  {
    name: '1,024 statements of evidence by one key',
    parts: () => bytesOf({ evidence: many(1024, (at) => statement(at, ANA)) }),
    expected: OK,
  },
  {
    name: '1,024 statements of evidence, each by a key of its own',
    parts: () => bytesOf({ evidence: many(1024, (at) => statement(at, signerNamed(`Peer ${at}`))) }),
    expected: OK,
  },
  {
    name: '1,025 statements of evidence',
    parts: () => bytesOf({ evidence: many(1025, (at) => statement(at, ANA)) }),
    expected: { result: 'limit_exceeded', line: 3 + 1024 },
  },
  ...[64, 65].map((count): Scenario => {
    const signers = many(16, (at) => signerNamed(`Peer ${at}`)) as [Signer, ...Signer[]]
    return {
      name: `${count} statements of evidence with 16 signatures each`,
      parts: () => bytesOf({ evidence: many(count, (at) => statement(at, ...signers)) }),
      expected: count === 64 ? OK : { result: 'limit_exceeded', line: 3 + 64 },
    }
  }),
  {
    name: 'evidence of 16 MiB in two lines',
    ...LARGE_LINES,
    parts: () => bytesOf(evidenceOf([8 * MIB, 8 * MIB])),
    expected: OK,
  },
  {
    name: 'evidence of 16 MiB and one byte',
    ...LARGE_LINES,
    parts: () => bytesOf(evidenceOf([8 * MIB, 8 * MIB - 1000, 1001])),
    expected: { result: 'limit_exceeded', line: 5 },
  },
  {
    name: 'evidence of 16 MiB of empty objects',
    parts: () => {
      const filled = '{},'.repeat((8 * MIB - 20) / 3)
      const line = (comma: string) => `{"header":[${filled}{}]}${comma}\n`
      return text(firstLine(), '"evidence":[\n', line(','), line(''), ...rest())
    },
    expected: { result: 'shape_invalid', line: 3 },
    ...DENSE_LINES,
  },
  {
    // JSON.parse puts names that are spelled like numbers first, so that all of it is put in order anew.
    name: 'evidence of 16 MiB of empty objects before names like numbers',
    parts: () => {
      const filled = '{},'.repeat((8 * MIB - 40) / 3)
      const line = (comma: string) => `{"header":[${filled}{"10":0,"9":0}]}${comma}\n`
      return text(firstLine(), '"evidence":[\n', line(','), line(''), ...rest())
    },
    expected: { result: 'shape_invalid', line: 3 },
    ...DENSE_LINES,
  },
  {
    name: 'evidence of 16 million short lines',
    perMegabyte: true,
    parts: function* () {
      yield* text(firstLine(), '"evidence":[\n')
      const lines = Buffer.from('0,\n'.repeat(MIB))
      for (let at = 0; at < 16; at++) yield lines
      yield* text('0\n', ...rest())
    },
    expected: { result: 'shape_invalid', line: 3 },
  },
]

/** What follows the evidence of a plain manifest, the closing of the evidence included. */
function rest(): string[] {
  return [
    '],\n',
    ...buildManifest()
      .lines.slice(2)
      .map((line) => `${line}\n`),
  ]
}

/** With a PEM of just under 16 KiB. */
const largeKey = (at: number) => twinOf(`Twin ${at}`, '2b010203', 12_000, 65_536)
const signatures: Scenario[] = [
  {
    name: '16 signatures on the envelope',
    parts: () => bytesOf({ signers: many(16, (at) => signerNamed(`Peer ${at}`)) as [Signer, ...Signer[]] }),
    expected: OK,
  },
  {
    name: '15 skipped keys of 16 KiB with signatures of 65,536 bytes',
    parts: () => bytesOf({ signers: [ISSUER, ...many(15, largeKey)] }),
    expected: OK,
  },
  {
    name: '64 statements of evidence with 16 signatures by keys of another algorithm',
    parts: () => {
      const twins = many(15, (at) => twinOf(`Twin ${at}`, '2b010203', 900, 9000))
      return bytesOf({ evidence: many(64, (at) => statement(at, ANA, ...twins)) })
    },
    expected: OK,
  },
]

const sparse: Scenario[] = [
  {
    name: 'a sparse file of 10 GB, all zeros',
    parts: () => [],
    size: SPARSE,
    expected: { result: 'not_a_manifest', line: 1 },
    isEarly: true,
  },
  {
    name: 'a sparse file of 10 GB after a valid first line',
    parts: () => text(firstLine()),
    size: SPARSE,
    expected: { result: 'line_too_long', line: 2 },
    isEarly: true,
  },
  {
    name: 'a sparse file of 10 GB after a valid manifest',
    parts: () => bytesOf({}),
    size: SPARSE,
    expected: { result: 'trailing_data', line: 7 },
    isEarly: true,
  },
  {
    name: 'a sparse file of 10 GB in its first line',
    parts: () => text('{"envelope":{"details":"'),
    size: SPARSE,
    expected: { result: 'line_too_long', line: 1 },
    isEarly: true,
  },
  {
    name: 'a sparse file of 10 GB in a memory',
    parts: () =>
      text(
        ...buildManifest(huge).lines.map((line, at) =>
          at === 4 ? `${line.slice(0, -9)}` : at < 4 ? `${line}\n` : '',
        ),
      ),
    size: SPARSE,
    expected: { result: 'line_too_long', line: 5 },
    isEarly: true,
  },
]

const GZIP = Buffer.from('1f8b0800000000000003', 'hex')
/** Deflated so that it may be repeated: byte-aligned, and looking back at nothing. */
const block = (part: Uint8Array) => deflateRawSync(part, { finishFlush: constants.Z_FULL_FLUSH, level: 9 })

function* bomb(head: string, repeated: Uint8Array, times: number): Generator<Uint8Array> {
  yield GZIP
  yield block(Buffer.from(head))
  const one = block(repeated)
  for (let at = 0; at < times; at++) yield one
}

/** A memory's line, again and again: equal leaves are permitted. */
function endless(): { head: string; lines: Buffer; memories: number } {
  const { lines } = buildManifest({ ...huge, memories: [{}, {}] })
  const line = `${lines[4]!}\n`
  const times = Math.floor(MIB / line.length)
  return {
    head: lines.slice(0, 4).join('\n') + '\n',
    lines: Buffer.from(line.repeat(times)),
    memories: times,
  }
}

const last = () => buildManifest({ ...huge, memories: [{}, {}] }).lines[5]!
const GIB_OF_MIB = 1024
/** What a stranger can make a reader spend for each megabyte, as it is or inflated at 1 kB of file; signatures apart. */
export const SECONDS_PER_MB = 1

/** Whole, with its checksum. */
function* gzipOf(head: string, repeated: Uint8Array, times: number, tail: string): Generator<Uint8Array> {
  yield* bomb(head, repeated, times)
  yield deflateRawSync(Buffer.from(tail))
  let crc = crc32(Buffer.from(head))
  for (let at = 0; at < times; at++) crc = crc32(repeated, crc)
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(Buffer.from(tail), crc))
  trailer.writeUInt32LE((head.length + times * repeated.length + tail.length) % 2 ** 32, 4)
  yield trailer
}

const packed: Scenario[] = [
  {
    name: 'gzip of 10 GiB of zeros',
    parts: () => bomb('', new Uint8Array(MIB), 10_240),
    expected: { result: 'not_a_manifest', line: 1 },
    isEarly: true,
  },
  {
    name: 'gzip of a valid first line and a second without end',
    parts: () => bomb(firstLine(), new Uint8Array(MIB), 10_240),
    expected: { result: 'line_too_long', line: 2 },
    isEarly: true,
  },
  ...[16, 64].map((mib): Scenario => {
    return {
      name: `gzip of memories without end, the first ${mib} MiB of them`,
      parts: () => bomb(endless().head, endless().lines, mib),
      seconds: (mib * MIB * SECONDS_PER_MB) / 1e6,
      // Cut: what inflated before counts for nothing.
      expected: { result: 'gzip_invalid', line: 1 },
    }
  }),
  {
    name: 'gzip of 1 GiB of memories, one leaf again and again, the envelope signed for 2^32−1',
    parts: function* () {
      const { head, lines } = endless()
      yield* gzipOf(head, lines, GIB_OF_MIB, `${last()}\n]}\n`)
    },
    // 32 bytes a leaf, in a list that doubles.
    megabytes: 300,
    expected: { result: 'count_mismatch', line: 4 + GIB_OF_MIB * endless().memories + 2 },
    seconds: (GIB_OF_MIB * MIB * SECONDS_PER_MB) / 1e6,
  },
  {
    name: 'gzip in gzip',
    parts: () => [gzipSync(gzipSync(new Uint8Array(64 * MIB)))],
    expected: { result: 'not_a_manifest', line: 1 },
    isEarly: true,
  },
  {
    name: 'gzip with a file name of 32 MiB',
    perMegabyte: true,
    parts: () => [Buffer.from('1f8b0808000000000003', 'hex'), new Uint8Array(32 * MIB).fill(0x41)],
    expected: { result: 'gzip_invalid', line: 1 },
  },
  {
    name: 'gzip with 32 MiB of empty blocks',
    parts: () => [GZIP, Buffer.alloc(32 * MIB, Buffer.from('000000ffff', 'hex'))],
    expected: { result: 'gzip_invalid', line: 1 },
  },
]

/** `count` times the same memory, its line filled to exactly `bytes` where that is asked. */
function repeat(draft: Draft, count: number, bytes?: number): Iterable<Uint8Array> {
  const make = (pad: string) =>
    buildMemory(
      bytes === undefined ? draft : { ...draft, metadata: { ...(draft['metadata'] as JsonObject), pad } },
      0,
      ISSUER,
    )
  const empty = Buffer.byteLength(serialize(make('')))
  const memory = make('x'.repeat(bytes === undefined ? 0 : bytes - empty - 1))
  const leaf = new Uint8Array(Buffer.from(memory['leaf_hash'] as string, 'hex'))
  const header = { memory_count: count, merkle_root: hex(MTH(many(count, () => leaf))) }
  const line = Buffer.from(serialize(memory))
  return [
    ...text(`${buildManifest({ header }).lines.slice(0, 4).join('\n')}\n`),
    ...many(count, (at) => Buffer.concat([line, Buffer.from(at < count - 1 ? ',\n' : '\n')])),
    ...text(']}\n'),
  ]
}

/** A tree of arrays 30 levels high: each level but the last holds `width` numbers and the next. */
function deep(levels: number, width: number): Json {
  const numbers = many(width, (at) => at)
  return levels === 0 ? numbers : [...numbers, deep(levels - 1, width)]
}

function memories(): Scenario[] {
  const full = (count: number, name: string, draft: () => Draft): Scenario => ({
    name: `${count} memories of 8 MiB: ${name}`,
    parts: () => repeat(draft(), count, MAX_LINE),
    expected: OK,
    ...(name === 'a long string' ? LARGE_LINES : DENSE_LINES),
  })
  return [
    {
      name: '200 memories with 256 tags of 256 code units',
      parts: () => repeat({ tags: many(256, (at) => String(at).padStart(3, '0') + '記'.repeat(253)) }, 200),
      expected: OK,
    },
    full(20, 'a long string', () => ({ metadata: {} })),
    full(10, 'an object of 300,000 members', () => ({
      metadata: { a: Object.fromEntries(many(300_000, (at) => [`member ${at}`, at])) },
    })),
    full(10, '1,500,000 numbers', () => ({ metadata: { a: many(1_500_000, (at) => at % 10_000) } })),
    full(10, '28 levels of arrays', () => ({ metadata: { a: deep(28, 40_000) } })),
    full(10, '2,500,000 empty objects', () => ({ metadata: { a: many(2_500_000, () => ({})) } })),
    {
      name: '20 contents of 1,000,000 code units in characters of 4 bytes',
      parts: () => repeat({ content: '\u{1f600}'.repeat(500_000) }, 20),
      expected: OK,
    },
    {
      name: '20 contents of 1,000,000 control characters',
      ...LARGE_LINES,
      parts: () => repeat({ content: '\u0001'.repeat(1_000_000) }, 20),
      expected: OK,
    },
  ]
}

/** What line 1 of 8 MiB is padded with. */
function padded(make: (pad: string) => ManifestOptions): Iterable<Uint8Array> {
  const empty = buildManifest(make('')).lines[0]!.length
  return bytesOf(make('x'.repeat(MAX_LINE - empty)))
}

const fingerprints = () => many(120_000, (at) => at.toString(16).padStart(64, '0'))
const lines: Scenario[] = [
  {
    name: 'an unknown member of the header, line 1 of 8 MiB',
    ...LARGE_LINES,
    parts: () => padded((pad) => ({ header: { 'x-pad': pad } })),
    expected: OK,
  },
  {
    name: 'an audience of 120,000, line 1 of 8 MiB',
    ...LARGE_LINES,
    parts: () => padded((pad) => ({ details: { audience: fingerprints(), 'x-pad': pad } })),
    expected: OK,
  },
  {
    name: 'signers: 120,000 that did not sign',
    ...LARGE_LINES,
    parts: () => bytesOf({ header: { signers: fingerprints() } }),
    expected: { result: 'signer_missing', line: 1 },
    isEarly: true,
  },
  {
    name: 'a selection of 300,000 members, line 1 of 8 MiB',
    ...DENSE_LINES,
    parts: () =>
      padded((pad) => ({
        details: {
          selection: { ...Object.fromEntries(many(300_000, (at) => [`x ${at}`, at])), 'x-pad': pad },
        },
      })),
    expected: OK,
  },
  ...(['[', '{"a":'] as const).map((open): Scenario => {
    const levels = Math.floor((8 * MIB - 10) / (open.length + 1))
    return {
      name: `a memory of ${levels.toLocaleString('en')} levels of ${open === '[' ? 'arrays' : 'objects'}`,
      parts: () => {
        const whole = open.repeat(levels) + '0' + (open === '[' ? ']' : '}').repeat(levels)
        return text(...buildManifest(huge).lines.map((line, at) => `${at === 4 ? whole : line}\n`))
      },
      expected: { result: 'not_canonical', line: 5 },
      isEarly: true,
      ...DENSE_LINES,
    }
  }),
]
