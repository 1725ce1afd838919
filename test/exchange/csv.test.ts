import { expect, it } from 'vitest'
import { decodeField } from '../../src/core/csv.ts'
import { saveList } from '../../src/exchange/csv.ts'
import { importManifest } from '../../src/exchange/import.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import { writeMemory } from '../../src/exchange/memories.ts'
import { craftManifest, craftMemory, createStranger } from './craft.ts'
import { codeOf, openTestInstance, openWithIdentity, trust } from './instance.ts'

async function recordsOf(file: File): Promise<string[][]> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
  const text = new TextDecoder().decode(bytes)
  const records = text.split('\r\n')
  expect(records.pop()).toBe('')
  return records.map((record) => record.match(/"(?:[^"]|"")*"/g)!.map(decodeField))
}

it('lists what the filter finds, own and imported, each with where it came from', async () => {
  const instance = await openWithIdentity('A')
  await writeMemory(instance, {
    content: '=1+1',
    entity_id: 'e',
    tags: ['x', '@y'],
    created_at: '2026-05-02',
    metadata: { a: 1 },
  })
  await writeMemory(instance, { content: 'other', entity_id: 'f' })
  const peer = await createStranger('Peer')
  await trust(instance, peer)
  const memory = craftMemory(peer.fingerprint, {
    content: 'theirs "quoted"\nsecond',
    entity_id: 'e',
    event_type: 'note',
  })
  const crafted = await craftManifest(peer, [memory], { name: '=cmd.json' })
  await importManifest(instance, await openManifest(instance, crafted.file))
  const before = await instance.db.count('audit')

  const file = await saveList(instance, { entity_id: 'e' })
  expect(file.name).toBe('memories-2026-05-04.csv')
  const [columns, first, second, ...more] = await recordsOf(file)
  expect(more).toEqual([])
  expect(columns!.slice(0, 6)).toEqual([
    'created_at',
    'entity_id',
    'event_type',
    'tags',
    'content',
    'metadata',
  ])
  expect(first!.slice(0, 8)).toEqual([
    '2026-05-02T00:00:00.000Z',
    'e',
    '',
    '@y\nx',
    '=1+1',
    '{"a":1}',
    'yes',
    '',
  ])
  expect(second!.slice(2, 12)).toEqual([
    ...[
      'note',
      '',
      'theirs "quoted"\nsecond',
      '',
      'no',
      'Peer',
      peer.fingerprint,
      crafted.id,
      crafted.file.name,
      '0',
    ],
  ])
  expect(second!.slice(12)).toEqual([peer.fingerprint, memory.leaf_hash])
  const [row] = await instance.db.getAll('audit', IDBKeyRange.lowerBound(before, true))
  expect(row).toMatchObject({
    operation: 'memories_listed',
    subject: { rows: 2, selection: { entity_id: 'e' } },
  })
})

it('an empty list is none, and a cancelled one leaves no row', async () => {
  const instance = await openTestInstance()
  expect(await codeOf(saveList(instance, {}))).toBe('empty_selection')
  const controller = new AbortController()
  controller.abort()
  expect(await codeOf(saveList(instance, {}, { signal: controller.signal }))).toBe('cancelled')
  expect(await instance.db.count('audit')).toBe(0)
})
