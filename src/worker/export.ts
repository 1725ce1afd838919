import { concat, decodeUtf8, encodeUtf8, equalBytes, toHex } from '../core/bytes.ts'
import { parseCanonical } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { MAX_LINE } from '../core/lines.ts'
import { checkMemory, parseMemory, type Memory } from '../core/memory.ts'
import { TreeHasher } from '../core/merkle.ts'
import type { MemoryStore } from '../store/memory-store.ts'
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
  readonly leaves: Uint8Array<ArrayBuffer>
  /** Hex. */
  readonly root: string
}

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
 * The memories of an export, oldest first, byte for byte as they are held, each hashed again before it goes
 * out. Throws `empty_selection`, `storage_damaged` for a line that is not what its leaf says, `author_forged` for one
 * that bears our key and was not made here, `line_too_long` for one that leaves no room for its comma, `cancelled`.
 */
export async function writeBody(
  store: MemoryStore,
  { ownKeys, ...query }: ExportQuery,
  context: TaskContext,
): Promise<ExportBody> {
  const own = new Set(ownKeys)
  const { index, lines } = await findRows(store, query, context)
  const rows = lines.slice().reverse()
  if (rows.length === 0) throw new ExchangeError('empty_selection')
  const tree = new TreeHasher()
  const leaves = new Uint8Array(32 * rows.length)
  const separator = encodeUtf8(',\n')
  const parts: Blob[] = []
  for await (const run of store.readRuns(index, rows)) {
    if (context.signal.aborted) throw new ExchangeError('cancelled')
    const part: Uint8Array[] = []
    for (const { line, bytes } of run) {
      const leaf = index.leafOf(line)
      const memory = readHeld(bytes, leaf)
      if (memory === null) throw new ExchangeError('storage_damaged', `memory ${toHex(index.keyOf(line))}`)
      // Taken in before this key was restored here: passed on, it would come back as ours.
      if (own.has(memory.author) && !index.isOwnLeaf(leaf))
        throw new ExchangeError('author_forged', `memory ${toHex(index.keyOf(line))}`)
      // Taken in as the last of its manifest, which has no comma: in any other place no reader would take the file.
      if (bytes.length === MAX_LINE && tree.size < rows.length - 1)
        throw new ExchangeError('line_too_long', `memory ${toHex(index.keyOf(line))}`)
      part.push(...(tree.size === 0 ? [bytes] : [separator, bytes]))
      leaves.set(leaf, 32 * tree.size)
      tree.push(leaf)
    }
    // A Blob each: what is written may then lie on disk, and not in this worker's memory.
    parts.push(new Blob([concat(...part)]))
    context.progress({ done: tree.size, total: rows.length, memories: tree.size })
  }
  return { body: new Blob(parts), count: rows.length, leaves, root: toHex(tree.root()) }
}

/** The memory of a line; null if it is not what its leaf says. */
function readHeld(line: Uint8Array, leaf: Uint8Array): Memory | null {
  try {
    const memory = parseMemory(parseCanonical(decodeUtf8(line)))
    return equalBytes(checkMemory(memory), leaf) ? memory : null
  } catch (error) {
    if (error instanceof ExchangeError) return null
    throw error
  }
}
