import type { DBSchema } from 'idb'
import type { AuditRow } from '../core/audit.ts'
import type { JsonObject } from '../core/canonical.ts'
import type { ManifestHeader } from '../core/manifest.ts'
import type { Statement } from '../core/statement.ts'
import type { Page } from './page.ts'
import type { StoredBytes } from './segment.ts'

/** How the fingerprint of a peer's key was compared before it was trusted. */
export type Comparison = 'phone' | 'in_person' | 'paper' | 'not_compared'

/** A run of canonical memory lines, each ended by comma and LF. Its `Page` has the same id. */
export interface SegmentRecord {
  readonly id: number
  readonly lines: StoredBytes
}

/** `federation_origin` of the rows of one import (manifest-format, 7); a row adds its `leaf_index`. */
export interface BatchOrigin {
  readonly fingerprint: string
  readonly label: string
  readonly manifest: string
  readonly file_name: string
  readonly merkle_root: string
  readonly stream: string
  readonly sequence: number
  readonly imported_at: string
}

/** Lines that became visible together. What is still `staged` at start was never committed: it is swept. */
export interface BatchRecord {
  readonly id: string
  readonly state: 'staged' | 'visible'
  /** Null for memories written here or taken from a file of another kind. */
  readonly origin: BatchOrigin | null
  /** How many lines became visible; what is deleted later counts on. Absent in batches of the first version. */
  readonly lines?: number
}

export interface TombstoneRecord {
  /** Hex dedup key. */
  readonly key: string
  readonly at: string
}

export interface IdentityRecord {
  readonly fingerprint: string
  readonly label: string
  readonly public_key_pem: string
  readonly created_at: string
  /** Non-extractable: structured clone keeps it so, no script reads its bytes. Absent: the identity is locked, or restored without it. */
  readonly key?: CryptoKey
  /** The key wrapped under a passphrase: the text of an identity backup. */
  readonly sealed?: string
  readonly backup: boolean
  readonly restored: boolean
}

export interface PeerRecord {
  readonly fingerprint: string
  readonly label: string
  readonly public_key_pem: string
  readonly state: 'trusted' | 'revoked'
  readonly compared: Comparison
  readonly added_at: string
  readonly revoked_at?: string
  readonly reason?: string
  /** When each earlier trust began and ended, oldest first. */
  readonly history: readonly {
    readonly at: string
    readonly what: 'trusted' | 'revoked' | 'reinstated'
    readonly compared?: Comparison
    readonly reason?: string
  }[]
}

export interface ManifestRecord {
  readonly id: string
  readonly direction: 'made' | 'imported'
  readonly file_name: string
  readonly bytes: number
  readonly at: string
  readonly statement: Statement<ManifestHeader>
  readonly details: JsonObject
  /** Canonical lines of the evidence statements, kept so that each row can be proved later. */
  readonly evidence: readonly string[]
  readonly counts: JsonObject
}

/** Leaf hashes of a manifest, 32 bytes each; beside the register because they are large. */
export interface LeavesRecord {
  readonly id: string
  readonly leaves: StoredBytes
}

export interface PlaceRecord {
  readonly issuer: string
  readonly stream: string
  readonly sequence: number
  readonly id: string
  readonly previous: string | null
  readonly imported: boolean
}

/** Two manifests that contradict each other; nothing of their stream is imported until a person decides. */
export interface ForkRecord {
  readonly issuer: string
  readonly stream: string
  readonly found_at: string
  readonly file_name: string
  readonly frozen: boolean
  /** The manifest that was refused and the known one it contradicts, for any third party to check. */
  readonly refused: { readonly id: string; readonly statement: Statement<ManifestHeader> }
  readonly known: { readonly id: string; readonly statement: Statement<ManifestHeader> }
}

/** A line of manifests of ours. `issued` counts sequences reserved, signed or not: a crash leaves a gap, never a fork. */
export interface OwnStreamRecord {
  readonly stream: string
  readonly issuer: string
  readonly name: string
  readonly issued: number
  readonly last: string | null
  readonly created_at: string
}

/** Minutes without a deed after which an unlocked identity is locked; one of them is the setting. */
export const LOCK_MINUTES = [5, 15, 60] as const

export interface SettingRecord {
  readonly name: string
  readonly value: number | string | boolean
}

/** What an agent may do without being asked for, until a person takes it back. Never a change of trust. */
export interface ConsentRecord {
  readonly id: string
  readonly tool: string
  /** `all`, `entity:…` or `peer:…` with the fingerprint. */
  readonly about: string
  readonly given_at: string
}

export interface OmegaSchema extends DBSchema {
  segments: { key: number; value: SegmentRecord }
  pages: { key: number; value: Page; indexes: { batch: string } }
  batches: { key: string; value: BatchRecord }
  tombstones: { key: string; value: TombstoneRecord }
  identities: { key: string; value: IdentityRecord }
  peers: { key: string; value: PeerRecord }
  manifests: { key: string; value: ManifestRecord }
  leaves: { key: string; value: LeavesRecord }
  places: { key: [string, string, number]; value: PlaceRecord }
  forks: { key: [string, string, string]; value: ForkRecord }
  own_streams: { key: string; value: OwnStreamRecord }
  audit: { key: number; value: AuditRow }
  settings: { key: string; value: SettingRecord }
  consents: { key: string; value: ConsentRecord }
}

export type StoreName =
  | 'segments'
  | 'pages'
  | 'batches'
  | 'tombstones'
  | 'identities'
  | 'peers'
  | 'manifests'
  | 'leaves'
  | 'places'
  | 'forks'
  | 'own_streams'
  | 'audit'
  | 'settings'
  | 'consents'
