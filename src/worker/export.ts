import { toHex } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import { inOrder } from '../core/in-order.ts'
import { MAX_LINE } from '../core/lines.ts'
import { TreeHasher } from '../core/merkle.ts'
import type { MemoryIndex, Ordinal } from '../store/memory-index.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import { toBlob, type StoredBytes } from '../store/segment.ts'
import type { RunToGather } from './gather.ts'
import { kernel } from './kernel.ts'
import type { Lanes } from './lanes.ts'
import type { TaskContext } from './protocol.ts'
import { findRows, type Query } from './query.ts'

export interface ExportPreview {
  readonly count: number
  readonly own: number
  readonly imported: number
  /** Content and members as they will stand in the file, in bytes, near enough. */
  readonly bytes: number
  readonly oldest: string | null
  readonly newest: string | null
}

export interface ExportBody {
  /** The memory lines, joined as the file has them, without the last LF. */
  readonly body: Blob
  readonly count: number
  /** 32 bytes each, in the form in which this browser keeps the lines. */
  readonly leaves: StoredBytes
  /** Hex. */
  readonly root: string
}

/** Up to so many rows are read wherever they lie. */
const SORTED_ROWS = 10_000
/** Of the file, gathered at once. */
const PART_BYTES = 4 * 1024 * 1024

export interface ExportQuery extends Query {
  /** Fingerprints of all keys this instance ever signed with. */
  readonly ownKeys: readonly string[]
}

/** Counts what a query would export, without reading a line (unless text is asked for). */
export async function previewExport(
  store: MemoryStore,
  query: Query,
  context: TaskContext,
): Promise<ExportPreview> {
  const { index, lines: rows } = await findRows(store, query, context)
  let [own, bytes] = [0, 0]
  for (const line of rows) {
    const page = index.pageOf(line)
    const row = index.rowOf(line)
    if (index.batchOf(line).origin === null) own++
    bytes += page.offsets[row + 1]! - page.offsets[row]!
  }
  const timeOf = (line: number | undefined) =>
    line === undefined ? null : new Date(index.pageOf(line).times[index.rowOf(line)]!).toISOString()
  return {
    count: rows.length,
    own,
    imported: rows.length - own,
    bytes,
    oldest: timeOf(rows.at(-1)),
    newest: timeOf(rows[0]),
  }
}

/**
 * The memories of an export, byte for byte as they are held, each hashed again before it goes out: oldest first, many
 * in the order in which they came here. Throws `empty_selection`, `storage_damaged` for a line that is not what its
 * leaf says, `author_forged` for one that bears our key and was not made here, `line_too_long` for one that leaves no
 * room for its comma, `cancelled`.
 */
export async function writeBody(
  store: MemoryStore,
  lanes: Lanes,
  { ownKeys, ...query }: ExportQuery,
  context: TaskContext,
): Promise<ExportBody> {
  const { index, lines } = await findRows(store, query, context)
  if (lines.length === 0) throw new ExchangeError('empty_selection')
  // The lines of a segment lie together; each of many read for itself would cost minutes.
  const rows = lines.length <= SORTED_ROWS ? lines.slice().reverse() : lines.slice().sort()
  checkLengths(index, rows)
  const tree = new TreeHasher(kernel?.hashSubtree)
  const leaves = new Uint8Array(32 * rows.length)
  const parts: Blob[] = []
  let inBlobs = true
  const lengthOf = (batch: Uint32Array) => batch.reduce((bytes, row) => bytes + bytesOf(index, row), 0)
  const gathered = inOrder(batchesOf(index, rows), 2 * lanes.count, async (batch) => {
    const run = await toRun(store, index, batch, ownKeys)
    return { run, ...(await lanes.call('gather', { run }, lengthOf(batch))) }
  })
  for await (const [batch, { run, body, ownAuthored }] of gathered) {
    if (context.signal.aborted) throw new ExchangeError('cancelled')
    // Taken in before this key was restored here: passed on, it would come back as ours.
    for (const row of ownAuthored)
      if (!index.isOwnLeaf(index.leafOf(batch[row]!)))
        throw new ExchangeError('author_forged', `memory ${toHex(index.keyOf(batch[row]!))}`)
    leaves.set(run.leaves, 32 * tree.size)
    tree.push(run.leaves)
    parts.push(body)
    inBlobs &&= run.segments.every((segment) => segment instanceof Blob)
    context.progress({ done: tree.size, total: rows.length, memories: tree.size })
  }
  // The last memory has no comma, and its LF is the tail's.
  const body = new Blob(parts)
  return {
    body: body.slice(0, body.size - 2),
    count: rows.length,
    leaves: inBlobs ? toBlob(leaves) : leaves,
    root: toHex(tree.root()),
  }
}

/** Taken in as the last of its manifest a line may be so long that no comma fits: in any other place no reader would take the file. */
function checkLengths(index: MemoryIndex, rows: Uint32Array): void {
  for (const line of rows.subarray(0, -1))
    if (bytesOf(index, line) >= MAX_LINE)
      throw new ExchangeError('line_too_long', `memory ${toHex(index.keyOf(line))}`)
}

/** Bytes of a line, LF not included. */
function bytesOf(index: MemoryIndex, line: Ordinal): number {
  const { offsets } = index.pageOf(line)
  const row = index.rowOf(line)
  return offsets[row + 1]! - 1 - offsets[row]!
}

/** The rows in order, cut where what is gathered of them fills a part of the file. */
function* batchesOf(index: MemoryIndex, rows: Uint32Array): Generator<Uint32Array> {
  for (let from = 0; from < rows.length;) {
    let to = from
    for (let bytes = 0; to < rows.length && bytes < PART_BYTES; to++) bytes += bytesOf(index, rows[to]!)
    yield rows.subarray(from, to)
    from = to
  }
}

async function toRun(
  store: MemoryStore,
  index: MemoryIndex,
  rows: Uint32Array,
  ownKeys: readonly string[],
): Promise<RunToGather> {
  const places = new Map<number, number>()
  const segments: StoredBytes[] = []
  const lines = new Uint32Array(3 * rows.length)
  const leaves = new Uint8Array(32 * rows.length)
  const keys = new Uint8Array(32 * rows.length)
  for (const [i, line] of rows.entries()) {
    const { id, offsets } = index.pageOf(line)
    const row = index.rowOf(line)
    if (!places.has(id)) {
      places.set(id, segments.length)
      segments.push(await store.segmentOf(index, id))
    }
    lines.set([places.get(id)!, offsets[row]!, offsets[row + 1]! - 1], 3 * i)
    leaves.set(index.leafOf(line), 32 * i)
    keys.set(index.keyOf(line), 32 * i)
  }
  return { segments, lines, leaves, keys, ownKeys }
}
