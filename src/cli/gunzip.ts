import { pipeline } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import { ExchangeError } from '../core/errors.ts'

const HEADER_BYTES = 10
const TRAILER_BYTES = 8
const FLAGS = { crc: 2, extra: 4, name: 8, comment: 16 }

/**
 * What one gzip member holds (RFC 1952). Node's own gunzip goes on into further members, browsers refuse what
 * follows the first: so does this, that one file may not mean two things. Throws `gzip_invalid`.
 */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
  chunkSize: number,
): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw({ chunkSize })
  let trailer = Buffer.alloc(0)
  let deflated = 0
  let crc = 0
  let size = 0
  async function* body(): AsyncGenerator<Uint8Array> {
    let skip: number | null = null
    for await (const chunk of chunks) {
      skip ??= headerLength(chunk)
      const rest = chunk.subarray(skip)
      skip = 0
      deflated += rest.length
      trailer = Buffer.concat([trailer, rest.subarray(-TRAILER_BYTES)]).subarray(-TRAILER_BYTES)
      yield rest
    }
  }
  try {
    for await (const part of pipeline(body, inflate, () => undefined) as AsyncIterable<Buffer>) {
      crc = crc32(part, crc)
      size += part.length
      yield part
    }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_')) throw invalid()
    throw cause
  }
  const whole = trailer.length === TRAILER_BYTES && inflate.bytesWritten + TRAILER_BYTES === deflated
  if (!whole || trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== size % 2 ** 32) throw invalid()
}

/** Bytes before the compressed data; all of them stand in the first chunk, which is large. */
function headerLength(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0
  let at = HEADER_BYTES
  if (flags & FLAGS.extra) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  for (const flag of [FLAGS.name, FLAGS.comment]) if (flags & flag) at = bytes.indexOf(0, at) + 1 || Infinity
  if (flags & FLAGS.crc) at += 2
  if (bytes[2] !== 8 || at > bytes.length) throw invalid()
  return at
}

function invalid(): ExchangeError {
  return new ExchangeError('gzip_invalid')
}
