import { crc32, deflateRawSync } from 'node:zlib'
import { inflate } from '../reference/gzip.ts'
import type { Mutant, Mutator, Mutators } from './base.ts'
import { inEnvelope } from './base.ts'
import type { Random } from './random.ts'

/** Gzip around a manifest that holds: one member, whole, and nothing else (RFC 1952; manifest-format, 2, 10). */
const FLAGS = { text: 1, crc: 2, extra: 4, name: 8, comment: 16 }

interface Member {
  readonly header: Uint8Array
  readonly data: Uint8Array
  readonly trailer: Uint8Array
}

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const whole = ({ header, data, trailer }: Member) => join(header, data, trailer)

function le(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer.subarray(0, bytes)
}

/** With any of the optional fields, deflated at any level. */
function pack(bytes: Uint8Array, random: Random, always = 0): Member {
  const flags = random.pick([0, 0, FLAGS.name, random.below(32)]) | always
  const [extra, text] = [random.bytes(random.below(9)), () => Buffer.from(`${random.hex(random.below(6))}\0`)]
  const start = join(
    Uint8Array.of(0x1f, 0x8b, 8, flags),
    random.bytes(6),
    ...(flags & FLAGS.extra ? [le(extra.length, 2), extra] : []),
    ...(flags & FLAGS.name ? [text()] : []),
    ...(flags & FLAGS.comment ? [text()] : []),
  )
  return {
    header: flags & FLAGS.crc ? join(start, le(crc32(start) % 2 ** 16, 2)) : start,
    data: deflateRawSync(bytes, { level: random.between(0, 9) }),
    trailer: join(le(crc32(bytes), 4), le(bytes.length, 4)),
  }
}

function damaged(edit: (member: Member, random: Random) => Uint8Array, always = 0): Mutator {
  return (base, random): Mutant => ({
    bytes: edit(pack(base.bytes, random, always), random),
    expected: inEnvelope('gzip_invalid'),
  })
}

const otherwise = (bytes: Uint8Array, at: number, random: Random) =>
  bytes.with(at, bytes[at]! ^ random.between(1, 255))

export const PACKED: Mutators = {
  'gzip: cut off': damaged((member, random) => {
    const bytes = whole(member)
    const { length } = bytes
    return bytes.slice(0, random.oneIn(3) ? length - random.between(1, 8) : random.between(2, length - 1))
  }),
  'gzip: bytes after the end': damaged((member, random) =>
    join(
      whole(member),
      random.pick([new Uint8Array(1), new Uint8Array(512), random.bytes(random.between(1, 40))]),
    ),
  ),
  'gzip: a second member': (base, random) => ({
    bytes: join(
      whole(pack(base.bytes, random)),
      whole(pack(random.pick([base.bytes, new Uint8Array()]), random)),
    ),
    expected: inEnvelope('gzip_invalid'),
  }),
  'gzip: checksum otherwise': damaged(({ header, data, trailer }, random) =>
    join(header, data, otherwise(trailer, random.below(4), random)),
  ),
  'gzip: length otherwise': damaged(({ header, data, trailer }, random) =>
    join(header, data, otherwise(trailer, random.between(4, 7), random)),
  ),
  'gzip: another method, or reserved flags': damaged((member, random) => {
    const bytes = whole(member)
    return random.oneIn(2)
      ? bytes.with(2, random.pick([0, 7, 9, 255]))
      : bytes.with(3, bytes[3]! | random.pick([0x20, 0x40, 0x80]))
  }),
  'gzip: checksum of the header otherwise': damaged(
    ({ header, data, trailer }, random) =>
      join(otherwise(header, header.length - random.between(1, 2), random), data, trailer),
    FLAGS.crc,
  ),
}

/** As noise: what is done to the compressed data may come to an earlier failure of what inflates. */
export const PACKED_NOISE: Mutators = {
  'gzip: the data damaged': (base, random) => {
    const { header, data, trailer } = pack(base.bytes, random)
    let bytes = join(header, data, trailer)
    for (let n = random.between(1, 3); n > 0; n--)
      bytes = otherwise(bytes, header.length + random.below(data.length), random)
    const held = inflate(bytes)
    return held !== null && Buffer.from(held).equals(base.bytes) ? null : { bytes, expected: null }
  },
}

/** No forgery: packed in whatever way, it is the same file. */
export const PACKED_COURIER: Mutators = {
  'courier: packs it': (base, random) => ({ bytes: whole(pack(base.bytes, random)), expected: null }),
}
