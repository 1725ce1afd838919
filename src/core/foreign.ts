import { isObject, type JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { createDraft, refusal, type Draft, type ForeignContext, type Found } from './foreign-draft.ts'
import { readGraph, readMemory, readNode, Tally, type FileNote, type Read } from './foreign-formats.ts'
import { isShortString, isTime } from './text.ts'

export type { Draft, ForeignContext } from './foreign-draft.ts'
export type { FileNote } from './foreign-formats.ts'

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
  readonly notes: FileNote[]
}

/** So that a file of nothing but tiny rows ends as a refusal and not as a worker out of memory. */
export const MAX_FOREIGN_ROWS = 2_000_000

const OMEGA_VERSION = 'omega-sqlite-v1'
/** A log may begin with a line cut in half; a text in which none of these many is a memory is another thing. */
const HEAD_LINES = 10

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
  return { kind, rows: sheet.rows, notes: sheet.tally.notes() }
}

/** Collects what comes out of a file, in its order. */
class Sheet {
  readonly rows: ForeignRow[] = []
  readonly tally = new Tally()
  readonly #context: ForeignContext

  constructor(context: ForeignContext) {
    this.#context = context
  }

  /** Every draft that `read` finds in a value. One that breaks a rule is a row too, and does not stop the others. */
  take(row: number, value: JsonValue | undefined, read: Read): void {
    if (value === undefined) return this.#refuse(row, 'not JSON')
    if (!isObject(value)) return this.#refuse(row, 'not an object')
    this.#guard(row, () => {
      for (const found of read(value, this.tally)) this.#guard(row, () => this.#draft(row, found))
    })
  }

  #draft(row: number, found: Found): void {
    const notes: string[] = []
    const draft = createDraft(found, this.#context, notes)
    this.#push(notes.length === 0 ? { row, draft } : { row, draft, notes })
    for (const note of notes) this.tally.note(note)
  }

  #guard(row: number, deed: () => void): void {
    try {
      deed()
    } catch (error) {
      if (!(error instanceof ExchangeError) || error.code !== 'draft_invalid') throw error
      this.#refuse(row, error.detail)
    }
  }

  #refuse(row: number, detail: string): void {
    this.#push({ row, problem: { code: 'draft_invalid', detail } })
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
  const format = value['format']
  if (Object.hasOwn(value, 'envelope') || (typeof format === 'string' && format.startsWith('omega-'))) {
    throw new ExchangeError('not_recognised', 'a file of this exchange, damaged or re-formatted')
  }
  if (Array.isArray(value['nodes'])) {
    if (value['version'] !== OMEGA_VERSION) throw new ExchangeError('not_recognised', 'an unknown version')
    value['nodes'].forEach((node: JsonValue, i) => sheet.take(i + 1, node, readNode))
    return OMEGA_VERSION
  }
  return Array.isArray(value['memories']) ? readArray(value['memories'], sheet) : null
}

function readArray(values: readonly JsonValue[], sheet: Sheet): ForeignKind {
  const isOther = values.length > 0 && !values.some(isMemory)
  if (isOther) throw new ExchangeError('not_recognised', 'a list without memories')
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
  if (text.startsWith('ENC:')) throw new ExchangeError('not_recognised', 'an encrypted OMEGA export')
  let seen = 0
  for (const [, line] of linesOf(text)) {
    // The first line of a document over several lines, which is damaged or unknown: its lines are no rows.
    const whole = line.trim()
    if (seen === 0 && (whole.startsWith('[') || (whole.startsWith('{') && !whole.endsWith('}')))) break
    const value = parse(line)
    if (isMemory(value)) return 'memories-jsonl'
    if (isGraph(value)) return 'mcp-memory-jsonl'
    if (++seen === HEAD_LINES) break
  }
  throw new ExchangeError('not_recognised', seen === 0 ? 'empty, or JSON damaged or unknown' : 'no memories')
}

function isMemory(value: JsonValue | undefined): boolean {
  return isObject(value) && typeof value['content'] === 'string'
}

function isGraph(value: JsonValue | undefined): boolean {
  if (!isObject(value)) return false
  return value['type'] === 'entity'
    ? Object.hasOwn(value, 'name')
    : value['type'] === 'relation' && Object.hasOwn(value, 'from')
}

/** The lines that are not blank, with their numbers from 1. One at a time: the text may be hundreds of MB. */
function* linesOf(text: string): Generator<[row: number, line: string]> {
  for (let from = 0, row = 1; from < text.length; row++) {
    const end = text.indexOf('\n', from)
    const line = text.slice(from, end === -1 ? text.length : end)
    if (/[^ \t\r]/.test(line)) yield [row, line]
    from = end === -1 ? text.length : end + 1
  }
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}
