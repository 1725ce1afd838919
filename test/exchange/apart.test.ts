import { deleteDB, openDB } from 'idb'
import { expect, it, onTestFinished, vi } from 'vitest'
import { exportManifest } from '../../src/exchange/export.ts'
import { createIdentity } from '../../src/exchange/identity.ts'
import { importManifest } from '../../src/exchange/import.ts'
import { openInstance } from '../../src/exchange/instance.ts'
import { checkIntegrity, requireEngine } from '../../src/exchange/integrity.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import { queryMemories, writeMemory } from '../../src/exchange/memories.ts'
import type { Database } from '../../src/store/database.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import { createWorkerHere } from '../../src/worker/here.ts'
import { craftManifest, craftMemory, createStranger } from './craft.ts'
import { codeOf, dump, rowsOf, startTestLane, startTestWorker, trust } from './instance.ts'

/** From disk, over a store of the test's own; its worker has the store `workerStore`. */
async function openFromDisk(workerStore?: string) {
  const name = `test-${crypto.randomUUID()}`
  const lanes: Worker[] = []
  let movedHere = 0
  const worker = new WorkerBridge(() => startTestWorker(workerStore ?? name))
  const called = vi.spyOn(worker, 'call')
  const startLane = () => {
    const started = startTestLane()
    lanes.push(started)
    return started
  }
  const instance = await openInstance({
    worker,
    workHere: async (db: Database) => {
      movedHere++
      return createWorkerHere(db, worker, startLane)
    },
    name,
    isFromDisk: true,
    onLost: () => undefined,
  })
  onTestFinished(async () => {
    for (const each of [worker, instance.worker]) each.close()
    for (const each of lanes) each.terminate()
    instance.changes.close()
    instance.heldKey.close()
    instance.db.close()
    await Promise.all([name, workerStore ?? name].map((each) => deleteDB(each)))
  })
  return { instance, worker, lanes, movedHere, asked: () => called.mock.calls.map(([task]) => task) }
}

it('where the worker has the store of the page, it does the work', async () => {
  const { instance, worker, movedHere } = await openFromDisk()
  expect(movedHere).toBe(0)
  expect(instance.worker).toBe(worker)
  expect(await instance.db.count('batches')).toBe(0)
})

it('where it has another, the page does it: all is in its store, nothing in the other, and lanes take the runs', async () => {
  const other = `test-${crypto.randomUUID()}`
  const { instance, lanes, movedHere, asked } = await openFromDisk(other)
  expect(movedHere).toBe(1)
  expect(await instance.db.count('batches')).toBe(0)

  await requireEngine(instance)
  await createIdentity(instance, { label: 'A', passphrase: 'correct horse battery', locked: true })
  await writeMemory(instance, { content: 'written here', entity_id: 'project' })
  const signer = await createStranger()
  await trust(instance, signer)
  const drafts = Array.from({ length: 30 }, (_, i) => ({ content: `${i} `.repeat(60_000) }))
  const memories = drafts.map((draft) => craftMemory(signer.fingerprint, draft))
  const { file } = await craftManifest(signer, memories)
  const opened = await openManifest(instance, file)
  expect(opened.report).toMatchObject({ result: 'ok', leaves: 30 })
  expect(lanes.length).toBeGreaterThan(0)
  expect(await importManifest(instance, opened)).toMatchObject({ imported: 30 })
  expect((await rowsOf(instance)).length).toBe(31)
  expect((await rowsOf(instance, { text: 'written here' })).length).toBe(1)
  const again = await openManifest(instance, (await exportManifest(instance, {})).file)
  expect(again.report).toMatchObject({ result: 'ok', leaves: 31 })
  expect((await checkIntegrity(instance)).faults).toEqual([])

  // Of the worker nothing but what needs no store: what a passphrase costs would stop the page.
  expect(new Set(asked())).toEqual(new Set(['sees', 'stretch']))
  const db = (await openDB(other)) as unknown as Database
  expect(Object.values(await dump(db)).flat()).toEqual([])
  db.close()
})

it('what is done in the page is cancelled and fails as in a worker', async () => {
  const { instance, movedHere } = await openFromDisk(`test-${crypto.randomUUID()}`)
  expect(movedHere).toBe(1)
  const cancelled = new AbortController()
  const query = queryMemories(instance, { text: 'x' }, { signal: cancelled.signal })
  cancelled.abort()
  expect(await codeOf(query)).toBe('cancelled')
  expect(await codeOf(instance.worker.call('locate', { key: '00'.repeat(32) }))).toBe('memory_unknown')
  const pending = instance.worker.call('facets', {})
  instance.worker.close()
  expect(await codeOf(pending)).toBe('worker_lost')
  expect(await instance.worker.call('facets', {})).toMatchObject({ rows: 0 })
})

it('tabs from disk hear of each other where no channel reaches them, and leave nothing behind', async () => {
  const { instance } = await openFromDisk()
  const { name } = instance.db
  const other = document.createElement('iframe')
  document.body.append(other)
  onTestFinished(() => other.remove())
  const there = other.contentWindow!
  const [heard, said] = [vi.fn(), vi.fn()]
  instance.changes.listen(heard)
  there.addEventListener('storage', ({ key, newValue }) => said(key, newValue !== null))

  there.localStorage.setItem(name, '')
  there.localStorage.removeItem(name)
  await expect.poll(() => heard.mock.calls.length).toBe(1)
  there.localStorage.setItem(`${name}-x`, '')
  there.localStorage.removeItem(`${name}-x`)

  instance.heldKey.lock()
  instance.changes.announce()
  await expect.poll(() => said.mock.calls).toContainEqual([name, true])
  expect(said.mock.calls).toContainEqual([`${name}-lock`, true])
  // Its own announcement, once: the words of others do not concern it, nor do its own come back.
  expect(heard.mock.calls.length).toBe(2)
  expect(Object.keys(localStorage).filter((key) => key.startsWith(name))).toEqual([])
})

it('a key that is locked in one tab from disk is locked in the other', async () => {
  const { instance } = await openFromDisk()
  const { identity } = await createIdentity(instance, {
    label: 'A',
    passphrase: 'correct horse battery',
    locked: true,
  })
  expect(instance.heldKey.get(identity.fingerprint)).not.toBeNull()
  const other = document.createElement('iframe')
  document.body.append(other)
  onTestFinished(() => other.remove())
  other.contentWindow!.localStorage.setItem(`${instance.db.name}-lock`, '')
  other.contentWindow!.localStorage.removeItem(`${instance.db.name}-lock`)
  await expect.poll(() => instance.heldKey.get(identity.fingerprint)).toBeNull()
})
