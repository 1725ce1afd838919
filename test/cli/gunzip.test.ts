import { crc32, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { gunzip } from '../../src/cli/gunzip.ts'
import { inChunks } from '../core/manifests.ts'

const TEXT = 'what it holds '.repeat(1000)
const FIXED = 10
const packed = gzipSync(TEXT)

/** The member with other flags, and what these flags say stands before the data. */
function withHeader(flags: number, ...parts: Uint8Array[]): Buffer {
  const fixed = Buffer.from(packed.subarray(0, FIXED))
  fixed[3] = flags
  return Buffer.concat([fixed, ...parts, packed.subarray(FIXED)])
}

function checksum(flags: number, ...parts: Uint8Array[]): Buffer {
  const header = withHeader(flags, ...parts).subarray(0, FIXED + Buffer.concat(parts).length)
  const sum = Buffer.alloc(2)
  sum.writeUInt16LE(crc32(header) % 2 ** 16)
  return sum
}

const inflated = (bytes: Uint8Array, sizes: number[] = []) => unpack(inChunks(bytes, sizes))

async function unpack(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  try {
    for await (const part of gunzip(chunks, 65_536)) parts.push(part)
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
  return Buffer.concat(parts).toString()
}

const extra = Buffer.from([3, 0, 1, 2, 3])
const name = Buffer.from('a name\0')
const long = Buffer.concat([Buffer.alloc(1_500_000, 97), Buffer.alloc(1)])

describe('a header as RFC 1952 has it', () => {
  it.each([
    ['bare', packed],
    ['extra field', withHeader(4, extra)],
    ['name', withHeader(8, name)],
    ['comment', withHeader(16, name)],
    ['all of them, with checksum', withHeader(30, extra, name, name, checksum(30, extra, name, name))],
    ['checksum alone', withHeader(2, checksum(2))],
    ['a name longer than a chunk', withHeader(8, long)],
  ])('%s', async (_, bytes) => {
    expect(await inflated(bytes)).toBe(TEXT)
    expect(await inflated(bytes, [1, 2, 5, 70_000])).toBe(TEXT)
  })
})

// What browsers refuse (they use zlib) is refused here: one file, one answer.
describe('a header as it may not be', () => {
  it.each([
    ['reserved flag 0x20', withHeader(0x20)],
    ['reserved flag 0x80', withHeader(0x80)],
    ['a wrong checksum', withHeader(2, Buffer.from([1, 2]))],
    ['another method', packed.with(2, 7)],
    ['cut in its fixed part', packed.subarray(0, 7)],
    ['cut in a name', withHeader(8, long).subarray(0, 1_000_000)],
    ['nothing after it', packed.subarray(0, FIXED)],
  ])('%s', async (_, bytes) => {
    expect(await inflated(bytes)).toBe('gzip_invalid')
  })
})

/** Two chunks, the second of which comes long after the first, as from a disk. */
async function* inTwo(bytes: Uint8Array, at: number): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, at)
  await new Promise((resolve) => setTimeout(resolve, 3))
  yield bytes.subarray(at)
}

describe('wherever one chunk ends and the next begins', () => {
  const CASES: readonly (readonly [what: string, tail: Uint8Array, answer: string])[] = [
    ['a member', Buffer.alloc(0), TEXT],
    ['a byte behind it', Buffer.from('x'), 'gzip_invalid'],
    ['eight bytes behind it', packed.subarray(-8), 'gzip_invalid'],
    ['a member behind it', packed, 'gzip_invalid'],
  ]
  it.each(CASES)('%s', async (_, tail, answer) => {
    const bytes = Buffer.concat([packed, tail])
    for (let at = 1; at < bytes.length; at++) expect(await unpack(inTwo(bytes, at)), `at ${at}`).toBe(answer)
  })

  it('cut short', async () => {
    for (let end = packed.length - 9; end < packed.length; end++)
      for (let at = end - 9; at < end; at++)
        expect(await unpack(inTwo(packed.subarray(0, end), at)), `at ${at} of ${end}`).toBe('gzip_invalid')
  })

  it('nothing more is read of what is refused', async () => {
    let asked = 0
    async function* endless() {
      yield packed
      for (; ; asked++) yield Buffer.alloc(65_536)
    }
    expect(await unpack(endless())).toBe('gzip_invalid')
    expect(asked).toBeLessThan(10)
  })
})
