import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { encodeUtf8 } from '../../src/core/bytes.ts'
import { exportManifest } from '../../src/exchange/export.ts'
import {
  createIdentity,
  getIdentity,
  lockMinutes,
  openSigner,
  renameIdentity,
  restoreIdentity,
} from '../../src/exchange/identity.ts'
import { checkIntegrity } from '../../src/exchange/integrity.ts'
import { keepLocked, keepOpen, lock, saveBackup, setLockMinutes, unlock } from '../../src/exchange/lock.ts'
import { writeMemory } from '../../src/exchange/memories.ts'
import { cheapBackup, PASSPHRASE, toBackupFile } from './cheap-backup.ts'
import { codeOf, dump, openTestInstance, type TestInstance } from './instance.ts'

const MINUTE = 60_000
const message = encodeUtf8('a message')

/** Restored, and so of a backup that costs little to open. */
async function openLocked(isFromDisk = false) {
  const instance = await openTestInstance(undefined, undefined, isFromDisk)
  const backup = toBackupFile(await cheapBackup())
  return { ...instance, backup, identity: await restoreIdentity(instance, backup, PASSPHRASE, true) }
}

const signs = (instance: TestInstance) => codeOf(openSigner(instance).then(() => 'signs'))

describe('a locked identity', () => {
  it('is no broken backup where a browser has no Ed25519', async () => {
    const instance = await openLocked()
    lock(instance)
    const real = crypto.subtle.importKey.bind(crypto.subtle) as (...given: unknown[]) => Promise<CryptoKey>
    const refusing = vi
      .spyOn(crypto.subtle, 'importKey')
      .mockImplementation((...given: unknown[]) =>
        given.includes('Ed25519')
          ? Promise.reject(new DOMException('', 'NotSupportedError'))
          : real(...given),
      )
    onTestFinished(() => refusing.mockRestore())
    expect(await codeOf(unlock(instance, PASSPHRASE))).toBe('ed25519_unavailable')
    expect(await codeOf(unlock(instance, 'another'))).toBe('passphrase_wrong')
    expect(await signs(instance)).toBe('identity_locked')
    refusing.mockRestore()
    await unlock(instance, PASSPHRASE)
    expect(await signs(instance)).toBe('fulfilled: "signs"')
  })

  it('is made unlocked, of a key that opens with its passphrase', async () => {
    const instance = await openTestInstance()
    const made = await createIdentity(instance, { label: 'A', passphrase: PASSPHRASE, locked: true })
    expect(made.identity).toMatchObject({ locked: true, sealed: true, backup: true, restored: false })
    expect(await (await openSigner(instance))(message)).toHaveLength(64)
    expect((await instance.db.getAll('identities'))[0]).not.toHaveProperty('key')
    expect(await made.backup!.text()).toBe(await (await saveBackup(instance)).text())
  }, 120_000)

  it('is kept as its backup alone, and signs only while it is unlocked', async () => {
    const instance = await openLocked()
    expect(await getIdentity(instance)).toMatchObject({ locked: true, sealed: true, backup: true })
    const [record] = await instance.db.getAll('identities')
    expect(record!.key).toBeUndefined()
    expect(`${record!.sealed!}\n`).toBe(await instance.backup.text())
    expect(await (await saveBackup(instance)).text()).toBe(await instance.backup.text())
    const signature = await (await openSigner(instance))(message)

    lock(instance)
    expect(await codeOf(openSigner(instance))).toBe('identity_locked')
    const before = JSON.stringify(await dump(instance.db))
    expect(await codeOf(unlock(instance, 'another passphrase'))).toBe('passphrase_wrong')
    expect(await codeOf(openSigner(instance))).toBe('identity_locked')
    await unlock(instance, PASSPHRASE)
    expect(await (await openSigner(instance))(message)).toEqual(signature)
    // Nothing of it is written anywhere.
    expect(JSON.stringify(await dump(instance.db))).toBe(before)
  })

  it('keeps the unlocked key where no script can read it', async () => {
    const instance = await openLocked()
    const key = instance.heldKey.get(instance.identity.fingerprint)!
    expect(key).toMatchObject({ type: 'private', extractable: false, usages: ['sign'] })
    for (const format of ['pkcs8', 'jwk', 'raw'] as const)
      await expect(crypto.subtle.exportKey(format as 'pkcs8', key)).rejects.toThrow()
    expect(instance.heldKey.get('0'.repeat(64))).toBeNull()
  })

  it('an export is refused before a number of the stream is taken', async () => {
    const instance = await openLocked()
    await writeMemory(instance, { content: 'a', entity_id: 'e' })
    lock(instance)
    const before = JSON.stringify(await dump(instance.db))
    expect(await codeOf(exportManifest(instance, {}))).toBe('identity_locked')
    expect(JSON.stringify(await dump(instance.db))).toBe(before)
  })

  it('a deed that began before it was locked ends', async () => {
    const instance = await openLocked()
    await writeMemory(instance, { content: 'a', entity_id: 'e' })
    const progress: unknown[] = []
    const { count } = await exportManifest(
      instance,
      {},
      {},
      {
        onProgress: (each) => {
          progress.push(each)
          lock(instance)
        },
      },
    )
    expect(count).toBe(1)
    expect(progress.length).toBeGreaterThan(0)
    expect(await codeOf(openSigner(instance))).toBe('identity_locked')
  })

  it('locks when nothing was done for the time that is set, asleep or awake', async () => {
    const instance = await openLocked()
    expect(await lockMinutes(instance)).toBe(15)
    instance.clock.ms += 14 * MINUTE
    instance.heldKey.touch()
    instance.clock.ms += 14 * MINUTE
    expect(await signs(instance)).toContain('signs')
    instance.clock.ms += MINUTE
    expect(await signs(instance)).toBe('identity_locked')
    // Too late: who comes back to it finds it locked.
    instance.heldKey.touch()
    expect(await signs(instance)).toBe('identity_locked')

    await setLockMinutes(instance, 5)
    await unlock(instance, PASSPHRASE)
    instance.clock.ms += 5 * MINUTE
    instance.heldKey.touch()
    expect(await signs(instance)).toBe('identity_locked')
  })

  it.each([0, -1, 1e9, 'x', true])(
    'a time of another kind in the store, %j, is the usual one',
    async (value) => {
      const instance = await openLocked()
      await instance.db.put('settings', { name: 'lock_minutes', value })
      expect(await lockMinutes(instance)).toBe(15)
    },
  )

  it('locked in one tab is locked in all; unlocked in one it is not in another', async () => {
    const instance = await openLocked()
    const tab = await openTestInstance(instance.name)
    expect(await signs(tab)).toBe('identity_locked')
    await unlock(tab, PASSPHRASE)
    const told = new Promise<void>((resolve) => tab.heldKey.listen(resolve))
    lock(instance)
    await told
    expect(await signs(tab)).toBe('identity_locked')
    expect(await signs(instance)).toBe('identity_locked')
  })

  it('idle, a tab locks itself and not another that is in use', async () => {
    const instance = await openLocked()
    const [ear, mouth] = [1, 2].map(() => new BroadcastChannel(`${instance.name}-lock`)) as [
      BroadcastChannel,
      BroadcastChannel,
    ]
    onTestFinished(() => [ear, mouth].forEach((each) => each.close()))
    const heard: unknown[] = []
    ear.addEventListener('message', ({ data }) => heard.push(data))
    instance.clock.ms += 15 * MINUTE
    expect(await signs(instance)).toBe('identity_locked')
    // Nothing was said to the others before this.
    mouth.postMessage('last')
    await expect.poll(() => heard.at(-1)).toBe('last')
    expect(heard).toEqual(['last'])
  })

  it('keeps its name, and stands the integrity check, locked and unlocked', async () => {
    const instance = await openLocked()
    await renameIdentity(instance, 'B')
    for (const _ of [1, 2]) {
      const report = await checkIntegrity(instance)
      expect(report.faults).toEqual([])
      lock(instance)
    }
    expect(await getIdentity(instance)).toMatchObject({ label: 'B', locked: true })
  })

  it.each([
    ['no wrapped key', { sealed: undefined }],
    ['a wrapped key that is none', { sealed: '{}' }],
    ['an open key that is none', { key: 'x' }],
  ])('the integrity check finds %s', async (_, change) => {
    const instance = await openLocked()
    const [record] = await instance.db.getAll('identities')
    await instance.db.put('identities', { ...record!, ...(change as object) })
    expect((await checkIntegrity(instance)).faults).toMatchObject([{ code: 'key_wrong' }])
  })

  it('one of somebody else put in its place does not unlock', async () => {
    const [instance, other] = [await openLocked(), await openLocked()]
    const [record] = await instance.db.getAll('identities')
    const [theirs] = await other.db.getAll('identities')
    await instance.db.put('identities', { ...record!, sealed: theirs!.sealed! })
    lock(instance)
    expect(await codeOf(unlock(instance, PASSPHRASE))).toBe('backup_of_another')
    expect((await checkIntegrity(instance)).faults).toMatchObject([{ code: 'key_wrong' }])
  })
})

describe('kept locked later', () => {
  it('an open identity gives up its key for its backup, and gets it back', async () => {
    const instance = await openTestInstance()
    const backup = toBackupFile(await cheapBackup())
    const identity = await restoreIdentity(instance, backup, PASSPHRASE)
    expect(identity).toMatchObject({ locked: false, sealed: false })
    const signature = await (await openSigner(instance))(message)
    expect(await codeOf(keepLocked(instance, PASSPHRASE))).toBe('backup_invalid')
    expect(await codeOf(keepLocked(instance, 'another passphrase', backup))).toBe('passphrase_wrong')
    const { backup: another } = await openLocked()
    expect(await codeOf(keepLocked(instance, PASSPHRASE, another))).toBe('backup_of_another')
    expect(await getIdentity(instance)).toEqual(identity)

    await keepLocked(instance, PASSPHRASE, backup)
    expect(await getIdentity(instance)).toMatchObject({ locked: true, sealed: true })
    expect((await instance.db.getAll('identities'))[0]).not.toHaveProperty('key')
    expect(await (await openSigner(instance))(message)).toEqual(signature)

    await keepOpen(instance)
    expect(await getIdentity(instance)).toMatchObject({ locked: false, sealed: true })
    expect(instance.heldKey.get(identity.fingerprint)).toBeNull()
    expect(await (await openSigner(instance))(message)).toEqual(signature)
    await keepLocked(instance, PASSPHRASE)
    lock(instance)
    expect(await codeOf(keepOpen(instance))).toBe('identity_locked')
    expect((await checkIntegrity(instance)).faults).toEqual([])
    const operations = (await instance.db.getAll('audit')).map(({ operation }) => operation)
    expect(operations).toEqual(['identity_restored', 'identity_locked', 'identity_opened', 'identity_locked'])
  })
})

describe('opened from disk', () => {
  it('a key is kept locked, made or restored, and cannot be kept open', async () => {
    const instance = await openTestInstance(undefined, undefined, true)
    expect(await codeOf(createIdentity(instance, { label: 'A' }))).toBe('lock_required')
    expect(await codeOf(createIdentity(instance, { label: 'A', passphrase: PASSPHRASE }))).toBe(
      'lock_required',
    )
    expect(await instance.db.count('audit')).toBe(0)
    const { backup, identity } = await openLocked(true)
    expect(await codeOf(restoreIdentity(instance, backup, PASSPHRASE))).toBe('lock_required')
    expect(await restoreIdentity(instance, backup, PASSPHRASE, true)).toEqual(identity)
    expect(await codeOf(keepOpen(instance))).toBe('lock_required')
    expect(await getIdentity(instance)).toMatchObject({ locked: true })
    expect(await (await openSigner(instance))(message)).toHaveLength(64)
  })

  it('without a passphrase there is no lock', async () => {
    const instance = await openTestInstance()
    expect(await codeOf(createIdentity(instance, { label: 'A', locked: true }))).toBe('passphrase_weak')
    expect(
      await codeOf(createIdentity(instance, { label: 'A', locked: true, passphrase: 'too short' })),
    ).toBe('passphrase_weak')
    expect(await instance.db.count('identities')).toBe(0)
  })
})
