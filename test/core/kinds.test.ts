import { describe, expect, it } from 'vitest'
import { verifyStatementFile } from '../../src/core/statement-file.ts'
import type { JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import type { Statement } from '../reference/shapes.ts'
import { MANIFEST_TYPE } from '../reference/shapes.ts'
import type { Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, signStatement } from '../reference/writer.ts'
import { OTHERS } from './manifests.ts'
import { definedFor, KINDS as OTHER_KINDS, statementOf } from './kind-headers.ts'
import { codeOf, failureOf, inEvidence, onLine1 } from './findings.ts'

const [ANA, BO] = OTHERS as [Signer, Signer, Signer]
const KINDS = [
  'federation-manifest',
  'audit-export',
  'redaction',
  'receipt',
  'key-succession',
  'key-revocation',
  'trust-list',
  'verification-report',
].map((kind) => `application/vnd.omega.${kind}.v1+json`)
const PAIRS = KINDS.flatMap((signed) => KINDS.map((presented) => [signed, presented] as const))
const hash = 'ab'.repeat(32)

/** Has the members of every kind, so that none is told from another by its shape: only the type is left. */
const EVERYTHING: JsonObject = {
  ...buildManifest({ signers: [ANA] }).statement.header,
  entries: [],
  manifest: hash,
  manifest_issuer: ANA.fingerprint,
  ...{ imported: 1, already_local: 0, deleted_here: 0, withheld: 0, not_understood: 0 },
  ...{ from: 1, tree_size: 1, last_row_hash: hash },
  predecessor: ANA.fingerprint,
  successor: { fingerprint: BO.fingerprint, label: 'Bo', public_key_pem: BO.pem },
  ...{ key: ANA.fingerprint, last_valid: [], reason: 'lost' },
  ...{ report: {}, file_sha256: hash },
}

describe('a statement of one kind presented as another', () => {
  const presentedAs = (type: string, signed: string): Statement => {
    return { ...signStatement(signed, EVERYTHING, [ANA]), type }
  }

  it('tries all 56 pairs of the eight kinds', () => {
    expect(MANIFEST_TYPE).toBe(KINDS[0])
    expect(PAIRS.filter(([signed, presented]) => signed !== presented)).toHaveLength(56)
  })

  it.each(PAIRS)('%s as %s', async (signed, presented) => {
    const same = signed === presented
    const statement = presentedAs(presented, signed)
    const evidence = await failureOf({ orderedEvidence: (list) => void list.push(statement) })
    expect(evidence).toEqual(same ? null : inEvidence('signature_invalid'))

    expect(await codeOf(verifyStatementFile(alone(statement)))).toBe(same ? 'ok' : 'signature_invalid')

    // The envelope of a manifest: what it is called, then what was signed.
    const envelope = await failureOf({
      signers: [ANA],
      envelope: (value) => {
        const signatures = signStatement(signed, value['header'] as JsonObject, [ANA]).signatures
        Object.assign(value, { signatures, type: presented })
      },
    })
    if (presented !== MANIFEST_TYPE) expect(envelope).toEqual(onLine1('type_mismatch'))
    else expect(envelope).toEqual(same ? null : onLine1('signature_invalid'))
  })

  it.each(KINDS.slice(1))('%s with the header of its own kind as a manifest', async (type) => {
    const own = buildStatement(type, { manifest: hash, entries: [] }, [ANA])
    const evidence = await failureOf({
      orderedEvidence: (list) => void list.push({ ...own, type: MANIFEST_TYPE }),
    })
    expect(evidence).toEqual(inEvidence('shape_invalid'))
    const envelope = await failureOf({
      signers: [ANA],
      envelope: (value) => void Object.assign(value, own, { type: MANIFEST_TYPE }),
    })
    expect(envelope).toEqual(onLine1('shape_invalid'))
  })

  it.each([
    ['another version', KINDS[0]!.replace('v1', 'v2'), 'version_unsupported'],
    ['capitals', KINDS[0]!.toUpperCase(), 'type_mismatch'],
    ['a space after', `${KINDS[0]!} `, 'type_mismatch'],
    ['a length moved into it', `${KINDS[0]!} 2`, 'type_mismatch'],
    ['nothing', '', 'type_mismatch'],
  ])('the type with %s', async (_, type, code) => {
    const envelope = await failureOf({ signers: [ANA], envelope: (value) => void (value['type'] = type) })
    expect(envelope).toEqual(onLine1(code))
    const statement = presentedAs(type, MANIFEST_TYPE)
    expect(await failureOf({ orderedEvidence: (list) => void list.push(statement) })).toEqual(
      inEvidence('signature_invalid'),
    )
  })
})

describe('critical in a statement of a kind', () => {
  const defined = OTHER_KINDS.flatMap((kind) => definedFor(kind).map((name) => [kind, name] as const))

  it('tries every member of clause 8', () => expect(defined).toHaveLength(26))

  it.each(defined)('%s: %s is defined, so it cannot be named', async (kind, name) => {
    const members = { critical: [name], ...(name === 'previous_export' ? { [name]: null } : {}) }
    const statement = statementOf(kind, members)
    const evidence = await failureOf({ orderedEvidence: (list) => void list.push(statement) })
    expect(evidence).toEqual(inEvidence('shape_invalid'))
    expect(await codeOf(verifyStatementFile(alone(statement)))).toBe('shape_invalid')
  })

  it.each(OTHER_KINDS)('%s: a member that it does not define has no effect as evidence', async (kind) => {
    const statement = statementOf(kind, { critical: ['later'], later: 1 })
    expect(await failureOf({ orderedEvidence: (list) => void list.push(statement) })).toBeNull()
    expect(await codeOf(verifyStatementFile(alone(statement)))).toBe('critical_unknown')
  })

  it.each(OTHER_KINDS)('%s with the header that clause 8 gives it', async (kind) => {
    const statement = statementOf(kind)
    expect(await failureOf({ orderedEvidence: (list) => void list.push(statement) })).toBeNull()
    expect(await codeOf(verifyStatementFile(alone(statement)))).toBe('ok')
  })
})

function alone(statement: Statement): Uint8Array {
  return new TextEncoder().encode(`${serialize({ format: 'omega-statement/1', statement })}\n`)
}
