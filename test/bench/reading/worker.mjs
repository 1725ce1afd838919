/** Chromium collects a stream whose pending read nothing refers to (`src/worker/source.ts`). */
const inUse = new Set()

/** Ways to read a part of a file: each tells every chunk it was given. Of what was read nothing is kept. */
const WAYS = {
  /** One buffer filled again and again. */
  async byob(part, bytes, tell, options = {}) {
    const reader = part.stream().getReader({ mode: 'byob' })
    inUse.add(reader)
    for (let buffer = new ArrayBuffer(bytes); ;) {
      const { done, value } = await reader.read(new Uint8Array(buffer), options)
      if (value?.length > 0) tell(value.length)
      if (done) return inUse.delete(reader)
      buffer = value.buffer
    }
  },
  /** The same, filled to the brim before it is given. */
  filled: (part, bytes, tell) => WAYS.byob(part, bytes, tell, { min: bytes }),
  async stream(part, _, tell) {
    const stream = part.stream()
    inUse.add(stream)
    for await (const chunk of stream) tell(chunk.length)
    inUse.delete(stream)
  },
  async slices(part, bytes, tell) {
    for (let at = 0; at < part.size; at += bytes) {
      const slice = await part.slice(at, at + bytes).arrayBuffer()
      tell(slice.byteLength)
      // Given back at once, not when it is collected.
      slice.transfer?.(0)
    }
  },
  async sync(part, bytes, tell) {
    const reader = new self.FileReaderSync()
    for (let at = 0; at < part.size; at += bytes) {
      const slice = reader.readAsArrayBuffer(part.slice(at, at + bytes))
      tell(slice.byteLength)
      slice.transfer?.(0)
    }
  },
}

onmessage = async ({ data: { file, from, to, way, bytes, streams } }) => {
  const told = { read: 0, chunks: 0 }
  const tell = (length) => {
    told.read += length
    told.chunks++
  }
  const borders = Array.from({ length: streams + 1 }, (_, i) =>
    Math.floor(from + (i * (to - from)) / streams),
  )
  const parts = borders.slice(1).map((end, i) => file.slice(borders[i], end))
  await Promise.all(parts.map((part) => WAYS[way](part, bytes, tell)))
  postMessage(told)
}
