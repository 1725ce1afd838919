import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { canonicalize } from '../reference/canonical.ts'
import type { ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement } from '../reference/writer.ts'
import { OTHERS } from './manifests.ts'
import { PLACES, readAt, readFile, utf8, watchInherited } from './places.ts'

const [ANA] = OTHERS as [Signer, Signer, Signer]
const SLOW = { timeout: 240_000 }
watchInherited()

const SPACES = [
  '\ufeff',
  '\u2028',
  '\u2029',
  '\u0085',
  '\u000b',
  '\u000c',
  '\u00a0',
  '\u3000',
  '\u200b',
  ' ',
  '\t',
  '\r',
]
const shown = (text: string) => `U+${text.codePointAt(0)!.toString(16).padStart(4, '0').toUpperCase()}`

describe('what other readers take for white space or the end of a line', SLOW, () => {
  const file: ManifestOptions = { memories: [{}, {}], evidence: [buildStatement('text/x', {}, [ANA])] }
  const { lines: good } = buildManifest(file)
  const places: [string, (line: string, space: string) => string][] = [
    ['before a line', (line, space) => space + line],
    ['after a line', (line, space) => line + space],
    ['before the comma', (line, space) => line.replace(/,?$/, (comma) => space + comma)],
    ['after a bracket', (line, space) => line.replace(/[[{]/, (bracket) => bracket + space)],
    ['before a bracket', (line, space) => line.replace(/[\]}](?=[^\]}]*$)/, (bracket) => space + bracket)],
    ['after a colon', (line, space) => line.replace(':', `:${space}`)],
    ['before a colon', (line, space) => line.replace(':', `${space}:`)],
    ['after a comma', (line, space) => line.replace(',', `,${space}`)],
  ]

  it.each(SPACES.map((space) => [shown(space), space]))('%s', async (_, space) => {
    for (const [name, change] of places) {
      for (const at of good.keys()) {
        const line = change(good[at]!, space)
        if (line === good[at]) continue
        const { failure } = await readFile(
          buildManifest({ ...file, lines: (lines) => lines.with(at, line) }).bytes,
        )
        // Before the whole file it is not a manifest's start: a byte order mark says it is no UTF-8 of ours.
        const isMark = at === 0 && name === 'before a line' && space === '\ufeff'
        expect(failure, `${name}, line ${at + 1}`).toMatchObject({
          code: isMark ? 'not_utf8' : 'not_canonical',
          line: at + 1,
        })
      }
    }
  })

  it.each(SPACES.map((space) => [shown(space), space]))('%s in the place of LF', async (_, space) => {
    for (const at of good.keys()) {
      const joined = (lines: string[]) =>
        at === lines.length - 1
          ? lines.with(at, lines[at]! + space)
          : lines.toSpliced(at, 2, lines[at]! + space + lines[at + 1]!)
      const { failure } = await readFile(buildManifest({ ...file, lines: joined }).bytes)
      expect(failure, `line ${at + 1}`).toMatchObject({ code: 'not_canonical', line: at + 1 })
    }
  })

  it('stands in text as it is', async () => {
    for (const space of [
      ...SPACES,
      '\u007f',
      '\u0000',
      '\u001f',
      '\n',
      '"',
      '\\',
      '/',
      '\ue000',
      '\uffff',
      '\u{10ffff}',
    ]) {
      const content = `${space}a${space}${space}`
      const { failure, memory } = await readFile(buildManifest({ memories: [{ content }] }).bytes)
      expect(failure, shown(space)).toBeNull()
      expect(memory['content']).toBe(content)
    }
  })

  const spellings: [string, spelled: string, value: string][] = [
    ...['\u0000', '\t', '\n', '\r', '\u000b', '\u001f'].map((unit): [string, string, string] => [
      `${shown(unit)} as it is`,
      unit,
      unit,
    ]),
    ...[
      '\u2028',
      '\u2029',
      '\u0085',
      '\ufeff',
      '\u00a0',
      '\u007f',
      'A',
      '/',
      '\t',
      '\n',
      '"',
      '\\',
      '\u001f',
      '\u{1f600}',
    ].map((unit): [string, string, string] => [
      `${shown(unit)} escaped with capitals or needlessly`,
      [...Array(unit.length).keys()]
        .map((at) => `\\u${unit.charCodeAt(at).toString(16).padStart(4, '0').toUpperCase()}`)
        .join(''),
      unit,
    ]),
    ['a solidus escaped', '\\/', '/'],
    ['two digits', '\\x41', 'A'],
    ['braces', '\\u{41}', 'A'],
    ['an escape that is none', '\\a', 'a'],
    ["an apostrophe's", "\\'", "'"],
  ]
  it.each(spellings)('no other spelling in text: %s', async (_, spelled, value) => {
    for (const place of PLACES) {
      // U+001F has this one spelling but for the case of its digits.
      const { failure } = await readAt(place, value, utf8(`"${spelled}"`))
      expect(failure?.code, place.name).toMatch(/^not_canonical$/)
      const name = { [value]: 1 }
      const { failure: named } = await readAt(place, name, utf8(`{"${spelled}":1}`))
      expect(named?.code, place.name).toMatch(/^not_canonical$/)
    }
  })
})

describe('surrogates', SLOW, () => {
  const escaped = [
    '\\ud800',
    '\\udbff',
    '\\udc00',
    '\\udfff',
    '\\ud800x',
    '\\udc00\\ud800',
    '\\ud800\\ud800\\udc00',
    '\\uDEAD',
  ]
  const bytes = [
    'eda080',
    'edbfbf',
    'eda080edb080',
    'f0808080',
    'c080',
    'f4908080',
    'ff',
    'c3',
    'e28080ff',
  ].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))

  it.each(PLACES)('alone, and bytes that are no character, are refused at $name', async (place) => {
    const quoted = (raw: Uint8Array) => [
      new Uint8Array(Buffer.concat([utf8('"'), raw, utf8('"')])),
      new Uint8Array(Buffer.concat([utf8('{"'), raw, utf8('":1}')])),
    ]
    for (const text of escaped) {
      for (const raw of quoted(utf8(text))) {
        // Hashed as U+FFFD, which encoders write for what they cannot: a lax reader would find nothing wrong.
        const value = JSON.parse(Buffer.from(raw).toString()) as Json
        expect(canonicalize(value)).toBeNull()
        expect((await readAt(place, value, raw)).failure, text).toMatchObject({
          code: 'not_canonical',
          line: place.line,
        })
      }
    }
    for (const raw of bytes.flatMap(quoted)) {
      const { failure } = await readAt(place, 'placeholder', raw)
      expect(failure, Buffer.from(raw).toString('hex')).toMatchObject({ code: 'not_utf8', line: place.line })
    }
  })
})

describe('text that looks the same', () => {
  const [composed, decomposed] = ['\u00e9', 'e\u0301']

  it('composed and decomposed stay two', async () => {
    const draft = (text: string): JsonObject => ({
      content: text,
      entity_id: text,
      event_type: text,
      id: text,
      tags: [text],
      metadata: { [text]: text },
    })
    const { bytes, leaves } = buildManifest({ memories: [draft(composed), draft(decomposed)] })
    const { failure, memory } = await readFile(bytes)
    expect(failure).toBeNull()
    expect(new Set(leaves).size).toBe(2)
    expect(memory['content']).toBe(composed)
    for (const name of ['content', 'entity_id', 'event_type', 'id']) {
      const two = buildManifest({ memories: [{ [name]: composed }] }).leaves[0]
      expect(two, name).not.toBe(buildManifest({ memories: [{ [name]: decomposed }] }).leaves[0])
    }
  })

  it('one put for the other is noticed', async () => {
    for (const [name, code] of [
      ['content', 'content_hash_mismatch'],
      ['entity_id', 'leaf_hash_mismatch'],
    ] as const) {
      const { bytes } = buildManifest({
        memories: [{ [name]: composed }],
        memory: (memory) => void (memory[name] = decomposed),
      })
      expect((await readFile(bytes)).failure).toMatchObject({ code, line: 5, index: 0 })
    }
  })

  it('both may be tags of one memory, in the order of their code units', async () => {
    const { failure, memory } = await readFile(
      buildManifest({ memories: [{ tags: [decomposed, composed] }] }).bytes,
    )
    expect(failure).toBeNull()
    expect(memory['tags']).toEqual([decomposed, composed])
    const other = await readFile(buildManifest({ memories: [{ tags: [composed, decomposed] }] }).bytes)
    expect(other.failure).toMatchObject({ code: 'memory_invalid', line: 5, index: 0 })
  })
})
