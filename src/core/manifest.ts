import { fromBase64Url, isHash, isHex, toHex } from './bytes.ts'
import { canonicalize, type JsonObject, type JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { DOMAIN, hashWith } from './hash.ts'
import { SELECTION, type Selection } from './selection.ts'
import {
  checkShape,
  hasShape,
  isAscendingStrings,
  isInteger,
  namesOf,
  unknownCritical,
  type Shape,
} from './shape.ts'
import { HEADER, parseStatement, PAYLOAD_TYPE, type Header, type Statement } from './statement.ts'
import { isTime, isWellFormed } from './text.ts'

const FORMAT = 'omega-federation-manifest/1'
const MAX_MEMORIES = 2 ** 32 - 1
const MAX_NOTE = 2000
const VERSIONED_TYPE = /^application\/vnd\.omega\.federation-manifest\.v\d+\+json$/
const VERSIONED_FORMAT_LINE = /^"format":"omega-federation-manifest\/\d+",$/

export interface ManifestHeader extends Header {
  readonly details_hash: string
  readonly expires_at?: string
  readonly memory_count: number
  readonly merkle_root: string
  readonly previous: string | null
  readonly sequence: number
  readonly stream: string
}

/** Bound by `details_hash`; stays behind when the statement travels as evidence (manifest-format, 2). */
export interface Details extends JsonObject {
  readonly salt: string
  readonly selection: Selection & JsonObject
}

export interface Envelope extends Statement<ManifestHeader> {
  readonly details: Details
}

const MANIFEST_HEADER: Shape = {
  required: {
    ...HEADER.required,
    details_hash: isHash,
    memory_count: (value) => isInteger(value, 1, MAX_MEMORIES),
    merkle_root: isHash,
    previous: (value) => value === null || isHash(value),
    sequence: (value) => isInteger(value, 1, Number.MAX_SAFE_INTEGER),
    stream: (value) => isHex(value, 16),
  },
  optional: { ...HEADER.optional, expires_at: isTime },
  open: true,
}
const HEADER_NAMES = namesOf(MANIFEST_HEADER)

const DETAILS: Shape = {
  required: {
    salt: (value) => typeof value === 'string' && value.length === 22 && fromBase64Url(value)?.length === 16,
    selection: (value) => hasShape(value, SELECTION),
  },
  optional: {
    audience: (value) => isAscendingStrings(value, isHash),
    note: isNote,
  },
  // Hashed, hence open (manifest-format, 0): only what nothing covers has exactly its members.
  open: true,
}

/** Free text from the issuer to the reader (manifest-format, 2). */
export function isNote(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NOTE && isWellFormed(value)
}

/**
 * The envelope on line 1. Throws `version_unsupported`, `type_mismatch`, `shape_invalid`, and
 * `critical_unknown` for a header member that its issuer says must be understood.
 */
export function parseEnvelope(value: JsonValue): Envelope {
  checkShape(value, { required: { type: (type) => typeof type === 'string' }, open: true }, 'shape_invalid')
  const { details, ...statement } = value as JsonObject & { type: string }
  if (statement.type !== PAYLOAD_TYPE.manifest) {
    throw new ExchangeError(VERSIONED_TYPE.test(statement.type) ? 'version_unsupported' : 'type_mismatch')
  }
  checkShape(details, DETAILS, 'shape_invalid')
  const parsed = parseManifestStatement(statement)
  if (unknownCritical(parsed.header, HEADER_NAMES)!.length > 0) throw new ExchangeError('critical_unknown')
  return { ...parsed, details: details as Details }
}

/** A statement of the manifest kind, without details: as evidence it stands so. Throws `shape_invalid`. */
export function parseManifestStatement(value: JsonValue): Statement<ManifestHeader> {
  const statement = parseStatement(value)
  const { header } = statement
  checkShape(header, MANIFEST_HEADER, 'shape_invalid')
  if (unknownCritical(header, HEADER_NAMES) === null) throw new ExchangeError('shape_invalid')
  if ((header['sequence'] === 1) !== (header['previous'] === null)) throw new ExchangeError('shape_invalid')
  return statement as Statement<ManifestHeader>
}

/** `details_hash` of the header (manifest-format, 2). */
export function hashDetails(details: JsonValue): string {
  return toHex(hashWith(DOMAIN.details, canonicalize(details, 2)))
}

/** Everything before memory 0, in bytes that the format fixes (manifest-format, 2). See `FRAME`. */
export function encodeHead(envelope: Envelope): string {
  return `${FRAME.envelope}${canonicalize(envelope)},\n${FRAME.noEvidence}\n${FRAME.format}\n${FRAME.memories}\n`
}

/** What closes a file after its last memory, which carries no comma. */
export const TAIL = '\n]}\n'

/** The fixed parts of lines, LF not included. */
export const FRAME = {
  envelope: '{"envelope":',
  noEvidence: '"evidence":[],',
  evidence: '"evidence":[',
  endEvidence: '],',
  format: `"format":"${FORMAT}",`,
  memories: '"memories":[',
  close: ']}',
} as const

export function isOtherVersion(formatLine: string): boolean {
  return VERSIONED_FORMAT_LINE.test(formatLine)
}
