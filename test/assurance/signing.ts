import type { Json, JsonObject } from '../reference/canonical.ts'
import { compareUnits, serialize } from '../reference/canonical.ts'
import type { Signature } from '../reference/shapes.ts'
import { MANIFEST_TYPE } from '../reference/shapes.ts'
import type { Signer } from '../reference/writer.ts'
import { signerNamed, signStatement } from '../reference/writer.ts'
import type { Base, Envelope, Mutators } from './base.ts'
import { forge, inEnvelope, put, upperCased, withEnvelope } from './base.ts'
import { isSkipped, MALLORY, SKIPPED } from './pool.ts'
import type { Random } from './random.ts'

/** Who signed, with which key, over what: the attacks on the signature layer (manifest-format, 1). */
const byFingerprint = (a: Signature, b: Signature) => compareUnits(a.fingerprint, b.fingerprint)

/** One signature of an Ed25519 key otherwise. */
export function withSignature(base: Base, random: Random, edit: (signature: Signature) => void): Uint8Array {
  return withEnvelope(base, ({ signatures }) =>
    edit(random.pick(signatures.filter((signature) => !isSkipped(signature)))),
  )
}

function signatureBy(signer: Signer, { header, type }: Envelope): Signature {
  return signStatement(type, header, [signer]).signatures[0]!
}

export function withIssuer(base: Base, issuer: Signer): readonly [Signer, ...Signer[]] {
  return [issuer, ...base.signers.slice(1)]
}

function listed(base: Base): string[] {
  return (base.statement.header['signers'] ?? []) as string[]
}

const NOT_BASE64: ((text: string) => string)[] = [
  (text) => text.replaceAll('=', ''),
  (text) => `${text}=`,
  (text) => `${text}\n`,
  (text) => ` ${text}`,
  (text) => text.replace(/.$/, '*'),
  (text) => `-_${text.slice(2)}`,
  () => '',
]

/** The same header under another payload type, or without the encoding that keeps types apart. */
const OTHER_MESSAGES: ((header: JsonObject) => Uint8Array)[] = [
  ...['redaction', 'receipt', 'key-succession', 'key-revocation', 'trust-list', 'audit-export'].map(
    (kind) => (header: JsonObject) => paeOf(`application/vnd.omega.${kind}.v1+json`, header),
  ),
  (header) => paeOf(MANIFEST_TYPE.replace('v1', 'v2'), header),
  (header) => paeOf('', header),
  (header) => Buffer.from(serialize(header)),
  (header) => paeOf(MANIFEST_TYPE, { ...header, issuer: null }),
  (header) => Buffer.from(JSON.stringify(header)),
]

function paeOf(type: string, header: Json): Uint8Array {
  const [kind, body] = [Buffer.from(type), Buffer.from(serialize(header))]
  return Buffer.concat([Buffer.from(`DSSEv1 ${kind.length} `), kind, Buffer.from(` ${body.length} `), body])
}

export const SIGNING: Mutators = {
  'signed with another key, issuer kept': (base) => {
    const signers = withIssuer(base, MALLORY)
    const { issuer } = base.statement.header
    return {
      bytes: forge(base, { signers, header: { ...base.options.header, issuer: issuer! } }),
      expected: inEnvelope('issuer_unsigned'),
    }
  },
  'signed with another key, fingerprint kept': (base, random) => ({
    bytes: withEnvelope(base, (envelope) => {
      const signature = random.pick(envelope.signatures)
      const { public_key_pem, signature: bytes } = signatureBy(MALLORY, envelope)
      Object.assign(signature, { public_key_pem, signature: bytes })
    }),
    expected: inEnvelope('fingerprint_mismatch'),
  }),
  'signed with another key, key and fingerprint kept': (base, random) => ({
    bytes: withEnvelope(base, (envelope) => {
      const signature = random.pick(envelope.signatures.filter((item) => !isSkipped(item)))
      signature.signature = signatureBy(MALLORY, envelope).signature
    }),
    expected: inEnvelope('signature_invalid'),
  }),
  'key and fingerprint of another, signature kept': (base, random) => ({
    bytes: withEnvelope(base, (envelope) => {
      const signature = random.pick(envelope.signatures.filter((item) => !isSkipped(item)))
      Object.assign(signature, { public_key_pem: MALLORY.pem, fingerprint: MALLORY.fingerprint })
      envelope.signatures.sort(byFingerprint)
    }),
    expected: inEnvelope('signature_invalid'),
  }),
  'fingerprint of another key': (base, random) => ({
    bytes: withEnvelope(base, ({ signatures }) => {
      const at = random.below(signatures.length)
      // Still ascending: the order is looked at before any key.
      const other = signatures[at]!.fingerprint.slice(0, 63)
      const digit = signatures[at]!.fingerprint.endsWith('f') ? '0' : 'f'
      signatures[at]!.fingerprint = other + digit
    }),
    expected: inEnvelope('fingerprint_mismatch'),
  }),
  'issuer renamed to a key that did not sign': (base) => ({
    bytes: forge(base, {
      beforeSigning: (header) =>
        put(header, 'issuer', { fingerprint: MALLORY.fingerprint, label: 'Mallory' }),
    }),
    expected: inEnvelope('issuer_unsigned'),
  }),
  'issuer signs with a key of another algorithm only': (base, random) => {
    const skipped = random.pick(SKIPPED)
    const signers = [skipped, ...base.signers.slice(0, 1)] as [Signer, ...Signer[]]
    const issuer = { fingerprint: skipped.fingerprint, label: 'x' }
    return {
      bytes: forge(base, { signers, header: { ...base.options.header, issuer } }),
      expected: inEnvelope('issuer_unsigned'),
    }
  },
  'a listed signer that did not sign': (base, random) => {
    const absent = random.pick([MALLORY, ...SKIPPED])
    const signers = [...new Set([...listed(base), absent.fingerprint])].sort()
    return {
      bytes: forge(base, { beforeSigning: (header) => put(header, 'signers', signers) }),
      expected: inEnvelope('signer_missing'),
    }
  },
  'a listed countersignature stripped': (base, random) => {
    const issuer = base.signers[0].fingerprint
    const others = listed(base).filter((fingerprint) => fingerprint !== issuer)
    if (others.length === 0) return null
    const stripped = random.pick(others)
    const bytes = withEnvelope(base, (envelope) => {
      envelope.signatures = envelope.signatures.filter(({ fingerprint }) => fingerprint !== stripped)
      if (random.oneIn(2)) envelope.signatures.push(signatureBy(MALLORY, envelope))
      envelope.signatures.sort(byFingerprint)
    })
    return { bytes, expected: inEnvelope('signer_missing') }
  },
  'the issuer stripped, a countersignature left': (base) => {
    const issuer = base.signers[0].fingerprint
    if (base.signers.filter((signer) => !isSkipped(signer)).length < 2) return null
    const bytes = withEnvelope(base, (envelope) => {
      envelope.signatures = envelope.signatures.filter(({ fingerprint }) => fingerprint !== issuer)
    })
    return { bytes, expected: inEnvelope('issuer_unsigned') }
  },
  'signature over another type or body': (base, random) => {
    const message = random.pick(OTHER_MESSAGES)
    const [issuer] = base.signers
    const bytes = withEnvelope(base, (envelope) => {
      const signature = envelope.signatures.find(({ fingerprint }) => fingerprint === issuer.fingerprint)!
      signature.signature = Buffer.from(issuer.sign(message(envelope.header))).toString('base64')
    })
    return { bytes, expected: inEnvelope('signature_invalid') }
  },
  'signatures of another manifest': (base, random, pool) => {
    const other = random.pick(pool)
    if (other.id === base.id) return null
    const bytes = withEnvelope(base, (envelope) => {
      envelope.signatures = other.statement.signatures
    })
    return { bytes, expected: inEnvelope('signature_invalid') }
  },
  'one bit of a signature': (base, random) => ({
    bytes: withSignature(base, random, (signature) => {
      const bytes = Buffer.from(signature.signature, 'base64')
      const at = random.below(64)
      bytes[at]! ^= 1 << random.below(8)
      signature.signature = bytes.toString('base64')
    }),
    expected: inEnvelope('signature_invalid'),
  }),
  'signature of another length': (base, random) => ({
    bytes: withSignature(base, random, (signature) => {
      const bytes = Buffer.from(signature.signature, 'base64')
      const other = random.pick([
        bytes.subarray(0, 63),
        bytes.subarray(0, 32),
        Buffer.concat([bytes, Buffer.of(0)]),
        Buffer.concat([bytes, bytes]),
        Buffer.of(0),
      ])
      signature.signature = other.toString('base64')
    }),
    expected: inEnvelope('signature_invalid'),
  }),
  'base64 spare bits in a signature': (base, random) => ({
    bytes: withSignature(base, random, (signature) => {
      // 64 bytes end in two padding characters: the one before them has four spare bits.
      const next = { A: 'B', Q: 'R', g: 'h', w: 'x' }[signature.signature.at(-3)!]!
      signature.signature = `${signature.signature.slice(0, -3)}${next}==`
    }),
    expected: inEnvelope('shape_invalid'),
  }),
  'signature not in padded base64': (base, random) => ({
    bytes: withSignature(base, random, (signature) => {
      signature.signature = random.pick(NOT_BASE64)(signature.signature)
    }),
    expected: inEnvelope('shape_invalid'),
  }),
  'the same signature twice': (base, random) => ({
    bytes: withEnvelope(base, ({ signatures }) => {
      const at = random.below(signatures.length)
      signatures.splice(at, 0, signatures[at]!)
    }),
    expected: inEnvelope('shape_invalid'),
  }),
  'signatures out of order': (base) => {
    if (base.signers.length < 2) return null
    const bytes = withEnvelope(base, ({ signatures }) => void signatures.reverse())
    return { bytes, expected: inEnvelope('shape_invalid') }
  },
  'no signature, or 17': (base, random) => ({
    bytes: withEnvelope(base, (envelope) => {
      if (random.oneIn(2)) return void (envelope.signatures = [])
      envelope.signatures = [...SEVENTEEN]
    }),
    expected: inEnvelope('shape_invalid'),
  }),
  'hex case of a fingerprint': (base, random) => {
    const at = random.below(base.signers.length)
    const bytes = withEnvelope(base, ({ signatures }) => {
      signatures[at]!.fingerprint = upperCased(signatures[at]!.fingerprint, random)!
    })
    return { bytes, expected: inEnvelope('shape_invalid') }
  },
}

const SEVENTEEN: readonly Signature[] = signStatement(
  MANIFEST_TYPE,
  {},
  Array.from({ length: 17 }, (_, at) => signerNamed(`signer ${at}`)),
).signatures
