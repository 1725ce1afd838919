import { expect, type Download, type Page } from '@playwright/test'

/** What a person does, as steps: by label and role, never by the inside of the page. */

export async function openApp(page: Page): Promise<void> {
  await page.goto('./')
  await expect(page.getByRole('navigation')).toBeVisible()
}

export async function goTo(page: Page, place: 'Memories' | 'Exchange' | 'Peers' | 'Identity'): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: place, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: place })).toBeVisible()
}

/** Finds a memory by words of its text and opens it. */
export async function openMemory(page: Page, words: string): Promise<void> {
  await goTo(page, 'Memories')
  await page.getByLabel('Find in text').fill(words)
  await page.getByTestId('memory-row').filter({ hasText: words }).first().click()
  await expect(page.getByTestId('content')).toContainText(words)
}

/** A button, or a link that is one to a person. */
export async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name }).or(page.getByRole('link', { name })).first().click()
}

export async function makeIdentity(page: Page, label: string): Promise<void> {
  await goTo(page, 'Identity')
  await page.getByLabel('Name of this instance').fill(label)
  await page.getByLabel('Without a backup').check()
  await page.getByRole('button', { name: 'Make identity' }).click()
  await expect(page.getByTestId('save-pem')).toBeVisible()
}

export async function loadSample(
  page: Page,
  button: 'Load the sample memories' | 'Load the partner’s sample',
): Promise<string> {
  await goTo(page, 'Memories')
  await page.getByRole('button', { name: button }).click()
  await page.getByRole('button', { name: /^Take in \d+ memories$/ }).click()
  return page.getByTestId('taken-in').innerText()
}

/** Picks a file the way a person does, and waits until it has been read. */
export async function openFile(
  page: Page,
  file: string | { name: string; mimeType: string; buffer: Buffer },
): Promise<void> {
  await goTo(page, 'Exchange')
  await page.getByTestId('open-file').first().setInputFiles(file)
}

/** `npm run pictures`: what the README shows is taken from the session as it really runs. */
export async function picture(page: Page, name: string): Promise<void> {
  if (process.env['OMEGA_PICTURES'] === undefined) return
  await page.evaluate(() => document.fonts.ready)
  await page.screenshot({ path: `docs/session/${name}.png`, animations: 'disabled' })
}

/** Trusts who signed the opened manifest, saying how the fingerprint was compared. */
export async function trustSigner(
  page: Page,
  compared: 'By phone' | 'In person' | 'On paper' | 'Not compared',
  label: string,
): Promise<void> {
  await press(page, /Trust this signer/)
  await page.getByLabel(compared).check()
  if (compared !== 'Not compared') await page.getByLabel(/All 8 words/).check()
  if (compared === 'By phone') await picture(page, '04-compare')
  await page.getByLabel('Your name for this peer').fill(label)
  await page.getByRole('button', { name: 'Trust this key' }).click()
  await expect(page.getByText(label).first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Trust this key' })).toHaveCount(0)
}

export async function download(
  page: Page,
  deed: () => Promise<void>,
): Promise<{ download: Download; path: string }> {
  const [file] = await Promise.all([page.waitForEvent('download'), deed()])
  return { download: file, path: await file.path() }
}

/** Contents of object stores as text, for comparing before and after. Blobs are read, keys stay what they are. */
export async function dump(page: Page, stores: readonly string[]): Promise<string> {
  return page.evaluate(async (names) => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('omega-exchange')
      opening.onsuccess = () => resolve(opening.result)
      opening.onerror = () => reject(new Error('the store cannot be opened'))
    })
    const readAll = (name: string) =>
      new Promise<unknown[]>((resolve, reject) => {
        const asked = db.transaction(name).objectStore(name).getAll()
        asked.onsuccess = () => resolve(asked.result)
        asked.onerror = () => reject(new Error(`${name} cannot be read`))
      })
    const plain = async (value: unknown): Promise<unknown> => {
      if (value instanceof Blob) return value.text()
      if (ArrayBuffer.isView(value))
        return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
      if (Array.isArray(value)) return Promise.all(value.map(plain))
      if (typeof value !== 'object' || value === null) return value
      const members = Object.entries(value).map(async ([key, member]) => [key, await plain(member)] as const)
      return Object.fromEntries(await Promise.all(members))
    }
    const contents: Record<string, unknown> = {}
    for (const name of names) contents[name] = await plain(await readAll(name))
    db.close()
    return JSON.stringify(contents)
  }, stores)
}

export const MEMORIES = ['segments', 'pages', 'batches', 'tombstones']
export const HEADS = ['places', 'forks', 'own_streams']
export const EVERYTHING = [...MEMORIES, ...HEADS, 'peers', 'manifests', 'leaves']
