import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { JsonObject } from '../../src/core/canonical.ts'
import { TOOLS } from '../../src/tools/tools.ts'
import { toArguments, toFields } from '../../src/ui/views/agents/fields.ts'

const schemaOf = (name: string) => TOOLS.find(({ info }) => info.name === name)!.info.inputSchema
const kindsOf = (name: string) =>
  Object.fromEntries(toFields(schemaOf(name)).map((each) => [each.name, each.kind]))

it('has a field of its kind for each member of each tool, and none for a path', () => {
  expect(kindsOf('omega_store')).toEqual({
    content: 'long',
    entity_id: 'text',
    tags: 'lines',
    event_type: 'text',
    created_at: 'text',
    metadata: 'json',
    idempotency_key: 'text',
  })
  expect(kindsOf('omega_federation_import')).toEqual({
    manifest: 'manifest',
    dry_run: 'flag',
    idempotency_key: 'text',
  })
  expect(kindsOf('omega_query')).toMatchObject({ origin: 'choice', limit: 'number', text: 'text' })
  expect(kindsOf('omega_federation_trust_add')).toMatchObject({ public_key_pem: 'long', label: 'text' })
  expect(kindsOf('omega_federation_trust_list')).toEqual({})
  const required = toFields(schemaOf('omega_store')).filter((each) => each.required)
  expect(required.map(({ name }) => name)).toEqual(['content', 'entity_id'])
  expect(toFields(schemaOf('omega_query')).find(({ name }) => name === 'origin')!.choices).toEqual([
    'own',
    'imported',
  ])
})

const read = (name: string, values: Record<string, string | boolean>) =>
  toArguments(toFields(schemaOf(name)), values)

it('leaves out what was left empty, and says what is missing', () => {
  expect(read('omega_store', {})).toEqual({
    args: {},
    faults: { content: expect.any(String), entity_id: expect.any(String) },
  })
  expect(read('omega_federation_export', { entity_id: ' ', dry_run: false, tags: '\n \n' })).toMatchObject({
    args: {},
    faults: {},
  })
})

it('takes a text to the letter', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (content) => {
      const { args } = read('omega_store', { content, entity_id: 'e' })
      expect(args['content']).toBe(content.trim() === '' ? undefined : content)
    }),
  )
})

it('reads lists, numbers, ticks and objects', () => {
  expect(read('omega_query', { tags: 'a\r\n b \n\nc', limit: '7' }).args).toEqual({
    tags: ['a', 'b', 'c'],
    limit: 7,
  })
  expect(read('omega_query', { limit: '0' }).args).toEqual({ limit: 0 })
  expect(read('omega_federation_export', { dry_run: true }).args).toEqual({ dry_run: true })
  const metadata = (text: string) => read('omega_store', { content: 'c', entity_id: 'e', metadata: text })
  expect(metadata('{"a":[1]}').args['metadata']).toEqual({ a: [1] })
})

it.each([
  ['omega_query', 'limit', '1.5'],
  ['omega_query', 'limit', '1e99'],
  ['omega_query', 'limit', 'many'],
  ['omega_store', 'metadata', '{'],
  ['omega_store', 'metadata', '[]'],
  ['omega_store', 'metadata', 'null'],
  ['omega_store', 'metadata', '"text"'],
])('%s refuses for %s: %s', (tool, name, text) => {
  const { args, faults } = read(tool, { [name]: text })
  expect(faults[name]).toBeTruthy()
  expect(args).not.toHaveProperty(name)
})

it('makes of any schema fields or none', () => {
  fc.assert(
    fc.property(fc.object(), (schema) => {
      for (const { name } of toFields({ properties: schema } as unknown as JsonObject))
        expect(name).not.toBe('path')
    }),
  )
})
