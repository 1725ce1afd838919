import { ExchangeError } from '../core/errors.ts'
import type { TaskContext } from './protocol.ts'

const CHUNK_BYTES = 1024 * 1024
/** A chunk is filled before it is given, where the engine can: fewer of them cost less. */
const WHOLE = { min: CHUNK_BYTES }
const SLICE_BYTES = 2 * 1024 * 1024

/**
 * The bytes of a file in slices, or of what a gzip file holds. Of a gzip file what passed is collected, because
 * lines are read again later and a compressed stream cannot be entered in the middle.
 * Throws `file_unreadable` (gone, changed on disk), `gzip_invalid`, `cancelled`.
 */
export class Source {
  readonly #file: Blob
  readonly #start: Uint8Array
  #plain: Blob | null
  /** How many of the `size` bytes of a gzip file have been read. */
  read = 0

  private constructor(file: Blob, start: Uint8Array) {
    this.#file = file
    this.#start = start
    this.#plain = isGzip(start) ? null : file
  }

  /** `start`: the first bytes of the file, two at least where it has them, if somebody has read them. */
  static async open(file: Blob, start?: Uint8Array): Promise<Source> {
    return new Source(file, start ?? (await readBlob(file.slice(0, 2))))
  }

  get isGzip(): boolean {
    return this.#plain !== this.#file
  }

  /** Bytes on disk, compressed or not. */
  get size(): number {
    return this.#file.size
  }

  /** The contents in a file of their own, any part of which can be read; null of a gzip file not yet inflated. */
  get plain(): Blob | null {
    return this.#plain
  }

  /** The contents from a byte on, chunk by chunk; a gzip file is inflated from its beginning. */
  async *chunks(context: Pick<TaskContext, 'signal'>, from = 0): AsyncGenerator<Uint8Array> {
    if (this.#plain === null) return yield* this.#inflate(context)
    // Each reading takes its time to begin, and whoever reads from the beginning may need no more than this.
    if (from === 0) yield this.#start
    yield* readBytes(this.#plain, from === 0 ? this.#start.length : from, context)
  }

  async *#inflate({ signal }: Pick<TaskContext, 'signal'>): AsyncGenerator<Uint8Array> {
    this.read = 0
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
    inUse.add(reader)
    try {
      for (;;) {
        const { done, value } = await reader.read().catch(async (cause: unknown) => {
          // A file that is gone and one that is damaged break the stream in the same words.
          await readBlob(this.#file.slice(0, 1))
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
          // What little inflates to much comes without a pause, in which a cancel could be heard.
          await nextTask()
        }
        yield value
      }
      this.#plain = new Blob([...parts, ...held])
    } finally {
      inUse.delete(reader)
      reader.cancel().catch(() => undefined)
    }
  }
}

/** Of a reading that has ended: one for each run of a huge file would lie about until the engine looks for them. */
let spare: ArrayBuffer | null = null

/**
 * The bytes of a file from one on, in chunks each of which is only there until the next is asked for: filling one
 * buffer again and again is five times as fast as a new one for each slice. Throws `file_unreadable`, `cancelled`.
 */
export async function* readBytes(
  file: Blob,
  from: number,
  { signal }: Pick<TaskContext, 'signal'>,
): AsyncGenerator<Uint8Array> {
  const reader = byteReader(file.slice(from))
  if (reader === null) return yield* readSlices(file, from, signal)
  let buffer = spare ?? new ArrayBuffer(CHUNK_BYTES)
  spare = null
  inUse.add(reader)
  try {
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer), WHOLE).catch((cause: unknown) => {
        throw new ExchangeError('file_unreadable', '', {}, { cause })
      })
      buffer = value?.buffer ?? buffer
      if (signal.aborted) throw new ExchangeError('cancelled')
      // The last chunk, not filled, comes with the word that there are no more.
      if (value !== undefined && value.length > 0) yield value
      if (done) break
    }
  } finally {
    // One that a reading has taken away, and not given back, has no length.
    if (buffer.byteLength === CHUNK_BYTES) spare = buffer
    inUse.delete(reader)
    reader.cancel().catch(() => undefined)
  }
}

/** RFC 1952, 2.3.1. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b
}

/**
 * Readers with a read under way. Chromium (seen in 156) collects the stream of a Blob that nothing else refers to, its
 * pending read with it, which then never ends: about one in some hundred readings of a small file.
 */
export const inUse = new Set<unknown>()

/** Messages that wait are delivered before it resolves. */
export function nextTask(): Promise<unknown> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close()
      resolve(undefined)
    }
    port2.postMessage(null)
  })
}

/** Null where the engine has no streams of bytes. */
function byteReader(file: Blob): ReadableStreamBYOBReader | null {
  try {
    return file.stream().getReader({ mode: 'byob' })
  } catch {
    return null
  }
}

async function* readSlices(file: Blob, start: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let from = start; from < file.size; from += SLICE_BYTES) {
    const bytes = await readBlob(file.slice(from, from + SLICE_BYTES))
    if (signal.aborted) throw new ExchangeError('cancelled')
    yield bytes
  }
}

/** Throws `file_unreadable`. */
export async function readBlob(part: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await part.arrayBuffer())
  } catch (cause) {
    throw new ExchangeError('file_unreadable', '', {}, { cause })
  }
}
