import { ExchangeError } from './errors.ts'
import { concat } from './bytes.ts'

/** Bytes before LF, comma included (manifest-format, 2). */
export const MAX_LINE = 8 * 1024 * 1024
const LF = 0x0a

export interface Line {
  /** From 1. */
  readonly number: number
  /** Where the line starts in the file, in bytes. */
  readonly offset: number
  /** Without LF. A view: valid until the next chunk is pushed. */
  readonly bytes: Uint8Array
}

/** Splits chunks at byte 0x0A and nowhere else, holding no more than one line that spans chunks. */
export class LineSplitter {
  #parts: Uint8Array[] = []
  #held = 0
  #number: number
  #offset: number

  /** `number` and `offset` of the line with which the chunks begin. */
  constructor(number = 1, offset = 0) {
    this.#number = number
    this.#offset = offset
  }

  /** The lines that end in `chunk`. Throws `line_too_long`, also for a line that has not ended yet. */
  *push(chunk: Uint8Array): Generator<Line> {
    let from = 0
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, from)) {
      const tail = chunk.subarray(from, lf)
      this.#checkLength(tail.length)
      const bytes = this.#held === 0 ? tail : concat(...this.#parts, tail)
      const line = { number: this.#number, offset: this.#offset, bytes }
      this.#parts = []
      this.#held = 0
      this.#number++
      this.#offset += bytes.length + 1
      from = lf + 1
      yield line
    }
    const rest = chunk.subarray(from)
    this.#checkLength(rest.length)
    if (rest.length > 0) this.#parts.push(rest.slice())
    this.#held += rest.length
  }

  /** Bytes after the last LF: empty in a whole file. */
  get rest(): Uint8Array {
    return concat(...this.#parts)
  }

  get number(): number {
    return this.#number
  }

  #checkLength(more: number): void {
    if (this.#held + more > MAX_LINE) throw new ExchangeError('line_too_long', '', { line: this.#number })
  }
}
