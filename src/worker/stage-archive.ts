import { fromHex } from '../core/bytes.ts'
import type { Database } from '../store/database.ts'
import type { ArchivedBatch } from '../store/archive-records.ts'
import type { StoredBytes } from '../store/segment.ts'
import { Staging } from '../store/staging.ts'
import { ArchivedEntries } from './archived-entries.ts'
import { rowsOf } from './archive-rows.ts'
import type { OpenedArchive } from './opened-archive.ts'
import type { TaskContext } from './protocol.ts'

/** What was staged of an archive, to be made visible by the deed that restores it. */
export interface StagedArchive {
  /** By batch of the archive, in its order: under which id its lines were staged, and how many. */
  readonly batches: readonly { readonly id: string; readonly lines: number }[]
  /** By manifest, in the form in which this browser keeps them. */
  readonly leaves: ReadonlyMap<string, StoredBytes>
}

/**
 * Stages all memories of a verified archive, unseen, batch by batch as they were; those whose text was taken out leave
 * their leaves. Throws `file_changed`, `cancelled`, `storage_full`.
 */
export async function stageArchive(
  db: Database,
  opened: OpenedArchive,
  { batches: ids }: { readonly batches: readonly string[] },
  context: TaskContext,
): Promise<StagedArchive> {
  const entries = new ArchivedEntries(opened, context)
  const staged: { id: string; lines: number }[] = []
  const { holdings } = opened
  let line = 0
  for (const [n, batch] of holdings.batches.entries()) {
    const staging = await Staging.begin(db, ids[n]!, batch.origin)
    await stageBatch(staging, batch, { opened, n, line, entries })
    staged.push({ id: ids[n]!, lines: staging.staged })
    line += batch.lines - batch.erased.length
  }
  const leaves = new Map<string, StoredBytes>()
  for (const [id, blob] of holdings.leaves) leaves.set(id, await Staging.keepable(blob))
  return { batches: staged, leaves }
}

async function stageBatch(
  staging: Staging,
  batch: ArchivedBatch,
  { opened, n, line, entries }: { opened: OpenedArchive; n: number; line: number; entries: ArchivedEntries },
): Promise<void> {
  const { indexes, erased } = opened.rows
  for (const row of rowsOf(batch, line)) {
    let isFull: boolean
    if ('line' in row) {
      const { memory, line: bytes, key, leaf } = await entries.next(row.line)
      isFull = staging.add(memory, bytes, key, leaf, indexes[row.line]!)
    } else {
      const { key, leaf, supersedes } = batch.erased[row.erased]!
      const index = erased[n]![row.erased]!
      isFull = staging.addErased(fromHex(key), fromHex(leaf), index, supersedes)
    }
    if (isFull) await staging.flush()
  }
  await staging.flush()
}
