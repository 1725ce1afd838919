import { equalBytes, toHex } from '../core/bytes.ts'
import type { IntegrityReport } from '../core/integrity.ts'
import type { Memory } from '../core/memory.ts'
import { ByteTable } from '../store/byte-table.ts'
import type { Database } from '../store/database.ts'
import type { Page } from '../store/page.ts'
import { checkPage, isPage } from '../store/page-check.ts'
import type { BatchRecord, SegmentRecord } from '../store/schema.ts'
import { readStored } from '../store/segment.ts'
import { Findings } from './integrity-findings.ts'
import { History } from './integrity-history.ts'
import { checkIdentities, checkPeers } from './integrity-keys.ts'
import { checkManifests, checkStreams, type Register } from './integrity-register.ts'
import type { TaskContext } from './protocol.ts'

const TRIES = 4

/** What the walk finds; when it began and ended is for the caller to say. */
export type Walked = Omit<IntegrityReport, 'format' | 'begun_at' | 'ended_at'>

/**
 * Walks the whole store and recomputes what can be: audit chain, manifests with their leaves and evidence, streams,
 * every line with its columns and its lineage, keys and peers. Other tabs may write meanwhile: each page is read
 * together with its segment and batch, and what a deed took away is no fault. Throws `cancelled`.
 */
export async function checkStore(db: Database, context: TaskContext): Promise<Walked> {
  for (let tries = 1; ; tries++) {
    const generation = await generationOf(db)
    const walked = await walk(db, context)
    // A deed of another tab may have come between two of the readings: only what stands still is called a fault.
    if (walked.result === 'holds' || tries === TRIES || (await generationOf(db)) === generation) return walked
  }
}

async function generationOf(db: Database): Promise<unknown> {
  return (await db.get('settings', 'generation'))?.value
}

async function walk(db: Database, context: TaskContext): Promise<Walked> {
  const findings = new Findings(await countAll(db), context)
  const history = await History.read(db, findings)
  const register = await checkManifests(db, history, findings)
  await checkStreams(db, register, history, findings)
  await new LineWalk(db, register, history, findings).run()
  await checkIdentities(db, history, findings)
  await checkPeers(db, history, findings)
  const { areas, faults } = findings
  return { result: faults.length === 0 ? 'holds' : 'faults', areas, faults, audit_head: history.head }
}

/** Audit rows, manifests and lines. */
async function countAll(db: Database): Promise<number> {
  let lines = 0
  for (
    let cursor = await db.transaction('pages').store.openCursor();
    cursor;
    cursor = await cursor.continue()
  )
    lines += countOf(cursor.value)
  return lines + (await db.count('audit')) + (await db.count('manifests'))
}

function countOf(page: { readonly count?: unknown }): number {
  return typeof page.count === 'number' && page.count >= 0 ? page.count : 0
}

/** One page with what belongs to it, as they stood at one moment. */
interface Held {
  readonly page: Page | undefined
  readonly segment: SegmentRecord | undefined
  readonly batch: BatchRecord | undefined
}

class LineWalk {
  readonly #db: Database
  readonly #register: Register
  readonly #history: History
  readonly #findings: Findings
  readonly #identities: ReadonlySet<string>
  /** Lines met of each batch. */
  readonly #lines = new Map<string, number>()
  readonly #keys = new ByteTable()
  readonly #erased: { readonly key: Uint8Array; readonly segment: number; readonly row: number }[] = []
  #leaves: { readonly id: string; readonly bytes: Uint8Array | null } = { id: '', bytes: null }

  constructor(db: Database, register: Register, history: History, findings: Findings) {
    this.#db = db
    this.#register = register
    this.#history = history
    this.#findings = findings
    this.#identities = new Set(history.identities.keys())
  }

  async run(): Promise<void> {
    // Deeds of other tabs add behind what is there now, and take away in whole batches.
    const [pages, segments] = [await this.#db.getAllKeys('pages'), await this.#db.getAllKeys('segments')]
    const batches = await this.#db.getAll('batches')
    for (const id of new Set([...pages, ...segments])) await this.#checkSegment(id)
    await this.#checkBatches(batches)
    await this.#checkErased()
  }

  async #checkSegment(id: number): Promise<void> {
    const held = await this.#hold(id)
    const { page, segment, batch } = held
    if (page === undefined && segment === undefined) return
    if (batch?.state === 'staged') return
    const lines = page === undefined ? 0 : countOf(page)
    this.#findings.check('memories', lines)
    const faultOfAll = async () => {
      if (page === undefined) return 'page_missing'
      if (segment === undefined) return 'segment_missing'
      if (batch === undefined) return 'batch_missing'
      if (!isBatch(batch)) return 'batch_wrong'
      const bytes = await readAll(segment)
      if (bytes === null) return (await this.#hold(id)).page === undefined ? null : 'segment_damaged'
      if (!isPage(page, bytes.length)) return 'columns_wrong'
      await this.#checkLines(page, bytes, batch)
      return null
    }
    const fault = await faultOfAll()
    if (fault !== null) this.#findings.fault(fault, { segment: id })
    if (page !== undefined) this.#lines.set(page.batch, (this.#lines.get(page.batch) ?? 0) + lines)
    this.#findings.step(lines)
  }

  async #hold(id: number): Promise<Held> {
    const tx = this.#db.transaction(['pages', 'segments', 'batches'])
    const [page, segment] = await Promise.all([
      tx.objectStore('pages').get(id),
      tx.objectStore('segments').get(id),
    ])
    const name: unknown = page?.batch
    const batch = typeof name === 'string' ? await tx.objectStore('batches').get(name) : undefined
    await tx.done
    return { page, segment, batch }
  }

  async #checkLines(page: Page, bytes: Uint8Array, batch: BatchRecord): Promise<void> {
    const isImported = batch.origin !== null
    const leaves = isImported ? await this.#leavesOf(batch.origin.manifest) : null
    const originHolds = isImported && this.#checkOrigin(page, batch)
    for (const { row, memory, fault } of checkPage(page, bytes)) {
      const key = page.keys.subarray(32 * row, 32 * row + 32)
      const place = { segment: page.id, row, key: toHex(key) }
      if (fault !== null) this.#findings.fault(fault, row < page.count ? place : { segment: page.id })
      if (fault !== null && memory === null) continue
      this.#findings.check('lineage')
      if (originHolds && !isLeafAt(page, row, leaves)) this.#findings.fault('leaf_unproven', place)
      // The place in a manifest is nothing that a memory of our own has.
      if (!isImported && page.indexes[row] !== 0) this.#findings.fault('columns_wrong', place)
      if (memory === null) {
        this.#erased.push({ key: key.slice(), segment: page.id, row })
      } else {
        this.#keys.add(key)
        if (!isImported) this.#checkAuthor(memory, place)
      }
    }
  }

  #checkAuthor(memory: Memory, place: { segment: number; row: number; key: string }): void {
    if (!this.#identities.has(memory.author)) this.#findings.fault('author_unknown', place)
  }

  /** Whether the manifest that a batch names is held and says what the batch says of it. */
  #checkOrigin(page: Page, { origin }: BatchRecord): boolean {
    const held = this.#register.manifests.get(origin!.manifest)
    const place = { segment: page.id, manifest: String(origin!.manifest) }
    if (held === undefined) {
      this.#findings.fault('manifest_missing', place)
      return false
    }
    const { header } = held
    const isIt =
      origin!.fingerprint === header.issuer.fingerprint &&
      origin!.merkle_root === header.merkle_root &&
      origin!.stream === header.stream &&
      origin!.sequence === header.sequence
    if (!isIt) this.#findings.fault('origin_wrong', place)
    return isIt
  }

  /** Leaves of a manifest whose root was rebuilt; null where it was not or could not. One is kept: pages follow each other. */
  async #leavesOf(id: string): Promise<Uint8Array | null> {
    if (this.#leaves.id !== id) {
      const holds = this.#register.manifests.get(id)?.leavesHold === true
      const kept = holds ? (await this.#db.get('leaves', id))?.leaves : undefined
      this.#leaves = { id, bytes: kept === undefined ? null : await readStored(kept) }
    }
    return this.#leaves.bytes
  }

  /** Batches lose no lines: what is deleted keeps its place, and a peer's memories go batch by batch. */
  async #checkBatches(before: readonly BatchRecord[]): Promise<void> {
    const [present, isBefore] = [new Set<string>(), new Set(before.map(({ id }) => id))]
    let own = 0
    for (const batch of await this.#db.getAll('batches')) {
      if (batch.state === 'staged') continue
      if (batch.origin) present.add(batch.origin.manifest)
      else own += this.#lines.get(batch.id) ?? batch.lines ?? 0
      // Of one that came while the walk was on, its lines may not have been met.
      if (!isBefore.has(batch.id)) continue
      if (batch.lines !== undefined && this.#lines.get(batch.id) !== batch.lines)
        this.#findings.fault('memories_missing', batch.origin ? { manifest: batch.origin.manifest } : {})
    }
    if (own < this.#history.ownLines) this.#findings.fault('memories_missing')
    for (const [manifest, { rows }] of this.#history.imported) {
      if (rows > 0 && !present.has(manifest)) this.#findings.fault('memories_missing', { manifest })
    }
  }

  /** What a person deleted stays deleted: by its tombstone, unless they wrote it again. */
  async #checkErased(): Promise<void> {
    const tombstones = new Set(await this.#db.getAllKeys('tombstones'))
    for (const { key, segment, row } of this.#erased) {
      if (!tombstones.has(toHex(key)) && this.#keys.find(key) === -1)
        this.#findings.fault('tombstone_missing', { segment, row, key: toHex(key) })
    }
  }
}

function isBatch({ state, origin, lines }: BatchRecord): boolean {
  return state === 'visible' && typeof origin === 'object' && (lines === undefined || Number.isInteger(lines))
}

function isLeafAt(page: Page, row: number, leaves: Uint8Array | null): boolean {
  const at = 32 * page.indexes[row]!
  const leaf = page.leaves.subarray(32 * row, 32 * row + 32)
  return leaves !== null && equalBytes(leaves.subarray(at, at + 32), leaf)
}

/** Null where it cannot be read, or is nothing that lines are kept in. */
async function readAll({ lines }: { readonly lines: unknown }): Promise<Uint8Array | null> {
  if (!(lines instanceof Blob) && !(lines instanceof Uint8Array)) return null
  try {
    return await readStored(lines)
  } catch {
    return null
  }
}
