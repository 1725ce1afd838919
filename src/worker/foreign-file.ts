import { concat, decodeUtf8, toHex } from '../core/bytes.ts'
import type { ForeignContext } from '../core/foreign-draft.ts'
import { ExchangeError } from '../core/errors.ts'
import { readForeign, type FileNote, type ForeignKind, type ForeignRow } from '../core/foreign.ts'
import { hashText } from '../core/hash.ts'
import type { MemoryDraft } from '../core/memory.ts'
import { ByteTable } from '../store/byte-table.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import { dedupKey } from '../store/page.ts'
import { Source } from './source.ts'

/** What a file of memories made elsewhere holds, before anything of it is taken in. */
export interface ForeignPreview {
  readonly kind: ForeignKind
  /** Memories that can be taken in, those already here included. */
  readonly good: number
  readonly already_local: number
  /** Deleted here before: they do not rise again by themselves. */
  readonly deleted_here: number
  readonly estimated: number
  readonly problems: readonly { readonly row: number; readonly detail: string }[]
  /** How many rows have a problem; the list above is cut. */
  readonly problem_count: number
  readonly notes: readonly FileNote[]
  readonly sample: readonly MemoryDraft[]
}

/** Inflated. A text of JavaScript cannot be longer than about 2^29 characters in the engines that run this. */
const MAX_FOREIGN_BYTES = 400 * 1024 * 1024
const PROBLEMS_SHOWN = 200
const SAMPLE = 20

/**
 * Reads a file of memories. What it holds stays in the worker as drafts; the page gets counts, problems and a
 * sample. Throws `not_recognised`, `not_utf8`, `gzip_invalid`, `file_unreadable`, `limit_exceeded`.
 */
export async function readForeignFile(
  store: MemoryStore,
  file: Blob,
  context: ForeignContext,
  signal: AbortSignal,
): Promise<{ preview: ForeignPreview; drafts: MemoryDraft[] }> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (await Source.open(file)).chunks({ signal })) {
    bytes += chunk.length
    if (bytes > MAX_FOREIGN_BYTES) throw new ExchangeError('limit_exceeded')
    // A chunk is only there until the next is asked for.
    chunks.push(chunk.slice())
  }
  const { kind, rows, notes } = readForeign(decodeUtf8(concat(...chunks)), context)
  const drafts = rows.flatMap(({ draft }) => (draft === undefined ? [] : [toMemoryDraft(draft)]))
  const problems = rows.flatMap(({ row, problem }) => (problem ? [{ row, detail: problem.detail }] : []))
  const known = await countKnown(store, drafts)
  return {
    drafts,
    preview: {
      kind,
      good: drafts.length,
      ...known,
      estimated: rows.filter(({ draft }) => draft?.estimated).length,
      problems: problems.slice(0, PROBLEMS_SHOWN),
      problem_count: problems.length,
      notes,
      sample: drafts.slice(0, SAMPLE),
    },
  }
}

/** That the date is the file's and not the memory's is said in the memory itself, where it is signed and travels on. */
function toMemoryDraft({ estimated, ...draft }: NonNullable<ForeignRow['draft']>): MemoryDraft {
  return estimated ? { ...draft, 'x-date-estimated': true } : draft
}

async function countKnown(
  store: MemoryStore,
  drafts: readonly MemoryDraft[],
): Promise<{ already_local: number; deleted_here: number }> {
  const index = await store.upToDate()
  const seen = new ByteTable()
  const counts = { already_local: 0, deleted_here: 0 }
  for (const { content, entity_id } of drafts) {
    const key = dedupKey({ content_sha256: toHex(hashText(content)), entity_id })
    const { held, deleted } = index.lookUp(key)
    const size = seen.size
    if (deleted) counts.deleted_here++
    else if (held || seen.add(key) < size) counts.already_local++
  }
  return counts
}
