import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExchangeError } from '../../src/core/errors.ts'
import { MAX_FOREIGN_ROWS, readForeign, type Draft, type Foreign } from '../../src/core/foreign.ts'
import { describeVectors } from '../vectors.ts'

const context = { fileDate: '2026-03-01T12:00:00.000Z', fallbackEntity: 'from-a-file' }
const read = (text: string): Foreign => readForeign(text, context)
const readValue = (value: unknown): Foreign => read(JSON.stringify(value))
const omega = (...nodes: unknown[]): Foreign => readValue({ version: 'omega-sqlite-v1', nodes })
const lines = (...values: unknown[]): Foreign => read(values.map((value) => JSON.stringify(value)).join('\n'))

/** The one row of a file that holds one memory. */
function only(foreign: Foreign) {
  expect(foreign.rows).toHaveLength(1)
  return foreign.rows[0]!
}

const codeOf = (deed: () => unknown): string => {
  try {
    deed()
  } catch (error) {
    if (error instanceof ExchangeError) return error.code
    throw error
  }
  return 'ok'
}

const memory = (members: object) => only(readValue([{ content: 'c', ...members }]))

function nested(depth: number): unknown {
  return depth === 1 ? {} : { a: nested(depth - 1) }
}

describe('OMEGA export', () => {
  it('lifts entity, type and tags out of the metadata and keeps the rest', () => {
    const foreign = readValue({
      version: 'omega-sqlite-v1',
      exported_at: '2026-02-03T00:00:00+00:00',
      node_count: 1,
      session_count: 1,
      nodes: [
        {
          id: 'mem-0123',
          content: 'The pager was silent.\n',
          metadata: {
            entity_id: 'incident-response',
            event_type: 'lesson_learned',
            tags: ['pager', 'Ops', 'pager'],
            session_id: 's1',
            weight: 0.5,
          },
          created_at: '2026-02-01T10:20:30.123999+00:00',
          access_count: 3,
          last_accessed: null,
          ttl_seconds: 1209600,
        },
      ],
    })
    expect(foreign).toEqual({
      kind: 'omega-sqlite-v1',
      rows: [
        {
          row: 1,
          draft: {
            content: 'The pager was silent.\n',
            created_at: '2026-02-01T10:20:30.123Z',
            entity_id: 'incident-response',
            event_type: 'lesson_learned',
            metadata: { session_id: 's1', weight: 0.5, 'x-source-id': 'mem-0123' },
            tags: ['Ops', 'pager'],
            estimated: false,
          },
        },
      ],
      notes: [
        { count: 1, name: 'access_count', text: 'not taken over' },
        { count: 1, name: 'ttl_seconds', text: 'not taken over' },
      ],
    })
  })

  it('takes null for absent, as Python writes it', () => {
    const node = {
      id: null,
      content: '',
      metadata: { entity_id: null, event_type: null, tags: null },
      created_at: null,
    }
    expect(only(omega(node)).draft).toEqual({
      content: '',
      created_at: context.fileDate,
      entity_id: context.fallbackEntity,
      tags: [],
      estimated: true,
    })
    expect(only(omega({ content: 'c', metadata: null })).draft?.metadata).toBeUndefined()
  })

  it('keeps an id that metadata already names, and its own beside it', () => {
    const { draft } = only(
      omega({ id: 'new', content: 'c', metadata: { 'x-source-id': 'old', 'x-x-source-id': 'older' } }),
    )
    expect(draft?.metadata).toEqual({
      'x-source-id': 'old',
      'x-x-source-id': 'older',
      'x-x-x-source-id': 'new',
    })
  })

  it('does not take a member of the node for one of its metadata', () => {
    const { draft } = only(omega({ content: 'c', entity_id: 'elsewhere', tags: ['t'] }))
    expect(draft).toMatchObject({ entity_id: context.fallbackEntity, tags: [] })
  })

  it.each<[string, unknown, string]>([
    ['no content', {}, 'content: missing'],
    ['content that is a list', { content: ['c'] }, 'content: not text'],
    ['metadata that is a list', { content: 'c', metadata: [] }, 'metadata: not an object'],
    ['metadata that is text', { content: 'c', metadata: '{}' }, 'metadata: not an object'],
    ['an empty entity', { content: 'c', metadata: { entity_id: '' } }, 'metadata.entity_id: '],
    ['an entity that is a number', { content: 'c', metadata: { entity_id: 7 } }, 'metadata.entity_id: '],
    ['a type with a line break', { content: 'c', metadata: { event_type: 'a\nb' } }, 'metadata.event_type: '],
    ['tags as text', { content: 'c', metadata: { tags: 'a,b' } }, 'metadata.tags: not a list'],
    [
      'a tag that steers the display',
      { content: 'c', metadata: { tags: ['a', '\u202eb'] } },
      'metadata.tags[1]: ',
    ],
    ['a number', 1, 'not an object'],
    ['null', null, 'not an object'],
    ['a list', [], 'not an object'],
  ])('refuses %s, and reads on', (_, node, detail) => {
    const { rows } = omega(node, { content: 'next' })
    expect(rows).toHaveLength(2)
    expect(rows[0]).toMatchObject({ row: 1, problem: { code: 'draft_invalid' } })
    expect(rows[0]!.draft).toBeUndefined()
    expect(rows[0]!.problem!.detail).toContain(detail)
    expect(rows[1]).toMatchObject({ row: 2, draft: { content: 'next' } })
  })
})

describe('memory server', () => {
  const entity = {
    type: 'entity',
    name: 'Anna',
    entityType: 'person',
    observations: ['speaks Danish', 'sails'],
  }
  const relation = { type: 'relation', from: 'Anna', to: 'Acme Ltd', relationType: 'works at' }

  it('makes a memory of each observation and each relation', () => {
    const foreign = lines(
      entity,
      { type: 'entity', name: 'Acme Ltd', entityType: 'company', observations: [] },
      relation,
    )
    const dated = { created_at: context.fileDate, tags: [], estimated: true }
    expect(foreign).toEqual({
      kind: 'mcp-memory-jsonl',
      rows: [
        { row: 1, draft: { content: 'speaks Danish', entity_id: 'Anna', event_type: 'person', ...dated } },
        { row: 1, draft: { content: 'sails', entity_id: 'Anna', event_type: 'person', ...dated } },
        {
          row: 3,
          draft: {
            content: 'Anna works at Acme Ltd',
            entity_id: 'Anna',
            metadata: { relation: { from: 'Anna', to: 'Acme Ltd', type: 'works at' } },
            ...dated,
          },
        },
      ],
      notes: [{ count: 1, text: 'entity without observations: no memory is made of it' }],
    })
  })

  it('leaves out a type that is no short string, and says so', () => {
    for (const entityType of ['', 'a\tb', 5, 'x'.repeat(257)]) {
      const { rows, notes } = lines({ ...entity, entityType })
      expect(rows).toHaveLength(2)
      for (const row of rows) {
        expect(row.draft).not.toHaveProperty('event_type')
        expect(row.notes).toEqual(['entityType is not a short string: left out'])
      }
      expect(notes).toEqual([{ count: 2, text: 'entityType is not a short string: left out' }])
    }
  })

  it.each<[string, object, string]>([
    ['a name with a control character', { ...entity, name: 'An\u0000na' }, 'name: '],
    ['an empty name', { ...entity, name: '' }, 'name: '],
    ['a name that is a number', { ...entity, name: 7 }, 'name: not text'],
    ['no name', { ...entity, name: undefined }, 'name: missing'],
    ['no observations', { ...entity, observations: undefined }, 'observations: not a list'],
    ['observations as text', { ...entity, observations: 'sails' }, 'observations: not a list'],
    ['an observation that is a number', { ...entity, observations: [1] }, 'observations[0]: not text'],
    ['an observation that is null', { ...entity, observations: [null] }, 'observations[0]: missing'],
    [
      'an observation with half a character',
      { ...entity, observations: ['\ud83d'] },
      'observations[0]: a lone',
    ],
    ['a relation to nothing', { ...relation, to: undefined }, 'to: missing'],
    ['a relation from an object', { ...relation, from: {} }, 'from: not text'],
    ['a relation without type', { ...relation, relationType: null }, 'relationType: missing'],
    ['a relation from too long a name', { ...relation, from: 'x'.repeat(257) }, 'from: '],
    ['half a character in a relation', { ...relation, to: '\udc00' }, 'relation: a lone'],
    ['another type', { type: 'session', name: 'x' }, 'type: neither'],
    ['no type', { name: 'x' }, 'type: neither'],
  ])('refuses %s, and reads on', (_, bad, detail) => {
    const { kind, rows } = lines(relation, bad, relation)
    expect(kind).toBe('mcp-memory-jsonl')
    expect(rows.length).toBeGreaterThanOrEqual(3)
    const refused = rows.filter(({ problem }) => problem !== undefined)
    expect(refused.length).toBeGreaterThanOrEqual(1)
    for (const { row, problem } of refused) {
      expect(row).toBe(2)
      expect(problem!.detail).toContain(detail)
    }
    expect(rows.at(-1)).toMatchObject({ row: 3, draft: { content: 'Anna works at Acme Ltd' } })
  })
})

describe('plain memories', () => {
  it('reads an array, an object with memories, and lines', () => {
    const values = [
      { content: 'a', entity_id: 'e', tags: ['b', 'a'], event_type: 'decision', metadata: { n: 1 } },
      { content: 'b' },
    ]
    const { rows } = readValue(values)
    expect(rows[0]).toEqual({
      row: 1,
      draft: {
        content: 'a',
        created_at: context.fileDate,
        entity_id: 'e',
        event_type: 'decision',
        metadata: { n: 1 },
        tags: ['a', 'b'],
        estimated: true,
      },
    })
    expect(rows[1]!.notes).toEqual(['no entity: the one chosen for the file is used'])
    expect(readValue(values).kind).toBe('memories-json')
    expect(readValue({ memories: values })).toEqual(readValue(values))
    expect(read(JSON.stringify(values, null, 2))).toEqual(readValue(values))
    expect(lines(...values)).toEqual({ ...readValue(values), kind: 'memories-jsonl' })
    expect(lines(values[1]).kind).toBe('memories-jsonl')
  })

  it('knows the other names of a field, takes the first, and says what it left', () => {
    expect(memory({ entityId: 'e', eventType: 't', createdAt: '2026-01-01T00:00:00Z' }).draft).toMatchObject({
      entity_id: 'e',
      event_type: 't',
      created_at: '2026-01-01T00:00:00.000Z',
      estimated: false,
    })
    const both = readValue([{ content: 'c', entity: 'third', entity_id: 'first', importance: 5 }])
    expect(only(both).draft?.entity_id).toBe('first')
    expect(both.notes).toEqual([
      { count: 1, name: 'entity', text: 'not taken over' },
      { count: 1, name: 'importance', text: 'not taken over' },
    ])
    expect(memory({ entity_id: null, entity: 'third' }).draft?.entity_id).toBe('third')
  })

  it('takes nothing and an empty array for what they are', () => {
    expect(read('[]')).toEqual({ kind: 'memories-json', rows: [], notes: [] })
    expect(readValue({ memories: [] }).rows).toEqual([])
  })

  it('tolerates a mark at the start, CR LF and blank lines, and counts every line', () => {
    const text = '\ufeff\r\n{"content":"a"}\r\n\r\n \t\n{"content":"b"}\r\n'
    expect(read(text).rows.map(({ row, draft }) => [row, draft?.content])).toEqual([
      [2, 'a'],
      [5, 'b'],
    ])
    expect(read('\ufeff[{"content":"\ufeffa"}]').rows[0]!.draft?.content).toBe('\ufeffa')
  })

  it('goes on after bad lines, wherever they stand', () => {
    const text = [
      'tent":"cut"}',
      '{"content":"a"}',
      '{oops',
      '7',
      'null',
      '{}',
      '\ufeff{"content":"z"}',
      '{"content":"b"}',
    ]
    const { rows } = read(text.join('\n'))
    expect(rows.map(({ draft, problem }) => draft?.content ?? problem?.detail)).toEqual([
      'not JSON',
      'a',
      'not JSON',
      'not an object',
      'not an object',
      'content: missing',
      'not JSON',
      'b',
    ])
    expect(rows.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('treats U+2028 as text and not as the end of a line', () => {
    expect(only(read('{"content":"a\u2028b"}')).draft?.content).toBe('a\u2028b')
  })

  it.each<[string, object, string]>([
    ['entity that is an object', { entity: { name: 'x' } }, 'entity: '],
    ['entity of 257 units', { entity_id: 'x'.repeat(257) }, 'entity_id: '],
    ['entity with a control character', { entityId: 'a\u009fb' }, 'entityId: '],
    ['entity with half a character', { entity_id: 'a\ud800' }, 'entity_id: '],
    ['entity that is false', { entity_id: false }, 'entity_id: '],
    ['event type that is empty', { event_type: '' }, 'event_type: '],
    ['event type with an isolate', { event_type: '\u2066x' }, 'event_type: '],
    ['tags as object', { tags: { 0: 'a' } }, 'tags: not a list'],
    ['a tag that is null', { tags: ['a', null] }, 'tags[1]: '],
    ['a tag that is empty', { tags: [''] }, 'tags[0]: '],
    ['a tag with a tab', { tags: ['a\tb'] }, 'tags[0]: '],
    ['257 tags', { tags: Array.from({ length: 257 }, (_, i) => `t${i}`) }, 'tags: more than 256'],
    ['metadata that is text', { metadata: 'x' }, 'metadata: not an object'],
    ['metadata that is a list', { metadata: [1] }, 'metadata: not an object'],
    ['metadata one level too deep', { metadata: nested(32) }, 'metadata: nested deeper'],
    ['metadata with a number beyond 2^53 − 1', { metadata: { n: 2 ** 53 } }, 'metadata: a number'],
    ['metadata with a name that is no text', { metadata: { '\udfff': 1 } }, 'metadata: a lone'],
    ['an id that is too deep', { id: nested(32) }, 'metadata: nested deeper'],
    ['an id beyond 2^53 − 1', { id: 1e300 }, 'metadata: a number'],
    ['content of 1,000,001 units', { content: 'x'.repeat(1_000_001) }, 'content: longer'],
    ['content that is half a character', { content: '\ud83d' }, 'content: a lone'],
    ['content that is null', { content: null }, 'content: missing'],
    ['metadata that no line can hold', { metadata: { x: 'x'.repeat(9_000_000) } }, 'metadata: too large'],
    [
      'content and metadata that no line can hold',
      { content: '\u0001'.repeat(1e6), metadata: { x: 'ü'.repeat(1.2e6) } },
      'metadata: too large',
    ],
    ['a memory signed here', { leaf_hash: 'ab'.repeat(32) }, 'leaf_hash: a signed memory'],
    ['a memory signed here, hash removed', { sealed_hash: '' }, 'sealed_hash: a signed memory'],
  ])('refuses %s', (_, members, detail) => {
    const { rows } = readValue([{ content: 'c', ...members }, { content: 'next' }])
    expect(rows).toHaveLength(2)
    expect(rows[0]!.problem?.code).toBe('draft_invalid')
    expect(rows[0]!.problem?.detail).toContain(detail)
    expect(rows[1]!.draft?.content).toBe('next')
  })

  it('takes what just fits', () => {
    expect(memory({ content: 'x'.repeat(1_000_000) }).problem).toBeUndefined()
    expect(
      memory({ content: '\u0001'.repeat(1_000_000), metadata: { x: 'ü'.repeat(1_000_000) } }).problem,
    ).toBeUndefined()
    expect(memory({ metadata: { x: 'x'.repeat(8_000_000) } }).problem).toBeUndefined()
    expect(memory({ entity_id: 'é'.repeat(256) }).problem).toBeUndefined()
    expect(memory({ metadata: nested(31) }).problem).toBeUndefined()
    expect(memory({ metadata: { n: 2 ** 53 - 1 } }).problem).toBeUndefined()
    const tags = Array.from({ length: 256 }, (_, i) => `t${i}`)
    expect(memory({ tags: [...tags, ...tags] }).draft?.tags).toEqual(tags.sort())
  })

  it('sorts tags by UTF-16 units', () => {
    expect(memory({ tags: ['\uff01', '😀', 'a', 'B'] }).draft?.tags).toEqual(['B', 'a', '😀', '\uff01'])
  })

  it('refuses numbers that only the text shows to be too large', () => {
    expect(only(read('[{"content":"c","metadata":{"n":9007199254740993}}]')).problem?.detail).toContain(
      'a number',
    )
    expect(only(read('[{"content":"c","metadata":{"n":1e999}}]')).problem?.detail).toContain('a number')
  })

  it('survives 100,000 levels', () => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
    expect(only(read(`[{"content":"c","metadata":${deep}}]`)).problem?.detail).toContain('nested deeper')
    expect(codeOf(() => read('['.repeat(1_000_000)))).toBe('not_recognised')
    expect(codeOf(() => read(deep))).toBe('not_recognised')
  })
})

describe('names that JavaScript gives a meaning', () => {
  it('are data in metadata', () => {
    const text = '[{"content":"c","metadata":{"__proto__":{"tags":["x"]},"constructor":1,"toString":null}}]'
    const { draft } = only(read(text))
    expect(Object.keys(draft!.metadata!)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getPrototypeOf(draft!.metadata)).toBe(Object.prototype)
    expect(JSON.stringify(structuredClone(draft!.metadata))).toBe(
      '{"__proto__":{"tags":["x"]},"constructor":1,"toString":null}',
    )
    const lifted =
      '{"version":"omega-sqlite-v1","nodes":[{"content":"c","id":1,"metadata":{"__proto__":{"entity_id":"x"}}}]}'
    expect(JSON.stringify(only(read(lifted)).draft)).toContain(
      '"metadata":{"__proto__":{"entity_id":"x"},"x-source-id":1}',
    )
    expect(only(read(lifted)).draft?.entity_id).toBe(context.fallbackEntity)
  })

  it('are data as entity, type and tag', () => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty']
    for (const name of names) {
      const { draft } = memory({ entity_id: name, event_type: name, tags: [name] })
      expect(draft).toMatchObject({ entity_id: name, event_type: name, tags: [name] })
      expect(
        only(lines({ type: 'entity', name, entityType: name, observations: ['o'] })).draft?.entity_id,
      ).toBe(name)
    }
  })

  it('give no members to an object that lacks them', () => {
    expect(codeOf(() => read('[{"__proto__":{"content":"c"}}]'))).toBe('not_recognised')
    expect(codeOf(() => read('{"__proto__":{"memories":[{"content":"c"}]}}'))).toBe('not_recognised')
    const { notes, rows } = read('[{"content":"c","__proto__":{"entity_id":"x"}}]')
    expect(rows[0]!.draft?.entity_id).toBe(context.fallbackEntity)
    expect(notes).toContainEqual({ count: 1, name: '__proto__', text: 'not taken over' })
  })

  it('never turn text into a call', () => {
    for (const bad of [{ toString: 1, valueOf: 1 }, { toJSON: 1 }]) {
      expect(codeOf(() => readValue({ format: bad, version: bad, nodes: bad, memories: bad }))).toBe(
        'not_recognised',
      )
      expect(memory({ created_at: bad }).problem?.detail).toContain('created_at')
      expect(memory({ metadata: bad }).draft?.metadata).toEqual(bad)
    }
  })
})

describe('times', () => {
  it.each<[unknown, string, string?]>([
    ['2026-02-01T10:20:30.123Z', '2026-02-01T10:20:30.123Z'],
    ['2026-02-01T10:20:30Z', '2026-02-01T10:20:30.000Z'],
    ['2026-02-01t10:20:30z', '2026-02-01T10:20:30.000Z'],
    ['2026-02-01T10:20:30.1+00:00', '2026-02-01T10:20:30.100Z'],
    ['2026-02-01T10:20:30,9999999+02:00', '2026-02-01T08:20:30.999Z'],
    ['2026-02-01T00:20-0130', '2026-02-01T01:50:00.000Z'],
    ['2026-02-01 10:20:30 +01', '2026-02-01T09:20:30.000Z'],
    ['2026-02-01T10:20:30.123456', '2026-02-01T10:20:30.123Z', 'time without a zone: taken as UTC'],
    ['2026-02-01 10:20', '2026-02-01T10:20:00.000Z', 'time without a zone: taken as UTC'],
    ['2026-02-01', '2026-02-01T00:00:00.000Z', 'date without a time: taken as midnight UTC'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
    ['1969-12-31T23:30:00-01:00', '1970-01-01T00:30:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    [0, '1970-01-01T00:00:00.000Z', 'time is a number: read as seconds since 1970'],
    [1769941230, '2026-02-01T10:20:30.000Z', 'time is a number: read as seconds since 1970'],
    [1.001, '1970-01-01T00:00:01.001Z', 'time is a number: read as seconds since 1970'],
    [1769941230.001, '2026-02-01T10:20:30.001Z', 'time is a number: read as seconds since 1970'],
    [1769941230123, '2026-02-01T10:20:30.123Z', 'time is a number: read as milliseconds since 1970'],
    [1769941230123.9, '2026-02-01T10:20:30.123Z', 'time is a number: read as milliseconds since 1970'],
  ])('%s is %s', (created_at, time, note) => {
    const row = memory({ entity_id: 'e', created_at })
    expect(row.draft).toMatchObject({ created_at: time, estimated: false })
    expect(row.notes).toEqual(note === undefined ? undefined : [note])
  })

  it.each<[unknown]>([
    [''],
    ['yesterday'],
    ['2026'],
    ['2026-02'],
    ['2026-02-30'],
    ['2026-02-29T00:00:00Z'],
    ['2026-13-01'],
    ['2026-00-10'],
    ['2026-02-01T24:00:00Z'],
    ['2026-02-01T23:59:60Z'],
    ['2026-02-01T10:60Z'],
    ['2026-02-01T10Z'],
    ['2026-02-01T10:20:30.Z'],
    ['2026-02-01T10:20:30+24:00'],
    ['2026-02-01T10:20:30+01:60'],
    ['2026-02-01T10:20:30 UTC'],
    ['2026-02-01Z'],
    ['2026-W05-7'],
    ['02/01/2026'],
    [' 2026-02-01'],
    ['2026-02-01\n'],
    ['1769941230'],
    ['1969-12-31T23:59:59.999Z'],
    ['1970-01-01T00:00:00+00:01'],
    ['9999-12-31T23:59:59-00:01'],
    ['0026-02-01T00:00:00Z'],
    ['+012026-02-01T00:00:00Z'],
    [`2026-02-01T10:20:30.${'1'.repeat(100)}Z`],
    [-1],
    [-1769941230123],
    [1769941230123456],
    [2 ** 53],
    [1e300],
    [true],
    [[]],
    [['2026-02-01']],
    [{}],
  ])('refuses %s', (created_at) => {
    expect(memory({ created_at }).problem?.detail).toBe('created_at: not a time between 1970 and 9999')
  })

  it('agree with the engine on every moment that it writes itself', () => {
    const date = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    const zone = fc.tuple(fc.constantFrom('+', '-'), fc.nat(23), fc.nat(59))
    const two = (n: number) => String(n).padStart(2, '0')
    fc.assert(
      fc.property(date, zone, (moment, [sign, hours, minutes]) => {
        const text = moment.toISOString().replace('Z', `${sign}${two(hours)}:${two(minutes)}`)
        const expected = new Date(text)
        const row = memory({ created_at: text })
        if (expected >= new Date(0) && expected.getUTCFullYear() <= 9999) {
          expect(row.draft?.created_at).toBe(expected.toISOString())
        } else {
          expect(row.problem).toBeDefined()
        }
      }),
    )
  })
})

describe('what is none of these', () => {
  it.each<[string, string]>([
    ['nothing', ''],
    ['a mark', '\ufeff'],
    ['blank lines', '\n \r\n\t\n'],
    ['prose', 'Dear diary,\nnothing happened.'],
    ['null', 'null'],
    ['a number', '42'],
    ['a string', '"content"'],
    ['an object', '{}'],
    ['another object', '{"name":"x","version":"1.0.0"}'],
    ['a chat with parts', '{"role":"user","content":[{"text":"hi"}]}'],
    ['a list of numbers', '[1,2,3]'],
    ['a list of lists', '[[{"content":"a"}]]'],
    ['a list of entities', '[{"type":"entity","name":"a","observations":["b"]}]'],
    ['memories that are an object', '{"memories":{"content":"a"}}'],
    ['memories without text', '{"memories":[{"content":1}]}'],
    ['another version of OMEGA', '{"version":"omega-sqlite-v2","nodes":[{"content":"a"}]}'],
    ['nodes without a version', '{"nodes":[{"content":"a"}]}'],
    ['OMEGA without nodes', '{"version":"omega-sqlite-v1"}'],
    ['OMEGA with nodes as object', '{"version":"omega-sqlite-v1","nodes":{"0":{"content":"a"}}}'],
    ['an encrypted export', 'ENC:gAAAAAB'],
    ['an array that was cut', '[\n{"content":"a"},\n{"content":"b"}\n'],
    ['an array with a comma too many', '[{"content":"a"},]'],
    ['an array cut to one line each', '[{"content":"a"},\n{"content":"b"}'],
    ['an export that was cut', '{"version":"omega-sqlite-v1","nodes":[\n{"content":"a"},\n{"content":"b"}\n'],
    ['an object over several lines', '{\n  "content": "a"\n}'],
    ['two marks', '\ufeff\ufeff[{"content":"a"}]'],
    ['UTF-16 read as bytes', '[\u0000{\u0000"\u0000c\u0000'],
    ['an entity without a name', '{"type":"entity","observations":["a"]}'],
    ['a memory far below', `${'x\n'.repeat(10)}{"content":"a"}`],
    [
      'a manifest',
      '{"envelope":{},\n"evidence":[],\n"format":"omega-federation-manifest/1",\n"memories":[\n{"content":"a"}\n]}\n',
    ],
    [
      'a manifest on one line',
      '{"envelope":{},"format":"omega-federation-manifest/1","memories":[{"content":"a"}]}',
    ],
    [
      'a manifest without its envelope',
      '{"format":"omega-federation-manifest/1","memories":[{"content":"a"}]}',
    ],
    ['a manifest without its format', '{"envelope":{},"memories":[{"content":"a"}]}'],
    [
      'a manifest that was cut',
      '{"envelope":{},\n"evidence":[],\n"format":"x",\n"memories":[\n{"content":"a"}',
    ],
    ['a proof', '{"envelope":{},"format":"omega-memory-proof/1","memory":{"content":"a"}}'],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => read(text))).toBe('not_recognised')
  })

  it('refuses more rows than a worker can hold', () => {
    const many = (count: number) => `[{"content":"lead"}${',0'.repeat(count - 1)}]`
    expect(codeOf(() => read(many(MAX_FOREIGN_ROWS)))).toBe('ok')
    expect(codeOf(() => read(many(MAX_FOREIGN_ROWS + 1)))).toBe('limit_exceeded')
  })

  it('refuses a context that breaks the rules itself', () => {
    for (const bad of [
      { ...context, fileDate: '2026-03-01' },
      { ...context, fileDate: '1969-03-01T12:00:00.000Z' },
      { ...context, fallbackEntity: '' },
      { ...context, fallbackEntity: 'a\nb' },
    ]) {
      expect(codeOf(() => readForeign('[]', bad))).toBe('draft_invalid')
    }
  })

  it('keeps its notes few, whatever the file names', () => {
    const { notes } = lines(
      ...Array.from({ length: 500 }, (_, i) => ({ content: 'c', [`n${i}`]: 1, ['\u202e']: 1 })),
    )
    expect(notes.length).toBeLessThanOrEqual(33)
    expect(JSON.stringify(notes)).not.toContain('\u202e')
    expect(notes).toContainEqual({ count: 500, text: 'a member not taken over' })
  })
})

describe('whatever the text', () => {
  const wild = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))
  const nearly = fc.oneof(
    fc.string(),
    wild,
    fc.constantFrom('__proto__', 'a', '', '2026-02-01', '2026-02-01T00:00:00Z'),
  )
  const value = fc.oneof(
    nearly,
    fc.double(),
    fc.maxSafeInteger(),
    fc.jsonValue(),
    fc.array(nearly),
    fc.dictionary(nearly, fc.jsonValue()),
  )
  const names = [
    'content',
    'created_at',
    'createdAt',
    'entity_id',
    'entity',
    'event_type',
    'metadata',
    'tags',
    'id',
  ]
  const graph = ['type', 'name', 'entityType', 'observations', 'from', 'to', 'relationType']
  const row = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        content: nearly,
        entity_id: fc.string(),
        metadata: fc.dictionary(nearly, fc.jsonValue()),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('entity'),
        name: nearly,
        entityType: nearly,
        observations: fc.array(nearly),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('relation'), from: nearly, to: nearly, relationType: nearly }),
    },
    {
      weight: 1,
      arbitrary: fc.record(Object.fromEntries(graph.map((name) => [name, value])), { requiredKeys: [] }),
    },
    { weight: 1, arbitrary: fc.jsonValue() },
  )
  const lead = fc.constantFrom(
    { content: 'lead' },
    { type: 'relation', from: 'a', to: 'b', relationType: 'c' },
  )
  const file = fc.oneof(
    fc.array(row).map((rows) => JSON.stringify([{ content: 'lead' }, ...rows])),
    fc.array(row).map((nodes) => JSON.stringify({ version: 'omega-sqlite-v1', nodes })),
    fc
      .tuple(lead, fc.array(row))
      .map(([first, rows]) => [first, ...rows].map((each) => JSON.stringify(each)).join('\r\n')),
  )

  /** Manifest-format, 0 and 3, once more and by hand, so that a mistake in the shared helpers shows. */
  function obeysFormat(draft: Draft): void {
    const isShort = (text: string) =>
      text.length >= 1 &&
      text.length <= 256 &&
      [...text].every((character) => {
        const code = character.codePointAt(0)!
        const forbidden: [number, number][] = [
          [0, 0x1f],
          [0x7f, 0x9f],
          [0x2028, 0x202e],
          [0x2066, 0x2069],
          [0xd800, 0xdfff],
        ]
        return forbidden.every(([from, to]) => code < from || code > to)
      })
    const check = (each: unknown, depth: number): void => {
      expect(depth).toBeLessThanOrEqual(33)
      if (typeof each === 'string')
        expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(each))).toBe(
          each,
        )
      if (typeof each === 'number') expect(Math.abs(each)).toBeLessThan(2 ** 53)
      if (typeof each === 'object' && each !== null) {
        expect(depth).toBeLessThanOrEqual(32)
        for (const [name, member] of Object.entries(each))
          [name, member].forEach((part) => check(part, depth + 1))
      }
    }
    expect(new Date(draft.created_at).toISOString()).toBe(draft.created_at)
    expect(draft.created_at).toMatch(/^(?:19[7-9]|[2-9]\d\d)/)
    expect(
      [draft.entity_id, ...(draft.event_type === undefined ? [] : [draft.event_type]), ...draft.tags].every(
        isShort,
      ),
    ).toBe(true)
    expect(draft.tags.every((tag, i) => i === 0 || draft.tags[i - 1]! < tag)).toBe(true)
    expect(draft.tags.length).toBeLessThanOrEqual(256)
    expect(draft.content.length).toBeLessThanOrEqual(1_000_000)
    const known = ['content', 'created_at', 'entity_id', 'estimated', 'event_type', 'metadata', 'tags']
    expect(Object.keys(draft).filter((name) => !known.includes(name))).toEqual([])
    check({ ...draft }, 1)
  }

  it('throws nothing but not_recognised on any text', () => {
    const brackets = fc
      .array(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\n', '"content"', '"type"', '1'))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(wild, fc.string({ unit: 'binary' }), fc.json(), brackets), (text) => {
        expect(['ok', 'not_recognised']).toContain(codeOf(() => read(text)))
      }),
      { numRuns: 500 },
    )
  })

  describeVectors<{ name: string; base64: string }[]>('json-parsing', (documents) => {
    it.each(documents)('throws nothing but not_recognised on $name', ({ base64 }) => {
      const text = Buffer.from(base64, 'base64').toString('utf8')
      expect(['ok', 'not_recognised']).toContain(codeOf(() => read(text)))
      // The same as metadata: whatever parses there is a draft that keeps the format, or a problem.
      for (const { draft } of read(`{"content":"lead"}\n{"content":"c","metadata":{"v":${text}}}`).rows) {
        if (draft !== undefined) obeysFormat(draft)
      }
    })
  })

  it('answers drafts that keep the format, or a problem', () => {
    let drafts = 0
    fc.assert(
      fc.property(file, (text) => {
        for (const { draft, problem } of read(text).rows) {
          expect((draft === undefined) !== (problem === undefined)).toBe(true)
          if (draft !== undefined) obeysFormat(draft)
          if (problem !== undefined) expect(problem.detail).not.toBe('')
          drafts += draft === undefined ? 0 : 1
        }
      }),
      { numRuns: 500 },
    )
    expect(drafts).toBeGreaterThan(500)
  })

  it('keeps the order and gives the same answer twice', () => {
    fc.assert(
      fc.property(file, (text) => {
        const { rows } = read(text)
        expect(rows.every(({ row }, i) => i === 0 || rows[i - 1]!.row <= row)).toBe(true)
        expect(read(text)).toEqual(read(text))
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (contents) => {
        const values = contents.map((content) => ({ content }))
        for (const { rows } of [readValue(values), lines(...values), omega(...values)]) {
          expect(rows.map(({ draft }) => draft?.content)).toEqual(contents)
        }
        const { rows } = lines({ type: 'entity', name: 'e', entityType: 't', observations: contents })
        expect(rows.map(({ draft }) => draft?.content)).toEqual(contents)
      }),
    )
  })
})
