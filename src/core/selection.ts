import type { JsonObject, JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { hasShape, isAscendingStrings, type Shape } from './shape.ts'
import { isShortString, isTime, toAscending } from './text.ts'
import { MAX_TAGS } from './memory.ts'

/** What an export chose, as its details say it (manifest-format, 2). `since` inclusive, `until` exclusive. */
export interface Selection {
  readonly entity_id?: string
  readonly event_type?: string
  readonly hand_picked?: true
  readonly origin?: 'own' | 'imported'
  readonly since?: string
  readonly tags?: readonly string[]
  readonly tags_match?: 'all' | 'any'
  readonly until?: string
}

export const SELECTION: Shape = {
  required: {},
  optional: {
    entity_id: isShortString,
    event_type: isShortString,
    hand_picked: (value) => value === true,
    origin: (value) => value === 'own' || value === 'imported',
    since: isTime,
    tags: (value) => isAscendingStrings(value, isShortString) && value.length <= MAX_TAGS,
    tags_match: (value) => value === 'all' || value === 'any',
    until: isTime,
  },
  open: true,
}

/** What a person or an agent may write: empty members mean "not asked", a date alone means its 00:00:00.000Z. */
export interface SelectionInput {
  readonly entity_id?: string | undefined
  readonly event_type?: string | undefined
  readonly hand_picked?: boolean | undefined
  readonly origin?: string | undefined
  readonly since?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly tags_match?: string | undefined
  readonly until?: string | undefined
}

/** The full form of what was asked. Throws `selection_invalid` naming the member that cannot be. */
export function normalizeSelection(input: SelectionInput): Selection {
  const tags = toAscending((input.tags ?? []).map((tag) => tag.trim()).filter((tag) => tag !== ''))
  const members: Record<string, JsonValue | undefined> = {
    entity_id: input.entity_id,
    event_type: input.event_type,
    hand_picked: input.hand_picked === true ? true : undefined,
    origin: input.origin,
    since: input.since && toFullTime(input.since),
    tags: tags.length > 0 ? tags : undefined,
    tags_match: tags.length > 1 ? (input.tags_match ?? 'all') : undefined,
    until: input.until && toFullTime(input.until),
  }
  const present = Object.entries(members).filter(([, value]) => value !== undefined && value !== '')
  const selection = Object.fromEntries(present) as JsonObject
  for (const [name, value] of Object.entries(selection)) {
    if (!hasShape({ [name]: value }, SELECTION)) throw new ExchangeError('selection_invalid', name)
  }
  const { since, until } = selection as Selection
  if (since !== undefined && until !== undefined && since >= until)
    throw new ExchangeError('selection_invalid', 'until')
  return selection as Selection
}

function toFullTime(text: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00.000Z` : text
}
