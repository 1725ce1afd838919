import type { Reply, Request } from './protocol.ts'

declare const self: DedicatedWorkerGlobalScope

const PART_BYTES = 2 * 1024 * 1024

/**
 * WebKit, opened from disk (seen in WebKitGTK 2.50): the page has no origin there, and no worker of it can read a Blob,
 * not even one of its own. What started this worker then reads for it. Resolves when Blobs can be read.
 */
export async function relayBlobs(): Promise<void> {
  if (self.origin !== 'null' || (await canRead())) return
  const waiting = new Map<number, (bytes: ArrayBuffer | null) => void>()
  let asked = 0
  self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
    if ('given' in data) waiting.get(data.given)?.(data.bytes)
  })
  const read = async (blob: Blob): Promise<ArrayBuffer> => {
    const id = ++asked
    self.postMessage({ read: id, blob } satisfies Reply)
    const bytes = await new Promise<ArrayBuffer | null>((resolve) => waiting.set(id, resolve))
    waiting.delete(id)
    if (bytes === null) throw new DOMException('The file cannot be read.', 'NotReadableError')
    return bytes
  }
  Blob.prototype.arrayBuffer = function () {
    return read(this)
  }
  Blob.prototype.stream = function () {
    let at = 0
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        if (at < this.size) controller.enqueue(new Uint8Array(await read(this.slice(at, at + PART_BYTES))))
        at += PART_BYTES
        if (at >= this.size) controller.close()
      },
    })
  }
}

async function canRead(): Promise<boolean> {
  try {
    return (await new Blob(['x']).arrayBuffer()).byteLength === 1
  } catch {
    return false
  }
}
