import { fromHex, toHex } from '../core/bytes.ts'
import type { FaultPlace } from '../core/integrity.ts'
import { TreeHasher } from '../core/merkle.ts'
import { ByteTable } from '../store/byte-table.ts'
import type { Database } from '../store/database.ts'
import type { Page } from '../store/page.ts'
import type { BatchRecord } from '../store/schema.ts'
import { readStored } from '../store/segment.ts'
import type { Findings } from './integrity-findings.ts'
import type { History } from './integrity-history.ts'
import type { Register } from './integrity-register.ts'

interface OwnBatch {
  readonly id: string
  readonly tree: TreeHasher
  lines: number
  /** Where its first line stands. */
  readonly place: FaultPlace
}

interface Erased {
  readonly key: Uint8Array
  readonly leaf: Uint8Array
  readonly place: FaultPlace
}

const LEAVES_A_PAUSE = 256

/**
 * What is held, line by line, against what deeds put there and took out: nothing comes, goes or is exchanged beside
 * the audit rows, even where whoever did it made every hash anew.
 */
export class HeldLines {
  readonly #findings: Findings
  readonly #history: History
  readonly #register: Register
  readonly #tombstones: ReadonlySet<string>
  readonly #ownKeys = new ByteTable()
  readonly #ownLeaves = new ByteTable()
  /** Leaves that peers brought: asked for only where something was handed over. */
  readonly #broughtLeaves: ByteTable | null
  /** Keys of memories that peers brought: a backup may have brought the place of one that was deleted elsewhere. */
  readonly #broughtKeys: ByteTable | null
  readonly #erased: Erased[] = []
  /** Leaves that deleted memories of our own had replaced. */
  readonly #replaced: { readonly leaf: string; readonly place: FaultPlace }[] = []
  /** One byte a memory of each manifest: whether a line with its text is held. */
  readonly #indexes = new Map<string, Uint8Array>()
  /** Lines of each manifest, erased ones too. */
  readonly #broughtLines = new Map<string, number>()
  #ownLines = 0
  #batch: OwnBatch | null = null
  /** Whether every page could be read, and of which batches of our own one could not. */
  #isWhole = true
  readonly #illegible = new Set<string>()
  readonly #roots = new Set<string>()
  readonly #unrecorded: { readonly lines: number; readonly place: FaultPlace }[] = []

  constructor(
    findings: Findings,
    {
      history,
      register,
      tombstones,
    }: { history: History; register: Register; tombstones: Iterable<unknown> },
  ) {
    this.#findings = findings
    this.#history = history
    this.#register = register
    this.#tombstones = new Set([...tombstones].map(String))
    this.#broughtKeys = history.isMerged ? new ByteTable() : null
    this.#broughtLeaves = [...history.manifests.values()].includes('made') ? new ByteTable() : null
  }

  /** Lines that cannot be told apart: they count, and what they are is not known. Without a batch, nor whose. */
  addIllegible(batch: BatchRecord | null, lines: number): void {
    this.#isWhole = false
    if (batch === null) return
    if (batch.origin === null) {
      this.#ownLines += lines
      this.#illegible.add(batch.id)
    } else this.#addBrought(batch, lines)
  }

  /** The lines of a page whose columns have their form. */
  addPage(page: Page, batch: BatchRecord): void {
    const erased = new Set(page.erased)
    if (batch.origin === null) this.#addOwn(page, batch.id)
    else {
      this.#addBrought(batch, page.count)
      for (let row = 0; row < page.count; row++) this.#broughtLeaves?.add(page.leaves, 32 * row)
    }
    for (let row = 0; row < page.count; row++) {
      const key = page.keys.subarray(32 * row, 32 * row + 32)
      const leaf = page.leaves.subarray(32 * row, 32 * row + 32)
      const place = { segment: page.id, row, key: toHex(key) }
      if (erased.has(row)) this.#erased.push({ key: key.slice(), leaf: leaf.slice(), place })
      else this.#addLine(page, row, batch, place)
    }
  }

  #addLine(page: Page, row: number, { origin }: BatchRecord, place: { key: string }): void {
    if (this.#tombstones.has(place.key)) this.#findings.fault('tombstone_unrecorded', place)
    if (origin === null) {
      this.#ownKeys.add(page.keys, 32 * row)
      return
    }
    this.#broughtKeys?.add(page.keys, 32 * row)
    const known = this.#register.manifests.get(origin.manifest)
    if (known?.leavesHold !== true) return
    const indexes = this.#indexes.get(origin.manifest) ?? new Uint8Array(known.header.memory_count)
    this.#indexes.set(origin.manifest, indexes)
    const index = page.indexes[row]!
    if (indexes[index] === 1)
      this.#findings.fault('memory_doubled', { ...place, manifest: origin.manifest, index })
    indexes[index] = 1
  }

  #addOwn(page: Page, batch: string): void {
    const place = { segment: page.id, row: 0, key: toHex(page.keys.subarray(0, 32)) }
    // Pages of one batch follow each other: only one deed at a time writes.
    if (this.#batch?.id !== batch) this.#endBatch()
    this.#batch ??= { id: batch, tree: new TreeHasher(), lines: 0, place }
    this.#batch.tree.push(page.leaves)
    this.#batch.lines += page.count
    this.#ownLines += page.count
    const erased = new Set(page.erased)
    for (const { row, leaves } of page.supersedes)
      for (const leaf of erased.has(row) ? leaves : [])
        this.#replaced.push({ leaf, place: { segment: page.id, row } })
    for (let row = 0; row < page.count; row++) {
      const leaves = this.#ownLeaves.size
      if (this.#ownLeaves.add(page.leaves, 32 * row) < leaves) {
        const key = toHex(page.keys.subarray(32 * row, 32 * row + 32))
        this.#findings.fault('memory_doubled', { segment: page.id, row, key })
      }
    }
  }

  #addBrought({ origin }: BatchRecord, lines: number): void {
    const { manifest } = origin!
    this.#broughtLines.set(manifest, (this.#broughtLines.get(manifest) ?? 0) + lines)
  }

  #endBatch(): void {
    if (this.#batch === null || this.#batch.lines === 0) return
    const { id, tree, lines, place } = this.#batch
    const root = toHex(tree.root())
    this.#batch = null
    if (this.#illegible.has(id)) return
    this.#roots.add(root)
    if (!this.#history.own.roots.has(root)) this.#unrecorded.push({ lines, place })
  }

  /** Once every line was added. */
  async compare(db: Database): Promise<void> {
    this.#endBatch()
    this.#compareOwn()
    this.#compareBrought()
    // What cannot be read may be what is missed.
    if (!this.#isWhole) return
    this.#compareErased()
    this.#compareTombstones()
    await this.#compareHandedOver(db)
  }

  #compareOwn(): void {
    const { lines, roots, rootless } = this.#history.own
    if (this.#ownLines < lines) this.#findings.faultByHistory('memories_missing')
    if (this.#ownLines > lines) this.#findings.faultByHistory('memories_unrecorded')
    // Rows of an earlier version say how many were taken in, and not which.
    const unnamed = [...rootless]
    for (const { lines: count, place } of this.#unrecorded) {
      const at = unnamed.indexOf(count)
      if (at === -1) this.#findings.faultByHistory('memory_unrecorded', place)
      else unnamed.splice(at, 1)
    }
    const missing = [...roots].filter(([root]) => !this.#roots.has(root))
    // Those whose leaves cannot be read are told as that.
    if (missing.length <= this.#illegible.size) return
    for (const [, seq] of missing) this.#findings.faultByHistory('memories_missing', { seq })
  }

  #compareBrought(): void {
    const { imported } = this.#history
    for (const [manifest, { rows, lines }] of imported) {
      const held = this.#broughtLines.get(manifest) ?? 0
      if (held < (lines ?? rows)) this.#findings.faultByHistory('memories_missing', { manifest })
      if (held > (lines ?? held)) this.#findings.faultByHistory('memories_unrecorded', { manifest })
    }
    for (const manifest of this.#broughtLines.keys())
      if (!imported.has(manifest)) this.#findings.faultByHistory('memories_unrecorded', { manifest })
  }

  #compareErased(): void {
    const { lines, gone, leaves } = this.#history.deletions
    const erased = this.#erased.length
    if (gone === null ? erased > lines : erased + gone !== lines)
      this.#findings.faultByHistory('deletion_unrecorded')
    const here = new ByteTable()
    for (const { leaf } of this.#erased) here.add(leaf)
    const isHere = (leaf: string) => here.find(fromHex(leaf)) !== -1
    // A deletion takes all versions: one that is left is replaced by nothing.
    for (const { leaf, place } of this.#replaced)
      if (this.#ownLeaves.find(fromHex(leaf)) !== -1 && !isHere(leaf))
        this.#findings.fault('columns_wrong', place)
    const missing = leaves.filter(({ leaf }) => !isHere(leaf))
    // What was deleted and then taken out with its peer's is nowhere.
    if (missing.length <= (gone ?? Infinity)) return
    for (const { seq } of missing) this.#findings.faultByHistory('deletion_unrecorded', { seq })
  }

  /** What a person deleted stays deleted: by its tombstone, unless they wrote it again. */
  #compareTombstones(): void {
    const { versions, lifted, gone } = this.#history.deletions
    const keys = new Set<string>()
    for (const { key, place } of this.#erased) {
      keys.add(toHex(key))
      const isLive = this.#ownKeys.find(key) !== -1 || (this.#broughtKeys?.find(key) ?? -1) !== -1
      if (!this.#tombstones.has(toHex(key)) && !isLive) this.#findings.fault('tombstone_missing', place)
    }
    const nowhere = [...this.#tombstones].filter((key) => !keys.has(key))
    if (nowhere.length > (gone ?? Infinity))
      for (const key of nowhere) this.#findings.faultByHistory('tombstone_unrecorded', { key })
    else if (this.#tombstones.size > versions - (lifted ?? 0))
      this.#findings.faultByHistory('tombstone_unrecorded')
    else if (lifted !== null && this.#tombstones.size < versions - lifted)
      this.#findings.faultByHistory('tombstone_missing')
  }

  /** What was handed over under our signature is held, with its text or without, unless it went with its peer's. */
  async #compareHandedOver(db: Database): Promise<void> {
    const brought = this.#broughtLeaves
    if (brought === null) return
    let gone: ByteTable | null = null
    for (const [manifest, direction] of this.#history.manifests) {
      const leaves = direction === 'made' ? await this.#leavesOf(db, manifest) : new Uint8Array()
      for (let index = 0; 32 * index < leaves.length; index++) {
        if (index % LEAVES_A_PAUSE === 0) await this.#findings.pause()
        const at = 32 * index
        if (this.#ownLeaves.find(leaves, at) !== -1 || brought.find(leaves, at) !== -1) continue
        gone ??= await this.#goneLeaves(db)
        if (gone === null) return
        if (gone.find(leaves, at) === -1)
          this.#findings.faultByHistory('handed_over_gone', { manifest, index })
      }
    }
  }

  /** All leaves of manifests whose memories were taken out; null where one no longer has them, which was told. */
  async #goneLeaves(db: Database): Promise<ByteTable | null> {
    const gone = new ByteTable()
    for (const manifest of this.#history.removed) {
      const leaves = await this.#leavesOf(db, manifest)
      if (leaves.length === 0) return null
      for (let at = 0; at < leaves.length; at += 32) gone.add(leaves, at)
      await this.#findings.pause()
    }
    return gone
  }

  /** Leaves that make the root of their manifest; none of one that does not hold. */
  async #leavesOf(db: Database, manifest: string): Promise<Uint8Array> {
    if (this.#register.manifests.get(manifest)?.leavesHold !== true) return new Uint8Array()
    const kept = (await db.get('leaves', manifest))?.leaves
    return kept === undefined ? new Uint8Array() : readStored(kept)
  }
}
