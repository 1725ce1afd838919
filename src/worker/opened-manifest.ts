import { decodeUtf8, equalBytes } from '../core/bytes.ts'
import { parseCanonical } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { checkMemory, parseMemory, type Memory } from '../core/memory.ts'
import type { LeafList } from '../core/leaf-list.ts'
import { LineSplitter } from '../core/lines.ts'
import type { Mark } from '../core/run.ts'
import { verifyManifest } from '../core/verify.ts'
import type { Verification, VerificationWithLeaves } from '../core/verification.ts'
import { SEGMENT_BYTES, SEGMENT_LINES } from '../store/page.ts'
import { excerptOf, type Excerpt } from './excerpt.ts'
import type { Lanes } from './lanes.ts'
import type { Progress, TaskContext } from './protocol.ts'
import type { Source } from './source.ts'

/** A memory of the file, and its canonical line without comma. */
interface Entry {
  readonly memory: Memory
  readonly line: Uint8Array
}

/** Memories that stand one behind the other. */
export interface OpenedRun {
  readonly index: number
  readonly count: number
  readonly lines: Blob
}

/** A file that was opened and verified: its leaves stay here, so that every later reading is held against them. */
export class OpenedManifest {
  readonly #source: Source
  readonly #verification: VerificationWithLeaves

  private constructor(source: Source, verification: VerificationWithLeaves) {
    this.#source = source
    this.#verification = verification
  }

  /** Reads and verifies the whole file. Throws `file_unreadable`, `cancelled`; never for what it holds. */
  static async verify(source: Source, lanes: Lanes, context: TaskContext): Promise<OpenedManifest> {
    const { progress } = context
    const reading = new AbortController()
    const stop = () => reading.abort()
    context.signal.addEventListener('abort', stop, { once: true })
    if (context.signal.aborted) stop()
    try {
      let step: Progress = { done: 0, total: source.size, memories: 0 }
      const verification = await verifyManifest(source.chunks(reading), {
        ...lanes.optionsFor(source, reading),
        onSigned: (signed) => progress({ ...step, signed }),
        onProgress: (bytes, memories) => {
          step = { ...step, done: source.isGzip ? source.read : bytes, memories }
          progress(step)
        },
      })
      return new OpenedManifest(source, verification)
    } finally {
      // Lanes may be far ahead of a line that does not hold.
      stop()
      context.signal.removeEventListener('abort', stop)
    }
  }

  /** What is known of the file, without the leaves. */
  get verification(): Verification {
    const { failure, signed, memories, evidence } = this.#verification
    return { failure, signed, memories, evidence }
  }

  get leaves(): LeafList {
    return this.#verification.leaves
  }

  /** Memory `index` as it stands in the file now, hashed again. Throws `file_changed`. */
  async read(index: number): Promise<Memory> {
    for await (const { memory } of this.#entries(index, index + 1)) return memory
    throw new ExchangeError('file_changed', '', { index })
  }

  /** What a list shows of memories `from` to `end`; fewer where the file has no more. Throws `file_changed`. */
  async excerpts(from: number, end: number): Promise<Excerpt[]> {
    const excerpts: Excerpt[] = []
    for await (const { memory } of this.#entries(from, end)) excerpts.push(excerptOf(memory))
    return excerpts
  }

  /**
   * Memories `from` to `end` as they stand in the file now, hashed again and held against the leaf that was
   * verified. Throws `file_changed`.
   */
  async *#entries(from: number, end: number): AsyncGenerator<Entry> {
    const { marks, memories } = this.#verification
    const until = Math.min(end, memories)
    // The last mark at or before it.
    const mark = marks.findLast(({ index }) => index <= from)
    if (mark === undefined || from >= until) return
    let { index } = mark
    const splitter = new LineSplitter(1, mark.offset)
    for await (const chunk of this.#source.chunks({ signal: NEVER }, mark.offset)) {
      for (const { bytes } of splitter.push(chunk)) {
        if (index >= from) yield this.#readAgain(bytes, index)
        if (++index === until) return
      }
    }
    throw new ExchangeError('file_changed', '', { index })
  }

  /** All memories in runs that each fill a segment and no second one. */
  runs(): Generator<OpenedRun> {
    return toRuns(this.#source.plain!, this.#verification.marks, this.#verification.memories)
  }

  #readAgain(bytes: Uint8Array, index: number): Entry {
    const line = bytes.at(-1) === COMMA ? bytes.subarray(0, -1) : bytes
    try {
      const memory = parseMemory(parseCanonical(decodeUtf8(line)))
      if (equalBytes(checkMemory(memory), this.leaves.at(index))) return { memory, line }
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
    }
    throw new ExchangeError('file_changed', '', { index })
  }
}

const COMMA = 0x2c
const NEVER = new AbortController().signal

/** Runs that each fill a segment and no second one, with the bytes of the file that begin with its lines. */
export function* toRuns(file: Blob, marks: readonly Mark[], memories: number): Generator<OpenedRun> {
  const endOf = (mark: number) => marks[mark + 1] ?? { index: memories, offset: file.size }
  for (let from = 0; from < marks.length;) {
    const { index, offset } = marks[from]!
    let last = from
    const fits = (end: Mark) => end.index - index <= SEGMENT_LINES && end.offset - offset <= SEGMENT_BYTES
    while (last + 1 < marks.length && fits(endOf(last + 1))) last++
    const end = endOf(last)
    yield { index, count: end.index - index, lines: file.slice(offset, end.offset) }
    from = last + 1
  }
}
