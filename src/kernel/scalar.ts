/** What is done by vectors elsewhere, one byte after the other: for JavaScript, which has none. */

const NO_DIGIT: u8 = 0xff
/**
 * For each byte what it stands for as a lower-case hex digit, and as a digit of base64url. To look it up costs less
 * than to compare: no digit foretells the next.
 */
const DIGITS = memory.data(256)
const SEXTETS = memory.data(256)
if (!ASC_FEATURE_SIMD) {
  memory.fill(DIGITS, NO_DIGIT, 256)
  for (let value: u8 = 0; value < 16; value++) store<u8>(DIGITS + (value < 10 ? 0x30 : 0x57) + value, value)
  memory.fill(SEXTETS, NO_DIGIT, 256)
  for (let value: u8 = 0; value < 26; value++) {
    store<u8>(SEXTETS + 0x41 + value, value)
    store<u8>(SEXTETS + 0x61 + value, 26 + value)
  }
  for (let value: u8 = 0; value < 10; value++) store<u8>(SEXTETS + 0x30 + value, 52 + value)
  store<u8>(SEXTETS + 0x2d, 62)
  store<u8>(SEXTETS + 0x5f, 63)
}

/** Whether `length` bytes are the same. */
export function areEqual(a: usize, b: usize, length: usize): bool {
  for (let i: usize = 0; i < length; i++) if (load<u8>(a + i) !== load<u8>(b + i)) return false
  return true
}

/** The first byte from `at` on at which a string ends or is more than printable ASCII. */
// @ts-ignore: decorator
@inline
export function findStop(at: usize): usize {
  while (true) {
    const byte = load<u8>(at)
    if (byte === 0x22 || byte === 0x5c || <u8>(byte - 0x20) >= 0x5f) return at
    at++
  }
}

/** Copies sixteen bytes, or those before a backslash among them; answers how many. */
export function copyPlain(from: usize, to: usize): u32 {
  for (let i: u32 = 0; i < 16; i++) {
    const byte = load<u8>(from + i)
    if (byte === 0x5c) return i
    store<u8>(to + i, byte)
  }
  return 16
}

/** Whether all 64 characters are lower-case hex digits. */
export function isHash(at: usize): bool {
  let all: u32 = 0
  for (let i: usize = 0; i < 64; i++) all |= digit(at + i)
  return all < 16
}

/** Writes the 32 bytes that 64 hex digits stand for; false if they are none. */
export function readHash(at: usize, to: usize): bool {
  let all: u32 = 0
  for (let i: usize = 0; i < 32; i++) {
    const high = digit(at + 2 * i)
    const low = digit(at + 2 * i + 1)
    all |= high | low
    store<u8>(to + i, <u8>((high << 4) | low))
  }
  return all < 16
}

// @ts-ignore: decorator
@inline
function digit(at: usize): u32 {
  return load<u8>(DIGITS + load<u8>(at))
}

/** Writes the 16 bytes that 22 digits of base64url stand for; false if they are none, or spare bits are set. */
export function readBlind(at: usize, to: usize): bool {
  let all: u32 = 0
  let bits: u32 = 0
  for (let i: usize = 0; i < 22; i++) {
    const value = <u32>load<u8>(SEXTETS + load<u8>(at + i))
    all |= value
    bits = (bits << 6) | value
    // Of four digits the second to the fourth each end a byte.
    const index = i & 3
    if (index !== 0) store<u8>(to++, <u8>(bits >> (6 - 2 * <u32>index)))
  }
  return all < 64 && (bits & 15) === 0
}
