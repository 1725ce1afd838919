import { createPublicKey, verify } from 'node:crypto'

/**
 * The strict rules of manifest-format, 1, in plain BigInt: points by the textbook (RFC 8032, 5.1), no library.
 * Only the equation itself is asked of node:crypto, whose engine agrees with all others on what is left.
 */
const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n
const D = mod(-121665n * power(121666n, P - 2n))
export const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** Extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. */
type Point = readonly [X: bigint, Y: bigint, Z: bigint, T: bigint]
const ZERO: Point = [0n, 1n, 1n, 0n]

function mod(a: bigint): bigint {
  const rest = a % P
  return rest < 0n ? rest + P : rest
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) {
    if (e & 1n) result = mod(result * b)
  }
  return result
}

/** RFC 8032, 5.1.4; complete, so it doubles as well. */
function add([X1, Y1, Z1, T1]: Point, [X2, Y2, Z2, T2]: Point): Point {
  const a = mod((Y1 - X1) * (Y2 - X2))
  const b = mod((Y1 + X1) * (Y2 + X2))
  const c = mod(2n * D * T1 * T2)
  const d = mod(2n * Z1 * Z2)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)]
}

function multiply(scalar: bigint, point: Point): Point {
  let result = ZERO
  for (let p = point, s = scalar; s > 0n; s >>= 1n, p = add(p, p)) {
    if (s & 1n) result = add(result, p)
  }
  return result
}

function isZero([X, Y, Z]: Point): boolean {
  return X === 0n && Y === Z
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

/** RFC 8032, 5.1.3: the point, or null where the 32 bytes are not the one encoding of a point. */
function decodePoint(bytes: Uint8Array): Point | null {
  const number = littleEndian(bytes)
  const sign = number >> 255n
  const y = number & (2n ** 255n - 1n)
  if (y >= P) return null
  const x2 = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n))
  let x = power(x2, (P + 3n) / 8n)
  if (mod(x * x) !== x2) x = mod(x * power(2n, (P - 1n) / 4n))
  if (mod(x * x) !== x2) return null
  if (x === 0n && sign === 1n) return null
  if ((x & 1n) !== sign) x = P - x
  return [x, y, 1n, mod(x * y)]
}

/** Answers kept: the tests show the same few keys thousands of times. Not all: a long run shows others too. */
const known = new Map<string, boolean>()
const MOST_KNOWN = 4096

/** A canonical encoding of a point of the prime-order subgroup: [L]P = O and P ≠ O. */
export function isStrictPoint(bytes: Uint8Array): boolean {
  const name = Buffer.from(bytes).toString('hex')
  let answer = known.get(name)
  if (answer === undefined) {
    const point = bytes.length === 32 ? decodePoint(bytes) : null
    answer = point !== null && !isZero(point) && isZero(multiply(L, point))
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(name, answer)
  }
  return answer
}

/** Strict in R and S; that A is strict is asked before (`isStrictPoint`). */
export function verifyStrictly(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || !isStrictPoint(signature.subarray(0, 32))) return false
  if (littleEndian(signature.subarray(32)) >= L) return false
  const spki = Buffer.concat([ED25519_SPKI, publicKey])
  return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature)
}
