/**
 * Bytes as the database keeps them: lines of a segment, leaves of a manifest. A Blob is put three times faster than bytes, lies in a file of
 * its own, and a part of it can be read alone; some browsers refuse Blobs in a private window, so bytes do too
 * (test/bench/store-layout).
 */
export type StoredBytes = Blob | Uint8Array

export function toBlob(lines: Uint8Array): Blob {
  return new Blob([lines as Uint8Array<ArrayBuffer>])
}

/** Bytes `from` to `to`; all of them without. Must not be awaited inside a transaction. */
export async function readStored(bytes: StoredBytes, from = 0, to?: number): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return bytes.subarray(from, to)
  return new Uint8Array(await bytes.slice(from, to).arrayBuffer())
}
