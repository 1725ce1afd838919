import { hashRecord, RECORD_KINDS, type ArchiveHeader, type RecordKind } from '../core/archive.ts'
import { encodeUtf8, fromHex, toHex } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import { MAX_LINE } from '../core/lines.ts'
import { TreeHasher } from '../core/merkle.ts'
import {
  ARCHIVED_SETTINGS,
  encodeHoldings,
  type ArchivedBatch,
  type ErasedRow,
  type Holdings,
} from '../store/archive-records.ts'
import type { Database } from '../store/database.ts'
import type { MemoryIndex } from '../store/memory-index.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { SEPARATOR } from '../store/page.ts'
import type { BatchOrigin } from '../store/schema.ts'
import { readStored } from '../store/segment.ts'
import { composeBody } from './export-body.ts'
import { kernel } from './kernel.ts'
import type { TaskContext } from './protocol.ts'

/** All of an archive but its first lines, and what its header says of it. */
export interface ArchiveBody {
  /** From the first record on. */
  readonly body: Blob
  readonly header: Omit<ArchiveHeader, 'created_at' | 'issuer'>
}

const PART_BYTES = 2 * 1024 * 1024

/**
 * Puts the whole store into the form of an archive. Memories are not read: the file refers to where they lie, and it
 * is for whoever reads it first to find one that is damaged. Throws `store_empty`, `storage_damaged`, `cancelled`.
 */
export async function composeArchive(db: Database, context: TaskContext): Promise<ArchiveBody> {
  // Read anew: what is known of pages by now may not tell yet which of their lines were deleted.
  const store = new MemoryStore(db)
  const index = await store.upToDate()
  const batches = batchesOf(index)
  const holdings = await readHoldings(db, batches)
  const last = holdings.audit.at(-1)
  if (last === undefined) throw new ExchangeError('store_empty')
  const lines = liveLines(index)
  const { counts, root, text } = await writeHoldings(db, holdings, context)
  const memories = await composeBody(store, index, lines, context)
  const tree = new TreeHasher(kernel?.hashSubtree)
  tree.push(memories.leaves)
  const chain = new TreeHasher(kernel?.hashSubtree)
  for (const { row_hash } of holdings.audit) chain.push(fromHex(row_hash))
  const { body } = memories
  const end: BlobPart[] =
    lines.length === 0
      ? ['\n],\n"memories":[]}\n']
      : // Behind the LF with which the body begins; the last memory has no comma.
        ['\n],\n"memories":[', body.slice(0, body.size - SEPARATOR.length), '\n]}\n']
  return {
    body: new Blob([text, ...end]),
    header: {
      audit: {
        last_row_hash: last.row_hash,
        merkle_root: toHex(chain.root()),
        tree_size: holdings.audit.length,
      },
      counts,
      holdings_root: root,
      memory_count: lines.length,
      memory_root: lines.length === 0 ? null : toHex(tree.root()),
    },
  }
}

/** Batches in the order in which their lines lie, each with the rows whose text was taken out. */
function batchesOf(index: MemoryIndex): ArchivedBatch[] {
  const batches = new Map<string, ArchivedBatch & { lines: number; erased: ErasedRow[] }>()
  for (const { page, batch, start } of index.pages()) {
    const known = batches.get(batch.id) ?? {
      id: batch.id,
      lines: 0,
      origin: cleanOrigin(batch.origin),
      erased: [],
    }
    batches.set(batch.id, known)
    const supersedes = new Map(page.supersedes.map(({ row, leaves }) => [row, leaves]))
    for (const row of [...(page.erased ?? [])].sort((a, b) => a - b)) {
      const replaced = supersedes.get(row)
      known.erased.push({
        key: toHex(index.keyOf(start + row)),
        leaf: toHex(page.leaves.subarray(32 * row, 32 * row + 32)),
        row: known.lines + row,
        ...(replaced === undefined ? {} : { supersedes: replaced }),
      })
    }
    known.lines += page.count
  }
  return [...batches.values()]
}

/** Lines that have a text, batch by batch. */
function liveLines(index: MemoryIndex): Uint32Array {
  const byBatch = new Map<string, number[][]>()
  for (const { page, batch, start } of index.pages()) {
    const erased = new Set(page.erased)
    const lines: number[] = []
    for (let row = 0; row < page.count; row++) if (!erased.has(row)) lines.push(start + row)
    const known = byBatch.get(batch.id)
    if (known === undefined) byBatch.set(batch.id, [lines])
    else known.push(lines)
  }
  const all = [...byBatch.values()].flat()
  const live = new Uint32Array(all.reduce((sum, lines) => sum + lines.length, 0))
  let at = 0
  for (const lines of all) {
    live.set(lines, at)
    at += lines.length
  }
  for (const line of live.subarray(0, -1)) {
    const [page, row] = [index.pageOf(line), index.rowOf(line)]
    // Taken in as the last of its manifest it may be so long that no comma fits: elsewhere no reader would take it.
    if (page.offsets[row + 1]! - page.offsets[row]! > MAX_LINE + 1)
      throw new ExchangeError('line_too_long', `memory ${toHex(index.keyOf(line))}`)
  }
  return live
}

/** All small records, as they stand at one moment. */
async function readHoldings(db: Database, batches: ArchivedBatch[]): Promise<Omit<Holdings, 'leaves'>> {
  const names = [
    'audit',
    'identities',
    'peers',
    'manifests',
    'places',
    'forks',
    'own_streams',
    'tombstones',
    'settings',
  ] as const
  const tx = db.transaction(names)
  const [audit, identities, peers, manifests, places, forks, streams, tombstones, settings] =
    await Promise.all([
      tx.objectStore('audit').getAll(),
      tx.objectStore('identities').getAll(),
      tx.objectStore('peers').getAll(),
      tx.objectStore('manifests').getAll(),
      tx.objectStore('places').getAll(),
      tx.objectStore('forks').getAll(),
      tx.objectStore('own_streams').getAll(),
      tx.objectStore('tombstones').getAll(),
      tx.objectStore('settings').getAll(),
    ])
  return {
    audit,
    identities,
    peers,
    manifests: manifests.map((record) => ({ ...record, file_name: cleanText(record.file_name) })),
    places,
    forks: forks.map((record) => ({ ...record, file_name: cleanText(record.file_name) })),
    streams,
    tombstones,
    batches,
    settings: settings.filter(({ name }) => Object.hasOwn(ARCHIVED_SETTINGS, name)),
  }
}

function cleanOrigin(origin: BatchOrigin | null): BatchOrigin | null {
  return origin && { ...origin, file_name: cleanText(origin.file_name) }
}

/** The name of a file may be what no UTF-8 can carry, or longer than a record takes. */
function cleanText(text: string): string {
  return text.slice(0, 1024).replace(/\p{Surrogate}/gu, '\ufffd')
}

async function writeHoldings(
  db: Database,
  holdings: Omit<Holdings, 'leaves'>,
  { signal }: TaskContext,
): Promise<{ readonly counts: Record<RecordKind, number>; readonly root: string; readonly text: Blob }> {
  const counts = Object.fromEntries(RECORD_KINDS.map((kind) => [kind, 0])) as Record<RecordKind, number>
  const tree = new TreeHasher()
  const parts: Blob[] = []
  let held: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  const leavesOf = async (manifest: string) => {
    const record = await db.get('leaves', manifest)
    if (record === undefined) throw new ExchangeError('storage_damaged', `leaves of ${manifest}`)
    return readStored(record.leaves)
  }
  let first = true
  for await (const { kind, line } of encodeHoldings(holdings, leavesOf)) {
    if (signal.aborted) throw new ExchangeError('cancelled')
    const text = encodeUtf8((first ? '' : ',\n') + line)
    if (text.length > MAX_LINE) throw new ExchangeError('limit_exceeded', kind)
    first = false
    counts[kind]++
    tree.push(hashRecord(line))
    held.push(text)
    bytes += text.length
    if (bytes < PART_BYTES) continue
    // A Blob each: what is written may then lie on disk, and not in this worker's memory.
    parts.push(new Blob(held))
    held = []
    bytes = 0
  }
  return { counts, root: toHex(tree.root()), text: new Blob([...parts, ...held]) }
}
