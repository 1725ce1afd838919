import { ByteList, decodeUtf8 } from './bytes.ts'
import { parseCanonical } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import { MAX_LINE } from './lines.ts'
import { checkMemory, parseMemory } from './memory.ts'
import { hashSubtrees, type Subtrees } from './merkle.ts'

/** The memory lines that start at bytes `from` to `to` of a file. */
export interface Run {
  readonly from: number
  readonly to: number
  /** Index of the first of them, where that is known before they are read and parts of the tree are wanted. */
  readonly first?: number
  /** The same of the one behind those that can be taken: of the last run that is the last of the list. */
  readonly behind?: number
}

/** Memory lines that stand one behind the other and hold. Offsets are in bytes of the file. */
export interface CheckedRun {
  /** Where the first line that starts in the run begins; null where none does. */
  readonly start: number | null
  /** Where the first line begins that was not taken: what is wrong with it, if anything, is not said here. */
  readonly end: number
  /** 32 bytes each, at the start of memory of their own that is larger: to be handed over, for a copy would be of all. */
  readonly leaves: Uint8Array<ArrayBuffer>
  readonly marks: readonly Mark[]
  /** Of the tree over all memories, if these stand where the run was said to; null where nothing was said. */
  readonly subtrees: Subtrees | null
  /** Whether all lines that start in the run were taken. */
  readonly isWhole: boolean
}

/** Where a line starts, so that those behind it are found without reading all before. */
export interface Mark {
  /** Index of the memory; in a run, counted from the run's first. */
  readonly index: number
  readonly offset: number
}

/** Runs that a lane is asked for at once: none waits for the slowest of the others before it has its next. */
export const AHEAD = 2
const LF = 0x0a
const COMMA = 0x2c
const PLAIN_BATCH = 192
/** No memory with its hashes is spelled in fewer bytes; a list of leaves by this never grows. */
const LEAST_LINE = 480
const MOST_BYTES = 128 * 1024 * 1024
const LEAST_BYTES = 512 * 1024

/** How far a run is: bytes and memories that were taken. */
export type RunProgress = (bytes: number, memories: number) => void

/**
 * Bytes of a run: one for each of `lanes` or some, for each begins a reading anew, which may cost as much as what is
 * hashed of some MB.
 */
export function runBytesOf(size: number, lanes: number): number {
  const rounds = Math.ceil(size / (lanes * MOST_BYTES))
  return Math.max(LEAST_BYTES, Math.ceil(size / (lanes * rounds)))
}

/**
 * Checks the memory lines of a run, wherever it lies in its file. `chunks` are the bytes of the file from the one before
 * it on; what one holds is read before the next is asked for. Stops before a line that does not hold, that does not end,
 * or that is the last of its list. What the kernel does not take, or without one all, is read plainly. `onLines` is
 * given those that were taken, a view. Throws what reading throws.
 */
export async function checkRun(
  kernel: Kernel | null,
  chunks: AsyncIterable<Uint8Array>,
  run: Run,
  onProgress: RunProgress = () => undefined,
  onLines: (lines: Uint8Array) => void = () => undefined,
): Promise<CheckedRun> {
  const lines = new RunLines(kernel, run, onLines)
  for await (const chunk of chunks) {
    lines.push(chunk)
    if (lines.isDone) break
    onProgress(lines.bytes, lines.memories)
  }
  return lines.toRun()
}

/** The lines of a run as its bytes come in. */
class RunLines {
  readonly #kernel: Kernel | null
  readonly #onLines: (lines: Uint8Array) => void
  readonly #run: Run
  readonly #leaves: ByteList
  readonly #marks: Mark[] = []
  /** Bytes of a line that has not ended yet, and where they start in the file. */
  readonly #held = new ByteList()
  #at: number
  #start: number | null = null
  #isStopped = false

  constructor(kernel: Kernel | null, run: Run, onLines: (lines: Uint8Array) => void) {
    this.#kernel = kernel
    this.#onLines = onLines
    this.#run = run
    this.#leaves = new ByteList(Math.ceil((run.to - run.from) / LEAST_LINE) * 32)
    this.#at = run.from - 1
  }

  push(chunk: Uint8Array): void {
    let rest = chunk
    if (this.#start === null) {
      // A line starts behind an LF, which may be the byte before the run.
      const first = chunk.indexOf(LF) + 1
      this.#at += first === 0 ? chunk.length : first
      if (first === 0 || this.#at >= this.#run.to) return
      this.#start = this.#at
      rest = chunk.subarray(first)
    }
    const end = rest.lastIndexOf(LF) + 1
    if (end > 0) {
      this.#check(this.#held.bytes, rest.subarray(0, end))
      this.#held.clear()
    }
    this.#held.push(rest.subarray(end))
  }

  /** Whole lines, the first of which may have begun in an earlier chunk. */
  #check(held: Uint8Array, rest: Uint8Array): void {
    // The last line of the run is the one that has the byte before its end.
    const last = Math.max(this.#run.to - 1 - this.#at - held.length, 0)
    const lines = rest.subarray(0, rest.indexOf(LF, Math.min(last, rest.length - 1)) + 1)
    const end = checkLines(this.#kernel, [held, lines], (leaves, offset, taken) => {
      this.#onLines(taken)
      this.#marks.push({ index: this.#leaves.length / 32, offset: this.#at + offset })
      this.#leaves.push(leaves)
    })
    this.#isStopped = end < held.length + lines.length
    this.#at += end
  }

  /** Of the run: its last line may end behind it. */
  get bytes(): number {
    return Math.min(this.#at, this.#run.to) - this.#run.from
  }

  get memories(): number {
    return this.#leaves.length / 32
  }

  /** Nothing more is to be read. */
  get isDone(): boolean {
    return this.#isStopped || this.#at >= this.#run.to || this.#held.length > MAX_LINE || this.#isLost
  }

  /** No line that may be taken goes on for so long. */
  get #isLost(): boolean {
    return this.#start === null && this.#at - this.#run.from > MAX_LINE
  }

  toRun(): CheckedRun {
    const leaves = this.#leaves.bytes
    const { to, first, behind } = this.#run
    const start = first ?? (behind === undefined ? null : behind - this.memories)
    return {
      start: this.#start,
      end: this.#at,
      leaves,
      marks: this.#marks,
      subtrees: start === null ? null : hashSubtrees(leaves, start, this.#kernel?.hashSubtree),
      isWhole: this.#at >= to,
    }
  }
}

/**
 * Takes memory lines from the start of `parts` as long as they hold, and answers where the next begins. Leaves that are
 * given to `take`, 32 bytes each, and their lines are views: valid until it returns. `offset` is that of the first line.
 */
export function checkLines(
  kernel: Kernel | null,
  parts: readonly Uint8Array[],
  take: (leaves: Uint8Array, offset: number, lines: Uint8Array) => void,
): number {
  // The kernel takes a copy of its own, and so does the plain reader: a new large array each time would cost more.
  const bytes = kernel?.load(...parts) ?? joined(parts)
  for (let at = 0; ;) {
    const taken = kernel?.takeLines(at)
    const plain = taken === undefined || taken.leaves.length === 0 ? checkPlainly(bytes, at, kernel) : null
    const { leaves, end } = plain ?? taken!
    if (leaves.length === 0) return at
    take(leaves, at, bytes.subarray(at, end))
    at = end
  }
}

/** Lines for the plain reader: filled anew by each call of `checkLines`, which waits for nothing before it is done with it. */
const plainCopy = new ByteList()

function joined(parts: readonly Uint8Array[]): Uint8Array {
  plainCopy.clear()
  for (const part of parts) plainCopy.push(part)
  return plainCopy.bytes
}

/** Takes some lines from `at` on, one where the kernel takes the others. */
function checkPlainly(
  bytes: Uint8Array,
  from: number,
  kernel: Kernel | null,
): { readonly leaves: Uint8Array; readonly end: number } {
  const leaves = new ByteList()
  let end = from
  for (let count = 0; count < (kernel === null ? PLAIN_BATCH : 1); count++) {
    const lf = bytes.indexOf(LF, end)
    // The last memory has no comma; it and what follows it are not ours to judge.
    if (lf === -1 || lf - end > MAX_LINE || bytes[lf - 1] !== COMMA) break
    try {
      leaves.push(checkMemory(parseMemory(parseCanonical(decodeUtf8(bytes.subarray(end, lf - 1))))))
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      break
    }
    end = lf + 1
  }
  return { leaves: leaves.bytes, end }
}
