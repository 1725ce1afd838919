/**
 * Checks memory lines and hashes them, and pairs of nodes, as bytes. It only ever says yes: a line that it
 * does not take is left to the plain reader, who alone refuses.
 *
 * Compiled twice, with vectors and without (`ASC_FEATURE_SIMD`): what is made without becomes JavaScript. There a word
 * that may lie anywhere must be loaded with alignment 1, for else the one before it would be read.
 */
import { copyHash } from './bytes'
import { enqueueKey, enqueueSeal, holds, LEAF, RECORD_BYTES, scanMemory, START, useScratch } from './memory'
import { enqueue, hashQueued } from './sha256'

/** Lines a call takes at most: few enough for the caches, enough that four lanes are busy. */
export const BATCH: u32 = 192
const HASH_BYTES: u32 = 32
const NODE_BYTES: u32 = 65

const records = memory.data(192 * 304, 16)
const nodes = memory.data(1024 * 80, 16)
const NODE_BATCH: u32 = 1024
const DOMAIN_NODE: u8 = 1

/** Where the first line stands that was not taken. */
export let end: usize = 0

/**
 * Takes up to `BATCH` lines from `from` on, each ended by comma and LF, before `to`. Writes the leaf of each to
 * `leaves`, and to `keys`, if that is not 0, its dedup key: SHA-256 of the hash of its content and its entity.
 * Answers how many. Behind `to` are 64 bytes that may be read; at `scratch` as many as from `from` to `to`, and
 * 128 a line, that may be written.
 */
export function checkLines(from: usize, to: usize, leaves: usize, keys: usize, scratch: usize): u32 {
  useScratch(scratch)
  let count: u32 = 0
  end = from
  while (end < to && count < BATCH) {
    const next = scanMemory(end, records + count * RECORD_BYTES)
    if (next === 0 || next > to) break
    if (keys !== 0) enqueueKey(records + count * RECORD_BYTES, keys + count * HASH_BYTES)
    end = next
    count++
  }
  hashQueued()
  for (let i: u32 = 0; i < count; i++) enqueueSeal(records + i * RECORD_BYTES)
  hashQueued()
  for (let i: u32 = 0; i < count; i++) {
    const record = records + i * RECORD_BYTES
    if (!holds(record)) {
      end = load<u32>(record, START)
      return i
    }
    copyHash(record + LEAF, leaves + i * HASH_BYTES)
  }
  return count
}

/** Writes the hash of each of `count` pairs of nodes at `from` to `to`, which may be `from` (RFC 9162, 2.1.1). */
export function hashPairs(from: usize, count: u32, to: usize): void {
  while (count > 0) {
    const some = min(count, NODE_BATCH)
    for (let i: u32 = 0; i < some; i++) {
      const node = nodes + i * 80
      const pair = from + i * 64
      store<u8>(node, DOMAIN_NODE)
      copyHash(pair, node + 1)
      copyHash(pair + HASH_BYTES, node + 1 + HASH_BYTES)
      enqueue(node, NODE_BYTES, to + i * HASH_BYTES)
    }
    hashQueued()
    from += some * 64
    to += some * HASH_BYTES
    count -= some
  }
}
