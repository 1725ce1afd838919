import type { FormatCode } from '../../src/core/codes.ts'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { compareUnits } from '../reference/canonical.ts'
import type { Signature, Statement } from '../reference/shapes.ts'
import { MANIFEST_TYPE } from '../reference/shapes.ts'
import { idOf } from '../reference/verify.ts'
import type { Signer } from '../reference/writer.ts'
import { buildStatement, signStatement } from '../reference/writer.ts'
import type { Base, Mutant, Mutators } from './base.ts'
import { inStatement, parseStatements, put, upperCased, withEvidence } from './base.ts'
import { ODD_KEYS, ODD_SIGNATURES } from './odd.ts'
import { isSkipped, ISSUERS, MALLORY, SKIPPED } from './pool.ts'
import type { Random } from './random.ts'
import { NOT_CRITICAL, NOT_HASHES, NOT_TIMES } from './values.ts'

/** Statements of the evidence: forged, presented as others, out of order (manifest-format, 1, 2, 6). */
const RECEIPT = 'application/vnd.omega.receipt.v1+json'
const TYPES = ['redaction', 'receipt', 'key-succession', 'key-revocation', 'trust-list', 'audit-export']
  .map((kind) => `application/vnd.omega.${kind}.v1+json`)
  .concat(MANIFEST_TYPE, 'text/other', MANIFEST_TYPE.replace('v1', 'v2'))

/** What the headers of each kind define (manifest-format, 8; redactions: 5). */
const DEFINED = {
  'audit-export': 'from last_row_hash merkle_root previous_export tree_size',
  'key-revocation': 'key last_valid reason',
  'key-succession': 'predecessor successor',
  receipt:
    'already_local audit_head deleted_here imported manifest manifest_issuer merkle_root not_understood sequence stream withheld',
  redaction: 'entries manifest',
  'trust-list': 'entries',
  'verification-report': 'file_sha256 report',
}

/** One statement of the base otherwise; null where it has none. */
function withStatement(
  base: Base,
  random: Random,
  code: FormatCode,
  edit: (statement: Statement, at: number) => Json | undefined | null,
): Mutant | null {
  if (base.statements === 0) return null
  const at = random.below(base.statements)
  const statements = parseStatements(base)
  const edited = edit(statements[at]!, at)
  if (edited === null) return null
  return {
    bytes: withEvidence(base, statements.with(at, (edited ?? statements[at]!) as Statement)),
    expected: inStatement(at, code),
  }
}

/** A statement more, in its place; what is wrong with it is found there. */
function withMore(base: Base, statement: Statement, code: FormatCode): Mutant {
  const statements = [...parseStatements(base), statement].sort((a, b) => compareUnits(idOf(a), idOf(b)))
  return {
    bytes: withEvidence(base, statements),
    expected: inStatement(statements.indexOf(statement), code),
  }
}

/** Any well-formed header of a kind that prescribes nothing. */
function fresh(
  random: Random,
  members: JsonObject = {},
  signers: readonly [Signer, ...Signer[]] = [MALLORY],
) {
  return buildStatement(random.pick([RECEIPT, 'text/x']), { at: random.hex(4), ...members }, signers)
}

function signatureBy(signer: Signer, { header, type }: Statement): Signature {
  return signStatement(type, header, [signer]).signatures[0]!
}

function issuerOf({ header }: Statement): string {
  return (header['issuer'] as { fingerprint: string }).fingerprint
}

export const EVIDENCE: Mutators = {
  'evidence: header changed': (base, random) =>
    withStatement(base, random, 'signature_invalid', ({ header }) => {
      const edits: (() => void)[] = [
        () => put(header, 'created_at', '2026-03-04T05:06:07.089Z'),
        () => put(header, random.pick(['later', 'x', '__proto__', 'constructor']), random.hex(4)),
        () => put(header, 'issuer', { ...(header['issuer'] as JsonObject), label: random.hex(4) }),
        () => put(header, 'signers', [random.hex(32)]),
      ]
      return void random.pick(edits)()
    }),
  'evidence: label with a mark more': (base, random) =>
    withStatement(base, random, 'signature_invalid', ({ header }) => {
      const issuer = header['issuer'] as { label: string; fingerprint: string }
      const label = issuer.label + random.pick(['\u0301', '\u200b', '\u00a0'])
      return void put(header, 'issuer', { ...issuer, label })
    }),
  'evidence: presented as another kind': (base, random) =>
    withStatement(base, random, 'signature_invalid', (statement) => {
      const type = random.pick(TYPES)
      // A header that is no manifest's has not the shape: see the next class.
      if (type === statement.type || type === MANIFEST_TYPE) return null
      return void (statement.type = type)
    }),
  'evidence: presented as a manifest': (base, random) =>
    withStatement(base, random, 'shape_invalid', (statement) => {
      if (statement.type === MANIFEST_TYPE) return null
      return void (statement.type = MANIFEST_TYPE)
    }),
  'evidence: signed under another type': (base, random) =>
    withStatement(base, random, 'signature_invalid', (statement) => {
      const type = random.pick(TYPES)
      if (type === statement.type) return null
      const signers = ISSUERS.filter(({ fingerprint }) => fingerprint === issuerOf(statement))
      statement.signatures = signStatement(type, statement.header, signers).signatures
      return undefined
    }),
  'evidence: signed with another key, issuer kept': (base, random) =>
    withStatement(base, random, 'issuer_unsigned', (statement) => {
      statement.signatures = [signatureBy(MALLORY, statement)]
      return undefined
    }),
  'evidence: signed with another key, fingerprint kept': (base, random) =>
    withStatement(base, random, 'fingerprint_mismatch', (statement) => {
      const { public_key_pem, signature } = signatureBy(MALLORY, statement)
      return void Object.assign(random.pick(statement.signatures), { public_key_pem, signature })
    }),
  'evidence: signed with another key, key kept': (base, random) =>
    withStatement(base, random, 'signature_invalid', (statement) => {
      const signature = random.pick(statement.signatures.filter((item) => !isSkipped(item)))
      return void (signature.signature = signatureBy(MALLORY, statement).signature)
    }),
  'evidence: one bit of a signature': (base, random) =>
    withStatement(base, random, 'signature_invalid', ({ signatures }) => {
      const signature = random.pick(signatures.filter((item) => !isSkipped(item)))
      const bytes = Buffer.from(signature.signature, 'base64')
      const at = random.below(64)
      bytes[at]! ^= 1 << random.below(8)
      return void (signature.signature = bytes.toString('base64'))
    }),
  'evidence: signatures of another statement': (base, random, pool) => {
    const other = random.pick(pool).statement
    return withStatement(base, random, 'signature_invalid', (statement) => {
      if (idOf(statement) === idOf(other)) return null
      statement.signatures = other.signatures
      return undefined
    })
  },
  'evidence: a listed signer stripped': (base, random) =>
    withStatement(base, random, 'signer_missing', (statement) => {
      const issuer = issuerOf(statement)
      const listed = ((statement.header['signers'] ?? []) as string[]).filter((item) => item !== issuer)
      if (listed.length === 0) return null
      const gone = random.pick(listed)
      statement.signatures = statement.signatures.filter(({ fingerprint }) => fingerprint !== gone)
      return undefined
    }),
  'evidence: a listed signer that did not sign': (base, random) => {
    const absent = random.pick([ISSUERS[0]!, ...SKIPPED])
    const signers: [Signer, ...Signer[]] = isSkipped(absent) ? [MALLORY, absent] : [MALLORY]
    return withMore(base, fresh(random, { signers: [absent.fingerprint] }, signers), 'signer_missing')
  },
  'evidence: issuer that did not sign': (base, random) => {
    const issuer = { fingerprint: random.pick([...ISSUERS, ...SKIPPED]).fingerprint, label: 'x' }
    return withMore(base, fresh(random, { issuer }), 'issuer_unsigned')
  },
  'evidence: a key that is no point of the subgroup': (base, random) =>
    withMore(base, fresh(random, {}, [random.pick(ODD_KEYS)]), 'key_not_allowed'),
  'evidence: a signature with an odd R or S': (base, random) =>
    withMore(base, fresh(random, {}, [random.pick(ODD_SIGNATURES)(MALLORY)]), 'signature_invalid'),
  'evidence: PEM edited': (base, random) =>
    withStatement(base, random, 'key_malformed', ({ signatures }) => {
      const signature = random.pick(signatures)
      const pem = signature.public_key_pem
      const edits = [`${pem}\n`, pem.slice(0, -1), pem.replaceAll('\n', '\r\n'), '', pem + MALLORY.pem]
      return void (signature.public_key_pem = random.pick(edits))
    }),
  'evidence: hex case of a fingerprint': (base, random) =>
    withStatement(base, random, 'shape_invalid', ({ signatures }) => {
      const signature = random.pick(signatures)
      return void (signature.fingerprint = upperCased(signature.fingerprint, random)!)
    }),
  'evidence: base64 spare bits in a signature': (base, random) =>
    withStatement(base, random, 'shape_invalid', ({ signatures }) => {
      const signature = random.pick(signatures.filter((item) => !isSkipped(item)))
      const next = { A: 'B', Q: 'R', g: 'h', w: 'x' }[signature.signature.at(-3)!]!
      return void (signature.signature = `${signature.signature.slice(0, -3)}${next}==`)
    }),
  'evidence: a surplus member': (base, random) =>
    withStatement(base, random, 'shape_invalid', (statement) => {
      const target: JsonObject = random.oneIn(2) ? statement : random.pick(statement.signatures)
      const name = random.pick(['details', 'more', '__proto__', 'constructor', 'payload'])
      return void put(target, name, random.pick<Json>([{}, null, 1]))
    }),
  'evidence: a member absent or of the wrong kind': (base, random) =>
    withStatement(base, random, 'shape_invalid', (statement) => {
      const name = random.pick(['header', 'signatures', 'type'])
      if (random.oneIn(2)) return void Reflect.deleteProperty(statement, name)
      return void put(statement, name, random.pick<Json>([null, 5, [], true, [5]]))
    }),
  'evidence: a value that is no statement': (base, random) =>
    withStatement(base, random, 'shape_invalid', () => random.pick<Json>([5, 'x', [], {}, true, [[]]])),
  'evidence: header member of the wrong kind, signed': (base, random) => {
    const [name, value] = random.pick<[string, Json]>([
      ['created_at', random.pick(NOT_TIMES)],
      ['issuer', { fingerprint: random.pick(NOT_HASHES), label: 'x' }],
      ['issuer', { fingerprint: MALLORY.fingerprint, label: '\u202e' }],
      ['issuer', { fingerprint: MALLORY.fingerprint, label: 'x', successor: random.pick(NOT_HASHES) }],
      ['signers', ['b'.repeat(64), 'a'.repeat(64)]],
      ['critical', random.pick(NOT_CRITICAL)],
    ])
    return withMore(base, fresh(random, { [name]: value }), 'shape_invalid')
  },
  'evidence: critical names what its kind defines, signed': (base, random) => {
    const [kind, members] = random.pick(Object.entries(DEFINED))
    const name = random.pick(members.split(' '))
    const statement = buildStatement(
      `application/vnd.omega.${kind}.v1+json`,
      { at: random.hex(4), critical: [name], [name]: random.hex(32) },
      [MALLORY],
    )
    return withMore(base, statement, 'shape_invalid')
  },
  'evidence: a manifest without a member of one, signed': (base, random) => {
    const names = ['details_hash', 'memory_count', 'merkle_root', 'previous', 'sequence', 'stream']
    const header: JsonObject = {
      ...base.statement.header,
      issuer: { fingerprint: MALLORY.fingerprint, label: 'x' },
    }
    Reflect.deleteProperty(header, random.pick(names))
    Reflect.deleteProperty(header, 'signers')
    return withMore(base, signStatement(MANIFEST_TYPE, header, [MALLORY]), 'shape_invalid')
  },
  'evidence: the same key twice': (base, random) =>
    withStatement(base, random, 'shape_invalid', ({ signatures }) => {
      const at = random.below(signatures.length)
      return void signatures.splice(at, 0, signatures[at]!)
    }),
  'evidence: no signature': (base, random) =>
    withStatement(base, random, 'shape_invalid', (statement) => void (statement.signatures = [])),
  'evidence out of order': (base, random) => {
    if (base.statements < 2) return null
    const at = random.between(1, base.statements - 1)
    const statements = parseStatements(base)
    const swapped = statements.with(at - 1, statements[at]!).with(at, statements[at - 1]!)
    return { bytes: withEvidence(base, swapped), expected: inStatement(at, 'evidence_unordered') }
  },
  'evidence: a statement twice': (base, random) => {
    if (base.statements === 0) return null
    const at = random.below(base.statements)
    const statements = parseStatements(base)
    const twice = statements.toSpliced(at, 0, statements[at]!)
    return { bytes: withEvidence(base, twice), expected: inStatement(at + 1, 'evidence_unordered') }
  },
  'evidence: a statement twice, with other signatures': (base, random) => {
    if (base.statements === 0) return null
    const at = random.below(base.statements)
    const statements = parseStatements(base)
    const again = structuredClone(statements[at]!)
    if (again.signatures.length > 15) return null
    again.signatures.push(signatureBy(MALLORY, again))
    again.signatures.sort((a, b) => compareUnits(a.fingerprint, b.fingerprint))
    const twice = statements.toSpliced(at + random.below(2), 0, again)
    return { bytes: withEvidence(base, twice), expected: inStatement(at + 1, 'evidence_unordered') }
  },
}
