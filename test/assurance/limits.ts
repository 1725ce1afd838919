import { MAX_LINE } from '../../src/core/lines.ts'
import { compareUnits, serialize } from '../reference/canonical.ts'
import type { Statement } from '../reference/shapes.ts'
import { idOf } from '../reference/verify.ts'
import type { Signer } from '../reference/writer.ts'
import { buildStatement, signerOf } from '../reference/writer.ts'
import type { Base, Mutant, Mutators } from './base.ts'
import { inStatement } from './base.ts'
import { MALLORY, spki } from './pool.ts'
import { planted } from './spelled.ts'

/**
 * One more than the format allows, where that takes a file of a megabyte and more: these come seldom, all in one turn
 * of the others (manifest-format, 2, 3).
 */
const MOST_BYTES = 16 * 1024 * 1024
const LONG = ['a'.repeat(1_000_001), '記'.repeat(1_000_001), '\ud83d\ude00'.repeat(500_001)]

/** Made once: their statements are signed, not the manifest that carries them. */
function once<Value>(make: () => Value): () => Value {
  let value: Value | undefined
  return () => (value ??= make())
}

const byId = (a: Statement, b: Statement) => compareUnits(idOf(a), idOf(b))
const toText = (statement: Statement) => serialize(statement)
const toLines = (statements: readonly Statement[]) =>
  Buffer.from(`"evidence":[\n${statements.toSorted(byId).map(toText).join(',\n')}\n],\n`)

/** 64 times 16 are allowed; one key of each statement is verified, the others are of another algorithm. */
const manySignatures = once(() => {
  const others = Array.from({ length: 15 }, (_, at): Signer =>
    signerOf(spki('302a300506032b656e032100', 32, at), () => Buffer.of(1)),
  )
  return toLines(
    Array.from({ length: 65 }, (_, at) => buildStatement('text/x', { at }, [MALLORY, ...others])),
  )
})

/** Three lines, each within its own limit; with their commas they have one byte too many. */
const manyBytes = once(() => {
  const make = (at: number, length: number) => {
    const statement = (pad: string) => buildStatement('text/x', { at, pad }, [MALLORY])
    return statement('x'.repeat(length - serialize(statement('')).length))
  }
  const large = MAX_LINE - 1000
  return toLines([make(1, large), make(2, large), make(3, MOST_BYTES + 1 - 2 - 2 * large)])
})

function withEvidenceLines(base: Base, lines: Uint8Array, at: number): Mutant {
  const rest = base.lines.slice(base.lineOf.format - 1).map((line) => `${line}\n`)
  const bytes = Buffer.concat([Buffer.from(`${base.lines[0]!}\n`), lines, Buffer.from(rest.join(''))])
  return { bytes: new Uint8Array(bytes), expected: inStatement(at, 'limit_exceeded') }
}

export const LIMITS: Mutators = {
  'content of more than 1,000,000 code units, hashed and signed': (base, random) =>
    planted(base, random, 'memory_invalid', { content: random.pick(LONG) }),
  'a memory in a line over 8 MiB, hashed and signed': (base, random) =>
    planted(base, random, 'line_too_long', {}, MAX_LINE + 1),
  'evidence of more than 1,024 signatures': (base) => withEvidenceLines(base, manySignatures(), 64),
  'evidence of more than 16 MiB': (base) => withEvidenceLines(base, manyBytes(), 2),
}
