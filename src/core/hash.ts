import { sha256 } from '@noble/hashes/sha2.js'
import { concat, encodeUtf8 } from './bytes.ts'

export { sha256 }

/** First byte of what is hashed: no leaf can be read as a node, no seal as either (manifest-format, 2 to 4). */
export const DOMAIN = { leaf: 0, node: 1, sealed: 2, details: 3 } as const

/** SHA-256( domain ‖ parts ). Parts given as text are taken as UTF-8. */
export function hashWith(
  domain: number,
  ...parts: readonly (Uint8Array | string)[]
): Uint8Array<ArrayBuffer> {
  const bytes = parts.map((part) => (typeof part === 'string' ? encodeUtf8(part) : part))
  // In one piece: a hasher fed in parts costs twice as much for texts as short as these.
  return sha256(concat(Uint8Array.of(domain), ...bytes)) as Uint8Array<ArrayBuffer>
}

/** SHA-256 of text as UTF-8. */
export function hashText(text: string): Uint8Array<ArrayBuffer> {
  return sha256(encodeUtf8(text)) as Uint8Array<ArrayBuffer>
}
