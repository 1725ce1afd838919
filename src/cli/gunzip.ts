import { pipeline } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import { ExchangeError } from '../core/errors.ts'

const HEADER_BYTES = 10
const TRAILER_BYTES = 8
const FLAGS = { crc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 }

/**
 * What one gzip member holds (RFC 1952). Node's own gunzip goes on into further members, browsers refuse what
 * follows the first: so does this, that one file may not mean two things. Throws `gzip_invalid`.
 */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
  chunkSize: number,
): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw({ chunkSize })
  const source = chunks[Symbol.asyncIterator]()
  let trailer = Buffer.alloc(0)
  let deflated = 0
  let crc = 0
  let size = 0
  const header = readHeader()
  header.next()
  let isPast = false
  /** What follows the header. A generator of its own each time: whoever stops reading one does not end the source. */
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      const chunk = next.value
      let at = 0
      while (!isPast && at < chunk.length) isPast = header.next(chunk[at++]!).done === true
      const rest = chunk.subarray(at)
      deflated += rest.length
      trailer = Buffer.concat([trailer, rest.subarray(-TRAILER_BYTES)]).subarray(-TRAILER_BYTES)
      yield rest
    }
  }
  const isOver = () => deflated > inflate.bytesWritten + TRAILER_BYTES
  try {
    for await (const part of pipeline(body, inflate, () => undefined) as AsyncIterable<Buffer>) {
      crc = crc32(part, crc)
      size += part.length
      yield part
    }
    // The data may end with a chunk, and the trailer or what must not be there only come with the next.
    const after = body()
    while (!isOver() && (await after.next()).done !== true);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_')) throw invalid()
    throw cause
  } finally {
    await source.return?.()
  }
  const whole = trailer.length === TRAILER_BYTES && inflate.bytesWritten + TRAILER_BYTES === deflated
  if (!whole || trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== size % 2 ** 32) throw invalid()
}

/** Takes the bytes before the compressed data one by one and ends with the last: a name in it may have any length. */
function* readHeader(): Generator<undefined, void, number> {
  const fixed: number[] = []
  while (fixed.length < HEADER_BYTES) fixed.push(yield)
  const flags = fixed[3]!
  if (fixed[2] !== 8 || flags & FLAGS.reserved) throw invalid()
  let crc = crc32(Uint8Array.from(fixed))
  function* take(): Generator<undefined, number, number> {
    const byte = yield
    if (flags & FLAGS.crc) crc = crc32(Uint8Array.of(byte), crc)
    return byte
  }
  if (flags & FLAGS.extra) {
    for (let left = (yield* take()) + 256 * (yield* take()); left > 0; left--) yield* take()
  }
  for (const flag of [FLAGS.name, FLAGS.comment]) if (flags & flag) while ((yield* take()) !== 0);
  if (flags & FLAGS.crc && (yield) + 256 * (yield) !== crc % 2 ** 16) throw invalid()
}

function invalid(): ExchangeError {
  return new ExchangeError('gzip_invalid')
}
