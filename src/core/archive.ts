import { isHash } from './bytes.ts'
import { canonicalize, type JsonObject, type JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { DOMAIN, hashWith } from './hash.ts'
import { checkShape, hasShape, isInteger, type Shape } from './shape.ts'
import {
  encodePae,
  parseStatement,
  statementId,
  verifyStatement,
  type Signature,
  type Signers,
} from './statement.ts'
import { isShortString, isTime } from './text.ts'

/** The whole of a store in one file (store-format). */
const FORMAT = 'omega-store/1'
const ARCHIVE_TYPE = 'application/vnd.omega.store.v1+json'
const VERSIONED_TYPE = /^application\/vnd\.omega\.store\.v\d+\+json$/
const VERSIONED_FORMAT_LINE = /^"format":"omega-store\/\d+",$/
const RECORD_PREFIX = 'omega-store-record/1\n'
const MAX_MEMORIES = 2 ** 32 - 1

/** What records there are, in the order in which they stand (store-format, 3). */
export const RECORD_KINDS = [
  'audit',
  'identity',
  'peer',
  'manifest',
  'evidence',
  'leaves',
  'place',
  'fork',
  'stream',
  'tombstone',
  'batch',
  'erased',
  'setting',
] as const
export type RecordKind = (typeof RECORD_KINDS)[number]

/** Depth of the value of a record's line: a statement in it stands at 1 at most, as in a manifest, and what is around it does not count. */
export const RECORD_DEPTH = -2

export interface ArchiveHeader {
  /** The end of the audit chain, and the root over its rows (manifest-format, 9). */
  readonly audit: { readonly last_row_hash: string; readonly merkle_root: string; readonly tree_size: number }
  /** How many records there are of each kind. */
  readonly counts: Readonly<Record<RecordKind, number>>
  readonly created_at: string
  readonly holdings_root: string
  /** Absent where nothing signed. */
  readonly issuer?: { readonly fingerprint: string; readonly label: string }
  readonly memory_count: number
  /** Null where there are none. */
  readonly memory_root: string | null
}

interface ArchiveEnvelope {
  readonly header: ArchiveHeader
  readonly signatures: readonly Signature[]
}

/** An envelope that has its form and, where somebody signed it, holds. */
export interface CheckedEnvelope {
  readonly id: string
  readonly header: ArchiveHeader
  /** Null where nobody signed: then the roots tell accidents and no forgery. */
  readonly signers: Signers | null
}

const count = (value: JsonValue) => isInteger(value, 0, MAX_MEMORIES)

const HEADER: Shape = {
  required: {
    audit: (value) =>
      hasShape(value, {
        required: {
          last_row_hash: isHash,
          merkle_root: isHash,
          tree_size: (size) => isInteger(size, 1, MAX_MEMORIES),
        },
      }),
    counts: (value) =>
      hasShape(value, { required: Object.fromEntries(RECORD_KINDS.map((kind) => [kind, count])) }),
    created_at: isTime,
    holdings_root: isHash,
    memory_count: count,
    memory_root: (value) => value === null || isHash(value),
  },
  optional: {
    issuer: (value) => hasShape(value, { required: { fingerprint: isHash, label: isShortString } }),
  },
}

/**
 * The envelope on line 1: its form, and its one signature where it has one. Throws `version_unsupported`,
 * `type_mismatch`, `shape_invalid` and what `verifyStatement` throws.
 */
export async function checkArchiveEnvelope(value: JsonValue): Promise<CheckedEnvelope> {
  checkShape(value, { required: { type: (type) => typeof type === 'string' }, open: true }, 'shape_invalid')
  const { header, signatures, type } = value as JsonObject & { type: string }
  if (type !== ARCHIVE_TYPE)
    throw new ExchangeError(VERSIONED_TYPE.test(type) ? 'version_unsupported' : 'type_mismatch')
  checkShape(header, HEADER, 'shape_invalid')
  const checked = header as unknown as ArchiveHeader
  const isSigned = checked.issuer !== undefined
  const most = isSigned ? 1 : 0
  const isWhole =
    Object.keys(value).length === 3 &&
    Array.isArray(signatures) &&
    signatures.length === most &&
    (checked.memory_count === 0) === (checked.memory_root === null)
  if (!isWhole) throw new ExchangeError('shape_invalid')
  const signers = isSigned ? await verifyStatement(parseStatement(value)) : null
  return { id: archiveId(checked), header: checked, signers }
}

/** Hex SHA-256 of what is or would be signed. */
export function archiveId(header: ArchiveHeader): string {
  return statementId(ARCHIVE_TYPE, header as unknown as JsonValue)
}

/** What is signed. */
export function archivePae(header: ArchiveHeader): Uint8Array<ArrayBuffer> {
  return encodePae(ARCHIVE_TYPE, header as unknown as JsonValue)
}

/** The leaf of a record in the tree under `holdings_root`; `line` without comma and LF (store-format, 2). */
export function hashRecord(line: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return hashWith(DOMAIN.leaf, RECORD_PREFIX, line)
}

/** The fixed parts of lines, LF not included. */
export const ARCHIVE_FRAME = {
  envelope: '{"envelope":',
  format: `"format":"${FORMAT}",`,
  holdings: '"holdings":[',
  endHoldings: '],',
  memories: '"memories":[',
  noMemories: '"memories":[]}',
  close: ']}',
} as const

/** Everything before the first record. */
export function encodeArchiveHead(envelope: ArchiveEnvelope): string {
  const { envelope: start, format, holdings } = ARCHIVE_FRAME
  return `${start}${canonicalize({ ...envelope, type: ARCHIVE_TYPE })},\n${format}\n${holdings}\n`
}

export function isOtherArchiveVersion(formatLine: string): boolean {
  return formatLine !== ARCHIVE_FRAME.format && VERSIONED_FORMAT_LINE.test(formatLine)
}
