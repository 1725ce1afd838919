import type { Signer } from '../reference/writer.ts'
import { signerOf } from '../reference/writer.ts'
import type { Base, Mutators } from './base.ts'
import { forge, inEnvelope, withEnvelope } from './base.ts'
import { ODD_KEYS, ODD_SIGNATURES, TWO_WAYS } from './odd.ts'
import { isSkipped, MALLORY } from './pool.ts'
import type { Random } from './random.ts'
import { withIssuer, withSignature } from './signing.ts'

/** Keys in other forms than the one, and points that strict Ed25519 refuses (manifest-format, 1). */
const spkiOf = ({ pem }: Signer) => Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64')

/** SubjectPublicKeyInfos around the issuer's 32 bytes that the one form is not. */
const OTHER_SPKIS: Record<'key_not_allowed' | 'key_malformed', ((key: Buffer) => Buffer)[]> = {
  key_not_allowed: [
    (key) => Buffer.concat([Buffer.from('302c300706032b65700500032100', 'hex'), key]),
    (key) => Buffer.concat([Buffer.from('3029300506032b6570032000', 'hex'), key.subarray(1)]),
    (key) => Buffer.concat([Buffer.from('302b300506032b6570032200', 'hex'), key, Buffer.of(0)]),
  ],
  key_malformed: [
    (key) => Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key, Buffer.of(0)]),
    (key) => Buffer.concat([Buffer.from('30812a300506032b6570032100', 'hex'), key]),
    (key) => Buffer.concat([Buffer.from('302a300506032b6570032101', 'hex'), key]),
    (key) => Buffer.concat([Buffer.from('312a300506032b6570032100', 'hex'), key]),
    (key) => key,
  ],
}

/** DER: a tag, the length in its shortest form or as it is given, the contents. */
function element(tag: number, contents: string, length = shortest(contents)): string {
  return tag.toString(16).padStart(2, '0') + length + contents
}

function shortest(contents: string): string {
  const length = contents.length / 2
  return length < 0x80 ? length.toString(16).padStart(2, '0') : `82${length.toString(16).padStart(4, '0')}`
}

const OID = element(0x06, '2b656e')
const ALGORITHM = element(0x30, OID)
const BITS = element(0x03, '00' + '09'.repeat(32))

/** Keys of an algorithm that is skipped, so that one which is let through is noticed by nothing else. */
const MALFORMED: readonly string[] = [
  ...['8125', '820025', '83000025', '80'].flatMap((length) => [
    element(0x30, ALGORITHM + element(0x03, `00${'09'.repeat(28)}`), length),
    element(0x30, ALGORITHM + element(0x03, `00${'09'.repeat(32)}`, length.replace('25', '21'))),
  ]),
  element(0x30, element(0x30, OID, '8105') + BITS),
  element(0x30, element(0x30, element(0x06, '2b656e', '8103')) + BITS),
  element(0x30, element(0x30, element(0x06, '2b656e', '820003')) + BITS),
  // Parameters: two of them, one that is cut, one that goes beyond, bytes that are none.
  element(0x30, element(0x30, `${OID}05000500`) + BITS),
  element(0x30, element(0x30, `${OID}050500`) + BITS),
  element(0x30, element(0x30, `${OID}0523`) + BITS),
  element(0x30, element(0x30, `${OID}05`) + BITS),
  element(0x30, element(0x30, `${OID}058100`) + BITS),
  element(0x30, element(0x30, element(0x06, '')) + BITS),
  element(0x30, element(0x30, element(0x05, '')) + BITS),
  element(0x30, element(0x31, OID) + BITS),
  element(0x30, ALGORITHM + element(0x04, '00' + '09'.repeat(32))),
  element(0x30, ALGORITHM + element(0x03, '01' + '09'.repeat(32))),
  element(0x30, ALGORITHM + element(0x03, '00')),
  element(0x30, ALGORITHM + element(0x03, '')),
  element(0x30, `${ALGORITHM + BITS}00`),
  element(0x30, `${ALGORITHM + BITS}0500`),
  `${element(0x30, ALGORITHM + BITS)}00`,
]
/** In a PEM of 16,385 characters and more: 12,051 bytes are the fewest. */
const largeKey = (bytes: number) => element(0x30, ALGORITHM + element(0x03, `00${'09'.repeat(bytes)}`))

/** Signed by a key more, for which nobody asks. */
function withKey(base: Base, spki: string, signature: number): Uint8Array | null {
  if (base.signers.length > 15) return null
  const other = signerOf(Buffer.from(spki, 'hex'), () => Buffer.alloc(signature, 5))
  return forge(base, { signers: [...base.signers, other] })
}

const PEM_EDITS: ((pem: string, random: Random) => string)[] = [
  (pem) => pem.replaceAll('\n', '\r\n'),
  (pem) => pem.slice(0, -1),
  (pem) => `${pem}\n`,
  (pem) => `\n${pem}`,
  (pem) => pem + MALLORY.pem,
  (pem) => pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
  (pem) => pem.replaceAll('PUBLIC KEY', 'PRIVATE KEY'),
  (pem) => pem.replaceAll('PUBLIC KEY', 'public key'),
  (pem) => pem.replace('\nMCow', '\nMCow\n'),
  (pem) => pem.replace('=', ''),
  (pem) => pem.replace('\nMCow', '\n\nMCow'),
  (pem) => pem.replace('=\n', '\n=\n'),
  (pem) => pem.replace('=\n', '=\n\n'),
  (pem) => pem.replace('=\n', '='),
  (pem) => pem.replace('=\n', '= \n'),
  (pem) => pem.replace('=\n', '==\n'),
  (pem) => pem.replace('MCow', 'MC*w'),
  () => '',
  (pem, random) => pem.slice(0, random.below(pem.length)),
]

export const KEYS: Mutators = {
  'PEM edited': (base, random) => ({
    bytes: withEnvelope(base, ({ signatures }) => {
      const signature = random.pick(signatures.filter((item) => !isSkipped(item)))
      signature.public_key_pem = random.pick(PEM_EDITS)(signature.public_key_pem, random)
    }),
    expected: inEnvelope('key_malformed'),
  }),
  'base64 spare bits in a PEM': (base, random) => ({
    bytes: withSignature(base, random, (signature) => {
      // 44 bytes end in one padding character: the one before it has two spare bits.
      signature.public_key_pem = signature.public_key_pem.replace(
        /(.)=\n/,
        (_, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}=\n`,
      )
    }),
    expected: inEnvelope('key_malformed'),
  }),
  'SubjectPublicKeyInfo in another form, fingerprint made again': (base, random) => {
    const code = random.pick(['key_not_allowed', 'key_malformed'] as const)
    const [issuer] = base.signers
    const spki = random.pick(OTHER_SPKIS[code])(spkiOf(issuer).subarray(12))
    const signers = withIssuer(base, signerOf(spki, issuer.sign))
    const { issuer: _, ...header } = base.options.header!
    return { bytes: forge(base, { signers, header }), expected: inEnvelope(code) }
  },
  'SubjectPublicKeyInfo of another algorithm, malformed': (base, random) => {
    const bytes = withKey(base, random.pick(MALFORMED), 64)
    return bytes && { bytes, expected: inEnvelope('key_malformed') }
  },
  'a key of another algorithm in a PEM over 16 KiB': (base, random) => {
    const bytes = withKey(base, largeKey(random.pick([12_100, 12_500, 20_000])), 64)
    return bytes && { bytes, expected: inEnvelope('key_malformed') }
  },
  'a signature of more than 65,536 bytes': (base, random) => {
    const bytes = withKey(base, largeKey(32), random.pick([65_537, 65_538, 65_539, 80_000]))
    return bytes && { bytes, expected: inEnvelope('shape_invalid') }
  },
  'SubjectPublicKeyInfo that reads two ways': (base) => {
    const { issuer: _, ...header } = base.options.header!
    const bytes = forge(base, { signers: withIssuer(base, TWO_WAYS), header })
    return { bytes, expected: inEnvelope('key_not_allowed') }
  },
  'a key that is no point of the subgroup': (base, random) => {
    const signers = withIssuer(base, random.pick(ODD_KEYS))
    const { issuer: _, ...header } = base.options.header!
    return { bytes: forge(base, { signers, header }), expected: inEnvelope('key_not_allowed') }
  },
  'a signature with an odd R or S': (base, random) => ({
    bytes: forge(base, { signers: withIssuer(base, random.pick(ODD_SIGNATURES)(base.signers[0])) }),
    expected: inEnvelope('signature_invalid'),
  }),
}
