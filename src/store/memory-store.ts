import { ExchangeError } from '../core/errors.ts'
import { decodeUtf8, fromHex } from '../core/bytes.ts'
import type { Database } from './database.ts'
import { MemoryIndex, type Ordinal } from './memory-index.ts'
import { readStored, type StoredBytes } from './segment.ts'

const PAGES_AT_ONCE = 64
/** Handles of Blobs, mostly: they hold no bytes. */
const SEGMENTS_KEPT = 64
const RUN_LINES = 4096
const RUN_BYTES = 4 * 1024 * 1024
const FEW_LINES = 8

/** The memories as the rest of the program knows them: rows by what is asked of them, lines byte for byte. */
export class MemoryStore {
  readonly #db: Database
  #index = new MemoryIndex()
  #generation = -1
  #epoch = -1
  #loading: Promise<unknown> = Promise.resolve()
  readonly #segments = new Map<number, StoredBytes>()

  constructor(db: Database) {
    this.#db = db
  }

  /** The index, brought up to what all tabs have committed. Lines out of it are read with it: a later one may number them otherwise. */
  upToDate(): Promise<MemoryIndex> {
    // One after the other: two at once would both take in the same pages.
    const index = this.#loading.then(() => this.#load())
    this.#loading = index.catch(() => undefined)
    return index
  }

  /** Canonical lines as text, in the order asked. Throws `storage_damaged` for a line that is not there, `list_outdated`. */
  async readLines(index: MemoryIndex, lines: ArrayLike<Ordinal>): Promise<string[]> {
    const texts: string[] = []
    for await (const run of this.readRuns(index, lines))
      for (const { bytes } of run) texts.push(decodeUtf8(bytes))
    return texts
  }

  /**
   * Canonical lines without their LF, in the order asked, in runs that fit in memory. A segment of which a run wants
   * more than a few lines is read whole, of others just these lines.
   */
  async *readRuns(
    index: MemoryIndex,
    lines: ArrayLike<Ordinal>,
  ): AsyncGenerator<{ readonly line: Ordinal; readonly bytes: Uint8Array }[]> {
    for (let from = 0; from < lines.length;) {
      const wanted = new Map<number, number>()
      let to = from
      for (let bytes = 0; to < lines.length && to - from < RUN_LINES && bytes < RUN_BYTES; to++) {
        const { segment, start, end } = placeOf(index, lines[to]!)
        wanted.set(segment, (wanted.get(segment) ?? 0) + 1)
        bytes += end - start
      }
      const whole = new Map<number, Uint8Array>()
      const run: { line: Ordinal; bytes: Uint8Array }[] = []
      for (let i = from; i < to; i++) {
        const { segment, start, end } = placeOf(index, lines[i]!)
        if (wanted.get(segment)! > FEW_LINES && !whole.has(segment)) {
          whole.set(segment, await readStored(await this.#segment(index, segment)))
        }
        const bytes = whole.get(segment)?.subarray(start, end)
        run.push({
          line: lines[i]!,
          bytes: bytes ?? (await readStored(await this.#segment(index, segment), start, end)),
        })
      }
      yield run
      from = to
    }
  }

  async #segment(index: MemoryIndex, id: number): Promise<StoredBytes> {
    const kept = this.#segments.get(id)
    if (kept !== undefined) return kept
    const record = await this.#db.get('segments', id)
    if (record === undefined) {
      // Taken out with its peer while it was read, or lost.
      if ((await this.upToDate()) !== index) throw new ExchangeError('list_outdated')
      throw new ExchangeError('storage_damaged', `segment ${id} is missing`)
    }
    if (this.#segments.size >= SEGMENTS_KEPT) this.#segments.delete(this.#segments.keys().next().value!)
    this.#segments.set(id, record.lines)
    return record.lines
  }

  /** Pages after the last one known whose batch is visible. A staged batch is the newest there can be, so none is passed over. */
  async #load(): Promise<MemoryIndex> {
    if (Number((await this.#db.get('settings', 'generation'))?.value ?? 0) === this.#generation)
      return this.#index
    const tx = this.#db.transaction(['settings', 'pages', 'batches', 'tombstones'])
    const setting = async (name: string) => Number((await tx.objectStore('settings').get(name))?.value ?? 0)
    const [generation, epoch] = [await setting('generation'), await setting('epoch')]
    // Lines have gone: what was built from them is built again.
    const index = epoch === this.#epoch ? this.#index : new MemoryIndex()
    const batches = new Map((await tx.objectStore('batches').getAll()).map((batch) => [batch.id, batch]))
    let after = index.lastPage
    for (let more = true; more;) {
      const pages = await tx.objectStore('pages').getAll(IDBKeyRange.lowerBound(after, true), PAGES_AT_ONCE)
      for (const page of pages) {
        const batch = batches.get(page.batch)
        if (batch?.state === 'visible') index.addPage(page, batch)
        after = page.id
      }
      more = pages.length === PAGES_AT_ONCE
    }
    for (const { key } of await tx.objectStore('tombstones').getAll()) index.markDeleted(fromHex(key))
    await tx.done
    this.#segments.clear()
    this.#index = index
    this.#generation = generation
    this.#epoch = epoch
    return index
  }
}

function placeOf(index: MemoryIndex, line: Ordinal): { segment: number; start: number; end: number } {
  const page = index.pageOf(line)
  const row = index.rowOf(line)
  return { segment: page.id, start: page.offsets[row]!, end: page.offsets[row + 1]! - 1 }
}
