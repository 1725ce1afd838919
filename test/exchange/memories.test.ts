import { describe, expect, it } from 'vitest'
import { exportManifest } from '../../src/exchange/export.ts'
import { importManifest } from '../../src/exchange/import.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import {
  deleteMemory,
  editMemory,
  queryMemories,
  readFacets,
  readMemory,
  writeMemory,
  type MemoryList,
} from '../../src/exchange/memories.ts'
import { openFile } from '../../src/exchange/open.ts'
import { craftManifest, craftMemory, createStranger } from './craft.ts'
import {
  codeOf,
  dump,
  openTestInstance,
  openWithIdentity,
  trust,
  type TestInstance,
  rowsOf,
} from './instance.ts'

const NOTE = { content: 'first text', entity_id: 'e', tags: ['b', 'a', 'b'], event_type: 'decision' }

async function contentsOf(instance: TestInstance) {
  return (await rowsOf(instance)).map(({ memory }) => memory.content)
}

/** Whether any byte of the database, Blobs included, spells this text. */
async function holdsText(instance: TestInstance, text: string): Promise<boolean> {
  const bytes = String(new TextEncoder().encode(text))
  const everything = JSON.stringify(await dump(instance.db))
  return everything.includes(bytes) || everything.includes(text)
}

async function imported(instance: TestInstance, contents: readonly string[]) {
  const peer = await createStranger()
  await trust(instance, peer)
  const crafted = await craftManifest(
    peer,
    contents.map((content) => craftMemory(peer.fingerprint, { content })),
  )
  await importManifest(instance, await openManifest(instance, crafted.file))
  return { peer, crafted }
}

describe('writing', () => {
  it('makes a memory of ours, in order', async () => {
    const instance = await openWithIdentity('A')
    const key = await writeMemory(instance, { ...NOTE, created_at: '2026-01-02' })
    expect(await readMemory(instance, key)).toMatchObject({
      key,
      federation_origin: null,
      attestations: 0,
      versions: 0,
      memory: {
        author: instance.identity.fingerprint,
        content: 'first text',
        created_at: '2026-01-02T00:00:00.000Z',
        entity_id: 'e',
        event_type: 'decision',
        tags: ['a', 'b'],
      },
    })
    const [row] = (await instance.db.getAll('audit')).slice(-1)
    expect(row).toMatchObject({ operation: 'memory_written', actor: 'person', subject: { added: 1 } })
    expect(row!.leaf_hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('refuses what cannot be, and leaves nothing of it', async () => {
    const instance = await openWithIdentity('A')
    await writeMemory(instance, NOTE)
    const before = await dump(instance.db)
    const refusals: [object, string][] = [
      [NOTE, 'already_local'],
      [{ ...NOTE, tags: [] }, 'already_local'],
      [{ ...NOTE, entity_id: ' ' }, 'draft_invalid'],
      [{ ...NOTE, entity_id: 'a\u202eb' }, 'draft_invalid'],
      [{ ...NOTE, content: '\ud800' }, 'draft_invalid'],
      [{ ...NOTE, content: 'x'.repeat(1_000_001) }, 'draft_invalid'],
      [{ ...NOTE, content: 'new', tags: Array.from({ length: 257 }, (_, i) => `t${i}`) }, 'draft_invalid'],
      [{ ...NOTE, content: 'new', created_at: '2026-02-30' }, 'draft_invalid'],
      [{ ...NOTE, content: 'new', metadata: { a: Number.NaN } }, 'draft_invalid'],
      [{ ...NOTE, content: 'new', metadata: [] }, 'draft_invalid'],
    ]
    for (const [input, code] of refusals) {
      expect(
        await codeOf(writeMemory(instance, input as typeof NOTE)),
        JSON.stringify(input).slice(0, 80),
      ).toBe(code)
    }
    expect(await dump(instance.db)).toEqual(before)
  })

  it('needs an identity', async () => {
    expect(await codeOf(writeMemory(await openTestInstance(), NOTE))).toBe('no_identity')
  })

  it('takes what is awkward and gives it back', async () => {
    const instance = await openWithIdentity('A')
    const awkward = {
      content: '\u0000\u2028😀\r\n"\\',
      entity_id: '__proto__',
      tags: ['constructor', 'toString'],
    }
    const metadata = JSON.parse('{"__proto__":{"a":[1.5e-7,null]},"":"x"}') as object
    const key = await writeMemory(instance, { ...awkward, metadata: metadata as never })
    expect((await readMemory(instance, key))!.memory).toMatchObject({ ...awkward })
    const b = await openTestInstance()
    await trust(b, instance.identity)
    const { file } = await exportManifest(instance, {})
    expect(await importManifest(b, await openManifest(b, file))).toMatchObject({ imported: 1 })
    expect(JSON.stringify((await rowsOf(b))[0]!.memory['metadata'])).toBe(
      '{"":"x","__proto__":{"a":[1.5e-7,null]}}',
    )
  })
})

describe('editing', () => {
  it('our own: a new version that names the old, which stays readable', async () => {
    const instance = await openWithIdentity('A')
    const first = await writeMemory(instance, NOTE)
    const { memory: old } = (await readMemory(instance, first))!
    const second = await editMemory(instance, first, { ...NOTE, content: 'second text' })
    const third = await editMemory(instance, second, { ...NOTE, content: 'second text', tags: ['c'] })
    // The same key: the tags are no part of it.
    expect(third).toBe(second)
    const detail = (await readMemory(instance, third))!
    expect(detail).toMatchObject({ versions: 2, attestations: 0, memory: { id: old.id, tags: ['c'] } })
    expect(detail.earlier.map(({ content, tags }) => [content, tags])).toEqual([
      ['second text', ['a', 'b']],
      ['first text', ['a', 'b']],
    ])
    expect(detail.earlier[1]).toEqual(old)
    expect(detail.memory['supersedes']).toEqual([detail.earlier[0]!.leaf_hash])
    expect(await contentsOf(instance)).toEqual(['second text'])
    expect(await readMemory(instance, first)).toBeNull()
    expect(await readFacets(instance)).toMatchObject({ rows: 1, own: 1 })
    // Back to the first text: a version like any other.
    const fourth = await editMemory(instance, third, NOTE)
    expect(fourth).toBe(first)
    expect(await readMemory(instance, fourth)).toMatchObject({ versions: 3, attestations: 0 })
  })

  it('an import: ours is another memory, the original stays what it was', async () => {
    const instance = await openWithIdentity('A')
    const { peer } = await imported(instance, ['their text'])
    const [row] = await rowsOf(instance)
    const key = await editMemory(instance, row!.key, { content: 'our text', entity_id: 'e' })
    expect((await contentsOf(instance)).sort()).toEqual(['our text', 'their text'])
    const ours = (await readMemory(instance, key))!
    expect(ours.memory).toMatchObject({ author: instance.identity.fingerprint })
    expect(ours.memory['supersedes']).toBeUndefined()
    expect(ours.memory.id).not.toBe(row!.memory.id)
    expect((await readMemory(instance, row!.key))!.memory.author).toBe(peer.fingerprint)
  })

  it('into what stands elsewhere, or of what is not there, is refused', async () => {
    const instance = await openWithIdentity('A')
    const key = await writeMemory(instance, NOTE)
    await writeMemory(instance, { ...NOTE, content: 'other' })
    const before = await dump(instance.db)
    expect(await codeOf(editMemory(instance, key, { ...NOTE, content: 'other' }))).toBe('already_local')
    expect(await codeOf(editMemory(instance, 'ab'.repeat(32), NOTE))).toBe('memory_unknown')
    expect(await dump(instance.db)).toEqual(before)
  })
})

describe('deleting', () => {
  it('takes the text out of every byte held, versions and attestations too', async () => {
    const instance = await openWithIdentity('A')
    const secret = `secret ${crypto.randomUUID()}`
    const [one, two] = [`${secret} one`, `${secret} two`]
    await writeMemory(instance, { ...NOTE, content: 'neighbour before' })
    const first = await writeMemory(instance, { ...NOTE, content: one })
    await imported(instance, [one, two, 'neighbour'])
    const row = (await rowsOf(instance)).find(({ memory }) => memory.content === two)!
    const second = await codeOf(editMemory(instance, first, { ...NOTE, content: two }))
    // Theirs stands there already.
    expect(second).toBe('already_local')
    const third = await editMemory(instance, first, { ...NOTE, content: `${secret} three` })
    expect(await holdsText(instance, secret)).toBe(true)
    await deleteMemory(instance, third)
    expect(await holdsText(instance, `${secret} three`)).toBe(false)
    expect(await holdsText(instance, one)).toBe(false)
    await deleteMemory(instance, row.key)
    expect(await holdsText(instance, secret)).toBe(false)
    expect((await contentsOf(instance)).sort()).toEqual(['neighbour', 'neighbour before'])
    expect(await codeOf(deleteMemory(instance, row.key))).toBe('memory_unknown')
    expect(await readMemory(instance, row.key)).toBeNull()
    expect(await instance.db.count('tombstones')).toBe(3)
  })

  it('keeps it from an import, a foreign file and an export; a person who writes it again lifts that', async () => {
    const instance = await openWithIdentity('A')
    const { crafted } = await imported(instance, ['text', 'other'])
    const key = (await rowsOf(instance)).find(({ memory }) => memory.content === 'text')!.key
    await deleteMemory(instance, key)
    const again = () =>
      openManifest(instance, crafted.file).then((opened) => importManifest(instance, opened))
    expect(await again()).toMatchObject({ deleted_here: 1, already_local: 1, imported: 0 })
    const opened = await openFile(instance, new File(['[{"content":"text","entity_id":"e"}]'], 'x.json'))
    if (opened.kind !== 'memories') throw new Error(opened.kind)
    expect(opened.foreign.preview).toMatchObject({ good: 1, deleted_here: 1, already_local: 0 })
    expect(await opened.foreign.take()).toMatchObject({ added: 0, deleted_here: 1 })
    expect(await exportManifest(instance, {})).toMatchObject({ count: 1 })
    expect(await codeOf(exportManifest(instance, { picked: [key] }))).toBe('empty_selection')

    expect(await writeMemory(instance, { content: 'text', entity_id: 'e' })).toBe(key)
    expect(await readMemory(instance, key)).toMatchObject({
      federation_origin: null,
      attestations: 0,
      memory: { content: 'text' },
    })
    expect((await contentsOf(instance)).sort()).toEqual(['other', 'text'])
    expect(await exportManifest(instance, {})).toMatchObject({ count: 2 })
    // What was erased is held no more: the manifest attests it anew.
    expect(await again()).toMatchObject({ deleted_here: 0, already_local: 2, imported: 0 })
    expect(await readMemory(instance, key)).toMatchObject({ attestations: 1 })
    expect(await codeOf(writeMemory(instance, { content: 'text', entity_id: 'e' }))).toBe('already_local')
  })

  it('and writing again, twice over, of our own with versions', async () => {
    const instance = await openWithIdentity('A')
    let key = await writeMemory(instance, NOTE)
    for (let round = 0; round < 2; round++) {
      key = await editMemory(instance, key, { ...NOTE, tags: [`round ${round}`] })
      await deleteMemory(instance, key)
      expect(await contentsOf(instance)).toEqual([])
      expect(await writeMemory(instance, NOTE)).toBe(key)
      expect(await readMemory(instance, key)).toMatchObject({
        versions: 0,
        attestations: 0,
        memory: NOTE_SHOWN,
      })
      expect(await exportManifest(instance, {})).toMatchObject({ count: 1 })
    }
    expect(await readFacets(instance)).toMatchObject({ rows: 1, own: 1 })
  })

  it('an earlier version that lives on as an import leaves no hole in the history', async () => {
    const instance = await openWithIdentity('A')
    const first = await writeMemory(instance, { content: 'one', entity_id: 'e' })
    const second = await editMemory(instance, first, { content: 'two', entity_id: 'e' })
    await imported(instance, ['one'])
    if ((await readMemory(instance, first)) !== null) await deleteMemory(instance, first)
    const detail = await readMemory(instance, second)
    expect(detail).toMatchObject({ memory: { content: 'two' } })
    expect(detail!.earlier.length).toBe(detail!.versions)
  })

  it('its own leaf stays ours: it comes home without being called forged', async () => {
    const [a, b] = [await openWithIdentity('A'), await openWithIdentity('B')]
    await trust(b, a.identity)
    await trust(a, b.identity)
    const key = await writeMemory(a, NOTE)
    await importManifest(b, await openManifest(b, (await exportManifest(a, {})).file))
    await deleteMemory(a, key)
    const back = await exportManifest(b, {})
    expect(await importManifest(a, await openManifest(a, back.file))).toMatchObject({ deleted_here: 1 })
  })

  it('a list that was made before says that it is outdated', async () => {
    const instance = await openWithIdentity('A')
    const keys = []
    for (const content of ['1', '2', '3']) keys.push(await writeMemory(instance, { content, entity_id: 'e' }))
    const list = await queryMemories(instance, {})
    await deleteMemory(instance, keys[1]!)
    const rows = await list.rows(0, 3).catch((error: unknown) => error)
    expect(rows).toMatchObject({ code: 'list_outdated' })
    expect(await queryMemories(instance, { text: '2' })).toMatchObject({ count: 0 })
  })

  it('while a search reads the lines', async () => {
    const instance = await openWithIdentity('A')
    const opened = await openFile(
      instance,
      new File(
        [JSON.stringify(Array.from({ length: 3000 }, (_, i) => ({ content: `needle ${i}` })))],
        'x.json',
      ),
    )
    if (opened.kind !== 'memories') throw new Error(opened.kind)
    await opened.foreign.take()
    const all = await queryMemories(instance, {})
    const [row] = await all.rows(1500, 1501)
    const searches = [1, 2, 3].map(() => queryMemories(instance, { text: 'NEEDLE' }))
    await deleteMemory(instance, row!.key)
    for (const search of await Promise.all(searches)) expect([2999, 3000]).toContain(search.count)
    expect(await queryMemories(instance, { text: 'needle' })).toMatchObject({ count: 2999 })
  })
})

it('a list has its first rows with it, and gives them once: from then on they are read', async () => {
  const instance = await openWithIdentity('A')
  for (const content of ['a', 'b', 'c']) await writeMemory(instance, { content, entity_id: 'e' })
  const all = await rowsOf(instance)
  const list = await queryMemories(instance, {}, { first: 2 })
  await deleteMemory(instance, all[0]!.key)
  const contents = (rows: { memory: { content: string } }[]) => rows.map(({ memory }) => memory.content)
  expect(contents(await list.rows(0, 2))).toEqual(contents(all.slice(0, 2)))
  expect(await codeOf(list.rows(0, 2))).toBe('list_outdated')
})

const NOTE_SHOWN = { content: 'first text', tags: ['a', 'b'] }

it('many reading at once see each memory once', async () => {
  const instance = await openWithIdentity('A')
  await imported(instance, ['1', '2', '3'])
  const [facets, list, again] = await Promise.all([
    readFacets(instance),
    queryMemories(instance, {}),
    readFacets(instance),
  ])
  expect(facets).toMatchObject({ rows: 3, peers: [{ rows: 3, lines: 3 }] })
  expect(again).toEqual(facets)
  expect((await list.rows(0, 3)).map(({ attestations }) => attestations)).toEqual([0, 0, 0])
})

describe('a search', () => {
  /** Texts of more than one segment. */
  async function openWithTexts() {
    const instance = await openWithIdentity('A')
    const texts = Array.from({ length: 5000 }, (_, i) => ({
      content: `${i % 2 === 0 ? 'Even' : 'odd'} ${i}${' '.repeat(2000)}`,
    }))
    const opened = await openFile(instance, new File([JSON.stringify(texts)], 'x.json'))
    if (opened.kind !== 'memories') throw new Error(opened.kind)
    await opened.foreign.take()
    return instance
  }

  it('gives what it found before it has ended, in the list that it answers', async () => {
    const instance = await openWithTexts()
    const found: { list: MemoryList; count: number; first: string }[] = []
    const reading: Promise<unknown>[] = []
    const dones: number[] = []
    const list = await queryMemories(
      instance,
      { text: 'EVEN' },
      {
        onProgress: ({ done, total }) => {
          expect(total).toBe(5000)
          dones.push(done)
        },
        onFound: (some) => {
          const { count } = some
          const read = some
            .rows(0, 1)
            .then(([row]) => found.push({ list: some, count, first: row!.memory.content }))
          reading.push(read)
        },
      },
    )
    await Promise.all(reading)
    expect(list.count).toBe(2500)
    expect(found.length).toBeGreaterThan(0)
    expect(found[0]!.count).toBeLessThan(2500)
    for (const each of found) expect([each.list === list, each.first.slice(0, 4)]).toEqual([true, 'Even'])
    expect(dones).toEqual([...dones].sort((a, b) => a - b))
    const rows = await list.rows(0, 2500)
    expect(new Set(rows.map(({ key }) => key)).size).toBe(2500)
    list.close()
  })

  it('that is ended leaves what it found', async () => {
    const instance = await openWithTexts()
    const controller = new AbortController()
    let some: MemoryList | undefined
    const search = queryMemories(
      instance,
      { text: 'odd' },
      {
        signal: controller.signal,
        onFound: (list) => {
          some = list
          controller.abort()
        },
      },
    )
    expect(await codeOf(search)).toBe('cancelled')
    expect(await some!.rows(0, some!.count)).toHaveLength(some!.count)
    some!.close()
    expect(await codeOf(some!.rows(0, 1))).toBe('worker_lost')
  })

  it('together with a selection reads only what this leaves', async () => {
    const instance = await openWithTexts()
    await writeMemory(instance, { content: 'even so', entity_id: 'apart' })
    const list = await queryMemories(instance, { text: 'even', entity_id: 'apart' })
    expect((await list.rows(0, 9)).map(({ memory }) => memory.content)).toEqual(['even so'])
  })
})
