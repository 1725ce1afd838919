import { checkAuditRow, type AuditRow } from '../core/audit.ts'
import type { JsonObject, JsonValue } from '../core/canonical.ts'
import { isObject } from '../core/canonical.ts'
import type { IntegrityReport } from '../core/integrity.ts'
import type { Database } from '../store/database.ts'
import type { Findings } from './integrity-findings.ts'

const ROWS_AT_ONCE = 1000

/** What the audit rows say was done: the rest of the store is held against it, so that nothing changes beside them. */
export class History {
  head: IntegrityReport['audit_head'] = null
  /** Lines of our own that were ever added. */
  ownLines = 0
  /** Lines that each manifest's imports made rows of, since its peer's memories were last taken out. */
  readonly imported = new Map<string, { readonly issuer: string; rows: number }>()
  /** Manifests made and imported. */
  readonly manifests = new Map<string, 'made' | 'imported'>()
  readonly peers = new Map<string, { label: string; state: 'trusted' | 'revoked' }>()
  readonly identities = new Map<string, { label: string }>()
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
      }
      findings.check('audit', rows.length)
      findings.step(rows.length)
      more = rows.length === ROWS_AT_ONCE
    }
    if (before !== null) history.head = { seq: before.seq, row_hash: before.row_hash }
    // Every deed counts one up beside its row: a chain cut at its end falls short of the count.
    const deeds = Number((await db.get('settings', 'generation'))?.value ?? 0)
    if (deeds !== (history.head?.seq ?? 0)) findings.fault('audit_gap', { seq: (history.head?.seq ?? 0) + 1 })
    return history
  }

  #take({ operation, subject }: AuditRow): void {
    const text = (name: string) => String(subject[name])
    const count = (name: string) => Number(subject[name] ?? 0)
    this.ownLines += count('added')
    for (const fork of listOf(subject['forks']))
      this.forks.set(String(fork['refused']), {
        issuer: String(fork['issuer']),
        stream: String(fork['stream']),
        frozen: true,
      })
    switch (operation) {
      case 'manifest_imported': {
        const known = this.imported.get(text('manifest')) ?? { issuer: text('issuer'), rows: 0 }
        known.rows += count('imported')
        this.imported.set(text('manifest'), known)
        this.manifests.set(text('manifest'), 'imported')
        break
      }
      case 'manifest_exported':
        this.manifests.set(text('manifest'), 'made')
        this.streams.set(text('stream'), { ...this.#stream(text('stream')), last: text('manifest') })
        break
      case 'sequence_reserved':
        this.streams.set(text('stream'), { ...this.#stream(text('stream')), issued: count('sequence') })
        break
      case 'peer_memories_removed':
        for (const [manifest, { issuer }] of this.imported)
          if (issuer === text('fingerprint')) this.imported.delete(manifest)
        break
      case 'stream_resumed':
        for (const fork of this.forks.values())
          if (fork.issuer === text('issuer') && fork.stream === text('stream')) fork.frozen = false
        break
      case 'identity_created':
      case 'identity_restored':
      case 'identity_renamed':
        this.identities.set(text('fingerprint'), { label: text('label') })
        break
      default:
        this.#takePeer(operation, text)
    }
  }

  #takePeer(operation: string, text: (name: string) => string): void {
    const fingerprint = text('fingerprint')
    const known = this.peers.get(fingerprint)
    if (operation === 'peer_trusted') this.peers.set(fingerprint, { label: text('label'), state: 'trusted' })
    else if (known === undefined) return
    else if (operation === 'peer_revoked') known.state = 'revoked'
    else if (operation === 'peer_reinstated') known.state = 'trusted'
    else if (operation === 'peer_renamed') known.label = text('label')
  }

  #stream(stream: string) {
    return this.streams.get(stream) ?? { issued: 0, last: null }
  }
}

function listOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
