import { equalBytes, toHex } from '../core/bytes.ts'
import { parseCanonical } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { MAX_LINE } from '../core/lines.ts'
import { checkMemory, parseMemory, type Memory } from '../core/memory.ts'
import { TreeHasher } from '../core/merkle.ts'
import { runBytesOf, type Run, type RunProgress } from '../core/run.ts'
import { runsOf } from '../core/verify.ts'
import type { MemoryIndex, Ordinal } from '../store/memory-index.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import { lineEnd, SEPARATOR } from '../store/page.ts'
import { toBlob, type StoredBytes } from '../store/segment.ts'
import { composeBody } from './export-body.ts'
import type { GatheredRun } from './gather.ts'
import { kernel } from './kernel.ts'
import type { Lanes } from './lanes.ts'
import type { TaskContext } from './protocol.ts'
import { findRows, type Query } from './query.ts'

const HASH_BYTES = 32

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

/** So many rows go out oldest first, wherever they lie; of more each part of the file would read every segment. */
const SORTED_ROWS = 10_000

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
  const rows = lines.length <= SORTED_ROWS ? lines.slice().reverse() : lines.slice().sort()
  checkLengths(index, rows)
  const { body, leaves, inBlobs } = await composeBody(store, index, rows, context)
  const outgoing = new Outgoing(index, rows, leaves, ownKeys)
  for await (const { run } of gather(lanes, body, ownKeys, { rows: rows.length, context })) {
    outgoing.take(run)
    if (!run.isWhole) break
  }
  if (outgoing.isLastMissing) outgoing.takeLast(...(await store.readLines(index, rows.slice(-1))))
  return {
    // Its LF in front is for the first run; the last memory has no comma, and its LF is the tail's.
    body: body.slice(1, body.size - SEPARATOR.length),
    count: rows.length,
    leaves: inBlobs ? toBlob(leaves) : leaves,
    root: toHex(outgoing.root()),
  }
}

/** The body as a stranger would read it, in runs side by side. */
function gather(
  lanes: Lanes,
  file: Blob,
  ownKeys: readonly string[],
  { rows, context: { signal, progress } }: { readonly rows: number; readonly context: TaskContext },
): AsyncGenerator<{ readonly run: GatheredRun }> {
  const { size } = file
  const memories = new Map<number, number>()
  const check = async ({ from, to }: Run, onProgress: RunProgress) => {
    const run = await lanes.call('gather', { file, from, to, ownKeys }, to - from, {
      signal,
      onProgress: (step) => onProgress(step.done, step.memories),
    })
    onProgress(to - from, run.leaves.length / HASH_BYTES)
    return run
  }
  const reading = { size, count: lanes.count, runBytes: runBytesOf(size, lanes.count), check }
  return runsOf(reading, 1, (from, _, count) => {
    memories.set(from, count)
    const done = [...memories.values()].reduce((sum, each) => sum + each, 0)
    progress({ done, total: rows, memories: done })
  })
}

/** Holds what is read of the body against what is to go out. */
class Outgoing {
  readonly #index: MemoryIndex
  readonly #rows: Uint32Array
  readonly #leaves: Uint8Array
  readonly #ownKeys: readonly string[]
  readonly #tree = new TreeHasher(kernel?.hashSubtree)
  /** Behind the last line that was taken, in bytes of the body. */
  #end = 1

  constructor(index: MemoryIndex, rows: Uint32Array, leaves: Uint8Array, ownKeys: readonly string[]) {
    this.#index = index
    this.#rows = rows
    this.#leaves = leaves
    this.#ownKeys = ownKeys
  }

  take({ start, end, leaves, ownAuthored }: GatheredRun): void {
    // No line starts in it: one of the run before goes on through it.
    if (start === null) return
    const first = this.#tree.size
    const expected = this.#leaves.subarray(HASH_BYTES * first, HASH_BYTES * first + leaves.length)
    if (start !== this.#end) throw this.#damaged(first)
    if (!equalBytes(leaves, expected)) {
      const wrong = leaves.findIndex((byte, i) => byte !== expected[i])
      throw this.#damaged(first + Math.floor(wrong / HASH_BYTES))
    }
    for (const row of ownAuthored) this.#checkAuthor(first + row)
    this.#tree.push(leaves)
    this.#end = end
  }

  /** Of all lines the last alone may be so long that it is read by itself: here it has a comma, in the file it has none. */
  get isLastMissing(): boolean {
    const last = this.#rows.length - 1
    return this.#tree.size === last && bytesOf(this.#index, this.#rows[last]!) >= MAX_LINE
  }

  takeLast(line?: string): void {
    const last = this.#rows.length - 1
    const leaf = this.#leaves.subarray(HASH_BYTES * last)
    const memory = readHeld(line ?? '', leaf)
    if (memory === null) throw this.#damaged(last)
    if (this.#ownKeys.includes(memory.author)) this.#checkAuthor(last)
    this.#tree.push(leaf)
  }

  /** Of all rows. */
  root(): Uint8Array {
    if (this.#tree.size < this.#rows.length) throw this.#damaged(this.#tree.size)
    return this.#tree.root()
  }

  /** Taken in before this key was restored here: passed on, it would come back as ours. */
  #checkAuthor(row: number): void {
    const line = this.#rows[row]!
    if (!this.#index.isOwnLeaf(this.#index.leafOf(line)))
      throw new ExchangeError('author_forged', `memory ${toHex(this.#index.keyOf(line))}`)
  }

  #damaged(row: number): ExchangeError {
    const line = this.#rows[Math.min(row, this.#rows.length - 1)]!
    return new ExchangeError('storage_damaged', `memory ${toHex(this.#index.keyOf(line))}`)
  }
}

/** Taken in as the last of its manifest a line may be so long that no comma fits: in any other place no reader would take the file. */
function checkLengths(index: MemoryIndex, rows: Uint32Array): void {
  for (const line of rows.subarray(0, -1))
    if (bytesOf(index, line) >= MAX_LINE)
      throw new ExchangeError('line_too_long', `memory ${toHex(index.keyOf(line))}`)
}

/** Bytes of a line, what separates it from the next not included. */
function bytesOf(index: MemoryIndex, line: Ordinal): number {
  const page = index.pageOf(line)
  const row = index.rowOf(line)
  return lineEnd(page, row) - page.offsets[row]!
}

/** The memory of a line; null if it is not what its leaf says. */
function readHeld(line: string, leaf: Uint8Array): Memory | null {
  try {
    const memory = parseMemory(parseCanonical(line))
    return equalBytes(checkMemory(memory), leaf) ? memory : null
  } catch (error) {
    if (error instanceof ExchangeError) return null
    throw error
  }
}
