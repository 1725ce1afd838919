import { ed25519 } from '@noble/curves/ed25519.js'
import {
  LOW_ORDER,
  NOT_CANONICAL,
  oddSigner,
  ORDER,
  scalarNamed,
  signOddly,
  SPKI,
  T8,
} from '../core/curve.ts'
import type { Signer } from '../reference/writer.ts'
import { signerNamed, signerOf } from '../reference/writer.ts'

/** Keys and signatures that satisfy an equation some engine accepts, and that strict Ed25519 refuses (manifest-format, 1). */
const NAME = 'Issuer'
const A = ed25519.Point.BASE.multiply(scalarNamed(NAME))

export const ODD_KEYS: readonly Signer[] = [
  ...LOW_ORDER.map((key) => oddSigner({ key, scalar: 0n, nonce: 0n })),
  ...LOW_ORDER.map((key) => oddSigner({ key, scalar: 0n })),
  ...NOT_CANONICAL.map((key) => oddSigner({ key, scalar: 0n })),
  ...[1n, 2n, 3n, 4n, 5n, 6n, 7n].map((k) =>
    oddSigner({ key: A.add(T8.multiply(k)).toBytes(), scalar: scalarNamed(NAME) }),
  ),
  // y = 2 is on no point of the curve.
  signerOf(Buffer.concat([SPKI, Buffer.of(2), Buffer.alloc(31)]), () => Buffer.alloc(64)),
]

/** The signer's own key, whose scalar is known by its name, and a signature at the edge. */
function oddly(forgery: Omit<Parameters<typeof signOddly>[0], 'key' | 'scalar'>) {
  return (signer: Signer): Signer => {
    const key = Buffer.from(signer.pem.split('\n')[1]!, 'base64').subarray(12)
    return { ...signer, sign: signOddly({ key, scalar: scalarNamed(signer.label), ...forgery }) }
  }
}

export const ODD_SIGNATURES: readonly ((signer: Signer) => Signer)[] = [
  ...[1n, 2n, 3n, 4n, 5n, 6n, 7n].map((k) => oddly({ torsion: T8.multiply(k) })),
  ...[1n, 4n, 7n].map((k) => oddly({ nonce: 0n, torsion: T8.multiply(k) })),
  // R is the identity: the equation holds as it stands.
  oddly({ nonce: 0n }),
  ...NOT_CANONICAL.map((encoded) => oddly({ nonce: 0n, encodeR: () => encoded })),
  oddly({ surplus: ORDER }),
  oddly({ surplus: ORDER * 2n }),
  oddly({ surplus: ORDER * 7n }),
  // Alone each of these would be a signature of anybody.
  (signer) => ({ ...signer, sign: () => new Uint8Array(64) }),
  (signer) => ({ ...signer, sign: () => Buffer.concat([LOW_ORDER[0]!, new Uint8Array(32)]) }),
]

/** Its 32 bytes begin with 1f 00, found by trying names: the contents of a BIT STRING of 30 bytes. */
const ground = signerNamed('Ground 99825')

/**
 * An SPKI with NULL parameters and a key of 30 bytes, as long as the one form: who takes its last 32 bytes for the
 * key, without a look at what stands before them, has a key that somebody owns.
 */
export const TWO_WAYS: Signer = signerOf(
  Buffer.concat([
    Buffer.from('302a300706032b6570050003', 'hex'),
    Buffer.from(ground.pem.split('\n')[1]!, 'base64').subarray(12),
  ]),
  ground.sign,
)
