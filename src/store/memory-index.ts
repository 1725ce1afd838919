import { fromHex } from '../core/bytes.ts'
import type { Selection } from '../core/selection.ts'
import { ByteTable } from './byte-table.ts'
import { HeldLines } from './held-lines.ts'
import { IntList } from './int-list.ts'
import { mergeNewestFirst, newestFirst } from './newest-first.ts'
import { matcherOf } from './page-match.ts'
import type { Page } from './page.ts'
import type { BatchRecord } from './schema.ts'

/** A line of the store: its number in the order of the segments. */
export type Ordinal = number

/** A page as it is held: its keys are in the table of all. */
export type Columns = Omit<Page, 'keys'>

interface Narrower {
  /** Fingerprint. */
  readonly peer?: string | undefined
  readonly among?: readonly Ordinal[] | undefined
}

const NONE = -1
/** Up to one line in so many is sorted by itself; of more, all that is held is gone through in its order. */
const SPARSE = 32

/**
 * All visible lines of the store, by the columns of their pages. Lines with the same dedup key form a chain;
 * one of them, the *row*, is the memory that is shown, the others attest it (manifest-format, 7). Which one
 * follows from what is held: removing a peer's lines promotes the next by itself.
 */
export class MemoryIndex {
  readonly #pages: Columns[] = []
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
  /** Per line: 1 if it is the row of its key. Longer than there are lines. */
  #shown = new Uint8Array(1024)
  /** Leaves made here, and the line of each: what is not among them and bears our key is forged. */
  readonly #ownLeaves = new ByteTable()
  readonly #ownLines = new IntList()
  /** How many pages have been looked through for them. */
  #pagesOwned = 0
  readonly #superseded = new Set<Ordinal>()
  readonly #deleted = new Set<number>()
  readonly #erased = new Set<Ordinal>()
  /** All lines that were there when it was last asked for, newest first. */
  #order = new Uint32Array()
  /** Kept from one query to the next: a new one of a million bytes is cleared each time. */
  #matching = new Uint8Array()
  #changes = 0

  get lines(): number {
    return this.#keyOf.length
  }

  get lastPage(): number {
    return this.#pages.at(-1)?.id ?? 0
  }

  /** Another number after each change. */
  get changes(): number {
    return this.#changes
  }

  /** Makes room for so many more lines. */
  reserve(lines: number): void {
    this.#makeRoom(this.lines + lines)
    this.#keys.reserve(lines)
    for (const list of [this.#pageOf, this.#keyOf, this.#next, this.#first, this.#last, this.#row])
      list.reserve(lines)
  }

  addPage({ keys, ...page }: Page, batch: BatchRecord): void {
    const start = this.lines
    this.#starts.push(start)
    this.#pages.push(page)
    this.#batches.push(batch)
    for (const row of page.erased ?? []) this.#erased.add(start + row)
    this.#makeRoom(start + page.count)
    const keyOf = this.#keys.addAll(keys)
    this.#addKeys()
    this.#pageOf.fill(this.#pages.length - 1, page.count)
    this.#next.fill(NONE, page.count)
    for (let row = 0; row < page.count; row++) this.#addLine(keyOf[row]!, batch)
    for (const { row, leaves } of batch.origin === null ? page.supersedes : [])
      this.#supersede(start + row, leaves)
    this.#changes++
  }

  #makeRoom(lines: number): void {
    if (lines <= this.#shown.length) return
    const larger = new Uint8Array(Math.max(lines, 2 * this.#shown.length))
    larger.set(this.#shown)
    this.#shown = larger
  }

  #addLine(key: number, batch: BatchRecord): void {
    const line = this.lines
    this.#keyOf.push(key)
    if (this.#erased.size > 0 && this.#erased.has(line)) return
    if (this.#first.at(key) === NONE) this.#first.set(key, line)
    else this.#next.set(this.#last.at(key), line)
    this.#last.set(key, line)
    this.#offer(key, line, batch)
  }

  /** Number of a leaf made here, -1 if it was not. Most who open a store never ask, so what is asked is made then. */
  #findOwn(leaf: Uint8Array): number {
    for (; this.#pagesOwned < this.#pages.length; this.#pagesOwned++) {
      const n = this.#pagesOwned
      if (this.#batches[n]!.origin !== null) continue
      const known = this.#ownLeaves.addAll(this.#pages[n]!.leaves)
      for (const [row, number] of known.entries())
        if (number === this.#ownLines.length) this.#ownLines.push(this.#starts[n]! + row)
    }
    return this.#ownLeaves.find(leaf)
  }

  /** New keys have no lines yet. */
  #addKeys(): void {
    const added = this.#keys.size - this.#first.length
    for (const list of [this.#first, this.#last, this.#row]) list.fill(NONE, added)
  }

  #setRow(key: number, line: Ordinal): void {
    const before = this.#row.at(key)
    if (before !== NONE) this.#shown[before] = 0
    this.#row.set(key, line)
    if (line !== NONE) this.#shown[line] = 1
  }

  /** A new line of a key becomes its row if it is the first, or our own where the row was not. */
  #offer(key: number, line: Ordinal, batch: BatchRecord): void {
    if (this.#deleted.size > 0 && this.#deleted.has(key)) return
    const row = this.#row.at(key)
    const isOwn = batch.origin === null
    const isFirst = this.#first.at(key) === line
    if (isFirst || (isOwn && (row === NONE || this.batchOf(row).origin !== null))) this.#setRow(key, line)
  }

  /** `line` is a later version of what these leaves were. Only leaves made here are replaced (format, 3). */
  #supersede(line: Ordinal, leaves: readonly string[]): void {
    for (const leaf of leaves) {
      const known = this.#findOwn(fromHex(leaf))
      if (known === NONE || this.#ownLines.at(known) === line) continue
      this.#superseded.add(this.#ownLines.at(known))
      this.#elect(this.#keyOf.at(this.#ownLines.at(known)))
    }
  }

  /** A person deleted what has this dedup key: none of its lines is shown. */
  markDeleted(key: Uint8Array): void {
    const known = this.#keys.add(key)
    this.#addKeys()
    if (this.#deleted.has(known)) return
    this.#deleted.add(known)
    this.#elect(known)
    this.#changes++
  }

  /**
   * The first of our own lines that no later version replaced; where none is ours, the first. An earlier version of
   * ours that a peer sends back is known here, and stays what it was: replaced.
   */
  #elect(key: number): void {
    const lines = this.#deleted.has(key) ? [] : this.#chain(key)
    const own = lines.filter((line) => this.batchOf(line).origin === null)
    const row = own.length > 0 ? own.find((line) => !this.#superseded.has(line)) : lines[0]
    this.#setRow(key, row ?? NONE)
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

  /** The lines that are held out of this manifest. */
  heldOf(manifest: string): HeldLines {
    const pages = [...this.#pages.entries()].filter(([n]) => this.#batches[n]!.origin?.manifest === manifest)
    return new HeldLines(pages.map(([n, page]) => ({ page, start: this.#starts[n]! })))
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

  /** Every line in turn, with its page and batch. `shown` has a 1 where a line of the page is the row of its key. */
  *pages(): Generator<{
    readonly page: Columns
    readonly batch: BatchRecord
    readonly start: Ordinal
    readonly shown: Uint8Array
  }> {
    for (const [n, page] of this.#pages.entries()) {
      const start = this.#starts[n]!
      yield { page, batch: this.#batches[n]!, start, shown: this.#shown.subarray(start, start + page.count) }
    }
  }

  /** Whether `line` is the row of its key. */
  isRow(line: Ordinal): boolean {
    return this.#shown[line] === 1
  }

  isOwnLeaf(leaf: Uint8Array): boolean {
    return this.#findOwn(leaf) !== NONE
  }

  /** The line of a leaf made here; null if it was not. */
  ownLine(leaf: Uint8Array): Ordinal | null {
    const known = this.#findOwn(leaf)
    return known === NONE ? null : this.#ownLines.at(known)
  }

  /**
   * Rows that `selection` matches, newest first; of these only what came from `peer`, or is `among` these, where given.
   * Not to be written to. New memory costs more than all else here: only what has to be is put together anew.
   */
  select(selection: Selection, narrower: Narrower = {}): Uint32Array {
    const matching = this.#match(selection, narrower)
    const { lines } = this
    let count = 0
    for (let line = 0; line < lines; line++) count += matching[line]!
    if (count < lines / SPARSE) return this.#sorted(matching, count)
    const dated = this.#between(selection)
    if (count === dated.length) return dated
    // One more, for the lines after the last that matches.
    const found = new Uint32Array(count + 1)
    let at = 0
    for (let i = 0; i < dated.length; i++) {
      found[at] = dated[i]!
      at += matching[dated[i]!]!
    }
    return found.subarray(0, count)
  }

  /** 1 for each line that is asked for, else 0; longer than there are lines, and good until the next is asked for. */
  #match(selection: Selection, { peer, among }: Narrower): Uint8Array {
    if (this.#matching.length < this.lines) this.#matching = new Uint8Array(this.lines)
    const matching = this.#matching
    const match = matcherOf(selection)
    for (const { page, batch, start, shown } of this.pages()) {
      const rows = matching.subarray(start, start + page.count)
      if (isAsked(batch, selection, peer)) match(page, shown, rows)
      else rows.fill(0)
    }
    if (among !== undefined) keepOnly(matching, among)
    return matching
  }

  /** The `count` lines that match, newest first: few enough to be sorted by themselves. */
  #sorted(matching: Uint8Array, count: number): Uint32Array {
    const lines = new Uint32Array(count)
    const times = new Float64Array(count)
    let line = -1
    for (let found = 0; found < count; found++) {
      line = matching.indexOf(1, line + 1)
      lines[found] = line
      times[found] = this.#timeOf(line)
    }
    return newestFirst(times, 0).map((at) => lines[at]!)
  }

  /** All lines of the time that is asked for, newest first. */
  #between({ since, until }: Selection): Uint32Array {
    const order = this.#newestFirst()
    const from = until === undefined ? 0 : this.#firstBefore(order, Date.parse(until))
    const to = since === undefined ? order.length : this.#firstBefore(order, Date.parse(since))
    return order.subarray(from, Math.max(from, to))
  }

  /** Where in `order` the lines before `time` begin. */
  #firstBefore(order: Uint32Array, time: number): number {
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#timeOf(order[middle]!) < time) high = middle
      else low = middle + 1
    }
    return low
  }

  #timeOf(line: Ordinal): number {
    return this.pageOf(line).times[this.rowOf(line)]!
  }

  #newestFirst(): Uint32Array {
    const sorted = this.#order.length
    if (sorted < this.lines) {
      const times = new Float64Array(this.lines)
      for (const [n, page] of this.#pages.entries()) times.set(page.times, this.#starts[n])
      this.#order = mergeNewestFirst(times, this.#order, newestFirst(times, sorted))
    }
    return this.#order
  }

  pageOf(line: Ordinal): Columns {
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

/** What of a selection the batch tells. */
function isAsked({ origin }: BatchRecord, selection: Selection, peer: string | undefined): boolean {
  if (peer !== undefined && origin?.fingerprint !== peer) return false
  return selection.origin === undefined || selection.origin === (origin === null ? 'own' : 'imported')
}

function keepOnly(matching: Uint8Array, among: readonly Ordinal[]): void {
  const kept = among.filter((line) => matching[line] === 1)
  matching.fill(0)
  for (const line of kept) matching[line] = 1
}
