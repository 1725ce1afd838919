import { isObject, type JsonObject, type JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { createDraft, refusal, type Draft, type Field, type ForeignContext, type Found } from './foreign-draft.ts'
import { isShortString, isTime } from './text.ts'

export type { Draft, ForeignContext } from './foreign-draft.ts'

export type ForeignKind = 'omega-sqlite-v1' | 'mcp-memory-jsonl' | 'memories-json' | 'memories-jsonl'

/** One draft or one problem. `row` is the line in JSONL, the position in an array, both from 1; several may share it. */
export interface ForeignRow {
  readonly row: number
  readonly draft?: Draft
  readonly problem?: { readonly code: 'draft_invalid'; readonly detail: string }
  readonly notes?: readonly string[]
}

export interface Foreign {
  readonly kind: ForeignKind
  readonly rows: ForeignRow[]
  readonly notes: string[]
}

/** So that a file of nothing but tiny rows ends as a refusal and not as a worker out of memory. */
export const MAX_FOREIGN_ROWS = 2_000_000

const OMEGA_VERSION = 'omega-sqlite-v1'
/** A log may begin with a line cut in half; a text in which none of these many is a memory is another thing. */
const HEAD_LINES = 10
const MAX_NOTES = 32
const NO_OBSERVATIONS = 'entity without observations: no memory is made of it'
const TYPE_LEFT_OUT = 'entityType is not a short string: left out'

/** Attacker-controlled, as all that is read here. */
type Read = (value: JsonObject, sheet: Sheet) => Generator<Found>

/**
 * Drafts from the memory files of other programs, told apart by what they hold. `context` is handed in: the
 * date for memories that have none, and the entity for those that name none. Duplicate names in one object:
 * the last counts, as everywhere. The same text and context give the same answer; order is the file's.
 *
 * Throws `not_recognised` when the text is none of these, `limit_exceeded` beyond `MAX_FOREIGN_ROWS`, and
 * `draft_invalid` when `context` itself breaks the rules for a time or an entity.
 */
export function readForeign(text: string, context: ForeignContext): Foreign {
  if (!isTime(context.fileDate)) throw refusal('fileDate', 'not a time')
  if (!isShortString(context.fallbackEntity)) throw refusal('fallbackEntity', 'not a short string')
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text
  const sheet = new Sheet(context)
  const kind = readDocument(parse(body), sheet) ?? readLines(body, sheet)
  return { kind, rows: sheet.rows, notes: sheet.notes() }
}

/** Collects what comes out of a file, in its order. */
class Sheet {
  readonly rows: ForeignRow[] = []
  readonly #context: ForeignContext
  readonly #tally = new Map<string, number>()

  constructor(context: ForeignContext) {
    this.#context = context
  }

  /** Every draft that `read` finds in a value. One that breaks a rule is a row too, and does not stop the others. */
  take(row: number, value: JsonValue | undefined, read: Read): void {
    if (value === undefined) return this.#push({ row, problem: { code: 'draft_invalid', detail: 'not JSON' } })
    if (!isObject(value)) return this.#push({ row, problem: { code: 'draft_invalid', detail: 'not an object' } })
    this.#guard(row, () => {
      for (const found of read(value, this)) this.#guard(row, () => this.#draft(row, found))
    })
  }

  /** A note on the file: counted, and only so many different ones, because some quote it. */
  note(text: string): void {
    const key = this.#tally.has(text) || this.#tally.size < MAX_NOTES ? text : 'other notes'
    this.#tally.set(key, (this.#tally.get(key) ?? 0) + 1)
  }

  /** Says of the members that no draft has room for that they stayed behind. */
  leave(value: JsonObject, taken: readonly string[]): void {
    for (const name of Object.keys(value)) {
      if (taken.includes(name) || value[name] === null) continue
      this.note(`${isShortString(name) ? name : 'a member'}: not taken over`)
    }
  }

  notes(): string[] {
    return Array.from(this.#tally, ([text, count]) => `${count} × ${text}`)
  }

  #draft(row: number, found: Found): void {
    const notes: string[] = []
    const draft = createDraft(found, this.#context, notes)
    this.#push(notes.length === 0 ? { row, draft } : { row, draft, notes })
    for (const note of notes) this.note(note)
  }

  #guard(row: number, deed: () => void): void {
    try {
      deed()
    } catch (error) {
      if (!(error instanceof ExchangeError) || error.code !== 'draft_invalid') throw error
      this.#push({ row, problem: { code: error.code, detail: error.detail } })
    }
  }

  #push(row: ForeignRow): void {
    if (this.rows.length === MAX_FOREIGN_ROWS) {
      throw new ExchangeError('limit_exceeded', `more than ${MAX_FOREIGN_ROWS} memories in one file`)
    }
    this.rows.push(row)
  }
}

/** The kind of a text that is one JSON value, its rows put on `sheet`; null when it may still be lines. */
function readDocument(value: JsonValue | undefined, sheet: Sheet): ForeignKind | null {
  if (Array.isArray(value)) return readArray(value, sheet)
  if (!isObject(value)) return null
  // Read as drafts, the memories of a damaged manifest would become the reader's own, their signature gone.
  if (Object.hasOwn(value, 'envelope') || String(value['format']).startsWith('omega-')) {
    throw new ExchangeError('not_recognised', 'a file of this exchange, damaged or re-formatted')
  }
  const { version, nodes, memories } = Object.fromEntries(Object.entries(value))
  if (version === OMEGA_VERSION && Array.isArray(nodes)) {
    nodes.forEach((node: JsonValue, i) => sheet.take(i + 1, node, readNode))
    return OMEGA_VERSION
  }
  if (Array.isArray(nodes)) throw new ExchangeError('not_recognised', 'an export of another version')
  return Array.isArray(memories) ? readArray(memories, sheet) : null
}

function readArray(values: readonly JsonValue[], sheet: Sheet): ForeignKind {
  if (values.length > 0 && !values.some(isMemory)) throw new ExchangeError('not_recognised', 'a list without memories')
  values.forEach((value, i) => sheet.take(i + 1, value, readMemory))
  return 'memories-json'
}

function readLines(text: string, sheet: Sheet): ForeignKind {
  const kind = kindOfLines(text)
  const read = kind === 'mcp-memory-jsonl' ? readGraph : readMemory
  for (const [row, line] of linesOf(text)) sheet.take(row, parse(line), read)
  return kind
}

function kindOfLines(text: string): ForeignKind {
  if (text.startsWith('ENC:')) throw new ExchangeError('not_recognised', 'an encrypted OMEGA export: decrypt it there')
  let seen = 0
  for (const [, line] of linesOf(text)) {
    // A document of one value that did not parse is damaged; its lines must not pass for lines of their own.
    if (seen === 0 && /^\s*(?:\[|\{.*[^}\s]\s*$|\{\s*$)/.test(line)) break
    const value = parse(line)
    if (isMemory(value)) return 'memories-jsonl'
    if (isGraph(value)) return 'mcp-memory-jsonl'
    if (++seen === HEAD_LINES) break
  }
  throw new ExchangeError('not_recognised', seen === 0 ? 'empty, or JSON that is damaged' : '')
}

/** A node of an OMEGA export. Its counters say how it was used there, so they stay there. */
function* readNode(node: JsonObject, sheet: Sheet): Generator<Found> {
  const metadata = node['metadata'] ?? {}
  if (!isObject(metadata)) throw refusal('metadata', 'not an object')
  const lifted = ['entity_id', 'event_type', 'tags']
  const kept = Object.entries(metadata).filter(([name]) => !lifted.includes(name))
  sheet.leave(node, ['content', 'created_at', 'id', 'metadata'])
  yield {
    content: fieldOf(node, 'content'),
    created_at: fieldOf(node, 'created_at'),
    entity_id: { ...fieldOf(metadata, 'entity_id'), called: 'metadata.entity_id' },
    event_type: { ...fieldOf(metadata, 'event_type'), called: 'metadata.event_type' },
    metadata: { called: 'metadata', value: Object.fromEntries(kept) },
    source_id: fieldOf(node, 'id'),
    tags: { ...fieldOf(metadata, 'tags'), called: 'metadata.tags' },
  }
}

function* readMemory(memory: JsonObject, sheet: Sheet): Generator<Found> {
  const signed = ['leaf_hash', 'sealed_hash'].find((name) => Object.hasOwn(memory, name))
  if (signed !== undefined) throw refusal(signed, 'a signed memory; take it in with the manifest that proves it')
  const found = {
    content: fieldOf(memory, 'content'),
    created_at: fieldOf(memory, 'created_at', 'createdAt'),
    entity_id: fieldOf(memory, 'entity_id', 'entityId', 'entity'),
    event_type: fieldOf(memory, 'event_type', 'eventType'),
    metadata: fieldOf(memory, 'metadata'),
    source_id: fieldOf(memory, 'id'),
    tags: fieldOf(memory, 'tags'),
  }
  sheet.leave(memory, Object.values(found).map(({ called }) => called))
  yield found
}

/** A line of the reference MCP memory server: an entity with its observations, or a relation of two. */
function* readGraph(line: JsonObject, sheet: Sheet): Generator<Found> {
  if (line['type'] === 'entity') yield* readEntity(line, sheet)
  else if (line['type'] === 'relation') yield readRelation(line, sheet)
  else throw refusal('type', 'neither entity nor relation')
}

function* readEntity(line: JsonObject, sheet: Sheet): Generator<Found> {
  const { observations, entityType } = Object.fromEntries(Object.entries(line))
  if (!Array.isArray(observations)) throw refusal('observations', 'not a list')
  sheet.leave(line, ['type', 'name', 'entityType', 'observations'])
  if (observations.length === 0) sheet.note(NO_OBSERVATIONS)
  const isType = isShortString(entityType)
  if (!isType && Object.hasOwn(line, 'entityType')) sheet.note(TYPE_LEFT_OUT)
  for (const [i, value] of observations.entries()) {
    yield {
      content: { called: `observations[${i}]`, value },
      entity_id: fieldOf(line, 'name'),
      ...(isType ? { event_type: { called: 'entityType', value: entityType } } : {}),
    }
  }
}
