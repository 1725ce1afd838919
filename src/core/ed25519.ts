import { ed25519 } from '@noble/curves/ed25519.js'
import { ExchangeError } from './errors.ts'

/** What checks the equation once the strict rules have passed. `noble` forces the library path. */
export type SignatureEngine = 'platform' | 'noble'

declare const strict: unique symbol
/** 32 bytes that `checkKey` has passed. */
export type StrictKey = Uint8Array & { readonly [strict]: true }

/** `CryptoKey`, by a name that Node's types have too. */
export type PlatformKey = Parameters<typeof crypto.subtle.verify>[1]

const KEY_BYTES = 32
const ORDER = ed25519.Point.Fn.ORDER

/**
 * The strict rule for keys (manifest-format, 1): canonical encoding of a point of the prime-order subgroup
 * that is not the identity. Engines accept low-order keys whose signature fits every message, so this stands
 * before any of them. Throws `key_not_allowed`.
 */
export function checkKey(key: Uint8Array): StrictKey {
  if (!isStrictPoint(key)) throw new ExchangeError('key_not_allowed')
  return key as StrictKey
}

/**
 * Strict Ed25519 (manifest-format, 1): A and R in the prime-order subgroup and canonical, S < L, then the
 * equation. Throws `key_not_allowed` or `signature_invalid`.
 */
export async function verifySignature(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  engine?: SignatureEngine,
): Promise<void> {
  return verifyWithKey(checkKey(key), message, signature, engine)
}

/** As `verifySignature`, of a key that has been checked: the subgroup check costs ten times the equation. */
export async function verifyWithKey(
  key: StrictKey,
  message: Uint8Array,
  signature: Uint8Array,
  engine: SignatureEngine = 'platform',
): Promise<void> {
  const wellFormed =
    signature.length === 64 &&
    isStrictPoint(signature.subarray(0, 32)) &&
    littleEndian(signature.subarray(32)) < ORDER
  if (!wellFormed || !(await equationHolds(key, message, signature, engine))) {
    throw new ExchangeError('signature_invalid')
  }
}

async function equationHolds(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  engine: SignatureEngine,
): Promise<boolean> {
  const imported = engine === 'platform' ? await importPublic(key) : null
  if (imported === null) return ed25519.verify(signature, message, key, { zip215: false })
  return crypto.subtle.verify('Ed25519', imported, signature.slice(), message.slice())
}

/** Null where the platform has no Ed25519, or no WebCrypto at all (an insecure context). */
async function importPublic(key: Uint8Array): Promise<PlatformKey | null> {
  try {
    return await crypto.subtle.importKey('raw', key.slice(), 'Ed25519', false, ['verify'])
  } catch {
    return null
  }
}

function isStrictPoint(encoded: Uint8Array): boolean {
  if (encoded.length !== KEY_BYTES) return false
  try {
    const point = ed25519.Point.fromBytes(encoded, false)
    return !point.is0() && point.isTorsionFree()
  } catch {
    return false
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n)
}
