import { ExchangeError } from '../core/errors.ts'
import type { TaskContext } from './protocol.ts'

const SLICE_BYTES = 2 * 1024 * 1024

/**
 * The bytes of a file in slices, or of what a gzip file holds. Of a gzip file what passed is collected, because
 * lines are read again later and a compressed stream cannot be entered in the middle.
 * Throws `file_unreadable` (gone, changed on disk), `gzip_invalid`, `cancelled`.
 */
export class Source {
  readonly #file: Blob
  #plain: Blob | null
  /** How many of the `size` bytes have been read. */
  read = 0

  private constructor(file: Blob, gzip: boolean) {
    this.#file = file
    this.#plain = gzip ? null : file
  }

  static async open(file: Blob): Promise<Source> {
    const start = new Uint8Array(await read(file.slice(0, 2)))
    return new Source(file, start[0] === 0x1f && start[1] === 0x8b)
  }

  /** Bytes on disk, compressed or not. */
  get size(): number {
    return this.#file.size
  }

  /** The whole contents, chunk by chunk. */
  async *chunks(context: Pick<TaskContext, 'signal'>): AsyncGenerator<Uint8Array> {
    this.read = 0
    yield* this.#plain === null ? this.#inflate(context) : this.#slices(this.#plain, context)
  }

  async *#inflate({ signal }: Pick<TaskContext, 'signal'>): AsyncGenerator<Uint8Array> {
    const parts: Blob[] = []
    let held: Uint8Array<ArrayBuffer>[] = []
    let bytes = 0
    const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, controller) => {
        this.read += chunk.length
        controller.enqueue(chunk)
      },
    })
    const reader = this.#file
      .stream()
      .pipeThrough(counting)
      .pipeThrough(new DecompressionStream('gzip'))
      .getReader()
    try {
      for (;;) {
        const { done, value } = await reader.read().catch(async (cause: unknown) => {
          // A file that is gone and one that is damaged break the stream in the same words.
          await read(this.#file.slice(0, 1))
          throw new ExchangeError('gzip_invalid', '', {}, { cause })
        })
        if (signal.aborted) throw new ExchangeError('cancelled')
        if (done) break
        held.push(value as Uint8Array<ArrayBuffer>)
        bytes += value.length
        // A Blob each: what was read may then lie on disk, and not in this worker's memory.
        if (bytes >= SLICE_BYTES) {
          parts.push(new Blob(held))
          held = []
          bytes = 0
        }
        yield value
      }
      this.#plain = new Blob([...parts, ...held])
    } finally {
      reader.cancel().catch(() => undefined)
    }
  }

  async *#slices(plain: Blob, { signal }: Pick<TaskContext, 'signal'>): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < plain.size; from += SLICE_BYTES) {
      if (signal.aborted) throw new ExchangeError('cancelled')
      const bytes = new Uint8Array(await read(plain.slice(from, from + SLICE_BYTES)))
      // Of a gzip file all was read when it was inflated.
      this.read = plain === this.#file ? from + bytes.length : this.size
      yield bytes
    }
  }

  /** Bytes `from` to `to` of the contents; a gzip file must have been read to its end before. */
  async range(from: number, to: number): Promise<Uint8Array> {
    return new Uint8Array(await read((this.#plain ?? new Blob()).slice(from, to)))
  }
}

async function read(part: Blob): Promise<ArrayBuffer> {
  try {
    return await part.arrayBuffer()
  } catch (cause) {
    throw new ExchangeError('file_unreadable', '', {}, { cause })
  }
}
