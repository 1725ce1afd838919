import { ExchangeError } from '../core/errors.ts'
import { decodeUtf8, fromHex } from '../core/bytes.ts'
import type { Database } from './database.ts'
import { MemoryIndex, type Ordinal } from './memory-index.ts'

const PAGES_AT_ONCE = 256
const SEGMENTS_KEPT = 16

/** The memories as the rest of the program knows them: rows by what is asked of them, lines byte for byte. */
export class MemoryStore {
  readonly #db: Database
  #index = new MemoryIndex()
  #generation = -1
  #epoch = -1
  readonly #segments = new Map<number, Uint8Array>()

  constructor(db: Database) {
    this.#db = db
  }

  /** The index, brought up to what all tabs have committed. */
  async upToDate(): Promise<MemoryIndex> {
    const generation = await this.#setting('generation')
    if (generation === this.#generation) return this.#index
    const epoch = await this.#setting('epoch')
    // Lines have gone: what was built from them is built again.
    if (epoch !== this.#epoch) this.#index = new MemoryIndex()
    this.#segments.clear()
    await this.#load()
    this.#generation = generation
    this.#epoch = epoch
    return this.#index
  }

  /** Canonical lines, in the order asked. Throws `storage_damaged` for a line that is not there. */
  async readLines(lines: ArrayLike<Ordinal>): Promise<string[]> {
    const texts: string[] = []
    for (let i = 0; i < lines.length; i++) texts.push(decodeUtf8(await this.readBytes(lines[i]!)))
    return texts
  }

  /** One canonical line without its LF. */
  async readBytes(line: Ordinal): Promise<Uint8Array> {
    const page = this.#index.pageOf(line)
    const row = this.#index.rowOf(line)
    const segment = await this.#segment(page.id)
    return segment.subarray(page.offsets[row]!, page.offsets[row + 1]! - 1)
  }

  async #segment(id: number): Promise<Uint8Array> {
    const kept = this.#segments.get(id)
    if (kept !== undefined) return kept
    const record = await this.#db.get('segments', id)
    if (record === undefined) throw new ExchangeError('storage_damaged', `segment ${id} is missing`)
    if (this.#segments.size >= SEGMENTS_KEPT) this.#segments.delete(this.#segments.keys().next().value!)
    this.#segments.set(id, record.lines)
    return record.lines
  }

  /** Pages after the last one known whose batch is visible. A staged batch is the newest there can be, so none is passed over. */
  async #load(): Promise<void> {
    const tx = this.#db.transaction(['pages', 'batches', 'tombstones'])
    const batches = new Map((await tx.objectStore('batches').getAll()).map((batch) => [batch.id, batch]))
    let after = this.#index.lastPage
    for (let more = true; more; ) {
      const pages = await tx.objectStore('pages').getAll(IDBKeyRange.lowerBound(after, true), PAGES_AT_ONCE)
      for (const page of pages) {
        const batch = batches.get(page.batch)
        if (batch?.state === 'visible') this.#index.addPage(page, batch)
        after = page.id
      }
      more = pages.length === PAGES_AT_ONCE
    }
    for (const { key } of await tx.objectStore('tombstones').getAll()) this.#index.markDeleted(fromHex(key))
    await tx.done
  }

  async #setting(name: string): Promise<number> {
    return Number((await this.#db.get('settings', name))?.value ?? 0)
  }
}
