import { decodeUtf8, fromHex, toHex } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Memory } from '../core/memory.ts'
import type { Selection } from '../core/selection.ts'
import type { MemoryIndex, Ordinal } from '../store/memory-index.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import { typeAt } from '../store/page.ts'
import type { BatchOrigin } from '../store/schema.ts'
import { excerptOf, type Excerpt } from './excerpt.ts'
import type { TaskContext } from './protocol.ts'

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

export interface Facets {
  readonly rows: number
  readonly own: number
  readonly imported: number
  readonly entities: readonly (readonly [name: string, rows: number])[]
  readonly event_types: readonly (readonly [name: string, rows: number])[]
  readonly tags: readonly (readonly [name: string, rows: number])[]
  /** By fingerprint of the issuer: rows shown and lines held. */
  readonly peers: readonly { readonly fingerprint: string; readonly rows: number; readonly lines: number }[]
}

/** Lines, and the index in which these are their numbers. */
export interface Rows {
  readonly index: MemoryIndex
  readonly lines: Uint32Array
}

const ATTESTED_SHOWN = 100
const ATTESTED_BYTES = 16 * 1024 * 1024
const FACETS_SHOWN = 1000
/** A deletion puts spaces in the place of lines; none begins with one. */
const BLANK = 0x20

/** Rows that the query matches, newest first. Reads the lines only where text is asked for. */
export async function findRows(store: MemoryStore, query: Query, context: TaskContext): Promise<Rows> {
  const index = await store.upToDate()
  const picked = query.picked && new Set(query.picked.map((key) => index.lookUp(fromHex(key)).row))
  const isAsked = (line: Ordinal) =>
    (picked === undefined || picked.has(line)) &&
    (query.peer === undefined || index.batchOf(line).origin?.fingerprint === query.peer)
  const lines = index.select(query.selection, isAsked)
  const needle = query.text?.toLowerCase() ?? ''
  return { index, lines: needle === '' ? lines : await containing(store, { index, lines }, needle, context) }
}

async function containing(
  store: MemoryStore,
  { index, lines }: Rows,
  needle: string,
  { signal, progress }: TaskContext,
): Promise<Uint32Array> {
  const found = new Set<Ordinal>()
  let done = 0
  // In the order of the segments, each of which is then read once.
  for await (const run of store.readRuns(index, lines.slice().sort())) {
    if (signal.aborted) throw new ExchangeError('cancelled')
    for (const { line, bytes } of run) {
      if (bytes[0] === BLANK) continue
      if ((JSON.parse(decodeUtf8(bytes)) as Memory).content.toLowerCase().includes(needle)) found.add(line)
    }
    done += run.length
    progress({ done, total: lines.length, memories: found.size })
  }
  return lines.filter((line) => found.has(line))
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

/** What there is to choose from: the most frequent names, most frequent first. */
export async function readFacets(store: MemoryStore): Promise<Facets> {
  const index = await store.upToDate()
  const [entities, types, tags] = [
    new Map<string, number>(),
    new Map<string, number>(),
    new Map<string, number>(),
  ]
  const peers = new Map<string, { rows: number; lines: number }>()
  let [own, imported] = [0, 0]
  for (const { page, batch, start } of index.pages()) {
    const peer = batch.origin && entryOf(peers, batch.origin.fingerprint)
    if (peer) peer.lines += page.count - (page.erased?.length ?? 0)
    for (let row = 0; row < page.count; row++) {
      if (!index.isRow(start + row)) continue
      if (peer) peer.rows++
      if (peer) imported++
      else own++
      count(entities, page.strings[page.entities[row]!]!)
      const type = typeAt(page, row)
      if (type !== null) count(types, type)
      for (let at = page.tagStarts[row]!; at < page.tagStarts[row + 1]!; at++)
        count(tags, page.strings[page.tags[at]!]!)
    }
  }
  return {
    rows: own + imported,
    own,
    imported,
    entities: mostFirst(entities),
    event_types: mostFirst(types),
    tags: mostFirst(tags),
    peers: [...peers].map(([fingerprint, counts]) => ({ fingerprint, ...counts })),
  }
}

function entryOf(peers: Map<string, { rows: number; lines: number }>, fingerprint: string) {
  const known = peers.get(fingerprint) ?? { rows: 0, lines: 0 }
  peers.set(fingerprint, known)
  return known
}

function count(names: Map<string, number>, name: string): void {
  names.set(name, (names.get(name) ?? 0) + 1)
}

function mostFirst(names: Map<string, number>): [string, number][] {
  return [...names].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, FACETS_SHOWN)
}
