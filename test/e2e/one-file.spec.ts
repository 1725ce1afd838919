import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test, type Page } from '@playwright/test'
import { readPackedScript, withoutOwnScript } from './packed-script.ts'
import { openProfile } from './profile.ts'
import {
  download,
  dump,
  EVERYTHING,
  goTo,
  goToHash,
  loadSample,
  openFile,
  press,
  trustSigner,
} from './steps.ts'

const FILE = fileURLToPath(new URL('../../dist-single/omega-exchange.html', import.meta.url))
const SCRIPT = readPackedScript(FILE)
const PASSPHRASE = 'correct horse battery'

/** A browser that has the file, under `name`, in a folder of the test's own. */
async function openFromDisk(folder: string, name = 'omega-exchange.html') {
  const path = test.info().outputPath(name)
  copyFileSync(FILE, path)
  const profile = await openProfile(test.info().outputPath(folder), { baseURL: pathToFileURL(path).href })
  const requests: string[] = []
  profile.context.on('request', (request) => requests.push(request.url()))
  await profile.page.goto(pathToFileURL(path).href)
  await expect(profile.page.getByRole('navigation')).toBeVisible()
  const problems = () => withoutOwnScript(profile.problems, SCRIPT)
  return { ...profile, path, requests, problems }
}

async function makeLockedIdentity(page: Page, label: string) {
  await goTo(page, 'Identity')
  await page.getByLabel('Name of this instance').fill(label)
  // There is nothing to choose, and it says why.
  await expect(page.getByText('The key is kept locked')).toBeVisible()
  await expect(page.getByRole('radio')).toHaveCount(0)
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE)
  await page.getByLabel('Passphrase again').fill(PASSPHRASE)
  await page.getByRole('button', { name: 'Make identity' }).click()
  // Stretched twice, to be slow for whoever guesses.
  await expect(page.getByTestId('save-backup')).toBeVisible({ timeout: 120_000 })
}

test('opened from disk, the session runs: a locked key, a file, an import that stays', async () => {
  test.setTimeout(240_000)
  const a = await openFromDisk('a')
  await makeLockedIdentity(a.page, 'Harbour Authority CERT')
  await loadSample(a.page, 'Load the sample memories')
  const shown = a.page.getByRole('banner').getByText('on disk: omega-exchange.html')
  await expect(shown).toBeVisible()

  await test.step('A locks it by a key, and cannot sign until it is unlocked', async () => {
    await a.page.keyboard.press('Alt+l')
    await goTo(a.page, 'Exchange')
    await press(a.page, 'Export memories')
    await a.page.getByLabel('Entity').fill('incident-response')
    await a.page.getByLabel('Since').fill('2026-02-01')
    await expect(a.page.getByTestId('export-preview')).toContainText('152 memories')
    await expect(a.page.getByRole('button', { name: 'Sign and save' })).toHaveCount(0)
    await a.page.getByLabel('Passphrase').fill('another passphrase')
    await a.page.getByRole('button', { name: 'Unlock' }).click()
    await expect(a.page.getByText('passphrase_wrong')).toBeVisible()
    await a.page.getByLabel('Passphrase').fill(PASSPHRASE)
    await a.page.getByRole('button', { name: 'Unlock' }).click()
    await expect(a.page.getByRole('button', { name: 'Sign and save' })).toBeFocused()
  })
  const saved = await download(a.page, () => a.page.getByRole('button', { name: 'Sign and save' }).click())
  await expect(a.page.getByTestId('export-result')).toContainText('152 memories, signed by key fingerprint')
  const manifest = { name: 'manifest.json', mimeType: 'application/json', buffer: readFileSync(saved.path) }

  let b = await openFromDisk('b')
  await makeLockedIdentity(b.page, 'Strait Command CERT')
  await loadSample(b.page, 'Load the partner’s sample')
  await openFile(b.page, manifest)
  await expect(b.page.getByTestId('verdict')).toHaveText(
    'leaf hashes consistent, root matches, signature OK, 152 leaves',
  )
  await expect(b.page.getByText('untrusted_peer').first()).toBeVisible()
  await trustSigner(b.page, 'By phone', 'instance-A')
  await openFile(b.page, manifest)
  await b.page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(b.page.getByTestId('import-result')).toHaveText(
    '148 imported, 4 already_local (idempotent dedup)',
  )

  await test.step('B opens it again: all is there, and the key is locked', async () => {
    const before = await dump(b.page, EVERYTHING)
    expect([...b.problems(), ...b.requests.filter((url) => !/^(file|blob):/.test(url))]).toEqual([])
    await b.close()
    b = await openFromDisk('b')
    await expect(b.page.getByText('209 memories').first()).toBeVisible()
    expect(await dump(b.page, EVERYTHING)).toBe(before)
    await goTo(b.page, 'Identity')
    const lock = b.page.getByTestId('key-lock')
    await expect(lock).toContainText('Locked')
    await lock.getByLabel('Passphrase').fill(PASSPHRASE)
    await lock.getByRole('button', { name: 'Unlock' }).click()
    await expect(lock).toContainText('Unlocked in this tab')
    await lock.getByRole('button', { name: 'Lock now' }).click()
    await expect(lock.getByRole('button', { name: 'Unlock' })).toBeVisible()
    const backup = await download(b.page, () => b.page.getByTestId('save-sealed').click())
    expect(JSON.parse(readFileSync(backup.path, 'utf8'))).toMatchObject({ format: 'omega-identity-backup/1' })
  })

  expect([...a.problems(), ...b.problems()]).toEqual([])
  expect([...a.requests, ...b.requests].filter((url) => !/^(file|blob):/.test(url))).toEqual([])
  await a.close()
  await b.close()
})

test('another file on disk may have the same store, and finds no key there that signs', async () => {
  const { page, context, problems, close } = await openFromDisk('ada')
  await makeLockedIdentity(page, 'Ada')
  const other = test.info().outputPath('other.html')
  writeFileSync(other, '<!doctype html><title>Other</title>')
  const stranger = await context.newPage()
  await stranger.goto(pathToFileURL(other).href)
  const found = await stranger.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open('omega-exchange')
      opening.onsuccess = () => resolve(opening.result)
    })
    const identities = await new Promise<Record<string, unknown>[]>((resolve) => {
      const asked = db.transaction('identities').objectStore('identities').getAll()
      asked.onsuccess = () => resolve(asked.result)
    })
    return identities.map((each) => Object.values(each).map((value) => value instanceof CryptoKey))
  })
  // It does see the store: that is why.
  expect(found).toHaveLength(1)
  expect(found.flat()).not.toContain(true)
  // The stranger is not watched for what it does.
  expect(problems().filter((problem) => !problem.includes('other.html'))).toEqual([])
  await close()
})

test('it is one file of bounded size, whose sum lies beside it, and says how to check it', async () => {
  const bytes = readFileSync(FILE)
  expect(bytes.length).toBeLessThan(700_000)
  const sum = createHash('sha256').update(bytes).digest('hex')
  expect(readFileSync(`${FILE}.sha256`, 'utf8')).toBe(`${sum}  omega-exchange.html\n`)
  // Where it does not start, it names no other file to open.
  expect(bytes.toString()).toContain('Omega Exchange has not started')
  expect(bytes.toString()).not.toContain('it needs a server')
  const [policy] = /content="default-src 'none'[^"]*"/.exec(bytes.toString())!
  expect(policy).not.toMatch(/unsafe-inline|(?<!wasm-)unsafe-eval|https?:|\*|'self'/)
  expect(policy).toContain("connect-src 'none'")
  expect(policy).toContain(`'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`)

  const { page, problems, close } = await openFromDisk('ada', 'ключ 100%.html')
  await expect(page.getByRole('banner')).toContainText('on disk: ключ 100%.html')
  await goToHash(page, '#/identity/app')
  await expect(page.getByText('certutil -hashfile omega-exchange.html SHA256')).toBeVisible()
  await expect(page.getByTestId('store')).toContainText('Firefox gives each file a store by its path')
  await page.getByRole('link', { name: 'the format' }).click()
  await expect(page.locator('pre')).toContainText('application/vnd.omega.federation-manifest.v1+json')
  await goToHash(page, '#/identity/check')
  await expect(page.getByTestId('engine')).toContainText('It does what verification leans on')
  expect(problems()).toEqual([])
  await close()
})
