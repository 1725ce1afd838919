/** JSON strings in their canonical spelling (RFC 8785, 3.2.2.2) and strict UTF-8, as bytes where they lie. */
import * as scalar from './scalar'

/** What `scanString` met on its way. */
export let hasEscape: bool = false
/** A byte from 0xEE: above U+DFFF the order of bytes is not that of UTF-16 code units. */
export let hasHigh: bool = false
/** A character that a short string must not have (manifest-format, 0); controls are always escaped. */
export let hasForbidden: bool = false

/**
 * From behind the opening quote to the closing one, which it answers; 0 where the string is not canonical.
 * Reads up to 16 bytes beyond. What ends the chunk ends the string: behind it there are zeros.
 */
export function scanString(at: usize): usize {
  hasEscape = false
  hasHigh = false
  hasForbidden = false
  while (true) {
    at = findStop(at)
    const byte = load<u8>(at)
    if (byte === 0x22) return at
    if (byte === 0x5c) {
      const length = escapeLength(at)
      if (length === 0) return 0
      hasEscape = true
      at += length
    } else if (byte === 0x7f) {
      hasForbidden = true
      at++
    } else {
      do {
        const length = characterLength(at)
        if (length === 0) return 0
        at += length
      } while (load<u8>(at) >= 0x80)
    }
  }
}

/** The first byte from `at` on at which a string ends or is more than printable ASCII. */
// @ts-ignore: decorator
@inline
function findStop(at: usize): usize {
  if (!ASC_FEATURE_SIMD) return scalar.findStop(at)
  while (true) {
    const bytes = v128.load(at)
    const stop = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      // Signed: below 0x20 are the controls and all that is not ASCII.
      v128.or(i8x16.lt_s(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x7f))),
    )
    const mask = i8x16.bitmask(stop)
    if (mask !== 0) return at + ctz(mask)
    at += 16
  }
}

/** Bytes of the canonical escape at `at`; 0 if it is none. */
function escapeLength(at: usize): u32 {
  switch (load<u8>(at, 1)) {
    case 0x22: // "
    case 0x5c: // \
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return 2
    case 0x75: // u
      return escapedControl(at) === 0xff ? 0 : 6
    default:
      return 0
  }
}

/** The control that `\u00xx` at `at` stands for; 0xff if it stands for none, or for one with a shorter escape. */
function escapedControl(at: usize): u8 {
  if (load<u16>(at, 2, 1) !== 0x3030) return 0xff
  const high: u32 = <u32>load<u8>(at, 4) - 0x30
  const digit = load<u8>(at, 5)
  let low: u32 = 0
  if (digit >= 0x30 && digit <= 0x39) low = digit - 0x30
  else if (digit >= 0x61 && digit <= 0x66) low = digit - 0x57
  else return 0xff
  if (high > 1) return 0xff
  const control = (high << 4) | low
  const isShort = control === 8 || control === 9 || control === 10 || control === 12 || control === 13
  return isShort ? 0xff : <u8>control
}

/** Bytes of the character outside ASCII at `at` (RFC 3629, 4); 0 if it is not well-formed, or a control byte. */
// @ts-ignore: decorator
@inline
function characterLength(at: usize): u32 {
  const first = load<u8>(at)
  const second = load<u8>(at, 1)
  if (first < 0xc2) return 0
  if (first < 0xe0) {
    if (first === 0xc2 && second < 0xa0) hasForbidden = true
    return isContinuation(second) ? 2 : 0
  }
  const third = load<u8>(at, 2)
  if (first < 0xf0) {
    if (first >= 0xee) hasHigh = true
    if (first === 0xe2) {
      const is20 = second === 0x80 && third >= 0xa8 && third <= 0xae
      if (is20 || (second === 0x81 && third >= 0xa6 && third <= 0xa9)) hasForbidden = true
    }
    const isLong = first !== 0xe0 || second >= 0xa0
    const isSurrogate = first === 0xed && second >= 0xa0
    return isLong && !isSurrogate && isContinuation(second) && isContinuation(third) ? 3 : 0
  }
  hasHigh = true
  const isLong = first !== 0xf0 || second >= 0x90
  const isUnicode = first < 0xf4 || (first === 0xf4 && second < 0x90)
  return isLong && isUnicode && isContinuation(second) && isContinuation(third) && isContinuation(load<u8>(at, 3))
    ? 4
    : 0
}

// @ts-ignore: decorator
@inline
function isContinuation(byte: u8): bool {
  return (byte & 0xc0) === 0x80
}

/** Writes to `to` what a string with canonical escapes stands for; answers its end. Writes up to 15 bytes beyond. */
export function unescape(from: usize, end: usize, to: usize): usize {
  while (from < end) {
    const run = copyPlain(from, to)
    from += run
    to += run
    if (from >= end || load<u8>(from) !== 0x5c) continue
    const letter = load<u8>(from, 1)
    store<u8>(to++, letter === 0x75 ? escapedControl(from) : shortEscape(letter))
    from += letter === 0x75 ? 6 : 2
  }
  // The last 16 bytes may have gone past the end of the string.
  return to - (from - end)
}

/** Copies sixteen bytes, or those before a backslash among them; answers how many. Writes sixteen. */
// @ts-ignore: decorator
@inline
function copyPlain(from: usize, to: usize): u32 {
  if (!ASC_FEATURE_SIMD) return scalar.copyPlain(from, to)
  const bytes = v128.load(from)
  v128.store(to, bytes)
  const mask = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x5c)))
  return mask === 0 ? 16 : ctz(mask)
}

function shortEscape(letter: u8): u8 {
  switch (letter) {
    case 0x62:
      return 0x08
    case 0x66:
      return 0x0c
    case 0x6e:
      return 0x0a
    case 0x72:
      return 0x0d
    case 0x74:
      return 0x09
    default:
      return letter
  }
}

/** -1, 0 or 1 as the bytes of the one stand before, at or behind those of the other; a prefix stands before. */
export function compare(a: usize, aEnd: usize, b: usize, bEnd: usize): i32 {
  while (a < aEnd && b < bEnd) {
    const x = load<u8>(a++)
    const y = load<u8>(b++)
    if (x !== y) return x < y ? -1 : 1
  }
  return a < aEnd ? 1 : b < bEnd ? -1 : 0
}
