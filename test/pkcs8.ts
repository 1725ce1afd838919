import { fromHex } from '../src/core/bytes.ts'

/** PKCS #8 of an Ed25519 private key of 32 bytes (RFC 8410, 7). */
export function toPkcs8(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...fromHex('302e020100300506032b657004220420'), ...seed)
}
