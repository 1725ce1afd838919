import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import { sha256 } from '../reference/merkle.ts'
import { hex } from '../reference/shapes.ts'
import type { ManifestOptions } from '../reference/writer.ts'
import { buildManifest, ISSUER, signStatement } from '../reference/writer.ts'
import { ANA, BO, type Case, withDetails, withDraft, withEvidence, withHeader } from './case.ts'

/** Members of a manifest's header and of its details: absent, malformed, at their bounds; and what a time is (0, 1, 2). */

const HASH = 'ab'.repeat(32)
const [LOW, HIGH] = ['a'.repeat(64), 'b'.repeat(64)]
const refused: Case[2] = ['signature', 'shape_invalid', 1]
const withIssuer = (issuer: Json) => withHeader({ issuer })
const issuerWith = (more: JsonObject) =>
  withIssuer({ fingerprint: ISSUER.fingerprint, label: 'A', ...more } as JsonObject)

/** Signed like that: what fails is the header's shape and nothing else. */
const WRONG: readonly [name: string, header: JsonObject][] = [
  ['details_hash in upper case', { details_hash: HASH.toUpperCase() }],
  ['details_hash of 62 digits', { details_hash: HASH.slice(2) }],
  ['merkle_root in upper case', { merkle_root: HASH.toUpperCase() }],
  ['merkle_root null', { merkle_root: null }],
  ['stream in upper case', { stream: 'AB'.repeat(16) }],
  ['stream of 30 digits', { stream: 'ab'.repeat(15) }],
  ['stream of 64 digits', { stream: HASH }],
  ['stream that is no hex', { stream: 'zz'.repeat(16) }],
  ['sequence 0', { sequence: 0, previous: HASH }],
  ['sequence −1', { sequence: -1, previous: HASH }],
  ['sequence 1.5', { sequence: 1.5, previous: HASH }],
  ['sequence as text', { sequence: '2', previous: HASH }],
  ['previous in upper case', { sequence: 2, previous: HASH.toUpperCase() }],
  ['previous that is no hex', { sequence: 2, previous: 'the one before' }],
  ['previous an empty text', { sequence: 2, previous: '' }],
  ['memory_count 1.5', { memory_count: 1.5 }],
  ['memory_count −1', { memory_count: -1 }],
  ['memory_count as text', { memory_count: '1' }],
  ['expires_at null', { expires_at: null }],
  ['created_at null', { created_at: null }],
  ['signers of which one is no hex', { signers: ['A'.repeat(64)] }],
  ['signers as text', { signers: ISSUER.fingerprint }],
  ['signers with the same twice', { signers: [ISSUER.fingerprint, ISSUER.fingerprint] }],
  ['signers null', { signers: null }],
  ['critical as text', { critical: 'later', later: 1 }],
  ['critical with a number', { critical: [1] }],
  ['critical with the same twice', { critical: ['later', 'later'], later: 1 }],
  ['critical null', { critical: null }],
  ['critical that names itself', { critical: ['critical'] }],
]
const REQUIRED = 'created_at details_hash issuer memory_count merkle_root previous sequence stream'.split(' ')
/** Of `sequence` and `previous` the one that stays is no first of a stream, or it would be missed beside the other. */
const remove = (header: JsonObject, name: string): void => {
  if (name === 'sequence') header['previous'] = HASH
  if (name === 'previous') header['sequence'] = 2
  Reflect.deleteProperty(header, name)
}
const without = (name: string) => ({ beforeSigning: (header: JsonObject) => remove(header, name) })
/** The same as evidence, where no later check of the file would notice. */
const peer = buildManifest({ signers: [ANA] }).statement
const asEvidence = (change: (header: JsonObject) => void) => {
  const header = structuredClone(peer.header)
  change(header)
  return withEvidence(signStatement(peer.type, header, [ANA]))
}
const inEvidence: Case[2] = ['evidence', 'shape_invalid', 3]

export const header: Case[] = [
  ...WRONG.map(([name, members]): Case => [name, withHeader(members), refused]),
  ...REQUIRED.map((name): Case => [`${name} absent`, without(name), refused]),
  ['issuer null', withIssuer(null), refused],
  ['issuer without a fingerprint', withIssuer({ label: 'A' }), refused],
  ['issuer without a label', withIssuer({ fingerprint: ISSUER.fingerprint }), refused],
  ['issuer whose fingerprint is no hex', issuerWith({ fingerprint: 'A' }), refused],
  ['issuer whose label is empty', issuerWith({ label: '' }), refused],
  ['issuer whose label has 256 code units', issuerWith({ label: '\ud83d\ude00'.repeat(128) }), null],
  [
    'issuer whose label has 129 characters of two code units',
    issuerWith({ label: '\ud83d\ude00'.repeat(129) }),
    refused,
  ],
  ['issuer whose label has 257 code units', issuerWith({ label: 'a'.repeat(257) }), refused],
  ['issuer whose successor is no hex', issuerWith({ successor: 'Bo' }), refused],
  [
    'issuer whose successor is in upper case',
    issuerWith({ successor: BO.fingerprint.toUpperCase() }),
    refused,
  ],
  ['issuer whose successor is null', issuerWith({ successor: null }), refused],
  ['no signer listed', withHeader({ signers: [] }), null],
  ['the second of a stream', withHeader({ sequence: 2, previous: HASH }), null],
  ...WRONG.filter(([name]) => /^(details_hash|merkle_root|memory_count)/.test(name)).map(
    ([name, members]): Case => [
      `as evidence: ${name}`,
      asEvidence((header) => void Object.assign(header, members)),
      inEvidence,
    ],
  ),
  ...REQUIRED.map((name): Case => [
    `as evidence: ${name} absent`,
    asEvidence((header) => remove(header, name)),
    inEvidence,
  ]),
  ['as evidence: memory_count 0', asEvidence((header) => void (header['memory_count'] = 0)), inEvidence],
  [
    'as evidence: memory_count 2^32',
    asEvidence((header) => void (header['memory_count'] = 2 ** 32)),
    inEvidence,
  ],
  [
    'as evidence: sequence 2 without previous',
    asEvidence((header) => void (header['sequence'] = 2)),
    inEvidence,
  ],
]

const FULL: JsonObject = {
  ...{ entity_id: 'project', event_type: 'decision', hand_picked: true, origin: 'own' },
  ...{ since: '2026-01-01T00:00:00.000Z', tags: ['a', 'b'], tags_match: 'any' },
  until: '2026-02-01T00:00:00.000Z',
}
const WRONG_SELECTIONS: readonly [name: string, selection: Json][] = [
  ['selection null', null],
  ['selection a list', []],
  ['entity_id empty', { entity_id: '' }],
  ['entity_id a list', { entity_id: ['project'] }],
  ['event_type of 257 code units', { event_type: 'a'.repeat(257) }],
  ['event_type with a line separator', { event_type: 'a\u2028b' }],
  ['hand_picked 1', { hand_picked: 1 }],
  ['origin of no kind', { origin: 'mine' }],
  ['since a day', { since: '2026-01-01' }],
  ['until a day', { until: '2026-01-01' }],
  ['until null', { until: null }],
  ['tags by their order of writing', { tags: ['b', 'a'] }],
  ['tags with an empty one', { tags: [''] }],
  ['tags as text', { tags: 'a' }],
  ['257 tags', { tags: Array.from({ length: 257 }, (_, at) => String(1000 + at)) }],
  ['tags_match none', { tags_match: 'none' }],
]
const detail = (name: string, value: Json) => withDetails({ [name]: value })
/** Hashed as it stands there, so that nothing else is wrong. */
const withoutDetail = (name: string): ManifestOptions => {
  const details: JsonObject = { salt: 'AAAAAAAAAAAAAAAAAAAAAA', selection: {} }
  Reflect.deleteProperty(details, name)
  return {
    header: { details_hash: hex(sha256(Uint8Array.of(3), Buffer.from(serialize(details)))) },
    envelope: (envelope) => void (envelope['details'] = details),
  }
}

export const details: Case[] = [
  ['every member of a selection', detail('selection', FULL), null],
  [
    'the other values of a selection',
    detail('selection', { origin: 'imported', tags: [], tags_match: 'all' }),
    null,
  ],
  ...WRONG_SELECTIONS.map(([name, selection]): Case => [name, detail('selection', selection), refused]),
  ['selection absent', withoutDetail('selection'), refused],
  ['salt absent', withoutDetail('salt'), refused],
  ['details null', { envelope: (envelope) => void (envelope['details'] = null) }, refused],
  ['salt with padding', detail('salt', 'AAAAAAAAAAAAAAAAAAAAAA=='), refused],
  ['salt in the other alphabet', detail('salt', `${'/'.repeat(10)}${'+'.repeat(11)}w`), refused],
  ['salt in its alphabet', detail('salt', `${'_'.repeat(10)}${'-'.repeat(11)}w`), null],
  ['salt null', detail('salt', null), refused],
  ['audience of two', detail('audience', [LOW, HIGH]), null],
  ['audience with the same twice', detail('audience', [LOW, LOW]), refused],
  ['audience of which one is no hex', detail('audience', ['Bo']), refused],
  ['audience in upper case', detail('audience', [LOW.toUpperCase()]), refused],
  ['audience as text', detail('audience', LOW), refused],
  ['an empty note', detail('note', ''), null],
  ['note null', detail('note', null), refused],
  ['note a list', detail('note', ['a']), refused],
]

const NO_TIMES: readonly [name: string, value: Json][] = [
  ['t in lower case', '2026-01-02t03:04:05.678Z'],
  ['z in lower case', '2026-01-02T03:04:05.678z'],
  ['a space for T', '2026-01-02 03:04:05.678Z'],
  ['an offset of nothing', '2026-01-02T03:04:05.678+00:00'],
  ['another offset', '2026-01-02T03:04:05.678+01:00'],
  ['no offset', '2026-01-02T03:04:05.678'],
  ['no milliseconds', '2026-01-02T03:04:05Z'],
  ['one digit of a second', '2026-01-02T03:04:05.6Z'],
  ['microseconds', '2026-01-02T03:04:05.678901Z'],
  ['a comma in the second', '2026-01-02T03:04:05,678Z'],
  ['24 o’clock', '2026-01-02T24:00:00.000Z'],
  ['minute 60', '2026-01-02T03:60:05.678Z'],
  ['second 60', '2026-06-30T23:59:60.000Z'],
  ['30 February', '2026-02-30T00:00:00.000Z'],
  ['31 April', '2026-04-31T00:00:00.000Z'],
  ['month 13', '2026-13-01T00:00:00.000Z'],
  ['day 0', '2026-01-00T00:00:00.000Z'],
  ['year 1969', '1969-12-31T23:59:59.999Z'],
  ['year 10000', '10000-01-01T00:00:00.000Z'],
  ['year 10000 as it is formatted', '+010000-01-01T00:00:00.000Z'],
  ['a day', '2026-01-02'],
  ['a mark after it', '2026-01-02T03:04:05.678Z\u0000'],
  ['a line after it', '2026-01-02T03:04:05.678Z\n'],
  ['digits of another script', '２０２６-01-02T03:04:05.678Z'],
  ['a number', 1767323045678],
]

export const times: Case[] = [
  ...NO_TIMES.map(([name, value]): Case => [name, withHeader({ created_at: value }), refused]),
  ['the first moment', withHeader({ created_at: '1970-01-01T00:00:00.000Z' }), null],
  ['the last moment', withHeader({ created_at: '9999-12-31T23:59:59.999Z' }), null],
  ['29 February of a leap year', withHeader({ created_at: '2024-02-29T00:00:00.000Z' }), null],
  ['29 February of 2000', withHeader({ created_at: '2000-02-29T00:00:00.000Z' }), null],
  ['29 February of 2100', withHeader({ created_at: '2100-02-29T00:00:00.000Z' }), refused],
  ['expires_at a day', withHeader({ expires_at: '2030-01-01' }), refused],
  ...NO_TIMES.filter(([name]) =>
    /milliseconds|z in lower|^an offset|24|30 Feb|second 60|1969|number/.test(name),
  ).map(([name, value]): Case => [
    `of a memory: ${name}`,
    withDraft({ created_at: value }),
    ['leaves', 'memory_invalid', 6, 1],
  ]),
]
