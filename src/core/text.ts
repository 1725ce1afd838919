// eslint-disable-next-line no-control-regex -- the rule is about control characters
const NOT_IN_SHORT_STRING = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/
const LONE_SURROGATE = /\p{Surrogate}/u
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const MAX_SHORT_STRING = 256

/** Label, id, entity, tag, event type, reason (manifest-format, 0): 1 to 256 UTF-16 code units, nothing that steers a display. */
export function isShortString(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length >= 1 &&
    value.length <= MAX_SHORT_STRING &&
    !NOT_IN_SHORT_STRING.test(value) &&
    isWellFormed(value)
  )
}

/** Of engines that have it (2023): texts of one byte a character it need not even look at. */
const isWellFormedString = (String.prototype as { isWellFormed?: () => boolean }).isWellFormed

/** No lone surrogates: text that UTF-8 can carry. */
export function isWellFormed(text: string): boolean {
  return isWellFormedString?.call(text) ?? !LONE_SURROGATE.test(text)
}

/** RFC 3339, UTC, milliseconds, `Z`, 1970–9999, a moment that exists (manifest-format, 0). */
export function isTime(value: unknown): value is string {
  if (typeof value !== 'string' || !TIME.test(value) || value < '1970') return false
  const moment = new Date(value)
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === value
}

/** Milliseconds since 1970 as a time of the format. The moment must lie in 1970–9999. */
export function toTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** Milliseconds since 1970 of a time that `isTime` has accepted. Inverse of `toTime`. */
export function fromTime(time: string): number {
  return Date.parse(time)
}

/** By UTF-16 code units, which is how JavaScript compares strings (manifest-format, 0). */
export function isAscending(values: readonly string[]): boolean {
  return values.every((value, i) => i === 0 || values[i - 1]! < value)
}

/** Sorted by UTF-16 code units, each once. */
export function toAscending(values: Iterable<string>): string[] {
  return [...new Set(values)].sort()
}
