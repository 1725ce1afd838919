import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

const SLICE_BYTES = 256 * 1024

/**
 * Answers with a file as it is when this begins, in slices. A file that changes meanwhile breaks the answer off
 * before its last byte: what arrives whole is one state of the file, as far as its size and date tell.
 */
export async function sendFile(
  response: ServerResponse,
  handle: FileHandle,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const before = await handle.stat({ bigint: true })
  const size = Number(before.size)
  response.writeHead(200, { ...headers, 'Content-Length': size })
  for (let at = 0; at < size;) {
    const { bytesRead, buffer } = await handle.read(
      Buffer.allocUnsafe(SLICE_BYTES),
      0,
      Math.min(SLICE_BYTES, size - at),
      at,
    )
    at += bytesRead
    if (bytesRead === 0 || (at === size && !(await isAs(before, handle)))) return void response.destroy()
    if (!response.write(buffer.subarray(0, bytesRead)) && !(await drained(response))) return
  }
  response.end()
}

async function isAs(before: { size: bigint; mtimeNs: bigint }, handle: FileHandle): Promise<boolean> {
  const now = await handle.stat({ bigint: true })
  return now.size === before.size && now.mtimeNs === before.mtimeNs
}

/** False if whoever reads has gone. */
async function drained(response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return false
  const ended = new AbortController()
  const { signal } = ended
  try {
    return await Promise.race([
      once(response, 'drain', { signal }).then(() => true),
      once(response, 'close', { signal }).then(() => false),
    ])
  } finally {
    ended.abort()
  }
}
