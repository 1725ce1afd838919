import { crc32, gzipSync } from 'node:zlib'
import type { Case } from '../core/cases.ts'
import { serialize, type JsonObject } from '../reference/canonical.ts'
import { buildManifest, buildStatement, ISSUER } from '../reference/writer.ts'

const plain = () => buildManifest({ memories: [{}, {}] }).bytes
const packed = () => new Uint8Array(gzipSync(plain(), { level: 9 }))
const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const damaged = (at: number) => () => {
  const bytes = packed()
  const place = at < 0 ? bytes.length + at : at
  return bytes.with(place, bytes[place]! ^ 1)
}

const INVALID: Case[2] = ['signature', 'gzip_invalid', 1]
/** Bits of FLG (RFC 1952, 2.3.1), and the fields they announce, in this order. */
const [TEXT, HEADER_CRC, EXTRA, NAME, COMMENT] = [1, 2, 4, 8, 16]
const FIELDS = {
  extra: Buffer.from('\u0006\u0000AB\u0002\u0000xy', 'latin1'),
  name: Buffer.from('manifest.json\0'),
  comment: Buffer.from('as it was sent\0'),
}

function header(flags: number, fields: Uint8Array[]): Uint8Array {
  const bytes = packed()
  return joined(bytes.slice(0, 3), Uint8Array.of(flags), bytes.slice(4, 10), ...fields)
}

function headed(flags: number, ...fields: Uint8Array[]): () => Uint8Array {
  return () => joined(header(flags, fields), packed().slice(10))
}

/** With the low 16 bits of the header's CRC-32, changed by `fault`. */
function withHeaderCrc(fault: number, flags = 0, ...fields: Uint8Array[]): () => Uint8Array {
  return () => {
    const start = header(flags | HEADER_CRC, fields)
    const crc = (crc32(start) & 0xffff) ^ fault
    return joined(start, Uint8Array.of(crc & 255, crc >> 8), packed().slice(10))
  }
}

const statement = (header: JsonObject) =>
  Buffer.from(
    `${serialize({ format: 'omega-statement/1', statement: buildStatement('text/x', header, [ISSUER]) })}\n`,
  )
/** More of it than is needed to tell what it is. */
const LONG = { later: 'x'.repeat(70_000) }

/** Statements alone in a file, as gzip. */
export const PACKED_STATEMENTS = {
  whole: () => new Uint8Array(gzipSync(statement({ later: 1 }))),
  long: () => new Uint8Array(gzipSync(statement(LONG))),
  more: () => new Uint8Array(gzipSync(Buffer.concat([statement({ later: 1 }), Buffer.of(0x0a)]))),
}

/** Files that are gzip themselves. */
export const PACKED: readonly Case[] = [
  ['one member', packed, null],
  ['a name in its header', headed(NAME, FIELDS.name), null],
  ['a comment in its header', headed(COMMENT, FIELDS.comment), null],
  ['an extra field in its header', headed(EXTRA, FIELDS.extra), null],
  ['a checksum of its header', withHeaderCrc(0), null],
  ['said to be text', headed(TEXT), null],
  [
    'all of them in its header',
    withHeaderCrc(0, EXTRA | NAME | COMMENT | TEXT, FIELDS.extra, FIELDS.name, FIELDS.comment),
    null,
  ],
  ['another checksum of its header', withHeaderCrc(1), INVALID],
  ...[0x20, 0x40, 0x80].map((flag): Case => [`the reserved flag ${flag}`, headed(flag), INVALID]),
  ['a name without an end', headed(NAME, Buffer.from('manifest.json')), INVALID],
  ['an extra field longer than the file', headed(EXTRA, Buffer.of(0xff, 0xff)), INVALID],
  [
    'an extra field longer than the file, a checksum behind it',
    headed(EXTRA | HEADER_CRC, Buffer.of(0xff, 0xff)),
    INVALID,
  ],
  ['cut', () => packed().slice(0, -9), INVALID],
  ['cut in its header', () => packed().slice(0, 6), INVALID],
  ['another checksum', damaged(-8), INVALID],
  ['another size', damaged(-1), INVALID],
  ['a method that is none', damaged(2), INVALID],
  ['a second member', () => joined(packed(), packed()), INVALID],
  ['a byte after it', () => joined(packed(), Uint8Array.of(0)), INVALID],
  ['a statement, cut', () => PACKED_STATEMENTS.whole().slice(0, -9), INVALID],
  ['a statement, a byte after it', () => joined(PACKED_STATEMENTS.whole(), Uint8Array.of(0)), INVALID],
  ['a long statement, cut', () => PACKED_STATEMENTS.long().slice(0, -9), INVALID],
  ['a long statement, a byte after it', () => joined(PACKED_STATEMENTS.long(), Uint8Array.of(0)), INVALID],
  [
    'gzip in gzip',
    () => new Uint8Array(gzipSync(packed(), { level: 9 })),
    ['signature', 'not_a_manifest', 1],
  ],
]
