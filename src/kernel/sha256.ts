/**
 * SHA-256 (FIPS 180-4) of four messages at a time, one in each 32-bit lane of a SIMD register. Messages have
 * any length: a lane whose message has ended takes the next from the queue, so that no lane waits for another.
 */
import { hash } from './sha256-scalar'

/** Jobs a queue holds; who fills it runs it in time. */
export const MAX_JOBS: u32 = 4096
/** Message, its length in bytes, where the digest goes: three addresses each. */
const JOB_BYTES: u32 = 12
const LANES: u32 = 4

const jobs = memory.data(4096 * 12)
let queued: u32 = 0

// prettier-ignore
const K = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
])
// prettier-ignore
const INITIAL = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
])

/** The eight words of the four states: word w of lane l at 16 w + 4 l. */
const state = memory.data(128, 16)
/** The message schedule, likewise. */
const W = memory.data(64 * 16, 16)
/** Where each lane reads, its whole blocks left there, its padded end, the blocks of that, where its digest goes. */
const LANE_BYTES: u32 = 20
const lanes = memory.data(4 * 20, 16)
/** The last bytes of each lane's message with their padding: one or two blocks, and what is written beyond. */
const END_BYTES: u32 = 192
const ends = memory.data(4 * 192, 16)

/** Puts SHA-256( `length` bytes at `message` ) on the list of what `hashQueued` writes to `digest`. */
// @ts-ignore: decorator
@inline
export function enqueue(message: usize, length: u32, digest: usize): void {
  if (!ASC_FEATURE_SIMD) {
    hash(message, length, digest)
    return
  }
  const job = jobs + queued * JOB_BYTES
  store<u32>(job, <u32>message)
  store<u32>(job, length, 4)
  store<u32>(job, <u32>digest, 8)
  queued++
}

/** Hashes all that was put on the list. */
export function hashQueued(): void {
  if (!ASC_FEATURE_SIMD) return
  let next: u32 = 0
  let busy: u32 = 0
  for (let lane: u32 = 0; lane < LANES; lane++) {
    if (next < queued) {
      begin(lane, next++)
      busy++
    } else {
      rest(lane)
    }
  }
  while (busy > 0) {
    compress(pointer(0), pointer(1), pointer(2), pointer(3))
    for (let lane: u32 = 0; lane < LANES; lane++) {
      if (advance(lane)) continue
      if (next < queued) {
        begin(lane, next++)
      } else {
        rest(lane)
        busy--
      }
    }
  }
  queued = 0
}

// @ts-ignore: decorator
@inline
function pointer(lane: u32): usize {
  return load<u32>(lanes + lane * LANE_BYTES)
}

function begin(lane: u32, job: u32): void {
  const at = jobs + job * JOB_BYTES
  const message = load<u32>(at)
  const length = load<u32>(at, 4)
  const blocks = length >> 6
  const left = length & 63
  const end: usize = ends + lane * END_BYTES
  const from: usize = message + (blocks << 6)
  // Whole vectors, a whole block at least: what is copied too much is written over. Calls to fill and copy cost more.
  for (let i: usize = 0; i < 64; i += 16) v128.store(end + i, v128.load(from + i))
  const zero = i32x4.splat(0)
  for (let i: usize = 0; i < 128; i += 16) v128.store(end + left + i, zero)
  store<u8>(end + left, 0x80)
  const endBlocks: u32 = left < 56 ? 1 : 2
  store<u64>(end + (endBlocks << 6) - 8, bswap<u64>((<u64>length) << 3))
  const own = lanes + lane * LANE_BYTES
  store<u32>(own, blocks > 0 ? message : <u32>end)
  store<u32>(own, blocks, 4)
  store<u32>(own, <u32>end, 8)
  store<u32>(own, endBlocks, 12)
  store<u32>(own, load<u32>(at, 8), 16)
  for (let word: u32 = 0; word < 8; word++)
    store<u32>(state + (word << 4) + (lane << 2), load<u32>(INITIAL + (word << 2)))
}

/** A lane with nothing to do hashes some bytes over and over; it stands at no digest. */
function rest(lane: u32): void {
  const own = lanes + lane * LANE_BYTES
  store<u32>(own, <u32>ends)
  store<u32>(own, 0, 16)
}

/** Moves a lane one block on. False when there is nothing more in it: its digest is written then. */
// @ts-ignore: decorator
@inline
function advance(lane: u32): bool {
  const own = lanes + lane * LANE_BYTES
  const digest = load<u32>(own, 16)
  if (digest === 0) return true
  const blocks = load<u32>(own, 4)
  if (blocks > 1) {
    store<u32>(own, blocks - 1, 4)
    store<u32>(own, load<u32>(own) + 64)
    return true
  }
  const endBlocks = load<u32>(own, 12)
  if (blocks === 1) {
    store<u32>(own, 0, 4)
    store<u32>(own, load<u32>(own, 8))
    return true
  }
  if (endBlocks === 2) {
    store<u32>(own, 1, 12)
    store<u32>(own, load<u32>(own) + 64)
    return true
  }
  for (let word: u32 = 0; word < 8; word++)
    store<u32>(digest + (word << 2), bswap<u32>(load<u32>(state + (word << 4) + (lane << 2))))
  return false
}

// @ts-ignore: decorator
@inline
function rotate(x: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n))
}

/** Words 4 i to 4 i + 3 of a block of each lane, turned so that a register holds one word of all four. */
// @ts-ignore: decorator
@inline
function loadWords(i: u32, p0: usize, p1: usize, p2: usize, p3: usize): void {
  const bigEndian = v128(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
  const at = i << 4
  const a = v128.swizzle(v128.load(p0 + at), bigEndian)
  const b = v128.swizzle(v128.load(p1 + at), bigEndian)
  const c = v128.swizzle(v128.load(p2 + at), bigEndian)
  const d = v128.swizzle(v128.load(p3 + at), bigEndian)
  const ab01 = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const ab23 = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  const cd01 = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  const cd23 = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  const to = W + (i << 6)
  v128.store(to, v128.shuffle<i64>(ab01, cd01, 0, 2))
  v128.store(to, v128.shuffle<i64>(ab01, cd01, 1, 3), 16)
  v128.store(to, v128.shuffle<i64>(ab23, cd23, 0, 2), 32)
  v128.store(to, v128.shuffle<i64>(ab23, cd23, 1, 3), 48)
}

/** What a round adds to `h` and to `d` but for Σ1(e): Ch(e, f, g) + K + W + h. */
// @ts-ignore: decorator
@inline
function part(w: usize, k: usize, e: v128, f: v128, g: v128, h: v128): v128 {
  const choice = v128.xor(g, v128.and(e, v128.xor(f, g)))
  return i32x4.add(i32x4.add(i32x4.add(h, v128.load(w)), v128.load_splat<u32>(k)), choice)
}

// @ts-ignore: decorator
@inline
function sigma1(e: v128): v128 {
  return v128.xor(v128.xor(rotate(e, 6), rotate(e, 11)), rotate(e, 25))
}

// @ts-ignore: decorator
@inline
function sigma0(a: v128): v128 {
  return v128.xor(v128.xor(rotate(a, 2), rotate(a, 13)), rotate(a, 22))
}

/** The word of the message schedule sixteen after the one at `at`. */
// @ts-ignore: decorator
@inline
function extend(at: usize): void {
  const w1 = v128.load(at, 16)
  const w14 = v128.load(at, 14 * 16)
  const s0 = v128.xor(v128.xor(rotate(w1, 7), rotate(w1, 18)), i32x4.shr_u(w1, 3))
  const s1 = v128.xor(v128.xor(rotate(w14, 17), rotate(w14, 19)), i32x4.shr_u(w14, 10))
  v128.store(at, i32x4.add(i32x4.add(i32x4.add(v128.load(at), v128.load(at, 9 * 16)), s0), s1), 256)
}

/**
 * One block of each lane into its state. What waits longest for what came before, in each round the two sums Σ, is
 * added last; and the schedule is made beside the rounds: so the processor has both to do at once.
 */
function compress(p0: usize, p1: usize, p2: usize, p3: usize): void {
  loadWords(0, p0, p1, p2, p3)
  loadWords(1, p0, p1, p2, p3)
  loadWords(2, p0, p1, p2, p3)
  loadWords(3, p0, p1, p2, p3)
  let a = v128.load(state)
  let b = v128.load(state, 16)
  let c = v128.load(state, 32)
  let d = v128.load(state, 48)
  let e = v128.load(state, 64)
  let f = v128.load(state, 80)
  let g = v128.load(state, 96)
  let h = v128.load(state, 112)
  // The majority of a, b and c is b where b and c agree, else a; what a and b differ in serves the next round.
  let bc = v128.xor(b, c)
  let k: usize = K
  for (let w: usize = W; w < W + 64 * 16; w += 32, k += 8) {
    if (w < W + 48 * 16) {
      extend(w)
      extend(w + 16)
    }
    let t = part(w, k, e, f, g, h)
    let s = sigma1(e)
    d = i32x4.add(i32x4.add(d, t), s)
    const ab = v128.xor(a, b)
    h = i32x4.add(i32x4.add(i32x4.add(t, s), v128.xor(b, v128.and(ab, bc))), sigma0(a))
    t = part(w + 16, k + 4, d, e, f, g)
    s = sigma1(d)
    c = i32x4.add(i32x4.add(c, t), s)
    bc = v128.xor(h, a)
    g = i32x4.add(i32x4.add(i32x4.add(t, s), v128.xor(a, v128.and(bc, ab))), sigma0(h))
    // Two rounds on, each letter stands two places further: g is the new a.
    const first = g
    const second = h
    h = f
    g = e
    f = d
    e = c
    d = b
    c = a
    b = second
    a = first
  }
  v128.store(state, i32x4.add(v128.load(state), a))
  v128.store(state, i32x4.add(v128.load(state, 16), b), 16)
  v128.store(state, i32x4.add(v128.load(state, 32), c), 32)
  v128.store(state, i32x4.add(v128.load(state, 48), d), 48)
  v128.store(state, i32x4.add(v128.load(state, 64), e), 64)
  v128.store(state, i32x4.add(v128.load(state, 80), f), 80)
  v128.store(state, i32x4.add(v128.load(state, 96), g), 96)
  v128.store(state, i32x4.add(v128.load(state, 112), h), 112)
}
