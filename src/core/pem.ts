import { fromBase64, toBase64, toHex, concat, equalBytes } from './bytes.ts'
import { checkKey } from './ed25519.ts'
import { ExchangeError } from './errors.ts'
import { sha256 } from './hash.ts'

const BEGIN = '-----BEGIN PUBLIC KEY-----\n'
const END = '-----END PUBLIC KEY-----\n'
const MAX_PEM_BYTES = 16 * 1024
/** SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }: the one form an Ed25519 key has here. */
const ED25519_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)
const ED25519_OID = '2b6570'
const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010101', 'RSA'],
  ['2a8648ce3d0201', 'elliptic curve (P-256 or the like)'],
  ['2b656e', 'X25519'],
  ['2b6571', 'Ed448'],
])

export interface PublicKey {
  /** Hex SHA-256 of the DER SubjectPublicKeyInfo. */
  readonly fingerprint: string
  /** The 32 bytes of an Ed25519 key; null for a well-formed key of another algorithm. */
  readonly ed25519: Uint8Array | null
  /** Name for people, or the algorithm's object identifier in hex. */
  readonly algorithm: string
  readonly pem: string
}

/** PEM of 32 key bytes, as the format spells it. Inverse of `decodePublicKey`. */
export function encodePublicKey(key: Uint8Array): string {
  return toPem(concat(ED25519_PREFIX, key))
}

/**
 * A public key in exactly the format's PEM (manifest-format, 1). Throws `key_malformed`, and `key_not_allowed`
 * for Ed25519 in any other form than the one; between the two, `fingerprint_mismatch` where a `claimed`
 * fingerprint is not the key's. Whether the point is allowed is `checkKey`'s to say.
 */
export function decodePublicKey(pem: string, claimed?: string): PublicKey {
  if (pem.length > MAX_PEM_BYTES || !pem.startsWith(BEGIN) || !pem.endsWith(END))
    throw new ExchangeError('key_malformed')
  const spki = fromBase64(pem.slice(BEGIN.length, -END.length).replaceAll('\n', ''))
  if (spki === null || toPem(spki) !== pem) throw new ExchangeError('key_malformed')
  const oid = algorithmOf(spki)
  if (oid === null) throw new ExchangeError('key_malformed', 'not a SubjectPublicKeyInfo')
  const fingerprint = toHex(sha256(spki))
  if (claimed !== undefined && fingerprint !== claimed) throw new ExchangeError('fingerprint_mismatch')
  if (oid !== ED25519_OID) return { fingerprint, ed25519: null, algorithm: ALGORITHMS.get(oid) ?? oid, pem }
  if (spki.length !== 44 || !equalBytes(spki.subarray(0, 12), ED25519_PREFIX))
    throw new ExchangeError('key_not_allowed')
  return { fingerprint, ed25519: spki.subarray(12), algorithm: 'Ed25519', pem }
}

/** Fingerprint of 32 Ed25519 key bytes (manifest-format, 0). */
export function fingerprintOf(key: Uint8Array): string {
  return toHex(sha256(concat(ED25519_PREFIX, key)))
}

/**
 * A key as a person pastes it or a file brings it: line ends of any kind and white space around it are
 * forgiven, nothing else. Throws `private_key_given`, `key_unsupported`, `key_malformed`, `key_not_allowed`.
 */
export function readPublicKey(text: string): PublicKey & { readonly ed25519: Uint8Array } {
  if (/PRIVATE KEY|OPENSSH/.test(text)) throw new ExchangeError('private_key_given')
  const key = decodePublicKey(text.replaceAll('\r\n', '\n').trim() + '\n')
  if (key.ed25519 === null) throw new ExchangeError('key_unsupported', key.algorithm)
  checkKey(key.ed25519)
  return { ...key, ed25519: key.ed25519 }
}

function toPem(spki: Uint8Array): string {
  const lines = toBase64(spki).match(/.{1,64}/g) ?? []
  return BEGIN + lines.map((line) => line + '\n').join('') + END
}

/** Hex of the algorithm's OID in a well-formed DER SubjectPublicKeyInfo; else null. */
function algorithmOf(spki: Uint8Array): string | null {
  const outer = element(spki, 0, 0x30)
  if (outer === null || outer.end !== spki.length) return null
  const algorithm = element(spki, outer.start, 0x30)
  if (algorithm === null || algorithm.end > outer.end) return null
  const oid = element(spki, algorithm.start, 0x06)
  const key = element(spki, algorithm.end, 0x03)
  if (oid === null || oid.end > algorithm.end || oid.end === oid.start) return null
  // A BIT STRING opens with its count of unused bits; a key has none.
  if (key === null || key.end !== outer.end || key.end - key.start < 2 || spki[key.start] !== 0) return null
  if (oid.end < algorithm.end && element(spki, oid.end)?.end !== algorithm.end) return null
  return toHex(spki.subarray(oid.start, oid.end))
}

/** The DER element at `at`: where its contents start and end. Null unless it has `tag` and a shortest length. */
function element(der: Uint8Array, at: number, tag = der[at]): { start: number; end: number } | null {
  const first = der[at + 1]
  if (first === undefined || der[at] !== tag) return null
  const count = first < 0x80 ? 0 : first - 0x80
  if (first === 0x80 || count > 2) return null
  let length = count === 0 ? first : 0
  for (let i = 0; i < count; i++) length = 256 * length + (der[at + 2 + i] ?? 0)
  if ((count === 1 && length < 0x80) || (count === 2 && length < 0x100)) return null
  const start = at + 2 + count
  return start + length <= der.length ? { start, end: start + length } : null
}
