import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { isObject } from '../reference/canonical.ts'
import { verifyNaively } from '../reference/verify.ts'
import type { ManifestOptions } from '../reference/writer.ts'
import { buildManifest, ISSUER, leafHash, sealedHash, signStatement } from '../reference/writer.ts'
import { chunkSizes, json, manifestOptions, OTHERS, P256, verify } from './manifests.ts'

/** A fixed seed: the same files in each run, a failure that comes back. */
const SEED = 20261122

it('finds in files that hold the same leaves and id as its slow twin, whatever the chunks', async () => {
  await fc.assert(
    fc.asyncProperty(manifestOptions(40), chunkSizes, async (options, sizes) => {
      const { bytes, id, leaves } = buildManifest(options)
      expect(verifyNaively(bytes)).toEqual({ failure: null, leaves, id })
      expect(await verify(bytes, sizes)).toEqual({ failure: null, leaves, id })
    }),
    { seed: SEED, numRuns: 80 },
  )
})

it('reads a file byte by byte', async () => {
  const { bytes, id, leaves } = buildManifest({
    memories: [{}, { content: '\ud83d\ude00' }],
    evidence: [buildManifest().statement],
  })
  expect(await verify(bytes, [1])).toEqual({ failure: null, leaves, id })
})

/** Values that members are replaced by: of every kind, and near what is allowed. */
const odd: fc.Arbitrary<Json> = fc.oneof(
  json.value,
  fc.constantFrom<Json[]>(
    ...[
      null,
      true,
      0,
      -1,
      1,
      2,
      1.5,
      2 ** 32,
      '',
      'x',
      'ab'.repeat(32),
      'AB'.repeat(32),
      'ab'.repeat(16),
      '2026-02-30T00:00:00.000Z',
    ],
    ...[
      '1970-01-01T00:00:00.000Z',
      '1969-12-31T23:59:59.999Z',
      '2026-01-02T03:04:05Z',
      'a\u2028',
      'a'.repeat(257),
      'AAAAAAAAAAAAAAAAAAAAAB',
      'AA==',
    ],
    ...[
      [],
      {},
      ['a'],
      ['a', 'a'],
      ['b', 'a'],
      [1],
      ['ab'.repeat(32)],
      [ISSUER.fingerprint],
      [P256.fingerprint],
      ['critical'],
      ['nowhere'],
      ['x-known'],
    ],
  ),
)

/** One edit of one member of whatever object it is given; `at` picks among the names it finds there. */
interface Edit {
  at: number
  deeper: boolean
  what: 'replace' | 'delete' | 'add'
  name: string
  value: Json
}
const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  deeper: fc.boolean(),
  what: fc.constantFrom('replace', 'replace', 'delete', 'add'),
  name: fc.constantFrom(
    'critical',
    'expires_at',
    'signers',
    'metadata',
    'provenance',
    'supersedes',
    'federation_origin',
    '__proto__',
    'x-known',
    'zzz',
  ),
  value: odd,
})

function apply({ at, deeper, what, name, value }: Edit, target: JsonObject): void {
  const names = Object.keys(target)
  const chosen = names[at % names.length] ?? name
  const inner = target[chosen]
  const list = Array.isArray(inner) ? inner[0] : inner
  if (deeper && isObject(list))
    return apply({ at: Math.floor(at / 7), deeper: false, what, name, value }, list)
  if (what === 'delete') Reflect.deleteProperty(target, chosen)
  else
    Object.defineProperty(target, what === 'add' ? name : chosen, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
}

type Mutant = (options: ManifestOptions) => Uint8Array

function spliced(bytes: Uint8Array, from: number, count: number, ...insert: number[]): Uint8Array {
  return Uint8Array.of(...bytes.subarray(0, from), ...insert, ...bytes.subarray(from + count))
}

const byLine = (change: (lines: string[], at: number) => string[]) =>
  fc.nat().map(
    (at): Mutant =>
      (options) =>
        buildManifest({ ...options, lines: (lines) => change(lines, at % lines.length) }).bytes,
  )

/** A hand at each stage at which a forger, a courier or a faulty disk could be. */
const mutants: Record<string, fc.Arbitrary<Mutant>> = {
  'a byte changed': fc
    .tuple(fc.nat(), fc.oneof(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 255 })))
    .map(([at, bits]) => (options) => {
      const { bytes } = buildManifest(options)
      return spliced(bytes, at % bytes.length, 1, bytes[at % bytes.length]! ^ bits)
    }),
  'a byte gone or come': fc
    .tuple(fc.nat(), fc.boolean(), fc.nat(255))
    .map(([at, gone, byte]) => (options) => {
      const { bytes } = buildManifest(options)
      return gone ? spliced(bytes, at % bytes.length, 1) : spliced(bytes, at % bytes.length, 0, byte)
    }),
  'cut off': fc.nat().map((at) => (options) => {
    const { bytes } = buildManifest(options)
    return bytes.slice(0, at % bytes.length)
  }),
  'something after the end': fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => (options) => {
    const { bytes } = buildManifest(options)
    return spliced(bytes, bytes.length, 0, ...more)
  }),
  'a line gone': byLine((lines, at) => lines.toSpliced(at, 1)),
  'a line twice': byLine((lines, at) => lines.toSpliced(at, 0, lines[at]!)),
  'a line swapped with the next': byLine((lines, at) =>
    lines.toSpliced(at, 2, ...lines.slice(at, at + 2).reverse()),
  ),
  'a comma more or less': byLine((lines, at) =>
    lines.with(at, lines[at]!.endsWith(',') ? lines[at]!.slice(0, -1) : `${lines[at]},`),
  ),
  'a line of another file put in': byLine((lines, at) =>
    lines.toSpliced(at, 0, buildManifest().lines[at % 6]!),
  ),
  'details edited and signed': edit.map((one) => (options) => {
    const details: JsonObject = structuredClone({ selection: {}, note: '', ...options.details })
    apply(one, details)
    return buildManifest({ ...options, details }).bytes
  }),
  'header edited and signed': edit.map(
    (one) => (options) => buildManifest({ ...options, beforeSigning: (header) => apply(one, header) }).bytes,
  ),
  'envelope edited': edit.map(
    (one) => (options) => buildManifest({ ...options, envelope: (envelope) => apply(one, envelope) }).bytes,
  ),
  'a memory edited and hashed': fc.tuple(edit, fc.nat()).map(
    ([one, which]) =>
      (options) =>
        buildManifest({
          ...options,
          beforeLeaf: (memory, index) => {
            if (index !== which % options.memories!.length) return
            apply(one, memory)
            if (typeof memory['blind'] === 'string' && typeof memory['content'] === 'string') {
              memory['sealed_hash'] = sealedHash(memory)
            }
          },
        }).bytes,
  ),
  'a memory edited': fc.tuple(edit, fc.nat(), fc.boolean()).map(
    ([one, which, hashed]) =>
      (options) =>
        buildManifest({
          ...options,
          memory: (memory, index) => {
            if (index === which % options.memories!.length) apply(one, memory)
            if (hashed) memory['leaf_hash'] = leafHash(memory)
          },
        }).bytes,
  ),
  'evidence edited': fc.tuple(edit, fc.nat(), fc.boolean()).map(
    ([one, which, signed]) =>
      (options) =>
        buildManifest({
          ...options,
          orderedEvidence: (list) => {
            const at = which % Math.max(1, list.length)
            const statement = (list[at] ?? structuredClone(buildManifest().statement)) as JsonObject
            list[at] = statement
            if (!signed) return apply(one, statement)
            const header = structuredClone(statement['header']) as JsonObject
            apply(one, header)
            list[at] = signStatement(statement['type'] as string, header, [OTHERS[1]!, ISSUER])
          },
        }).bytes,
  ),
  'evidence out of order': fc.constant(
    (options) => buildManifest({ ...options, orderedEvidence: (list) => void list.reverse() }).bytes,
  ),
}

it.each(Object.entries(mutants))('answers as its slow twin: %s', async (_, mutant) => {
  await fc.assert(
    fc.asyncProperty(manifestOptions(4), mutant, chunkSizes, async (options, mutate, sizes) => {
      const bytes = mutate(options)
      const expected = verifyNaively(bytes)
      expect(await verify(bytes, sizes)).toEqual(expected)
    }),
    { seed: SEED, numRuns: 40 },
  )
})
