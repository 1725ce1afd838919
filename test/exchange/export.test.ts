import { describe, expect, it } from 'vitest'
import { canonicalize } from '../../src/core/canonical.ts'
import { MAX_LINE } from '../../src/core/lines.ts'
import {
  exportManifest,
  listStreams,
  previewExport,
  type ExportInput,
  type ExportTerms,
} from '../../src/exchange/export.ts'
import { importManifest } from '../../src/exchange/import.ts'
import { listManifests, openManifest } from '../../src/exchange/manifest.ts'
import { queryMemories, writeMemory } from '../../src/exchange/memories.ts'
import { craftManifest, craftMemory, createStranger } from './craft.ts'
import { codeOf, dump, openTestInstance, openWithIdentity, trust, type TestInstance } from './instance.ts'

const MEMORIES = [
  { content: '1', entity_id: 'e1', event_type: 'decision', tags: ['a', 'b'], created_at: '2026-02-01' },
  {
    content: '2',
    entity_id: 'e1',
    event_type: 'lesson',
    tags: ['b'],
    created_at: '2026-02-01T00:00:00.001Z',
  },
  {
    content: '3',
    entity_id: 'e2',
    event_type: 'decision',
    tags: ['a', 'c'],
    created_at: '2026-02-28T23:59:59.999Z',
  },
  { content: '4', entity_id: 'e2', tags: [], created_at: '2026-03-01' },
]

async function openWithMemories() {
  const instance = await openWithIdentity('A')
  const keys: string[] = []
  for (const memory of MEMORIES) keys.push(await writeMemory(instance, memory))
  const peer = await createStranger()
  await trust(instance, peer)
  const theirs = craftMemory(peer.fingerprint, {
    content: '5',
    entity_id: 'e1',
    tags: ['a'],
    created_at: '2026-02-15T00:00:00.000Z',
  })
  const crafted = await craftManifest(peer, [theirs])
  await importManifest(instance, await openManifest(instance, crafted.file))
  return { ...instance, keys }
}

/** The contents of the memories in a file, in its order. */
async function contentsOf(file: File): Promise<string> {
  const lines = (await file.text()).split('\n').slice(4, -2)
  return lines.map((line) => (JSON.parse(line.replace(/,$/, '')) as { content: string }).content).join('')
}

describe('what is chosen', () => {
  it('by each criterion and by all together, oldest first, as the preview says', async () => {
    const instance = await openWithMemories()
    const cases: [ExportInput, string][] = [
      [{}, '12534'],
      [{ entity_id: 'e1' }, '125'],
      [{ event_type: 'decision' }, '13'],
      [{ origin: 'own' }, '1234'],
      [{ origin: 'imported' }, '5'],
      [{ tags: ['a'] }, '153'],
      [{ tags: ['a', 'b'] }, '1'],
      [{ tags: ['b', 'a', 'b'], tags_match: 'any' }, '1253'],
      [{ tags: ['a', 'nowhere'], tags_match: 'any' }, '153'],
      [{ since: '2026-02-01' }, '12534'],
      [{ since: '2026-02-01T00:00:00.001Z' }, '2534'],
      [{ until: '2026-02-01T00:00:00.001Z' }, '1'],
      [{ until: '2026-03-01' }, '1253'],
      [{ since: '2026-02-02', until: '2026-02-28' }, '5'],
      [{ since: '2026-03-01', entity_id: '', event_type: '', tags: [' '] }, '4'],
      [
        { entity_id: 'e1', event_type: 'decision', tags: ['a'], since: '2026-02-01', until: '2026-02-02' },
        '1',
      ],
      [{ picked: [instance.keys[3]!, instance.keys[0]!, 'ab'.repeat(32)] }, '14'],
      [{ picked: [instance.keys[3]!, instance.keys[0]!], entity_id: 'e1' }, '1'],
    ]
    for (const [input, expected] of cases) {
      const preview = await previewExport(instance, input)
      const { file, count, envelope } = await exportManifest(instance, input)
      expect(await contentsOf(file), JSON.stringify(input)).toBe(expected)
      expect(count).toBe(expected.length)
      expect(preview.count).toBe(expected.length)
      expect(preview.imported).toBe(expected.includes('5') ? 1 : 0)
      expect(preview.own + preview.imported).toBe(preview.count)
      if (input.picked !== undefined) expect(envelope.details.selection.hand_picked).toBe(true)
    }
    expect(await previewExport(instance, {})).toMatchObject({
      oldest: '2026-02-01T00:00:00.000Z',
      newest: '2026-03-01T00:00:00.000Z',
    })
  })

  it('is said in the details in its full form', async () => {
    const instance = await openWithMemories()
    const input = { since: '2026-02-01', until: '2026-04-01', tags: ['b', 'a'], entity_id: '' }
    const audience = ['cd'.repeat(32), 'ab'.repeat(32), 'cd'.repeat(32)]
    const terms = { audience, note: ' a note ', expires_at: '2026-12-31' }
    const { envelope, file } = await exportManifest(instance, input, terms)
    expect(envelope.details).toMatchObject({
      audience: ['ab'.repeat(32), 'cd'.repeat(32)],
      note: 'a note',
      selection: {
        since: '2026-02-01T00:00:00.000Z',
        until: '2026-04-01T00:00:00.000Z',
        tags: ['a', 'b'],
        tags_match: 'all',
      },
    })
    expect(envelope.header.expires_at).toBe('2026-12-31T00:00:00.000Z')
    expect(file.name).toMatch(/^manifest-2026-05-04-[0-9a-f]{8}\.json$/)
    const b = await openTestInstance()
    expect((await openManifest(b, file)).report).toMatchObject({
      result: 'ok',
      audience: 'not_included',
      expired: false,
    })
  })

  it('refusals take no place in the stream', async () => {
    const instance = await openWithMemories()
    const before = await dump(instance.db)
    const refusals: [ExportInput, ExportTerms, string][] = [
      [{ entity_id: 'nobody' }, {}, 'empty_selection'],
      [{ picked: [] }, {}, 'empty_selection'],
      [{ picked: ['ab'.repeat(32)] }, {}, 'empty_selection'],
      [{ since: '2026-02-30' }, {}, 'selection_invalid'],
      [{ since: '2026-03-01', until: '2026-03-01' }, {}, 'selection_invalid'],
      [{ origin: 'theirs' }, {}, 'selection_invalid'],
      [{ tags_match: 'some', tags: ['a', 'b'] }, {}, 'selection_invalid'],
      [{ entity_id: 'x\u202e' }, {}, 'selection_invalid'],
      [{}, { expires_at: '2026-05-04' }, 'selection_invalid'],
      [{}, { expires_at: 'soon' }, 'selection_invalid'],
      [{}, { audience: ['abc'] }, 'fingerprint_incomplete'],
      [{}, { stream: { id: '00'.repeat(16) } }, 'manifest_unknown'],
      [{}, { stream: { name: '' } }, 'label_invalid'],
      [{}, { note: 'n'.repeat(2001) }, 'selection_invalid'],
      [{}, { note: '\ud800' }, 'selection_invalid'],
    ]
    for (const [input, terms, code] of refusals) {
      expect(
        await codeOf(exportManifest(instance, input, terms)),
        JSON.stringify([input, terms]).slice(0, 80),
      ).toBe(code)
    }
    for (const input of [{ since: 'x' }, { origin: 'theirs' }]) {
      await expect((async () => previewExport(instance, input))()).rejects.toMatchObject({
        code: 'selection_invalid',
      })
    }
    expect(await dump(instance.db)).toEqual(before)
    expect(await codeOf(exportManifest(await openTestInstance(), {}))).toBe('no_identity')
  })

  it('a line that is not what its leaf says goes nowhere', async () => {
    const instance = await openWithMemories()
    const [segment] = await instance.db.getAll('segments')
    const text = await new Blob([segment!.lines as BlobPart]).text()
    await instance.db.put('segments', {
      ...segment!,
      lines: new Blob([text.replace('"content":"1"', '"content":"7"')]),
    })
    await instance.db.put('settings', { name: 'generation', value: 99 })
    expect(await codeOf(exportManifest(instance, {}))).toBe('storage_damaged')
    expect(await listStreams(instance)).toEqual([])
  })
})

it('a line with no room for its comma leaves as the last or not at all', async () => {
  const instance = await openWithIdentity('A')
  const peer = await createStranger()
  await trust(instance, peer)
  const big = (filling: number, created_at: string) =>
    craftMemory(peer.fingerprint, { content: 'big', created_at, metadata: { filling: 'a'.repeat(filling) } })
  const time = '2026-02-01T00:00:00.000Z'
  const small = craftMemory(peer.fingerprint, { content: 'small', created_at: '2026-01-01T00:00:00.000Z' })
  const full = big(MAX_LINE - canonicalize(big(0, time)).length, time)
  const crafted = await craftManifest(peer, [small, full])
  const imported = await importManifest(instance, await openManifest(instance, crafted.file))
  expect(imported).toMatchObject({ imported: 2 })
  const { file } = await exportManifest(instance, {})
  expect((await openManifest(instance, file)).report.result).toBe('ok')
  await writeMemory(instance, { content: 'later', entity_id: 'e', created_at: '2026-03-01' })
  expect(await codeOf(exportManifest(instance, {}))).toBe('line_too_long')
})

describe('our streams', () => {
  const headerOf = async (instance: TestInstance, terms = {}) =>
    exportManifest(instance, {}, terms).then(({ envelope: { header }, id }) => ({ ...header, id }))

  it('count up, each naming the one before', async () => {
    const instance = await openWithMemories()
    const one = await headerOf(instance)
    const two = await headerOf(instance)
    const other = await headerOf(instance, { stream: { name: 'For B' } })
    const three = await headerOf(instance, { stream: { id: one.stream } })
    expect([one, two, three].map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect([one, two, three].map(({ previous }) => previous)).toEqual([null, one.id, two.id])
    expect(other).toMatchObject({ sequence: 1, previous: null })
    expect(new Set([one, two, three].map(({ stream }) => stream)).size).toBe(1)
    expect(other.stream).not.toBe(one.stream)
    expect((await listStreams(instance)).map(({ name, issued }) => [name, issued]).sort()).toEqual([
      ['For B', 1],
      ['General', 3],
    ])
    expect(await listManifests(instance)).toHaveLength(5)
  })

  it('do not fork when several export at once, from two tabs', async () => {
    const instance = await openWithMemories()
    const tab = await openTestInstance(instance.name)
    const headers = await Promise.all([instance, tab, instance, tab, tab].map((each) => headerOf(each)))
    const inOrder = headers.sort((a, b) => a.sequence - b.sequence)
    expect(inOrder.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5])
    expect(inOrder.map(({ previous }) => previous)).toEqual([
      null,
      ...inOrder.slice(0, 4).map(({ id }) => id),
    ])
    expect(new Set(headers.map(({ stream }) => stream)).size).toBe(1)
  })

  /** A key that cannot sign, in the place of the one that can, for as long as `work` takes. */
  async function withoutSigning(instance: TestInstance, work: () => Promise<void>) {
    const [record] = await instance.db.getAll('identities')
    const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    await instance.db.put('identities', { ...record!, key })
    await work()
    await instance.db.put('identities', record!)
  }

  it('have a gap and no fork after a crash between place and signature', async () => {
    const [instance, reader] = [await openWithMemories(), await openTestInstance()]
    await trust(reader, instance.identity)
    const one = await exportManifest(instance, {})
    await withoutSigning(instance, async () => {
      await expect(exportManifest(instance, {})).rejects.toThrow()
    })
    const three = await exportManifest(instance, {})
    expect(three.envelope.header).toMatchObject({
      sequence: 3,
      previous: one.id,
      stream: one.envelope.header.stream,
    })
    await importManifest(reader, await openManifest(reader, one.file))
    const opened = await openManifest(reader, three.file)
    expect(opened.report.freshness).toBe('gap')
    expect(await importManifest(reader, opened)).toMatchObject({ already_local: 5 })
  })

  it('begin anew when the first was never signed', async () => {
    const instance = await openWithMemories()
    await withoutSigning(instance, async () => {
      for (let i = 0; i < 2; i++) await expect(exportManifest(instance, {})).rejects.toThrow()
    })
    expect(await headerOf(instance)).toMatchObject({ sequence: 1, previous: null })
    expect(await headerOf(instance)).toMatchObject({ sequence: 2 })
    expect(await listStreams(instance)).toHaveLength(1)
  })

  it('belong to a key: another identity begins its own', async () => {
    const instance = await openWithMemories()
    const one = await headerOf(instance)
    const stream = await instance.db.get('own_streams', one.stream)
    await instance.db.put('own_streams', { ...stream!, issuer: 'ab'.repeat(32) })
    const two = await headerOf(instance)
    expect(two).toMatchObject({ sequence: 1, previous: null })
    expect(two.stream).not.toBe(one.stream)
  })
})

it('every audit row of a session is bound to the one before', async () => {
  const instance = await openWithMemories()
  await exportManifest(instance, {})
  const rows = await instance.db.getAll('audit')
  expect(rows.map(({ operation }) => operation)).toEqual([
    'identity_created',
    ...MEMORIES.map(() => 'memory_written'),
    'peer_trusted',
    'manifest_imported',
    'sequence_reserved',
    'manifest_exported',
  ])
  for (const [i, row] of rows.slice(1).entries()) expect(row.previous).toBe(rows[i]!.row_hash)
})

it('a cancelled export leaves nothing', async () => {
  const instance = await openWithMemories()
  const before = await dump(instance.db)
  const controller = new AbortController()
  // The last progress comes before the answer, and nothing is signed before that.
  const options = { signal: controller.signal, onProgress: () => controller.abort() }
  expect(await codeOf(exportManifest(instance, {}, {}, options))).toBe('cancelled')
  expect(await dump(instance.db)).toEqual(before)
  expect(await codeOf(exportManifest(instance, {}, {}, { signal: AbortSignal.abort() }))).toBe('cancelled')
  const list = await queryMemories(instance, {})
  expect(list.count).toBe(5)
})
