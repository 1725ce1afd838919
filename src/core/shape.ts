import { isObject, type JsonObject, type JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import type { FormatCode } from './codes.ts'
import { isAscending } from './text.ts'

export type Check = (value: JsonValue) => boolean

/** What an object must look like: the members it must have, those it may have, and whether others are refused. */
export interface Shape {
  readonly required: Readonly<Record<string, Check>>
  readonly optional?: Readonly<Record<string, Check>>
  readonly open?: boolean
}

/** Whether `value` is an object of `shape`. Only own members count, so `__proto__` and the like are plain names. */
export function hasShape(value: JsonValue | undefined, shape: Shape): value is JsonObject {
  if (!isObject(value)) return false
  const { required, optional = {}, open = false } = shape
  // Asked of each line of a manifest: arrays of pairs would cost more than the checks.
  for (const name of Object.keys(required))
    if (!Object.hasOwn(value, name) || !required[name]!(value[name]!)) return false
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(required, name)) continue
    if (!(Object.hasOwn(optional, name) ? optional[name]!(value[name]!) : open)) return false
  }
  return true
}

export function checkShape(
  value: JsonValue | undefined,
  shape: Shape,
  code: FormatCode,
): asserts value is JsonObject {
  if (!hasShape(value, shape)) throw new ExchangeError(code)
}

function isStrings(value: JsonValue, check: (item: unknown) => boolean): value is readonly string[] {
  return Array.isArray(value) && value.every(check)
}

export function isAscendingStrings(
  value: JsonValue,
  check: (item: unknown) => boolean,
): value is readonly string[] {
  return isStrings(value, check) && isAscending(value)
}

export function isInteger(value: JsonValue, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

/** Names that `shape` defines. */
export function namesOf(shape: Shape): Set<string> {
  return new Set([...Object.keys(shape.required), ...Object.keys(shape.optional ?? {})])
}

/**
 * The `critical` members of an object that this reader does not know (manifest-format, 1). Null when the list
 * itself is not allowed: empty, not ascending, or naming what is defined here or absent.
 */
export function unknownCritical(value: JsonObject, defined: ReadonlySet<string>): readonly string[] | null {
  if (!Object.hasOwn(value, 'critical')) return []
  const critical = value['critical']!
  if (!isAscendingStrings(critical, (item) => typeof item === 'string') || critical.length === 0) return null
  return critical.every((name) => Object.hasOwn(value, name) && !defined.has(name)) ? critical : null
}
