import { fromHex } from '../core/bytes.ts'
import type { Selection } from '../core/selection.ts'
import { ByteTable } from './byte-table.ts'
import { IntList } from './int-list.ts'
import { matchRows } from './page-match.ts'
import type { Page } from './page.ts'
import type { BatchRecord } from './schema.ts'

/** A line of the store: its number in the order of the segments. */
export type Ordinal = number

const NONE = -1

/**
 * All visible lines of the store, by the columns of their pages. Lines with the same dedup key form a chain;
 * one of them, the *row*, is the memory that is shown, the others attest it (manifest-format, 7). Which one
 * follows from what is held: removing a peer's lines promotes the next by itself.
 */
export class MemoryIndex {
  readonly #pages: Page[] = []
  readonly #batches: BatchRecord[] = []
  /** Ordinal of the first line of each page. */
  readonly #starts: number[] = []
  readonly #pageOf = new IntList()
  readonly #keys = new ByteTable()
  readonly #keyOf = new IntList()
  /** Per line: the next with the same key. Per key: the first of the chain, its last, and the row. */
  readonly #next = new IntList()
  readonly #first = new IntList()
  readonly #last = new IntList()
  readonly #row = new IntList()
  /** Leaves made here, and the line of each: what is not among them and bears our key is forged. */
  readonly #ownLeaves = new ByteTable()
  readonly #ownLines = new IntList()
  readonly #superseded = new Set<Ordinal>()
  readonly #deleted = new Set<number>()
  readonly #erased = new Set<Ordinal>()
  #order: Uint32Array | null = null

  get lines(): number {
    return this.#keyOf.length
  }

  get lastPage(): number {
    return this.#pages.at(-1)?.id ?? 0
  }

  addPage(page: Page, batch: BatchRecord): void {
    const start = this.lines
    this.#starts.push(start)
    this.#pages.push(page)
    this.#batches.push(batch)
    for (const row of page.erased ?? []) this.#erased.add(start + row)
    for (let row = 0; row < page.count; row++) this.#addLine(page, row, batch)
    for (const { row, leaves } of batch.origin === null ? page.supersedes : [])
      this.#supersede(start + row, leaves)
    this.#order = null
  }

  #addLine(page: Page, row: number, batch: BatchRecord): void {
    const line = this.lines
    const key = this.#numberOf(page.keys, row * 32)
    this.#pageOf.push(this.#pages.length - 1)
    this.#keyOf.push(key)
    this.#next.push(NONE)
    if (batch.origin === null && this.#ownLeaves.add(page.leaves, row * 32) === this.#ownLines.length)
      this.#ownLines.push(line)
    if (this.#erased.has(line)) return
    if (this.#first.at(key) === NONE) this.#first.set(key, line)
    else this.#next.set(this.#last.at(key), line)
    this.#last.set(key, line)
    this.#offer(key, line, batch)
  }

  /** Number of a dedup key; a new one has no lines yet. */
  #numberOf(keys: Uint8Array, at = 0): number {
    const key = this.#keys.add(keys, at)
    if (key === this.#first.length) for (const list of [this.#first, this.#last, this.#row]) list.push(NONE)
    return key
  }

  /** A new line of a key becomes its row if it is the first, or our own where the row was not. */
  #offer(key: number, line: Ordinal, batch: BatchRecord): void {
    if (this.#deleted.has(key)) return
    const row = this.#row.at(key)
    const isOwn = batch.origin === null
    const isFirst = this.#first.at(key) === line
    if (isFirst || (isOwn && (row === NONE || this.batchOf(row).origin !== null))) this.#row.set(key, line)
  }

  /** `line` is a later version of what these leaves were. Only leaves made here are replaced (format, 3). */
  #supersede(line: Ordinal, leaves: readonly string[]): void {
    for (const leaf of leaves) {
      const known = this.#ownLeaves.find(fromHex(leaf))
      if (known === NONE || this.#ownLines.at(known) === line) continue
      this.#superseded.add(this.#ownLines.at(known))
      this.#elect(this.#keyOf.at(this.#ownLines.at(known)))
    }
  }

  /** A person deleted what has this dedup key: none of its lines is shown. */
  markDeleted(key: Uint8Array): void {
    const known = this.#numberOf(key)
    this.#deleted.add(known)
    this.#elect(known)
    this.#order = null
  }

  /**
   * The first of our own lines that no later version replaced; where none is ours, the first. An earlier version of
   * ours that a peer sends back is known here, and stays what it was: replaced.
   */
  #elect(key: number): void {
    const lines = this.#deleted.has(key) ? [] : this.#chain(key)
    const own = lines.filter((line) => this.batchOf(line).origin === null)
    const row = own.length > 0 ? own.find((line) => !this.#superseded.has(line)) : lines[0]
    this.#row.set(key, row ?? NONE)
  }

  /** Lines with this key, first to last. */
  #chain(key: number): Ordinal[] {
    const lines: Ordinal[] = []
    for (let line = this.#first.at(key); line !== NONE; line = this.#next.at(line)) lines.push(line)
    return lines
  }

  /** What is known of the dedup key that starts at `at`: the line that is shown, whether any is held, and whether a person deleted it. */
  lookUp(
    keys: Uint8Array,
    at = 0,
  ): {
    readonly row: Ordinal | null
    readonly held: boolean
    readonly deleted: boolean
  } {
    const known = this.#keys.find(keys, at)
    if (known === NONE) return { row: null, held: false, deleted: false }
    const row = this.#row.at(known)
    const held = this.#first.at(known) !== NONE
    return { row: row === NONE ? null : row, held, deleted: this.#deleted.has(known) }
  }

  /** All lines with this dedup key, first to last. */
  linesOf(key: Uint8Array): Ordinal[] {
    const known = this.#keys.find(key)
    return known === NONE ? [] : this.#chain(known)
  }

  /** Tells the line that is already held of a leaf of this manifest; null if none is. */
  heldOf(manifest: string): (leaf: Uint8Array) => Ordinal | null {
    const leaves = new ByteTable()
    const lines = new IntList()
    for (const [n, page] of this.#pages.entries()) {
      if (this.#batches[n]!.origin?.manifest !== manifest) continue
      for (let row = 0; row < page.count; row++) {
        const line = this.#starts[n]! + row
        if (!this.#erased.has(line) && leaves.add(page.leaves, 32 * row) === lines.length) lines.push(line)
      }
    }
    return (leaf) => {
      const known = leaves.find(leaf)
      return known === NONE ? null : lines.at(known)
    }
  }

  /** Whether a person deleted what this line says. */
  isDeleted(line: Ordinal): boolean {
    return this.#deleted.has(this.#keyOf.at(line))
  }

  /** Own lines that `line` replaced and that are still here, newest first. */
  historyOf(line: Ordinal): Ordinal[] {
    const page = this.pageOf(line)
    const replaced = page.supersedes.find(({ row }) => row === this.rowOf(line))?.leaves ?? []
    const lines = replaced
      .map((leaf) => this.ownLine(fromHex(leaf)))
      .filter((known) => known !== null && known < line)
    return lines.flatMap((known) => [...(this.#isGone(known!) ? [] : [known!]), ...this.historyOf(known!)])
  }

  #isGone(line: Ordinal): boolean {
    return this.#erased.has(line) || this.#deleted.has(this.#keyOf.at(line))
  }

  /** Every line in turn, with its page and batch. */
  *pages(): Generator<{ readonly page: Page; readonly batch: BatchRecord; readonly start: Ordinal }> {
    for (const [n, page] of this.#pages.entries())
      yield { page, batch: this.#batches[n]!, start: this.#starts[n]! }
  }

  /** Whether `line` is the row of its key. */
  isRow(line: Ordinal): boolean {
    return this.#row.at(this.#keyOf.at(line)) === line
  }

  isOwnLeaf(leaf: Uint8Array): boolean {
    return this.#ownLeaves.find(leaf) !== NONE
  }

  /** The line of a leaf made here; null if it was not. */
  ownLine(leaf: Uint8Array): Ordinal | null {
    const known = this.#ownLeaves.find(leaf)
    return known === NONE ? null : this.#ownLines.at(known)
  }

  /** Rows that `selection` matches, newest first; `keep` narrows them further. */
  select(selection: Selection, keep: (line: Ordinal) => boolean = () => true): Uint32Array {
    const matching = new Uint8Array(this.lines)
    for (const [n, page] of this.#pages.entries()) {
      const origin = this.#batches[n]!.origin === null ? 'own' : 'imported'
      if (selection.origin !== undefined && selection.origin !== origin) continue
      matchRows(page, selection, (row) => (matching[this.#starts[n]! + row] = 1))
    }
    return this.#newestFirst().filter((line) => matching[line] === 1 && keep(line))
  }

  #newestFirst(): Uint32Array {
    if (this.#order === null) {
      const rows: number[] = []
      for (let key = 0; key < this.#row.length; key++)
        if (this.#row.at(key) !== NONE) rows.push(this.#row.at(key))
      const times = new Float64Array(this.lines)
      for (const [n, page] of this.#pages.entries()) times.set(page.times, this.#starts[n])
      this.#order = Uint32Array.from(rows).sort((a, b) => times[b]! - times[a]! || b - a)
    }
    return this.#order
  }

  pageOf(line: Ordinal): Page {
    return this.#pages[this.#pageOf.at(line)]!
  }

  batchOf(line: Ordinal): BatchRecord {
    return this.#batches[this.#pageOf.at(line)]!
  }

  /** Which line of its page's segment this is. */
  rowOf(line: Ordinal): number {
    return line - this.#starts[this.#pageOf.at(line)]!
  }

  keyOf(line: Ordinal): Uint8Array {
    return this.#keys.keyAt(this.#keyOf.at(line))
  }

  leafOf(line: Ordinal): Uint8Array {
    const row = this.rowOf(line)
    return this.pageOf(line).leaves.subarray(32 * row, 32 * row + 32)
  }

  isSuperseded(line: Ordinal): boolean {
    return this.#superseded.has(line)
  }
}
