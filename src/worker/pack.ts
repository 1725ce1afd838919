import { ExchangeError } from '../core/errors.ts'
import type { TaskContext } from './protocol.ts'
import { inUse } from './source.ts'

const PART_BYTES = 2 * 1024 * 1024

/** A file as gzip (RFC 1952); its inverse is in `Source`. Throws `file_unreadable`, `cancelled`. */
export async function packFile(file: Blob, { signal, progress }: TaskContext): Promise<Blob> {
  let read = 0
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform: (chunk, controller) => {
      read += chunk.length
      controller.enqueue(chunk)
    },
  })
  const reader = file
    .stream()
    .pipeThrough(counting)
    .pipeThrough(new CompressionStream('gzip'))
    .getReader() as ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  inUse.add(reader)
  const parts: Blob[] = []
  let held: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new ExchangeError('file_unreadable', '', {}, { cause })
      })
      if (signal.aborted) throw new ExchangeError('cancelled')
      if (done) return new Blob([...parts, ...held], { type: 'application/gzip' })
      held.push(value)
      bytes += value.length
      // A Blob each: what is packed may then lie on disk, and not in this worker's memory.
      if (bytes >= PART_BYTES) {
        parts.push(new Blob(held))
        held = []
        bytes = 0
        progress({ done: read, total: file.size, memories: 0 })
      }
    }
  } finally {
    inUse.delete(reader)
    reader.cancel().catch(() => undefined)
  }
}
