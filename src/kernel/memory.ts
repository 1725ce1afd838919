/** A memory's line (manifest-format, 3) as bytes: its shape and spelling, and what is to be hashed of it. */
import { append, copyHash } from './bytes'
import { scanName, scanValue, nameStart, nameEnd } from './json'
import * as scalar from './scalar'
import { enqueue } from './sha256'
import { compare, hasEscape, hasForbidden, hasHigh, scanString, unescape } from './strings'

/** Bytes before LF, comma included (manifest-format, 2). */
const MAX_LINE: usize = 8 * 1024 * 1024
/** UTF-16 code units; bytes are never fewer. */
const MAX_CONTENT: usize = 1_000_000
const MAX_SHORT: usize = 256
const MAX_TAGS: u32 = 256
const HASH_BYTES: usize = 32

/**
 * What is kept of a line until its hashes are known, in bytes from the start of its record: the three hashes
 * computed, the three stated, then the message that is sealed (domain, blind, hash of the content, of the metadata).
 */
const CONTENT: usize = 0
const SEALED: usize = 32
export const LEAF: usize = 64
const STATED_CONTENT: usize = 96
const STATED_SEALED: usize = 128
const STATED_LEAF: usize = 160
const MESSAGE: usize = 192
const MESSAGE_BLIND: usize = MESSAGE + 1
const MESSAGE_CONTENT: usize = MESSAGE + 17
const MESSAGE_METADATA: usize = MESSAGE + 49
const MESSAGE_BYTES: u32 = 81
/** Where the line begins; whether its metadata must be hashed before its seal. */
export const START: usize = 276
const WAITS: usize = 280
/** Where its entity begins, and its bytes. */
const ENTITY_AT: usize = 284
const ENTITY_BYTES: usize = 288
export const RECORD_BYTES: u32 = 304

const DOMAIN_LEAF: u8 = 0
const DOMAIN_SEALED: u8 = 2

/** ASCII that is compared with as bytes: its length, then the bytes, padded to sixteens. */
function literal(text: string): usize {
  const length = text.length
  const at = __new(32 + 16, 0)
  memory.fill(at, 0, 48)
  store<u32>(at, length)
  for (let i = 0; i < length; i++) store<u8>(at + 16 + i, <u8>text.charCodeAt(i))
  return at
}

const AUTHOR = literal('{"author":"')
const BLIND = literal('","blind":"')
const CONTENT_IS = literal('","content":"')
const CONTENT_HASH = literal('","content_sha256":"')
const CREATED_AT = literal('","created_at":"')
const ENTITY = literal('","entity_id":"')
const EVENT_TYPE = literal('","event_type":"')
const ID = literal('","id":"')
const LEAF_HASH = literal('","leaf_hash":"')
const METADATA = literal('","metadata":{')
const SEALED_HASH = literal('"sealed_hash":"')
const SUPERSEDES = literal('","supersedes":[')
const TAGS = literal('","tags":[')
const TAGS_AFTER_LIST = literal(',"tags":[')
const LEAF_PREFIX = literal('omega-memory/1\n')

/** Behind `text`, which must stand at `at`; else 0. */
// @ts-ignore: decorator
@inline
function expect(at: usize, text: usize): usize {
  const length = load<u32>(text)
  if (!ASC_FEATURE_SIMD) return scalar.areEqual(at, text + 16, length) ? at + length : 0
  const first = i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(text, 16)))
  if (length <= 16) {
    const mask: i32 = (1 << length) - 1
    return (first & mask) === mask ? at + length : 0
  }
  const second = i8x16.bitmask(i8x16.eq(v128.load(at, 16), v128.load(text, 32)))
  const mask: i32 = (1 << (length - 16)) - 1
  return first === 0xffff && (second & mask) === mask ? at + length : 0
}

/** Where what is hashed but does not lie in one piece is put together. */
let scratch: usize = 0

export function useScratch(at: usize): void {
  scratch = at
}

/**
 * Behind the LF of the line at `at`; 0 unless it is a memory of the usual members, canonical, its shape right,
 * not the last of its list. Puts on the list what must be hashed, and into `record` what it states.
 */
export function scanMemory(at: usize, record: usize): usize {
  const start = at
  at = expect(at, AUTHOR)
  if (at === 0 || !isHash(at)) return 0
  const ofAuthor = at + 64
  at = expect(ofAuthor, BLIND)
  if (at === 0 || !readBlind(at, record + MESSAGE_BLIND)) return 0
  at = expect(at + 22, CONTENT_IS)
  if (at === 0) return 0
  const content = at
  at = scanString(at)
  if (at === 0 || at - content > MAX_CONTENT) return 0
  if (hasEscape) {
    const end = unescape(content, at, scratch)
    enqueue(scratch, <u32>(end - scratch), record + CONTENT)
    scratch = end
  } else {
    enqueue(content, <u32>(at - content), record + CONTENT)
  }
  at = expect(at, CONTENT_HASH)
  if (at === 0 || !readHash(at, record + STATED_CONTENT)) return 0
  const ofTime = at + 66
  at = expect(at + 64, CREATED_AT)
  if (at === 0 || !isTime(at)) return 0
  const entity = expect(at + 24, ENTITY)
  if (entity === 0) return 0
  at = scanShort(entity)
  if (at === 0) return 0
  store<u32>(record, <u32>entity, ENTITY_AT)
  store<u32>(record, <u32>(at - entity), ENTITY_BYTES)
  const type = expect(at, EVENT_TYPE)
  if (type !== 0) {
    at = scanShort(type)
    if (at === 0) return 0
  }
  at = expect(at, ID)
  if (at === 0) return 0
  at = scanShort(at)
  if (at === 0) return 0
  const ofId = at + 2
  at = expect(at, LEAF_HASH)
  if (at === 0 || !readHash(at, record + STATED_LEAF)) return 0
  at += 64
  const metadata = expect(at, METADATA)
  if (metadata !== 0) {
    at = scanValue(metadata - 1, 2)
    if (at === 0) return 0
    enqueue(metadata - 1, <u32>(at - metadata + 1), record + MESSAGE_METADATA)
  } else {
    if (load<u8>(at) !== 0x22) return 0
    at++
    memory.fill(record + MESSAGE_METADATA, 0, HASH_BYTES)
  }
  if (load<u8>(at) !== 0x2c) return 0
  at++
  const ofSeal = at
  at = expect(at, SEALED_HASH)
  if (at === 0 || !readHash(at, record + STATED_SEALED)) return 0
  at += 64
  at = scanRest(at)
  if (at === 0 || load<u16>(at, 0, 1) !== 0x0a2c || at + 1 - start > MAX_LINE) return 0

  store<u8>(record + MESSAGE, DOMAIN_SEALED)
  copyHash(record + STATED_CONTENT, record + MESSAGE_CONTENT)
  store<u32>(record + START, <u32>start)
  store<u32>(record + WAITS, metadata !== 0 ? 1 : 0)
  if (metadata === 0) enqueue(record + MESSAGE, MESSAGE_BYTES, record + SEALED)

  const message = scratch
  store<u8>(message, DOMAIN_LEAF)
  const prefix = LEAF_PREFIX + 16
  let end = append(message + 1, prefix, prefix + load<u32>(LEAF_PREFIX))
  end = append(end, start, ofAuthor + 2)
  end = append(end, ofTime, ofId)
  end = append(end, ofSeal, at)
  enqueue(message, <u32>(end - message), record + LEAF)
  scratch = end
  return at + 2
}

/** Behind the brace that closes the memory, from behind the hash of its seal. */
function scanRest(at: usize): usize {
  const supersedes = expect(at, SUPERSEDES)
  if (supersedes !== 0) {
    at = scanHashes(supersedes)
    if (at === 0) return 0
    at = expect(at, TAGS_AFTER_LIST)
  } else {
    at = expect(at, TAGS)
  }
  if (at === 0) return 0
  at = scanTags(at)
  if (at === 0) return 0
  // Private members stand last; others, known to a later version or to none, are left to the plain reader.
  let last: usize = 0
  let lastEnd: usize = 0
  while (load<u8>(at) === 0x2c) {
    at = scanName(at + 1, last, lastEnd)
    if (at === 0 || load<u16>(nameStart, 0, 1) !== 0x2d78) return 0 // x-
    last = nameStart
    lastEnd = nameEnd
    at = scanValue(at, 2)
    if (at === 0) return 0
  }
  return load<u8>(at) === 0x7d ? at + 1 : 0
}

/** Puts the dedup key of a record (manifest-format, 7) on the list of what is hashed: its stated hash is checked beside. */
export function enqueueKey(record: usize, key: usize): void {
  const message = scratch
  copyHash(record + STATED_CONTENT, message)
  const entity = <usize>load<u32>(record, ENTITY_AT)
  scratch = append(message + HASH_BYTES, entity, entity + load<u32>(record, ENTITY_BYTES))
  enqueue(message, <u32>(scratch - message), key)
}

/** Puts the seal of a record on the list, once its metadata is hashed. */
// @ts-ignore: decorator
@inline
export function enqueueSeal(record: usize): void {
  if (load<u32>(record, WAITS) !== 0) enqueue(record + MESSAGE, MESSAGE_BYTES, record + SEALED)
}

/** Whether the three hashes are as stated. */
export function holds(record: usize): bool {
  if (!ASC_FEATURE_SIMD) return scalar.areEqual(record, record + STATED_CONTENT, 3 * HASH_BYTES)
  let differences = v128.splat<u8>(0)
  for (let i: usize = 0; i < 96; i += 16)
    differences = v128.or(
      differences,
      v128.xor(v128.load(record + i), v128.load(record + i + STATED_CONTENT)),
    )
  return !v128.any_true(differences)
}

/** Behind a short string: at its closing quote. 0 where it is none. */
function scanShort(at: usize): usize {
  const end = scanString(at)
  if (end === 0 || end === at || end - at > MAX_SHORT || hasEscape || hasForbidden) return 0
  return end
}

/** Behind the bracket of a list of tags, from behind the one that opens it. */
function scanTags(at: usize): usize {
  if (load<u8>(at) === 0x5d) return at + 1
  let last: usize = 0
  let lastEnd: usize = 0
  for (let count: u32 = 1; count <= MAX_TAGS; count++) {
    if (load<u8>(at) !== 0x22) return 0
    const tag = at + 1
    at = scanShort(tag)
    if (at === 0 || hasHigh) return 0
    if (last !== 0 && compare(last, lastEnd, tag, at) >= 0) return 0
    last = tag
    lastEnd = at
    if (load<u8>(at, 1) === 0x5d) return at + 2
    if (load<u8>(at, 1) !== 0x2c) return 0
    at += 2
  }
  return 0
}

/** Behind the bracket of a list of ascending hashes, from behind the one that opens it. */
function scanHashes(at: usize): usize {
  if (load<u8>(at) === 0x5d) return at + 1
  let last: usize = 0
  while (true) {
    if (load<u8>(at) !== 0x22 || !isHash(at + 1) || load<u8>(at, 65) !== 0x22) return 0
    if (last !== 0 && compare(last, last + 64, at + 1, at + 65) >= 0) return 0
    last = at + 1
    if (load<u8>(at, 66) === 0x5d) return at + 67
    if (load<u8>(at, 66) !== 0x2c) return 0
    at += 67
  }
}

/** Whether all sixteen characters are lower-case hex digits. */
// @ts-ignore: decorator
@inline
function areHex(text: v128): v128 {
  return v128.or(isBetween(text, 0x30, 10), isBetween(text, 0x61, 6))
}

function isHash(at: usize): bool {
  if (!ASC_FEATURE_SIMD) return scalar.isHash(at)
  return i8x16.all_true(
    v128.and(
      v128.and(areHex(v128.load(at)), areHex(v128.load(at, 16))),
      v128.and(areHex(v128.load(at, 32)), areHex(v128.load(at, 48))),
    ),
  )
}

/** The 32 bytes that 64 hex digits stand for; false if they are none. */
function readHash(at: usize, to: usize): bool {
  if (!ASC_FEATURE_SIMD) return scalar.readHash(at, to)
  if (!isHash(at)) return false
  v128.store(to, i8x16.narrow_i16x8_u(pairs(v128.load(at)), pairs(v128.load(at, 16))))
  v128.store(to, i8x16.narrow_i16x8_u(pairs(v128.load(at, 32)), pairs(v128.load(at, 48))), 16)
  return true
}

/** Eight bytes, each in 16 bits, of sixteen hex digits. */
// @ts-ignore: decorator
@inline
function pairs(text: v128): v128 {
  // A digit's low four bits are its value; a letter's, 9 less.
  const letters = v128.and(i8x16.gt_u(text, i8x16.splat(0x39)), i8x16.splat(9))
  const values = i8x16.add(v128.and(text, i8x16.splat(0x0f)), letters)
  return v128.or(i16x8.shl(v128.and(values, i16x8.splat(0x0f)), 4), i16x8.shr_u(values, 8))
}

/** 16 bytes of base64url without padding, spare bits zero; false if it is none. */
function readBlind(at: usize, to: usize): bool {
  if (!ASC_FEATURE_SIMD) return scalar.readBlind(at, to)
  const first = v128.load(at)
  const last = v128.load(at, 16)
  const firstShifts = sextetShifts(first)
  const lastShifts = sextetShifts(last)
  // A shift of zero belongs to no digit.
  if (!i8x16.all_true(firstShifts) || (i8x16.bitmask(i8x16.eq(lastShifts, i8x16.splat(0))) & 0x3f) !== 0) return false
  const lastValues = i8x16.add(last, lastShifts)
  if ((i8x16.extract_lane_u(lastValues, 5) & 15) !== 0) return false
  const high = joined(i8x16.add(first, firstShifts))
  const low = joined(lastValues)
  // prettier-ignore
  v128.store(to, v128.shuffle<u8>(high, low, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 18, 17, 16, 22))
  return true
}

/** What is to be added to each character to have its value as a digit of base64url: never 0; 0 where it is none. */
// @ts-ignore: decorator
@inline
function sextetShifts(text: v128): v128 {
  const small = v128.and(isBetween(text, 0x61, 26), i8x16.splat(-0x47))
  const capital = v128.and(isBetween(text, 0x41, 26), i8x16.splat(-0x41))
  const digit = v128.and(isBetween(text, 0x30, 10), i8x16.splat(4))
  const dash = v128.and(i8x16.eq(text, i8x16.splat(0x2d)), i8x16.splat(62 - 0x2d))
  const line = v128.and(i8x16.eq(text, i8x16.splat(0x5f)), i8x16.splat(63 - 0x5f))
  return v128.or(v128.or(v128.or(small, capital), v128.or(dash, line)), digit)
}

// @ts-ignore: decorator
@inline
function isBetween(text: v128, first: i8, count: i8): v128 {
  return i8x16.lt_u(i8x16.sub(text, i8x16.splat(first)), i8x16.splat(count))
}

/** Of each four values of six bits the 24 bits that they are together, in 32. */
// @ts-ignore: decorator
@inline
function joined(values: v128): v128 {
  const twos = v128.or(v128.and(i16x8.shl(values, 6), i16x8.splat(0x0fc0)), i16x8.shr_u(values, 8))
  return v128.or(v128.and(i32x4.shl(twos, 12), i32x4.splat(0x00fff000)), i32x4.shr_u(twos, 16))
}

/** A time of the format: `2026-02-01T00:00:00.000Z`, from 1970, a moment that exists. */
function isTime(at: usize): bool {
  if (load<u8>(at, 4) !== 0x2d || load<u8>(at, 7) !== 0x2d || load<u8>(at, 10) !== 0x54) return false
  if (load<u8>(at, 13) !== 0x3a || load<u8>(at, 16) !== 0x3a) return false
  if (load<u8>(at, 19) !== 0x2e || load<u8>(at, 23) !== 0x5a) return false
  const year = 100 * twoDigits(at) + twoDigits(at + 2)
  const month = twoDigits(at + 5)
  const day = twoDigits(at + 8)
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > daysOf(month, year)) return false
  const millis = twoDigits(at + 20) | twoDigits(at + 21)
  return millis >= 0 && inRange(at + 11, 23) && inRange(at + 14, 59) && inRange(at + 17, 59)
}

// @ts-ignore: decorator
@inline
function inRange(at: usize, most: i32): bool {
  const value = twoDigits(at)
  return value >= 0 && value <= most
}

/** The value of two digits; below −100,000 if they are none. */
// @ts-ignore: decorator
@inline
function twoDigits(at: usize): i32 {
  const tens: u32 = <u32>load<u8>(at) - 0x30
  const ones: u32 = <u32>load<u8>(at, 1) - 0x30
  return tens > 9 || ones > 9 ? -1_000_000 : <i32>(10 * tens + ones)
}

function daysOf(month: i32, year: i32): i32 {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
