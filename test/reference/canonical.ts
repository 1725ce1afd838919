/**
 * RFC 8785 and the refusals of manifest-format, 0, written from the page and from nothing in `src`: slow,
 * recursive and meant to be read. The oracle of the tests, and the pen of the naive writer.
 */
export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [name: string]: Json
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** RFC 8785, 3.2.2.2: these seven have a short escape, the other control characters `\u00xx`, all else stands. */
const SHORT = new Map([
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ['"', '\\"'],
  ['\\', '\\\\'],
])

function serializeString(text: string): string {
  // eslint-disable-next-line no-control-regex -- the rule is about control characters
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (unit) => {
    return SHORT.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return `"${escaped}"`
}

/** RFC 8785 without our limits, so that the writer can write what a reader must refuse. */
export function serialize(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value)
  // ECMAScript's Number::toString is the number format of the RFC; it writes -0 as "0", as the RFC does.
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return serializeString(value)
  if (Array.isArray(value)) return `[${value.map(serialize).join(',')}]`
  const names = Object.keys(value).sort(compareUnits)
  return `{${names.map((name) => `${serializeString(name)}:${serialize(value[name]!)}`).join(',')}}`
}

/** UTF-16 code units, spelled out: the order of member names, tags and fingerprints. */
export function compareUnits(a: string, b: string): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    if (a.charCodeAt(at) !== b.charCodeAt(at)) return a.charCodeAt(at) - b.charCodeAt(at)
  }
  return a.length - b.length
}

function hasLoneSurrogate(text: string): boolean {
  // By code points, so that pairs do not match.
  return /[\ud800-\udfff]/u.test(text)
}

/** Format 0: lone surrogates (names included), numbers beyond 2^53−1, more than 32 levels. */
function isRefused(value: Json, depth: number): boolean {
  if (typeof value === 'number') return !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)
  if (typeof value === 'string') return hasLoneSurrogate(value)
  if (value === null || typeof value === 'boolean') return false
  if (depth > 32) return true
  if (Array.isArray(value)) return value.some((item) => isRefused(item, depth + 1))
  return Object.keys(value).some((name) => hasLoneSurrogate(name) || isRefused(value[name]!, depth + 1))
}

/** JCS under the limits of format 0, or null: the value has no canonical form here. */
export function canonicalize(value: Json): string | null {
  return isRefused(value, 1) ? null : serialize(value)
}

/** The text of the bytes with U+FEFF kept, or null: not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** The value whose canonical form the text is, or undefined: not JSON, not canonical, refused. */
export function parseCanonical(text: string): Json | undefined {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return undefined
  }
  return canonicalize(value) === text ? value : undefined
}
