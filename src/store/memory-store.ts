import { ExchangeError } from '../core/errors.ts'
import { decodeUtf8, fromHex } from '../core/bytes.ts'
import type { Database } from './database.ts'
import { MemoryIndex, type Ordinal } from './memory-index.ts'
import { lineEnd } from './page.ts'
import type { BatchRecord } from './schema.ts'
import { readStored, type StoredBytes } from './segment.ts'

const PAGES_AT_ONCE = 64
/** Handles of Blobs hold no bytes, and to fetch one takes as long as to read a line. */
const HANDLES_KEPT = 2048
const BYTES_KEPT = 16
const RUN_LINES = 4096
const RUN_BYTES = 4 * 1024 * 1024
/** To ask for a part of a Blob takes as long as to read so many bytes more. */
const GAP_BYTES = 128 * 1024
const PARTS_AT_ONCE = 16

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
   * Canonical lines without their LF, in the order asked, in runs that fit in memory. Lines that lie near each other
   * in a segment are read together.
   */
  async *readRuns(
    index: MemoryIndex,
    lines: ArrayLike<Ordinal>,
  ): AsyncGenerator<{ readonly line: Ordinal; readonly bytes: Uint8Array }[]> {
    for (let from = 0; from < lines.length;) {
      const wanted: Wanted[] = []
      for (let bytes = 0; wanted.length < RUN_LINES && bytes < RUN_BYTES && from < lines.length; from++) {
        const place = placeOf(index, lines[from]!)
        wanted.push({ ...place, line: lines[from]!, at: wanted.length })
        bytes += place.end - place.start
      }
      const run = wanted.map(({ line }) => ({ line, bytes: NOTHING }))
      const parts = partsOf(wanted)
      for (let i = 0; i < parts.length; i += PARTS_AT_ONCE) {
        for (const [part, bytes] of await this.#read(index, parts.slice(i, i + PARTS_AT_ONCE)))
          for (const { at, start, end } of part.lines) {
            const line = bytes.subarray(start - part.start, end - part.start)
            // What lies between the lines is not kept with them.
            run[at]!.bytes = part.isSparse ? line.slice() : line
          }
      }
      yield run
    }
  }

  async #read(
    index: MemoryIndex,
    parts: readonly Part[],
  ): Promise<(readonly [part: Part, bytes: Uint8Array])[]> {
    const segments = await this.#segmentsOf(
      index,
      parts.map(({ segment }) => segment),
    )
    const read = (part: Part, i: number) => readStored(segments[i]!, part.start, part.end)
    return Promise.all(parts.map(async (part, i) => [part, await read(part, i)] as const))
  }

  /** The lines of a page's segment. Throws `storage_damaged` for one that is not there, `list_outdated`. */
  async segmentOf(index: MemoryIndex, id: number): Promise<StoredBytes> {
    return (await this.#segmentsOf(index, [id]))[0]!
  }

  /** In one transaction: each in its own would take as long as all together. */
  async #segmentsOf(index: MemoryIndex, ids: readonly number[]): Promise<StoredBytes[]> {
    const missing = [...new Set(ids)].filter((id) => !this.#segments.has(id))
    const generation = this.#generation
    const fetched = new Map<number, StoredBytes>()
    if (missing.length > 0) {
      const { store } = this.#db.transaction('segments')
      const records = await Promise.all(missing.map((id) => store.get(id)))
      for (const [i, record] of records.entries()) if (record) fetched.set(missing[i]!, record.lines)
    }
    const segments = ids.map((id) => fetched.get(id) ?? this.#segments.get(id))
    const lost = segments.indexOf(undefined)
    if (lost !== -1) {
      // Taken out with its peer while it was read, or lost.
      if ((await this.upToDate()) !== index) throw new ExchangeError('list_outdated')
      throw new ExchangeError('storage_damaged', `segment ${ids[lost]} is missing`)
    }
    // What was read while a deed was committed may be what it replaced.
    if (generation === this.#generation) for (const [id, lines] of fetched) this.#keep(id, lines)
    return segments as StoredBytes[]
  }

  #keep(id: number, lines: StoredBytes): void {
    const most = lines instanceof Blob ? HANDLES_KEPT : BYTES_KEPT
    if (this.#segments.size >= most) this.#segments.delete(this.#segments.keys().next().value!)
    this.#segments.set(id, lines)
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
    reserveFor(index, [...batches.values()])
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

/** A batch says how many lines it brought, so room for what is not known yet is made once. */
function reserveFor(index: MemoryIndex, batches: readonly BatchRecord[]): void {
  const visible = batches.filter(({ state }) => state === 'visible')
  const lines = visible.reduce((sum, batch) => sum + (batch.lines ?? 0), 0)
  index.reserve(Math.max(0, lines - index.lines))
}

interface Place {
  readonly segment: number
  readonly start: number
  readonly end: number
}

/** A line of a run: its `at`-th. */
interface Wanted extends Place {
  readonly line: Ordinal
  readonly at: number
}

/** Bytes of a segment in which these lines stand. */
interface Part extends Place {
  readonly lines: readonly Wanted[]
  readonly isSparse: boolean
}

const NOTHING: Uint8Array = new Uint8Array()

function placeOf(index: MemoryIndex, line: Ordinal): Place {
  const page = index.pageOf(line)
  const row = index.rowOf(line)
  return { segment: page.id, start: page.offsets[row]!, end: lineEnd(page, row) }
}

function partsOf(wanted: readonly Wanted[]): Part[] {
  const parts: Part[] = []
  const sorted = [...wanted].sort((a, b) => a.segment - b.segment || a.start - b.start)
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    const { segment, start } = sorted[from]!
    let { end } = sorted[from]!
    let bytes = 0
    for (; to < sorted.length; to++) {
      const next = sorted[to]!
      if (next.segment !== segment || next.start > end + GAP_BYTES) break
      end = Math.max(end, next.end)
      bytes += next.end - next.start
    }
    parts.push({ segment, start, end, lines: sorted.slice(from, to), isSparse: 2 * bytes < end - start })
  }
  return parts
}
