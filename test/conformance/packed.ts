import { gzipSync } from 'node:zlib'
import type { Case } from '../core/cases.ts'
import { buildManifest } from '../reference/writer.ts'

const plain = () => buildManifest({ memories: [{}, {}] }).bytes
const packed = () => new Uint8Array(gzipSync(plain(), { level: 9 }))
const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const damaged = (at: number) => () => {
  const bytes = packed()
  const place = at < 0 ? bytes.length + at : at
  return bytes.with(place, bytes[place]! ^ 1)
}

/** Files that are gzip themselves. */
export const PACKED: readonly Case[] = [
  ['one member', packed, null],
  [
    'a name in its header',
    () => {
      const bytes = packed()
      return joined(
        bytes.slice(0, 3),
        Uint8Array.of(8),
        bytes.slice(4, 10),
        Buffer.from('manifest.json\0'),
        bytes.slice(10),
      )
    },
    null,
  ],
  ['cut', () => packed().slice(0, -9), ['signature', 'gzip_invalid', 1]],
  ['cut in its header', () => packed().slice(0, 6), ['signature', 'gzip_invalid', 1]],
  ['another checksum', damaged(-8), ['signature', 'gzip_invalid', 1]],
  ['another size', damaged(-1), ['signature', 'gzip_invalid', 1]],
  ['a method that is none', damaged(2), ['signature', 'gzip_invalid', 1]],
  ['a second member', () => joined(packed(), packed()), ['signature', 'gzip_invalid', 1]],
  ['a byte after it', () => joined(packed(), Uint8Array.of(0)), ['signature', 'gzip_invalid', 1]],
  [
    'gzip in gzip',
    () => new Uint8Array(gzipSync(packed(), { level: 9 })),
    ['signature', 'not_a_manifest', 1],
  ],
]
