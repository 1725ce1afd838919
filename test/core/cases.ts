import { ed25519 } from '@noble/curves/ed25519.js'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { MTH, sha256 } from '../reference/merkle.ts'
import type { Signature, Statement } from '../reference/shapes.ts'
import { hex } from '../reference/shapes.ts'
import type { Draft, ManifestOptions } from '../reference/writer.ts'
import {
  buildManifest,
  buildStatement,
  ISSUER,
  leafHash,
  signerNamed,
  signerOf,
} from '../reference/writer.ts'
import { LOW_ORDER, NOT_CANONICAL, oddSigner, ORDER, scalarNamed, signOddly, SPKI, T8 } from './curve.ts'
import { statementOf } from './kind-headers.ts'
import { P256, RSA } from './manifests.ts'

import {
  ANA,
  BO,
  by,
  bytesOf,
  type Case,
  CY,
  inLine,
  MIB,
  nest,
  RECEIPT,
  two,
  withBytes,
  withDetails,
  withDraft,
  withEvidence,
  withHeader,
  withLines,
  withSignature,
  withSpki,
} from './case.ts'
import { details, header, times } from './header-cases.ts'
import { forgeries, otherKeys } from './key-cases.ts'
import { kinds, limits, statements } from './kind-cases.ts'
import { members } from './member-cases.ts'
import { order } from './order-cases.ts'
import { spelling } from './spelling-cases.ts'

export { bytesOfCase, type Case } from './case.ts'

/** Files that hold or fail, one for each rule of the format; what they say is what manifest-format, 10, says. */

const statement = statementOf('receipt')
const another = buildStatement('text/unknown', { note: 'b' }, [BO, CY])
const peer = buildManifest({ signers: [ANA] }).statement
const withStatement = (edit: (statement: Statement) => Json | undefined): ManifestOptions => ({
  orderedEvidence: (list) => {
    const copy = structuredClone(statement)
    list.push(edit(copy) ?? copy)
  },
})

/** Ed25519 with NULL parameters, which OpenSSL's older readers took. */
const withParameters = withSpki((spki) =>
  Buffer.concat([Buffer.from('302c300706032b65700500', 'hex'), spki.subarray(9)]),
)

const start: Case[] = [
  ['no bytes', new Uint8Array(), ['signature', 'file_empty', 1]],
  ['zeros', new Uint8Array(100_000), ['signature', 'not_a_manifest', 1]],
  ['a picture', bytesOf(Uint8Array.of(0x89), 'PNG\r\n\u001a\n'), ['signature', 'not_a_manifest', 1]],
  ['other JSON', bytesOf('{"a":1}\n'), ['signature', 'not_a_manifest', 1]],
  [
    'the name after the first 65,536 bytes',
    bytesOf(' '.repeat(65_530), '"envelope"\n'),
    ['signature', 'not_a_manifest', 1],
  ],
  [
    'the name at the end of the first 65,536 bytes',
    bytesOf(' '.repeat(65_526), '"envelope"\n'),
    ['signature', 'not_canonical', 1],
  ],
  [
    'a manifest in UTF-16',
    withBytes((bytes) => bytesOf(Buffer.from(`\ufeff${Buffer.from(bytes).toString()}`, 'utf16le'))),
    ['signature', 'not_a_manifest', 1],
  ],
  [
    'a manifest with a byte order mark',
    withBytes((bytes) => bytesOf(Uint8Array.of(0xef, 0xbb, 0xbf), bytes)),
    ['signature', 'not_utf8', 1],
  ],
  ['a byte order mark and nothing of ours', bytesOf('\ufeff{}\n'), ['signature', 'not_a_manifest', 1]],
  [
    'a re-formatted manifest in latin-1',
    bytesOf('{\n"envelope":"', Uint8Array.of(0xe9), '"}\n'),
    ['signature', 'not_utf8', 1],
  ],
  [
    'a re-formatted manifest cut inside a character',
    bytesOf('{\n"envelope":"', Uint8Array.of(0xc3)),
    ['signature', 'not_utf8', 1],
  ],
  [
    'a character across the end of the first 65,536 bytes',
    bytesOf('{\n"envelope":"', 'é'.repeat(40_000), '"}\n'),
    ['signature', 'not_canonical', 1],
  ],
  [
    'not UTF-8 on the first line, after the first 65,536 bytes',
    bytesOf(' "envelope"', ' '.repeat(70_000), Uint8Array.of(0xff), '\n'),
    ['signature', 'not_utf8', 1],
  ],
  [
    'not UTF-8 on a later line, after the first 65,536 bytes',
    bytesOf(' "envelope"\n', ' '.repeat(70_000), Uint8Array.of(0xff), '\n'),
    ['signature', 'not_canonical', 1],
  ],
  [
    'pretty-printed',
    () => bytesOf(JSON.stringify(JSON.parse(Buffer.from(buildManifest().bytes).toString()), null, 2), '\n'),
    ['signature', 'not_canonical', 1],
  ],
  ['all on one line', () => bytesOf(buildManifest().lines.join(''), '\n'), ['signature', 'not_canonical', 1]],
  [
    'all on one line without an end',
    () => bytesOf(buildManifest().lines.join('')),
    ['signature', 'truncated', 1],
  ],
  [
    're-ordered, on one line without an end',
    bytesOf('{"format":"omega-federation-manifest/1"}'),
    ['signature', 'truncated', 1],
  ],
  [
    're-ordered, on one line over 8 MiB',
    bytesOf('{"format":"omega-federation-manifest/1"}', ' '.repeat(8 * MIB)),
    ['signature', 'line_too_long', 1],
  ],
  [
    'CRLF',
    withBytes((bytes) => bytesOf(Buffer.from(bytes).toString().replaceAll('\n', '\r\n'))),
    ['signature', 'not_canonical', 1],
  ],
  ['a space before', withBytes((bytes) => bytesOf(' ', bytes)), ['signature', 'not_canonical', 1]],
  ['half of the prefix', bytesOf('{"envel'), ['signature', 'not_a_manifest', 1]],
  ['the prefix alone', bytesOf('{"envelope":'), ['signature', 'truncated', 1]],
]

const envelope: Case[] = [
  ['not UTF-8', withBytes((bytes) => bytes.with(60, 0xff)), ['signature', 'not_utf8', 1]],
  [
    'no comma',
    withLines((lines) => lines.with(0, lines[0]!.slice(0, -1))),
    ['signature', 'not_canonical', 1],
  ],
  ['over 8 MiB', withHeader({ later: 'a'.repeat(8 * MIB) }), ['signature', 'line_too_long', 1]],
  [
    'over 8 MiB and no end',
    () => buildManifest(withHeader({ later: 'a'.repeat(9 * MIB) })).bytes.slice(0, 8 * MIB + 1),
    ['signature', 'line_too_long', 1],
  ],
  [
    '8 MiB and no end',
    () => buildManifest(withHeader({ later: 'a'.repeat(9 * MIB) })).bytes.slice(0, 8 * MIB),
    ['signature', 'truncated', 1],
  ],
  ['not an object', { lines: (lines) => lines.with(0, '{"envelope":5,') }, ['signature', 'shape_invalid', 1]],
  [
    '100,000 levels',
    { lines: (lines) => lines.with(0, `{"envelope":${'['.repeat(100_000)}${']'.repeat(100_000)},`) },
    ['signature', 'not_canonical', 1],
  ],
  ['header and value make 32 levels', withHeader({ later: nest(30) }), null],
  ['header and value make 33 levels', withHeader({ later: nest(31) }), ['signature', 'not_canonical', 1]],
  [
    'a duplicate key',
    inLine(1, '"sequence":1', '"sequence":1,"sequence":1'),
    ['signature', 'not_canonical', 1],
  ],
  ['1.0', inLine(1, '"sequence":1', '"sequence":1.0'), ['signature', 'not_canonical', 1]],
  [
    'another version',
    { envelope: (value) => void (value['type'] = 'application/vnd.omega.federation-manifest.v2+json') },
    ['signature', 'version_unsupported', 1],
  ],
  [
    'another version and a shape that this one does not have',
    {
      envelope: (value) =>
        void Object.assign(value, { type: 'application/vnd.omega.federation-manifest.v10+json', more: 1 }),
    },
    ['signature', 'version_unsupported', 1],
  ],
  [
    'another kind',
    { envelope: (value) => void (value['type'] = RECEIPT) },
    ['signature', 'type_mismatch', 1],
  ],
  [
    'a type that is no text',
    { envelope: (value) => void (value['type'] = 1) },
    ['signature', 'shape_invalid', 1],
  ],
  [
    'no details',
    { envelope: (value) => void Reflect.deleteProperty(value, 'details') },
    ['signature', 'shape_invalid', 1],
  ],
  ['a surplus member', { envelope: (value) => void (value['more'] = 1) }, ['signature', 'shape_invalid', 1]],
  [
    'a member __proto__',
    inLine(1, '{"details"', '{"__proto__":{},"details"'),
    ['signature', 'shape_invalid', 1],
  ],
  ['a later header member', withHeader({ later: [1] }), null],
  ['a header member __proto__', { header: JSON.parse('{"__proto__":{"sequence":9}}') as JsonObject }, null],
  [
    'a later member of the issuer',
    withHeader({ issuer: { fingerprint: ISSUER.fingerprint, label: 'A', later: 1 } }),
    null,
  ],
  [
    'an announced successor',
    withHeader({ issuer: { fingerprint: ISSUER.fingerprint, label: 'A', successor: BO.fingerprint } }),
    null,
  ],
  [
    'a label with a direction mark',
    withHeader({ issuer: { fingerprint: ISSUER.fingerprint, label: 'a\u202eb' } }),
    ['signature', 'shape_invalid', 1],
  ],
  ['sequence 2 without previous', withHeader({ sequence: 2 }), ['signature', 'shape_invalid', 1]],
  ['sequence 1 with previous', withHeader({ previous: 'ab'.repeat(32) }), ['signature', 'shape_invalid', 1]],
  ['sequence 2^53 − 1', withHeader({ sequence: 2 ** 53 - 1, previous: 'ab'.repeat(32) }), null],
  [
    'sequence 2^53',
    withHeader({ sequence: 2 ** 53, previous: 'ab'.repeat(32) }),
    ['signature', 'not_canonical', 1],
  ],
  ['memory_count 0', withHeader({ memory_count: 0 }), ['signature', 'shape_invalid', 1]],
  ['memory_count 2^32', withHeader({ memory_count: 2 ** 32 }), ['signature', 'shape_invalid', 1]],
  ['memory_count 2^32 − 1', withHeader({ memory_count: 2 ** 32 - 1 }), ['leaves', 'count_mismatch', 6]],
  [
    'a date that does not exist',
    withHeader({ created_at: '2026-02-29T00:00:00.000Z' }),
    ['signature', 'shape_invalid', 1],
  ],
  [
    'a leap second',
    withHeader({ created_at: '2016-12-31T23:59:60.000Z' }),
    ['signature', 'shape_invalid', 1],
  ],
  ['1969', withHeader({ expires_at: '1969-12-31T23:59:59.999Z' }), ['signature', 'shape_invalid', 1]],
  ['9999', withHeader({ expires_at: '9999-12-31T23:59:59.999Z' }), null],
  ['critical: unknown', withHeader({ critical: ['later'], later: 1 }), ['signature', 'critical_unknown', 1]],
  ['critical: empty', withHeader({ critical: [] }), ['signature', 'shape_invalid', 1]],
  ['critical: defined here', withHeader({ critical: ['sequence'] }), ['signature', 'shape_invalid', 1]],
  ['critical: absent', withHeader({ critical: ['later'] }), ['signature', 'shape_invalid', 1]],
  ['critical: of the prototype', withHeader({ critical: ['toString'] }), ['signature', 'shape_invalid', 1]],
  [
    'critical: not ascending',
    withHeader({ critical: ['b', 'a'], a: 1, b: 1 }),
    ['signature', 'shape_invalid', 1],
  ],
  [
    'critical before a bad key',
    {
      ...withHeader({ critical: ['later'], later: 1 }),
      envelope: ({ signatures }) => void ((signatures as Signature[])[0]!.public_key_pem = ''),
    },
    ['signature', 'critical_unknown', 1],
  ],
  [
    'details of another file',
    { envelope: (value) => void ((value['details'] as JsonObject)['note'] = 'x') },
    ['signature', 'details_mismatch', 1],
  ],
  ['details with a later member', withDetails({ later: 1, selection: { later: 1 } }), null],
  ['an empty audience', withDetails({ audience: [] }), null],
  [
    'an audience not ascending',
    withDetails({ audience: ['b', 'a'].map((digit) => digit.repeat(64)) }),
    ['signature', 'shape_invalid', 1],
  ],
  ['a note of 2,000 code units', withDetails({ note: '\ud83d\ude00'.repeat(1000) }), null],
  [
    'a note of 2,001 code units in fewer characters',
    withDetails({ note: '\ud83d\ude00'.repeat(1000) + 'a' }),
    ['signature', 'shape_invalid', 1],
  ],
  ['a note of 2,001 code units', withDetails({ note: 'a'.repeat(2001) }), ['signature', 'shape_invalid', 1]],
  ['a salt of 15 bytes', withDetails({ salt: 'AAAAAAAAAAAAAAAAAAAA' }), ['signature', 'shape_invalid', 1]],
  [
    'a salt with spare bits',
    withDetails({ salt: 'AAAAAAAAAAAAAAAAAAAAAB' }),
    ['signature', 'shape_invalid', 1],
  ],
  [
    'hand_picked: false',
    withDetails({ selection: { hand_picked: false } }),
    ['signature', 'shape_invalid', 1],
  ],
]

const signatures: Case[] = [
  [
    '16 signatures',
    { signers: [ISSUER, P256, RSA, ...Array.from({ length: 13 }, (_, at) => signerNamed(`s${at}`))] },
    null,
  ],
  [
    '17 signatures, one of another algorithm',
    { signers: [ISSUER, P256, ...Array.from({ length: 15 }, (_, at) => signerNamed(`s${at}`))] },
    ['signature', 'shape_invalid', 1],
  ],
  ['none', { envelope: (value) => void (value['signatures'] = []) }, ['signature', 'shape_invalid', 1]],
  ['the same key twice', by(ISSUER, ISSUER), ['signature', 'shape_invalid', 1]],
  [
    'not in their order',
    withSignature((_, all) => void all.reverse(), [ISSUER, BO]),
    ['signature', 'shape_invalid', 1],
  ],
  [
    'a surplus member',
    withSignature((signature) => void (signature['more'] = 1)),
    ['signature', 'shape_invalid', 1],
  ],
  [
    'no padding',
    withSignature((signature) => void (signature.signature = signature.signature.replaceAll('=', ''))),
    ['signature', 'shape_invalid', 1],
  ],
  [
    'spare bits',
    withSignature((signature) => void (signature.signature = `${'A'.repeat(85)}B==`)),
    ['signature', 'shape_invalid', 1],
  ],
  [
    'an empty signature',
    withSignature((signature) => void (signature.signature = '')),
    ['signature', 'shape_invalid', 1],
  ],
  [
    '63 bytes',
    withSignature((signature) => void (signature.signature = 'A'.repeat(84))),
    ['signature', 'signature_invalid', 1],
  ],
  [
    'by another key',
    withSignature(
      (signature) => void (signature.signature = Buffer.from(BO.sign(Buffer.from(''))).toString('base64')),
    ),
    ['signature', 'signature_invalid', 1],
  ],
  [
    'over another header',
    { envelope: (value) => void ((value['header'] as JsonObject)['stream'] = 'a'.repeat(32)) },
    ['signature', 'signature_invalid', 1],
  ],
  [
    'one of two fails',
    withSignature(
      (_, all) =>
        void (all.find(({ fingerprint }) => fingerprint === BO.fingerprint)!.signature =
          `${'A'.repeat(86)}==`),
      [ISSUER, BO],
    ),
    ['signature', 'signature_invalid', 1],
  ],
  ['P-256 and RSA beside', by(ISSUER, P256, RSA), null],
  [
    'P-256 whose signature is nonsense',
    withSignature(
      (_, all) => void (all.find(({ fingerprint }) => fingerprint === P256.fingerprint)!.signature = 'AA=='),
      [ISSUER, P256],
    ),
    null,
  ],
  [
    'P-256 with 65,536 bytes',
    withSignature(
      (_, all) =>
        void (all.find(({ fingerprint }) => fingerprint === P256.fingerprint)!.signature =
          Buffer.alloc(65_536).toString('base64')),
      [ISSUER, P256],
    ),
    null,
  ],
  [
    'P-256 with 65,537 bytes',
    withSignature(
      (_, all) =>
        void (all.find(({ fingerprint }) => fingerprint === P256.fingerprint)!.signature =
          Buffer.alloc(65_537).toString('base64')),
      [ISSUER, P256],
    ),
    ['signature', 'shape_invalid', 1],
  ],
  ['P-256 alone', by(P256), ['signature', 'issuer_unsigned', 1]],
  ['the issuer signs with P-256 only', by(P256, ISSUER), ['signature', 'issuer_unsigned', 1]],
  [
    'P-256 among the signers',
    { signers: [ISSUER, P256], header: { signers: [P256.fingerprint] } },
    ['signature', 'signer_missing', 1],
  ],
  [
    'not by the issuer',
    { signers: [ISSUER], header: { issuer: { fingerprint: BO.fingerprint, label: 'Bo' } } },
    ['signature', 'issuer_unsigned', 1],
  ],
  [
    'a countersignature, as listed',
    { signers: [ISSUER, BO], header: { signers: [ISSUER.fingerprint, BO.fingerprint].sort() } },
    null,
  ],
  [
    'a countersignature stripped',
    {
      signers: [ISSUER, BO],
      header: { signers: [BO.fingerprint] },
      envelope: (value) =>
        void (value['signatures'] = (value['signatures'] as Signature[]).filter(
          ({ fingerprint }) => fingerprint !== BO.fingerprint,
        )),
    },
    ['signature', 'signer_missing', 1],
  ],
  [
    'signers not ascending',
    { signers: [ISSUER, BO], header: { signers: [ISSUER.fingerprint, BO.fingerprint].sort().reverse() } },
    ['signature', 'shape_invalid', 1],
  ],
]

const keys: Case[] = [
  ...otherKeys,
  ...[
    ['a trailing space', (pem: string) => pem.replace('=\n', '= \n')],
    ['CRLF', (pem: string) => pem.replaceAll('\n', '\r\n')],
    ['no LF at the end', (pem: string) => pem.slice(0, -1)],
    ['a comment before', (pem: string) => `x\n${pem}`],
    ['a comment after', (pem: string) => `${pem}x`],
    ['another label', (pem: string) => pem.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['short lines', (pem: string) => pem.replace('MCow', 'MCow\n')],
    ['nothing inside', () => '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n'],
    ['not DER', () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['over 16 KiB', () => signerOf(Buffer.alloc(13_000), ISSUER.sign).pem],
  ].map(([name, change]): Case => [
    `PEM: ${name as string}`,
    withSignature(
      (signature) =>
        void (signature.public_key_pem = (change as (pem: string) => string)(signature.public_key_pem)),
    ),
    ['signature', 'key_malformed', 1],
  ]),
  [
    'a surplus byte after the SPKI',
    by(withSpki((spki) => Buffer.concat([spki, Buffer.of(0)]))),
    ['signature', 'key_malformed', 1],
  ],
  [
    'the fingerprint of another',
    withSignature((signature) => void (signature.fingerprint = BO.fingerprint)),
    ['signature', 'fingerprint_mismatch', 1],
  ],
  [
    'the fingerprint of another, P-256',
    withSignature((signature) => void (signature.fingerprint = BO.fingerprint), [P256]),
    ['signature', 'fingerprint_mismatch', 1],
  ],
  ['Ed25519 with parameters', by(withParameters), ['signature', 'key_not_allowed', 1]],
  [
    'Ed25519 with parameters, and the fingerprint of another',
    withSignature((signature) => void (signature.fingerprint = BO.fingerprint), [withParameters]),
    ['signature', 'fingerprint_mismatch', 1],
  ],
  [
    'Ed25519 of 31 bytes',
    by(
      withSpki((spki) => Buffer.concat([Buffer.from('3029300506032b6570032000', 'hex'), spki.subarray(13)])),
    ),
    ['signature', 'key_not_allowed', 1],
  ],
  [
    'the first key in their order decides, not the first code',
    withSignature(
      (_, all) => {
        const [first, second] = all as [Signature, Signature]
        first.public_key_pem = LOW.pem
        first.fingerprint = LOW.fingerprint
        second.fingerprint = 'ff'.repeat(32)
        second.public_key_pem = ''
      },
      [ISSUER, BO],
    ),
    ['signature', 'key_not_allowed', 1],
  ],
  [
    'a key is read before any signature is verified',
    withSignature(
      (first, all) => {
        first.signature = `${'A'.repeat(86)}==`
        all[1]!.public_key_pem = ''
      },
      [ISSUER, BO],
    ),
    ['signature', 'key_malformed', 1],
  ],
]

const point = ed25519.Point.BASE.multiply(scalarNamed('Issuer')).toBytes()
const mixed = ed25519.Point.BASE.multiply(scalarNamed('Issuer')).add(T8).toBytes()
const oddIssuer = (forgery: Omit<Parameters<typeof signOddly>[0], 'key' | 'scalar'>): ManifestOptions =>
  by({ ...ISSUER, sign: signOddly({ key: point, scalar: scalarNamed('Issuer'), ...forgery }) })
const LOW = oddSigner({ key: LOW_ORDER[0]!, scalar: 0n, nonce: 0n })

export const strict: Case[] = [
  ...forgeries,
  ['a signature made by hand', oddIssuer({}), null],
  ...LOW_ORDER.map((key, at): Case => [
    `low-order A: ${at}`,
    by(oddSigner({ key, scalar: 0n, nonce: 0n })),
    ['signature', 'key_not_allowed', 1],
  ]),
  ...NOT_CANONICAL.map((key, at): Case => [
    `A in another encoding: ${at}`,
    by(oddSigner({ key, scalar: 0n })),
    ['signature', 'key_not_allowed', 1],
  ]),
  [
    'A of mixed order',
    by(oddSigner({ key: mixed, scalar: scalarNamed('Issuer') })),
    ['signature', 'key_not_allowed', 1],
  ],
  [
    'A not on the curve',
    by(signerOf(Buffer.concat([SPKI, Buffer.alloc(32, 2)]), ISSUER.sign)),
    ['signature', 'key_not_allowed', 1],
  ],
  ['R of mixed order', oddIssuer({ torsion: T8.multiply(4n) }), ['signature', 'signature_invalid', 1]],
  ['R of low order', oddIssuer({ nonce: 0n, torsion: T8 }), ['signature', 'signature_invalid', 1]],
  ['R is the identity, the equation holds', oddIssuer({ nonce: 0n }), ['signature', 'signature_invalid', 1]],
  [
    'R is the identity in another encoding',
    oddIssuer({ nonce: 0n, encodeR: () => NOT_CANONICAL[2]! }),
    ['signature', 'signature_invalid', 1],
  ],
  ['S + L', oddIssuer({ surplus: ORDER }), ['signature', 'signature_invalid', 1]],
]

const frame: Case[] = [
  ['two memories', { memories: two }, null],
  [
    'evidence opened and closed at once',
    withLines((lines) => lines.toSpliced(1, 1, '"evidence":[', '],')),
    ['leaves', 'not_canonical', 3],
  ],
  ['evidence on one line', inLine(2, '[]', '[{}]'), ['leaves', 'not_canonical', 2]],
  ['no evidence line', withLines((lines) => lines.toSpliced(1, 1)), ['leaves', 'not_canonical', 2]],
  [
    'the list of evidence not closed',
    withLines((lines) => lines.toSpliced(3, 1), withEvidence(statement)),
    ['leaves', 'not_canonical', 4],
  ],
  [
    'a comma after the last statement',
    withLines((lines) => lines.with(2, `${lines[2]!},`), withEvidence(statement)),
    ['leaves', 'not_canonical', 4],
  ],
  [
    'a statement that is not JSON',
    inLine(3, '{"header"', '{header', withEvidence(statement)),
    ['leaves', 'not_canonical', 3],
  ],
  ['another format version', inLine(3, '/1', '/2'), ['leaves', 'version_unsupported', 3]],
  ['another format', inLine(3, 'manifest/1', 'manifest/x'), ['leaves', 'not_canonical', 3]],
  ['no memories line', withLines((lines) => lines.toSpliced(3, 1)), ['leaves', 'not_canonical', 4]],
  ['no memory', withLines((lines) => lines.toSpliced(4, 1)), ['leaves', 'not_canonical', 5, 0]],
  [
    'an empty line among memories',
    withLines((lines) => lines.toSpliced(5, 0, ''), { memories: two }),
    ['leaves', 'not_canonical', 6, 1],
  ],
  [
    'no comma between memories',
    inLine(5, '"tags":[]},', '"tags":[]}', { memories: two }),
    ['leaves', 'not_canonical', 6],
  ],
  [
    'a comma after the last memory',
    withLines((lines) => lines.with(4, `${lines[4]!},`)),
    ['leaves', 'not_canonical', 6, 1],
  ],
  ['CRLF on a memory', inLine(5, '"tags":[]}', '"tags":[]}\r'), ['leaves', 'not_canonical', 5, 0]],
  [
    'one memory more',
    { ...withHeader({ memory_count: 1 }), memories: two },
    ['leaves', 'count_mismatch', 6, 1],
  ],
  [
    'one memory more, and invalid',
    { ...withHeader({ memory_count: 1 }), memories: [{}, { id: '' }] },
    ['leaves', 'memory_invalid', 6, 1],
  ],
  [
    'one memory fewer',
    { ...withHeader({ memory_count: 3 }), memories: two },
    ['leaves', 'count_mismatch', 7],
  ],
  ['a space on the closing line', inLine(6, ']}', ']} '), ['leaves', 'not_canonical', 6]],
  ['no LF at the end', withBytes((bytes) => bytes.slice(0, -1)), ['leaves', 'truncated', 6]],
  ['no closing line', withLines((lines) => lines.slice(0, -1)), ['leaves', 'truncated', 6]],
  [
    'ends after a comma',
    withLines((lines) => lines.slice(0, 5), { memories: two }),
    ['leaves', 'truncated', 6, 1],
  ],
  [
    'ends inside a memory',
    () => buildManifest({ memories: two }).bytes.slice(0, -30),
    ['leaves', 'truncated', 6, 1],
  ],
  ['ends after the first line', withLines((lines) => lines.slice(0, 1)), ['leaves', 'truncated', 2]],
  ['ends after "memories":[', withLines((lines) => lines.slice(0, 4)), ['leaves', 'truncated', 5, 0]],
  [
    'ends after the evidence',
    withLines((lines) => lines.slice(0, 3), withEvidence(statement)),
    ['leaves', 'truncated', 4],
  ],
  ['a surplus LF', withBytes((bytes) => bytesOf(bytes, '\n')), ['leaves', 'trailing_data', 7]],
  [
    'a surplus byte',
    withBytes((bytes) => bytesOf(bytes, Uint8Array.of(0xff))),
    ['leaves', 'trailing_data', 7],
  ],
  [
    '8 MiB and more after the end',
    withBytes((bytes) => bytesOf(bytes, Buffer.alloc(8 * MIB + 1))),
    ['leaves', 'trailing_data', 7],
  ],
  ['two files in one', withBytes((bytes) => bytesOf(bytes, bytes)), ['leaves', 'trailing_data', 7]],
  [
    'a fault in the leaves goes before one in the evidence',
    { ...withStatement(() => 5), memories: [{ id: '' }] },
    ['leaves', 'memory_invalid', 7, 0],
  ],
]

/** A memory whose line has exactly `length` bytes, comma included where one follows. */
const ofLength = (length: number): ManifestOptions => {
  const pad = (letters: number) => ({ memories: [{ 'x-pad': 'a'.repeat(letters) }, {}] })
  return pad(length - buildManifest(pad(0)).lines[4]!.length)
}
/** One fact told twice, as two editors write it: the bytes differ, so do the leaves. */
export const composed: Draft[] = [
  { content: 'é', entity_id: 'é', tags: ['é'] },
  { content: 'e\u0301', entity_id: 'e\u0301', tags: ['e\u0301'] },
]

const memories: Case[] = [
  ['not UTF-8', withBytes((bytes) => bytes.with(bytes.length - 20, 0xff)), ['leaves', 'not_utf8', 5, 0]],
  ['8 MiB', ofLength(8 * MIB), null],
  ['over 8 MiB', ofLength(8 * MIB + 1), ['leaves', 'line_too_long', 5, 0]],
  [
    'over 8 MiB and no end',
    () => buildManifest(ofLength(9 * MIB)).bytes.slice(0, 8 * MIB + 9000),
    ['leaves', 'line_too_long', 5, 0],
  ],
  ['content of 1,000,000 code units', withDraft({ content: '\ud83d\ude00'.repeat(500_000) }), null],
  [
    'content of 1,000,001 code units',
    withDraft({ content: 'a'.repeat(1_000_001) }),
    ['leaves', 'memory_invalid', 6, 1],
  ],
  ['empty content', withDraft({ content: '' }), null],
  [
    'content that JSON and editors stumble on',
    withDraft({ content: '\ufeff\u2028\u2029\u0000\r\n\u007f</script>' }),
    null,
  ],
  ['composed and decomposed twins', { memories: composed }, null],
  ['a lone surrogate', inLine(5, 'Memory 0', '\\ud800'), ['leaves', 'not_canonical', 5, 0]],
  [
    'a lone surrogate in a name',
    inLine(5, '"tags":[]', '"tags":[],"x-\\udc00":1'),
    ['leaves', 'not_canonical', 5, 0],
  ],
  ['a needless escape', inLine(5, 'Memory 0', '\\u004demory 0'), ['leaves', 'not_canonical', 5, 0]],
  ['a pair written as escapes', inLine(5, 'Memory 0', '\\ud83d\\ude00'), ['leaves', 'not_canonical', 5, 0]],
  ['a duplicate key', inLine(5, '{"author"', '{"author":"x","author"'), ['leaves', 'not_canonical', 5, 0]],
  ['members out of order', inLine(5, '"tags":[]', '"tags":[],"a":1'), ['leaves', 'not_canonical', 5, 0]],
  ['a space', inLine(5, '"tags":[]', '"tags": []'), ['leaves', 'not_canonical', 5, 0]],
  ['-0', inLine(5, '"x-n":0', '"x-n":-0', { memories: [{ 'x-n': 0 }] }), ['leaves', 'not_canonical', 5, 0]],
  ['1e21', withDraft({ 'x-n': 1e21 }), ['leaves', 'not_canonical', 6, 1]],
  [
    '1e400',
    inLine(5, '"x-n":0', '"x-n":1e400', { memories: [{ 'x-n': 0 }] }),
    ['leaves', 'not_canonical', 5, 0],
  ],
  ['2^53', withDraft({ metadata: { n: 2 ** 53 } }), ['leaves', 'not_canonical', 6, 1]],
  ['−2^53', withDraft({ metadata: { n: -(2 ** 53) } }), ['leaves', 'not_canonical', 6, 1]],
  [
    '2^53 − 1, 5e-324, 1e-7',
    withDraft({ metadata: { n: [2 ** 53 - 1, 1 - 2 ** 53, 5e-324, 1e-7, 0.1] } }),
    null,
  ],
  ['32 levels', withDraft({ metadata: { n: nest(30) } }), null],
  ['33 levels', withDraft({ metadata: { n: nest(31) } }), ['leaves', 'not_canonical', 6, 1]],
  [
    '100,000 levels',
    inLine(5, '"x-n":0', `"x-n":${'['.repeat(100_000)}${']'.repeat(100_000)}`, { memories: [{ 'x-n': 0 }] }),
    ['leaves', 'not_canonical', 5, 0],
  ],
  ['not an object', withLines((lines) => lines.with(4, '5')), ['leaves', 'memory_invalid', 5, 0]],
  ['a private member and one for later', withDraft({ 'x-a': { b: 1 }, later: null }), null],
  ['a member federation_origin', withDraft({ federation_origin: {} }), ['leaves', 'memory_invalid', 6, 1]],
  [
    'a member __proto__',
    withDraft(JSON.parse('{"__proto__":{}}') as Draft),
    ['leaves', 'memory_invalid', 6, 1],
  ],
  [
    'any names inside metadata',
    withDraft({
      metadata: JSON.parse(
        '{"__proto__":{"a":1},"federation_origin":1,"constructor":2,"toJSON":3}',
      ) as JsonObject,
    }),
    null,
  ],
  ['names of the prototype', withDraft({ constructor: 1, toString: 2, hasOwnProperty: 3 }), null],
  ['empty metadata, which is not none', withDraft({ metadata: {} }), null],
  ['metadata null', withDraft({ metadata: null }), ['leaves', 'memory_invalid', 6, 1]],
  ['metadata a list', withDraft({ metadata: [] }), ['leaves', 'memory_invalid', 6, 1]],
  ['event_type null', withDraft({ event_type: null }), ['leaves', 'memory_invalid', 6, 1]],
  ['an upper-case author', withDraft({ author: 'AB'.repeat(32) }), ['leaves', 'memory_invalid', 6, 1]],
  ['an entity of 256 code units', withDraft({ entity_id: 'a'.repeat(256) }), null],
  [
    'an entity of 257 code units',
    withDraft({ entity_id: 'a'.repeat(257) }),
    ['leaves', 'memory_invalid', 6, 1],
  ],
  ['an empty entity', withDraft({ entity_id: '' }), ['leaves', 'memory_invalid', 6, 1]],
  ...[...'\u0000\u001f\u007f\u009f\u2028\u2029\u202a\u202e\u2066\u2069'].map((mark): Case => [
    `U+${mark.charCodeAt(0).toString(16)} in an entity`,
    withDraft({ entity_id: mark }),
    ['leaves', 'memory_invalid', 6, 1],
  ]),
  ...[...'\u0020\u007e\u00a0\u2027\u202f\u2065\u206a\ufeff'].map((mark): Case => [
    `U+${mark.charCodeAt(0).toString(16)} in an entity`,
    withDraft({ entity_id: mark }),
    null,
  ]),
  ['256 tags', withDraft({ tags: Array.from({ length: 256 }, (_, at) => String(1000 + at)) }), null],
  [
    '257 tags',
    withDraft({ tags: Array.from({ length: 257 }, (_, at) => String(1000 + at)) }),
    ['leaves', 'memory_invalid', 6, 1],
  ],
  ['a tag twice', withDraft({ tags: ['a', 'a'] }), ['leaves', 'memory_invalid', 6, 1]],
  ['tags by UTF-16 code units', withDraft({ tags: ['\ud83d\ude00', '\ufb33'] }), null],
  [
    'tags by code points',
    withDraft({ tags: ['\ufb33', '\ud83d\ude00'] }),
    ['leaves', 'memory_invalid', 6, 1],
  ],
  [
    'a blind of 15 bytes',
    { memory: (memory) => void (memory['blind'] = 'A'.repeat(20)) },
    ['leaves', 'memory_invalid', 5, 0],
  ],
  ['critical, not understood', withDraft({ critical: ['x-a'], 'x-a': 1 }), null],
  ['critical: defined here', withDraft({ critical: ['tags'] }), ['leaves', 'memory_invalid', 6, 1]],
  ['critical: absent', withDraft({ critical: ['x-a'] }), ['leaves', 'memory_invalid', 6, 1]],
  ['critical: empty', withDraft({ critical: [] }), ['leaves', 'memory_invalid', 6, 1]],
  ['supersedes', withDraft({ supersedes: ['ab'.repeat(32)] }), null],
  [
    'supersedes not ascending',
    withDraft({ supersedes: ['b', 'a'].map((digit) => digit.repeat(64)) }),
    ['leaves', 'memory_invalid', 6, 1],
  ],
  [
    'the hash of the content changed',
    { memory: (memory) => void (memory['content_sha256'] = 'ab'.repeat(32)) },
    ['leaves', 'content_hash_mismatch', 5, 0],
  ],
  [
    'the leaf hash changed, the root right',
    withLines((lines) =>
      lines.with(4, lines[4]!.replace(/"leaf_hash":"[0-9a-f]+"/, `"leaf_hash":"${'ab'.repeat(32)}"`)),
    ),
    ['leaves', 'leaf_hash_mismatch', 5, 0],
  ],
  ['content changed', inLine(5, 'Memory 0', 'memory 0'), ['leaves', 'content_hash_mismatch', 5, 0]],
  [
    'content and all hashes wrong',
    {
      memory: (memory) =>
        void Object.assign(memory, { content: 'x', sealed_hash: '0'.repeat(64), leaf_hash: '0'.repeat(64) }),
    },
    ['leaves', 'content_hash_mismatch', 5, 0],
  ],
  [
    'blind changed',
    { memory: (memory) => void (memory['blind'] = 'A'.repeat(22)) },
    ['leaves', 'sealed_hash_mismatch', 5, 0],
  ],
  [
    'metadata stripped',
    { memories: [{ metadata: {} }], memory: (memory) => void Reflect.deleteProperty(memory, 'metadata') },
    ['leaves', 'sealed_hash_mismatch', 5, 0],
  ],
  [
    'metadata changed',
    { memories: [{ metadata: {} }], memory: (memory) => void (memory['metadata'] = { a: 1 }) },
    ['leaves', 'sealed_hash_mismatch', 5, 0],
  ],
  [
    'an entity changed',
    { memory: (memory) => void (memory['entity_id'] = 'other') },
    ['leaves', 'leaf_hash_mismatch', 5, 0],
  ],
  [
    'a private member stripped',
    { memories: [{ 'x-a': 1 }], memory: (memory) => void Reflect.deleteProperty(memory, 'x-a') },
    ['leaves', 'leaf_hash_mismatch', 5, 0],
  ],
  [
    'an entity changed and the leaf with it',
    {
      header: { merkle_root: buildManifest().leaves[0]! },
      memory: (memory) => {
        memory['entity_id'] = 'other'
        memory['leaf_hash'] = leafHash(memory)
      },
    },
    ['root', 'root_mismatch', 1],
  ],
  [
    'two memories swapped',
    withLines((lines) => lines.with(4, `${lines[5]!},`).with(5, lines[4]!.slice(0, -1)), { memories: two }),
    ['root', 'root_mismatch', 1],
  ],
  [
    'equal leaves',
    { memories: two.map(() => ({ blind: 'A'.repeat(22), id: 'same', content: 'same' })) },
    null,
  ],
]

const HIDDEN = ['blind', 'content', 'content_sha256', 'metadata']
const without = (...names: string[]): ManifestOptions => ({
  memories: [{}, { metadata: {} }],
  memory: (memory, index) => {
    for (const name of index === 1 ? names : []) Reflect.deleteProperty(memory, name)
  },
})
const leafOnly = (more: JsonObject): ManifestOptions => ({
  memory: (memory) => {
    for (const name of Object.keys(memory)) if (name !== 'leaf_hash') Reflect.deleteProperty(memory, name)
    Object.assign(memory, more)
  },
})
const entry = { audit_path: [], leaf_index: 0, manifest: 'ab'.repeat(32) }

const notYet: Case[] = [
  ['withheld: content', without(...HIDDEN), ['leaves', 'not_supported_yet', 6, 1]],
  ['withheld: memory', leafOnly({}), ['leaves', 'not_supported_yet', 5, 0]],
  ['provenance', withDraft({ provenance: [entry] }), ['leaves', 'not_supported_yet', 6, 1]],
  [
    'provenance, and a wrong hash',
    { memory: (memory) => void Object.assign(memory, { provenance: [entry], content: 'x' }) },
    ['leaves', 'not_supported_yet', 5, 0],
  ],
  ['provenance, and invalid', withDraft({ provenance: [entry], id: '' }), ['leaves', 'memory_invalid', 6, 1]],
  [
    'withheld with provenance',
    { ...without(...HIDDEN), memories: [{}, { provenance: [entry] }] },
    ['leaves', 'not_supported_yet', 6, 1],
  ],
  [
    'withheld but for the blind',
    without('content', 'content_sha256', 'metadata'),
    ['leaves', 'memory_invalid', 6, 1],
  ],
  [
    'withheld but for the metadata',
    without('blind', 'content', 'content_sha256'),
    ['leaves', 'memory_invalid', 6, 1],
  ],
  [
    'withheld but for the hash of the content',
    without('blind', 'content', 'metadata'),
    ['leaves', 'memory_invalid', 6, 1],
  ],
  [
    'withheld, and invalid',
    { ...without(...HIDDEN), memories: [{}, { id: '' }] },
    ['leaves', 'memory_invalid', 6, 1],
  ],
  ['a leaf and something else', leafOnly({ 'x-a': 1 }), ['leaves', 'memory_invalid', 5, 0]],
  ['a leaf that is none', leafOnly({ leaf_hash: 'AB'.repeat(32) }), ['leaves', 'memory_invalid', 5, 0]],
]

/** Signatures that cost nothing to verify: 15 of another algorithm beside the issuer's. */
const many = Array.from({ length: 15 }, (_, at) =>
  signerOf(Buffer.concat([Buffer.from('302a300506032b6571032100', 'hex'), Buffer.alloc(32, at)]), () =>
    Buffer.alloc(1),
  ),
)

const evidence: Case[] = [
  ['kinds known and unknown', withEvidence(statement, another, peer), null],
  ['critical has no effect', withEvidence(statementOf('receipt', { critical: ['later'], later: 1 })), null],
  [
    'a kind of an empty name, or of a long one',
    withEvidence(buildStatement('', {}, [ANA]), buildStatement('x'.repeat(300), {}, [ANA])),
    null,
  ],
  [
    'another version of a manifest',
    withEvidence(buildStatement('application/vnd.omega.federation-manifest.v2+json', {}, [ANA])),
    null,
  ],
  [
    'critical: absent',
    withEvidence(statementOf('receipt', { critical: ['later'] })),
    ['evidence', 'shape_invalid', 3],
  ],
  [
    'critical: defined for its kind',
    withEvidence(statementOf('receipt', { critical: ['manifest'] })),
    ['evidence', 'shape_invalid', 3],
  ],
  [
    'a manifest with details',
    withStatement(() => ({ ...peer, details: {} })),
    ['evidence', 'shape_invalid', 3],
  ],
  [
    'a manifest without a root',
    withEvidence(buildStatement(peer.type, {}, [ANA])),
    ['evidence', 'shape_invalid', 3],
  ],
  [
    'a manifest whose critical is defined',
    withEvidence(buildStatement(peer.type, { ...peer.header, critical: ['stream'] }, [ANA])),
    ['evidence', 'shape_invalid', 3],
  ],
  ['not an object', withStatement(() => 5), ['evidence', 'shape_invalid', 3]],
  [
    'key_malformed',
    withStatement(({ signatures }) => void (signatures[0]!.public_key_pem = '')),
    ['evidence', 'key_malformed', 3],
  ],
  [
    'fingerprint_mismatch',
    withStatement(({ signatures }) => void (signatures[0]!.fingerprint = '0'.repeat(64))),
    ['evidence', 'fingerprint_mismatch', 3],
  ],
  ['key_not_allowed', withEvidence(statementOf('receipt', {}, [LOW])), ['evidence', 'key_not_allowed', 3]],
  [
    'signature_invalid',
    withStatement(({ header }) => void (header['created_at'] = '2026-01-01T00:00:00.000Z')),
    ['evidence', 'signature_invalid', 3],
  ],
  [
    'issuer_unsigned',
    withEvidence(statementOf('receipt', { issuer: { fingerprint: BO.fingerprint, label: 'Bo' } })),
    ['evidence', 'issuer_unsigned', 3],
  ],
  [
    'signer_missing',
    withEvidence(statementOf('receipt', { signers: [BO.fingerprint] })),
    ['evidence', 'signer_missing', 3],
  ],
  [
    'out of order',
    { evidence: [statement, another], orderedEvidence: (list) => void list.reverse() },
    ['evidence', 'evidence_unordered', 4],
  ],
  ['one twice', withEvidence(statement, statement), ['evidence', 'evidence_unordered', 4]],
  [
    '1,025 signatures',
    withEvidence(...Array.from({ length: 65 }, (_, at) => buildStatement('text/x', { at }, [ANA, ...many]))),
    ['evidence', 'limit_exceeded', 67],
  ],
]

const tree: Case[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 16, 17, 100].map((n): Case => [
    `${n} ${n === 1 ? 'leaf' : 'leaves'}`,
    { memories: Array.from({ length: n }, () => ({})) },
    null,
  ]),
  ['the root of a tree split in the middle', splitInTheMiddle(), ['root', 'root_mismatch', 1]],
]

export const CASES = {
  ...{
    start,
    envelope,
    header,
    details,
    times,
    signatures,
    keys,
    strict,
    frame,
    spelling,
    memories,
    members,
  },
  ...{ tree, notYet, evidence, kinds, statements, limits, order },
}

/** Six leaves, three on each side: the largest power of two below six is four. */
function splitInTheMiddle(): ManifestOptions {
  const memories = Array.from({ length: 6 }, () => ({}))
  const leaves = buildManifest({ memories }).leaves.map((leaf) => new Uint8Array(Buffer.from(leaf, 'hex')))
  const node = (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right)
  return { memories, header: { merkle_root: hex(node(MTH(leaves.slice(0, 3)), MTH(leaves.slice(3)))) } }
}
