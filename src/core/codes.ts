/**
 * Every code the product can answer with: code → the clause it comes from. The order of `FORMAT_CODES` is
 * the order in which codes win on one line of a file (manifest-format, 6): the first that applies is named.
 */
export const FORMAT_CODES = {
  gzip_invalid: '2',
  file_empty: '2',
  not_a_manifest: '2',
  truncated: '2',
  line_too_long: '2',
  not_utf8: '0',
  not_canonical: '0',
  version_unsupported: '2',
  type_mismatch: '1',
  trailing_data: '2',
  limit_exceeded: '2',
  shape_invalid: '1',
  critical_unknown: '1',
  key_malformed: '1',
  fingerprint_mismatch: '1',
  key_not_allowed: '1',
  signature_invalid: '1',
  issuer_unsigned: '1',
  signer_missing: '1',
  details_mismatch: '2',
  memory_invalid: '3',
  not_supported_yet: '5',
  content_hash_mismatch: '3',
  sealed_hash_mismatch: '3',
  leaf_hash_mismatch: '3',
  count_mismatch: '6',
  root_mismatch: '4',
  evidence_unordered: '2',
} as const

/** Refusals of a deed: the file may be intact, what was asked for is not done. */
export const DEED_CODES = {
  untrusted_peer: '7',
  revoked_peer: '7',
  stream_fork: '2',
  manifest_expired: '2',
  author_forged: '3',
  file_changed: '7',
  empty_selection: '7',
  no_identity: '1',
  identity_exists: '1',
  ed25519_unavailable: '1',
  private_key_given: '1',
  key_unsupported: '1',
  own_key: '7',
  peer_exists: '7',
  peer_unknown: '7',
  comparison_missing: '7',
  fingerprint_incomplete: '0',
  key_differs: '7',
  qr_not_a_key: '1',
  qr_ambiguous: '1',
  qr_missing: '1',
  picture_unreadable: '1',
  camera_unavailable: 'camera',
  camera_missing: 'camera',
  camera_refused: 'camera',
  camera_busy: 'camera',
  label_invalid: '0',
  label_reserved: '7',
  draft_invalid: '3',
  selection_invalid: '2',
  already_local: '7',
  deleted_here: '7',
  memory_unknown: '7',
  list_outdated: 'store',
  manifest_unknown: '7',
  own_manifest: '7',
  passphrase_weak: '1',
  passphrase_wrong: '1',
  backup_invalid: '1',
  backup_of_another: '1',
  identity_locked: '1',
  lock_required: '1',
  archive_invalid: 'backup',
  archive_foreign: 'backup',
  store_empty: 'backup',
  not_recognised: '2',
  file_unreadable: '2',
  key_not_kept: '1',
  context_insecure: 'store',
  storage_unavailable: 'store',
  storage_full: 'store',
  storage_newer: 'store',
  storage_damaged: 'store',
  engine_unreliable: 'worker',
  worker_lost: 'worker',
  cancelled: 'worker',
  tool_unknown: 'tools',
  tool_off: 'tools',
  arguments_invalid: 'tools',
  calls_waiting: 'tools',
  consent_refused: 'tools',
  consent_unanswered: 'tools',
  changed_since_asked: 'tools',
  idempotency_conflict: 'tools',
  path_needs_bridge: 'bridge',
  path_no_folder: 'bridge',
  path_refused: 'bridge',
  path_missing: 'bridge',
  path_exists: 'bridge',
  bridge_lost: 'bridge',
  bridge_taken: 'bridge',
  usage: 'cli',
} as const

export type FormatCode = keyof typeof FORMAT_CODES
export type DeedCode = keyof typeof DEED_CODES
export type Code = FormatCode | DeedCode

const CLAUSES: ReadonlyMap<string, string> = new Map(Object.entries({ ...FORMAT_CODES, ...DEED_CODES }))

/** The clause of the format (or the layer of the program) that a code speaks for. */
export function clauseOf(code: Code): string {
  return CLAUSES.get(code) ?? ''
}

export function isCode(value: unknown): value is Code {
  return typeof value === 'string' && CLAUSES.has(value)
}
