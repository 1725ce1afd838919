import { describe, expect, it } from 'vitest'
import { importManifest } from '../../src/exchange/import.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import { deleteMemory, queryMemories, readFacets, writeMemory } from '../../src/exchange/memories.ts'
import { openFile } from '../../src/exchange/open.ts'
import { removePeerMemories, revokePeer } from '../../src/exchange/peers.ts'
import type { Progress } from '../../src/worker/protocol.ts'
import { craftManifest, craftMemory, createStranger, type Stranger } from './craft.ts'
import { codeOf, dump, openTestInstance, openWithIdentity, trust, type TestInstance } from './instance.ts'

const COUNT = 1000

/** Enough for several segments and several runs of reading. */
async function craftLarge(peer: Stranger, count = COUNT, bytes = 18_000) {
  const filler = 'x'.repeat(bytes)
  return craftManifest(
    peer,
    Array.from({ length: count }, (_, i) => craftMemory(peer.fingerprint, { content: `${i} ${filler}` })),
  )
}

const large = await createStranger('Large').then(async (peer) => ({ peer, crafted: await craftLarge(peer) }))

async function openWithLarge(name?: string) {
  const instance = await openTestInstance(name)
  if (name === undefined) await trust(instance, large.peer)
  return instance
}

/** Waits for something to have been staged, then acts. */
async function whenStaged(instance: TestInstance, act: () => unknown): Promise<void> {
  while ((await instance.db.count('pages')) === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  await act()
}

const take = async (instance: TestInstance, options = {}) =>
  importManifest(instance, await openManifest(instance, large.crafted.file), options)

/** All but the audit and what counts the changes. */
const withoutAudit = ({ audit: _, settings: __, ...rest }: Record<string, unknown[]>) => rest

describe('an import that does not come to its end leaves nothing', () => {
  it('the worker is killed while it stages; the next import has a new one', async () => {
    const instance = await openWithLarge()
    const before = await dump(instance.db)
    const code = codeOf(take(instance))
    await whenStaged(instance, () => instance.worker.close())
    expect(await code).toBe('worker_lost')
    expect(await dump(instance.db)).toEqual(before)
    expect(await take(instance)).toMatchObject({ imported: COUNT })
    expect(instance.workers).toHaveLength(2)
  })

  it('one that waits for its turn has its file still, whatever was opened meanwhile', async () => {
    const instance = await openWithLarge()
    const opened = await openManifest(instance, large.crafted.file)
    const free = new AbortController()
    const isFree = new Promise((resolve) => free.signal.addEventListener('abort', resolve))
    const holding = navigator.locks.request(instance.name, () => isFree)
    const work = importManifest(instance, opened)
    opened.close()
    // The worker answers in order: by now it has heard of it, if it was told.
    await readFacets(instance)
    free.abort()
    await holding
    expect(await work).toMatchObject({ imported: COUNT })
    expect(await codeOf(opened.memories(0, 1))).toBe('worker_lost')
  })

  it('cancelled at each of its stages', async () => {
    const instance = await openWithLarge()
    const before = await dump(instance.db)
    for (const at of ['start', 'verify', 'stage']) {
      const controller = new AbortController()
      const { signal } = controller
      if (at === 'verify') {
        const onProgress = () => controller.abort()
        const work = codeOf(openManifest(instance, large.crafted.file, { signal, onProgress }))
        expect(await work, at).toBe('cancelled')
        continue
      }
      const opened = await openManifest(instance, large.crafted.file)
      const work = codeOf(importManifest(instance, opened, { signal }))
      if (at === 'start') controller.abort()
      if (at === 'stage') await whenStaged(instance, () => controller.abort())
      expect(await work, at).toBe('cancelled')
      expect(await dump(instance.db), at).toEqual(before)
    }
  })

  it('cancelled while another tab works: it does not wait for its turn', async () => {
    const instance = await openWithLarge()
    const before = await dump(instance.db)
    const opened = await openManifest(instance, large.crafted.file)
    const controller = new AbortController()
    let finish = () => {}
    let ended = Promise.resolve()
    await new Promise<void>((begun) => {
      ended = navigator.locks.request(instance.db.name, async () => {
        begun()
        await new Promise<void>((end) => (finish = end))
      })
    })
    const work = codeOf(importManifest(instance, opened, { signal: controller.signal }))
    controller.abort()
    expect(await work).toBe('cancelled')
    finish()
    await ended
    expect(await dump(instance.db)).toEqual(before)
  })

  it('a page that dies in the middle: what it staged is not seen, and swept by the next', async () => {
    const instance = await openWithLarge()
    const before = await dump(instance.db)
    const tab = await openTestInstance(instance.name)
    // The tab's lines are written, and then nothing more is heard of it: its own clean-up does not come about.
    const work = codeOf(take(tab))
    await whenStaged(tab, () => {
      for (const worker of tab.workers) worker.terminate()
      tab.db.close()
      tab.worker.close()
    })
    expect(['worker_lost', 'storage_unavailable']).toContain(await work)
    expect(await instance.db.count('batches')).toBe(1)
    expect(await readFacets(instance)).toMatchObject({ rows: 0 })
    await openTestInstance(instance.name)
    expect(await dump(instance.db)).toEqual(before)
  })

  it('revoked between check and commit', async () => {
    const instance = await openWithLarge()
    const tab = await openTestInstance(instance.name)
    const work = codeOf(take(instance))
    await whenStaged(tab, () => revokePeer(tab, { fingerprint: large.peer.fingerprint }))
    expect(await work).toBe('revoked_peer')
    expect(await dump(instance.db)).toMatchObject({
      batches: [],
      pages: [],
      segments: [],
      manifests: [],
      places: [],
      leaves: [],
    })
    expect((await instance.db.getAll('audit')).map(({ operation }) => operation)).toEqual([
      'peer_trusted',
      'peer_revoked',
    ])
  })

  it('the peer is gone between check and commit', async () => {
    const instance = await openWithLarge()
    const work = codeOf(take(instance))
    await whenStaged(instance, () => instance.db.clear('peers'))
    expect(await work).toBe('untrusted_peer')
    expect(await dump(instance.db)).toMatchObject({ batches: [], pages: [], segments: [], manifests: [] })
  })
})

describe('two tabs', () => {
  it('import the same manifest at the same time: once it is new', async () => {
    const instance = await openWithLarge()
    const tab = await openTestInstance(instance.name)
    const results = await Promise.all([take(instance), take(tab)])
    expect(results.map(({ imported }) => imported).sort()).toEqual([0, COUNT])
    expect(results.map(({ already_local }) => already_local).sort()).toEqual([0, COUNT])
    expect(await readFacets(tab)).toMatchObject({ rows: COUNT, peers: [{ rows: COUNT, lines: COUNT }] })
    expect(await instance.db.count('batches')).toBe(1)
  })

  it('open while the other imports: what is being staged is left alone', async () => {
    const instance = await openWithLarge()
    const work = take(instance)
    await whenStaged(instance, () => openTestInstance(instance.name))
    expect(await work).toMatchObject({ imported: COUNT })
  })

  it('write at once, one thing and many', async () => {
    const instance = await openWithIdentity('A')
    const tab = await openTestInstance(instance.name)
    const write = (each: TestInstance, content: string) => writeMemory(each, { content, entity_id: 'e' })
    const same = await Promise.all([instance, tab, tab].map((each) => codeOf(write(each, 'same'))))
    expect(same.filter((code) => code === 'already_local')).toHaveLength(2)
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => write(i % 2 === 0 ? instance : tab, `memory ${i}`)),
    )
    for (const each of [instance, tab]) expect(await readFacets(each)).toMatchObject({ rows: 11, own: 11 })
    const rows = await instance.db.getAll('audit')
    for (const [i, row] of rows.slice(1).entries()) expect(row.previous).toBe(rows[i]!.row_hash)
  })

  it('hear of each other, and of no other database', async () => {
    const instance = await openWithIdentity('A')
    const [tab, stranger] = [await openTestInstance(instance.name), await openTestInstance()]
    const heard: string[] = []
    tab.changes.listen(() => heard.push('tab'))
    stranger.changes.listen(() => heard.push('stranger'))
    const stop = instance.changes.listen(() => heard.push('self'))
    await writeMemory(instance, { content: 'a', entity_id: 'e' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(heard.sort()).toEqual(['self', 'tab'])
    stop()
    await writeMemory(instance, { content: 'b', entity_id: 'e' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(heard.filter((who) => who === 'self')).toHaveLength(1)
  })

  it('one database waits for no other', async () => {
    const instance = await openWithIdentity('A')
    const work = navigator.locks.request('omega-exchange', () =>
      writeMemory(instance, { content: 'a', entity_id: 'e' }),
    )
    expect(await work).toMatch(/^[0-9a-f]{64}$/)
  })

  it('read a list while a peer is taken out: outdated, or rows of the list', async () => {
    const instance = await openWithLarge()
    await take(instance)
    const tab = await openTestInstance(instance.name)
    const list = await queryMemories(tab, {})
    const [rows] = await Promise.all([
      list.rows(0, COUNT).catch((error: { code: string }) => error.code),
      removePeerMemories(instance, large.peer.fingerprint),
    ])
    if (Array.isArray(rows)) expect(rows).toHaveLength(COUNT)
    else expect(rows).toBe('list_outdated')
    expect(await codeOf(list.rows(0, 1))).toBe('list_outdated')
    expect(withoutAudit(await dump(tab.db))).toMatchObject({ batches: [], pages: [], segments: [] })
  })

  it('delete the same memory at once', async () => {
    const instance = await openWithIdentity('A')
    const tab = await openTestInstance(instance.name)
    const key = await writeMemory(instance, { content: 'a', entity_id: 'e' })
    const codes = await Promise.all([instance, tab].map((each) => codeOf(deleteMemory(each, key))))
    expect(codes.filter((code) => code === 'memory_unknown')).toHaveLength(1)
  })
})

describe('progress', () => {
  it('of opening and of importing rises to its end', async () => {
    const instance = await openWithLarge()
    const [verified, staged]: [Progress[], Progress[]] = [[], []]
    const opened = await openManifest(instance, large.crafted.file, {
      onProgress: (each) => void verified.push(each),
    })
    await importManifest(instance, opened, { onProgress: (each) => void staged.push(each) })
    expect(verified[0]!.total).toBe(large.crafted.file.size)
    expect(staged[0]!.total).toBe(COUNT)
    for (const pass of [verified, staged]) {
      expect(pass.length).toBeGreaterThan(1)
      for (const [i, progress] of pass.slice(1).entries()) {
        expect(progress.done).toBeGreaterThanOrEqual(pass[i]!.done)
        expect(progress.memories).toBeGreaterThanOrEqual(pass[i]!.memories)
      }
      expect(pass.at(-1)).toMatchObject({ done: pass[0]!.total, memories: COUNT })
    }
  })
})

describe('files of memories made elsewhere', () => {
  it('cancelled while they are taken in, they leave nothing', async () => {
    const instance = await openWithIdentity('A')
    const memories = Array.from({ length: 1000 }, (_, i) => ({
      content: `${i} `.repeat(3000),
      entity_id: 'e',
    }))
    const opened = await openFile(instance, new File([JSON.stringify(memories)], 'x.json'))
    if (opened.kind !== 'memories') throw new Error(opened.kind)
    const before = await dump(instance.db)
    const controller = new AbortController()
    const work = codeOf(opened.foreign.take({ signal: controller.signal }))
    await whenStaged(instance, () => controller.abort())
    expect(await work).toBe('cancelled')
    expect(await dump(instance.db)).toEqual(before)
    expect(await opened.foreign.take()).toMatchObject({ added: 1000 })
    opened.foreign.close()
    expect(await codeOf(opened.foreign.take())).toBe('worker_lost')
  })

  it('equal ones in one file are one; what cannot be is told by its row', async () => {
    const instance = await openWithIdentity('A')
    const lines = [
      '{"content":"a"}',
      '{"content":"a"}',
      '{"content":7}',
      '{"content":"b","created_at":"2026-01-01"}',
    ]
    const opened = await openFile(instance, new File([lines.join('\n')], 'x.jsonl'))
    if (opened.kind !== 'memories') throw new Error(opened.kind)
    expect(opened.foreign.preview).toMatchObject({
      good: 3,
      already_local: 1,
      problem_count: 1,
      problems: [{ row: 3 }],
      estimated: 2,
    })
    expect(await opened.foreign.take()).toMatchObject({ added: 2, already_local: 1 })
    const list = await queryMemories(instance, {})
    const rows = await list.rows(0, 2)
    expect(
      rows.map(({ memory }) => [memory.content, memory.entity_id, memory['x-date-estimated']]).sort(),
    ).toEqual([
      ['a', 'unsorted', true],
      ['b', 'unsorted', undefined],
    ])
  })
})
