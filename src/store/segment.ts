import type { SegmentRecord } from './schema.ts'

/**
 * Lines of a segment as the database keeps them. A Blob is put three times faster than bytes, lies in a file of
 * its own, and a part of it can be read alone; some browsers refuse Blobs in a private window, so bytes do too
 * (test/bench/store-layout).
 */
export type StoredLines = SegmentRecord['lines']

export function toBlob(lines: Uint8Array): Blob {
  return new Blob([lines as Uint8Array<ArrayBuffer>])
}

/** Bytes `from` to `to` of the lines; all of them without. Must not be awaited inside a transaction. */
export async function readStored(lines: StoredLines, from = 0, to?: number): Promise<Uint8Array> {
  if (lines instanceof Uint8Array) return lines.subarray(from, to)
  return new Uint8Array(await lines.slice(from, to).arrayBuffer())
}
