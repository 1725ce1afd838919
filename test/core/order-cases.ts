import type { Json, JsonObject } from '../reference/canonical.ts'
import type { Signature, Statement } from '../reference/shapes.ts'
import type { ManifestOptions } from '../reference/writer.ts'
import { idOf } from '../reference/verify.ts'
import { ISSUER } from '../reference/writer.ts'
import {
  ANA,
  BO,
  by,
  bytesOf,
  type Case,
  MIB,
  two,
  withBytes,
  withDraft,
  withHeader,
  withLines,
} from './case.ts'
import { LOW_ORDER, oddSigner } from './curve.ts'
import { statementOf, typeOf } from './kind-headers.ts'

/** Files with two faults, of which the format says which one is named (6, 10). */

const on1 = (code: NonNullable<Case[2]>[1]): Case[2] => ['signature', code, 1]
const HASH = 'ab'.repeat(32)
const LATER = { critical: ['later'], later: 1 }
const LOW = oddSigner({ key: LOW_ORDER[0]!, scalar: 0n, nonce: 0n })
const envelope = (edit: (envelope: JsonObject) => void, options: ManifestOptions = {}): ManifestOptions => ({
  ...options,
  envelope: edit,
})
const signature = (value: JsonObject) => (value['signatures'] as Signature[])[0]!
const spoiled = `${'A'.repeat(86)}==`
/** The second memory spoiled in several ways. */
const memory = (edit: (memory: JsonObject) => void, options: ManifestOptions = {}): ManifestOptions => ({
  memories: [{}, {}, {}],
  ...options,
  memory: (value, index) => {
    if (index === 1) edit(value)
  },
})
const inMemory = (code: NonNullable<Case[2]>[1]): Case[2] => ['leaves', code, 6, 1]
const evidence = (...list: Json[]): ManifestOptions => ({ orderedEvidence: (all) => void all.push(...list) })
const receipt = statementOf('receipt')
const spoilt = (edit: (statement: Statement) => void, statement = receipt): Statement => {
  const copy = structuredClone(statement)
  edit(copy)
  return copy
}
const in3 = (code: NonNullable<Case[2]>[1]): Case[2] => ['evidence', code, 3]
/** Two statements in the wrong order, the second of them spoiled as well. */
const [earlier, later] = [receipt, statementOf('trust-list')].sort((a, b) =>
  idOf(a) < idOf(b) ? -1 : 1,
) as [Statement, Statement]

export const order: Case[] = [
  // Line 1, as in the table.
  [
    'line_too_long before not_utf8',
    withBytes((bytes) => bytes.with(60, 0xff), withHeader({ later: 'a'.repeat(8 * MIB) })),
    on1('line_too_long'),
  ],
  ['truncated before not_utf8', withBytes((bytes) => bytes.slice(0, 300).with(60, 0xff)), on1('truncated')],
  [
    'not_utf8 before not_canonical',
    withBytes((bytes) => bytes.with(60, 0xff).with(61, 0x20)),
    on1('not_utf8'),
  ],
  [
    'not_canonical before version_unsupported',
    withLines((lines) => lines.with(0, lines[0]!.replace('v1+json"', 'v2+json" '))),
    on1('not_canonical'),
  ],
  [
    'type_mismatch before shape_invalid',
    envelope((value) => void Object.assign(value, { type: typeOf('receipt'), more: 1 })),
    on1('type_mismatch'),
  ],
  ['shape_invalid before critical_unknown', withHeader({ ...LATER, sequence: 0 }), on1('shape_invalid')],
  [
    'shape_invalid of the details before critical_unknown',
    { ...withHeader(LATER), details: { note: 1 } },
    on1('shape_invalid'),
  ],
  [
    'shape_invalid before key_malformed',
    envelope((value) => Object.assign(signature(value), { public_key_pem: '', more: 1 })),
    on1('shape_invalid'),
  ],
  [
    'critical_unknown before signature_invalid',
    envelope((value) => void (signature(value).signature = spoiled), withHeader(LATER)),
    on1('critical_unknown'),
  ],
  [
    'key_malformed before fingerprint_mismatch',
    envelope((value) => Object.assign(signature(value), { public_key_pem: '', fingerprint: HASH })),
    on1('key_malformed'),
  ],
  [
    'fingerprint_mismatch before key_not_allowed',
    envelope((value) => void (signature(value).fingerprint = HASH), by(LOW)),
    on1('fingerprint_mismatch'),
  ],
  [
    'key_not_allowed before signature_invalid',
    envelope((value) => void (signature(value).signature = spoiled), by(LOW)),
    on1('key_not_allowed'),
  ],
  [
    'key_not_allowed of the second key before signature_invalid of the first',
    secondKeyIsLow(),
    on1('key_not_allowed'),
  ],
  [
    'signature_invalid before issuer_unsigned',
    envelope(
      (value) => void (signature(value).signature = spoiled),
      withHeader({ issuer: { fingerprint: BO.fingerprint, label: 'Bo' } }),
    ),
    on1('signature_invalid'),
  ],
  [
    'issuer_unsigned before signer_missing',
    withHeader({ issuer: { fingerprint: BO.fingerprint, label: 'Bo' }, signers: [HASH] }),
    on1('issuer_unsigned'),
  ],
  [
    'signer_missing before details_mismatch',
    withHeader({ signers: [HASH], details_hash: HASH }),
    on1('signer_missing'),
  ],
  [
    'issuer_unsigned before details_mismatch',
    withHeader({ issuer: { fingerprint: BO.fingerprint, label: 'Bo' }, details_hash: HASH }),
    on1('issuer_unsigned'),
  ],
  [
    'details_mismatch before a fault in the leaves',
    { ...withHeader({ details_hash: HASH }), ...withDraft({ id: '' }) },
    on1('details_mismatch'),
  ],
  // A line of a memory.
  [
    'memory_invalid before not_supported_yet',
    withDraft({ provenance: [], tags: ['b', 'a'] }),
    inMemory('memory_invalid'),
  ],
  [
    'memory_invalid before content_hash_mismatch',
    memory((value) => Object.assign(value, { content: 'x', event_type: '' })),
    inMemory('memory_invalid'),
  ],
  [
    'content_hash_mismatch before sealed_hash_mismatch',
    memory((value) => Object.assign(value, { content_sha256: HASH, sealed_hash: HASH })),
    inMemory('content_hash_mismatch'),
  ],
  [
    'sealed_hash_mismatch before leaf_hash_mismatch',
    memory((value) => Object.assign(value, { sealed_hash: HASH, leaf_hash: HASH })),
    inMemory('sealed_hash_mismatch'),
  ],
  [
    'leaf_hash_mismatch before count_mismatch',
    { ...memory((value) => void (value['leaf_hash'] = HASH)), ...withHeader({ memory_count: 1 }) },
    inMemory('leaf_hash_mismatch'),
  ],
  [
    'not_canonical before count_mismatch',
    {
      ...withHeader({ memory_count: 1 }),
      memories: two,
      lines: (lines) => lines.with(5, `${lines[5]!} `),
    },
    inMemory('not_canonical'),
  ],
  [
    'not_utf8 before memory_invalid',
    { memories: [{ id: '' }], bytes: (bytes) => bytes.with(bytes.length - 20, 0xff) },
    ['leaves', 'not_utf8', 5, 0],
  ],
  // Layers and lines.
  [
    'the lower line before the earlier code',
    {
      memories: [{}, {}, {}],
      memory: (value, index) => {
        if (index === 1) value['leaf_hash'] = HASH
        if (index === 2) value['content'] = 'x'
      },
    },
    inMemory('leaf_hash_mismatch'),
  ],
  [
    'count_mismatch before root_mismatch',
    { ...withHeader({ memory_count: 3, merkle_root: HASH }), memories: two },
    ['leaves', 'count_mismatch', 7],
  ],
  [
    'trailing_data before root_mismatch',
    { ...withHeader({ merkle_root: HASH }), bytes: (bytes) => bytesOf(bytes, '\n') },
    ['leaves', 'trailing_data', 7],
  ],
  [
    'root_mismatch before a fault in the evidence',
    { ...withHeader({ merkle_root: HASH }), ...evidence(5) },
    ['root', 'root_mismatch', 1],
  ],
  [
    'not_canonical of evidence before a fault in the leaves',
    { ...evidence({ n: 2 ** 53 }), memories: [{ id: '' }] },
    ['leaves', 'not_canonical', 3],
  ],
  [
    'version_unsupported of format before a fault in the leaves',
    {
      memories: [{ id: '' }],
      lines: (lines) => lines.with(2, lines[2]!.replace('/1', '/2')),
    },
    ['leaves', 'version_unsupported', 3],
  ],
  // A line of evidence.
  [
    'limit_exceeded before shape_invalid',
    evidence({ signatures: Array.from({ length: 1025 }, () => 0) }),
    in3('limit_exceeded'),
  ],
  [
    'shape_invalid of evidence before key_malformed',
    evidence(spoilt((it) => void Object.assign(it.signatures[0]!, { public_key_pem: '', more: 1 }))),
    in3('shape_invalid'),
  ],
  [
    'key_malformed of evidence before fingerprint_mismatch',
    evidence(
      spoilt((it) => void Object.assign(it.signatures[0]!, { public_key_pem: '', fingerprint: HASH })),
    ),
    in3('key_malformed'),
  ],
  [
    'fingerprint_mismatch of evidence before signature_invalid',
    evidence(
      spoilt((it) => void Object.assign(it.signatures[0]!, { signature: spoiled, fingerprint: HASH })),
    ),
    in3('fingerprint_mismatch'),
  ],
  [
    'signature_invalid of evidence before issuer_unsigned',
    evidence(
      spoilt(
        (it) => void (it.signatures[0]!.signature = spoiled),
        statementOf('receipt', { issuer: { fingerprint: BO.fingerprint, label: 'Bo' } }),
      ),
    ),
    in3('signature_invalid'),
  ],
  [
    'issuer_unsigned of evidence before signer_missing',
    evidence(
      statementOf('receipt', { issuer: { fingerprint: BO.fingerprint, label: 'Bo' }, signers: [HASH] }),
    ),
    in3('issuer_unsigned'),
  ],
  [
    'signature_invalid before evidence_unordered',
    evidence(
      later,
      spoilt((it) => void (it.signatures[0]!.signature = spoiled), earlier),
    ),
    ['evidence', 'signature_invalid', 4],
  ],
  ['signer_missing before evidence_unordered', evidence(...withMissing()), ['evidence', 'signer_missing', 4]],
  [
    'the lower line of evidence before the earlier code',
    evidence(
      spoilt((it) => void (it.signatures[0]!.signature = spoiled), earlier),
      5,
    ),
    in3('signature_invalid'),
  ],
]

/** The key that comes first signs badly, the one after it is not allowed. */
function secondKeyIsLow(): ManifestOptions {
  const first = [ISSUER, ANA, BO].find(({ fingerprint }) => fingerprint < LOW.fingerprint)!
  return envelope((value) => void (signature(value).signature = spoiled), by(first, LOW))
}

/** Two statements in the wrong order, the second without a signer that it lists. */
function withMissing(): Statement[] {
  for (let at = 0; ; at++) {
    const statement = statementOf('receipt', { signers: [HASH], at })
    if (idOf(statement) < idOf(later)) return [later, statement]
  }
}
