import { afterEach, expect } from 'vitest'
import { toHex } from '../../src/core/bytes.ts'
import type { Failure } from '../../src/core/verification.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import { sha256 } from '../reference/merkle.ts'
import { decodeBase64, hex } from '../reference/shapes.ts'
import { verifyNaively } from '../reference/verify.ts'
import type { ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, ISSUER } from '../reference/writer.ts'
import { inRuns, startKernels } from './lanes.ts'
import { inChunks, memoriesOf, OTHERS } from './manifests.ts'

const [ANA, BO] = OTHERS as [Signer, Signer, Signer]
const NAME = 'x-here'
const MARK = 'mark'
/** Where the first memory stands. */
const MEMORY_LINE = 5
const SIZES: readonly (readonly number[])[] = [[], [1], [7, 65_536], [4096]]
/** Bytes of a run: a line in several, about a line, all in one. */
const RUNS: readonly number[] = [97, 1000, 2 ** 20]
const kernels = startKernels()

/** What a reader was given of a file. */
export interface Reading {
  failure: Failure | null
  memory: JsonObject
  header: JsonObject
  details: JsonObject
  evidence: JsonObject
}

/** A member `x-here` somewhere in a manifest where any JSON may stand, and hashes and signatures cover it. */
export interface Place {
  name: string
  /** The level of the value itself; its limit is 32. */
  depth: number
  line: number
  options: (member: JsonObject) => ManifestOptions
  /** The object that the member stands in, as the reader gave it. */
  read: (reading: Reading) => JsonObject
}

const issuer = { fingerprint: ISSUER.fingerprint, label: ISSUER.label }
const inner = (object: JsonObject, name: string) => object[name] as JsonObject

export const PLACES: Place[] = [
  {
    name: 'metadata',
    depth: 3,
    line: MEMORY_LINE,
    options: (member) => ({ memories: [{ metadata: member }, {}] }),
    read: ({ memory }) => inner(memory, 'metadata'),
  },
  {
    name: 'an object in metadata',
    depth: 4,
    line: MEMORY_LINE,
    options: (member) => ({ memories: [{ metadata: { a: member } }, {}] }),
    read: ({ memory }) => inner(inner(memory, 'metadata'), 'a'),
  },
  {
    name: 'a memory',
    depth: 2,
    line: MEMORY_LINE,
    options: (member) => ({ memories: [member, {}] }),
    read: ({ memory }) => memory,
  },
  { name: 'the header', depth: 3, line: 1, options: (header) => ({ header }), read: ({ header }) => header },
  {
    name: 'issuer',
    depth: 4,
    line: 1,
    options: (member) => ({ header: { issuer: { ...issuer, ...member } } }),
    read: ({ header }) => inner(header, 'issuer'),
  },
  { name: 'details', depth: 3, line: 1, options: (details) => ({ details }), read: ({ details }) => details },
  {
    name: 'selection',
    depth: 4,
    line: 1,
    options: (member) => ({ details: { selection: member } }),
    read: ({ details }) => inner(details, 'selection'),
  },
  {
    name: "evidence's header",
    depth: 3,
    line: 3,
    options: (member) => ({ evidence: [buildStatement('text/x', member, [ANA])] }),
    read: ({ evidence }) => evidence,
  },
]

/** The file in which `value` stands at the place, with `raw` written for it if that is given. */
export function bytesAt(place: Place, value: Json, raw?: Uint8Array): Uint8Array {
  const { bytes } = buildManifest(place.options({ [NAME]: value }))
  return raw === undefined ? bytes : written(bytes, value, raw)
}

/** `bytes` with `raw` written for `value`, which stands in them once. */
function written(bytes: Uint8Array, value: Json, raw: Uint8Array): Uint8Array {
  const file = Buffer.from(bytes)
  const member = Buffer.from(`${JSON.stringify(NAME)}:${serialize(value)}`)
  const at = file.indexOf(member)
  if (at < 0) throw new Error('the member is not in the file')
  const name = file.subarray(0, at + NAME.length + 3)
  return new Uint8Array(Buffer.concat([name, raw, file.subarray(at + member.length)]))
}

/**
 * The file with `raw` at a place of the first memory, whose hashes are made over the bytes that are written: to who
 * hashes them as they lie, as the kernel does, nothing else is wrong with it.
 */
function bytesHashedAt(place: Place, raw: Uint8Array): Uint8Array {
  const spelled = (value: Json) => {
    const bytes = utf8(serialize(value))
    return Buffer.from(bytes).includes(`"${NAME}":`) ? written(bytes, MARK, raw) : bytes
  }
  const { bytes } = buildManifest({
    ...place.options({ [NAME]: MARK }),
    beforeLeaf: (memory, index) => {
      if (index > 0 || memory['metadata'] === undefined) return
      const blind = decodeBase64(memory['blind'], 'base64url')!
      const [content, metadata] = [utf8(memory['content'] as string), spelled(memory['metadata'])]
      memory['sealed_hash'] = hex(sha256(Uint8Array.of(2), blind, sha256(content), sha256(metadata)))
    },
    memory: (memory, index) => {
      if (index > 0) return
      const { blind, content, content_sha256, leaf_hash, metadata, ...record } = memory
      memory['leaf_hash'] = hex(sha256(Uint8Array.of(0), utf8('omega-memory/1\n'), spelled(record)))
    },
  })
  return written(bytes, MARK, raw)
}

/** The value that was read at the place; undefined where none was. */
export function valueAt(place: Place, reading: Reading): Json | undefined {
  return place.read(reading)[NAME]
}

/** Lines that are one JSON value: `raw` in the place of the whole of it. */
export const LINES: { name: string; line: number; bytes: (raw: Uint8Array) => Uint8Array }[] = [
  { name: 'a memory', line: 5, bytes: (raw) => withLine({ memories: [{}, {}] }, 5, '', raw, ',') },
  { name: 'the last memory', line: 6, bytes: (raw) => withLine({ memories: [{}, {}] }, 6, '', raw, '') },
  { name: 'the envelope', line: 1, bytes: (raw) => withLine({}, 1, '{"envelope":', raw, ',') },
  {
    name: 'a statement of the evidence',
    line: 3,
    bytes: (raw) =>
      withLine({ evidence: [ANA, BO].map((by) => buildStatement('text/x', {}, [by])) }, 3, '', raw, ','),
  },
]

function withLine(
  options: ManifestOptions,
  at: number,
  before: string,
  raw: Uint8Array,
  after: string,
): Uint8Array {
  const parts = buildManifest(options).lines.map((line, i) =>
    i === at - 1
      ? Buffer.concat([Buffer.from(before), raw, Buffer.from(`${after}\n`)])
      : Buffer.from(`${line}\n`),
  )
  return new Uint8Array(Buffer.concat(parts))
}

let turn = 0
/**
 * Reads a file plainly in chunks of ever other sizes, and in runs that each kernel is asked about first: all must
 * find what the twin finds, and make the same leaves of it.
 */
export async function readFile(bytes: Uint8Array): Promise<Reading> {
  const { failure, leaves } = verifyNaively(bytes)
  // Byte by byte only what is small.
  const isSmall = bytes.length <= 20_000
  const sizes = isSmall ? SIZES[turn % SIZES.length]! : [65_521]
  const runBytes = isSmall ? RUNS[turn % RUNS.length]! : RUNS.at(-1)!
  turn++
  const plain = await verifyManifest(inChunks(bytes, sizes))
  const [vectors, script] = await Promise.all(
    kernels.map((kernel) => verifyManifest(inChunks(bytes), inRuns(bytes, kernel, runBytes))),
  )
  for (const [how, found] of Object.entries({ plain, vectors: vectors!, script: script! })) {
    expect(found.failure, how).toEqual(failure)
    expect(toHex(found.leaves.toBytes()), how).toBe(leaves.join(''))
  }
  const { signed, evidence } = plain
  return {
    failure,
    memory: failure === null ? (memoriesOf(bytes)[0] as unknown as JsonObject) : {},
    header: (signed?.envelope.header ?? {}) as JsonObject,
    details: (signed?.envelope.details ?? {}) as JsonObject,
    evidence: (evidence[0]?.statement.header ?? {}) as JsonObject,
  }
}

/** Of files of which there are very many: all in the long run, else another third at each place. */
export const ONE_IN = process.env['OMEGA_ASSURE'] === '1' ? 1 : 3

/**
 * Reads the file in which `raw` is written for `value` at the place. At a memory also that whose hashes are over `raw`
 * itself: it too must be found to be what the first is.
 */
export async function readAt(place: Place, value: Json, raw: Uint8Array): Promise<Reading> {
  const reading = await readFile(bytesAt(place, value, raw))
  if (place.line !== MEMORY_LINE || (turn + PLACES.indexOf(place)) % ONE_IN !== 0) return reading
  const bytes = bytesHashedAt(place, raw)
  for (const kernel of kernels) {
    const { failure } = await verifyManifest(inChunks(bytes), inRuns(bytes, kernel, bytes.length))
    expect(failure, 'hashed as it is written').toEqual(reading.failure)
  }
  return reading
}

export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text))
}

/** What every value inherits. */
const inherited = () =>
  [Object, Array, String, Number, Boolean, Function, Map, Set].flatMap(({ prototype }) => [
    Reflect.getPrototypeOf(prototype as object),
    ...Reflect.ownKeys(prototype as object).flatMap((key) => {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(prototype as object, key)!
      return [key, value as unknown, get, set]
    }),
  ])

/** Nothing that a test reads from a file may change what every value inherits. */
export function watchInherited(): void {
  const before = inherited()
  afterEach(() => {
    const after = inherited()
    expect(after.length).toBe(before.length)
    expect(after.every((each, at) => Object.is(each, before[at]))).toBe(true)
  })
}
