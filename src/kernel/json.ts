/** Canonical JSON values (RFC 8785) within the limits of manifest-format, 0, as bytes where they lie. */
import { compare, hasHigh, hasEscape, scanString } from './strings'

const MAX_DEPTH: u32 = 32
/** Digits that any double carries: written with no more of them a number has no shorter spelling. */
const SAFE_DIGITS: u32 = 15

/**
 * Behind the value at `at`, which stands at `depth`; 0 where it is not canonical, or where to tell needs more
 * than this: numbers of many digits or with exponents, names that are escaped or above U+DFFF.
 */
export function scanValue(at: usize, depth: u32): usize {
  const byte = load<u8>(at)
  if (byte === 0x22) {
    const end = scanString(at + 1)
    return end === 0 ? 0 : end + 1
  }
  if (byte === 0x7b) return depth > MAX_DEPTH ? 0 : scanObject(at, depth)
  if (byte === 0x5b) return depth > MAX_DEPTH ? 0 : scanArray(at, depth)
  if (byte === 0x74) return load<u32>(at, 0, 1) === 0x65757274 ? at + 4 : 0 // true
  if (byte === 0x66) return load<u32>(at, 1, 1) === 0x65736c61 ? at + 5 : 0 // false
  if (byte === 0x6e) return load<u32>(at, 0, 1) === 0x6c6c756e ? at + 4 : 0 // null
  return scanNumber(at)
}

function scanObject(at: usize, depth: u32): usize {
  if (load<u8>(at, 1) === 0x7d) return at + 2
  let last: usize = 0
  let lastEnd: usize = 0
  while (true) {
    at = scanName(at + 1, last, lastEnd)
    if (at === 0) return 0
    last = nameStart
    lastEnd = nameEnd
    at = scanValue(at, depth + 1)
    if (at === 0) return 0
    const next = load<u8>(at)
    if (next === 0x7d) return at + 1
    if (next !== 0x2c) return 0
  }
}

/** Where the name that `scanName` passed begins and ends, without its quotes. */
export let nameStart: usize = 0
export let nameEnd: usize = 0

/** Behind the colon of the name whose quote stands at `at`; 0 unless it comes after the name `last` (0: none). */
export function scanName(at: usize, last: usize, lastEnd: usize): usize {
  if (load<u8>(at) !== 0x22) return 0
  const end = scanString(at + 1)
  if (end === 0 || hasEscape || hasHigh || load<u8>(end, 1) !== 0x3a) return 0
  if (last !== 0 && compare(last, lastEnd, at + 1, end) >= 0) return 0
  nameStart = at + 1
  nameEnd = end
  return end + 2
}

function scanArray(at: usize, depth: u32): usize {
  if (load<u8>(at, 1) === 0x5d) return at + 2
  while (true) {
    at = scanValue(at + 1, depth + 1)
    if (at === 0) return 0
    const next = load<u8>(at)
    if (next === 0x5d) return at + 1
    if (next !== 0x2c) return 0
  }
}

/** Numbers that are their own shortest spelling: at most 15 digits, no exponent, not below a millionth. */
function scanNumber(at: usize): usize {
  if (load<u8>(at) === 0x2d) at++
  else if (load<u8>(at) === 0x30 && load<u8>(at, 1) !== 0x2e) return at + 1
  let digits: u32 = 0
  const isBelowOne = load<u8>(at) === 0x30
  if (isBelowOne) {
    // With a sign, zero must be followed by a fraction: −0 is written 0.
    if (load<u8>(at, 1) !== 0x2e) return 0
    at++
  } else {
    while (isDigit(load<u8>(at))) {
      at++
      digits++
    }
    if (digits === 0 || digits > SAFE_DIGITS) return 0
  }
  if (load<u8>(at) !== 0x2e) return isEndOfNumber(load<u8>(at)) ? at : 0
  at++
  const fraction = at
  if (isBelowOne) {
    while (load<u8>(at) === 0x30) at++
    if (at - fraction > 5) return 0
  }
  const significant = at
  while (isDigit(load<u8>(at))) at++
  digits += <u32>(at - significant)
  if (at === significant || digits > SAFE_DIGITS || load<u8>(at - 1) === 0x30) return 0
  return isEndOfNumber(load<u8>(at)) ? at : 0
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u8): bool {
  return <u8>(byte - 0x30) < 10
}

/** Digits that go on, an exponent, a second point: what the caller meets next decides, but never as a number. */
// @ts-ignore: decorator
@inline
function isEndOfNumber(byte: u8): bool {
  return byte === 0x2c || byte === 0x7d || byte === 0x5d
}
