import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '../reference/merkle.ts'
import type { Signer } from '../reference/writer.ts'
import { signerOf } from '../reference/writer.ts'

/** Keys and signatures at the edges of the curve: made to satisfy an equation that some engine accepts. */
const { Point } = ed25519
const L = Point.Fn.ORDER
const P = Point.Fp.ORDER
export const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
/** The point of order 8 that the curve's eight low-order points are multiples of. */
export const T8 = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')

type Curve = InstanceType<typeof Point>

export function littleEndian(number: bigint, length = 32): Uint8Array {
  return new Uint8Array(Buffer.from(number.toString(16).padStart(2 * length, '0'), 'hex').reverse())
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

/** The private scalar of `signerNamed(name)`. */
export function scalarNamed(name: string): bigint {
  return ed25519.utils.getExtendedPublicKey(sha256(Buffer.from(name))).scalar
}

export interface Forgery {
  /** Encoded key; the signature is made for these bytes. */
  key: Uint8Array
  scalar: bigint
  nonce?: bigint
  /** Added to R. */
  torsion?: Curve
  /** Replaces the encoding of R. */
  encodeR?: (r: Curve) => Uint8Array
  /** Added to S. */
  surplus?: bigint
}

/** R = [r]B + T, S = r + k·a: with T ≠ O only the equation times eight holds. */
export function signOddly({
  key,
  scalar,
  nonce = 12345n,
  torsion,
  encodeR,
  surplus = 0n,
}: Forgery): Signer['sign'] {
  return (message) => {
    const base = nonce === 0n ? Point.ZERO : Point.BASE.multiply(nonce)
    const r = torsion ? base.add(torsion) : base
    const encoded = encodeR ? encodeR(r) : r.toBytes()
    const hash = createHash('sha512').update(encoded).update(key).update(message).digest()
    const s = ((nonce + (numberOf(hash) % L) * scalar) % L) + surplus
    return Buffer.concat([encoded, littleEndian(s)])
  }
}

export function oddSigner(forgery: Forgery): Signer {
  return signerOf(Buffer.concat([SPKI, forgery.key]), signOddly(forgery))
}

/** The eight low-order points, and every way to write them that is not the one: y + p, the sign of x = 0. */
export const LOW_ORDER = Array.from({ length: 8 }, (_, n) =>
  (n === 0 ? Point.ZERO : T8.multiply(BigInt(n))).toBytes(),
)
export const NOT_CANONICAL = [
  ...[0n, 1n, 2n, 3n, 18n].flatMap((y) => [littleEndian(y + P), littleEndian(y + P + 2n ** 255n)]),
  littleEndian(1n + 2n ** 255n),
  littleEndian(P - 1n + 2n ** 255n),
]
export const ORDER = L
