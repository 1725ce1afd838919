import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ByteList,
  concat,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  isHex,
  toBase64,
  toBase64Url,
  toHex,
} from '../../src/core/bytes.ts'
import { canonicalize, parseCanonical } from '../../src/core/canonical.ts'
import { ExchangeError, fromWire, toWire } from '../../src/core/errors.ts'
import { LineSplitter } from '../../src/core/lines.ts'
import { createMemory, parseMemory, reviseMemory } from '../../src/core/memory.ts'
import { normalizeSelection } from '../../src/core/selection.ts'
import { fromTime, isAscending, isShortString, isTime, toAscending, toTime } from '../../src/core/text.ts'
import * as naive from '../reference/canonical.ts'
import { buildMemory, ISSUER } from '../reference/writer.ts'
import { json } from './manifests.ts'

/** The plain rules of manifest-format, 0, and the small things that all else stands on. */
const SEED = 20261122
const withCode = (code: string) => expect.objectContaining({ code }) as Error

describe('bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 100 })

  it('encodes and decodes as Node does', () => {
    fc.assert(
      fc.property(bytes, (bytes) => {
        const node = Buffer.from(bytes)
        expect([toHex(bytes), toBase64(bytes), toBase64Url(bytes)]).toEqual(
          (['hex', 'base64', 'base64url'] as const).map((encoding) => node.toString(encoding)),
        )
        expect(fromHex(toHex(bytes))).toEqual(bytes)
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes)
      }),
      { seed: SEED },
    )
  })

  it('takes one spelling only', () => {
    const alphabet = fc.constantFrom(...'AQgwBb9+/-_= \n')
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 9 }), (text) => {
        const same = (encoding: 'base64' | 'base64url') =>
          Buffer.from(text, encoding).toString(encoding) === text
        expect(fromBase64(text) !== null).toBe(same('base64'))
        expect(fromBase64Url(text) !== null).toBe(same('base64url'))
      }),
      { seed: SEED, numRuns: 1000 },
    )
  })

  it.each(['AB', 'ab ', 'abc', 'gg', '', 'ab\n', 5, null])('does not take %j for a byte in hex', (value) => {
    expect(isHex(value, 1)).toBe(false)
  })

  it('keeps what it is given, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 12 }), (parts) => {
        const list = new ByteList()
        for (const part of parts) list.push(part)
        const whole = Uint8Array.from(parts.flatMap((part) => [...part]))
        expect(list.toBytes()).toEqual(whole)
        expect(list.length).toBe(whole.length)
        expect(concat(...parts)).toEqual(whole)
        expect(equalBytes(concat(...parts), whole)).toBe(true)
        expect(equalBytes(Uint8Array.of(...whole, 0), whole)).toBe(false)
      }),
      { seed: SEED, numRuns: 50 },
    )
  })
})

describe('canonical JSON', () => {
  it('writes and reads what its slow twin does', () => {
    fc.assert(
      fc.property(json.value, (value) => {
        const text = naive.canonicalize(value)!
        expect(canonicalize(value)).toBe(text)
        expect(parseCanonical(text)).toEqual(value)
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it.each([
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    ' 1',
    '1 ',
    '1.0',
    '1e3',
    '-0',
    '"\\u0041"',
    '"\\/"',
    '"\\u00e9"',
    '\ufeff1',
    '9007199254740992',
    '1e400',
    '"\\ud800"',
    '{"\\udfff":1}',
    '',
    'undefined',
    "'a'",
    '[1,]',
  ])('refuses %s', (text) => {
    expect(() => parseCanonical(text)).toThrow(withCode('not_canonical'))
    expect(naive.parseCanonical(text)).toBeUndefined()
  })

  it('counts levels from where the value stands', () => {
    const nest = (depth: number): unknown => (depth === 0 ? 0 : [nest(depth - 1)])
    expect(() => canonicalize(nest(32))).not.toThrow()
    expect(() => canonicalize(nest(33))).toThrow(withCode('not_canonical'))
    expect(() => canonicalize(nest(32), 2)).toThrow(withCode('not_canonical'))
  })

  it.each([undefined, NaN, Infinity, 1n, () => 1, Symbol('a'), { a: undefined }])(
    'has no form for %s',
    (value) => {
      expect(() => canonicalize(value)).toThrow(withCode('not_canonical'))
    },
  )
})

describe('text', () => {
  it.each(['a', 'a'.repeat(256), '\ud83d\ude00'.repeat(128), ' ', '\u00a0', '\u200d', 'é'])(
    'takes %j for a short string',
    (text) => {
      expect(isShortString(text)).toBe(true)
    },
  )
  it.each([
    '',
    'a'.repeat(257),
    '\ud83d\ude00'.repeat(128) + 'a',
    '\n',
    'a\u202eb',
    '\u2028',
    '\u0085',
    '\u2066',
    '\ud800',
    5,
    null,
    ['a'],
  ])('does not take %j for a short string', (text) => expect(isShortString(text)).toBe(false))

  it.each(['1970-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z', '2024-02-29T12:00:00.000Z'])(
    'takes %s for a time',
    (time) => {
      expect(isTime(time)).toBe(true)
      expect(toTime(fromTime(time))).toBe(time)
    },
  )
  it.each([
    ...[
      '1969-12-31T23:59:59.999Z',
      '2023-02-29T12:00:00.000Z',
      '2026-01-01T24:00:00.000Z',
      '2026-01-01T00:00:60.000Z',
      '2026-13-01T00:00:00.000Z',
    ],
    ...[
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.0000Z',
      '2026-01-01T00:00:00.000+00:00',
      '2026-01-01t00:00:00.000z',
      '+010000-01-01T00:00:00.000Z',
    ],
    ...['2026-01-01', '٢٠٢٦-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z\n', 0, null],
  ])('does not take %j for a time', (time) => expect(isTime(time)).toBe(false))

  it('puts in ascending order by UTF-16 code units, each once', () => {
    expect(toAscending(['\ufb33', 'b', '\ud83d\ude00', 'a', 'b'])).toEqual([
      'a',
      'b',
      '\ud83d\ude00',
      '\ufb33',
    ])
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 4 })), (texts) => {
        const ascending = toAscending(texts)
        expect(isAscending(ascending)).toBe(true)
        expect(new Set(ascending)).toEqual(new Set(texts))
        expect(ascending).toEqual([...new Set(texts)].sort(naive.compareUnits))
      }),
      { seed: SEED },
    )
    expect(isAscending(['a', 'a'])).toBe(false)
  })
})

describe('lines', () => {
  it('finds the same lines whatever the chunks', () => {
    const pieces = fc.array(fc.uint8Array({ max: 12, maxLength: 9 }), { maxLength: 9 })
    fc.assert(
      fc.property(pieces, (chunks) => {
        const whole = Buffer.concat(chunks)
        const splitter = new LineSplitter()
        const found: { number: number; offset: number; text: string }[] = []
        for (const chunk of chunks) {
          for (const { bytes, ...place } of splitter.push(chunk)) found.push({ ...place, text: toHex(bytes) })
        }
        const expected = whole
          .toString('latin1')
          .split('\n')
          .map((text) => Buffer.from(text, 'latin1').toString('hex'))
        expect([...found.map(({ text }) => text), toHex(splitter.rest)]).toEqual(expected)
        expect(splitter.number).toBe(expected.length)
        found.forEach(({ number, offset, text }, at) => {
          expect(number).toBe(at + 1)
          expect(toHex(whole.subarray(offset, offset + text.length / 2))).toBe(text)
        })
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})

describe('a memory that is made here', () => {
  const draft = { content: 'c', created_at: '2026-01-02T03:04:05.678Z', entity_id: 'e', tags: ['a', 'b'] }
  const random = { blind: new Uint8Array(16), idBytes: new Uint8Array(16) }

  it('is the one the slow writer makes', () => {
    for (const more of [
      {},
      { metadata: { b: 1, a: [] } },
      { event_type: 'lesson', supersedes: ['ab'.repeat(32)] },
    ]) {
      const id = `mem-${'0'.repeat(32)}`
      const expected = buildMemory({ ...draft, ...more, blind: 'A'.repeat(22), id }, 0, ISSUER)
      const made = createMemory({ ...draft, ...more }, ISSUER.fingerprint, random)
      expect(canonicalize(made)).toBe(naive.canonicalize(expected))
      expect(parseMemory(made)).toEqual(made)
    }
  })

  it('keeps the id of the one it revises and has a leaf of its own', () => {
    const first = createMemory(draft, ISSUER.fingerprint, random)
    const second = reviseMemory({ ...draft, content: 'd' }, ISSUER.fingerprint, random.blind, first.id)
    expect(second.id).toBe(first.id)
    expect(second.leaf_hash).not.toBe(first.leaf_hash)
  })

  it.each([
    ['an empty entity', { entity_id: '' }],
    ['tags out of order', { tags: ['b', 'a'] }],
    ['no time', { created_at: 'today' }],
    ['too much content', { content: 'a'.repeat(1_000_001) }],
    ['metadata that is no object', { metadata: [] as unknown as Record<string, never> }],
  ])('is refused with %s', (_, more) => {
    expect(() => createMemory({ ...draft, ...more }, ISSUER.fingerprint, random)).toThrow(
      withCode('memory_invalid'),
    )
  })
})

describe('a selection', () => {
  it.each([
    ['nothing asked', {}, {}],
    [
      'empty members',
      {
        entity_id: '',
        event_type: '',
        hand_picked: false,
        origin: '',
        since: '',
        tags: [],
        tags_match: '',
        until: '',
      },
      {},
    ],
    [
      'dates alone',
      { since: '2026-01-01', until: '2026-02-01' },
      { since: '2026-01-01T00:00:00.000Z', until: '2026-02-01T00:00:00.000Z' },
    ],
    ['one tag', { tags: [' a ', 'a', ''], tags_match: 'any' }, { tags: ['a'] }],
    ['tags', { tags: ['b', 'a'] }, { tags: ['a', 'b'], tags_match: 'all' }],
    ['any of the tags', { tags: ['b', 'a'], tags_match: 'any' }, { tags: ['a', 'b'], tags_match: 'any' }],
    [
      'the rest',
      { entity_id: 'e', event_type: 't', hand_picked: true, origin: 'own' },
      { entity_id: 'e', event_type: 't', hand_picked: true, origin: 'own' },
    ],
  ])('has one form: %s', (_, input, expected) => {
    expect(normalizeSelection(input)).toEqual(expected)
    expect(normalizeSelection(normalizeSelection(input))).toEqual(expected)
  })

  it.each([
    ['origin', { origin: 'mine' }],
    ['since', { since: '2026-02-30' }],
    ['since', { since: 'yesterday' }],
    ['until', { since: '2026-01-01', until: '2026-01-01' }],
    ['until', { since: '2026-01-02', until: '2026-01-01' }],
    ['tags', { tags: ['a\u2028b'] }],
    ['tags', { tags: Array.from({ length: 257 }, (_, at) => `${at}`) }],
    ['tags_match', { tags: ['a', 'b'], tags_match: 'some' }],
    ['entity_id', { entity_id: 'a'.repeat(257) }],
    ['event_type', { event_type: '\u0000' }],
  ])('is refused for its %s', (name, input) => {
    expect(() => normalizeSelection(input)).toThrow(
      expect.objectContaining({ code: 'selection_invalid', detail: name }) as Error,
    )
  })
})

describe('an error', () => {
  it.each([
    new ExchangeError('truncated'),
    new ExchangeError('memory_invalid', 'tags', { line: 6, index: 1 }),
    new ExchangeError('stream_fork', 'a: b', { line: 1 }),
  ])('crosses whole: %s', (error) => {
    const back = fromWire(structuredClone(toWire(error))) as ExchangeError
    expect(back).toBeInstanceOf(ExchangeError)
    expect([back.code, back.detail, back.place]).toEqual([error.code, error.detail, error.place])
  })

  it('of ours stays one', () => {
    expect(fromWire(toWire(new TypeError('x is not a function')))).not.toBeInstanceOf(ExchangeError)
    expect(fromWire(toWire(new TypeError('x is not a function'))).message).toContain(
      'TypeError: x is not a function',
    )
    expect(fromWire({ code: 'toString', detail: '' } as never)).not.toBeInstanceOf(ExchangeError)
  })
})
