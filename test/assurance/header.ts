import type { Json, JsonObject } from '../reference/canonical.ts'
import type { Base, Envelope, Mutators } from './base.ts'
import { altered, forge, inEnvelope, put, renormalized, upperCased, withEnvelope } from './base.ts'
import { MALLORY } from './pool.ts'
import type { Random } from './random.ts'
import {
  NOT_ASCENDING,
  NOT_BLINDS,
  NOT_CRITICAL,
  NOT_HASHES,
  NOT_SHORT,
  NOT_TIMES,
  TAGS_257,
} from './values.ts'

/** Header, details and envelope: changed by a courier, or signed by an issuer who does not keep the format (1, 2). */
const HEADER = 'created_at details_hash issuer memory_count merkle_root previous sequence stream'.split(' ')
const KINDS = ['redaction', 'receipt', 'key-succession', 'key-revocation', 'trust-list', 'audit-export']
/** Members of a header with values that the format refuses. */
const WRONG: readonly [name: string, values: readonly Json[]][] = [
  ['created_at', NOT_TIMES],
  ['expires_at', NOT_TIMES],
  ['details_hash', NOT_HASHES],
  ['merkle_root', NOT_HASHES],
  ['stream', ['AB'.repeat(16), 'ab'.repeat(15), 'ab'.repeat(32), '', null, 1]],
  ['memory_count', [0, -1, 1.5, 2 ** 32, '1', null, [1]]],
  ['sequence', [0, -1, 1.5, '1', null]],
  ['previous', ['ab'.repeat(31), 'AB'.repeat(32), 0, '', []]],
  ['issuer', [null, 'x', [], {}, { fingerprint: 'ab'.repeat(32) }, { label: 'x' }]],
  ['signers', NOT_ASCENDING],
  ['critical', NOT_CRITICAL],
]

const NOT_SELECTIONS: readonly [name: string, values: readonly Json[]][] = [
  ['entity_id', NOT_SHORT],
  ['event_type', NOT_SHORT],
  ['hand_picked', [false, null, 1, 'true']],
  ['origin', ['mine', '', 'Own', null, ['own']]],
  ['since', NOT_TIMES],
  ['tags', [null, {}, 'a', ['b', 'a'], ['a', 'a'], [''], [1], ['\ufb33', '\ud83d\ude00'], [...TAGS_257]]],
  ['tags_match', ['none', '', 'ALL', null, ['all']]],
  ['until', NOT_TIMES],
]

function signedOtherwise(base: Base, edit: (header: JsonObject) => void): Uint8Array {
  return forge(base, { beforeSigning: edit })
}

/** Changes that leave a header well-formed and its root and counts where they were. */
function withOtherHeader(header: JsonObject, random: Random): void {
  const issuer = header['issuer'] as JsonObject
  const edits: (() => void)[] = [
    () => put(header, 'created_at', '2026-03-04T05:06:07.089Z'),
    () => put(header, 'issuer', { ...issuer, label: random.hex(4) }),
    () => put(header, 'issuer', { ...issuer, successor: MALLORY.fingerprint, later: random.hex(4) }),
    () => put(header, 'merkle_root', random.hex(32)),
    () => put(header, 'details_hash', random.hex(32)),
    () => put(header, 'memory_count', (header['memory_count'] as number) + 1),
    () => put(header, 'stream', random.hex(16)),
    () => Object.assign(header, { sequence: random.between(2, 2 ** 31), previous: random.hex(32) }),
    () => put(header, 'expires_at', new Date(random.next() * 1000).toISOString()),
    () => put(header, random.pick(['later', '__proto__', 'constructor', 'x']), random.hex(4)),
    () => put(header, 'signers', [random.hex(32)]),
  ]
  random.pick(edits)()
}

export const HEADERS: Mutators = {
  'header changed, not signed again': (base, random) => ({
    bytes: withEnvelope(base, ({ header }) => withOtherHeader(header, random)),
    expected: inEnvelope('signature_invalid'),
  }),
  'header member taken out, not signed again': (base, random) => {
    const { header } = base.statement
    const name = random.pick(['expires_at', 'signers', 'later', '__proto__'])
    if (!Object.hasOwn(header, name)) return null
    return {
      bytes: withEnvelope(base, (envelope) => void Reflect.deleteProperty(envelope.header, name)),
      expected: inEnvelope('signature_invalid'),
    }
  },
  'header of another manifest': (base, random, pool) => {
    const other = random.pick(pool)
    if (other.id === base.id || Object.hasOwn(other.statement.header, 'critical')) return null
    return {
      bytes: withEnvelope(base, (envelope) => (envelope.header = other.statement.header)),
      expected: inEnvelope('signature_invalid'),
    }
  },
  'label in the other normal form': (base) => {
    const { header } = base.statement
    const issuer = header['issuer'] as { label: string; fingerprint: string }
    const label = renormalized(issuer.label)
    if (label === null) return null
    return {
      bytes: withEnvelope(base, (envelope) => put(envelope.header, 'issuer', { ...issuer, label })),
      expected: inEnvelope('signature_invalid'),
    }
  },
  'header without a member, signed': (base, random) => {
    const name = random.pick(HEADER)
    return {
      bytes: signedOtherwise(base, (header) => void Reflect.deleteProperty(header, name)),
      expected: inEnvelope('shape_invalid'),
    }
  },
  'header member of the wrong kind or range, signed': (base, random) => {
    const [name, values] = random.pick(WRONG)
    const value = random.pick(values)
    return {
      bytes: signedOtherwise(base, (header) => put(header, name, value)),
      expected: inEnvelope('shape_invalid'),
    }
  },
  'label that is no short string, signed': (base, random) => {
    const label = random.pick(NOT_SHORT)
    return {
      bytes: signedOtherwise(base, (header) =>
        put(header, 'issuer', { ...(header['issuer'] as JsonObject), label }),
      ),
      expected: inEnvelope('shape_invalid'),
    }
  },
  'hex case in the header, signed': (base, random) => {
    const name = random.pick(['details_hash', 'merkle_root', 'stream', 'previous'])
    const value = base.statement.header[name]
    const upper = typeof value === 'string' ? upperCased(value, random) : null
    if (upper === null) return null
    return {
      bytes: signedOtherwise(base, (header) => put(header, name, upper)),
      expected: inEnvelope('shape_invalid'),
    }
  },
  'previous without its sequence, signed': (base, random) => {
    const isFirst = base.statement.header['sequence'] === 1
    return {
      bytes: signedOtherwise(base, (header) => put(header, 'previous', isFirst ? random.hex(32) : null)),
      expected: inEnvelope('shape_invalid'),
    }
  },
  'critical: a member this reader does not know, signed': (base, random) => {
    const names = random.pick([['x-must'], ['x-also', 'x-must'], ['constructor']])
    return {
      bytes: signedOtherwise(base, (header) => {
        for (const name of names) put(header, name, 1)
        put(header, 'critical', names)
      }),
      expected: inEnvelope('critical_unknown'),
    }
  },
  'details changed': (base, random) => ({
    bytes: withEnvelope(base, ({ details }) => {
      const selection = details['selection'] as JsonObject
      random.pick<() => void>([
        () => put(details, 'note', altered(String(details['note'] ?? ''), random)),
        () => put(details, 'audience', [random.hex(32)]),
        () => put(details, 'selection', { ...selection, entity_id: random.hex(4) }),
        () => put(details, 'salt', Buffer.from(random.bytes(16)).toString('base64url')),
        () => put(details, random.pick(['more', 'x', '__proto__']), random.hex(4)),
      ])()
    }),
    expected: inEnvelope('details_mismatch'),
  }),
  'details member stripped': (base, random) => {
    const { details } = base.options
    const names = ['note', 'audience', 'more'].filter((name) => Object.hasOwn(details!, name))
    if (names.length === 0) return null
    return {
      bytes: withEnvelope(
        base,
        (envelope) => void Reflect.deleteProperty(envelope.details, random.pick(names)),
      ),
      expected: inEnvelope('details_mismatch'),
    }
  },
  'note in the other normal form': (base) => {
    const note = renormalized(String(base.options.details!['note'] ?? ''))
    if (note === null) return null
    return {
      bytes: withEnvelope(base, ({ details }) => put(details, 'note', note)),
      expected: inEnvelope('details_mismatch'),
    }
  },
  'details of the wrong shape, hashed and signed': (base, random) => {
    const [name, value] = random.pick<[string, Json]>([
      ...NOT_BLINDS.map((value): [string, Json] => ['salt', value]),
      ['audience', random.pick(NOT_ASCENDING)],
      ['note', 'a'.repeat(2001)],
      ['note', null],
      ['selection', null],
      ['selection', []],
    ])
    return {
      bytes: forge(base, { details: { ...base.options.details, [name]: value } }),
      expected: inEnvelope('shape_invalid'),
    }
  },
  'selection member of the wrong kind or range, hashed and signed': (base, random) => {
    const [name, values] = random.pick(NOT_SELECTIONS)
    const selection = { ...(base.options.details!['selection'] as JsonObject), [name]: random.pick(values) }
    return {
      bytes: forge(base, { details: { ...base.options.details, selection } }),
      expected: inEnvelope('shape_invalid'),
    }
  },
  'envelope: a surplus member': (base, random) => ({
    bytes: withEnvelope(base, (envelope) =>
      put(
        envelope,
        random.pick(['more', '__proto__', 'payload', 'evidence', 'constructor', '']),
        random.pick<Json>([null, 1, {}, envelope.header]),
      ),
    ),
    expected: inEnvelope('shape_invalid'),
  }),
  'envelope: a member absent or of the wrong kind': (base, random) => {
    const name = random.pick(['details', 'header', 'signatures', 'type'])
    return {
      bytes: withEnvelope(base, (envelope) => {
        if (random.oneIn(2)) Reflect.deleteProperty(envelope, name)
        else put(envelope, name, random.pick<Json>([null, 5, [], [5], true]))
      }),
      expected: inEnvelope('shape_invalid'),
    }
  },
  'signature: a member surplus, absent or of the wrong kind': (base, random) => ({
    bytes: withEnvelope(base, ({ signatures }) => {
      const signature: JsonObject = random.pick(signatures)
      const name = random.pick(['fingerprint', 'public_key_pem', 'signature'])
      const deeds = [
        () => put(signature, random.pick(['keyid', '__proto__', 'alg', 'toString']), random.hex(2)),
        () => Reflect.deleteProperty(signature, name),
        () => put(signature, name, random.pick<Json>([null, 1, [], {}])),
      ]
      random.pick(deeds)()
    }),
    expected: inEnvelope('shape_invalid'),
  }),
  'envelope of another kind': (base, random) => {
    const type = random.pick([
      ...KINDS.map((kind) => `application/vnd.omega.${kind}.v1+json`),
      '',
      'application/json',
      'application/vnd.omega.federation-manifest.v1+jso\u043d',
      'Application/vnd.omega.federation-manifest.v1+json',
      'application/vnd.omega.federation-manifest.v1+json ',
      'application/vnd.omega.federation-manifest.v1+json\n',
    ])
    const isSigned = random.oneIn(2)
    return {
      bytes: withEnvelope(base, (envelope) => retype(base, envelope, type, isSigned)),
      expected: inEnvelope('type_mismatch'),
    }
  },
  'envelope of another version': (base, random) => {
    const version = random.pick(['2', '0', '10', '01', '999999999999'])
    const type = `application/vnd.omega.federation-manifest.v${version}+json`
    return {
      bytes: withEnvelope(base, (envelope) => retype(base, envelope, type, random.oneIn(2))),
      expected: inEnvelope('version_unsupported'),
    }
  },
}

function retype(base: Base, envelope: Envelope, type: string, isSigned: boolean): void {
  envelope.type = type
  const [issuer] = base.signers
  const own = envelope.signatures.find(({ fingerprint }) => fingerprint === issuer.fingerprint)
  if (isSigned) own!.signature = Buffer.from(issuer.sign(Buffer.from(type))).toString('base64')
}
