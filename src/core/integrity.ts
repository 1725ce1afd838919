import type { EngineReport } from './self-test.ts'

/**
 * What an integrity check of the store answers. Everything that can be recomputed from what is kept is recomputed;
 * what somebody changed behind the program's back, and what a disk lost, shows as a fault with its place.
 */

/** What is walked. The audit chain comes first: what was done is what the rest is held against. */
export const AREAS = ['audit', 'memories', 'lineage', 'manifests', 'streams', 'identity', 'peers'] as const
export type Area = (typeof AREAS)[number]

/** What can be wrong, each with its area, in the order in which it is told. */
export const FAULTS = {
  audit_gap: 'audit',
  audit_row_changed: 'audit',
  audit_link_broken: 'audit',
  segment_missing: 'memories',
  page_missing: 'memories',
  segment_damaged: 'memories',
  line_unreadable: 'memories',
  line_changed: 'memories',
  columns_wrong: 'memories',
  batch_missing: 'memories',
  batch_wrong: 'memories',
  memories_missing: 'memories',
  memories_unrecorded: 'memories',
  memory_doubled: 'memories',
  deleted_text_kept: 'memories',
  deletion_unrecorded: 'memories',
  tombstone_missing: 'memories',
  tombstone_unrecorded: 'memories',
  memory_unrecorded: 'lineage',
  author_unknown: 'lineage',
  handed_over_gone: 'lineage',
  manifest_missing: 'lineage',
  origin_wrong: 'lineage',
  origin_name_wrong: 'lineage',
  leaf_unproven: 'lineage',
  manifest_wrong: 'manifests',
  manifest_gone: 'manifests',
  manifest_unrecorded: 'manifests',
  details_wrong: 'manifests',
  leaves_wrong: 'manifests',
  evidence_wrong: 'manifests',
  place_missing: 'streams',
  place_wrong: 'streams',
  own_stream_wrong: 'streams',
  fork_missing: 'streams',
  fork_wrong: 'streams',
  key_missing: 'identity',
  key_readable: 'identity',
  key_wrong: 'identity',
  key_unusable: 'identity',
  identity_wrong: 'identity',
  peer_missing: 'peers',
  peer_wrong: 'peers',
  peer_name_wrong: 'peers',
  peer_history_wrong: 'peers',
} as const satisfies Readonly<Record<string, Area>>
export type FaultCode = keyof typeof FAULTS
export const FAULT_CODES = Object.keys(FAULTS) as readonly FaultCode[]

/** Where a fault was found; a member is absent where it says nothing. */
export interface FaultPlace {
  /** Id of a segment and its page. */
  readonly segment?: number
  /** Line of the segment, from 0. */
  readonly row?: number
  /** Hex dedup key of the memory, as its page states it: by this a row is known in the list. */
  readonly key?: string
  /** Manifest or statement id. */
  readonly manifest?: string
  /** Place of a memory in that manifest, from 0. */
  readonly index?: number
  /** `seq` of an audit row. */
  readonly seq?: number
  /** Of an identity, a peer or an issuer. */
  readonly fingerprint?: string
  readonly stream?: string
  readonly sequence?: number
}

export interface Fault extends FaultPlace {
  readonly code: FaultCode
}

export interface AreaResult {
  /**
   * `unknown`: there is nothing of it, or nothing is wrong with it by itself and what it must be held against is not
   * there: the audit chain is broken, or the manifest that memories came in is.
   */
  readonly result: 'holds' | 'faults' | 'unknown'
  /** How many of its things were looked at: audit rows, lines, origins, manifests, places, keys, peers. */
  readonly checked: number
  readonly faults: number
}

export interface IntegrityReport {
  readonly format: 'omega-integrity-report/1'
  /** When it began and ended, by this machine's clock. */
  readonly begun_at: string
  readonly ended_at: string
  /** `unknown`: there was nothing to check. */
  readonly result: 'holds' | 'faults' | 'unknown'
  readonly areas: Readonly<Record<Area, AreaResult>>
  /** Lines followed to the signature of the manifest they came in, and lines written or taken in here. */
  readonly lineage: { readonly signed: number; readonly own: number }
  /** How often each fault was found; what was not found is absent. */
  readonly counts: Readonly<Partial<Record<FaultCode, number>>>
  /** The first `MAX_FAULTS` of each code, in their order and by place. */
  readonly faults: readonly Fault[]
  /** The last audit row: who notes it can tell later that the chain was not cut. Null while nothing has been done. */
  readonly audit_head: { readonly seq: number; readonly row_hash: string } | null
  /** Whether what all this was computed with does what it must. */
  readonly engine: EngineReport
}

export const MAX_FAULTS = 100
