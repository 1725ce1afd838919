import { createHash, randomBytes } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '../reference/merkle.ts'
import type { Signer } from '../reference/writer.ts'
import { signerOf } from '../reference/writer.ts'
import { littleEndian, numberOf, ORDER, T8 } from './edges.ts'

/** Keys and signatures at the edges of the curve: made to satisfy an equation that some engine accepts. */
export { LOW_ORDER, NOT_CANONICAL } from './edges.ts'
export { littleEndian, ORDER, T8 }
const { Point } = ed25519
export const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

type Curve = InstanceType<typeof Point>

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
    const s = ((nonce + (numberOf(hash) % ORDER) * scalar) % ORDER) + surplus
    return Buffer.concat([encoded, littleEndian(s)])
  }
}

export function oddSigner(forgery: Forgery): Signer {
  return signerOf(Buffer.concat([SPKI, forgery.key]), signOddly(forgery))
}

/** A key of another algorithm: a well-formed SPKI around random bytes, `oid` in hex without tag and length. */
export function twinOf(name: string, oid: string, keyBytes: number, signatureBytes: number): Signer {
  const tlv = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const body = Buffer.concat(parts)
    const { length } = body
    const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
    return Buffer.concat([Buffer.of(tag, ...head), body])
  }
  const key = tlv(0x03, Buffer.of(0), randomBytes(keyBytes))
  const spki = tlv(0x30, tlv(0x30, tlv(0x06, Buffer.from(oid, 'hex'))), key)
  return signerOf(spki, () => randomBytes(signatureBytes), name)
}
