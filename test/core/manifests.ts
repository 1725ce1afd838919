import fc from 'fast-check'
import type { Failure, VerifyOptions } from '../../src/core/verification.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { toHex } from '../../src/core/bytes.ts'
import { parseCanonical } from '../../src/core/canonical.ts'
import { parseMemory, type Memory } from '../../src/core/memory.ts'
import type { Json, JsonObject } from '../reference/canonical.ts'
import type { Draft, ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, ISSUER, signerNamed, twinSigner } from '../reference/writer.ts'

/** What both verifiers answer, in one form. */
export interface Answer {
  failure: Failure | null
  leaves: string[]
  id: string | null
}

/** Sizes are used in turn; without any the file comes whole. */
export async function* inChunks(
  bytes: Uint8Array,
  sizes: readonly number[] = [],
): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    // A fresh array each time, as a stream gives it: nobody may lean on the bytes behind.
    yield bytes.slice(at, at + size)
    at += size
  }
}

export async function verify(
  bytes: Uint8Array,
  sizes: readonly number[] = [],
  options: VerifyOptions = {},
): Promise<Answer> {
  const { failure, signed, leaves } = await verifyManifest(inChunks(bytes, sizes), options)
  return { failure, leaves: toHex(leaves.toBytes()).match(/.{64}/g) ?? [], id: signed?.id ?? null }
}

/** RSA and P-256 keys are made once: they cost time. */
export const P256 = twinSigner('P-256')
export const RSA = twinSigner('RSA')
export const OTHERS = ['Ana', 'Bo', 'Cy'].map(signerNamed)

/** Short strings as people and machines write them: marks, emoji, right to left, a byte order mark. */
const shortString = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isAllowedInShort),
  fc.constantFrom(
    'Zoë',
    'Zoe\u0308',
    '記憶',
    'שלום',
    '👩‍👩‍👧',
    '\ufeffx',
    '__proto__',
    'constructor',
    'a'.repeat(256),
  ),
)

function isAllowedInShort(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- the rule is about control characters
  return text.length <= 256 && !/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.test(text)
}

const content = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '',
    '\n',
    '\u2028\u2029\u0000\u007f"\\/',
    '\ufeff',
    'é',
    'e\u0301',
    '\ud83d\ude00'.repeat(50),
  ),
)
const number = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, 2 ** 53 - 1, 1 - 2 ** 53, 1.5e-7, 5e-324, 0.1, 333333333.3333333),
)
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('__proto__', 'toString', '', '\u20ac', '\ud83d\ude00', '\ufb33'),
)
/** Members are defined, not assigned, so that `__proto__` is a name like any other. */
const json = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(fc.constantFrom(null, true, false), number, content),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(name, tie('value')), { maxLength: 4 })
    .map((members) => Object.fromEntries(members)),
}))
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex)
const time = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map((at) => at.toISOString())
const ascending = <Item>(item: fc.Arbitrary<Item>, maxLength: number) =>
  fc.uniqueArray(item, { maxLength }).map((items) => items.sort())

const draft: fc.Arbitrary<Draft> = fc.record(
  {
    author: hash,
    content,
    created_at: time,
    entity_id: shortString,
    event_type: shortString,
    id: shortString,
    metadata: json.object,
    supersedes: ascending(hash, 2),
    tags: ascending(shortString, 4),
    'x-private': json.value,
    later: json.value,
  },
  { requiredKeys: [] },
)

const signers = fc
  .subarray([ISSUER, P256, RSA, ...OTHERS], { minLength: 1 })
  .map((some) => [some.find((signer) => signer !== P256 && signer !== RSA) ?? ISSUER, ...some])
  .map((some) => [...new Set(some)] as [Signer, ...Signer[]])

const evidence = fc.uniqueArray(
  fc.oneof(
    fc.integer({ min: 1, max: 1000 }).map((sequence) => {
      const previous = sequence === 1 ? null : 'ab'.repeat(32)
      return buildManifest({ signers: [OTHERS[1]!], header: { sequence, previous } }).statement
    }),
    fc
      .tuple(
        fc.constantFrom('application/vnd.omega.receipt.v1+json', 'text/x', '', 'é\u202e'),
        json.value,
        signers,
      )
      .map(([type, value, by]) => buildStatement(type, { value }, by)),
  ),
  { maxLength: 4, selector: ({ header, type }) => JSON.stringify([type, header]) },
)

/** Options of manifests that hold; what is random in them is shown by fast-check when a test fails. */
export const manifestOptions = (maxMemories: number): fc.Arbitrary<ManifestOptions> =>
  fc
    .record({
      memories: fc.array(draft, { minLength: 1, maxLength: maxMemories }),
      signers,
      evidence,
      details: fc.record(
        {
          note: content,
          audience: ascending(hash, 2),
          selection: fc.record({ since: time, tags: ascending(shortString, 2) }, { requiredKeys: [] }),
          more: json.value,
        },
        { requiredKeys: [] },
      ),
      header: fc.record(
        { created_at: time, expires_at: time, later: json.value, sequence: fc.constant(7), previous: hash },
        { requiredKeys: ['sequence', 'previous'] },
      ),
    })
    .map((options) => options satisfies ManifestOptions)

export const chunkSizes = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3000 })), {
  minLength: 1,
  maxLength: 5,
})
export { json }

/** The memories of a file that holds, as the product reads them. */
export function memoriesOf(bytes: Uint8Array): Memory[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n')
  return lines
    .slice(lines.indexOf('"memories":[') + 1, -2)
    .map((line) => parseMemory(parseCanonical(line.replace(/,$/, ''))))
}
