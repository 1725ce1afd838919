import { isObject, type JsonObject } from '../core/canonical.ts'
import type { MemoryDraft } from '../core/memory.ts'
import { isTime, toAscending } from '../core/text.ts'
import { ExchangeError } from '../core/errors.ts'
import { normalizeSelection, type SelectionInput } from '../core/selection.ts'
import { bumpEpoch, commitBatch, deleteBatch } from '../store/staging.ts'
import type { SegmentRecord } from '../store/schema.ts'
import { readStored, toBlob } from '../store/segment.ts'
import { eraseRows } from '../store/page.ts'
import type { CallOptions } from '../worker/bridge.ts'
import type { Progress } from '../worker/protocol.ts'
import type { StagedDrafts } from '../worker/drafts.ts'
import type { Facets } from '../worker/facets.ts'
import type { MemoryDetail, MemoryRow } from '../worker/query.ts'
import type { LineBytes } from '../worker/tasks.ts'
import { requireIdentity } from './identity.ts'
import { exclusively, nowAsTime, perform, present, type Instance } from './instance.ts'

export type { Facets } from '../worker/facets.ts'
export type { FederationOrigin, MemoryDetail, MemoryRow } from '../worker/query.ts'

/** What a person types; empty members mean "none". */
export interface MemoryInput {
  readonly content: string
  readonly entity_id: string
  readonly event_type?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly metadata?: JsonObject | undefined
  /** A time of the format, or a date, or absent for now. */
  readonly created_at?: string | undefined
}

export interface MemoryFilter extends SelectionInput {
  readonly text?: string | undefined
  readonly peer?: string | undefined
}

/** The answer to a query: rows are read as they are looked at. */
export interface MemoryList {
  /** Grows until the query has ended. */
  readonly count: number
  /** Rows `from` to `to`, newest first. Throws `list_outdated` when lines have been taken out since. */
  rows(from: number, to: number): Promise<MemoryRow[]>
  close(): void
}

export interface QueryOptions extends CallOptions {
  /** What was found so far, again and again until the query has ended; always the same list. From then on it is the caller's to close. */
  readonly onFound?: (list: MemoryList) => void
  /** So many rows come with the answer, if those from 0 to there are what is asked for next. */
  readonly first?: number
}

/** Throws `selection_invalid`, `cancelled`. */
export async function queryMemories(
  instance: Instance,
  filter: MemoryFilter,
  { onFound, first = 0, ...options }: QueryOptions = {},
): Promise<MemoryList> {
  const { text, peer, ...selection } = filter
  const query = {
    selection: normalizeSelection(selection),
    ...(text === undefined ? {} : { text }),
    ...(peer === undefined ? {} : { peer }),
  }
  let found: (MemoryList & { count: number }) | null = null
  let isGiven = false
  const onProgress = (progress: Progress) => {
    if (progress.list !== undefined) {
      found ??= listOf(instance, progress.list)
      found.count = progress.memories
      if (!options.signal?.aborted && onFound !== undefined) {
        isGiven = true
        onFound(found)
      }
    }
    options.onProgress?.(progress)
  }
  try {
    const answer = await instance.worker.call('query', { ...query, first }, { ...options, onProgress })
    found ??= listOf(instance, answer.list, { to: first, rows: answer.rows })
    found.count = answer.count
    // The last answer may have been on its way when the signal came: an ended query has one end.
    if (options.signal?.aborted) throw new ExchangeError('cancelled')
    return found
  } catch (error) {
    if (!isGiven) (found as MemoryList | null)?.close()
    throw error
  }
}

/** `first`: rows that came with the list. They are as old as it is, so they are given out once. */
function listOf(
  instance: Instance,
  list: number,
  first: { readonly to: number; readonly rows: MemoryRow[] } | null = null,
): MemoryList & { count: number } {
  let ready = first
  return {
    count: 0,
    async rows(from, to) {
      const given = ready
      ready = null
      if (from === 0 && to === given?.to) return given.rows
      return instance.worker.call('readList', { list, from, to })
    },
    close: () => void instance.worker.call('release', { handle: list }).catch(() => undefined),
  }
}

/** One memory with its attestations and earlier versions; null if it is not here (any more). */
export function readMemory(instance: Instance, key: string): Promise<MemoryDetail | null> {
  return instance.worker.call('readMemory', { key })
}

/** How many memories there are, and the entities, types, tags and peers among them. */
export function readFacets(instance: Instance): Promise<Facets> {
  return instance.worker.call('facets', {})
}

/** Writes a memory of our own and answers its key. Throws `no_identity`, `draft_invalid`, `already_local`. */
export async function writeMemory(instance: Instance, input: MemoryInput): Promise<string> {
  const draft = toDraft(instance, input)
  const { key } = await addDrafts(instance, 'memory_written', true, async (batch, author) => {
    // What a person has deleted a person may write again; an agent does not bring it back.
    const byHand = instance.actor === 'person'
    const staged = await instance.worker.call('stageDrafts', { batch, author, drafts: [draft], byHand })
    if (staged.added === 0)
      throw new ExchangeError(staged.deleted_here > 0 ? 'deleted_here' : 'already_local')
    return staged
  })
  return key!
}

/**
 * Edits a memory: ours gets a new version, the old one stays readable; of an imported one we make our own, and the
 * original stays what it was. Answers the new key. Throws `no_identity`, `draft_invalid`, `already_local`,
 * `memory_unknown`.
 */
export async function editMemory(instance: Instance, key: string, input: MemoryInput): Promise<string> {
  const draft = toDraft(instance, input)
  const staged = await addDrafts(instance, 'memory_edited', true, (batch, author) =>
    instance.worker.call('stageRevision', { batch, author, key, draft }),
  )
  return staged.key!
}

/**
 * Deletes a memory, its earlier versions and what attests it: the text is overwritten, the leaf hashes stay, and a
 * tombstone keeps it from rising again by an import. Throws `memory_unknown`.
 */
export async function deleteMemory(instance: Instance, key: string): Promise<void> {
  return exclusively(instance, async () => {
    const { keys, lines, leaf } = await instance.worker.call('locate', { key })
    const bySegment = groupBySegment(lines)
    const blanked = await blankLines(instance, bySegment)
    await perform(instance, 'memory_deleted', ['segments', 'pages', 'tombstones'], async (tx) => {
      for (const record of blanked) {
        await tx.objectStore('segments').put(record)
        const page = await tx.objectStore('pages').get(record.id)
        if (page === undefined) throw new ExchangeError('storage_damaged')
        const rows = bySegment.get(record.id)!.map(({ row }) => row)
        // Written again later, the memory is a new line: these must not come back with it.
        await tx.objectStore('pages').put(eraseRows(page, rows))
      }
      for (const each of keys) await tx.objectStore('tombstones').put({ key: each, at: nowAsTime(instance) })
      return { result: undefined, subject: { versions: keys.length, lines: lines.length }, leaf_hash: leaf }
    })
  })
}

function groupBySegment(lines: readonly LineBytes[]): Map<number, LineBytes[]> {
  const bySegment = new Map<number, LineBytes[]>()
  for (const line of lines) {
    const known = bySegment.get(line.segment)
    if (known === undefined) bySegment.set(line.segment, [line])
    else known.push(line)
  }
  return bySegment
}

/** The segments in which these lines stand, with spaces in their place: the columns stay true. */
async function blankLines(
  instance: Instance,
  bySegment: ReadonlyMap<number, readonly LineBytes[]>,
): Promise<SegmentRecord[]> {
  const blanked: SegmentRecord[] = []
  for (const [id, lines] of bySegment) {
    const record = await instance.db.get('segments', id)
    if (record === undefined) throw new ExchangeError('storage_damaged')
    const bytes = (await readStored(record.lines)).slice()
    for (const { from, to } of lines) bytes.fill(0x20, from, to)
    blanked.push({ id, lines: record.lines instanceof Blob ? toBlob(bytes) : bytes })
  }
  return blanked
}

/** Stages what `stage` makes and commits it under one audit row; what is staged and not committed is taken out again. */
export async function addDrafts(
  instance: Instance,
  operation: string,
  byHand: boolean,
  stage: (batch: string, author: string) => Promise<StagedDrafts>,
): Promise<StagedDrafts> {
  const { fingerprint } = await requireIdentity(instance)
  const batch = crypto.randomUUID()
  return exclusively(instance, async () => {
    try {
      const staged = await stage(batch, fingerprint)
      const { added, already_local, deleted_here } = staged
      return await perform(
        instance,
        operation,
        ['batches', 'pages', 'segments', 'tombstones'],
        async (tx) => {
          await (added > 0 ? commitBatch(tx, batch, added) : deleteBatch(tx, batch))
          const counts = { added, already_local, deleted_here }
          // A row names what it added, one by its leaf and many by their root: the integrity check holds the store against it.
          if (!byHand)
            return { result: staged, subject: present({ ...counts, merkle_root: staged.root ?? undefined }) }
          const lifted = staged.key !== null && (await liftTombstone(tx, staged.key)) ? 1 : 0
          return { result: staged, subject: { ...counts, lifted }, leaf_hash: staged.leaf! }
        },
      )
    } catch (error) {
      await discardStaged(instance, batch)
      throw error
    }
  })
}

/** A person who writes it again wants it again. Answers whether it had been deleted. */
async function liftTombstone(tx: Parameters<typeof commitBatch>[0], key: string): Promise<boolean> {
  if ((await tx.objectStore('tombstones').get(key)) === undefined) return false
  await tx.objectStore('tombstones').delete(key)
  await bumpEpoch(tx)
  return true
}

/** Takes out what was staged for a deed that did not come about. Never throws: why it did not is what is told. */
export async function discardStaged(instance: Instance, batch: string): Promise<void> {
  try {
    const tx = instance.db.transaction(['batches', 'pages', 'segments'], 'readwrite')
    await deleteBatch(tx as unknown as Parameters<typeof deleteBatch>[0], batch)
    await tx.done
  } catch {
    // Unseen as it is, it is swept when the store is opened next.
  }
}

function toDraft(instance: Instance, input: MemoryInput): MemoryDraft {
  const created_at = toTimeOf(input.created_at ?? nowAsTime(instance))
  const tags = toAscending((input.tags ?? []).map((tag) => tag.trim()).filter((tag) => tag !== ''))
  const event_type = input.event_type?.trim() || undefined
  if (input.metadata !== undefined && !isObject(input.metadata))
    throw new ExchangeError('draft_invalid', 'metadata')
  return {
    content: input.content,
    created_at,
    entity_id: input.entity_id.trim(),
    ...(event_type === undefined ? {} : { event_type }),
    ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
    tags,
  }
}

function toTimeOf(text: string): string {
  const full = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00.000Z` : text
  if (!isTime(full)) throw new ExchangeError('draft_invalid', 'created_at')
  return full
}
