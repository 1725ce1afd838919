import { fromHex, toHex } from '../core/bytes.ts'
import { TreeHasher } from '../core/merkle.ts'
import { ByteTable } from '../store/byte-table.ts'
import type { ArchivedBatch } from '../store/archive-records.ts'
import type { Database } from '../store/database.ts'
import type { MemoryIndex } from '../store/memory-index.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import type { StoredBytes } from '../store/segment.ts'
import type { TombstoneRecord } from '../store/schema.ts'
import { Staging } from '../store/staging.ts'
import { ArchivedEntries } from './archived-entries.ts'
import { rowsOf } from './archive-rows.ts'
import type { OpenedArchive } from './opened-archive.ts'
import type { TaskContext } from './protocol.ts'

/** What becomes of the memories of an archive in a store that has its own. */
export interface MergeCounts {
  /** Come in. */
  readonly added: number
  /** Are here: the row stays; a line that was not here yet is kept beside it. */
  readonly already_local: number
  /** Were deleted here, and stay deleted. */
  readonly deleted_here: number
  /** Came from a key that is not trusted here, or in a manifest that contradicts a known one. */
  readonly withheld: number
}

export interface MergeInput {
  /** Fingerprints of keys whose memories are taken in. */
  readonly trusted: readonly string[]
  /** Ids of manifests that are not, whoever signed them. */
  readonly refused: readonly string[]
}

/** Lines that were staged under one batch of this store. */
export interface MergedBatch {
  readonly id: string
  readonly lines: number
  /** Of them, memories that were not here. */
  readonly added: number
  /** Of the archive's batch that they come from; null for those of our own, which are one batch here. */
  readonly manifest: string | null
  readonly issuer: string
  readonly label: string
}

export interface MergedArchive {
  readonly counts: MergeCounts
  readonly batches: readonly MergedBatch[]
  /** Hex root over the leaves of all lines of our own that were staged; null if none was. */
  readonly root: string | null
  /** Lines staged without text; tombstones to be taken over, and how many of them have no such line. */
  readonly erased: number
  readonly tombstones: readonly TombstoneRecord[]
  readonly gone: number
  readonly leaves: ReadonlyMap<string, StoredBytes>
}

/**
 * Holds every row of an archive against this store, and stages what is not here; with `ids` null it only counts. One id
 * for each batch of the archive; the first batch of our own takes all that are. Throws `file_changed`, `cancelled`,
 * `storage_full`.
 */
export async function mergeArchive(
  db: Database,
  store: MemoryStore,
  opened: OpenedArchive,
  { ids, ...input }: MergeInput & { readonly ids: readonly string[] | null },
  context: TaskContext,
): Promise<MergedArchive> {
  const merging = new Merging(await store.upToDate(), input)
  const entries = new ArchivedEntries(opened, context)
  const target = new Target(db, opened.holdings.batches, ids)
  let line = 0
  for (const [n, batch] of opened.holdings.batches.entries()) {
    const rows = merging.of(batch)
    const isTaken = merging.isTaken(batch)
    if (isTaken) await target.begin(n)
    for (const row of rowsOf(batch, line)) {
      if ('line' in row) {
        const { memory, line: bytes, key, leaf } = await entries.next(row.line)
        const what = rows.take(key, leaf)
        if (what === null) continue
        const index = opened.rows.indexes[row.line]!
        if (what === 'erased') await target.addErased(n, key, leaf, index, supersedesOf(memory))
        else
          await target.add(n, what === 'new', (staging) => staging.add(memory, bytes, key, leaf, index), leaf)
      } else {
        const { key, leaf, supersedes } = batch.erased[row.erased]!
        const [keyBytes, leafBytes] = [fromHex(key), fromHex(leaf)]
        const index = opened.rows.erased[n]![row.erased]!
        if (rows.takeErased(leafBytes)) await target.addErased(n, keyBytes, leafBytes, index, supersedes)
      }
    }
    if (isTaken) await target.end(n)
    line += batch.lines - batch.erased.length
  }
  await target.close()
  const tombstones = opened.holdings.tombstones.filter(({ key }) => merging.isToBury(fromHex(key)))
  const leaves = new Map<string, StoredBytes>()
  if (ids !== null)
    for (const [id, blob] of opened.holdings.leaves) leaves.set(id, await Staging.keepable(blob))
  return {
    counts: merging.counts,
    batches: target.batches,
    root: target.root,
    erased: target.erased,
    tombstones,
    gone: tombstones.filter(({ key }) => !target.hasErased(fromHex(key))).length,
    leaves,
  }
}

function supersedesOf(memory: { readonly [name: string]: unknown }): readonly string[] | undefined {
  return memory['supersedes'] as readonly string[] | undefined
}

/** Decides, row by row. */
class Merging {
  readonly #index: MemoryIndex
  readonly #input: MergeInput
  readonly #stagedKeys = new ByteTable()
  /** Of the manifest asked for last: all leaves that are held out of it, those without text too. */
  #held: { readonly manifest: string; readonly leaves: ByteTable } | null = null
  readonly counts = { added: 0, already_local: 0, deleted_here: 0, withheld: 0 }

  constructor(index: MemoryIndex, input: MergeInput) {
    this.#index = index
    this.#input = input
  }

  isTaken({ origin }: ArchivedBatch): boolean {
    const { trusted, refused } = this.#input
    return origin === null || (trusted.includes(origin.fingerprint) && !refused.includes(origin.manifest))
  }

  of(batch: ArchivedBatch): {
    take: (key: Uint8Array, leaf: Uint8Array) => 'new' | 'known' | 'erased' | null
    takeErased: (leaf: Uint8Array) => boolean
  } {
    if (!this.isTaken(batch))
      return {
        take: () => {
          this.counts.withheld++
          return null
        },
        takeErased: () => false,
      }
    const { origin } = batch
    const held = origin === null ? null : this.#leavesOf(origin.manifest)
    const isHeld = (leaf: Uint8Array) =>
      held === null ? this.#index.isOwnLeaf(leaf) : held.find(leaf) !== -1
    return {
      take: (key, leaf) => {
        const known = this.#index.lookUp(key)
        if (known.deleted) this.counts.deleted_here++
        if (isHeld(leaf)) {
          if (!known.deleted) this.counts.already_local++
          return null
        }
        if (known.deleted) return 'erased'
        const staged = this.#stagedKeys.size
        const isNew = this.#stagedKeys.add(key) === staged && !known.held
        this.counts[isNew ? 'added' : 'already_local']++
        return isNew ? 'new' : 'known'
      },
      takeErased: (leaf) => !isHeld(leaf),
    }
  }

  /** Whether what was deleted there is to stay deleted here too: not what is read here. */
  isToBury(key: Uint8Array): boolean {
    const { row, deleted } = this.#index.lookUp(key)
    return row === null && !deleted && this.#stagedKeys.find(key) === -1
  }

  #leavesOf(manifest: string): ByteTable {
    if (this.#held?.manifest === manifest) return this.#held.leaves
    const leaves = new ByteTable()
    for (const { page, batch } of this.#index.pages())
      if (batch.origin?.manifest === manifest) leaves.addAll(page.leaves)
    this.#held = { manifest, leaves }
    return leaves
  }
}

interface Open {
  readonly staging: Staging | null
  lines: number
  added: number
}

/** Where rows are staged: memories of our own in one batch, the others batch by batch; nowhere where it is only counted. */
class Target {
  readonly #db: Database
  readonly #archived: readonly ArchivedBatch[]
  readonly #ids: readonly string[] | null
  readonly #tree = new TreeHasher()
  readonly #erasedKeys = new ByteTable()
  readonly batches: MergedBatch[] = []
  #own: { readonly id: string; readonly open: Open } | null = null
  #current: Open = { staging: null, lines: 0, added: 0 }
  erased = 0

  constructor(db: Database, archived: readonly ArchivedBatch[], ids: readonly string[] | null) {
    this.#db = db
    this.#archived = archived
    this.#ids = ids
  }

  async begin(n: number): Promise<void> {
    const { origin } = this.#archived[n]!
    const id = this.#ids?.[n]
    if (origin === null && this.#own !== null) this.#current = this.#own.open
    else {
      const staging = id === undefined ? null : await Staging.begin(this.#db, id, origin)
      this.#current = { staging, lines: 0, added: 0 }
      if (origin === null) this.#own = { id: id ?? '', open: this.#current }
    }
  }

  async add(n: number, isNew: boolean, add: (staging: Staging) => boolean, leaf: Uint8Array): Promise<void> {
    this.#current.lines++
    if (isNew) this.#current.added++
    if (this.#archived[n]!.origin === null) this.#tree.push(leaf)
    const { staging } = this.#current
    if (staging !== null && add(staging)) await staging.flush()
  }

  async addErased(
    n: number,
    key: Uint8Array,
    leaf: Uint8Array,
    index: number,
    supersedes: readonly string[] | undefined,
  ): Promise<void> {
    this.erased++
    this.#erasedKeys.add(key)
    await this.add(n, false, (staging) => staging.addErased(key, leaf, index, supersedes), leaf)
  }

  hasErased(key: Uint8Array): boolean {
    return this.#erasedKeys.find(key) !== -1
  }

  async end(n: number): Promise<void> {
    const { origin } = this.#archived[n]!
    const { staging, lines, added } = this.#current
    // Before another batch begins: pages of one stand one behind the other.
    await staging?.flush()
    if (origin === null) return
    const { manifest, fingerprint: issuer, label } = origin
    this.batches.push({ id: this.#ids?.[n] ?? '', lines, added, manifest, issuer, label })
  }

  async close(): Promise<void> {
    if (this.#own === null) return
    const { id, open } = this.#own
    this.batches.push({ id, lines: open.lines, added: open.added, manifest: null, issuer: '', label: '' })
  }

  get root(): string | null {
    return this.#tree.size === 0 ? null : toHex(this.#tree.root())
  }
}
