import { expect, it, onTestFinished } from 'vitest'
import { createIdentity, getIdentity, openSigner, restoreIdentity } from '../../src/exchange/identity.ts'
import { keepOpen } from '../../src/exchange/lock.ts'
import { keepsKeys } from '../../src/exchange/key-keeping.ts'
import { cheapBackup, PASSPHRASE, toBackupFile } from './cheap-backup.ts'
import { codeOf, dump, openTestInstance } from './instance.ts'

type Stored = Record<string, unknown>

/** Private windows of some browsers, where keys come to another end: no Chromium does it, so it is planted. */
function plant(store: (value: Stored) => Stored): void {
  for (const name of ['add', 'put'] as const) {
    const real = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, name)!
    const call = real.value as IDBObjectStore['put']
    IDBObjectStore.prototype[name] = function (this: IDBObjectStore, value: Stored, ...rest: IDBValidKey[]) {
      const holdsKey = Object.values(value).some((member) => member instanceof CryptoKey)
      return Reflect.apply(call, this, [holdsKey ? store(value) : value, ...rest]) as IDBRequest<IDBValidKey>
    }
    onTestFinished(() => void Object.defineProperty(IDBObjectStore.prototype, name, real))
  }
}

const refuse = (name: string) => () => {
  throw new DOMException('A key is not taken.', name)
}

it('leaves nothing behind', async () => {
  const instance = await openTestInstance()
  const before = await dump(instance.db)
  expect(await keepsKeys(instance)).toBe(true)
  expect(await dump(instance.db)).toEqual(before)
  await createIdentity(instance, { label: 'A' })
  const made = await dump(instance.db)
  expect(await keepsKeys(instance)).toBe(true)
  expect(await dump(instance.db)).toEqual(made)
})

const other = async () =>
  ((await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair).privateKey
const another = await other()

it.each<[string, string, (value: Stored) => Stored]>([
  ['is refused', 'key_not_kept', refuse('DataCloneError')],
  ['is refused by another name', 'key_not_kept', refuse('UnknownError')],
  ['comes back as nothing', 'key_not_kept', ({ key: _, ...value }) => value],
  ['comes back as an object', 'key_not_kept', (value) => ({ ...value, key: {} })],
  ['comes back as another key', 'key_not_kept', (value) => ({ ...value, key: another })],
  ['has no room', 'storage_full', refuse('QuotaExceededError')],
])('a key that %s is no identity: %s', async (_, code, store) => {
  const instance = await openTestInstance()
  const passphrase = 'correct horse battery staple'
  plant(store)
  const before = await dump(instance.db)
  expect(await codeOf(createIdentity(instance, { label: 'A' }))).toBe(code)
  expect(await codeOf(createIdentity(instance, { label: 'A', passphrase }))).toBe(code)
  // Before the file is read.
  expect(await codeOf(restoreIdentity(instance, new File(['x'], 'backup.json'), passphrase))).toBe(code)
  expect(await dump(instance.db)).toEqual(before)
})

it('a locked identity needs no stored key', async () => {
  const instance = await openTestInstance()
  plant(refuse('DataCloneError'))
  const backup = toBackupFile(await cheapBackup())
  expect(await restoreIdentity(instance, backup, PASSPHRASE, true)).toMatchObject({ locked: true })
  expect(await (await openSigner(instance))(new Uint8Array(32))).toHaveLength(64)
  expect(await codeOf(keepOpen(instance))).toBe('key_not_kept')
  expect(await getIdentity(instance)).toMatchObject({ locked: true })
})
