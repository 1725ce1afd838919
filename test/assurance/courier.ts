import type { JsonObject } from '../reference/canonical.ts'
import { compareUnits } from '../reference/canonical.ts'
import type { Signature, Statement } from '../reference/shapes.ts'
import { idOf } from '../reference/verify.ts'
import type { Signer } from '../reference/writer.ts'
import { buildStatement, signStatement } from '../reference/writer.ts'
import type { Base, Mutator, Mutators } from './base.ts'
import { parseStatements, withEnvelope, withEvidence } from './base.ts'
import { isSkipped, MALLORY, SKIPPED } from './pool.ts'

/**
 * What the format lets anybody on the way do, who has no key of the issuer's: none of it is a forgery. The
 * result holds, with the same id, header, details and leaves as before (manifest-format, 1, 5).
 */
const inOrder = (statements: Statement[]) => statements.sort((a, b) => compareUnits(idOf(a), idOf(b)))

function withSignatures(base: Base, edit: (all: Signature[], header: JsonObject) => Signature[]): Uint8Array {
  return withEnvelope(base, (envelope) => {
    envelope.signatures = edit(envelope.signatures, envelope.header).sort((a, b) =>
      compareUnits(a.fingerprint, b.fingerprint),
    )
  })
}

const held = (bytes: Uint8Array) => ({ bytes, expected: null })

/** One more signature by a key that is not there yet. */
function countersigned(base: Base, signer: Signer): Uint8Array | null {
  if (base.signers.includes(signer)) return null
  return withSignatures(base, (all, header) => [
    ...all,
    ...signStatement(base.statement.type, header, [signer]).signatures,
  ])
}

const onSkipped =
  (edit: (all: Signature[], at: number) => Signature[]): Mutator =>
  (base) => {
    const at = base.statement.signatures.findIndex(isSkipped)
    return at < 0 ? null : held(withSignatures(base, (all) => edit(all, at)))
  }

export const COURIER: Mutators = {
  'courier: drops a statement of the evidence': (base, random) => {
    if (base.statements === 0) return null
    const statements = parseStatements(base).toSpliced(random.below(base.statements), 1)
    return held(withEvidence(base, statements))
  },
  'courier: drops all evidence': (base) => (base.statements === 0 ? null : held(withEvidence(base, []))),
  'courier: adds a statement of another manifest': (base, _, pool) => {
    const have = new Set(parseStatements(base).map(idOf))
    const other = pool.find(({ id }) => !have.has(id) && id !== base.id)!
    return held(withEvidence(base, inOrder([...parseStatements(base), other.statement])))
  },
  'courier: adds a statement of his own': (base, random) => {
    const own = buildStatement(random.hex(4), { __proto__: random.hex(4) }, [MALLORY])
    return held(withEvidence(base, inOrder([...parseStatements(base), own])))
  },
  'courier: strips a countersignature that is not listed': (base) => {
    const listed = (base.statement.header['signers'] ?? []) as string[]
    const gone = base.signers.find(
      (signer, at) => at > 0 && !isSkipped(signer) && !listed.includes(signer.fingerprint),
    )
    if (gone === undefined) return null
    return held(
      withSignatures(base, (all) => all.filter(({ fingerprint }) => fingerprint !== gone.fingerprint)),
    )
  },
  'courier: countersigns': (base) => {
    const bytes = countersigned(base, MALLORY)
    return bytes && held(bytes)
  },
  'courier: adds a signature of another algorithm': (base, random) => {
    const bytes = countersigned(base, random.pick(SKIPPED))
    return bytes && held(bytes)
  },
  'courier: strips a signature of another algorithm': onSkipped((all, at) => all.toSpliced(at, 1)),
  'courier: changes a signature of another algorithm': onSkipped((all, at) =>
    all.with(at, { ...all[at]!, signature: Buffer.alloc(1 + at, 3).toString('base64') }),
  ),
}
