import { concat, decodeUtf8, encodeUtf8, equalBytes, toHex } from '../core/bytes.ts'
import { parseCanonical } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Kernel } from '../core/kernel.ts'
import { checkMemory, parseMemory, type Memory } from '../core/memory.ts'
import { readStored, type StoredBytes } from '../store/segment.ts'

/** Lines of the store that are to stand one behind the other in a manifest. */
export interface RunToGather {
  readonly segments: readonly StoredBytes[]
  /** Of each line: place of its segment among `segments`, where it starts there, and where it ends, LF not included. */
  readonly lines: Uint32Array
  /** What each line must hash to, 32 bytes each. */
  readonly leaves: Uint8Array
  /** Dedup keys, to name the line that does not. */
  readonly keys: Uint8Array
  /** Fingerprints of all keys this instance ever signed with. */
  readonly ownKeys: readonly string[]
}

export interface GatheredRun {
  /** The lines, each ended by comma and LF. A Blob: what is written may then lie on disk. */
  readonly body: Blob
  /** Rows whose author is one of our own keys. */
  readonly ownAuthored: readonly number[]
}

const FEW_LINES = 8
const SEPARATOR = Uint8Array.of(0x2c, 0x0a)
const AUTHOR_FROM = '{"author":"'.length
const AUTHOR_TO = AUTHOR_FROM + 64

/** Hashes each line again. Throws `storage_damaged` for one that is not what its leaf says. */
export async function gatherRun(kernel: Kernel | null, run: RunToGather): Promise<GatheredRun> {
  const parts = (await readLines(run)).flatMap((line) => [line, SEPARATOR])
  // Where there is a kernel they are put together in its memory, and only there.
  const bytes = kernel?.load(...parts) ?? concat(...parts)
  const own = run.ownKeys.map(encodeUtf8)
  const ownAuthored: number[] = []
  for (let row = 0, at = 0; at < bytes.length;) {
    const taken = kernel?.takeLines(at)
    const fast = (taken?.leaves.length ?? 0) / 32
    const expected = run.leaves.subarray(32 * row, 32 * (row + fast))
    if (fast > 0 && equalBytes(taken!.leaves, expected)) {
      for (let end = row + fast; row < end; row++) {
        const line = parts[2 * row]!
        const author = line.subarray(AUTHOR_FROM, AUTHOR_TO)
        if (own.some((key) => equalBytes(author, key))) ownAuthored.push(row)
        at += line.length + SEPARATOR.length
      }
      continue
    }
    const line = parts[2 * row]!
    const memory = readHeld(line, run.leaves.subarray(32 * row, 32 * row + 32))
    if (memory === null) {
      const key = toHex(run.keys.subarray(32 * row, 32 * row + 32))
      throw new ExchangeError('storage_damaged', `memory ${key}`)
    }
    if (run.ownKeys.includes(memory.author)) ownAuthored.push(row)
    at += line.length + SEPARATOR.length
    row++
  }
  return { body: new Blob([bytes as Uint8Array<ArrayBuffer>]), ownAuthored }
}

/** A segment of which more than a few lines are wanted is read whole, of others just these lines. */
async function readLines({ segments, lines }: RunToGather): Promise<Uint8Array[]> {
  const wanted = segments.map(() => 0)
  for (let i = 0; i < lines.length; i += 3) wanted[lines[i]!]!++
  const whole = await Promise.all(
    segments.map((each, n) => (wanted[n]! > FEW_LINES ? readStored(each) : Promise.resolve(null))),
  )
  const read: Uint8Array[] = []
  const others: Promise<void>[] = []
  for (let i = 0; i < lines.length; i += 3) {
    const [n, start, end] = [lines[i]!, lines[i + 1]!, lines[i + 2]!]
    const segment = whole[n]
    if (segment) read[i / 3] = segment.subarray(start, end)
    else others.push(readStored(segments[n]!, start, end).then((line) => void (read[i / 3] = line)))
  }
  await Promise.all(others)
  return read
}

/** The memory of a line; null if it is not what its leaf says. */
function readHeld(line: Uint8Array, leaf: Uint8Array): Memory | null {
  try {
    const memory = parseMemory(parseCanonical(decodeUtf8(line)))
    return equalBytes(checkMemory(memory), leaf) ? memory : null
  } catch (error) {
    if (error instanceof ExchangeError) return null
    throw error
  }
}
