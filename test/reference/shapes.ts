import type { FormatCode } from '../../src/core/codes.ts'
import type { Json, JsonObject } from './canonical.ts'
import { compareUnits, isObject } from './canonical.ts'
import { ED25519_SPKI, isStrictPoint } from './ed25519.ts'
import { sha256 } from './merkle.ts'

/** The plain rules of manifest-format, 0, the headers of 1 and 2 and the memory of 3: what a value may be. */
export const MANIFEST_TYPE = 'application/vnd.omega.federation-manifest.v1+json'
export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

type Test = (value: Json) => boolean

const isString: Test = (value) => typeof value === 'string'
const isHex: Test = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const within = (low: number, high: number): Test => {
  return (value) => typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high
}

const isShort: Test = (value) =>
  typeof value === 'string' &&
  value.length >= 1 &&
  value.length <= 256 &&
  // The very characters that this rule is about.
  // eslint-disable-next-line no-control-regex
  !/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.test(value)

const isTime: Test = (value) => {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return false
  const moment = new Date(value)
  return !Number.isNaN(moment.getTime()) && moment.getTime() >= 0 && moment.toISOString() === value
}

/** Decoded, re-encoded and compared; Node's base64url has no padding, its base64 has. */
export function decodeBase64(value: Json | undefined, encoding: 'base64' | 'base64url'): Uint8Array | null {
  if (typeof value !== 'string') return null
  const bytes = Buffer.from(value, encoding)
  return bytes.toString(encoding) === value ? bytes : null
}
const isSalt: Test = (value) => decodeBase64(value, 'base64url')?.length === 16

const each =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(test)
const isAscending: Test = (value) =>
  Array.isArray(value) &&
  value.every((item, at) => at === 0 || compareUnits(value[at - 1] as string, item as string) < 0)
const ascending =
  (test: Test): Test =>
  (value) =>
    each(test)(value) && isAscending(value)
const oneOf =
  (...values: Json[]): Test =>
  (value) =>
    values.includes(value)

/** `?` marks what may be absent. Names that stand nowhere here are for the caller to allow or not. */
type Members = Record<string, Test>
function fits(value: Json | undefined, members: Members): value is JsonObject {
  if (!isObject(value)) return false
  return Object.entries(members).every(([name, test]) => {
    const bare = name.replace('?', '')
    return Object.hasOwn(value, bare) ? test(value[bare]!) : name !== bare
  })
}
const has = (value: JsonObject, name: string) => Object.hasOwn(value, name)
const onlyHas = (value: JsonObject, names: string[]) =>
  Object.keys(value).every((name) => names.includes(name))

const HEADER: Members = {
  created_at: isTime,
  issuer: (value) => fits(value, { fingerprint: isHex, label: isShort, 'successor?': isHex }),
  'signers?': ascending(isHex),
  'critical?': (value) => ascending(isString)(value) && (value as Json[]).length > 0,
}

const MANIFEST: Members = {
  ...HEADER,
  details_hash: isHex,
  'expires_at?': isTime,
  memory_count: within(1, 2 ** 32 - 1),
  merkle_root: isHex,
  stream: (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value),
  sequence: within(1, Number.MAX_SAFE_INTEGER),
  previous: (value) => value === null || isHex(value),
}

const SELECTION: Members = {
  'entity_id?': isShort,
  'event_type?': isShort,
  'hand_picked?': oneOf(true),
  'origin?': oneOf('own', 'imported'),
  'since?': isTime,
  // The page says what `tags` are in 3 only.
  'tags?': (value) => isTags(value),
  'tags_match?': oneOf('all', 'any'),
  'until?': isTime,
}

function isDetails(value: Json | undefined): boolean {
  return fits(value, {
    salt: isSalt,
    selection: (selection) => fits(selection, SELECTION),
    'audience?': ascending(isHex),
    'note?': (note) => typeof note === 'string' && note.length <= 2000,
  })
}

/** Format 1: a name that is defined, or that the object does not have, cannot be critical. */
function criticalFits(value: JsonObject, members: Members): boolean {
  const defined = Object.keys(members).map((name) => name.replace('?', ''))
  const names = (value['critical'] ?? []) as string[]
  return names.every((name) => !defined.includes(name) && has(value, name))
}

/** Format 8: what the headers of the other kinds define. */
const KINDS: Record<string, string> = {
  receipt:
    'manifest manifest_issuer stream sequence merkle_root imported already_local deleted_here withheld not_understood audit_head',
  'key-succession': 'predecessor successor',
  'key-revocation': 'key last_valid reason',
  'trust-list': 'entries',
  'verification-report': 'report file_sha256',
  'audit-export': 'tree_size merkle_root from last_row_hash previous_export',
  redaction: 'manifest entries',
}

function membersOf(type: string): Members {
  if (type === MANIFEST_TYPE) return MANIFEST
  const kind = /^application\/vnd\.omega\.([a-z-]+)\.v1\+json$/.exec(type)?.[1] ?? ''
  const names = Object.hasOwn(KINDS, kind) ? KINDS[kind]!.split(' ') : []
  return { ...HEADER, ...Object.fromEntries(names.map((name) => [`${name}?`, () => true])) }
}

function isHeader(value: Json | undefined, type: string): boolean {
  const members = membersOf(type)
  if (!fits(value, members) || !criticalFits(value, members)) return false
  return type !== MANIFEST_TYPE || (value['previous'] === null) === (value['sequence'] === 1)
}

const isSignature: Test = (value) => {
  if (!fits(value, { fingerprint: isHex, public_key_pem: isString, signature: isString })) return false
  const length = decodeBase64(value['signature'], 'base64')?.length ?? 0
  // That an Ed25519 signature has 64 shows when the key has been read: `signature_invalid`.
  return length >= 1 && length <= 65_536 && onlyHas(value, ['fingerprint', 'public_key_pem', 'signature'])
}

export interface Signature extends JsonObject {
  fingerprint: string
  public_key_pem: string
  signature: string
}
export interface Statement extends JsonObject {
  header: JsonObject
  signatures: Signature[]
  type: string
}

/** Exactly `header`, `signatures`, `type`, and `details` in a manifest's own envelope. */
export function isStatement(value: Json | undefined, withDetails: boolean): value is Statement {
  if (!fits(value, { header: isObject, signatures: each(isSignature), type: isString })) return false
  if (!onlyHas(value, ['header', 'signatures', 'type', ...(withDetails ? ['details'] : [])])) return false
  const signatures = value['signatures'] as Signature[]
  if (signatures.length < 1 || signatures.length > 16) return false
  if (!isAscending(signatures.map(({ fingerprint }) => fingerprint))) return false
  return isHeader(value['header'], value['type'] as string) && (!withDetails || isDetails(value['details']))
}

function isTags(value: Json): boolean {
  return ascending(isShort)(value) && (value as Json[]).length <= 256
}

const MEMORY: Members = {
  author: isHex,
  created_at: isTime,
  'critical?': HEADER['critical?']!,
  entity_id: isShort,
  'event_type?': isShort,
  id: isShort,
  leaf_hash: isHex,
  sealed_hash: isHex,
  'supersedes?': ascending(isHex),
  tags: isTags,
  'blind?': isSalt,
  'content?': (value) => typeof value === 'string' && value.length <= 1_000_000,
  'content_sha256?': isHex,
  'metadata?': isObject,
  // A list; its entries are 5's.
  'provenance?': Array.isArray,
}

/** Format 3 and 5: whole; withheld in either form or with provenance, which is not read yet; or nothing. */
export function memoryForm(value: Json): 'whole' | 'memory_invalid' | 'not_supported_yet' {
  if (!isObject(value)) return 'memory_invalid'
  if (Object.keys(value).join() === 'leaf_hash' && isHex(value['leaf_hash']!)) return 'not_supported_yet'
  if (!fits(value, MEMORY) || !criticalFits(value, MEMORY)) return 'memory_invalid'
  if (has(value, 'federation_origin') || has(value, '__proto__')) return 'memory_invalid'
  const hidden = ['blind', 'content', 'content_sha256'].filter((name) => !has(value, name)).length
  if (hidden !== 0 && (hidden !== 3 || has(value, 'metadata'))) return 'memory_invalid'
  return hidden === 3 || has(value, 'provenance') ? 'not_supported_yet' : 'whole'
}

/** One DER element at `at`, with the shortest length that says it, or null. */
function derElement(der: Uint8Array, at: number): { tag: number; start: number; end: number } | null {
  const [tag, first] = [der[at], der[at + 1]]
  if (tag === undefined || first === undefined) return null
  const more = first < 0x80 ? 0 : first - 0x80
  if (first === 0x80 || more > 4 || at + 2 + more > der.length) return null
  const length = more === 0 ? first : parseInt(hex(der.subarray(at + 2, at + 2 + more)), 16)
  if (more > 0 && (length < 0x80 || length < 2 ** (8 * (more - 1)))) return null
  const start = at + 2 + more
  return start + length <= der.length ? { tag, start, end: start + length } : null
}

/** The OID of a well-formed SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), or null. */
function algorithmOf(der: Uint8Array): string | null {
  const outer = derElement(der, 0)
  if (outer?.tag !== 0x30 || outer.end !== der.length) return null
  const algorithm = derElement(der, outer.start)
  if (algorithm?.tag !== 0x30) return null
  const key = derElement(der, algorithm.end)
  if (key?.tag !== 0x03 || key.end !== der.length) return null
  // A BIT STRING opens with its count of unused bits: keys are whole bytes, at least one.
  if (key.end - key.start < 2 || der[key.start] !== 0) return null
  const oid = derElement(der, algorithm.start)
  if (oid?.tag !== 0x06 || oid.start === oid.end || oid.end > algorithm.end) return null
  const parameters = oid.end === algorithm.end ? oid : derElement(der, oid.end)
  return parameters?.end === algorithm.end ? hex(der.subarray(oid.start, oid.end)) : null
}

export interface Key {
  fingerprint: string
  /** Hex of the algorithm's OID. */
  oid: string
  /** The 32 bytes, null for another algorithm. */
  ed25519: Uint8Array | null
  /** The code that forbids it, where one does. */
  fault: FormatCode | null
}

/** Format 1: exactly this PEM. The key may still be one that must not be used. */
export function readKey(pem: string): Key | 'key_malformed' {
  const body = /^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=\n]+)-----END PUBLIC KEY-----\n$/.exec(pem)?.[1]
  const der = decodeBase64(body?.replaceAll('\n', ''), 'base64')
  if (body === undefined || der === null || pem.length > 16_384) return 'key_malformed'
  if (body.replaceAll('\n', '').replace(/.{1,64}/g, '$&\n') !== body) return 'key_malformed'
  const algorithm = algorithmOf(der)
  if (algorithm === null) return 'key_malformed'
  const fingerprint = hex(sha256(der))
  const oid = algorithm
  if (algorithm !== '2b6570') return { fingerprint, oid, ed25519: null, fault: null }
  const isExact = der.length === 44 && ED25519_SPKI.equals(der.subarray(0, 12))
  const point = isExact ? der.subarray(12) : null
  return { fingerprint, oid, ed25519: point, fault: point && isStrictPoint(point) ? null : 'key_not_allowed' }
}

/** How the report names an algorithm: those that people know by their names, others by their OID. */
export function algorithmNamed(key: Key | 'key_malformed'): string {
  const oid = (key as Key).oid
  const names: Record<string, string> = {
    '2a864886f70d010101': 'RSA',
    '2a8648ce3d0201': 'elliptic curve (P-256 or the like)',
    '2b656e': 'X25519',
    '2b6571': 'Ed448',
  }
  return names[oid] ?? oid
}
