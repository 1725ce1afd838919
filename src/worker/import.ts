import { ExchangeError } from '../core/errors.ts'
import { notUnderstood } from '../core/memory.ts'
import type { Database } from '../store/database.ts'
import { ByteTable } from '../store/byte-table.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import { dedupKey } from '../store/page.ts'
import type { BatchOrigin } from '../store/schema.ts'
import { Staging } from '../store/staging.ts'
import type { OpenedManifest } from './opened-manifest.ts'
import type { TaskContext } from './protocol.ts'

/** What becomes of the memories of a manifest; with those withheld the counts sum to its `memory_count`. */
export interface ImportCounts {
  readonly imported: number
  readonly already_local: number
  readonly deleted_here: number
  readonly not_understood: number
}

export interface Staged {
  readonly counts: ImportCounts
  /** Lines staged: rows, and attestations of rows that were here. */
  readonly staged: number
}

const FIRST_MEMORY_LINE = 5

/**
 * Stages the memories of a verified manifest (manifest-format, 7): a new key becomes a row, a known one is
 * kept as attestation unless this very leaf of this manifest is held already. Nothing is visible yet.
 * Throws `author_forged`, `file_changed`, `cancelled`, `storage_full`.
 */
export async function stageImport(
  db: Database,
  store: MemoryStore,
  opened: OpenedManifest,
  input: { readonly batch: string; readonly origin: BatchOrigin; readonly ownKeys: readonly string[] },
  context: TaskContext,
): Promise<Staged> {
  const index = await store.upToDate()
  const held = index.leavesOf(input.origin.manifest)
  const staging = await Staging.begin(db, input.batch, input.origin)
  const stagedKeys = new ByteTable()
  const own = new Set(input.ownKeys)
  const counts = { imported: 0, already_local: 0, deleted_here: 0, not_understood: 0 }
  const evidenceLines =
    opened.verification.evidence.length === 0 ? 0 : opened.verification.evidence.length + 1
  for await (const { from, entries } of opened.runs()) {
    if (context.signal.aborted) throw new ExchangeError('cancelled')
    for (const [i, { memory, line }] of entries.entries()) {
      const at = from + i
      const leaf = opened.leafAt(at)
      if (own.has(memory.author) && !index.isOwnLeaf(leaf)) {
        throw new ExchangeError('author_forged', '', {
          line: FIRST_MEMORY_LINE + evidenceLines + at,
          index: at,
        })
      }
      const key = dedupKey(memory)
      const { held: isHeld, deleted } = index.lookUp(key)
      if (deleted) counts.deleted_here++
      else if (notUnderstood(memory)) counts.not_understood++
      else {
        const known = isHeld || stagedKeys.find(key) !== -1
        counts[known ? 'already_local' : 'imported']++
        if (known && held.find(leaf) !== -1) continue
        stagedKeys.add(key)
        held.add(leaf)
        if (staging.add(memory, line, key, leaf, at)) await staging.flush()
      }
    }
    const done = from + entries.length
    context.progress({ done, total: opened.verification.memories, memories: done })
  }
  await staging.flush()
  return { counts, staged: staging.staged }
}
