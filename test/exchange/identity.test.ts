import { scryptAsync } from '@noble/hashes/scrypt.js'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { encodeUtf8, fromBase64Url, toBase64 } from '../../src/core/bytes.ts'
import { canonicalize, type JsonObject } from '../../src/core/canonical.ts'
import { makeKeyPair } from '../../src/core/private-key.ts'
import { exportManifest } from '../../src/exchange/export.ts'
import {
  createIdentity,
  getIdentity,
  renameIdentity,
  openSigner,
  restoreIdentity,
} from '../../src/exchange/identity.ts'
import type { Instance } from '../../src/exchange/instance.ts'
import { writeMemory } from '../../src/exchange/memories.ts'
import { openFile } from '../../src/exchange/open.ts'
import { cheapBackup, PASSPHRASE, toBackupFile } from './cheap-backup.ts'
import { codeOf, dump, openTestInstance, openWithIdentity } from './instance.ts'

async function sign(instance: Instance, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return (await openSigner(instance))(message)
}

async function isNotExportable(key: CryptoKey) {
  expect(key).toMatchObject({ type: 'private', extractable: false, usages: ['sign'] })
  for (const format of ['pkcs8', 'jwk', 'raw', 'spki'] as const) {
    await expect(crypto.subtle.exportKey(format as 'pkcs8', key)).rejects.toThrow()
  }
  const wrap = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['wrapKey'])
  const iv = { name: 'AES-GCM', iv: new Uint8Array(12) }
  await expect(crypto.subtle.wrapKey('pkcs8', key, wrap, iv)).rejects.toThrow()
}

describe('the private key', () => {
  it('can be read by no script, neither fresh nor out of the database', async () => {
    const instance = await openWithIdentity('A')
    await isNotExportable((await instance.db.getAll('identities'))[0]!.key!)
    const tab = await openTestInstance(instance.name)
    await isNotExportable((await tab.db.getAll('identities'))[0]!.key!)
    expect(await getIdentity(tab)).toEqual(instance.identity)
    expect(JSON.stringify(await getIdentity(tab))).not.toContain('key"')
    expect(await sign(tab, encodeUtf8('x'))).toEqual(await sign(instance, encodeUtf8('x')))
  })

  it('is backed up at birth alone, and comes back whole and unreadable', async () => {
    const instance = await openTestInstance()
    const { identity, backup } = await createIdentity(instance, { label: ' A ', passphrase: PASSPHRASE })
    expect(identity).toMatchObject({ label: 'A', backup: true, restored: false })
    await isNotExportable((await instance.db.getAll('identities'))[0]!.key!)
    const text = await backup!.text()
    expect(JSON.parse(text)).toMatchObject({ kdf: { N: 131072, r: 8, p: 1, name: 'scrypt' } })
    const other = await openTestInstance()
    const restored = await restoreIdentity(other, backup!, PASSPHRASE)
    expect(restored).toEqual({ ...identity, restored: true })
    await isNotExportable((await other.db.getAll('identities'))[0]!.key!)
    const message = encodeUtf8('the same signature')
    expect(await sign(other, message)).toEqual(await sign(instance, message))
    // What the lost store had issued is unknown: a stream of its own.
    await writeMemory(instance, { content: 'a', entity_id: 'e' })
    await writeMemory(other, { content: 'a', entity_id: 'e' })
    const [one, two] = [await exportManifest(instance, {}), await exportManifest(other, {})]
    expect(two.envelope.header.sequence).toBe(1)
    expect(two.envelope.header.stream).not.toBe(one.envelope.header.stream)
    // Made without a passphrase there is none to be had.
    expect((await createIdentity(await openTestInstance(), { label: 'B' })).backup).toBeNull()
  })
})

describe('one identity', () => {
  it('whoever comes second is told so, in one tab or two', async () => {
    const instance = await openTestInstance()
    const tab = await openTestInstance(instance.name)
    const made = await Promise.all(
      [instance, tab, instance].map((each, i) => codeOf(createIdentity(each, { label: `L${i}` }))),
    )
    expect(made.filter((code) => code === 'identity_exists')).toHaveLength(2)
    expect(await instance.db.count('identities')).toBe(1)
    expect(await instance.db.count('audit')).toBe(1)
    expect(await codeOf(createIdentity(instance, { label: 'again' }))).toBe('identity_exists')
    expect(await codeOf(restoreIdentity(instance, toBackupFile(await cheapBackup()), PASSPHRASE))).toBe(
      'identity_exists',
    )
  })

  it.each(['', ' ', 'a\nb', 'a\u202eb', 'x'.repeat(257), '\ud800'])(
    'a label that cannot be: %j',
    async (label) => {
      const instance = await openTestInstance()
      expect(await codeOf(createIdentity(instance, { label }))).toBe('label_invalid')
      expect(await instance.db.count('audit')).toBe(0)
    },
  )

  it('a weak passphrase keeps nothing', async () => {
    const instance = await openTestInstance()
    for (const passphrase of ['', 'elevenchars', '😀'.repeat(11)]) {
      expect(await codeOf(createIdentity(instance, { label: 'A', passphrase }))).toBe('passphrase_weak')
    }
    expect(await getIdentity(instance)).toBeNull()
  })

  it('is renamed, and keeps its key', async () => {
    const instance = await openWithIdentity('A')
    await renameIdentity(instance, ' B ')
    expect(await getIdentity(instance)).toEqual({ ...instance.identity, label: 'B' })
    await isNotExportable((await instance.db.getAll('identities'))[0]!.key!)
    expect(await codeOf(renameIdentity(instance, ''))).toBe('label_invalid')
    expect(await codeOf(renameIdentity(await openTestInstance(), 'x'))).toBe('no_identity')
  })
})

describe('a backup', () => {
  it.each([
    ['where all goes well', undefined],
    ['where nothing can be encrypted', 'encrypt'],
    ['where nothing can be decrypted', 'decrypt'],
  ] as const)(
    'leaves no bytes of a key behind, %s',
    async (_, failing) => {
      const given: Uint8Array[] = []
      const note = (bytes: unknown) => void (bytes instanceof Uint8Array && given.push(bytes))
      const { subtle } = crypto
      const [importKey, encrypt, decrypt] = [
        subtle.importKey.bind(subtle) as (...args: unknown[]) => Promise<CryptoKey>,
        subtle.encrypt.bind(subtle),
        subtle.decrypt.bind(subtle),
      ]
      const refuse = () => Promise.reject(new DOMException('', 'OperationError'))
      vi.spyOn(subtle, 'importKey').mockImplementation((...args: unknown[]) => {
        // Of the kept halves of a pair nothing is secret: they are imported to verify.
        if (!(args[4] as string[]).includes('verify')) note(args[1])
        return importKey(...args)
      })
      vi.spyOn(subtle, 'encrypt').mockImplementation((...args) => {
        note(args[2])
        return failing === 'encrypt' ? refuse() : encrypt(...args)
      })
      vi.spyOn(subtle, 'decrypt').mockImplementation((...args) =>
        failing === 'decrypt' ? refuse() : decrypt(...args),
      )
      onTestFinished(() => void vi.restoreAllMocks())
      const made = createIdentity(await openTestInstance(), { label: 'A', passphrase: PASSPHRASE })
      expect(
        await made.then(
          () => 'made',
          () => 'failed',
        ),
      ).toBe(failing === undefined ? 'made' : 'failed')
      // What is stretched, and the key, each on its way in and out as far as it came.
      expect(given.length).toBe(failing === undefined ? 4 : failing === 'encrypt' ? 2 : 3)
      for (const bytes of given) expect(bytes.every((byte) => byte === 0)).toBe(true)
    },
    120_000,
  )

  it('is told by its contents', async () => {
    const opened = await openFile(await openTestInstance(), toBackupFile(await cheapBackup()))
    expect(opened.kind).toBe('identity_backup')
  })

  it('opens with its passphrase, however it is composed, and no other', async () => {
    const backup = toBackupFile(await cheapBackup('pass\u00e9 pass\u00e9 pass'))
    const instance = await openTestInstance()
    for (const wrong of ['', 'pass', 'passe passe pass', 'pass\u00e9 pass\u00e9 pass ']) {
      expect(await codeOf(restoreIdentity(instance, backup, wrong))).toBe('passphrase_wrong')
    }
    expect(await instance.db.count('audit')).toBe(0)
    expect(await restoreIdentity(instance, backup, 'passe\u0301 passe\u0301 pass')).toMatchObject({
      label: 'Backed up',
    })
  })

  it('with any member changed does not open', async () => {
    const backup = await cheapBackup()
    const other = await cheapBackup()
    const instance = await openTestInstance()
    const tampered: [string, object][] = [
      ['label', { ...backup, label: 'Someone else' }],
      ['created_at', { ...backup, created_at: '2020-01-01T00:00:00.000Z' }],
      ['public_key_pem', { ...backup, public_key_pem: other.public_key_pem }],
      ['fingerprint', { ...backup, fingerprint: other.fingerprint }],
      ['whole key', { ...backup, public_key_pem: other.public_key_pem, fingerprint: other.fingerprint }],
      ['N', { ...backup, kdf: { ...backup.kdf, N: 2 ** 15 } }],
      ['p', { ...backup, kdf: { ...backup.kdf, p: 2 } }],
      ['salt', { ...backup, kdf: { ...backup.kdf, salt: other.kdf.salt } }],
      ['iv', { ...backup, cipher: { ...backup.cipher, iv: other.cipher.iv } }],
      ['wrapped', { ...backup, wrapped: other.wrapped }],
      ['wrapped cut', { ...backup, wrapped: backup.wrapped.slice(0, 8) }],
      ['wrapped empty', { ...backup, wrapped: '' }],
      ['N too large', { ...backup, kdf: { ...backup.kdf, N: 2 ** 19 } }],
      ['N too small', { ...backup, kdf: { ...backup.kdf, N: 2 ** 10 } }],
      ['N odd', { ...backup, kdf: { ...backup.kdf, N: 2 ** 14 + 1 } }],
      ['r', { ...backup, kdf: { ...backup.kdf, r: 2 ** 20 } }],
      ['format', { ...backup, format: 'omega-identity-backup/2' }],
      ['a member more', { ...backup, more: 1 }],
      ['a member in kdf more', { ...backup, kdf: { ...backup.kdf, more: 1 } }],
      ['a member less', (({ label: _, ...rest }) => rest)(backup)],
      ['a list', [backup]],
    ]
    for (const [what, value] of tampered) {
      expect(['backup_invalid', 'passphrase_wrong'], what).toContain(
        await codeOf(restoreIdentity(instance, toBackupFile(value), PASSPHRASE)),
      )
    }
    expect(await instance.db.count('identities')).toBe(0)
  })

  it('with one bit of any part of the file changed does not open', async () => {
    const bytes = encodeUtf8(canonicalize((await cheapBackup()) as unknown as JsonObject) + '\n')
    const instance = await openTestInstance()
    const step = Math.floor(bytes.length / 24)
    for (let at = 0; at < bytes.length - 1; at += step) {
      const changed = bytes.slice()
      changed[at]! ^= 1
      const code = await codeOf(restoreIdentity(instance, new File([changed], 'x'), PASSPHRASE))
      expect(['backup_invalid', 'passphrase_wrong'], `byte ${at}`).toContain(code)
    }
    for (const part of [
      bytes.slice(0, -2),
      bytes.slice(1),
      new Uint8Array(),
      new Uint8Array(70_000).fill(32),
    ]) {
      expect(await codeOf(restoreIdentity(instance, new File([part], 'x'), PASSPHRASE))).toBe(
        'backup_invalid',
      )
    }
    expect(await dump(instance.db)).toMatchObject({ identities: [], audit: [] })
  })

  it('whose sealed part is no key, or another one, is refused though the passphrase is right', async () => {
    const backup = await cheapBackup()
    const raw = await scryptAsync(PASSPHRASE, fromBase64Url(backup.kdf.salt)!, {
      N: 2 ** 14,
      r: 8,
      p: 1,
      dkLen: 32,
    })
    const key = await crypto.subtle.importKey('raw', raw as Uint8Array<ArrayBuffer>, 'AES-GCM', false, [
      'encrypt',
    ])
    const { wrapped: _, ...open } = backup
    const additionalData = encodeUtf8(canonicalize(open))
    const algorithm = { name: 'AES-GCM', iv: fromBase64Url(backup.cipher.iv)!, additionalData }
    const pair = await makeKeyPair(true)
    const contents = [encodeUtf8('no key'), await crypto.subtle.exportKey('pkcs8', pair.privateKey)]
    const instance = await openTestInstance()
    for (const content of contents) {
      const sealed = toBase64(new Uint8Array(await crypto.subtle.encrypt(algorithm, key, content)))
      const code = await codeOf(
        restoreIdentity(instance, toBackupFile({ ...open, wrapped: sealed }), PASSPHRASE),
      )
      expect(code).toBe('backup_invalid')
    }
    expect(await getIdentity(instance)).toBeNull()
  })
})
