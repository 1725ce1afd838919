/**
 * SHA-256 (FIPS 180-4) of one message at a time, where there are no vectors. All 64 rounds are written out: in loops
 * it takes more than twice as long in JavaScript, which this is made for (test/bench/reading).
 */

const BLOCK: usize = 64
/** The last bytes of a message with their padding: one or two blocks. */
const end = memory.data(128, 4)

let s0: u32 = 0
let s1: u32 = 0
let s2: u32 = 0
let s3: u32 = 0
let s4: u32 = 0
let s5: u32 = 0
let s6: u32 = 0
let s7: u32 = 0

/** Writes SHA-256( `length` bytes at `message` ) to `digest`. */
export function hash(message: usize, length: u32, digest: usize): void {
  s0 = 0x6a09e667
  s1 = 0xbb67ae85
  s2 = 0x3c6ef372
  s3 = 0xa54ff53a
  s4 = 0x510e527f
  s5 = 0x9b05688c
  s6 = 0x1f83d9ab
  s7 = 0x5be0cd19
  const left: usize = length & 63
  const rest = message + length - left
  for (; message < rest; message += BLOCK) compress(message)
  memory.copy(end, rest, left)
  memory.fill(end + left, 0, 2 * BLOCK - left)
  store<u8>(end + left, 0x80)
  const last = left < 56 ? end : end + BLOCK
  storeWord(last + 56, length >>> 29)
  storeWord(last + 60, length << 3)
  compress(end)
  if (last !== end) compress(last)
  storeWord(digest, s0)
  storeWord(digest + 4, s1)
  storeWord(digest + 8, s2)
  storeWord(digest + 12, s3)
  storeWord(digest + 16, s4)
  storeWord(digest + 20, s5)
  storeWord(digest + 24, s6)
  storeWord(digest + 28, s7)
}

/** Big-endian, byte by byte: it may lie anywhere. */
// @ts-ignore: decorator
@inline
function loadWord(at: usize): u32 {
  return (<u32>load<u8>(at) << 24) | (<u32>load<u8>(at, 1) << 16) | (<u32>load<u8>(at, 2) << 8) | load<u8>(at, 3)
}

function storeWord(at: usize, word: u32): void {
  store<u8>(at, <u8>(word >>> 24))
  store<u8>(at, <u8>(word >>> 16), 1)
  store<u8>(at, <u8>(word >>> 8), 2)
  store<u8>(at, <u8>word, 3)
}

// @ts-ignore: decorator
@inline
function rotate(x: u32, n: u32): u32 {
  return (x >>> n) | (x << (32 - n))
}

/** σ0 and σ1, of the message schedule. */
// @ts-ignore: decorator
@inline
function small0(x: u32): u32 {
  return rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
}

// @ts-ignore: decorator
@inline
function small1(x: u32): u32 {
  return rotate(x, 17) ^ rotate(x, 19) ^ (x >>> 10)
}

/** Σ1(e) + Ch(e, f, g), which a round adds to `h` and `d`. */
// @ts-ignore: decorator
@inline
function one(e: u32, f: u32, g: u32): u32 {
  return (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (g ^ (e & (f ^ g)))
}

/** Σ0(a) + Maj(a, b, c), which it adds to `h` alone. */
// @ts-ignore: decorator
@inline
function two(a: u32, b: u32, c: u32): u32 {
  return (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)))
}

/** One block into the state. A round leaves its letters where they are: the next calls them by other names. */
// prettier-ignore
function compress(at: usize): void {
  let w0 = loadWord(at)
  let w1 = loadWord(at + 4)
  let w2 = loadWord(at + 8)
  let w3 = loadWord(at + 12)
  let w4 = loadWord(at + 16)
  let w5 = loadWord(at + 20)
  let w6 = loadWord(at + 24)
  let w7 = loadWord(at + 28)
  let w8 = loadWord(at + 32)
  let w9 = loadWord(at + 36)
  let w10 = loadWord(at + 40)
  let w11 = loadWord(at + 44)
  let w12 = loadWord(at + 48)
  let w13 = loadWord(at + 52)
  let w14 = loadWord(at + 56)
  let w15 = loadWord(at + 60)
  let a = s0
  let b = s1
  let c = s2
  let d = s3
  let e = s4
  let f = s5
  let g = s6
  let h = s7
  h += one(e, f, g) + 0x428a2f98 + w0; d += h; h += two(a, b, c)
  g += one(d, e, f) + 0x71374491 + w1; c += g; g += two(h, a, b)
  f += one(c, d, e) + 0xb5c0fbcf + w2; b += f; f += two(g, h, a)
  e += one(b, c, d) + 0xe9b5dba5 + w3; a += e; e += two(f, g, h)
  d += one(a, b, c) + 0x3956c25b + w4; h += d; d += two(e, f, g)
  c += one(h, a, b) + 0x59f111f1 + w5; g += c; c += two(d, e, f)
  b += one(g, h, a) + 0x923f82a4 + w6; f += b; b += two(c, d, e)
  a += one(f, g, h) + 0xab1c5ed5 + w7; e += a; a += two(b, c, d)
  h += one(e, f, g) + 0xd807aa98 + w8; d += h; h += two(a, b, c)
  g += one(d, e, f) + 0x12835b01 + w9; c += g; g += two(h, a, b)
  f += one(c, d, e) + 0x243185be + w10; b += f; f += two(g, h, a)
  e += one(b, c, d) + 0x550c7dc3 + w11; a += e; e += two(f, g, h)
  d += one(a, b, c) + 0x72be5d74 + w12; h += d; d += two(e, f, g)
  c += one(h, a, b) + 0x80deb1fe + w13; g += c; c += two(d, e, f)
  b += one(g, h, a) + 0x9bdc06a7 + w14; f += b; b += two(c, d, e)
  a += one(f, g, h) + 0xc19bf174 + w15; e += a; a += two(b, c, d)

  w0 += small1(w14) + w9 + small0(w1); h += one(e, f, g) + 0xe49b69c1 + w0; d += h; h += two(a, b, c)
  w1 += small1(w15) + w10 + small0(w2); g += one(d, e, f) + 0xefbe4786 + w1; c += g; g += two(h, a, b)
  w2 += small1(w0) + w11 + small0(w3); f += one(c, d, e) + 0x0fc19dc6 + w2; b += f; f += two(g, h, a)
  w3 += small1(w1) + w12 + small0(w4); e += one(b, c, d) + 0x240ca1cc + w3; a += e; e += two(f, g, h)
  w4 += small1(w2) + w13 + small0(w5); d += one(a, b, c) + 0x2de92c6f + w4; h += d; d += two(e, f, g)
  w5 += small1(w3) + w14 + small0(w6); c += one(h, a, b) + 0x4a7484aa + w5; g += c; c += two(d, e, f)
  w6 += small1(w4) + w15 + small0(w7); b += one(g, h, a) + 0x5cb0a9dc + w6; f += b; b += two(c, d, e)
  w7 += small1(w5) + w0 + small0(w8); a += one(f, g, h) + 0x76f988da + w7; e += a; a += two(b, c, d)
  w8 += small1(w6) + w1 + small0(w9); h += one(e, f, g) + 0x983e5152 + w8; d += h; h += two(a, b, c)
  w9 += small1(w7) + w2 + small0(w10); g += one(d, e, f) + 0xa831c66d + w9; c += g; g += two(h, a, b)
  w10 += small1(w8) + w3 + small0(w11); f += one(c, d, e) + 0xb00327c8 + w10; b += f; f += two(g, h, a)
  w11 += small1(w9) + w4 + small0(w12); e += one(b, c, d) + 0xbf597fc7 + w11; a += e; e += two(f, g, h)
  w12 += small1(w10) + w5 + small0(w13); d += one(a, b, c) + 0xc6e00bf3 + w12; h += d; d += two(e, f, g)
  w13 += small1(w11) + w6 + small0(w14); c += one(h, a, b) + 0xd5a79147 + w13; g += c; c += two(d, e, f)
  w14 += small1(w12) + w7 + small0(w15); b += one(g, h, a) + 0x06ca6351 + w14; f += b; b += two(c, d, e)
  w15 += small1(w13) + w8 + small0(w0); a += one(f, g, h) + 0x14292967 + w15; e += a; a += two(b, c, d)

  w0 += small1(w14) + w9 + small0(w1); h += one(e, f, g) + 0x27b70a85 + w0; d += h; h += two(a, b, c)
  w1 += small1(w15) + w10 + small0(w2); g += one(d, e, f) + 0x2e1b2138 + w1; c += g; g += two(h, a, b)
  w2 += small1(w0) + w11 + small0(w3); f += one(c, d, e) + 0x4d2c6dfc + w2; b += f; f += two(g, h, a)
  w3 += small1(w1) + w12 + small0(w4); e += one(b, c, d) + 0x53380d13 + w3; a += e; e += two(f, g, h)
  w4 += small1(w2) + w13 + small0(w5); d += one(a, b, c) + 0x650a7354 + w4; h += d; d += two(e, f, g)
  w5 += small1(w3) + w14 + small0(w6); c += one(h, a, b) + 0x766a0abb + w5; g += c; c += two(d, e, f)
  w6 += small1(w4) + w15 + small0(w7); b += one(g, h, a) + 0x81c2c92e + w6; f += b; b += two(c, d, e)
  w7 += small1(w5) + w0 + small0(w8); a += one(f, g, h) + 0x92722c85 + w7; e += a; a += two(b, c, d)
  w8 += small1(w6) + w1 + small0(w9); h += one(e, f, g) + 0xa2bfe8a1 + w8; d += h; h += two(a, b, c)
  w9 += small1(w7) + w2 + small0(w10); g += one(d, e, f) + 0xa81a664b + w9; c += g; g += two(h, a, b)
  w10 += small1(w8) + w3 + small0(w11); f += one(c, d, e) + 0xc24b8b70 + w10; b += f; f += two(g, h, a)
  w11 += small1(w9) + w4 + small0(w12); e += one(b, c, d) + 0xc76c51a3 + w11; a += e; e += two(f, g, h)
  w12 += small1(w10) + w5 + small0(w13); d += one(a, b, c) + 0xd192e819 + w12; h += d; d += two(e, f, g)
  w13 += small1(w11) + w6 + small0(w14); c += one(h, a, b) + 0xd6990624 + w13; g += c; c += two(d, e, f)
  w14 += small1(w12) + w7 + small0(w15); b += one(g, h, a) + 0xf40e3585 + w14; f += b; b += two(c, d, e)
  w15 += small1(w13) + w8 + small0(w0); a += one(f, g, h) + 0x106aa070 + w15; e += a; a += two(b, c, d)

  w0 += small1(w14) + w9 + small0(w1); h += one(e, f, g) + 0x19a4c116 + w0; d += h; h += two(a, b, c)
  w1 += small1(w15) + w10 + small0(w2); g += one(d, e, f) + 0x1e376c08 + w1; c += g; g += two(h, a, b)
  w2 += small1(w0) + w11 + small0(w3); f += one(c, d, e) + 0x2748774c + w2; b += f; f += two(g, h, a)
  w3 += small1(w1) + w12 + small0(w4); e += one(b, c, d) + 0x34b0bcb5 + w3; a += e; e += two(f, g, h)
  w4 += small1(w2) + w13 + small0(w5); d += one(a, b, c) + 0x391c0cb3 + w4; h += d; d += two(e, f, g)
  w5 += small1(w3) + w14 + small0(w6); c += one(h, a, b) + 0x4ed8aa4a + w5; g += c; c += two(d, e, f)
  w6 += small1(w4) + w15 + small0(w7); b += one(g, h, a) + 0x5b9cca4f + w6; f += b; b += two(c, d, e)
  w7 += small1(w5) + w0 + small0(w8); a += one(f, g, h) + 0x682e6ff3 + w7; e += a; a += two(b, c, d)
  w8 += small1(w6) + w1 + small0(w9); h += one(e, f, g) + 0x748f82ee + w8; d += h; h += two(a, b, c)
  w9 += small1(w7) + w2 + small0(w10); g += one(d, e, f) + 0x78a5636f + w9; c += g; g += two(h, a, b)
  w10 += small1(w8) + w3 + small0(w11); f += one(c, d, e) + 0x84c87814 + w10; b += f; f += two(g, h, a)
  w11 += small1(w9) + w4 + small0(w12); e += one(b, c, d) + 0x8cc70208 + w11; a += e; e += two(f, g, h)
  w12 += small1(w10) + w5 + small0(w13); d += one(a, b, c) + 0x90befffa + w12; h += d; d += two(e, f, g)
  w13 += small1(w11) + w6 + small0(w14); c += one(h, a, b) + 0xa4506ceb + w13; g += c; c += two(d, e, f)
  w14 += small1(w12) + w7 + small0(w15); b += one(g, h, a) + 0xbef9a3f7 + w14; f += b; b += two(c, d, e)
  w15 += small1(w13) + w8 + small0(w0); a += one(f, g, h) + 0xc67178f2 + w15; e += a; a += two(b, c, d)
  s0 += a
  s1 += b
  s2 += c
  s3 += d
  s4 += e
  s5 += f
  s6 += g
  s7 += h
}
