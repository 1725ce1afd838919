import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import type { ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, leafHash } from '../reference/writer.ts'
import { OTHERS } from './manifests.ts'
import { bytesAt, PLACES, readAt, readFile, utf8, valueAt, watchInherited } from './places.ts'

const [ANA] = OTHERS as [Signer, Signer, Signer]
const SEED = 20261124
const SLOW = { timeout: 240_000 }
const object = (...members: [string, Json][]): JsonObject => Object.fromEntries(members)
watchInherited()

const HOSTILE = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf'],
  ...['__defineGetter__', '__lookupSetter__', 'toJSON', 'then', 'length', '0', '-1', '', ' ', 'get', 'set'],
  ...['critical', 'federation_origin', 'details', 'leaf_hash', 'content', 'signers'],
]
const leaf = fc.constantFrom<Json>(null, true, 1, '', 'polluted', [], {}, { polluted: true }, ['__proto__'])
const hostile = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 6 }, leaf, fc.array(tie('value'), { maxLength: 2 }), tie('object')),
  object: fc
    .array(fc.tuple(fc.constantFrom(...HOSTILE), tie('value')), { minLength: 1, maxLength: 4 })
    .map((members) => Object.fromEntries(members)),
}))

describe('names that objects inherit', SLOW, () => {
  it.each(PLACES)('are data below $name, and survive byte for byte', async (place) => {
    const property = fc.asyncProperty(hostile.object, async (value) => {
      const bytes = bytesAt(place, value)
      const reading = await readFile(bytes)
      expect(reading.failure).toBeNull()
      const read = valueAt(place, reading)!
      expect(serialize(read)).toBe(serialize(value))
      expect(isDeepStrictEqual(read, value)).toBe(true)
      expect(Buffer.from(bytes).includes(serialize(read))).toBe(true)
    })
    await fc.assert(property, { seed: SEED, numRuns: 40 })
  })

  const unused = HOSTILE.filter(
    (name) => !['critical', 'signers', 'content', 'leaf_hash', 'details'].includes(name),
  )
  it.each(unused)('%j as a member of a memory', async (name) => {
    const refused = ['__proto__', 'federation_origin'].includes(name)
    for (const value of [null, 1, {}, { polluted: true }, []]) {
      const bytes = buildManifest({ memories: [object([name, value])] }).bytes
      const { failure, memory } = await readFile(bytes)
      if (refused) expect(failure).toEqual({ layer: 'leaves', code: 'memory_invalid', line: 5, index: 0 })
      else {
        expect(failure).toBeNull()
        expect(Object.hasOwn(memory, name) && memory[name]).toEqual(value)
        // It is part of the leaf.
        expect(leafHash(memory)).not.toBe(leafHash(without(memory, name)))
      }
    }
  })

  it.each(unused)(
    '%j as a member of metadata, header, issuer, details, selection, evidence',
    async (name) => {
      for (const place of PLACES.filter(({ name }) => name !== 'a memory')) {
        const { bytes } = buildManifest(place.options(object([name, { polluted: true }])))
        const reading = await readFile(bytes)
        expect(reading.failure, place.name).toBeNull()
        const found = place.read(reading)
        expect(Object.hasOwn(found, name) && found[name], place.name).toEqual({ polluted: true })
        expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
      }
    },
  )

  it.each(unused)('%j as a member where none may join: envelope, statement, signature', async (name) => {
    const add = (target: JsonObject) =>
      void Object.defineProperty(target, name, { value: {}, enumerable: true, configurable: true })
    const signature = (target: JsonObject) => add((target['signatures'] as JsonObject[])[0]!)
    const statement = () => structuredClone(buildStatement('text/x', {}, [ANA]))
    for (const edit of [add, signature]) {
      const envelope = await readFile(buildManifest({ envelope: edit }).bytes)
      expect(envelope.failure).toMatchObject({ layer: 'signature', code: 'shape_invalid', line: 1 })
      const one = statement()
      edit(one)
      const evidence = await readFile(buildManifest({ orderedEvidence: (list) => void list.push(one) }).bytes)
      expect(evidence.failure).toMatchObject({ layer: 'evidence', code: 'shape_invalid', line: 3 })
    }
  })

  it.each(unused)('%j as what is critical', async (name) => {
    const absent = { critical: [name] }
    const present = object(['critical', [name]], [name, 1])
    const codeOf = async (options: ManifestOptions) =>
      (await readFile(buildManifest(options).bytes)).failure?.code
    expect(await codeOf({ memories: [absent] })).toBe('memory_invalid')
    expect(await codeOf({ header: absent })).toBe('shape_invalid')
    expect(await codeOf({ evidence: [buildStatement('text/x', absent, [ANA])] })).toBe('shape_invalid')
    expect(await codeOf({ header: present })).toBe('critical_unknown')
    expect(await codeOf({ evidence: [buildStatement('text/x', present, [ANA])] })).toBeUndefined()
    const refused = ['__proto__', 'federation_origin'].includes(name)
    expect(await codeOf({ memories: [present] })).toBe(refused ? 'memory_invalid' : undefined)
  })

  it('a memory with nothing but leaf_hash and such a name is none that is withheld', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'federation_origin']) {
      const line = serialize(object(['leaf_hash', 'ab'.repeat(32)], [name, {}]))
      const { failure } = await readFile(buildManifest({ lines: (lines) => lines.with(4, line) }).bytes)
      expect(failure).toMatchObject({ code: 'memory_invalid', line: 5, index: 0 })
    }
  })
})

function without(memory: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(memory).filter(([each]) => each !== name))
}

describe('a name twice', SLOW, () => {
  const twice = [
    '{"a":1,"a":1}',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":1}',
    '{"__proto__":{},"__proto__":{}}',
    '{"":0,"":0}',
    '[{"a":[{"b":1,"b":1}]}]',
  ]

  it.each(PLACES)('at $name', async (place) => {
    for (const text of twice) {
      const { failure } = await readAt(place, JSON.parse(text) as Json, utf8(text))
      expect(failure, text).toMatchObject({ code: 'not_canonical', line: place.line })
    }
  })

  it('each member that the format defines', async () => {
    const { lines } = buildManifest({
      memories: [{ metadata: {}, event_type: 'x' }],
      evidence: [buildStatement('text/x', {}, [ANA])],
    })
    let tried = 0
    for (const [at, line] of lines.entries()) {
      for (const [member] of line.matchAll(/"[a-z_0-9]+":(?:"[^"]*"|\d+|null|\[\]|\{\})/g)) {
        const doubled = line.replace(member, () => `${member},${member}`)
        const { bytes } = buildManifest({ lines: () => lines.with(at, doubled) })
        expect((await readFile(bytes)).failure, member).toMatchObject({ code: 'not_canonical', line: at + 1 })
        tried++
      }
    }
    expect(tried).toBeGreaterThan(25)
  })
})

/** First by UTF-16 code units (D800–DFFF), last by code points. */
const pair = fc.tuple(
  fc.integer({ min: 0x10000, max: 0x10ffff }),
  fc.integer({ min: 0xe000, max: 0xffff }),
  fc.string(),
)
const ordered = pair.map(([astral, unit, before]): [string, string] => {
  const lead = before.replaceAll(/[\p{Cc}\p{Surrogate}\u2028-\u202e\u2066-\u2069]/gu, '')
  return [lead + String.fromCodePoint(astral), lead + String.fromCharCode(unit)]
})

describe('order is that of UTF-16 code units, not of code points', SLOW, () => {
  const sorted: [string, (names: [string, string]) => ManifestOptions, code: string, line: number][] = [
    ['tags', (tags) => ({ memories: [{ tags }] }), 'memory_invalid', 5],
    ['tags of the selection', (tags) => ({ details: { selection: { tags } } }), 'shape_invalid', 1],
    [
      'critical, of a memory',
      (critical) => ({ memories: [{ ...members(critical), critical }] }),
      'memory_invalid',
      5,
    ],
    [
      'critical, in evidence',
      (critical) => ({ evidence: [buildStatement('text/x', { ...members(critical), critical }, [ANA])] }),
      'shape_invalid',
      3,
    ],
  ]
  const members = (names: readonly string[]): JsonObject => Object.fromEntries(names.map((name) => [name, 1]))

  it.each(sorted)('%s', async (_, options, code, line) => {
    const property = fc.asyncProperty(ordered, async ([first, second]) => {
      expect(first < second).toBe(true)
      expect((await readFile(buildManifest(options([first, second])).bytes)).failure).toBeNull()
      const { failure } = await readFile(buildManifest(options([second, first])).bytes)
      expect(failure).toMatchObject({ code, line })
    })
    await fc.assert(property, { seed: SEED, numRuns: 25 })
  })

  it('critical, of a manifest', async () => {
    const [first, second] = ['x\u{1f600}', 'x\uff5e']
    const codeOf = async (critical: string[]) =>
      (await readFile(buildManifest({ header: { ...members(critical), critical } }).bytes)).failure?.code
    expect(await codeOf([first, second])).toBe('critical_unknown')
    expect(await codeOf([second, first])).toBe('shape_invalid')
  })

  it.each(PLACES)('names of members at $name', async (place) => {
    const property = fc.asyncProperty(ordered, async ([first, second]) => {
      const value = members([first, second])
      const [one, two] = [first, second].map((name) => `${serialize(name)}:1`)
      const right = await readAt(place, value, utf8(`{${one},${two}}`))
      expect(right.failure).toBeNull()
      const wrong = await readAt(place, value, utf8(`{${two},${one}}`))
      expect(wrong.failure).toMatchObject({ code: 'not_canonical', line: place.line })
    })
    await fc.assert(property, { seed: SEED, numRuns: 15 })
  })

  it('evidence by id, whatever else would order it', async () => {
    const evidence = ['\u{1f600}', '\uff5e', 'a', 'Z'].map((note) => buildStatement(note, { note }, [ANA]))
    expect((await readFile(buildManifest({ evidence }).bytes)).failure).toBeNull()
    for (const by of ['type', 'none'] as const) {
      const { bytes } = buildManifest({
        evidence,
        orderedEvidence: (list) =>
          void (by === 'none' ? list.reverse() : list.push(structuredClone(list[0]!))),
      })
      expect((await readFile(bytes)).failure?.code).toBe('evidence_unordered')
    }
  })
})
