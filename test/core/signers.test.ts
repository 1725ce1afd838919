import { describe, expect, it } from 'vitest'
import { verifyManifest } from '../../src/core/verify.ts'
import type { JsonObject } from '../reference/canonical.ts'
import type { Signature } from '../reference/shapes.ts'
import type { Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, ISSUER, signerNamed, signStatement } from '../reference/writer.ts'
import { scalarNamed, twinOf } from './curve.ts'
import { edgesOf } from './edges.ts'
import { inChunks, OTHERS, P256, RSA } from './manifests.ts'
import { edgeSigner, failureOf, inEvidence, onLine1 } from './findings.ts'

const [ANA, BO] = OTHERS as [Signer, Signer, Signer]
const [goodKey, otherNonce] = [edgesOf(scalarNamed('Issuer'))[0]!, edgesOf(777n)[0]!]
const RECEIPT = 'application/vnd.omega.receipt.v1+json'

/** An edit of a statement's signatures, once it is signed, in the envelope and in evidence. */
async function afterSigning(
  signers: [Signer, ...Signer[]],
  edit: (signatures: Signature[], statement: JsonObject) => void,
  header: JsonObject = {},
): Promise<(string | null)[]> {
  const envelope = await failureOf({
    signers,
    header,
    envelope: (value) => edit(value['signatures'] as Signature[], value),
  })
  const statement = structuredClone(buildStatement(RECEIPT, header, signers))
  edit(statement.signatures, statement)
  const evidence = await failureOf({ orderedEvidence: (list) => void list.push(statement) })
  if (envelope) expect(envelope).toEqual(onLine1(envelope.code))
  if (evidence) expect(evidence).toEqual(inEvidence(evidence.code))
  return [envelope?.code ?? null, evidence?.code ?? null]
}
const both = (code: string | null) => [code, code]
const ascending = (signatures: Signature[]) =>
  signatures.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))

describe('keys put in the place of others', () => {
  it('a signature presented as that of another key', async () => {
    const edit = (all: Signature[]) => {
      all[0]!.fingerprint = BO.fingerprint
      all[0]!.public_key_pem = BO.pem
    }
    expect(await afterSigning([ANA], edit)).toEqual(both('signature_invalid'))
  })

  it('signatures of two keys exchanged', async () => {
    const edit = ([a, b]: Signature[]) => ([a!.signature, b!.signature] = [b!.signature, a!.signature])
    expect(await afterSigning([ANA, BO], edit)).toEqual(both('signature_invalid'))
  })

  it("one key's PEM with another's fingerprint, and the other way about", async () => {
    expect(await afterSigning([ANA], ([a]) => void (a!.public_key_pem = BO.pem))).toEqual(
      both('fingerprint_mismatch'),
    )
    expect(await afterSigning([ANA], ([a]) => void (a!.fingerprint = BO.fingerprint))).toEqual(
      both('fingerprint_mismatch'),
    )
  })

  it("a stranger's whole signature in the place of the issuer's", async () => {
    const edit = (all: Signature[], { type, header }: JsonObject) =>
      void all.splice(0, 1, signStatement(type as string, header as JsonObject, [BO]).signatures[0]!)
    expect(await afterSigning([ANA], edit)).toEqual(both('issuer_unsigned'))
  })

  it('signed again with another issuer it is another manifest, of the key that verified', async () => {
    const { bytes, id } = buildManifest({ signers: [BO], memories: [{ author: ANA.fingerprint }] })
    const { failure, signed } = await verifyManifest(inChunks(bytes))
    expect(failure).toBeNull()
    expect(signed).toMatchObject({ id, signers: { verified: [BO.fingerprint] } })
    expect(id).not.toBe(buildManifest({ signers: [ANA] }).id)
  })

  it('the same key twice, with the same signature and with two that both hold', async () => {
    expect(await afterSigning([ANA], (all) => void all.push({ ...all[0]! }))).toEqual(both('shape_invalid'))
    const again = edgeSigner(goodKey, otherNonce)
    const edit = (all: Signature[], { type, header }: JsonObject) =>
      void all.push(signStatement(type as string, header as JsonObject, [again]).signatures[0]!)
    expect(await afterSigning([ISSUER], edit)).toEqual(both('shape_invalid'))
    // Alone the second one holds as well: only the repetition is refused.
    expect(await afterSigning([ISSUER], (all, one) => (edit(all, one), void all.shift()))).toEqual(both(null))
  })
})

const MAX_SIGNATURE = 65_536
const TWINS: Signer[] = [
  P256,
  RSA,
  twinOf('Ed448', '2b6571', 57, 114),
  twinOf('X25519', '2b656e', 32, 64),
  twinOf('ML-DSA-44', '608648016503040311', 1312, 2420),
  twinOf('ML-DSA-65', '608648016503040312', 1952, 3309),
  twinOf('ML-DSA-87', '608648016503040313', 2592, 4627),
  twinOf('SLH-DSA-SHA2-128s', '608648016503040314', 32, 7856),
  twinOf('the largest signature', '2b010203', 1, MAX_SIGNATURE),
]

describe('keys of other algorithms', () => {
  it.each(TWINS.map((twin) => [twin.label, twin] as const))('%s', async (_, twin) => {
    expect(await failureOf({ signers: [ANA, twin] })).toBeNull()
    expect(await failureOf({ evidence: [buildStatement(RECEIPT, {}, [ANA, twin])] })).toBeNull()
    const { signed } = await verifyManifest(inChunks(buildManifest({ signers: [ANA, twin] }).bytes))
    expect(signed!.signers.verified).toEqual([ANA.fingerprint])
    expect(signed!.signers.skipped.map(({ fingerprint }) => fingerprint)).toEqual([twin.fingerprint])

    const none = () => undefined
    expect(await afterSigning([ANA, twin], none, { signers: [twin.fingerprint] })).toEqual(
      both('signer_missing'),
    )
    const named = [ANA.fingerprint, twin.fingerprint].sort()
    expect(await afterSigning([ANA, twin], none, { signers: named })).toEqual(both('signer_missing'))
    expect(await afterSigning([twin, ANA], none)).toEqual(both('issuer_unsigned'))
    expect(await afterSigning([twin], none)).toEqual(both('issuer_unsigned'))
    const strip = (all: Signature[]) =>
      void all.splice(
        all.findIndex(({ fingerprint }) => fingerprint === twin.fingerprint),
        1,
      )
    expect(await afterSigning([ANA, twin], strip)).toEqual(both(null))

    const mine = (all: Signature[]) => all.find(({ fingerprint }) => fingerprint === twin.fingerprint)!
    const sized = (bytes: number) => (all: Signature[]) =>
      void (mine(all).signature = Buffer.alloc(bytes, 7).toString('base64'))
    // Nobody reads it: any bytes within the size will do.
    expect(await afterSigning([ANA, twin], sized(1))).toEqual(both(null))
    expect(await afterSigning([ANA, twin], sized(MAX_SIGNATURE))).toEqual(both(null))
    expect(await afterSigning([ANA, twin], sized(MAX_SIGNATURE + 1))).toEqual(both('shape_invalid'))
    expect(await afterSigning([ANA, twin], sized(0))).toEqual(both('shape_invalid'))
    const renamed = (all: Signature[]) => {
      mine(all).fingerprint = 'ff'.repeat(32)
      ascending(all)
    }
    expect(await afterSigning([ANA, twin], renamed)).toEqual(both('fingerprint_mismatch'))
    expect(await afterSigning([ANA, twin], (all) => void all.reverse())).toEqual(both('shape_invalid'))
  })

  it('a countersignature that `signers` names cannot be stripped', async () => {
    const strip = (all: Signature[]) =>
      void all.splice(
        all.findIndex(({ fingerprint }) => fingerprint === BO.fingerprint),
        1,
      )
    const signers = [BO.fingerprint]
    expect(await afterSigning([ANA, BO], () => undefined, { signers })).toEqual(both(null))
    expect(await afterSigning([ANA, BO], strip, { signers })).toEqual(both('signer_missing'))
    expect(await afterSigning([ANA, BO], strip)).toEqual(both(null))
  })
})

describe('how many', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => signerNamed(`Signer ${at}`))
  const twins = TWINS.slice(0, 8)
  const none = () => undefined

  it.each<[name: string, signers: Signer[], code: string | null]>([
    ['16', many(16), null],
    ['17', many(17), 'shape_invalid'],
    ['8 and 8 of other algorithms', [...many(8), ...twins], null],
    ['9 and 8 of other algorithms', [...many(9), ...twins], 'shape_invalid'],
    [
      '1 and 15 of another algorithm',
      [ISSUER, ...Array.from({ length: 15 }, () => twinOf('', '2b010203', 9, 9))],
      null,
    ],
    [
      '1 and 16 of another algorithm',
      [ISSUER, ...Array.from({ length: 16 }, () => twinOf('', '2b010203', 9, 9))],
      'shape_invalid',
    ],
  ])('%s', async (_, signers, code) => {
    expect(await afterSigning(signers as [Signer, ...Signer[]], none)).toEqual(both(code))
  })

  it('none', async () => {
    expect(await afterSigning([ANA], (all) => void all.pop())).toEqual(both('shape_invalid'))
  })

  it('16 of which the last does not hold', async () => {
    const spoil = (all: Signature[]) => {
      all[15]!.signature = all[14]!.signature
    }
    expect(await afterSigning(many(16) as [Signer, ...Signer[]], spoil)).toEqual(both('signature_invalid'))
  })
})
