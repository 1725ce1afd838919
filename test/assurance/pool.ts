import type { Json, JsonObject } from '../reference/canonical.ts'
import { compareUnits } from '../reference/canonical.ts'
import type { Statement } from '../reference/shapes.ts'
import type { Draft, ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, signerNamed, signerOf } from '../reference/writer.ts'
import type { Base } from './base.ts'
import { linesOf } from './base.ts'
import { Random } from './random.ts'

/** The manifests that are mutated: a few hundred that hold, of many shapes, the same for the same seed. */
const SIZE = 240

export const ISSUERS = ['Issuer', 'Ana', 'Bo', 'Cy', 'Dee', 'Eve'].map(signerNamed)
/** Has a key, and is nobody's issuer and in nobody's list. */
export const MALLORY = signerNamed('Mallory')

/** Keys of other algorithms, made of fixed bytes: nothing here asks them for a signature that holds. */
export const spki = (prefix: string, length: number, fill: number) =>
  Buffer.concat([Buffer.from(prefix, 'hex'), Buffer.alloc(length, fill)])
export const SKIPPED: readonly Signer[] = [
  signerOf(
    spki('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 64, 7),
    () => Buffer.alloc(71, 5),
    'P-256',
  ),
  signerOf(spki('302a300506032b656e032100', 32, 9), () => Buffer.of(1), 'X25519'),
  signerOf(
    spki('308207b2300b0609608648016503040312038207a100', 1952, 3),
    () => Buffer.alloc(3309, 8),
    'ML-DSA',
  ),
]

/** Of a signer or of a signature. */
export function isSkipped({ fingerprint }: { readonly fingerprint: string }): boolean {
  return SKIPPED.some((signer) => signer.fingerprint === fingerprint)
}

const TEXTS = [
  'Meeting with the supplier on Tuesday.',
  'Zoë asked for the drawings.',
  'Zoe\u0308 asked again.',
  '記憶は残る',
  'שלום',
  '👩‍👩‍👧 👍🏽',
  '\ufeffstarts with a mark',
  'quote " backslash \\ slash / </script>',
  'line one\nline two\r\n\ttab',
  '\u0000\u0001\u001f\u007f\u2028\u2029',
  '{"envelope":{"header":1}}',
  '=1+1',
  'Å ﬁ ① Ω é',
  '',
]
const SHORT = [
  'project',
  'Zoë',
  'Zoe\u0308',
  '記憶',
  'שלום',
  '👩‍👩‍👧',
  '__proto__',
  'constructor',
  'a/b',
  '\ufb33',
  '\ud83d\ude00',
  'a'.repeat(256),
]
const NAMES = ['a', 'B', 'é', 'e\u0301', '__proto__', 'toString', '', '\u20ac', '\ud83d\ude00', '\ufb33']
const NUMBERS = [0, 1, -1, 7, 2 ** 53 - 1, 1 - 2 ** 53, 1.5e-7, 5e-324, 0.1, 333333333.3333333]
const TYPES = ['redaction', 'receipt', 'key-succession', 'key-revocation', 'trust-list', 'audit-export'].map(
  (kind) => `application/vnd.omega.${kind}.v1+json`,
)

function valueOf(random: Random, depth: number): Json {
  const kind = random.below(depth > 2 ? 4 : 6)
  if (kind === 0) return random.pick([null, true, false])
  if (kind === 1) return random.pick(NUMBERS)
  if (kind < 4) return random.pick(TEXTS)
  if (kind === 4) return Array.from({ length: random.below(4) }, () => valueOf(random, depth + 1))
  return objectOf(random, depth + 1)
}

function objectOf(random: Random, depth = 0): JsonObject {
  const names = random.some(NAMES).slice(0, 4)
  return Object.fromEntries(names.map((name) => [name, valueOf(random, depth)]))
}

function timeOf(random: Random): string {
  return new Date(random.next() * 1000 + random.below(1000)).toISOString()
}

const sorted = (texts: Iterable<string>) => [...new Set(texts)].sort(compareUnits)
const hashes = (random: Random, most: number) =>
  sorted(Array.from({ length: random.below(most + 1) }, () => random.hex(32)))

/** Members by name, each there once in so many. */
function perhaps(random: Random, members: Record<string, readonly [oneIn: number, value: () => Json]>) {
  const drawn = Object.entries(members).filter(([, [oneIn]]) => random.oneIn(oneIn))
  return Object.fromEntries(drawn.map(([name, [, value]]) => [name, value()]))
}

function draftOf(random: Random): Draft {
  return {
    content: random.oneIn(3) ? random.pick(TEXTS) : `${random.pick(TEXTS)} ${random.hex(6)}`,
    entity_id: random.pick(SHORT),
    tags: sorted(random.some(SHORT).slice(0, 4)),
    blind: Buffer.from(random.bytes(16)).toString('base64url'),
    id: random.oneIn(4) ? random.pick(SHORT) : `mem-${random.hex(16)}`,
    created_at: timeOf(random),
    ...perhaps(random, {
      event_type: [2, () => random.pick(['decision', 'lesson', 'memory'])],
      metadata: [2, () => objectOf(random)],
      supersedes: [5, () => hashes(random, 2)],
      author: [6, () => random.hex(32)],
      'x-private': [3, () => valueOf(random, 1)],
      'x-n': [2, () => random.below(1000)],
      later: [6, () => valueOf(random, 1)],
    }),
    ...(random.oneIn(10) ? { critical: ['x-must'], 'x-must': 1 } : {}),
  }
}

function signersOf(random: Random, mayBeSkipped: boolean): [Signer, ...Signer[]] {
  const issuer = random.pick(ISSUERS)
  const others = ISSUERS.filter((signer) => signer !== issuer)
  const more = random.pick([0, 0, 0, 1, 1, 2])
  const from = random.below(others.length - more + 1)
  const skipped = mayBeSkipped && random.oneIn(3) ? [random.pick(SKIPPED)] : []
  return [issuer, ...others.slice(from, from + more), ...skipped]
}

/** Who must have signed: everybody whose signature is verified; if not `isPlain`, also one of them, or nobody. */
function listOf(random: Random, signers: readonly Signer[], isPlain: boolean): JsonObject {
  const verified = sorted(
    signers.filter((signer) => !isSkipped(signer)).map(({ fingerprint }) => fingerprint),
  )
  return isPlain
    ? { signers: verified }
    : random.pick([{}, { signers: verified }, { signers: [random.pick(verified)] }])
}

function statementOf(random: Random, isPlain: boolean): Statement {
  const signers = signersOf(random, !isPlain)
  const list = listOf(random, signers, isPlain)
  if (random.oneIn(3)) {
    const sequence = random.between(2, 1000)
    const header = { ...list, sequence, previous: random.hex(32), created_at: timeOf(random) }
    return buildManifest({ signers, header }).statement
  }
  const type = random.oneIn(4) ? random.pick(['text/x', '', 'é/\u202e']) : random.pick(TYPES)
  const members = random.oneIn(6) ? { critical: ['x-must'], 'x-must': 1 } : {}
  return buildStatement(type, { ...list, ...members, value: valueOf(random, 1), at: random.hex(4) }, signers)
}

function headerOf(random: Random, issuer: Signer): JsonObject {
  const sequence = random.oneIn(2) ? 1 : random.between(2, 2 ** 31)
  return {
    created_at: timeOf(random),
    sequence,
    previous: sequence === 1 ? null : random.hex(32),
    issuer: {
      fingerprint: issuer.fingerprint,
      label: random.pick(SHORT),
      ...perhaps(random, { successor: [6, () => random.hex(32)] }),
    },
    ...perhaps(random, {
      expires_at: [3, () => timeOf(random)],
      later: [4, () => valueOf(random, 2)],
      ['__proto__']: [9, () => ({ sequence: 9 })],
    }),
  }
}

function detailsOf(random: Random): JsonObject {
  return {
    salt: Buffer.from(random.bytes(16)).toString('base64url'),
    selection: perhaps(random, {
      entity_id: [4, () => random.pick(SHORT)],
      origin: [5, () => random.pick(['own', 'imported'])],
      since: [3, () => timeOf(random)],
      tags: [3, () => sorted(random.some(SHORT))],
      tags_match: [5, () => random.pick(['all', 'any'])],
    }),
    ...perhaps(random, {
      audience: [3, () => hashes(random, 2)],
      note: [2, () => random.pick(TEXTS)],
      more: [8, () => valueOf(random, 1)],
    }),
  }
}

/** `isPlain`: every signature is verified and must stand, so that no byte of the file is free. */
function optionsOf(random: Random, isPlain: boolean): ManifestOptions {
  const signers = signersOf(random, !isPlain)
  const memories = Array.from({ length: random.between(1, random.oneIn(3) ? 12 : 4) }, () => draftOf(random))
  // Equal leaves are permitted (manifest-format, 4).
  if (random.oneIn(8)) memories.push(memories[0]!)
  const count = random.pick([0, 0, 1, 1, 2, 3])
  const evidence = Array.from({ length: count }, () => statementOf(random, isPlain))
  return {
    signers,
    memories,
    evidence,
    details: detailsOf(random),
    header: { ...headerOf(random, signers[0]), ...listOf(random, signers, isPlain) },
  }
}

function baseOf(options: ManifestOptions): Base {
  const manifest = buildManifest(options)
  const [statements, memories] = [options.evidence!.length, options.memories!.length]
  const lineOf = linesOf(statements, memories)
  return { ...manifest, options, signers: options.signers!, statements, memories, lineOf }
}

export interface Pool {
  readonly all: readonly Base[]
  /** No byte of these is a courier's to change but whole lines of evidence. */
  readonly plain: readonly Base[]
}

export function buildPool(seed: string): Pool {
  const all = Array.from({ length: SIZE }, (_, at) =>
    baseOf(optionsOf(new Random(`${seed}/base/${at}`), at % 3 === 0)),
  )
  return { all, plain: all.filter((_, at) => at % 3 === 0) }
}
