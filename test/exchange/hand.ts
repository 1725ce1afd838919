import { hashAuditRow, type AuditRow } from '../../src/core/audit.ts'
import { encodeUtf8, fromHex } from '../../src/core/bytes.ts'
import { canonicalize, type JsonObject } from '../../src/core/canonical.ts'
import { createMemory, type Memory, type MemoryDraft } from '../../src/core/memory.ts'
import type { Database } from '../../src/store/database.ts'
import { dedupKey, lineEnd, PageBuilder, type Page } from '../../src/store/page.ts'
import type { BatchRecord, StoreName } from '../../src/store/schema.ts'
import { readStored, toBlob } from '../../src/store/segment.ts'
import { random16 } from './craft.ts'

/** Everything a database holds. */
export type Kept = ReadonlyMap<StoreName, readonly unknown[]>

export async function keep(db: Database): Promise<Kept> {
  const kept = new Map<StoreName, readonly unknown[]>()
  for (const name of db.objectStoreNames) kept.set(name, await db.getAll(name))
  return kept
}

export async function putBack(db: Database, kept: Kept): Promise<void> {
  for (const [name, records] of kept) {
    await db.clear(name)
    for (const record of records) await db.put(name, record as never)
  }
}

/** A page that a hand in the store wants to change, with its memories; what has no text is null. */
export interface Lines {
  readonly page: Page
  readonly batch: BatchRecord
  readonly memories: (Memory | null)[]
}

export async function linesOf(db: Database, isWanted: (lines: Lines) => boolean): Promise<Lines> {
  for (const page of await db.getAll('pages')) {
    const text = new TextDecoder().decode(await readStored((await db.get('segments', page.id))!.lines))
    const memories = text
      .split(',\n')
      .slice(0, -1)
      .map((line) => (line.trim() === '' ? null : (JSON.parse(line) as Memory)))
    const lines = { page, batch: (await db.get('batches', page.batch))!, memories }
    if (isWanted(lines)) return lines
  }
  throw new Error('no such page')
}

/** Writes a page and its segment as the program would, each column made anew. */
export async function write(
  db: Database,
  { page, batch, memories }: Lines,
  indexes: readonly number[] = [...page.indexes],
  id = page.id,
): Promise<void> {
  const builder = new PageBuilder()
  for (const [row, memory] of memories.entries()) {
    const line = encodeUtf8(canonicalize(memory!))
    builder.add(memory!, line, dedupKey(memory!), fromHex(memory!.leaf_hash), indexes[row] ?? 0)
  }
  const built = builder.build(batch.id)
  await db.put('pages', { ...built.page, id })
  await db.put('segments', { id, lines: toBlob(built.lines) })
  await db.put('batches', { ...batch, lines: memories.length })
}

/** The same memory with other words and every hash of it made anew. */
export function reworded(
  memory: Memory,
  members: Partial<MemoryDraft> & JsonObject,
  author = memory.author,
): Memory {
  const { content, created_at, entity_id, tags } = memory
  const draft = { content, created_at, entity_id, tags, ...members }
  const made = createMemory(draft, author, { blind: random16(), idBytes: random16() })
  return made
}

/** A memory taken out as a deletion does it, row by row, without a deed. */
export async function erase(db: Database, { page }: Lines, row: number): Promise<void> {
  const record = (await db.get('segments', page.id))!
  const bytes = (await readStored(record.lines)).slice()
  bytes.fill(0x20, page.offsets[row], lineEnd(page, row))
  await db.put('segments', { id: page.id, lines: toBlob(bytes) })
  const isUsed = (place: number) =>
    [...Array(page.count).keys()].some(
      (each) =>
        each !== row &&
        (page.entities[each] === place ||
          page.types[each] === place ||
          page.tags.subarray(page.tagStarts[each], page.tagStarts[each + 1]).includes(place)),
    )
  await db.put('pages', {
    ...page,
    erased: [...(page.erased ?? []), row],
    times: page.times.map((time, each) => (each === row ? 0 : time)),
    strings: page.strings.map((text, place) => (isUsed(place) ? text : '')),
  })
}

/** Writes the chain anew with other subjects: every hash and every link holds. */
export async function retell(
  db: Database,
  tell: (row: AuditRow) => Partial<Pick<AuditRow, 'subject' | 'operation' | 'leaf_hash'>> | null,
): Promise<void> {
  const rows = await db.getAll('audit')
  await db.clear('audit')
  let [previous, seq] = ['0'.repeat(64), 0]
  for (const row of rows) {
    const told = tell(row)
    if (told === null) continue
    const { row_hash: _, ...rest } = { ...row, ...told }
    const next = { ...rest, previous, seq: ++seq }
    previous = hashAuditRow(next)
    await db.put('audit', { ...next, row_hash: previous })
  }
  await db.put('settings', { name: 'generation', value: seq })
}
