import { canonicalize, type JsonObject, type JsonValue } from './canonical.ts'
import { encodeUtf8, fromBase64, isHash, toHex, concat } from './bytes.ts'
import { checkKey, verifyWithKey, type SignatureEngine, type StrictKey } from './ed25519.ts'
import { ExchangeError } from './errors.ts'
import { sha256 } from './hash.ts'
import { decodePublicKey, type PublicKey } from './pem.ts'
import { checkShape, hasShape, isAscendingStrings, unknownCritical, namesOf, type Shape } from './shape.ts'
import { isAscending, isShortString, isTime } from './text.ts'

export const PAYLOAD_TYPE = {
  manifest: 'application/vnd.omega.federation-manifest.v1+json',
} as const

/** Members that a kind's header has beside those of every header, by payload type (manifest-format, 8). */
const KIND_MEMBERS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    'audit-export': ['from', 'last_row_hash', 'merkle_root', 'previous_export', 'tree_size'],
    'key-revocation': ['key', 'last_valid', 'reason'],
    'key-succession': ['predecessor', 'successor'],
    receipt: [
      'already_local',
      'audit_head',
      'deleted_here',
      'imported',
      'manifest',
      'manifest_issuer',
      'merkle_root',
      'not_understood',
      'sequence',
      'stream',
      'withheld',
    ],
    redaction: ['entries', 'manifest'],
    'trust-list': ['entries'],
    'verification-report': ['file_sha256', 'report'],
  }).map(([kind, members]) => [`application/vnd.omega.${kind}.v1+json`, members]),
)

export interface Issuer {
  readonly fingerprint: string
  readonly label: string
  readonly successor?: string
}

export interface Header extends JsonObject {
  readonly created_at: string
  readonly issuer: Issuer & JsonObject
}

export interface Signature {
  readonly fingerprint: string
  readonly public_key_pem: string
  readonly signature: string
}

/** A statement whose shape has passed; nothing in it is trusted before `verifyStatement`. */
export interface Statement<H extends Header = Header> {
  readonly header: H
  readonly signatures: readonly Signature[]
  readonly type: string
}

/** What verification found: derived from keys that verified, never read from a field. */
export interface Signers {
  /** Ascending fingerprints of the Ed25519 keys whose signatures hold. */
  readonly verified: readonly string[]
  /** Keys of other algorithms, which say nothing here (room for a post-quantum twin). */
  readonly skipped: readonly { readonly fingerprint: string; readonly algorithm: string }[]
}

const MAX_SIGNATURES = 16
const MAX_SIGNATURE_BYTES = 65_536

const ISSUER: Shape = {
  required: { fingerprint: isHash, label: isShortString },
  optional: { successor: isHash },
  open: true,
}

/** Members every header has (manifest-format, 1); a kind adds its own. */
export const HEADER: Shape = {
  required: { created_at: isTime, issuer: (value) => hasShape(value, ISSUER) },
  optional: { signers: (value) => isAscendingStrings(value, isHash), critical: () => true },
  open: true,
}

const SIGNATURE: Shape = {
  required: {
    fingerprint: isHash,
    public_key_pem: (value) => typeof value === 'string',
    signature: isSignatureText,
  },
}

const STATEMENT: Shape = {
  required: {
    header: (value) => hasShape(value, HEADER),
    signatures: isSignatures,
    type: (value) => typeof value === 'string',
  },
}

/** Pre-authentication encoding: the bytes that are signed (DSSE; manifest-format, 1). */
export function encodePae(type: string, header: JsonValue): Uint8Array<ArrayBuffer> {
  const typeBytes = encodeUtf8(type)
  const body = encodeUtf8(canonicalize(header))
  return concat(encodeUtf8(`DSSEv1 ${typeBytes.length} `), typeBytes, encodeUtf8(` ${body.length} `), body)
}

/** Hex SHA-256 of the PAE bytes: what statements are known and compared by. */
export function statementId(type: string, header: JsonValue): string {
  return toHex(sha256(encodePae(type, header)))
}

/** A statement as it stands in a file. Throws `shape_invalid`. */
export function parseStatement(value: JsonValue): Statement {
  checkShape(value, STATEMENT, 'shape_invalid')
  const statement = value as unknown as Statement
  const defined = new Set([...namesOf(HEADER), ...(KIND_MEMBERS.get(statement.type) ?? [])])
  if (unknownCritical(statement.header, defined) === null) throw new ExchangeError('shape_invalid')
  return statement
}

/**
 * Every rule of clause 1 in its order: keys, then every Ed25519 signature, then the issuer and the listed
 * signers. Throws `key_malformed`, `fingerprint_mismatch`, `key_not_allowed`, `signature_invalid`,
 * `issuer_unsigned`, `signer_missing`.
 */
export async function verifyStatement(
  statement: Statement,
  engine: SignatureEngine = 'platform',
): Promise<Signers> {
  const keys = statement.signatures.map(readKey)
  const pae = encodePae(statement.type, statement.header)
  const verified: string[] = []
  const skipped: Signers['skipped'][number][] = []
  for (const [i, key] of keys.entries()) {
    if (key.strict === null) {
      skipped.push({ fingerprint: key.fingerprint, algorithm: key.algorithm })
    } else {
      await verifyWithKey(key.strict, pae, fromBase64(statement.signatures[i]!.signature)!, engine)
      verified.push(key.fingerprint)
    }
  }
  if (!verified.includes(statement.header.issuer.fingerprint)) throw new ExchangeError('issuer_unsigned')
  const required = (statement.header['signers'] ?? []) as readonly string[]
  if (!required.every((signer) => verified.includes(signer))) throw new ExchangeError('signer_missing')
  return { verified, skipped }
}

function readKey(signature: Signature): PublicKey & { readonly strict: StrictKey | null } {
  const key = decodePublicKey(signature.public_key_pem, signature.fingerprint)
  return { ...key, strict: key.ed25519 && checkKey(key.ed25519) }
}

function isSignatures(value: JsonValue): boolean {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_SIGNATURES) return false
  if (!value.every((item: JsonValue) => hasShape(item, SIGNATURE))) return false
  return isAscending((value as unknown as readonly Signature[]).map((item) => item.fingerprint))
}

/** Padded base64 of 1 to 65,536 bytes. That an Ed25519 signature has 64 is the verification's to say. */
function isSignatureText(value: JsonValue): boolean {
  if (typeof value !== 'string' || value.length > Math.ceil(MAX_SIGNATURE_BYTES / 3) * 4) return false
  const bytes = fromBase64(value)
  return bytes !== null && bytes.length >= 1 && bytes.length <= MAX_SIGNATURE_BYTES
}
