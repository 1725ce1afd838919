/**
 * What an integrity check of the store answers. Everything that can be recomputed from what is kept is recomputed;
 * what somebody changed behind the program's back, and what a disk lost, shows as a fault with its place.
 */

/** What is walked, in this order. */
export const AREAS = ['memories', 'lineage', 'manifests', 'streams', 'audit', 'identity', 'peers'] as const
export type Area = (typeof AREAS)[number]

/** What can be wrong, each with its area. */
export const FAULTS = {
  segment_missing: 'memories',
  page_missing: 'memories',
  segment_damaged: 'memories',
  line_unreadable: 'memories',
  line_changed: 'memories',
  columns_wrong: 'memories',
  batch_missing: 'memories',
  batch_wrong: 'memories',
  memories_missing: 'memories',
  deleted_text_kept: 'memories',
  tombstone_missing: 'memories',
  author_unknown: 'lineage',
  manifest_missing: 'lineage',
  origin_wrong: 'lineage',
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
  audit_gap: 'audit',
  audit_row_changed: 'audit',
  audit_link_broken: 'audit',
  key_missing: 'identity',
  key_readable: 'identity',
  key_wrong: 'identity',
  key_unusable: 'identity',
  peer_missing: 'peers',
  peer_wrong: 'peers',
} as const satisfies Readonly<Record<string, Area>>
export type FaultCode = keyof typeof FAULTS

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
  /** How many of its things were looked at: lines, rows that came from a peer, manifests, places, audit rows, keys, peers. */
  readonly checked: number
  readonly faults: number
}

export interface IntegrityReport {
  readonly format: 'omega-integrity-report/1'
  /** When it began and ended, by this machine's clock. */
  readonly begun_at: string
  readonly ended_at: string
  readonly result: 'holds' | 'faults'
  readonly areas: Readonly<Record<Area, AreaResult>>
  /** The first `MAX_FAULTS` of each area, by area and place; `areas` has all counts. */
  readonly faults: readonly Fault[]
  /** The last audit row: who notes it can tell later that the chain was not cut. Null while nothing has been done. */
  readonly audit_head: { readonly seq: number; readonly row_hash: string } | null
}

export const MAX_FAULTS = 100
