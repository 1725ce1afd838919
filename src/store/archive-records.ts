import { checkAuditRow, type AuditRow } from '../core/audit.ts'
import { RECORD_DEPTH, type RecordKind } from '../core/archive.ts'
import { fromBase64, isHash, isHex, toBase64 } from '../core/bytes.ts'
import { canonicalize, isObject, type JsonObject, type JsonValue } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { parseManifestStatement } from '../core/manifest.ts'
import { readPublicKey } from '../core/pem.ts'
import { hasShape, isAscendingStrings, isInteger, type Check, type Shape } from '../core/shape.ts'
import { parseStatement } from '../core/statement.ts'
import { isShortString, isTime, isWellFormed } from '../core/text.ts'
import {
  LOCK_MINUTES,
  type BatchOrigin,
  type ForkRecord,
  type IdentityRecord,
  type ManifestRecord,
  type OwnStreamRecord,
  type PeerRecord,
  type PlaceRecord,
  type SettingRecord,
  type TombstoneRecord,
} from './schema.ts'

/** A line whose text was taken out: row `row` of its batch (from 0). */
export interface ErasedRow {
  readonly key: string
  readonly leaf: string
  readonly row: number
  readonly supersedes?: readonly string[]
}

/** Memories that came together. The batches of an archive share its memory lines out, in their order. */
export interface ArchivedBatch {
  readonly id: string
  /** All of them, erased ones too. */
  readonly lines: number
  readonly origin: BatchOrigin | null
  readonly erased: ErasedRow[]
}

/** What an archive holds beside its memories. */
export interface Holdings {
  readonly audit: AuditRow[]
  /** Without private keys: those leave no browser but sealed. */
  readonly identities: IdentityRecord[]
  readonly peers: PeerRecord[]
  readonly manifests: ManifestRecord[]
  /** Leaves of the manifests, by id, 32 bytes each. */
  readonly leaves: Map<string, Blob>
  readonly places: PlaceRecord[]
  readonly forks: ForkRecord[]
  readonly streams: OwnStreamRecord[]
  readonly tombstones: TombstoneRecord[]
  readonly batches: ArchivedBatch[]
  readonly settings: SettingRecord[]
}

/** Leaves on one line. */
const LEAVES_A_LINE = 65_536
/** The settings that travel. Those that count deeds follow from the audit rows. */
export const ARCHIVED_SETTINGS: Readonly<Record<string, Check>> = {
  asks_for_newer_version: (value) => typeof value === 'boolean',
  last_backup: isTime,
  lock_minutes: (value) => LOCK_MINUTES.some((minutes) => minutes === value),
}
const MAX_FILE_NAME = 1024
const MAX_SEALED = 64 * 1024
const MAX_EVIDENCE = 1024
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const COMPARISONS = ['phone', 'in_person', 'paper', 'not_compared']

const isBoolean: Check = (value) => typeof value === 'boolean'
const isText: Check = (value) => typeof value === 'string'
const isCount: Check = (value) => isInteger(value, 0, Number.MAX_SAFE_INTEGER)
const isSequence: Check = (value) => isInteger(value, 1, Number.MAX_SAFE_INTEGER)
const isStream: Check = (value) => isHex(value, 16)
const isHashOrNull: Check = (value) => value === null || isHash(value)
const isComparison: Check = (value) => COMPARISONS.includes(value as string)
const isFileName: Check = (value) =>
  typeof value === 'string' && value.length <= MAX_FILE_NAME && isWellFormed(value)
const isSide: Check = (value) => hasShape(value, { required: { id: isHash, statement: isObject } })

const DECISION: Shape = {
  required: { at: isTime, what: (what) => ['trusted', 'revoked', 'reinstated'].includes(what as string) },
  optional: { compared: isComparison, reason: isShortString },
}
const ORIGIN: Shape = {
  required: {
    file_name: isFileName,
    fingerprint: isHash,
    imported_at: isTime,
    label: isShortString,
    manifest: isHash,
    merkle_root: isHash,
    sequence: isSequence,
    stream: isStream,
  },
}
const COUNTS = {
  made: { required: { exported: isCount } },
  imported: {
    required: { already_local: isCount, deleted_here: isCount, imported: isCount, not_understood: isCount },
  },
} satisfies Record<string, Shape>

const SHAPES: Readonly<Record<Exclude<RecordKind, 'audit'>, Shape>> = {
  identity: {
    required: {
      backup: isBoolean,
      created_at: isTime,
      fingerprint: isHash,
      label: isShortString,
      public_key_pem: isText,
      restored: isBoolean,
    },
    optional: { sealed: (value) => typeof value === 'string' && value.length <= MAX_SEALED },
  },
  peer: {
    required: {
      added_at: isTime,
      compared: isComparison,
      fingerprint: isHash,
      history: (value) =>
        Array.isArray(value) && value.length > 0 && value.every((each) => hasShape(each, DECISION)),
      label: isShortString,
      public_key_pem: isText,
      state: (value) => value === 'trusted' || value === 'revoked',
    },
    optional: { reason: isShortString, revoked_at: isTime },
  },
  manifest: {
    required: {
      at: isTime,
      bytes: isCount,
      counts: isObject,
      details: isObject,
      direction: (value) => value === 'made' || value === 'imported',
      file_name: isFileName,
      id: isHash,
      statement: isObject,
    },
  },
  evidence: { required: { statement: isObject } },
  leaves: { required: { bytes: isText } },
  place: {
    required: {
      id: isHash,
      imported: isBoolean,
      issuer: isHash,
      previous: isHashOrNull,
      sequence: isSequence,
      stream: isStream,
    },
  },
  fork: {
    required: {
      file_name: isFileName,
      found_at: isTime,
      frozen: isBoolean,
      issuer: isHash,
      known: isSide,
      refused: isSide,
      stream: isStream,
    },
  },
  stream: {
    required: {
      created_at: isTime,
      issued: isSequence,
      issuer: isHash,
      last: isHashOrNull,
      name: isShortString,
      stream: isStream,
    },
  },
  tombstone: { required: { at: isTime, key: isHash } },
  batch: {
    required: {
      id: (value) => typeof value === 'string' && UUID.test(value),
      lines: (value) => isInteger(value, 1, 2 ** 32 - 1),
      origin: (value) => value === null || hasShape(value, ORIGIN),
    },
  },
  erased: {
    required: { key: isHash, leaf: isHash, row: (value) => isInteger(value, 0, 2 ** 32 - 2) },
    optional: { supersedes: (value) => isAscendingStrings(value, isHash) },
  },
  setting: { required: { name: isText, value: (value) => !isObject(value) } },
}

/** Which kinds may stand behind which: most behind any before them, some only behind their own. */
const RANK: Readonly<Record<RecordKind, number>> = {
  audit: 0,
  identity: 1,
  peer: 2,
  manifest: 3,
  evidence: 3,
  leaves: 3,
  place: 4,
  fork: 5,
  stream: 6,
  tombstone: 7,
  batch: 8,
  erased: 8,
  setting: 9,
}
/** Of a kind that belongs to another: what may stand right before it. */
const BEHIND: Readonly<Partial<Record<RecordKind, readonly RecordKind[]>>> = {
  evidence: ['manifest', 'evidence'],
  leaves: ['manifest', 'evidence', 'leaves'],
  erased: ['batch', 'erased'],
}

/** Collects the records of an archive, each held to what this program could have written. */
export class HoldingsBuilder {
  readonly holdings: Holdings = {
    audit: [],
    identities: [],
    peers: [],
    manifests: [],
    leaves: new Map(),
    places: [],
    forks: [],
    streams: [],
    tombstones: [],
    batches: [],
    settings: [],
  }
  #last: RecordKind = 'audit'
  /** Of each kind, by what its last record is known: they ascend, so that none stands twice. */
  readonly #keys = new Map<RecordKind, string>()
  readonly #batches = new Set<string>()
  #evidence: string[] = []
  #leaves: Blob[] = []

  /** Throws `archive_invalid`, and what a key or a statement throws. */
  take(kind: RecordKind, value: JsonObject): void {
    if (RANK[kind] < RANK[this.#last] || BEHIND[kind]?.includes(this.#last) === false)
      throw invalid(kind, 'order')
    if (kind !== 'audit' && !hasShape(value, SHAPES[kind])) throw invalid(kind, 'form')
    if (kind !== 'leaves') this.#endLeaves()
    this.#last = kind
    this.#takers[kind](value)
  }

  /** All records have come. Throws `archive_invalid`. */
  end(): Holdings {
    this.#endLeaves()
    for (const { id, lines, erased } of this.holdings.batches)
      if (erased.some(({ row }) => row >= lines)) throw invalid('erased', `row of ${id}`)
    for (const { id } of this.holdings.manifests)
      if (!this.holdings.leaves.has(id)) throw invalid('leaves', id)
    return this.holdings
  }

  readonly #takers: Readonly<Record<RecordKind, (value: JsonObject) => void>> = {
    audit: (value) => {
      const fault = checkAuditRow(value, this.holdings.audit.at(-1) ?? null)
      if (fault !== null) throw invalid('audit', fault)
      this.holdings.audit.push(value as unknown as AuditRow)
    },
    identity: (value) => {
      const identity = value as unknown as IdentityRecord
      this.#ascend('identity', identity.fingerprint)
      checkKey('identity', identity)
      this.holdings.identities.push(identity)
    },
    peer: (value) => {
      const peer = value as unknown as PeerRecord
      this.#ascend('peer', peer.fingerprint)
      checkKey('peer', peer)
      if (!isDecided(peer)) throw invalid('peer', 'history')
      this.holdings.peers.push(peer)
    },
    manifest: (value) => {
      const record = value as unknown as ManifestRecord
      this.#ascend('manifest', record.id)
      if (!hasShape(value['counts'], COUNTS[record.direction])) throw invalid('manifest', 'counts')
      parseManifestStatement(value['statement']!)
      this.#evidence = []
      this.holdings.manifests.push({ ...record, evidence: this.#evidence })
    },
    evidence: (value) => {
      const line = canonicalize(parseStatement(value['statement']!))
      if (this.#evidence.length === MAX_EVIDENCE || this.#evidence.includes(line))
        throw invalid('evidence', 'twice or too many')
      this.#evidence.push(line)
    },
    leaves: (value) => {
      const bytes = fromBase64(value['bytes'] as string)
      const isFull = this.#leaves.every(({ size }) => size === 32 * LEAVES_A_LINE)
      const most = 32 * LEAVES_A_LINE
      if (bytes === null || bytes.length === 0 || bytes.length % 32 !== 0 || bytes.length > most || !isFull)
        throw invalid('leaves', 'bytes')
      this.#leaves.push(new Blob([bytes]))
    },
    place: (value) => {
      const place = value as unknown as PlaceRecord
      const { issuer, stream, sequence } = place
      this.#ascend('place', issuer + stream + String(sequence).padStart(16, '0'))
      this.holdings.places.push(place)
    },
    fork: (value) => {
      const fork = value as unknown as ForkRecord
      this.#ascend('fork', fork.issuer + fork.stream + fork.refused.id)
      for (const { statement } of [fork.refused, fork.known])
        parseManifestStatement(statement as unknown as JsonValue)
      this.holdings.forks.push(fork)
    },
    stream: (value) => {
      const stream = value as unknown as OwnStreamRecord
      this.#ascend('stream', stream.stream)
      this.holdings.streams.push(stream)
    },
    tombstone: (value) => {
      const tombstone = value as unknown as TombstoneRecord
      this.#ascend('tombstone', tombstone.key)
      this.holdings.tombstones.push(tombstone)
    },
    batch: (value) => {
      const { id, lines, origin } = value as unknown as ArchivedBatch
      if (this.#batches.has(id)) throw invalid('batch', 'twice')
      this.#batches.add(id)
      this.#keys.delete('erased')
      this.holdings.batches.push({ id, lines, origin, erased: [] })
    },
    erased: (value) => {
      const erased = value as unknown as ErasedRow
      this.#ascend('erased', String(erased.row).padStart(10, '0'))
      this.holdings.batches.at(-1)!.erased.push(erased)
    },
    setting: (value) => {
      const setting = value as unknown as SettingRecord
      this.#ascend('setting', setting.name)
      const isValue = Object.hasOwn(ARCHIVED_SETTINGS, setting.name) && ARCHIVED_SETTINGS[setting.name]!
      if (!isValue || !isValue(setting.value)) throw invalid('setting', setting.name)
      this.holdings.settings.push(setting)
    },
  }

  #ascend(kind: RecordKind, key: string): void {
    if (key <= (this.#keys.get(kind) ?? '')) throw invalid(kind, 'order')
    this.#keys.set(kind, key)
  }

  #endLeaves(): void {
    if (this.#leaves.length === 0) return
    this.holdings.leaves.set(this.holdings.manifests.at(-1)!.id, new Blob(this.#leaves))
    this.#leaves = []
  }
}

/** The key is one that is allowed, spelled as it is kept, and the one that the fingerprint names. */
function checkKey(
  kind: RecordKind,
  { fingerprint, public_key_pem }: Pick<PeerRecord, 'fingerprint' | 'public_key_pem'>,
): void {
  const key = readPublicKey(public_key_pem)
  if (key.fingerprint !== fingerprint || key.pem !== public_key_pem) throw invalid(kind, 'another key')
}

/** Whether a peer stands as its own history says. */
function isDecided({ history, state, compared, added_at, revoked_at, reason }: PeerRecord): boolean {
  const comparison = history.findLast((each) => each.compared !== undefined)
  const last = history.at(-1)!
  return (
    history.every(
      ({ what, compared: how, reason: why }, i) =>
        what === (i === 0 ? 'trusted' : i % 2 === 1 ? 'revoked' : 'reinstated') &&
        (what === 'revoked') === (how === undefined) &&
        (what === 'revoked' || why === undefined),
    ) &&
    state === (last.what === 'revoked' ? 'revoked' : 'trusted') &&
    compared === comparison?.compared &&
    added_at === history[0]!.at &&
    revoked_at === (state === 'revoked' ? last.at : undefined) &&
    reason === last.reason
  )
}

/** The records as lines, in their order, without comma and LF. `leavesOf` answers the leaves of a manifest, 32 bytes each. */
export async function* encodeHoldings(
  holdings: Omit<Holdings, 'leaves'>,
  leavesOf: (manifest: string) => Promise<Uint8Array>,
): AsyncGenerator<{ readonly kind: RecordKind; readonly line: string }> {
  const one = (kind: RecordKind, value: object) => ({ kind, line: encodeRecord(kind, value) })
  const all = function* (kind: RecordKind, values: readonly object[]) {
    for (const value of values) yield one(kind, value)
  }
  yield* all('audit', holdings.audit)
  // The key stays behind: it is not even readable.
  yield* all(
    'identity',
    holdings.identities.map(({ key: _, ...identity }) => identity),
  )
  yield* all('peer', holdings.peers)
  for (const { evidence, ...manifest } of holdings.manifests) {
    yield one('manifest', manifest)
    for (const line of evidence) yield one('evidence', { statement: JSON.parse(line) as object })
    const leaves = await leavesOf(manifest.id)
    for (let from = 0; from < leaves.length; from += 32 * LEAVES_A_LINE)
      yield one('leaves', { bytes: toBase64(leaves.subarray(from, from + 32 * LEAVES_A_LINE)) })
  }
  yield* all('place', holdings.places)
  yield* all('fork', holdings.forks)
  yield* all('stream', holdings.streams)
  yield* all('tombstone', holdings.tombstones)
  for (const { erased, ...batch } of holdings.batches) {
    yield one('batch', batch)
    yield* all('erased', erased)
  }
  yield* all('setting', holdings.settings)
}

function encodeRecord(kind: RecordKind, value: object): string {
  return canonicalize({ [kind]: value }, RECORD_DEPTH)
}

function invalid(kind: RecordKind, what: string): ExchangeError {
  return new ExchangeError('archive_invalid', `${kind}: ${what}`)
}
