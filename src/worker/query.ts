import { decodeUtf8, fromHex, toHex } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Memory } from '../core/memory.ts'
import type { Selection } from '../core/selection.ts'
import { inOrder } from '../core/in-order.ts'
import type { Columns, MemoryIndex, Ordinal } from '../store/memory-index.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import type { BatchOrigin } from '../store/schema.ts'
import { excerptOf, type Excerpt } from './excerpt.ts'
import type { Lanes } from './lanes.ts'
import type { TaskContext } from './protocol.ts'
import { BLANK, searchSegment } from './search.ts'

/** `federation_origin` of a row (manifest-format, 7). */
export interface FederationOrigin extends BatchOrigin {
  readonly leaf_index: number
}

/** A memory as a list shows it: where it came from (null: written here), who attests it. */
export interface MemoryRow {
  /** Hex dedup key: by this a row is known. */
  readonly key: string
  readonly memory: Excerpt
  readonly federation_origin: FederationOrigin | null
  /** Other lines held with the same content and entity. */
  readonly attestations: number
  readonly versions: number
}

export interface MemoryDetail extends MemoryRow {
  readonly memory: Memory
  /** The first of the `attestations`: one manifest may bring a million, and each may have 8 MiB. */
  readonly attested: readonly {
    readonly memory: Memory
    readonly federation_origin: FederationOrigin | null
  }[]
  /** Earlier versions of our own, newest first, as many as `ATTESTED_BYTES` hold. */
  readonly earlier: readonly Memory[]
}

export interface Query {
  readonly selection: Selection
  /** Text to be found in the content, in any case; absent or empty: not asked. */
  readonly text?: string
  /** Hex dedup keys; when given, only these. */
  readonly picked?: readonly string[]
  /** Fingerprint: only rows whose shown line came from this peer. */
  readonly peer?: string
}

/** Lines, and the index in which these are their numbers. */
export interface Rows {
  readonly index: MemoryIndex
  readonly lines: Uint32Array
}

const ATTESTED_SHOWN = 100
const ATTESTED_BYTES = 16 * 1024 * 1024
/** Between two words of how far a search is, and between two lists of what it found. */
const TELL_MS = 50
const KEEP_MS = 200

interface Searching {
  /** Where a text is asked for, its segments are read here. Without, in this worker. */
  readonly lanes?: Lanes
  /** Keeps what was found so far, newest first, under the number that it answers. */
  readonly keep?: (found: Rows) => number
}

/** Rows that the query matches, newest first. Reads the lines only where text is asked for. Throws `cancelled`. */
export async function findRows(
  store: MemoryStore,
  query: Query,
  context: TaskContext,
  searching: Searching = {},
): Promise<Rows> {
  const index = await store.upToDate()
  const among = query.picked
    ?.map((key) => index.lookUp(fromHex(key)).row)
    .filter((line): line is Ordinal => line !== null)
  const rows = { index, lines: index.select(query.selection, { peer: query.peer, among }) }
  const needle = query.text?.toLowerCase() ?? ''
  return needle === '' ? rows : containing(store, rows, needle, context, searching)
}

async function containing(
  store: MemoryStore,
  asked: Rows,
  needle: string,
  { signal, progress }: TaskContext,
  { lanes, keep }: Searching,
): Promise<Rows> {
  const { index, lines } = asked
  const isFound = new Uint8Array(index.lines)
  const found = () => ({ index, lines: lines.filter((line) => isFound[line] === 1) })
  const search = async ({ page, rows }: Part) => {
    const segment = { lines: await store.segmentOf(index, page.id), offsets: page.offsets, rows, needle }
    return lanes === undefined ? searchSegment(segment) : lanes.call('search', segment, page.offsets.at(-1)!)
  }
  let [done, memories, told, kept, keptAt] = [0, 0, 0, 0, 0]
  for await (const [part, hits] of inOrder(partsOf(asked), 2 * (lanes?.count ?? 1), search)) {
    if (signal.aborted) throw new ExchangeError('cancelled')
    for (const row of hits) isFound[part.start + row] = 1
    done += part.rows.length
    memories += hits.length
    const now = performance.now()
    // What is found first is shown at once; what comes then, not each by itself.
    const isKept = keep !== undefined && memories > kept && (kept === 0 || now - keptAt >= KEEP_MS)
    if (!isKept && now - told < TELL_MS) continue
    told = now
    progress({ done, total: lines.length, memories, ...(isKept ? { list: keep(found()) } : {}) })
    if (isKept) [kept, keptAt] = [memories, now]
  }
  return found()
}

/** A page, the ordinal of its first line, and the rows of it that are asked for. */
interface Part {
  readonly page: Columns
  readonly start: Ordinal
  readonly rows: Uint32Array
  readonly newest: number
}

/** By the newest row of each, the newest first: what is found first then stands near the beginning of the list. */
function partsOf({ index, lines }: Rows): Part[] {
  const isAsked = new Uint8Array(index.lines)
  for (const line of lines) isAsked[line] = 1
  const parts: Part[] = []
  for (const { page, start } of index.pages()) {
    const rows = new Uint32Array(page.count)
    let [count, newest] = [0, -Infinity]
    for (let row = 0; row < page.count; row++) {
      if (isAsked[start + row] !== 1) continue
      rows[count++] = row
      newest = Math.max(newest, page.times[row]!)
    }
    if (count > 0) parts.push({ page, start, rows: rows.slice(0, count), newest })
  }
  return parts.sort((a, b) => b.newest - a.newest)
}

/** Throws `list_outdated` when one of them has been taken out since. */
export async function readRows(store: MemoryStore, { index, lines }: Rows): Promise<MemoryRow[]> {
  const rows: MemoryRow[] = []
  for await (const run of store.readRuns(index, lines))
    for (const { line, bytes } of run) rows.push(toRow(index, line, excerptOf(toMemory(decodeUtf8(bytes)))))
  return rows
}

/** One memory with what is held about it; null if it is not shown. */
export async function readDetail(store: MemoryStore, key: string): Promise<MemoryDetail | null> {
  const index = await store.upToDate()
  const { row } = index.lookUp(fromHex(key))
  if (row === null) return null
  const others = fitting(
    index,
    index.linesOf(fromHex(key)).filter((line) => line !== row && !index.isSuperseded(line)),
  )
  const earlier = fitting(index, index.historyOf(row))
  const [text] = await store.readLines(index, [row])
  const attested = await store.readLines(index, others)
  const versions = await store.readLines(index, earlier)
  return {
    ...toRow(index, row, toMemory(text!)),
    attested: attested.map((line, i) => ({
      memory: toMemory(line),
      federation_origin: originOf(index, others[i]!),
    })),
    earlier: versions.map(toMemory),
  }
}

/** The first of these lines, as many as a page can show. */
function fitting(index: MemoryIndex, lines: readonly Ordinal[]): Ordinal[] {
  let bytes = 0
  return lines.slice(0, ATTESTED_SHOWN).filter((line) => {
    const [{ offsets }, row] = [index.pageOf(line), index.rowOf(line)]
    bytes += offsets[row + 1]! - offsets[row]!
    return bytes <= ATTESTED_BYTES
  })
}

function toRow<Shown>(index: MemoryIndex, line: Ordinal, memory: Shown) {
  const key = index.keyOf(line)
  const others = index.linesOf(key).filter((other) => other !== line && !index.isSuperseded(other))
  return {
    key: toHex(key),
    memory,
    federation_origin: originOf(index, line),
    attestations: others.length,
    versions: index.historyOf(line).length,
  }
}

/** The memory of a line. Throws `list_outdated` for one that was deleted since it was listed. */
export function toMemory(line: string): Memory {
  if (line.charCodeAt(0) === BLANK) throw new ExchangeError('list_outdated')
  return JSON.parse(line) as Memory
}

function originOf(index: MemoryIndex, line: Ordinal): FederationOrigin | null {
  const { origin } = index.batchOf(line)
  return origin && { ...origin, leaf_index: index.pageOf(line).indexes[index.rowOf(line)]! }
}
