import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'

/**
 * Points and scalars at the edges of the curve, and signatures with them that satisfy the equation wherever
 * it can be satisfied. No Node in here: the same forgeries are shown to a browser's engine.
 */
const { Point } = ed25519
type Curve = InstanceType<typeof Point>
export const ORDER = Point.Fn.ORDER
const P = Point.Fp.ORDER
const SIGN = 2n ** 255n

/** The point of order 8 that the curve's eight low-order points are multiples of. */
export const T8 = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')

export function littleEndian(number: bigint, length = 32): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => Number((number >> BigInt(8 * at)) & 255n))
}

export function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => 256n * number + BigInt(byte), 0n)
}

export const LOW_ORDER = Array.from({ length: 8 }, (_, n) => timesT8(n).toBytes())
/** Some of all ways to write a point that are not the one: y + p, the sign of x = 0. See `ODD_ENCODINGS`. */
export const NOT_CANONICAL = oddEncodings([0n, 1n, 2n, 3n, 18n])
/** All of them: y + p fits 255 bits for y below 19 only. */
export const ODD_ENCODINGS = oddEncodings(Array.from({ length: 19 }, (_, y) => BigInt(y)))

function oddEncodings(ys: readonly bigint[]): Uint8Array<ArrayBuffer>[] {
  const numbers = [...ys.flatMap((y) => [y + P, y + P + SIGN]), 1n + SIGN, P - 1n + SIGN]
  return numbers.map((number) => littleEndian(number))
}

/** A point as it is written, and what is known of it: [scalar]B + [torsion]T8. */
export interface Edge {
  readonly name: string
  readonly kind: 'good' | 'low' | 'mixed' | 'odd encoding'
  readonly bytes: Uint8Array
  /** Null where the discrete logarithm is not known, or the bytes are no point: nothing can be made to hold. */
  readonly known: { readonly scalar: bigint; readonly torsion: number } | null
}

/** The good point of `scalar`, its seven twists, the low-order points and the odd encodings. */
export function edgesOf(scalar: bigint): Edge[] {
  const good = Point.BASE.multiply(scalar)
  const torsions = Array.from({ length: 8 }, (_, n) => n)
  return [
    ...torsions.map((torsion): Edge => {
      const [name, kind] =
        torsion === 0 ? (['good', 'good'] as const) : ([`mixed ${torsion}`, 'mixed'] as const)
      return { name, kind, bytes: good.add(timesT8(torsion)).toBytes(), known: { scalar, torsion } }
    }),
    ...torsions.map((torsion): Edge => ({
      name: `low order ${torsion}`,
      kind: 'low',
      bytes: LOW_ORDER[torsion]!,
      known: { scalar: 0n, torsion },
    })),
    ...NOT_CANONICAL.map((bytes, at): Edge => ({
      name: `odd encoding ${at}`,
      kind: 'odd encoding',
      bytes,
      known: knownOf(bytes),
    })),
  ]
}

/** What a lenient engine takes the bytes for, where that is a low-order point. */
function knownOf(bytes: Uint8Array): Edge['known'] {
  // The sign of x = 0 is refused even by lenient readers of noble; others read it as if it were not set.
  const withoutSign = bytes.with(31, bytes[31]! & 127)
  for (const each of [bytes, withoutSign]) {
    const point = readLeniently(each)
    if (point === null) continue
    const torsion = LOW_ORDER.findIndex((_, n) => timesT8(n).equals(point))
    return torsion < 0 ? null : { scalar: 0n, torsion }
  }
  return null
}

/** A point in any spelling that noble takes for one (ZIP 215), or null. */
export function readLeniently(bytes: Uint8Array): Curve | null {
  try {
    return Point.fromBytes(bytes, true)
  } catch {
    return null
  }
}

function timesT8(n: number): Curve {
  return n === 0 ? Point.ZERO : T8.multiply(BigInt(n))
}

export interface Forged {
  readonly signature: Uint8Array<ArrayBuffer>
  /** Whether SB = R + kA itself holds; times eight it holds wherever A and R are known. */
  readonly holds: boolean
}

/** S = r + k·a for these bytes of A and R; S = r where a logarithm is not known. */
export function forge(a: Edge, r: Edge, message: Uint8Array): Forged {
  const k = numberOf(sha512(Uint8Array.of(...r.bytes, ...a.bytes, ...message))) % ORDER
  const s = ((r.known?.scalar ?? 0n) + k * (a.known?.scalar ?? 0n)) % ORDER
  const holds =
    a.known !== null && r.known !== null && (r.known.torsion + Number(k % 8n) * a.known.torsion) % 8 === 0
  return { signature: withS(r.bytes, s), holds }
}

/** As `forge`, of the first message for which the equation holds without the factor eight, if there is one. */
export function forgeAny(a: Edge, r: Edge): Forged & { readonly message: Uint8Array<ArrayBuffer> } {
  for (let at = 0; ; at++) {
    const message = littleEndian(BigInt(at), 4)
    const forged = forge(a, r, message)
    // Torsions that cannot cancel do not cancel for any k: 64 messages have every k mod 8 many times.
    if (forged.holds || at === 63) return { ...forged, message }
  }
}

export function withS(r: Uint8Array, s: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...r, ...littleEndian(s))
}

/** Every other number of 256 bits that is S modulo L, and numbers that are large whatever S is. */
export function largeS(s: bigint): [name: string, s: bigint][] {
  const congruent = Array.from({ length: 16 }, (_, n): [string, bigint] => [
    `S + ${n + 1}L`,
    s + BigInt(n + 1) * ORDER,
  ])
  const bits = [252n, 253n, 254n, 255n].map((bit): [string, bigint] => [`S with bit ${bit}`, s | (1n << bit)])
  const whole: [string, bigint][] = [
    ['S = L', ORDER],
    ['S = 2^256 − 1', 2n ** 256n - 1n],
  ]
  return [...congruent, ...bits, ...whole].filter(([, number]) => number >= ORDER && number < 2n ** 256n)
}
