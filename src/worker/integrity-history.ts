import { checkAuditRow, type AuditRow } from '../core/audit.ts'
import type { JsonObject, JsonValue } from '../core/canonical.ts'
import { isObject } from '../core/canonical.ts'
import type { IntegrityReport } from '../core/integrity.ts'
import type { Database } from '../store/database.ts'
import type { PeerRecord } from '../store/schema.ts'
import type { Findings } from './integrity-findings.ts'

const ROWS_AT_ONCE = 1000
const ROWS_A_PAUSE = 64

/** What an import or several of one manifest brought, since its peer's memories were last taken out. */
export interface Brought {
  readonly issuer: string
  /** Lines that became rows. */
  rows: number
  /** All lines, attestations too; null where a row of an earlier version does not say. */
  lines: number | null
  /** What the peer was called each time. */
  readonly labels: Set<string>
}

export interface PeerDecisions {
  label: string
  state: 'trusted' | 'revoked'
  /** What was decided, oldest first; when is the record's own. */
  readonly history: readonly Omit<PeerRecord['history'][number], 'at'>[]
}

/** Sums and leaves of what was deleted; null where rows of an earlier version do not say. */
interface Deletions {
  lines: number
  versions: number
  /** Lines deleted before that went with their peer's. */
  gone: number | null
  /** Deleted memories that a person wrote again. */
  lifted: number | null
  /** Hex leaf of the memory of each deed. */
  readonly leaves: { readonly leaf: string; readonly seq: number }[]
}

/** What the audit rows say was done: the rest of the store is held against it, so that nothing changes beside them. */
export class History {
  head: IntegrityReport['audit_head'] = null
  /** A backup was restored into this store when it had memories of its own. */
  isMerged = false
  /** Memories of our own: how many were ever added, and under which root by which row. */
  readonly own: { lines: number; readonly roots: Map<string, number>; readonly rootless: number[] } = {
    lines: 0,
    roots: new Map(),
    rootless: [],
  }
  readonly deletions: Deletions = { lines: 0, versions: 0, gone: 0, lifted: 0, leaves: [] }
  readonly imported = new Map<string, Brought>()
  /** Manifests whose memories were taken out with their peer's, perhaps to come again. */
  readonly removed = new Set<string>()
  /** Manifests made and imported. */
  readonly manifests = new Map<string, 'made' | 'imported'>()
  readonly peers = new Map<string, PeerDecisions>()
  readonly identities = new Map<
    string,
    {
      label: string
      backup: boolean
      restored: boolean
      /** Its private key was here since. */ held: boolean
    }
  >()
  /** Per stream of ours: how many sequences were reserved, and the manifest signed last. */
  readonly streams = new Map<string, { issued: number; last: string | null }>()
  /** Ids of refused manifests of forks, and whether a person let the stream go on since. */
  readonly forks = new Map<string, { readonly issuer: string; readonly stream: string; frozen: boolean }>()

  /** Walks the chain in runs. Rows that are wrong say nothing. */
  static async read(db: Database, findings: Findings): Promise<History> {
    const history = new History()
    let before: AuditRow | null = null
    for (let after = 0, more = true; more;) {
      const range = IDBKeyRange.lowerBound(after, true)
      const [keys, rows] = await Promise.all([
        db.getAllKeys('audit', range, ROWS_AT_ONCE),
        db.getAll('audit', range, ROWS_AT_ONCE),
      ])
      for (const [i, row] of rows.entries()) {
        const fault = checkAuditRow(row, before)
        if (fault !== null) findings.fault(fault, { seq: keys[i]! })
        if (fault !== 'audit_row_changed') {
          before = row
          history.#take(row)
        }
        after = keys[i]!
        if (i % ROWS_A_PAUSE === 0) await findings.pause()
      }
      findings.check('audit', rows.length)
      findings.step(rows.length)
      more = rows.length === ROWS_AT_ONCE
    }
    if (before !== null) history.head = { seq: before.seq, row_hash: before.row_hash }
    // Every deed counts one up beside its row: a chain cut at its end falls short of the count.
    const deeds: unknown = (await db.get('settings', 'generation'))?.value ?? 0
    const last = history.head?.seq ?? 0
    if (deeds !== last) findings.fault('audit_gap', { seq: last + 1 })
    return history
  }

  #take({ operation, subject, seq, leaf_hash }: AuditRow): void {
    const deed = new Subject(subject)
    this.#takeAdded(deed, seq, leaf_hash)
    for (const fork of deed.list('forks'))
      this.forks.set(fork.text('refused'), {
        issuer: fork.text('issuer'),
        stream: fork.text('stream'),
        frozen: true,
      })
    switch (operation) {
      case 'memory_written':
      case 'memory_edited':
        this.deletions.lifted = sum(this.deletions.lifted, deed.count('lifted'))
        break
      case 'memory_deleted':
        this.deletions.lines += deed.count('lines') ?? 0
        this.deletions.versions += deed.count('versions') ?? 0
        if (leaf_hash !== undefined) this.deletions.leaves.push({ leaf: leaf_hash, seq })
        break
      case 'manifest_imported':
        this.#takeImport(deed)
        break
      case 'manifest_exported':
        this.manifests.set(deed.text('manifest'), 'made')
        this.#takeStream(deed, { last: deed.text('manifest') })
        break
      case 'sequence_reserved':
        this.#takeStream(deed, { issued: deed.count('sequence') ?? 0 })
        break
      case 'peer_memories_removed':
        this.#takeRemoval(deed)
        break
      case 'stream_resumed':
        for (const fork of this.forks.values())
          if (fork.issuer === deed.text('issuer') && fork.stream === deed.text('stream')) fork.frozen = false
        break
      case 'identity_created':
      case 'identity_restored':
      case 'identity_renamed':
        this.#takeIdentity(deed, operation)
        break
      case 'store_restored':
        this.#takeRestored()
        break
      case 'store_merged':
        this.#takeMerged(deed)
        break
      default:
        this.#takePeer(deed, operation)
    }
  }

  /** A store came back from a backup: without private keys, and without the streams of ours, which were given up. */
  #takeRestored(): void {
    this.streams.clear()
    for (const identity of this.identities.values()) Object.assign(identity, { restored: true, held: false })
  }

  /** What a backup brought into a store that had its own: the row names all of it, for that chain is not this one. */
  #takeMerged(deed: Subject): void {
    this.isMerged = true
    for (const each of deed.list('identities'))
      this.identities.set(each.text('fingerprint'), {
        label: each.text('label'),
        backup: each.is('backup'),
        restored: true,
        held: false,
      })
    for (const each of deed.list('peers')) {
      const history = each.list('history').map((decision) => decision.toDecision())
      const state = history.at(-1)?.what === 'revoked' ? 'revoked' : 'trusted'
      this.peers.set(each.text('fingerprint'), { label: each.text('label'), state, history })
    }
    for (const each of deed.list('manifests')) {
      const [manifest, isMade] = [each.text('manifest'), each.is('made')]
      this.manifests.set(manifest, isMade ? 'made' : 'imported')
      if (!isMade) this.removed.add(manifest)
    }
    for (const each of deed.list('batches')) {
      const [manifest, issuer] = [each.text('manifest'), each.text('issuer')]
      const known = this.imported.get(manifest) ?? { issuer, rows: 0, lines: 0, labels: new Set() }
      known.rows += each.count('added') ?? 0
      known.lines = sum(known.lines, each.count('lines'))
      known.labels.add(each.text('label'))
      this.imported.set(manifest, known)
    }
    for (const each of deed.list('known_forks'))
      this.forks.set(each.text('refused'), {
        issuer: each.text('issuer'),
        stream: each.text('stream'),
        frozen: each.is('frozen'),
      })
    const gone = deed.count('gone') ?? 0
    this.deletions.lines += (deed.count('erased') ?? 0) + gone
    this.deletions.versions += deed.count('tombstones') ?? 0
    this.deletions.gone = sum(this.deletions.gone, gone)
  }

  /** A memory alone is its own root. */
  #takeAdded(deed: Subject, seq: number, leaf = ''): void {
    const added = deed.count('added') ?? 0
    if (added === 0) return
    this.own.lines += added
    const root = leaf || deed.text('merkle_root')
    if (root === '') this.own.rootless.push(added)
    else this.own.roots.set(root, seq)
  }

  #takeImport(deed: Subject): void {
    const [manifest, issuer] = [deed.text('manifest'), deed.text('issuer')]
    const known = this.imported.get(manifest) ?? { issuer, rows: 0, lines: 0, labels: new Set() }
    known.rows += deed.count('imported') ?? 0
    known.lines = sum(known.lines, deed.count('lines'))
    known.labels.add(this.peers.get(issuer)?.label ?? '')
    this.imported.set(manifest, known)
    this.manifests.set(manifest, 'imported')
  }

  #takeRemoval(deed: Subject): void {
    this.deletions.gone = sum(this.deletions.gone, deed.count('erased'))
    for (const [manifest, { issuer }] of this.imported) {
      if (issuer !== deed.text('fingerprint')) continue
      this.imported.delete(manifest)
      this.removed.add(manifest)
    }
  }

  #takeStream(deed: Subject, news: { issued?: number; last?: string }): void {
    const known = this.streams.get(deed.text('stream')) ?? { issued: 0, last: null }
    this.streams.set(deed.text('stream'), { ...known, ...news })
  }

  #takeIdentity(deed: Subject, operation: string): void {
    const label = deed.text('label')
    const known = this.identities.get(deed.text('fingerprint'))
    if (operation !== 'identity_renamed')
      this.identities.set(deed.text('fingerprint'), {
        label,
        backup: deed.is('backup'),
        restored: operation === 'identity_restored',
        held: true,
      })
    else if (known !== undefined) known.label = label
  }

  #takePeer(deed: Subject, operation: string): void {
    const fingerprint = deed.text('fingerprint')
    const known = this.peers.get(fingerprint)
    const compared = deed.text('compared') as NonNullable<PeerRecord['compared']>
    if (operation === 'peer_trusted')
      this.peers.set(fingerprint, {
        label: deed.text('label'),
        state: 'trusted',
        history: [{ what: 'trusted', compared }],
      })
    else if (known === undefined) return
    else if (operation === 'peer_renamed') known.label = deed.text('label')
    else if (operation === 'peer_reinstated')
      this.peers.set(fingerprint, {
        ...known,
        state: 'trusted',
        history: [...known.history, { what: 'reinstated', compared }],
      })
    else if (operation === 'peer_revoked') {
      const reason = deed.text('reason')
      const revoked = { what: 'revoked', ...(reason === '' ? {} : { reason }) } as const
      this.peers.set(fingerprint, { ...known, state: 'revoked', history: [...known.history, revoked] })
    }
  }
}

/** What a row says was done to what. It is canonical, and may still be anything: whoever can write here can hash. */
class Subject {
  readonly #members: JsonObject

  constructor(members: JsonObject) {
    this.#members = members
  }

  toDecision(): PeerDecisions['history'][number] {
    const { what, compared, reason } = this.#members as unknown as PeerDecisions['history'][number]
    return {
      what,
      ...(compared === undefined ? {} : { compared }),
      ...(reason === undefined ? {} : { reason }),
    }
  }

  text(name: string): string {
    const value = this.#at(name)
    return typeof value === 'string' ? value : ''
  }

  /** Null where it is not said. */
  count(name: string): number | null {
    const value = this.#at(name)
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
  }

  is(name: string): boolean {
    return this.#at(name) === true
  }

  list(name: string): Subject[] {
    const value = this.#at(name)
    return Array.isArray(value) ? value.filter(isObject).map((each) => new Subject(each)) : []
  }

  #at(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#members, name) ? this.#members[name] : undefined
  }
}

/** Unknown as soon as a part of it is. */
function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}
