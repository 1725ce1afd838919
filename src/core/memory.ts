import { encodeUtf8, fromBase64Url, fromHex, isHash, toBase64Url, toHex } from './bytes.ts'
import { canonicalize, isObject, type JsonObject, type JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { DOMAIN, hashText, hashWith } from './hash.ts'
import { checkShape, hasShape, isAscendingStrings, namesOf, unknownCritical, type Shape } from './shape.ts'
import { isShortString, isTime } from './text.ts'

/** A memory whose shape has passed (manifest-format, 3). Its hashes are claims until `checkMemory`. */
export interface Memory extends JsonObject {
  readonly author: string
  readonly blind: string
  readonly content: string
  readonly content_sha256: string
  readonly created_at: string
  readonly entity_id: string
  readonly id: string
  readonly leaf_hash: string
  readonly sealed_hash: string
  readonly tags: readonly string[]
}

/** What a person or a file brings; `createMemory` makes the leaf of it. */
export interface MemoryDraft {
  readonly content: string
  readonly created_at: string
  readonly entity_id: string
  readonly event_type?: string
  readonly metadata?: JsonObject
  readonly supersedes?: readonly string[]
  readonly tags: readonly string[]
  /** Private member (manifest-format, 3): the date is that of the file the memory was read from. */
  readonly 'x-date-estimated'?: true
}

export const MAX_CONTENT = 1_000_000
export const MAX_TAGS = 256
/** 16 bytes as base64url: the last of 22 characters carries 2 bits, its 4 spare ones zero. */
const BLIND = /^[A-Za-z0-9_-]{21}[AQgw]$/
const LEAF_PREFIX = encodeUtf8('omega-memory/1\n')
const NO_METADATA = new Uint8Array(32)
const REFUSED_NAMES = ['federation_origin', '__proto__']

const LEAF_RECORD = {
  author: isHash,
  created_at: isTime,
  entity_id: isShortString,
  id: isShortString,
  sealed_hash: isHash,
  tags: (value: JsonValue) => isAscendingStrings(value, isShortString) && value.length <= MAX_TAGS,
}

const SHAPE: Shape = {
  required: {
    ...LEAF_RECORD,
    blind: isBlind,
    content: (value) => typeof value === 'string' && value.length <= MAX_CONTENT,
    content_sha256: isHash,
    leaf_hash: isHash,
  },
  optional: {
    critical: () => true,
    event_type: isShortString,
    metadata: isObject,
    provenance: Array.isArray,
    supersedes: (value) => isAscendingStrings(value, isHash),
  },
  open: true,
}

const DEFINED = namesOf(SHAPE)
/** The two ways in which a memory may be withheld (manifest-format, 5). */
const LEAF_ONLY: Shape = { required: { leaf_hash: isHash } }
const WITHOUT_TEXT: Shape = { ...SHAPE, required: { ...LEAF_RECORD, leaf_hash: isHash } }

/**
 * The memory a line's value is. Throws `memory_invalid`, or `not_supported_yet` for one that is withheld or
 * carries provenance.
 */
export function parseMemory(value: JsonValue): Memory {
  if (isWithheld(value)) throw new ExchangeError('not_supported_yet', 'a withheld memory')
  checkShape(value, SHAPE, 'memory_invalid')
  if (REFUSED_NAMES.some((name) => Object.hasOwn(value, name))) throw new ExchangeError('memory_invalid')
  if (unknownCritical(value, DEFINED) === null) throw new ExchangeError('memory_invalid')
  if (Object.hasOwn(value, 'provenance')) throw new ExchangeError('not_supported_yet', 'provenance')
  return value as Memory
}

/**
 * Recomputes what a memory states of itself and answers its leaf, 32 bytes. Throws `content_hash_mismatch`,
 * `sealed_hash_mismatch`, `leaf_hash_mismatch`.
 */
export function checkMemory(memory: Memory): Uint8Array<ArrayBuffer> {
  if (toHex(hashText(memory.content)) !== memory.content_sha256)
    throw new ExchangeError('content_hash_mismatch')
  if (toHex(sealedHash(memory)) !== memory.sealed_hash) throw new ExchangeError('sealed_hash_mismatch')
  const leaf = leafHash(memory)
  if (toHex(leaf) !== memory.leaf_hash) throw new ExchangeError('leaf_hash_mismatch')
  return leaf
}

/**
 * A new memory with its leaf, by `author` (a fingerprint). `blind` and `idBytes` are 16 random bytes each.
 * Throws `memory_invalid` for a draft that the format refuses.
 */
export function createMemory(
  draft: MemoryDraft,
  author: string,
  random: { readonly blind: Uint8Array; readonly idBytes: Uint8Array },
): Memory {
  return sealMemory(draft, author, random.blind, `mem-${toHex(random.idBytes)}`)
}

/** A later version of a memory: the same id, a leaf of its own (manifest-format, 3). See `createMemory`. */
export function reviseMemory(draft: MemoryDraft, author: string, blind: Uint8Array, id: string): Memory {
  return sealMemory(draft, author, blind, id)
}

function sealMemory(draft: MemoryDraft, author: string, blind: Uint8Array, id: string): Memory {
  const content_sha256 = toHex(hashText(draft.content))
  const open = { ...draft, author, blind: toBase64Url(blind), content_sha256, id }
  const sealed = { ...open, sealed_hash: toHex(sealedHash(open)) }
  return parseMemory({ ...sealed, leaf_hash: toHex(leafHash(sealed)) } as unknown as JsonValue)
}

/** Members that this reader must understand to take the memory in, and does not (manifest-format, 3). */
export function notUnderstood(memory: Memory): boolean {
  return unknownCritical(memory, DEFINED)?.length !== 0
}

function sealedHash(memory: { blind: string; content_sha256: string; metadata?: JsonValue }): Uint8Array {
  const metadata = memory.metadata === undefined ? NO_METADATA : hashText(canonicalize(memory.metadata, 2))
  return hashWith(DOMAIN.sealed, fromBase64Url(memory.blind)!, fromHex(memory.content_sha256), metadata)
}

function leafHash(memory: object): Uint8Array<ArrayBuffer> {
  // Its hash is over `record`; the seal stands in it for what is named here.
  const { blind, content, content_sha256, leaf_hash, metadata, provenance, ...record } = memory as JsonObject
  return hashWith(DOMAIN.leaf, LEAF_PREFIX, canonicalize(record))
}

function isBlind(value: JsonValue): boolean {
  return typeof value === 'string' && BLIND.test(value)
}

function isWithheld(value: JsonValue): boolean {
  const absent = ['blind', 'content', 'content_sha256', 'metadata']
  if (!isObject(value) || [...absent, ...REFUSED_NAMES].some((name) => Object.hasOwn(value, name)))
    return false
  return (
    hasShape(value, LEAF_ONLY) || (hasShape(value, WITHOUT_TEXT) && unknownCritical(value, DEFINED) !== null)
  )
}
