import { afterEach, expect } from 'vitest'
import type { Failure } from '../../src/core/verification.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import { verifyNaively } from '../reference/verify.ts'
import type { ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, ISSUER } from '../reference/writer.ts'
import { inChunks, memoriesOf, OTHERS } from './manifests.ts'

const [ANA, BO] = OTHERS as [Signer, Signer, Signer]
const NAME = 'x-here'
const SIZES: readonly (readonly number[])[] = [[], [1], [7, 65_536], [4096]]

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
    line: 5,
    options: (member) => ({ memories: [{ metadata: member }, {}] }),
    read: ({ memory }) => inner(memory, 'metadata'),
  },
  {
    name: 'an object in metadata',
    depth: 4,
    line: 5,
    options: (member) => ({ memories: [{ metadata: { a: member } }] }),
    read: ({ memory }) => inner(inner(memory, 'metadata'), 'a'),
  },
  {
    name: 'a memory',
    depth: 2,
    line: 5,
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
  if (raw === undefined) return bytes
  const file = Buffer.from(bytes)
  const written = Buffer.from(`${JSON.stringify(NAME)}:${serialize(value)}`)
  const at = file.indexOf(written)
  if (at < 0) throw new Error('the member is not in the file')
  const name = file.subarray(0, at + NAME.length + 3)
  return new Uint8Array(Buffer.concat([name, raw, file.subarray(at + written.length)]))
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
/** Reads a file in chunks of ever other sizes; what is found must be what the twin finds. */
export async function readFile(bytes: Uint8Array, sizes = SIZES[turn++ % SIZES.length]!): Promise<Reading> {
  // Byte by byte only what is small.
  const { failure, signed, evidence } = await verifyManifest(
    inChunks(bytes, bytes.length > 20_000 ? [65_521] : sizes),
  )
  expect(failure).toEqual(verifyNaively(bytes).failure)
  return {
    failure,
    memory: failure === null ? (memoriesOf(bytes)[0] as unknown as JsonObject) : {},
    header: (signed?.envelope.header ?? {}) as JsonObject,
    details: (signed?.envelope.details ?? {}) as JsonObject,
    evidence: (evidence[0]?.statement.header ?? {}) as JsonObject,
  }
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
