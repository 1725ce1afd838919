import { encodeUtf8, fromHex, toHex } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import { createMemory, reviseMemory, type Memory, type MemoryDraft } from '../core/memory.ts'
import { canonicalize, parseCanonical } from '../core/canonical.ts'
import { MAX_LINE } from '../core/lines.ts'
import { TreeHasher } from '../core/merkle.ts'
import { ByteTable } from '../store/byte-table.ts'
import type { Database } from '../store/database.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import { dedupKey } from '../store/page.ts'
import { Staging } from '../store/staging.ts'
import type { TaskContext } from './protocol.ts'
import { nextTask } from './source.ts'

const DRAFTS_A_PAUSE = 200

export interface StagedDrafts {
  readonly added: number
  readonly already_local: number
  readonly deleted_here: number
  /** Hex leaf of the last memory made; null if none was. */
  readonly leaf: string | null
  /** Hex dedup key of the last memory made. */
  readonly key: string | null
  /** Hex root of the tree over the leaves of all memories made, in their order; null if none was. */
  readonly root: string | null
}

export interface DraftsInput {
  readonly batch: string
  /** Fingerprint of our identity. */
  readonly author: string
  readonly drafts: readonly MemoryDraft[]
  /** A person writes this by hand: what was deleted here may rise again, because they say so. */
  readonly byHand: boolean
}

/** Stages memories of our own. Known keys are passed over and counted. Throws `draft_invalid`, `cancelled`. */
export async function stageDrafts(
  db: Database,
  store: MemoryStore,
  input: DraftsInput,
  context: TaskContext,
): Promise<StagedDrafts> {
  const index = await store.upToDate()
  const staging = await Staging.begin(db, input.batch, null)
  const staged = new ByteTable()
  const counts = { added: 0, already_local: 0, deleted_here: 0 }
  const tree = new TreeHasher()
  let last: { key: string; leaf: string } | null = null
  for (const [i, draft] of input.drafts.entries()) {
    if (context.signal.aborted) throw new ExchangeError('cancelled')
    const { memory, line } = seal(() =>
      createMemory(draft, input.author, { blind: random16(), idBytes: random16() }),
    )
    const key = dedupKey(memory)
    const { row, held, deleted } = index.lookUp(key)
    // A person may write an earlier version anew; a file that has it brings nothing new.
    const known = input.byHand ? row !== null : held
    if (deleted && !input.byHand) counts.deleted_here++
    else if (known || staged.find(key) !== -1) counts.already_local++
    else {
      staged.add(key)
      counts.added++
      last = { key: toHex(key), leaf: memory.leaf_hash }
      const leaf = fromHex(memory.leaf_hash)
      tree.push(leaf)
      if (staging.add(memory, line, key, leaf, 0)) await staging.flush()
    }
    if (i % DRAFTS_A_PAUSE !== DRAFTS_A_PAUSE - 1) continue
    context.progress({ done: i + 1, total: input.drafts.length, memories: counts.added })
    // A segment takes thousands without a pause, in which a cancel could be heard.
    await nextTask()
  }
  await staging.flush()
  const root = counts.added === 0 ? null : toHex(tree.root())
  return { ...counts, leaf: last?.leaf ?? null, key: last?.key ?? null, root }
}

export interface RevisionInput {
  readonly batch: string
  readonly author: string
  /** Hex dedup key of the memory that is edited. */
  readonly key: string
  readonly draft: MemoryDraft
}

/**
 * Stages the edit of a memory: a new leaf of ours. One of our own is replaced by it (`supersedes`, same id); an
 * imported original stays what it was. Throws `memory_unknown`, `already_local` if what it says stands elsewhere.
 */
export async function stageRevision(
  db: Database,
  store: MemoryStore,
  input: RevisionInput,
): Promise<StagedDrafts> {
  const index = await store.upToDate()
  const { row } = index.lookUp(fromHex(input.key))
  if (row === null) throw new ExchangeError('memory_unknown')
  const [text] = await store.readLines(index, [row])
  const original = parseCanonical(text!) as Memory
  const own = index.batchOf(row).origin === null && original.author === input.author
  // A date that was estimated, and that nobody has set since, is no better than it was.
  const estimated = original['x-date-estimated'] === true && original.created_at === input.draft.created_at
  const draft = estimated ? { ...input.draft, 'x-date-estimated': true as const } : input.draft
  const { memory, line } = seal(() =>
    own
      ? reviseMemory({ ...draft, supersedes: [original.leaf_hash] }, input.author, random16(), original.id)
      : createMemory(draft, input.author, { blind: random16(), idBytes: random16() }),
  )
  const key = dedupKey(memory)
  const elsewhere = index.lookUp(key).row
  if (elsewhere !== null && elsewhere !== row) throw new ExchangeError('already_local')
  const staging = await Staging.begin(db, input.batch, null)
  staging.add(memory, line, key, fromHex(memory.leaf_hash), 0)
  await staging.flush()
  const [leaf, counts] = [memory.leaf_hash, { added: 1, already_local: 0, deleted_here: 0 }]
  return { ...counts, leaf, key: toHex(key), root: leaf }
}

/** What the format refuses in a memory that a person or a file brought is the draft's fault. */
function seal(make: () => Memory): { readonly memory: Memory; readonly line: Uint8Array } {
  try {
    const memory = make()
    // One line of a manifest, comma included; escapes can make 1,000,000 characters six times as long.
    const line = encodeUtf8(canonicalize(memory))
    if (line.length < MAX_LINE) return { memory, line }
    throw new ExchangeError('line_too_long')
  } catch (cause) {
    if (!(cause instanceof ExchangeError)) throw cause
    throw new ExchangeError('draft_invalid', cause.detail || cause.code, {}, { cause })
  }
}

function random16(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(16))
}
