import { encodeUtf8 } from './bytes.ts'
import { canonicalize, isObject, type JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { MAX_CONTENT, MAX_TAGS } from './memory.ts'
import { isShortString, isTime, isWellFormed, toAscending, toTime } from './text.ts'

/** A memory that was made elsewhere and keeps every rule of manifest-format, 3, but has no leaf yet. */
export interface Draft {
  content: string
  created_at: string
  entity_id: string
  event_type?: string
  metadata?: Record<string, JsonValue>
  tags: string[]
  /** The date is the file's, because the memory had none. Not a member of a memory: never in a leaf. */
  estimated: boolean
}

/** A value as the file has it, under the name the file gives it, so that a refusal can name it. */
export interface Field {
  readonly called: string
  readonly value: JsonValue | undefined
}

/** What a reader found for one draft. Attacker-controlled; null and undefined both mean absent. */
export interface Found {
  readonly content: Field
  readonly created_at?: Field
  readonly entity_id: Field
  readonly event_type?: Field
  readonly metadata?: Field
  /** What the reader itself has to say of this draft. */
  readonly note?: string
  readonly source_id?: Field
  readonly tags?: Field
}

export interface ForeignContext {
  readonly fileDate: string
  readonly fallbackEntity: string
}

const NO_ENTITY = 'no entity: the one chosen for the file is used'
const NO_ZONE = 'time without a zone: taken as UTC'
const NO_HOUR = 'date without a time: taken as midnight UTC'
const EPOCH_SECONDS = 'time is a number: read as seconds since 1970'
const EPOCH_MILLISECONDS = 'time is a number: read as milliseconds since 1970'

const NOT_SHORT = 'must be 1 to 256 characters, none of them a control character'
const SOURCE_ID = 'x-source-id'
/** A line's 8 MiB (manifest-format, 2) less what the leaf adds: author, hashes, id and up to 8 provenance entries. */
const LINE_ROOM = 8 * 1024 * 1024 - 64 * 1024
const SHORT_STRINGS_ROOM = 256 * 1024
/** As milliseconds this is March 1973, as seconds the year 5138: what is below can only have meant seconds. */
const LEAST_MILLISECONDS = 1e11
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const LONGEST_ISO = 64
const ISO_8601 =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)? ?(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?$/i

export function refusal(field: string, why: string): ExchangeError {
  return new ExchangeError('draft_invalid', `${field}: ${why}`)
}

/**
 * The draft of what was found; what had to be assumed goes to `notes`. Nothing is trimmed, shortened or
 * repaired: what breaks a rule throws `draft_invalid` and names the field. Only tags are sorted, each once.
 */
export function createDraft(found: Found, context: ForeignContext, notes: string[]): Draft {
  if (found.note !== undefined) notes.push(found.note)
  const content = readContent(found.content)
  const entity = readShort(found.entity_id)
  if (entity === undefined) notes.push(NO_ENTITY)
  const eventType = readShort(found.event_type)
  const metadata = readMetadata(found.metadata, found.source_id)
  const time = readTime(found.created_at, notes)
  const draft: Draft = {
    content,
    created_at: time ?? context.fileDate,
    entity_id: entity ?? context.fallbackEntity,
    ...(eventType === undefined ? {} : { event_type: eventType }),
    ...(metadata === undefined ? {} : { metadata }),
    tags: readTags(found.tags),
    estimated: time === undefined,
  }
  checkSize(draft, found.metadata?.called ?? 'metadata')
  return draft
}

function readContent({ called, value }: Field): string {
  if (typeof value !== 'string') throw refusal(called, isAbsent(value) ? 'missing' : 'not text')
  if (value.length > MAX_CONTENT) throw refusal(called, `longer than ${MAX_CONTENT} characters`)
  if (!isWellFormed(value)) throw refusal(called, 'a lone surrogate')
  return value
}

function readShort(field: Field | undefined): string | undefined {
  if (field === undefined || isAbsent(field.value)) return undefined
  if (!isShortString(field.value)) throw refusal(field.called, NOT_SHORT)
  return field.value
}

function readTags(field: Field | undefined): string[] {
  if (field === undefined || isAbsent(field.value)) return []
  const { called, value } = field
  if (!Array.isArray(value)) throw refusal(called, 'not a list')
  const bad = value.findIndex((tag) => !isShortString(tag))
  if (bad !== -1) throw refusal(`${called}[${bad}]`, NOT_SHORT)
  const tags = toAscending(value as string[])
  if (tags.length > MAX_TAGS) throw refusal(called, `more than ${MAX_TAGS}`)
  return tags
}

/** The id it had there is kept beside its metadata: ours means something only together with an author. */
function readMetadata(
  field: Field | undefined,
  id: Field | undefined,
): Record<string, JsonValue> | undefined {
  const value = field?.value ?? {}
  if (!isObject(value)) throw refusal(field!.called, 'not an object')
  const members = Object.entries(value)
  if (id !== undefined && !isAbsent(id.value)) {
    let name = SOURCE_ID
    while (Object.hasOwn(value, name)) name = `x-${name}`
    members.push([name, id.value!])
  }
  // Defines its members, where an assignment would run the setter behind `__proto__`.
  return members.length === 0 ? undefined : Object.fromEntries(members)
}

/** Refuses metadata that has no canonical form, and a draft that no line of a manifest could hold. */
function checkSize(draft: Draft, called: string): void {
  let metadata = 0
  try {
    if (draft.metadata !== undefined) metadata = canonicalize(draft.metadata, 2).length
  } catch (error) {
    if (error instanceof ExchangeError) throw refusal(called, error.detail)
    throw error
  }
  // At worst six bytes for a unit of text (`\u0001`), three for one of canonical JSON: rarely worth counting.
  if (6 * draft.content.length + 3 * metadata + SHORT_STRINGS_ROOM <= LINE_ROOM) return
  if (encodeUtf8(canonicalize(draft)).length > LINE_ROOM)
    throw refusal(called, 'too large beside the content')
}

/** ISO 8601 or a number since 1970, as a time of the format; finer than milliseconds is cut. */
function readTime(field: Field | undefined, notes: string[]): string | undefined {
  if (field === undefined || isAbsent(field.value)) return undefined
  const { called, value } = field
  const ms = typeof value === 'number' ? msOfNumber(value, notes) : msOfText(value, notes)
  const time = ms >= 0 && ms <= LAST_TIME ? toTime(ms) : ''
  if (!isTime(time)) throw refusal(called, 'not a time between 1970 and 9999')
  return time
}

function msOfNumber(value: number, notes: string[]): number {
  const isSeconds = Math.abs(value) < LEAST_MILLISECONDS
  notes.push(isSeconds ? EPOCH_SECONDS : EPOCH_MILLISECONDS)
  // Seconds with a fraction are a sum of binary halves: 1.001 s is nearer to 1001 ms than it is at it.
  return isSeconds ? Math.round(value * 1000) : Math.trunc(value)
}

function msOfText(value: JsonValue | undefined, notes: string[]): number {
  const match = typeof value === 'string' && value.length <= LONGEST_ISO ? ISO_8601.exec(value) : null
  if (match === null) return Number.NaN
  const [, day, minute, second = '00', fraction = '', zone] = match
  const local = `${day}T${minute ?? '00:00'}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  const ms = Date.parse(local)
  // Engines read 30 February as 2 March, and 24:00 as the next day.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== local) return Number.NaN
  if (zone === undefined) notes.push(minute === undefined ? NO_HOUR : NO_ZONE)
  return ms - msOfZone(zone ?? 'Z')
}

function msOfZone(zone: string): number {
  const digits = zone.replace(/\D/g, '')
  const minutes = 60 * Number(digits.slice(0, 2)) + Number(digits.slice(2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === null || value === undefined
}
