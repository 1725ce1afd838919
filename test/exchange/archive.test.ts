import { describe, expect, it } from 'vitest'
import { backUpStore, lastBackup, openArchive } from '../../src/exchange/archive.ts'
import { exportManifest, listStreams } from '../../src/exchange/export.ts'
import { createIdentity, getIdentity, restoreIdentity } from '../../src/exchange/identity.ts'
import { importManifest } from '../../src/exchange/import.ts'
import { checkIntegrity } from '../../src/exchange/integrity.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import { deleteMemory, queryMemories, writeMemory } from '../../src/exchange/memories.ts'
import { packFile } from '../../src/exchange/pack.ts'
import { listPeers, revokePeer } from '../../src/exchange/peers.ts'
import { previewRestore, restoreStore } from '../../src/exchange/restore.ts'
import { craftManifest, craftMemory, createStranger } from './craft.ts'
import { openFull } from './full.ts'
import {
  codeOf,
  dump,
  openTestInstance,
  openWithIdentity,
  rowsOf,
  trust,
  type TestInstance,
} from './instance.ts'

const PASSPHRASE = 'several words that do not belong'

async function restore(instance: TestInstance, file: File, agreed = true) {
  const opened = await openArchive(instance, file)
  try {
    return await restoreStore(instance, opened, { trust: agreed })
  } finally {
    opened.close()
  }
}

const write = (instance: TestInstance, content: string) => writeMemory(instance, { content, entity_id: 'e' })
const textsOf = async (instance: TestInstance) =>
  (await rowsOf(instance)).map(({ memory }) => memory.content).sort()
const faultsOf = async (instance: TestInstance) => (await checkIntegrity(instance)).faults

/** Two stores of one identity, which know nothing of each other. */
async function openTwins(): Promise<[TestInstance, TestInstance]> {
  const a = await openTestInstance()
  const { backup } = await createIdentity(a, { label: 'Twin', passphrase: PASSPHRASE })
  const b = await openTestInstance()
  await restoreIdentity(b, backup!, PASSPHRASE)
  return [a, b]
}

/** Takes in a manifest by a new, trusted stranger. */
async function takeIn(instance: TestInstance, label: string, contents: readonly string[]) {
  const stranger = await createStranger(label)
  await trust(instance, stranger)
  const memories = contents.map((content) => craftMemory(stranger.fingerprint, { content }))
  const { file } = await craftManifest(stranger, memories)
  await importManifest(instance, await openManifest(instance, file))
  return { stranger, file }
}

describe('where nothing was done', () => {
  it('a store comes back as it was', async () => {
    const a = await openFull()
    const before = await dump(a.db)
    const { file, header } = await backUpStore(a)
    expect(header.issuer?.label).toBe('Harbour, renamed')
    const b = await openTestInstance()
    const opened = await openArchive(b, await packFile(b, file))
    expect(await previewRestore(b, opened, true)).toMatchObject({ mode: 'whole', refusal: null })
    await restoreStore(b, opened, { trust: true })
    const after = await dump(b.db)
    for (const name of ['peers', 'manifests', 'leaves', 'places', 'forks', 'tombstones', 'batches'])
      expect(after[name], name).toEqual(before[name])
    expect(after['audit']!.slice(0, -1)).toEqual(before['audit'])
    expect(after['audit']!.at(-1)).toMatchObject({ operation: 'store_restored' })
    expect(await faultsOf(b)).toEqual([])
    expect(await rowsOf(b)).toEqual(await rowsOf(a))
    expect(await lastBackup(b)).toBe(header.created_at)
    // Again, and into the store that it is of: all of it is here.
    for (const instance of [a, b]) {
      const held = await dump(instance.db)
      expect((await restore(instance, file)).changed).toBe(false)
      expect(await dump(instance.db)).toEqual(held)
    }
    // What was restored can be backed up in its turn, unsigned: its key is not here.
    const { file: again, header: unsigned } = await backUpStore(b)
    expect(unsigned.issuer).toBeUndefined()
    const c = await openTestInstance()
    await restore(c, again)
    expect(await rowsOf(c)).toEqual(await rowsOf(a))
    expect(await faultsOf(c)).toEqual([])
  })

  it('its identity waits for its key, and then begins new streams', async () => {
    const a = await openTestInstance()
    const { backup, identity } = await createIdentity(a, { label: 'A', passphrase: PASSPHRASE })
    await write(a, 'one')
    const first = await exportManifest(a, {})
    const { file } = await backUpStore(a)
    const b = await openTestInstance()
    await restore(b, file)
    expect(await getIdentity(b)).toBeNull()
    expect(await codeOf(exportManifest(b, {}))).toBe('no_identity')
    expect(await restoreIdentity(b, backup!, PASSPHRASE)).toEqual({ ...identity, restored: true })
    expect(await listStreams(b)).toEqual([])
    const second = await exportManifest(b, {})
    expect(second.envelope.header.stream).not.toBe(first.envelope.header.stream)
    expect(second.envelope.header.sequence).toBe(1)
    expect(await faultsOf(b)).toEqual([])
    // Or a new one is made; what the old one wrote stays its own.
    const c = await openTestInstance()
    await restore(c, file)
    await createIdentity(c, { label: 'New' })
    await write(c, 'two')
    expect(await textsOf(c)).toEqual(['one', 'two'])
    expect(await faultsOf(c)).toEqual([])
  })

  it('a sealed key comes along, and only one that is of the identity', async () => {
    const a = await openTestInstance()
    const { backup } = await createIdentity(a, { label: 'A', passphrase: PASSPHRASE })
    const record = (await a.db.getAll('identities'))[0]!
    await a.db.put('identities', { ...record, sealed: await backup!.text() })
    const b = await openTestInstance()
    await restore(b, (await backUpStore(a)).file)
    expect((await b.db.getAll('identities'))[0]).toMatchObject({ sealed: await backup!.text() })
    const { backup: other } = await createIdentity(await openTestInstance(), {
      label: 'Other',
      passphrase: PASSPHRASE,
    })
    await a.db.put('identities', { ...record, sealed: await other!.text() })
    const { file } = await backUpStore(a)
    expect(await codeOf(openArchive(await openTestInstance(), file))).toBe('archive_invalid')
  })

  it('is restored with the keys that it trusts, or not at all', async () => {
    const a = await openWithIdentity('A')
    await takeIn(a, 'Peer', ['theirs'])
    const { file } = await backUpStore(a)
    const b = await openTestInstance()
    expect(await codeOf(restore(b, file, false))).toBe('untrusted_peer')
    expect((await dump(b.db))['audit']).toEqual([])
  })

  it('there is nothing to back up', async () => {
    const a = await openTestInstance()
    expect(await codeOf(backUpStore(a))).toBe('store_empty')
    const b = await openWithIdentity('Only an identity')
    const { file } = await backUpStore(b)
    expect((await openArchive(a, file)).summary.header.memory_count).toBe(0)
  })
})

describe('in a store that has its own', () => {
  it('what is not here comes in, each row with its origin', async () => {
    const [a, b] = await openTwins()
    await write(a, 'both')
    await write(a, 'only there')
    const { stranger } = await takeIn(a, 'Peer', ['theirs', 'both'])
    await exportManifest(a, {})
    await write(b, 'both')
    await write(b, 'only here')
    await exportManifest(b, {})
    const { file } = await backUpStore(a)
    const opened = await openArchive(b, file)
    const preview = await previewRestore(b, opened, true)
    expect(preview).toMatchObject({ mode: 'merge', isOwn: true, refusal: null, forks: 0 })
    expect(preview.offered.map(({ fingerprint }) => fingerprint)).toEqual([stranger.fingerprint])
    const result = await restoreStore(b, opened, { trust: true })
    expect(result.counts).toEqual(preview.counts)
    expect(await textsOf(b)).toEqual(['both', 'only here', 'only there', 'theirs'])
    const theirs = (await rowsOf(b)).find(({ memory }) => memory.content === 'theirs')!
    expect(theirs.federation_origin).toMatchObject({ fingerprint: stranger.fingerprint })
    expect(await listStreams(b)).toHaveLength(1)
    expect(await faultsOf(b)).toEqual([])
    const held = await dump(b.db)
    expect((await restore(b, file)).changed).toBe(false)
    expect(await dump(b.db)).toEqual(held)
    // And it can be backed up and restored whole.
    const c = await openTestInstance()
    await restore(c, (await backUpStore(b)).file)
    expect(await rowsOf(c)).toEqual(await rowsOf(b))
    expect(await faultsOf(c)).toEqual([])
  })

  it('everything that can have happened elsewhere is taken over, and the integrity check holds', async () => {
    const a = await openFull()
    const { file } = await backUpStore(a)
    const b = await openTestInstance()
    await takeIn(b, 'Other', ['here', 'alpha'])
    const result = await restore(b, file)
    expect(result).toMatchObject({ mode: 'merge', changed: true })
    expect(await faultsOf(b)).toEqual([])
    const there = await textsOf(a)
    expect(await textsOf(b)).toEqual(expect.arrayContaining(there))
    const held = await dump(b.db)
    expect((await restore(b, file)).changed).toBe(false)
    expect(await dump(b.db)).toEqual(held)
  })

  it('of keys that are not trusted here nothing comes in but what was signed', async () => {
    const a = await openFull()
    const { file } = await backUpStore(a)
    const b = await openTestInstance()
    await takeIn(b, 'Other', ['here'])
    const result = await restore(b, file, false)
    expect(result.counts.withheld).toBeGreaterThan(0)
    expect((await listPeers(b)).filter(({ state }) => state === 'trusted')).toHaveLength(1)
    expect(await faultsOf(b)).toEqual([])
  })

  it('what was deleted here stays deleted', async () => {
    const [a, b] = await openTwins()
    const key = await write(a, 'gone')
    await write(a, 'kept')
    const { file } = await backUpStore(a)
    await deleteMemory(a, key)
    const again = await restore(a, file)
    expect(again).toMatchObject({ changed: false, counts: { deleted_here: 1, already_local: 1 } })
    expect(await textsOf(a)).toEqual(['kept'])
    // The same where the deleted line was another one with this text.
    await deleteMemory(b, await write(b, 'gone'))
    expect(await restore(b, file)).toMatchObject({ changed: true, counts: { deleted_here: 1, added: 1 } })
    expect(await textsOf(b)).toEqual(['kept'])
    expect(await faultsOf(b)).toEqual([])
  })

  it('what was deleted there does not rise here, and does not go where it is read', async () => {
    const [a, b] = await openTwins()
    await deleteMemory(a, await write(a, 'read here'))
    await deleteMemory(a, await write(a, 'nowhere'))
    await write(b, 'read here')
    await restore(b, (await backUpStore(a)).file)
    expect(await textsOf(b)).toEqual(['read here'])
    expect(await b.db.count('tombstones')).toBe(1)
    expect(await faultsOf(b)).toEqual([])
  })

  it('who was revoked here stays revoked, and brings nothing', async () => {
    const a = await openWithIdentity('A')
    const { stranger } = await takeIn(a, 'Peer', ['theirs'])
    const { file } = await backUpStore(a)
    const b = await openTestInstance()
    await trust(b, stranger)
    await revokePeer(b, { fingerprint: stranger.fingerprint })
    const opened = await openArchive(b, file)
    const preview = await previewRestore(b, opened, true)
    expect(preview.revoked.map(({ fingerprint }) => fingerprint)).toEqual([stranger.fingerprint])
    expect(preview.offered).toEqual([])
    expect((await restoreStore(b, opened, { trust: true })).counts.withheld).toBe(1)
    expect((await listPeers(b))[0]!.state).toBe('revoked')
    expect(await textsOf(b)).toEqual([])
    expect(await faultsOf(b)).toEqual([])
  })

  it('the backup of another store is refused, and so is one that nobody signed', async () => {
    const a = await openWithIdentity('A')
    await write(a, 'a')
    const { file } = await backUpStore(a)
    const b = await openWithIdentity('B')
    const held = await dump(b.db)
    const opened = await openArchive(b, file)
    expect(await previewRestore(b, opened, true)).toMatchObject({ refusal: 'archive_foreign' })
    expect(await codeOf(restoreStore(b, opened, { trust: true }))).toBe('archive_foreign')
    expect(await dump(b.db)).toEqual(held)
    const restored = await openTestInstance()
    await restore(restored, file)
    expect(await codeOf(restore(a, (await backUpStore(restored)).file))).toBe('archive_foreign')
  })

  it('two stores that know two manifests in one place: the stream is frozen', async () => {
    const [a, b] = await openTwins()
    const stranger = await createStranger('Peer')
    const stream = '0'.repeat(32)
    for (const [instance, content] of [
      [a, 'one'],
      [b, 'two'],
    ] as const) {
      await trust(instance, stranger)
      const memory = craftMemory(stranger.fingerprint, { content })
      const { file } = await craftManifest(stranger, [memory], { header: { stream } })
      await importManifest(instance, await openManifest(instance, file))
    }
    const opened = await openArchive(b, (await backUpStore(a)).file)
    expect((await previewRestore(b, opened, true)).forks).toBe(1)
    expect((await restoreStore(b, opened, { trust: true })).counts.withheld).toBe(1)
    expect(await textsOf(b)).toEqual(['two'])
    expect((await b.db.getAll('forks'))[0]).toMatchObject({ stream, frozen: true })
    expect(await faultsOf(b)).toEqual([])
  })
})

describe('all or nothing', () => {
  it.each(['fresh', 'used'])('a transaction that breaks leaves a %s store as it was', async (kind) => {
    const [a, b] = await openTwins()
    await write(a, 'one')
    await takeIn(a, 'Peer', ['theirs'])
    const target = kind === 'fresh' ? await openTestInstance() : b
    const { file } = await backUpStore(a)
    const held = await dump(target.db)
    const { add, put } = IDBObjectStore.prototype
    const breaking = (method: typeof add) =>
      function (this: IDBObjectStore, ...given: Parameters<typeof add>) {
        if (this.name === 'places') throw new DOMException('planted', 'QuotaExceededError')
        return method.apply(this, given)
      }
    Object.assign(IDBObjectStore.prototype, { add: breaking(add), put: breaking(put) })
    try {
      expect(await codeOf(restore(target, file))).toBe('storage_full')
    } finally {
      Object.assign(IDBObjectStore.prototype, { add, put })
    }
    expect(await dump(target.db)).toEqual(held)
    expect((await restore(target, file)).changed).toBe(true)
    expect(await faultsOf(target)).toEqual([])
  })

  it('what a tab staged before it died is not seen, and swept', async () => {
    const a = await openWithIdentity('A')
    for (const content of ['one', 'two']) await write(a, content)
    const { file } = await backUpStore(a)
    const b = await openTestInstance()
    const opened = await openArchive(b, file)
    const batches = (await b.worker.call('readHoldings', { opened: opened.handle })).batches.map(
      ({ id }) => id,
    )
    await b.worker.call('stageArchive', { opened: opened.handle, batches })
    b.workers.at(-1)!.terminate()
    expect(await b.db.count('segments')).toBe(2)
    const tab = await openTestInstance(b.name)
    expect(await tab.db.count('segments')).toBe(0)
    expect(await tab.db.count('batches')).toBe(0)
    const list = await queryMemories(tab, {})
    expect(list.count).toBe(0)
  })

  it('a cancelled one leaves nothing', async () => {
    const a = await openFull()
    const { file } = await backUpStore(a)
    const b = await openTestInstance()
    const opened = await openArchive(b, file)
    const controller = new AbortController()
    const restoring = restoreStore(b, opened, {
      trust: true,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    expect(await codeOf(restoring)).toBe('cancelled')
    expect(await b.db.count('batches')).toBe(0)
    expect((await restoreStore(b, opened, { trust: true })).changed).toBe(true)
  })
})
