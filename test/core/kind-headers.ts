import type { JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import { sha256 } from '../reference/merkle.ts'
import { reportNaively } from '../reference/report.ts'
import { hex } from '../reference/shapes.ts'
import type { Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement } from '../reference/writer.ts'
import { OTHERS } from './manifests.ts'

/** A statement of every kind of clause 1 but the manifest, with the header that clause 8 gives it. */

export const typeOf = (kind: string) => `application/vnd.omega.${kind}.v1+json`
const [ANA, BO] = OTHERS as [Signer, Signer]
const CREATED_AT = '2026-01-02T03:04:05.678Z'
const opened = buildManifest({ signers: [BO], memories: [{}, {}, {}] })
const { stream, sequence, merkle_root } = opened.statement.header as JsonObject & { merkle_root: string }
const place = { manifest: opened.id, sequence: sequence!, stream: stream! }
const keyOf = ({ fingerprint, label, pem }: Signer) => ({ fingerprint, label, public_key_pem: pem })

/** The one row of an audit log, and so the root of its tree (manifest-format, 9). */
const row = {
  actor: 'person',
  at: CREATED_AT,
  operation: 'export',
  previous: '0'.repeat(64),
  salt: 'AAAAAAAAAAAAAAAAAAAAAA',
  seq: 1,
  subject: { memories: 3 },
}
const rowHash = hex(sha256(Uint8Array.of(0), Buffer.from(`omega-audit-row/1\n${serialize(row)}`)))

/** The members that a kind's header has beside those of every header. */
export const KIND_HEADERS = {
  'audit-export': { from: 1, last_row_hash: rowHash, merkle_root: rowHash, tree_size: 1 },
  redaction: { entries: [{ from: 1, level: 'content', reason: 'personal', to: 1 }], manifest: opened.id },
  receipt: {
    ...place,
    already_local: 1,
    audit_head: { id: 'ab'.repeat(32), last_row_hash: rowHash, merkle_root: rowHash, tree_size: 1 },
    deleted_here: 0,
    imported: 2,
    manifest_issuer: BO.fingerprint,
    merkle_root,
    not_understood: 0,
    withheld: 0,
  },
  'key-succession': { predecessor: BO.fingerprint, successor: keyOf(ANA) },
  'key-revocation': { key: ANA.fingerprint, last_valid: [place], reason: 'in other hands' },
  'trust-list': {
    entries: [keyOf(ANA), keyOf(BO)].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
  },
  'verification-report': {
    file_sha256: hex(sha256(opened.bytes)),
    report: JSON.parse(reportNaively(opened.bytes, CREATED_AT)) as JsonObject,
  },
} satisfies Record<string, JsonObject>

export type Kind = keyof typeof KIND_HEADERS
export const KINDS = Object.keys(KIND_HEADERS) as Kind[]
/** Members that are defined and may be absent. */
const OPTIONAL: Partial<Record<Kind, readonly string[]>> = { 'audit-export': ['previous_export'] }

/** Every member that clause 8 defines for this kind. */
export function definedFor(kind: Kind): string[] {
  return [...Object.keys(KIND_HEADERS[kind]), ...(OPTIONAL[kind] ?? [])].sort()
}

/** A succession is signed by both keys, all else by Ana. */
function signersOfKind(kind: Kind): [Signer, ...Signer[]] {
  return kind === 'key-succession' ? [ANA, BO] : [ANA]
}

/** A statement of this kind; `members` join or replace those of its header. */
export function statementOf(
  kind: Kind,
  members: JsonObject = {},
  signers: readonly [Signer, ...Signer[]] = signersOfKind(kind),
) {
  return buildStatement(typeOf(kind), { ...KIND_HEADERS[kind], ...members }, signers)
}
