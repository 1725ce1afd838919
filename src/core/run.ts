import { ByteList, decodeUtf8 } from './bytes.ts'
import { parseCanonical } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import { MAX_LINE } from './lines.ts'
import { checkMemory, parseMemory } from './memory.ts'

/** Memory lines that stand one behind the other and hold. Offsets are in bytes of the file. */
export interface CheckedRun {
  /** Where the first line that starts in the run begins; null where none does. */
  readonly start: number | null
  /** Where the first line begins that was not taken: what is wrong with it, if anything, is not said here. */
  readonly end: number
  /** 32 bytes each. */
  readonly leaves: Uint8Array<ArrayBuffer>
  readonly marks: readonly Mark[]
  /** Whether all lines that start in the run were taken. */
  readonly isWhole: boolean
}

/** Where a line starts, so that those behind it are found without reading all before. */
export interface Mark {
  /** Index of the memory; in a run, counted from the run's first. */
  readonly index: number
  readonly offset: number
}

/** Bytes `from` to `to` of a file, fewer at its end. */
export type ReadBytes = (from: number, to: number) => Promise<Uint8Array>

const LF = 0x0a
const COMMA = 0x2c
/** Read beyond the end of a run, where its last line ends. */
const LOOK_AHEAD = 64 * 1024
const PLAIN_BATCH = 192
const MOST_BYTES = 4 * 1024 * 1024
const LEAST_BYTES = 128 * 1024

/** Bytes of a run, so that small files too are shared out among `lanes` and large ones keep none of them waiting. */
export function runBytesOf(size: number, lanes: number): number {
  return Math.min(MOST_BYTES, Math.max(LEAST_BYTES, Math.ceil(size / (2 * lanes))))
}

/**
 * Checks the memory lines that start at bytes `from` to `to` of a file, wherever those lie in it; `from` is behind
 * the first byte. Stops before a line that does not hold, that does not end, or that is the last of its list. What
 * the kernel does not take, or without one all, is read plainly. Throws what `read` throws.
 */
export async function checkRun(
  kernel: Kernel | null,
  read: ReadBytes,
  from: number,
  to: number,
): Promise<CheckedRun> {
  // A line starts behind an LF, which may be the byte before.
  const origin = from - 1
  const bytes = await readLines(read, origin, to)
  const first = bytes.indexOf(LF) + 1
  if (first === 0 || origin + first >= to)
    return { start: null, end: to, leaves: new Uint8Array(), marks: [], isWhole: true }
  const lines = bytes.subarray(first)
  const { end, leaves, marks } = checkLines(kernel, lines)
  const start = origin + first
  return {
    start,
    end: start + end,
    leaves,
    marks: marks.map(({ index, offset }) => ({ index, offset: start + offset })),
    isWhole: end === lines.length,
  }
}

/** Bytes from `from` to the end of the line that has the byte before `to`, if it ends within the limit of a line. */
async function readLines(read: ReadBytes, from: number, to: number): Promise<Uint8Array> {
  let bytes = await read(from, to + LOOK_AHEAD)
  const last = to - 1 - from
  let lf = bytes.indexOf(LF, last)
  for (let ahead = LOOK_AHEAD; lf === -1 && ahead <= MAX_LINE && bytes.length === to + ahead - from;) {
    ahead *= 8
    bytes = await read(from, to + ahead)
    lf = bytes.indexOf(LF, last)
  }
  return lf === -1 ? bytes : bytes.subarray(0, lf + 1)
}

/** Takes lines from the start of `bytes`, as long as they hold. Offsets are in `bytes`. */
function checkLines(
  kernel: Kernel | null,
  bytes: Uint8Array,
): { readonly end: number; readonly leaves: Uint8Array<ArrayBuffer>; readonly marks: readonly Mark[] } {
  const leaves = new ByteList()
  const marks: Mark[] = []
  kernel?.load(bytes)
  let at = 0
  for (let end = -1; end !== at;) {
    end = at
    const index = leaves.length / 32
    const taken = kernel?.takeLines(at)
    if (taken !== undefined && taken.leaves.length > 0) {
      leaves.push(taken.leaves)
      at = taken.end
    } else {
      at = checkPlainly(bytes, at, kernel === null ? PLAIN_BATCH : 1, leaves)
    }
    if (at > end) marks.push({ index, offset: end })
  }
  return { end: at, leaves: leaves.toBytes(), marks }
}

/** Takes up to `most` lines from `at` on and answers where the next begins. */
function checkPlainly(bytes: Uint8Array, at: number, most: number, leaves: ByteList): number {
  for (let count = 0; count < most; count++) {
    const lf = bytes.indexOf(LF, at)
    // The last memory has no comma; it and what follows it are not ours to judge.
    if (lf === -1 || lf - at > MAX_LINE || bytes[lf - 1] !== COMMA) break
    try {
      leaves.push(checkMemory(parseMemory(parseCanonical(decodeUtf8(bytes.subarray(at, lf - 1))))))
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      break
    }
    at = lf + 1
  }
  return at
}
