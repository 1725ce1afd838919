import type { FormatCode } from '../../src/core/codes.ts'
import type { Json, JsonObject } from './canonical.ts'
import { inflate, isGzip } from './gzip.ts'
import { readStatementFile } from './statement-file.ts'
import { algorithmNamed, readKey } from './shapes.ts'
import type { Signature, Statement } from './shapes.ts'
import type { NaiveWhole } from './verify.ts'
import { idOf, signersOf, verifyWhole } from './verify.ts'

/** Manifest-format, 10: the clause of each code, by the table. */
const CLAUSES: Record<FormatCode, string> = {
  ...{ gzip_invalid: '2', file_empty: '2', not_a_manifest: '2', truncated: '2', line_too_long: '2' },
  ...{ not_utf8: '0', not_canonical: '0', version_unsupported: '2', type_mismatch: '1', trailing_data: '2' },
  ...{ limit_exceeded: '2', shape_invalid: '1', critical_unknown: '1', key_malformed: '1' },
  ...{ fingerprint_mismatch: '1', key_not_allowed: '1', signature_invalid: '1', issuer_unsigned: '1' },
  ...{ signer_missing: '1', details_mismatch: '2', memory_invalid: '3', not_supported_yet: '5' },
  ...{ content_hash_mismatch: '3', sealed_hash_mismatch: '3', leaf_hash_mismatch: '3', count_mismatch: '6' },
  ...{ root_mismatch: '4', evidence_unordered: '2' },
}
const LAYERS = ['signature', 'leaves', 'root', 'evidence'] as const
const NOTHING: NaiveWhole = {
  failure: { layer: 'signature', code: 'gzip_invalid', line: 1, index: null },
  leaves: [],
  id: null,
  envelope: null,
  evidence: [],
}

/** What a file is, packed or not. */
export function verifyFile(bytes: Uint8Array): NaiveWhole {
  if (!isGzip(bytes)) return verifyWhole(bytes)
  const plain = inflate(bytes)
  return plain === null ? NOTHING : verifyWhole(plain)
}

/** `report.schema.json`, with a clock and without a trust list or a state of the importer; in the order of its members. */
export function reportNaively(bytes: Uint8Array, now: string): string {
  const { failure, leaves, id, envelope, evidence } = verifyFile(bytes)
  const failedAt = failure === null ? LAYERS.length : LAYERS.indexOf(failure.layer)
  const layerAt = (at: number): Json => {
    if (at < failedAt) return { status: 'ok' }
    if (at > failedAt) return { status: 'not_checked' }
    const { code, line, index } = failure!
    return { status: 'failed', code, clause: CLAUSES[code], line, index }
  }
  const header = envelope?.header
  const isLate =
    header === undefined ? null : Date.parse(String(header['created_at'])) - Date.parse(now) > 300_000
  const expires = header?.['expires_at'] as string | undefined
  return JSON.stringify({
    format: 'omega-verification-report/1',
    result: failure?.code ?? 'ok',
    layers: Object.fromEntries(LAYERS.map((layer, at) => [layer, layerAt(at)])),
    leaves: leaves.length,
    manifest: envelope && { id, header, details: envelope['details'], ...signersIn(envelope) },
    evidence: evidence.map((statement) => ({
      id: idOf(statement),
      type: statement.type,
      issuer: (statement.header['issuer'] as JsonObject)['fingerprint'],
    })),
    trust: null,
    freshness: null,
    expired: envelope === null ? null : expires !== undefined && now >= expires,
    clock_suspect: isLate,
    audience: null,
  })
}

/** The report of a statement alone in a file, packed or not. A broken gzip file is none: see `reportNaively`. */
export function reportStatementNaively(bytes: Uint8Array): string {
  const plain = isGzip(bytes) ? inflate(bytes) : bytes
  if (plain === null) throw new Error('no statement')
  const { statement, code } = readStatementFile(plain)
  return JSON.stringify({
    format: 'omega-statement-report/1',
    result: code ?? 'ok',
    clause: code && CLAUSES[code],
    statement: statement && {
      id: idOf(statement),
      type: statement.type,
      header: statement.header,
      ...signersIn(statement),
    },
    trust: null,
  })
}

function signersIn(statement: Statement) {
  const { verified, skipped } = signersOf(statement)
  const pemOf = (fingerprint: string) =>
    (statement.signatures as Signature[]).find((each) => each.fingerprint === fingerprint)!.public_key_pem
  return {
    signers: verified,
    skipped: skipped.map((fingerprint) => ({
      fingerprint,
      algorithm: algorithmNamed(readKey(pemOf(fingerprint))),
    })),
  }
}
