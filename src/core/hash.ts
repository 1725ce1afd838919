import { sha256 as noble } from '@noble/hashes/sha2.js'

/** First byte of what is hashed: no leaf can be read as a node, no seal as either (manifest-format, 2 to 4). */
export const DOMAIN = { leaf: 0, node: 1, sealed: 2, details: 3 } as const

const utf8 = new TextEncoder()
/**
 * Where what is hashed is laid out in one piece: a hasher fed in parts costs twice as much for texts as short as these,
 * and memory of its own for each text, in a browser, more than its hash.
 */
const board = new Uint8Array(64 * 1024)
/** A hasher for all, begun anew for each: to make one takes as long as to hash 200 bytes. */
const begun = noble.create()
const hasher = noble.create()

/** SHA-256( domain ‖ parts ). Parts given as text are taken as UTF-8. */
export function hashWith(
  domain: number,
  ...parts: readonly (Uint8Array | string)[]
): Uint8Array<ArrayBuffer> {
  return hashParts(Uint8Array.of(domain), ...parts)
}

/** SHA-256 of text as UTF-8. */
export function hashText(text: string): Uint8Array<ArrayBuffer> {
  return hashParts(text)
}

function hashParts(...parts: readonly (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  let most = 0
  // A code unit is at most three bytes of UTF-8.
  for (const part of parts) most += typeof part === 'string' ? 3 * part.length : part.length
  const bytes = most <= board.length ? board : new Uint8Array(most)
  let length = 0
  for (const part of parts) {
    if (typeof part === 'string') {
      length += utf8.encodeInto(part, bytes.subarray(length)).written
    } else {
      bytes.set(part, length)
      length += part.length
    }
  }
  return sha256(bytes.subarray(0, length))
}

/** SHA-256 of bytes: 32 bytes, in memory of their own. */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const hash = new Uint8Array(begun.outputLen)
  begun._cloneInto(hasher).update(bytes).digestInto(hash)
  return hash
}
