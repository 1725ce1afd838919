import { concat } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Memory } from '../core/memory.ts'
import { toStorageError, type Database } from './database.ts'
import type { Transaction } from './deed.ts'
import { PageBuilder, type BuiltPage, type Page } from './page.ts'
import type { BatchOrigin, SegmentRecord } from './schema.ts'
import { readStored, toBlob, type StoredBytes } from './segment.ts'

let keepsBlobs = true

/**
 * Writes a batch of memories that nobody sees until `commitBatch`. One transaction a segment: a single one for
 * a million rows would be held in the browser's memory whole. Staged lines are no change to the store, so they
 * need no audit row; the lock of the caller keeps two stagings apart.
 */
export class Staging {
  readonly #db: Database
  readonly #batch: string
  #builder = new PageBuilder()
  staged = 0

  private constructor(db: Database, batch: string) {
    this.#db = db
    this.#batch = batch
  }

  /** `batch` is a new random id. Throws `storage_full`, `storage_unavailable`. */
  static async begin(db: Database, batch: string, origin: BatchOrigin | null): Promise<Staging> {
    await db.put('batches', { id: batch, state: 'staged', origin }).catch((error: unknown) => {
      throw toStorageError(error)
    })
    return new Staging(db, batch)
  }

  /** Takes one memory. True when the segment is full and `flush` is due. */
  add(memory: Memory, line: Uint8Array, key: Uint8Array, leaf: Uint8Array, index: number): boolean {
    this.#builder.add(memory, line, key, leaf, index)
    this.staged++
    return this.#builder.isFull
  }

  /** Takes a line whose text was taken out: its leaf stays known. As `add`. */
  addErased(key: Uint8Array, leaf: Uint8Array, index: number, supersedes: readonly string[] = []): boolean {
    this.#builder.addErased(key, leaf, index, supersedes)
    this.staged++
    return this.#builder.isFull
  }

  /** Writes what is collected. Throws `storage_full`, `storage_unavailable`. */
  async flush(): Promise<void> {
    if (this.#builder.count === 0) return
    const { page, lines } = this.#builder.build(this.#batch)
    this.#builder = new PageBuilder()
    await this.#put(page, toBlob(lines))
  }

  /** Writes a page that was built elsewhere. Throws `storage_full`, `storage_unavailable`. */
  async write({ page, lines }: BuiltPage<Blob>): Promise<void> {
    this.staged += page.count
    await this.#put(page, lines)
  }

  /** Bytes in the form in which this browser keeps them. */
  keepable(parts: readonly Uint8Array<ArrayBuffer>[]): StoredBytes {
    return keepsBlobs ? new Blob([...parts]) : concat(...parts)
  }

  /** The same of what lies in a Blob already, as far as is known by now. */
  static async keepable(bytes: Blob): Promise<StoredBytes> {
    return keepsBlobs ? bytes : readStored(bytes)
  }

  async #put(page: Omit<Page, 'id'>, lines: Blob): Promise<void> {
    try {
      await this.#write(page, keepsBlobs ? lines : await readStored(lines))
    } catch (error) {
      const failure = toStorageError(error)
      if (!keepsBlobs || (failure instanceof ExchangeError && failure.code === 'storage_full')) throw failure
      // Whether a browser keeps Blobs is only found out by asking it.
      keepsBlobs = false
      await this.#write(page, await readStored(lines))
    }
  }

  async #write(page: Omit<Page, 'id'>, lines: StoredBytes): Promise<void> {
    const tx = this.#db.transaction(['segments', 'pages'], 'readwrite')
    try {
      const id = await tx.objectStore('segments').add({ lines } as SegmentRecord)
      await tx.objectStore('pages').add({ ...page, id })
      await tx.done
    } catch (error) {
      throw toStorageError(error)
    }
  }
}

/** Makes a staged batch of so many lines visible, inside the transaction of the deed. */
export async function commitBatch(tx: Transaction, batch: string, lines: number): Promise<void> {
  const batches = tx.objectStore('batches')
  const record = await batches.get(batch)
  if (record?.state !== 'staged') throw new Error('only what is staged can be committed')
  await batches.put({ ...record, state: 'visible', lines })
}

/** Takes the lines of a batch out of the store, inside a deed or as the sweep of what was never committed. */
export async function deleteBatch(tx: Transaction, batch: string): Promise<void> {
  const [pages, segments] = [tx.objectStore('pages'), tx.objectStore('segments')]
  const ids = await pages.index('batch').getAllKeys(batch)
  await Promise.all(ids.flatMap((id) => [pages.delete(id), segments.delete(id)]))
  await tx.objectStore('batches').delete(batch)
}

/** Tells every index that lines it knows are gone, or shown again: it is built anew. */
export async function bumpEpoch(tx: Transaction): Promise<void> {
  const settings = tx.objectStore('settings')
  await settings.put({ name: 'epoch', value: Number((await settings.get('epoch'))?.value ?? 0) + 1 })
}

/** Removes what was staged and never committed: a tab that died, a cancelled import. Answers how many batches. */
export async function sweepStaged(db: Database): Promise<number> {
  const staged = (await db.getAll('batches')).filter((batch) => batch.state === 'staged')
  for (const { id } of staged) {
    const tx = db.transaction(['batches', 'pages', 'segments'], 'readwrite')
    await deleteBatch(tx as unknown as Transaction, id)
    await tx.done
  }
  return staged.length
}
