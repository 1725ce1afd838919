import { crc32, inflateRawSync } from 'node:zlib'

/** RFC 1952: what the one member holds, or null: cut, damaged, or followed by other bytes. */
export function inflate(bytes: Uint8Array): Uint8Array | null {
  const file = Buffer.from(bytes)
  if (file.length < 18 || file[2] !== 8 || (file[3]! & 0xe0) !== 0) return null
  const [flags, hasCrc, hasExtra, hasName, hasComment] = [file[3]!, 2, 4, 8, 16]
  let at = 10
  if (flags & hasExtra) at += 2 + file.readUInt16LE(at)
  for (const flag of [hasName, hasComment]) if (flags & flag) at = file.indexOf(0, at) + 1
  if (flags & hasCrc) {
    // What comes before may say that it ends behind the file.
    if (at + 2 > file.length) return null
    if (file.readUInt16LE(at) !== crc32(file.subarray(0, at)) % 2 ** 16) return null
    at += 2
  }
  try {
    const { buffer, engine } = inflateRawSync(file.subarray(at), { info: true }) as unknown as {
      buffer: Buffer
      engine: { bytesWritten: number }
    }
    const trailer = file.subarray(at + engine.bytesWritten)
    const isWhole = trailer.length === 8 && trailer.readUInt32LE(4) === buffer.length % 2 ** 32
    return isWhole && trailer.readUInt32LE(0) === crc32(buffer) ? buffer : null
  } catch {
    return null
  }
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}
