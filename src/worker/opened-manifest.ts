import { decodeUtf8, equalBytes } from '../core/bytes.ts'
import { parseCanonical } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { checkMemory, parseMemory, type Memory } from '../core/memory.ts'
import { verifyManifest } from '../core/verify.ts'
import type { Verification, VerificationWithLeaves } from '../core/verification.ts'
import { excerptOf, type Excerpt } from './excerpt.ts'
import type { TaskContext } from './protocol.ts'
import type { Source } from './source.ts'

/** A memory of the file, and its canonical line without comma. */
interface Entry {
  readonly memory: Memory
  readonly line: Uint8Array
}

/** A file that was opened and verified: its leaves stay here, so that every later reading is held against them. */
export class OpenedManifest {
  readonly #source: Source
  readonly #verification: VerificationWithLeaves
  /** Where each memory's line starts, and where the one after the last does, in bytes. */
  readonly #starts: Float64Array

  private constructor(source: Source, verification: VerificationWithLeaves, starts: Float64Array) {
    this.#source = source
    this.#verification = verification
    this.#starts = starts
  }

  /** Reads and verifies the whole file. Throws `file_unreadable`, `cancelled`; never for what it holds. */
  static async verify(source: Source, context: TaskContext): Promise<OpenedManifest> {
    const starts: number[] = []
    let end = 0
    const verification = await verifyManifest(source.chunks(context), {
      onMemory(_memory, line) {
        starts.push(line.offset)
        end = line.offset + line.bytes.length + 1
      },
      onProgress: (_bytes, memories) => context.progress({ done: source.read, total: source.size, memories }),
    })
    return new OpenedManifest(source, verification, Float64Array.from([...starts, end]))
  }

  /** What is known of the file, without the leaves. */
  get verification(): Verification {
    const { failure, signed, memories, evidence } = this.#verification
    return { failure, signed, memories, evidence }
  }

  get leaves(): Uint8Array<ArrayBuffer> {
    return this.#verification.leaves
  }

  leafAt(index: number): Uint8Array {
    return this.#verification.leaves.subarray(32 * index, 32 * index + 32)
  }

  /** Memory `index` as it stands in the file now, hashed again. Throws `file_changed`. */
  async read(index: number): Promise<Memory> {
    const [entry] = await this.#readRun(index, index + 1)
    return entry!.memory
  }

  /** What a list shows of memories `from` to `end`; fewer where the file has no more. Throws `file_changed`. */
  async excerpts(from: number, end: number): Promise<Excerpt[]> {
    const excerpts: Excerpt[] = []
    for await (const { entries } of this.runs(from, end))
      for (const { memory } of entries) excerpts.push(excerptOf(memory))
    return excerpts
  }

  async #readRun(from: number, to: number): Promise<Entry[]> {
    const first = this.#starts[from]!
    const bytes = await this.#source.range(first, this.#starts[to]!)
    return Array.from({ length: to - from }, (_, i) => {
      const line = bytes.subarray(this.#starts[from + i]! - first, this.#starts[from + i + 1]! - first - 1)
      return this.#readAgain(line, from + i)
    })
  }

  /**
   * Memories `start` to `end` as they stand in the file now, each with its line, hashed again and held against
   * the leaf that was verified; in runs that fit in memory. Throws `file_changed`.
   */
  async *runs(
    start = 0,
    end = Infinity,
  ): AsyncGenerator<{ readonly from: number; readonly entries: readonly Entry[] }> {
    const count = Math.min(end, this.#verification.memories)
    for (let from = start; from < count;) {
      let to = from + 1
      while (to < count && this.#starts[to + 1]! - this.#starts[from]! <= RUN_BYTES) to++
      yield { from, entries: await this.#readRun(from, to) }
      from = to
    }
  }

  #readAgain(bytes: Uint8Array, index: number): Entry {
    const line = bytes.at(-1) === COMMA ? bytes.subarray(0, -1) : bytes
    try {
      const memory = parseMemory(parseCanonical(decodeUtf8(line)))
      if (equalBytes(checkMemory(memory), this.leafAt(index))) return { memory, line }
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
    }
    throw new ExchangeError('file_changed', '', { index })
  }
}

const COMMA = 0x2c
const RUN_BYTES = 2 * 1024 * 1024
