import { execFileSync } from 'node:child_process'
import { createDecipheriv, createPrivateKey, createPublicKey, scryptSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { serialize } from '../reference/canonical.ts'
import { sha256 } from '../reference/merkle.ts'
import { openProfile } from './profile.ts'
import {
  beginExport,
  download,
  dump,
  fileOf,
  goTo,
  makeIdentity,
  openApp,
  openFile,
  press,
  signAndSave,
  storesHolding,
  trustSigner,
  writeMemory,
  LONG,
} from './steps.ts'

const PASSPHRASE = 'lantern orbit pebble saddle'

test('an identity outlives its browser by its backup, and by nothing else', async () => {
  test.setTimeout(120_000)
  const a = await openProfile(test.info().outputPath('a'))
  const b = await openProfile(test.info().outputPath('b'))
  let backup = ''
  let key = { fingerprint: '', words: [] as string[], face: '' }

  await test.step('a passphrase that is short, or typed two ways, makes nothing', async () => {
    await openApp(a.page)
    await goTo(a.page, 'Identity')
    await a.page.getByLabel('Name of this instance').fill('Harbour')
    await a.page.getByLabel('With a backup file').check()
    await fillPassphrase(a.page, 'eleven char', 'eleven char')
    await a.page.getByRole('button', { name: 'Make identity' }).click()
    await expect(a.page.getByText('It has 11 of at least 12 characters.')).toBeVisible()
    await fillPassphrase(a.page, PASSPHRASE, `${PASSPHRASE}s`)
    await a.page.getByRole('button', { name: 'Make identity' }).click()
    await expect(a.page.getByText('The two are not the same.')).toBeVisible()
    expect(JSON.parse(await dump(a.page, ['identities', 'audit']))).toEqual({ identities: [], audit: [] })
  })

  await test.step('it is made with a backup, which the browser saves', async () => {
    await fillPassphrase(a.page, PASSPHRASE, PASSPHRASE)
    const saved = await download(a.page, () => a.page.getByRole('button', { name: 'Make identity' }).click())
    expect(saved.download.suggestedFilename()).toMatch(/^omega-identity-[0-9a-f]{8}\.json$/)
    backup = readFileSync(saved.path, 'utf8')
    await expect(a.page.getByTestId('save-backup')).toBeVisible()
    key = await keyShown(ownKey(a.page))
    expect(JSON.parse(backup)).toMatchObject({ fingerprint: key.fingerprint, label: 'Harbour' })
  })

  await test.step('the backup opens by other means, and the key in it is nowhere else', async () => {
    const pkcs8 = unwrap(backup, PASSPHRASE)
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
    expect(Buffer.from(sha256(spki)).toString('hex')).toBe(key.fingerprint)
    const seed = pkcs8.subarray(-32)
    for (const form of [seed, seed.toString('hex'), seed.toString('base64'), seed.toString('base64url')])
      expect(await storesHolding(a.page, form)).toEqual([])
    expect(await storesHolding(a.page, PASSPHRASE)).toEqual([])
    // So that finding nothing says something.
    expect(await storesHolding(a.page, key.fingerprint)).toContain('identities')
    await expectSealedKey(a.page)
  })

  let first = ''
  await test.step('A exports', async () => {
    await writeMemory(a.page, { text: 'Before the loss.', entity: 'harbour' })
    await beginExport(a.page)
    const { header } = (await signAndSave(a.page)).json.envelope
    expect(header).toMatchObject({ sequence: 1, previous: null })
    first = header.stream
  })

  await test.step('B is refused what was changed, and a wrong passphrase', async () => {
    await openApp(b.page)
    const changed = { ...JSON.parse(backup), label: 'Somebody else' }
    const foreign = { ...JSON.parse(backup), fingerprint: 'ab'.repeat(32) }
    const longer = { ...JSON.parse(backup), note: 'x' }
    const cases = [
      [`${serialize(changed)}\n`, PASSPHRASE, 'passphrase_wrong'],
      [`${serialize(foreign)}\n`, PASSPHRASE, 'backup_invalid'],
      [`${serialize(longer)}\n`, PASSPHRASE, 'backup_invalid'],
      [backup, `${PASSPHRASE} `, 'passphrase_wrong'],
    ] as const
    for (const [text, passphrase, code] of cases) {
      await openFile(b.page, fileOf('backup.json', text))
      await restore(b.page, passphrase)
      await expect(b.page.getByText(code, { exact: true })).toBeVisible()
      expect(JSON.parse(await dump(b.page, ['identities', 'audit']))).toEqual({ identities: [], audit: [] })
    }
  })

  await test.step('with the right one it is the same key: fingerprint, words and face', async () => {
    await restore(b.page, PASSPHRASE)
    await expect(b.page.getByRole('heading', { name: 'The identity is restored' })).toBeVisible()
    expect(await keyShown(ownKey(b.page))).toEqual(key)
    await expect(b.page.getByTestId('save-backup')).toHaveCount(0)
    await expectSealedKey(b.page)
    await openFile(b.page, fileOf('backup.json', backup))
    await expect(b.page.getByText('identity_exists', { exact: true })).toBeVisible()
  })

  await test.step('and exports in a new stream', async () => {
    await writeMemory(b.page, { text: 'After the loss.', entity: 'harbour' })
    await beginExport(b.page)
    const { header } = (await signAndSave(b.page)).json.envelope
    expect(header).toMatchObject({
      issuer: { fingerprint: key.fingerprint, label: 'Harbour' },
      sequence: 1,
      previous: null,
    })
    expect(header.stream).not.toBe(first)
  })

  expect(a.problems).toEqual([])
  expect(b.problems).toEqual([])
  await a.close()
  await b.close()
})

test('a key looks the same wherever it is looked at, and openssl prints its fingerprint', LONG, async () => {
  const a = await openProfile(test.info().outputPath('a'))
  const b = await openProfile(test.info().outputPath('b'))
  await openApp(a.page)
  await makeIdentity(a.page, 'A')
  const own = await keyShown(ownKey(a.page))
  expect(own.words).toHaveLength(8)
  expect(own.face).toContain('<path')
  const pem = await download(a.page, () => a.page.getByTestId('save-pem').click())
  const printed = opensslFingerprint(pem.path)
  await writeMemory(a.page, { text: 'One memory.', entity: 'a' })
  await beginExport(a.page)
  const saved = await signAndSave(a.page)

  await openApp(b.page)
  await openFile(b.page, fileOf('manifest.json', saved.text))
  const signer = b.page.getByRole('region', { name: 'Signer', exact: true })
  await expect(signer).toBeVisible()
  expect(await keyShown(signer)).toEqual(own)
  await press(b.page, /Trust this signer/)
  await expect(b.page.getByRole('heading', { name: 'The key that signed the opened manifest' })).toBeVisible()
  expect(await keyShown(b.page.getByRole('main'))).toEqual(own)
  await b.page.goBack()
  await trustSigner(b.page, 'By phone', 'Ann')
  const peer = b.page.getByRole('region', { name: 'The peer and its key' })
  await expect(peer).toBeVisible()
  expect(await keyShown(peer)).toEqual(own)

  await makeIdentity(b.page, 'B')
  const other = await keyShown(ownKey(b.page))
  expect(other.face).not.toBe(own.face)
  expect(other.words).not.toEqual(own.words)
  expect(a.problems).toEqual([])
  expect(b.problems).toEqual([])
  await a.close()
  await b.close()

  test.skip(
    printed === null,
    'openssl is not installed: the fingerprint was not compared with what it prints',
  )
  expect(printed).toBe(own.fingerprint)
})

const ownKey = (page: Page) => page.getByRole('region', { name: 'The key of this instance' })

async function fillPassphrase(page: Page, one: string, other: string): Promise<void> {
  await page.getByLabel('Passphrase', { exact: true }).fill(one)
  await page.getByLabel('Passphrase again').fill(other)
}

async function restore(page: Page, passphrase: string): Promise<void> {
  await page.getByLabel('Passphrase', { exact: true }).fill(passphrase)
  await page.getByRole('button', { name: 'Restore identity' }).click()
}

/** A key as it is shown to a person; of the drawing all but its size, its name and the ids of its parts. */
async function keyShown(scope: Locator): Promise<{ fingerprint: string; words: string[]; face: string }> {
  const words = scope.getByRole('list', { name: /eight words/ }).getByRole('listitem')
  await expect(words).toHaveCount(8)
  const digits = await scope.locator('code').last().textContent()
  const face = await scope
    .locator('svg[viewBox]:has(clipPath)')
    .first()
    .evaluate((svg) => {
      const drawing = svg.cloneNode(true) as SVGElement
      for (const name of ['width', 'height', 'role', 'aria-label', 'aria-hidden'])
        drawing.removeAttribute(name)
      return drawing.outerHTML.replaceAll(drawing.querySelector('clipPath')!.id, 'outline')
    })
  return {
    fingerprint: (digits ?? '').replaceAll(/\s/g, ''),
    words: (await words.allTextContents()).map((text) => text.replace(/^\d/, '').trim()),
    face,
  }
}

/** No script gets the private key out: not as any format, wrapped by no other key, by no usage but signing. */
async function expectSealedKey(page: Page): Promise<void> {
  const tried = await page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open('omega-exchange')
      opening.onsuccess = () => resolve(opening.result)
    })
    const [identity] = await new Promise<{ key: CryptoKey }[]>((resolve) => {
      const asked = db.transaction('identities').objectStore('identities').getAll()
      asked.onsuccess = () => resolve(asked.result)
    })
    db.close()
    const { key } = identity!
    const got: string[] = []
    const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['wrapKey'])
    for (const format of ['pkcs8', 'jwk', 'raw', 'spki'] as const) {
      const iv = new Uint8Array(12)
      await crypto.subtle.exportKey(format, key).then(
        () => got.push(format),
        () => undefined,
      )
      await crypto.subtle.wrapKey(format, key, wrapping, { name: 'AES-GCM', iv }).then(
        () => got.push(`wrapped ${format}`),
        () => undefined,
      )
    }
    // `structuredClone` and storing are the ways by which a key travels.
    const copies = [key, structuredClone(key)]
    return {
      got,
      kinds: copies.map(({ type, extractable, usages }) => ({ type, extractable, usages })),
      signed: (await crypto.subtle.sign('Ed25519', key, new Uint8Array(1))).byteLength,
    }
  })
  const sealed = { type: 'private', extractable: false, usages: ['sign'] }
  expect(tried).toEqual({ got: [], kinds: [sealed, sealed], signed: 64 })
}

/** Opens a backup with Node alone, by what the file says of itself. */
function unwrap(text: string, passphrase: string): Buffer {
  const { wrapped, ...open } = JSON.parse(text)
  const { N, r, p, salt } = open.kdf
  const key = scryptSync(passphrase, Buffer.from(salt, 'base64url'), 32, { N, r, p, maxmem: 256 * 1024 ** 2 })
  const sealed = Buffer.from(wrapped, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(open.cipher.iv, 'base64url'))
  decipher.setAAD(Buffer.from(serialize(open)))
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
}

/** What the Identity page tells people to run; null without openssl. */
function opensslFingerprint(path: string): string | null {
  try {
    execFileSync('openssl', ['version'])
  } catch {
    return null
  }
  const der = execFileSync('openssl', ['pkey', '-pubin', '-in', path, '-outform', 'DER'])
  return execFileSync('openssl', ['dgst', '-sha256'], { input: der, encoding: 'utf8' })
    .trim()
    .split(' ')
    .at(-1)!
}
