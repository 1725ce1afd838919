import { fromBase64Url, isHash, toHex } from './bytes.ts'
import { canonicalize, isObject, type JsonObject, type JsonValue } from './canonical.ts'
import { DOMAIN, hashWith } from './hash.ts'
import { hasShape, isInteger, type Shape } from './shape.ts'
import { isShortString, isTime } from './text.ts'

/** What was done, by whom, chained to what was done before (manifest-format, 9). */
export interface AuditRow {
  readonly actor: string
  readonly at: string
  readonly leaf_hash?: string
  readonly operation: string
  readonly previous: string
  readonly row_hash: string
  readonly salt: string
  readonly seq: number
  readonly subject: JsonObject
}

/** `previous` of the first row. */
export const FIRST_PREVIOUS = '0'.repeat(64)
const ROW_PREFIX = 'omega-audit-row/1\n'

const ROW: Shape = {
  required: {
    actor: (value) => value === 'person' || value === 'agent',
    at: isTime,
    operation: isShortString,
    previous: isHash,
    row_hash: isHash,
    salt: (value) => typeof value === 'string' && fromBase64Url(value)?.length === 16,
    seq: (value) => isInteger(value, 1, Number.MAX_SAFE_INTEGER),
    subject: isObject,
  },
  optional: { leaf_hash: isHash },
}

/** `row_hash` of a row; it is the row's leaf in the audit tree too. Throws `not_canonical`. */
export function hashAuditRow(row: Omit<AuditRow, 'row_hash'>): string {
  return toHex(hashWith(DOMAIN.leaf, ROW_PREFIX, canonicalize(row)))
}

/**
 * What is wrong with `value` as the row after `before` (null: as the first): its own hash, its place, or its link.
 * Never throws: the value may be anything that a store can hold.
 */
export function checkAuditRow(
  value: unknown,
  before: AuditRow | null,
): 'audit_row_changed' | 'audit_gap' | 'audit_link_broken' | null {
  if (!isAuditRow(value)) return 'audit_row_changed'
  if (value.seq !== (before?.seq ?? 0) + 1) return 'audit_gap'
  return value.previous === (before?.row_hash ?? FIRST_PREVIOUS) ? null : 'audit_link_broken'
}

/** Whether this is a row whose hash is its own. */
function isAuditRow(value: unknown): value is AuditRow {
  try {
    if (!hasShape(value as JsonValue, ROW)) return false
    const { row_hash, ...row } = value as unknown as AuditRow
    return hashAuditRow(row) === row_hash
  } catch {
    // Not even JSON: a number that is none, an object that refers to itself.
    return false
  }
}
