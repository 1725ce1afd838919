import { deleteDB, openDB } from 'idb'
import { expect, it, onTestFinished } from 'vitest'
import { ExchangeError } from '../../src/core/errors.ts'
import { openDatabase, toStorageError } from '../../src/store/database.ts'
import { codeOf } from '../exchange/instance.ts'

const STORES = [
  'audit',
  'batches',
  'consents',
  'forks',
  'identities',
  'leaves',
  'manifests',
  'own_streams',
  'pages',
  'peers',
  'places',
  'segments',
  'settings',
  'tombstones',
]

function freshName(): string {
  const name = `test-${crypto.randomUUID()}`
  onTestFinished(() => deleteDB(name))
  return name
}

it('makes the present version out of nothing', async () => {
  const db = await openDatabase(() => undefined, freshName())
  expect([...db.objectStoreNames]).toEqual(STORES)
  expect(db.version).toBe(2)
  const tx = db.transaction(STORES as never[])
  const keyPaths = STORES.map((name) => [name, tx.objectStore(name as never).keyPath])
  expect(Object.fromEntries(keyPaths)).toMatchObject({
    places: ['issuer', 'stream', 'sequence'],
    forks: ['issuer', 'stream', 'refused.id'],
    segments: 'id',
    audit: 'seq',
  })
  db.close()
})

it('opens what it made, with what stands in it', async () => {
  const name = freshName()
  const first = await openDatabase(() => undefined, name)
  await first.put('settings', { name: 'x', value: 1 })
  first.close()
  const second = await openDatabase(() => undefined, name)
  expect(await second.get('settings', 'x')).toEqual({ name: 'x', value: 1 })
  second.close()
})

it('lets no transaction that fails be reported as uncaught, though nobody awaited its end', async () => {
  const db = await openDatabase(() => undefined, freshName())
  const uncaught: unknown[] = []
  const note = (event: PromiseRejectionEvent) => void uncaught.push(event.reason)
  addEventListener('unhandledrejection', note)
  onTestFinished(() => removeEventListener('unhandledrejection', note))
  const reading = db.transaction('settings')
  const read = reading.store.get('x')
  reading.abort()
  await expect(read).rejects.toMatchObject({ name: 'AbortError' })
  const writing = db.transaction('settings', 'readwrite')
  const written = writing.store.put({ name: 'x', value: 1 })
  writing.abort()
  await expect(written).rejects.toMatchObject({ name: 'AbortError' })
  await expect(writing.done).rejects.toMatchObject({ name: 'AbortError' })
  // The browser reports after the tasks at hand.
  await new Promise((reported) => setTimeout(reported, 50))
  expect(uncaught).toEqual([])
  db.close()
})

it('brings a store of the first version up to date, with what stands in it', async () => {
  const name = freshName()
  const first = await openDB(name, 1, {
    upgrade: (made) => {
      for (const store of STORES.filter((each) => each !== 'consents'))
        made.createObjectStore(store, store === 'settings' ? { keyPath: 'name' } : {})
    },
  })
  await first.put('settings', { name: 'x', value: 1 })
  first.close()
  const db = await openDatabase(() => undefined, name)
  expect([...db.objectStoreNames]).toEqual(STORES)
  expect(await db.get('settings', 'x')).toEqual({ name: 'x', value: 1 })
  expect(await db.getAll('consents')).toEqual([])
  db.close()
})

it('refuses a store of a later version, which stays as it is', async () => {
  const name = freshName()
  const later = await openDB(name, 99, { upgrade: (db) => void db.createObjectStore('of_the_future') })
  later.close()
  expect(await codeOf(openDatabase(() => undefined, name))).toBe('storage_newer')
  const again = await openDB(name, 99)
  expect([...again.objectStoreNames]).toEqual(['of_the_future'])
  again.close()
})

it('lets go for a newer version and says so', async () => {
  const name = freshName()
  const lost: string[] = []
  await openDatabase((why) => lost.push(why), name)
  const newer = await openDB(name, 99)
  newer.close()
  expect(lost).toEqual(['newer_version'])
})

it('names failures of the storage', () => {
  const code = (name: string) => (toStorageError(new DOMException('', name)) as ExchangeError).code
  expect(code('QuotaExceededError')).toBe('storage_full')
  expect(code('InvalidStateError')).toBe('storage_unavailable')
  expect(code('AbortError')).toBe('storage_unavailable')
  const bug = new TypeError('ours')
  expect(toStorageError(bug)).toBe(bug)
  const refusal = new ExchangeError('peer_unknown')
  expect(toStorageError(refusal)).toBe(refusal)
})
