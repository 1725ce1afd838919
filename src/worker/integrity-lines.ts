import { equalBytes, toHex } from '../core/bytes.ts'
import type { FaultCode } from '../core/integrity.ts'
import type { Database } from '../store/database.ts'
import type { Page } from '../store/page.ts'
import { checkPage, isPage } from '../store/page-check.ts'
import type { BatchOrigin, BatchRecord, SegmentRecord } from '../store/schema.ts'
import { readStored } from '../store/segment.ts'
import type { Findings } from './integrity-findings.ts'
import { HeldLines } from './integrity-held.ts'
import type { History } from './integrity-history.ts'
import type { Register } from './integrity-register.ts'
import { kernel } from './kernel.ts'

/** One page with what belongs to it, as they stood at one moment. */
interface Held {
  readonly page: Page | undefined
  readonly segment: SegmentRecord | undefined
  readonly batch: BatchRecord | undefined
}

const LINES_A_PAUSE = 64

/** Recomputes every line of the store with its columns and its lineage. */
export class LineWalk {
  readonly #db: Database
  readonly #register: Register
  readonly #history: History
  readonly #findings: Findings
  readonly #identities: ReadonlySet<string>
  /** Lines met of each batch. */
  readonly #lines = new Map<string, number>()
  /** Manifests of which it was told that they are not held, and batches whose origin was. */
  readonly #told = new Set<string>()
  #leaves: { readonly id: string; readonly bytes: Uint8Array | null } = { id: '', bytes: null }

  constructor(db: Database, register: Register, history: History, findings: Findings) {
    this.#db = db
    this.#register = register
    this.#history = history
    this.#findings = findings
    this.#identities = new Set(history.identities.keys())
  }

  async run(): Promise<void> {
    this.#findings.begin(await this.#countLines())
    // Deeds of other tabs add behind what is there now, and take away in whole batches.
    const [pages, segments] = [await this.#db.getAllKeys('pages'), await this.#db.getAllKeys('segments')]
    const batches = await this.#db.getAll('batches')
    const tombstones = await this.#db.getAllKeys('tombstones')
    const held = new HeldLines(this.#findings, {
      history: this.#history,
      register: this.#register,
      tombstones,
    })
    for (const id of new Set([...pages, ...segments])) await this.#checkSegment(id, held)
    for (const batch of batches) await this.#checkBatch(batch)
    await held.compare(this.#db)
  }

  async #countLines(): Promise<number> {
    let lines = 0
    for (
      let cursor = await this.#db.transaction('pages').store.openCursor();
      cursor;
      cursor = await cursor.continue()
    ) {
      lines += countOf(cursor.value)
      this.#findings.throwIfCancelled()
    }
    return lines
  }

  async #checkSegment(id: number, held: HeldLines): Promise<void> {
    const { page, segment, batch } = await this.#hold(id)
    if (page === undefined && segment === undefined) return
    if (batch?.state === 'staged') return
    const lines = page === undefined ? 0 : countOf(page)
    this.#findings.check('memories', lines)
    if (page !== undefined) this.#lines.set(page.batch, (this.#lines.get(page.batch) ?? 0) + lines)
    const fault = await this.#checkHeld({ page, segment, batch }, held)
    if (fault !== null) {
      this.#findings.fault(fault, { segment: id })
      held.addIllegible(batch !== undefined && isBatch(batch) ? batch : null, lines)
      this.#findings.step(lines, lines)
    }
  }

  /** What is wrong with a segment as a whole; its lines, where nothing is, are walked. */
  async #checkHeld({ page, segment, batch }: Held, held: HeldLines): Promise<FaultCode | null> {
    if (page === undefined) return 'page_missing'
    if (segment === undefined) return 'segment_missing'
    if (batch === undefined) return 'batch_missing'
    if (!isBatch(batch)) return 'batch_wrong'
    const bytes = await readAll(segment)
    // Taken out with its peer's while it was read.
    if (bytes === null && (await this.#hold(page.id)).page === undefined) return null
    if (bytes === null) return 'segment_damaged'
    if (!isPage(page, bytes.length)) return 'columns_wrong'
    held.addPage(page, batch)
    await this.#checkLines(page, bytes, batch.origin)
    return null
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

  async #checkLines(page: Page, bytes: Uint8Array, origin: BatchOrigin | null): Promise<void> {
    const isProvable = origin !== null && this.#checkOrigin(page, origin)
    const leaves = isProvable ? await this.#leavesOf(origin.manifest) : null
    let lines = 0
    for (const { row, memory, fault } of checkPage(page, bytes, kernel)) {
      const key = page.keys.subarray(32 * row, 32 * row + 32)
      const place = { segment: page.id, row, key: toHex(key) }
      if (fault !== null) this.#findings.fault(fault, row < page.count ? place : { segment: page.id })
      if (fault === null || memory !== null) {
        this.#findings.check('lineage')
        if (origin === null) {
          this.#findings.lineage.own++
          // The place in a manifest is nothing that a memory of our own has.
          if (page.indexes[row] !== 0) this.#findings.fault('columns_wrong', place)
          if (memory !== null && !this.#identities.has(memory.author))
            this.#findings.faultByHistory('author_unknown', place)
        } else if (leaves !== null) {
          if (isLeafAt(page, row, leaves)) this.#findings.lineage.signed++
          else this.#findings.fault('leaf_unproven', { ...place, manifest: origin.manifest })
        }
      }
      if (row < page.count) lines++
      if (lines % LINES_A_PAUSE === 0) await this.#findings.pause()
    }
    this.#findings.step(lines, lines)
  }

  /** Whether the manifest that a batch names is held, says what the batch says of it, and has its leaves. Told once. */
  #checkOrigin(page: Page, origin: BatchOrigin): boolean {
    const { manifest } = origin
    const held = this.#register.manifests.get(manifest)
    const isFirst = !this.#told.has(page.batch)
    this.#told.add(page.batch)
    if (held === undefined) {
      this.#findings.doubt('lineage')
      const isTold = this.#register.present.has(manifest) || this.#told.has(manifest)
      this.#told.add(manifest)
      if (!isTold) this.#findings.fault('manifest_missing', { manifest })
      return false
    }
    const { header } = held
    const isIt =
      origin.fingerprint === header.issuer.fingerprint &&
      origin.merkle_root === header.merkle_root &&
      origin.stream === header.stream &&
      origin.sequence === header.sequence
    const place = { segment: page.id, manifest }
    if (!isIt && isFirst) this.#findings.fault('origin_wrong', place)
    const labels = this.#history.imported.get(manifest)?.labels
    if (isIt && isFirst && labels?.has(origin.label) === false)
      this.#findings.faultByHistory('origin_name_wrong', place)
    if (!held.leavesHold) this.#findings.doubt('lineage')
    return isIt && held.leavesHold
  }

  /** Leaves of a manifest whose root was rebuilt. One is kept: pages follow each other. */
  async #leavesOf(id: string): Promise<Uint8Array | null> {
    if (this.#leaves.id !== id) {
      const kept = (await this.#db.get('leaves', id))?.leaves
      this.#leaves = { id, bytes: kept === undefined ? null : await readStored(kept) }
    }
    return this.#leaves.bytes
  }

  /** Batches lose no lines: what is deleted keeps its place, and a peer's memories go batch by batch. */
  async #checkBatch({ id, state, lines, origin }: BatchRecord): Promise<void> {
    if (state === 'staged' || lines === undefined || this.#lines.get(id) === lines) return
    // One taken out meanwhile has taken its lines along.
    if ((await this.#db.get('batches', id)) === undefined) return
    const manifest: unknown = origin?.manifest
    this.#findings.fault('memories_missing', typeof manifest === 'string' ? { manifest } : {})
  }
}

function countOf(page: { readonly count?: unknown }): number {
  return typeof page.count === 'number' && Number.isInteger(page.count) && page.count >= 0 ? page.count : 0
}

function isBatch({ state, origin, lines }: BatchRecord): boolean {
  return (
    state === 'visible' &&
    (origin === null || isOrigin(origin)) &&
    (lines === undefined || Number.isInteger(lines))
  )
}

/** What a page of it leans on; what else stands there is compared. */
function isOrigin(origin: unknown): boolean {
  if (typeof origin !== 'object' || origin === null) return false
  return ['fingerprint', 'label', 'manifest'].every((name) => typeof Reflect.get(origin, name) === 'string')
}

function isLeafAt(page: Page, row: number, leaves: Uint8Array): boolean {
  const at = 32 * page.indexes[row]!
  const leaf = page.leaves.subarray(32 * row, 32 * row + 32)
  return equalBytes(leaves.subarray(at, at + 32), leaf)
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
