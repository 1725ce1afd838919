import { isObject, type JsonObject } from './canonical.ts'
import { refusal, type Field, type Found } from './foreign-draft.ts'
import { isShortString } from './text.ts'

/**
 * What one object of a file holds. Attacker-controlled, as all that is read here. Throws `draft_invalid` for an
 * object that is none of its kind; what a draft itself must keep is left to `createDraft`.
 */
export type Read = (value: JsonObject, tally: Tally) => Generator<Found>

const MAX_NOTES = 32
const NOT_TAKEN = 'not taken over'
const NO_OBSERVATIONS = 'entity without observations: no memory is made of it'
const TYPE_LEFT_OUT = 'entityType is not a short string: left out'

/** What is to be said of a file, and how often. */
export interface FileNote {
  readonly count: number
  /** Ours. */
  readonly text: string
  /** The member that it is about, by the name that the file gives it: a stranger's. */
  readonly name?: string
}

/** Notes on a file: each counted, and only so many different ones, because some quote the file. */
export class Tally {
  readonly #notes = new Map<string, FileNote>()

  note(text: string, name?: string): void {
    const key = JSON.stringify([text, name])
    const isRoom = this.#notes.has(key) || this.#notes.size < MAX_NOTES
    const note = isRoom ? { text, ...(name === undefined ? {} : { name }) } : { text: 'other notes' }
    const kept = isRoom ? key : note.text
    this.#notes.set(kept, { count: (this.#notes.get(kept)?.count ?? 0) + 1, ...note })
  }

  /** Says of the members that no draft has room for that they stayed behind. */
  leave(value: JsonObject, taken: readonly string[]): void {
    for (const name of Object.keys(value)) {
      if (taken.includes(name) || value[name] === null) continue
      if (isShortString(name)) this.note(NOT_TAKEN, name)
      else this.note(`a member ${NOT_TAKEN}`)
    }
  }

  notes(): FileNote[] {
    return [...this.#notes.values()]
  }
}

/** A node of an OMEGA export. Its counters say how it was used there, so they stay there. */
export function* readNode(node: JsonObject, tally: Tally): Generator<Found> {
  const metadata = node['metadata'] ?? {}
  if (!isObject(metadata)) throw refusal('metadata', 'not an object')
  const lifted = ['entity_id', 'event_type', 'tags']
  const kept = Object.entries(metadata).filter(([name]) => !lifted.includes(name))
  tally.leave(node, ['content', 'created_at', 'id', 'metadata'])
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

export function* readMemory(memory: JsonObject, tally: Tally): Generator<Found> {
  const signed = ['leaf_hash', 'sealed_hash'].find((name) => Object.hasOwn(memory, name))
  if (signed !== undefined) throw refusal(signed, 'a signed memory: take it in with its manifest')
  const found = {
    content: fieldOf(memory, 'content'),
    created_at: fieldOf(memory, 'created_at', 'createdAt'),
    entity_id: fieldOf(memory, 'entity_id', 'entityId', 'entity'),
    event_type: fieldOf(memory, 'event_type', 'eventType'),
    metadata: fieldOf(memory, 'metadata'),
    source_id: fieldOf(memory, 'id'),
    tags: fieldOf(memory, 'tags'),
  }
  const taken = Object.values(found).map(({ called }) => called)
  tally.leave(memory, taken)
  yield found
}

/** A line of the reference MCP memory server: an entity with its observations, or a relation of two. */
export function* readGraph(line: JsonObject, tally: Tally): Generator<Found> {
  if (line['type'] === 'entity') yield* readEntity(line, tally)
  else if (line['type'] === 'relation') yield readRelation(line, tally)
  else throw refusal('type', 'neither entity nor relation')
}

function* readEntity(line: JsonObject, tally: Tally): Generator<Found> {
  const observations = line['observations']
  if (!Array.isArray(observations)) throw refusal('observations', 'not a list')
  const name = required(line, 'name')
  tally.leave(line, ['type', 'name', 'entityType', 'observations'])
  if (observations.length === 0) tally.note(NO_OBSERVATIONS)
  const type = fieldOf(line, 'entityType')
  const isShort = type.value === undefined || isShortString(type.value)
  const event = isShort ? { event_type: type } : { note: TYPE_LEFT_OUT }
  for (const [i, value] of observations.entries()) {
    yield { content: { called: `observations[${i}]`, value }, entity_id: name, ...event }
  }
}

/** The text is what the three names say, one after the other; what they were stays apart in the metadata. */
function readRelation(line: JsonObject, tally: Tally): Found {
  const from = required(line, 'from')
  const type = required(line, 'relationType')
  const to = required(line, 'to')
  tally.leave(line, ['type', 'from', 'to', 'relationType'])
  const relation = { from: from.value, to: to.value, type: type.value }
  return {
    content: { called: 'relation', value: `${from.value} ${type.value} ${to.value}` },
    entity_id: from,
    metadata: { called: 'relation', value: { relation } },
  }
}

/** Text that the memory server always writes, so that no other entity steps in where it is missing. */
function required(line: JsonObject, name: string): Field & { readonly value: string } {
  const { value } = fieldOf(line, name)
  if (typeof value !== 'string') throw refusal(name, value === undefined ? 'missing' : 'not text')
  return { called: name, value }
}

/** The first of `names` that the object itself has, not null; `__proto__` and the like are plain data here. */
function fieldOf(value: JsonObject, ...names: readonly [string, ...string[]]): Field {
  const called = names.find((name) => Object.hasOwn(value, name) && value[name] !== null)
  return called === undefined ? { called: names[0], value: undefined } : { called, value: value[called] }
}
