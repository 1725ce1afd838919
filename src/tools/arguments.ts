import { canonicalize, type JsonObject, type JsonValue } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { isWellFormed } from '../core/text.ts'

const MAX_DEPTH = 16
/** Of all strings and names together, in UTF-16 units; what is larger goes by file. */
const MAX_LENGTH = 4 * 1024 * 1024
const MAX_MEMBERS = 100_000
/** Names that reach a prototype where an object is taken for a map. */
const REFUSED = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * A copy of what a caller gave, JSON and nothing else, that nobody can change any more: what is shown to a person is
 * what is done. Throws `arguments_invalid`.
 */
export function freezeArguments(given: unknown): JsonObject {
  const budget = { length: MAX_LENGTH, members: MAX_MEMBERS }
  const frozen = freeze(given === undefined ? {} : given, budget, 1)
  if (typeof frozen !== 'object' || frozen === null || Array.isArray(frozen)) refuse('they are not an object')
  try {
    // The audit row names them by their hash: what has none is not taken.
    canonicalize(frozen)
  } catch {
    refuse('a number or a name in them is none of the format')
  }
  return frozen as JsonObject
}

function freeze(value: unknown, budget: { length: number; members: number }, depth: number): JsonValue {
  if (depth > MAX_DEPTH) refuse(`they are nested deeper than ${MAX_DEPTH}`)
  switch (typeof value) {
    case 'string':
      spend(budget, value.length)
      if (!isWellFormed(value)) refuse('a text holds half a character')
      return value
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : refuse('a number is not finite')
    case 'object':
      break
    default:
      return refuse(`a ${typeof value} is not JSON`)
  }
  if (value === null) return null
  if (Array.isArray(value)) {
    spend(budget, 0, value.length)
    // Not `map`: a hole would stay one.
    return Object.freeze(Array.from(value, (each) => freeze(each, budget, depth + 1)))
  }
  const copy: Record<string, JsonValue> = {}
  for (const [name, member] of Object.entries(value)) {
    spend(budget, name.length, 1)
    if (REFUSED.has(name)) refuse(`the name “${name}” is not taken`)
    if (member !== undefined) copy[name] = freeze(member, budget, depth + 1)
  }
  return Object.freeze(copy)
}

function spend(budget: { length: number; members: number }, length: number, members = 0): void {
  budget.length -= length
  budget.members -= members
  if (budget.length < 0 || budget.members < 0)
    refuse('they are too large; hand a large manifest over as a file')
}

function refuse(why: string): never {
  throw new ExchangeError('arguments_invalid', why)
}
