import { canonicalize } from '../core/canonical.ts'
import { CSV_BEGIN, encodeRecord } from '../core/csv.ts'
import { decodeUtf8 } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import type { MemoryIndex, Ordinal } from '../store/memory-index.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import type { TaskContext } from './protocol.ts'
import { findRows, toMemory, type Query } from './query.ts'

export interface CsvList {
  readonly file: Blob
  readonly count: number
}

const COLUMNS = [
  ...[
    'created_at',
    'entity_id',
    'event_type',
    'tags',
    'content',
    'metadata',
    'is_own',
    'origin',
    'issuer',
    'manifest',
  ],
  ...['file_name', 'leaf_index', 'author', 'leaf_hash'],
]

/** All rows of a query as CSV, in the order of the list. Throws `empty_selection`, `cancelled`, `list_outdated`, `storage_damaged`. */
export async function writeCsv(store: MemoryStore, query: Query, context: TaskContext): Promise<CsvList> {
  const { index, lines } = await findRows(store, query, context)
  if (lines.length === 0) throw new ExchangeError('empty_selection')
  // A Blob each: what is written may then lie on disk, and not in this worker's memory.
  const parts = [new Blob([CSV_BEGIN + encodeRecord(COLUMNS)])]
  let done = 0
  for await (const run of store.readRuns(index, lines)) {
    if (context.signal.aborted) throw new ExchangeError('cancelled')
    parts.push(new Blob(run.map(({ line, bytes }) => encodeRecord(toFields(index, line, decodeUtf8(bytes))))))
    done += run.length
    context.progress({ done, total: lines.length, memories: done })
  }
  return { file: new Blob(parts, { type: 'text/csv' }), count: lines.length }
}

function toFields(index: MemoryIndex, line: Ordinal, text: string): string[] {
  const memory = toMemory(text)
  const { origin } = index.batchOf(line)
  const metadata = memory['metadata']
  return [
    memory.created_at,
    memory.entity_id,
    String(memory['event_type'] ?? ''),
    // No tag holds a line end.
    memory.tags.join('\n'),
    memory.content,
    metadata === undefined ? '' : canonicalize(metadata, 2),
    origin === null ? 'yes' : 'no',
    origin?.label ?? '',
    origin?.fingerprint ?? '',
    origin?.manifest ?? '',
    origin?.file_name ?? '',
    origin === null ? '' : String(index.pageOf(line).indexes[index.rowOf(line)]),
    memory.author,
    memory.leaf_hash,
  ]
}
