import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import type { Signature, Statement } from '../reference/shapes.ts'
import { MANIFEST_TYPE } from '../reference/shapes.ts'
import type { ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, ISSUER, signerOf } from '../reference/writer.ts'
import { ANA, BO, type Case, MIB, withEvidence } from './case.ts'
import { scalarNamed, signOddly, SPKI } from './curve.ts'
import { definedFor, KINDS, statementOf, typeOf } from './kind-headers.ts'

/** Statements as evidence: every kind, what may be wrong with one, how many there may be (1, 2, 5, 8). */

const at3 = (code: NonNullable<Case[2]>[1]): Case[2] => ['evidence', code, 3]
/** Put there as it is, whatever it is. */
const asIs = (...list: Json[]): ManifestOptions => ({
  orderedEvidence: (evidence) => void evidence.push(...list),
})
const changed = (statement: Statement, change: (statement: Statement) => void): Statement => {
  const copy = structuredClone(statement)
  change(copy)
  return copy
}
const receipt = statementOf('receipt')
const peer = buildManifest({ signers: [ANA] }).statement
const first = ({ signatures }: Statement) => signatures[0] as Signature
const edited = (change: (statement: Statement) => void) => asIs(changed(receipt, change))
const without = (name: string) => edited((statement) => void Reflect.deleteProperty(statement, name))
const headed = (header: JsonObject) => withEvidence(statementOf('receipt', header))
/** The kind after the one given: none is presented as itself. */
const otherThan = (kind: string) => typeOf(KINDS.find((each) => each !== kind)!)

export const kinds: Case[] = [
  ...KINDS.map((kind): Case => [`evidence: ${kind}`, withEvidence(statementOf(kind)), null]),
  ...KINDS.map((kind): Case => [
    `evidence: ${kind}, changed after signing`,
    asIs(
      changed(statementOf(kind), ({ header }) => void (header['created_at'] = '2026-01-02T03:04:05.679Z')),
    ),
    at3('signature_invalid'),
  ]),
  ...KINDS.map((kind): Case => [
    `evidence: ${kind} as another kind`,
    asIs(changed(statementOf(kind), (statement) => void (statement.type = otherThan(kind)))),
    at3('signature_invalid'),
  ]),
  ...KINDS.map((kind): Case => [
    `evidence: ${kind} as a manifest`,
    asIs(changed(statementOf(kind), (statement) => void (statement.type = MANIFEST_TYPE))),
    at3('shape_invalid'),
  ]),
  [
    'evidence: a manifest as another kind',
    asIs(changed(peer, (statement) => void (statement.type = typeOf('receipt')))),
    at3('signature_invalid'),
  ],
  [
    'evidence: a manifest changed after signing',
    asIs(changed(peer, ({ header }) => void (header['memory_count'] = 2))),
    at3('signature_invalid'),
  ],
  ...KINDS.flatMap((kind) =>
    definedFor(kind).map((name): Case => [
      `critical: ${name} of ${kind}`,
      withEvidence(
        statementOf(kind, { critical: [name], ...(name === 'previous_export' ? { [name]: null } : {}) }),
      ),
      at3('shape_invalid'),
    ]),
  ),
  ...['created_at', 'issuer', 'signers', 'critical'].map((name): Case => [
    `critical: ${name} of any header`,
    headed({ critical: [name], signers: [] }),
    at3('shape_invalid'),
  ]),
  [
    'critical: defined for another kind only',
    withEvidence(statementOf('trust-list', { critical: ['predecessor'], predecessor: 1 })),
    null,
  ],
  ['critical: not ascending', headed({ critical: ['b', 'a'], a: 1, b: 1 }), at3('shape_invalid')],
  ['critical: empty', headed({ critical: [] }), at3('shape_invalid')],
]

export const statements: Case[] = [
  ['a surplus member', edited((statement) => void (statement['more'] = 1)), at3('shape_invalid')],
  ['details beside a receipt', edited((statement) => void (statement['details'] = {})), at3('shape_invalid')],
  ['a surplus member of a signature', edited((it) => void (first(it)['keyid'] = '')), at3('shape_invalid')],
  ...['header', 'signatures', 'type'].map((name): Case => [
    `${name} absent`,
    without(name),
    at3('shape_invalid'),
  ]),
  ...['fingerprint', 'public_key_pem', 'signature'].map((name): Case => [
    `${name} of a signature absent`,
    edited((statement) => void Reflect.deleteProperty(first(statement), name)),
    at3('shape_invalid'),
  ]),
  ['a type that is no text', edited((it) => void ((it as JsonObject)['type'] = 1)), at3('shape_invalid')],
  ['a header that is a list', edited((it) => void ((it as JsonObject)['header'] = [])), at3('shape_invalid')],
  ['no signature', edited((it) => void (it.signatures = [])), at3('shape_invalid')],
  ['the same key twice', edited((it) => void it.signatures.push(first(it))), at3('shape_invalid')],
  [
    'signatures not in their order',
    asIs(changed(statementOf('receipt', {}, [ANA, BO]), (it) => void it.signatures.reverse())),
    at3('shape_invalid'),
  ],
  [
    'a fingerprint in upper case',
    edited((it) => void (first(it).fingerprint = ANA.fingerprint.toUpperCase())),
    at3('shape_invalid'),
  ],
  [
    'a signature without padding',
    edited((it) => void (first(it).signature = first(it).signature.replaceAll('=', ''))),
    at3('shape_invalid'),
  ],
  ['created_at absent', absent('created_at'), at3('shape_invalid')],
  ['issuer absent', absent('issuer'), at3('shape_invalid')],
  ['created_at a day', headed({ created_at: '2026-01-02' }), at3('shape_invalid')],
  [
    'a label with a direction mark',
    headed({ issuer: { fingerprint: ANA.fingerprint, label: '\u202e' } }),
    at3('shape_invalid'),
  ],
  [
    'a successor that is no hex',
    headed({ issuer: { fingerprint: ANA.fingerprint, label: 'A', successor: 'Bo' } }),
    at3('shape_invalid'),
  ],
  [
    'signers not ascending',
    headed({ signers: [ANA.fingerprint, BO.fingerprint].sort().reverse() }),
    at3('shape_invalid'),
  ],
  [
    'the issuer written by another key, with its fingerprint',
    edited((it) => void (first(it).public_key_pem = BO.pem)),
    at3('fingerprint_mismatch'),
  ],
  ['63 bytes', edited((it) => void (first(it).signature = 'A'.repeat(84))), at3('signature_invalid')],
  [
    'one of two signatures fails',
    asIs(
      changed(statementOf('receipt', {}, [ANA, BO]), (it) => {
        it.signatures.find(({ fingerprint }) => fingerprint === BO.fingerprint)!.signature =
          `${'A'.repeat(86)}==`
      }),
    ),
    at3('signature_invalid'),
  ],
]

function absent(name: string): ManifestOptions {
  const { header, signatures, type } = statementOf('receipt')
  const { [name]: _, ...rest } = header
  return asIs({ header: rest, signatures, type })
}

/** One nonce for all, so that as few points as possible are looked at: how many there are is what it is about. */
const quick: Signer = {
  ...ISSUER,
  sign: signOddly({
    key: Buffer.from(ISSUER.pem.split('\n')[1]!, 'base64').subarray(SPKI.length),
    scalar: scalarNamed('Issuer'),
  }),
}
/** Signatures that cost nothing to verify. */
const skipped = Array.from({ length: 15 }, (_, at) =>
  signerOf(Buffer.concat([Buffer.from('302a300506032b6571032100', 'hex'), Buffer.alloc(32, at)]), () =>
    Buffer.alloc(1),
  ),
)
const some = (count: number, signers: readonly [Signer, ...Signer[]]) =>
  Array.from({ length: count }, (_, at) => buildStatement('text/x', { at }, signers))

/** Three statements whose lines have `length` bytes in all, commas included. */
function ofBytes(length: number): ManifestOptions {
  const make = (last: number) =>
    [5 * MIB, 5 * MIB, last].map((size, at) =>
      buildStatement('text/x', { at, big: 'a'.repeat(size) }, [quick]),
    )
  const empty = make(0).map((statement) => Buffer.byteLength(serialize(statement)))
  const commas = 2
  return withEvidence(...make(length - commas - empty.reduce((sum, size) => sum + size)))
}

export const limits: Case[] = [
  ['1,024 statements', () => buildManifest(withEvidence(...some(1024, [quick]))).bytes, null],
  [
    '1,025 statements',
    () => buildManifest(withEvidence(...some(1025, [quick]))).bytes,
    ['evidence', 'limit_exceeded', 3 + 1024],
  ],
  [
    '1,024 statements and one that is none',
    () =>
      buildManifest({
        evidence: some(1024, [quick]),
        orderedEvidence: (list) => void list.push(5),
      }).bytes,
    ['evidence', 'limit_exceeded', 3 + 1024],
  ],
  ['1,024 signatures', () => buildManifest(withEvidence(...some(64, [quick, ...skipped]))).bytes, null],
  [
    '1,024 signatures and one more',
    () =>
      buildManifest({
        evidence: some(64, [quick, ...skipped]),
        orderedEvidence: (list) => void list.push(buildStatement('text/y', {}, [quick])),
      }).bytes,
    ['evidence', 'limit_exceeded', 3 + 64],
  ],
  ['16 MiB of evidence', () => buildManifest(ofBytes(16 * MIB)).bytes, null],
  [
    'a byte over 16 MiB of evidence',
    () => buildManifest(ofBytes(16 * MIB + 1)).bytes,
    ['evidence', 'limit_exceeded', 5],
  ],
]
