import { readFileSync } from 'node:fs'
import { expect, type Download, type Page } from '@playwright/test'

/** What a person does, as steps: by label and role, never by the inside of the page. */

/** Of `npm run test:long`: what takes a minute or goes through all there is. */
export const LONG = { tag: '@long' }

export async function openApp(page: Page): Promise<void> {
  await page.goto('./')
  await expect(page.getByRole('navigation')).toBeVisible()
}

export async function goTo(
  page: Page,
  place: 'Memories' | 'Exchange' | 'Peers' | 'Agents' | 'Identity',
): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: place, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: place })).toBeVisible()
}

/** Goes to an address as a link or the address bar would; when it returns the page has followed. */
export async function goToHash(page: Page, hash: string): Promise<void> {
  await page.evaluate(
    (to) =>
      new Promise<void>((followed) => {
        const before = location.hash
        location.hash = to
        if (location.hash === before) followed()
        else addEventListener('hashchange', () => setTimeout(followed), { once: true })
      }),
    hash,
  )
}

/** Finds a memory by words of its text and opens it. */
export async function openMemory(page: Page, words: string): Promise<void> {
  await goTo(page, 'Memories')
  await page.getByLabel('Find in text').fill(words)
  // The list changes under the pointer while it is searched; a person whom that has cost a click, clicks again.
  await expect(async () => {
    await page.getByTestId('memory-row').filter({ hasText: words }).first().click()
    await expect(page.getByTestId('content')).toContainText(words, { timeout: 5000 })
  }).toPass()
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

/** A file as an input takes it. */
export interface Upload {
  readonly name: string
  readonly mimeType: string
  readonly buffer: Buffer
}

export function fileOf(name: string, contents: string | Uint8Array): Upload {
  return { name, mimeType: '', buffer: Buffer.from(contents as string) }
}

/** Picks a file the way a person does, and waits until it has been read. */
export async function openFile(page: Page, file: string | Upload): Promise<void> {
  await goTo(page, 'Exchange')
  await page.getByTestId('open-file').first().setInputFiles(file)
}

/** `npm run pictures`: what the README shows is taken from the session as it really runs. */
export async function picture(page: Page, name: string): Promise<void> {
  await takePicture(page, `docs/session/${name}.png`, { width: 1280, height: 1280 })
}

/** What a browser shows of the app before it is installed; its sizes stand in the manifest (`vite.config.ts`). */
export async function installPicture(page: Page, name: 'narrow' | 'wide'): Promise<void> {
  const size = name === 'wide' ? { width: 1280, height: 800 } : { width: 360, height: 720 }
  await takePicture(page, `public/screenshots/${name}.png`, size)
}

async function takePicture(
  page: Page,
  path: string,
  size: { readonly width: number; readonly height: number },
): Promise<void> {
  if (process.env['OMEGA_PICTURES'] === undefined) return
  const before = page.viewportSize()!
  await page.setViewportSize(size)
  await page.mouse.move(0, 0)
  await page.evaluate(() => document.fonts.ready)
  await page.screenshot({ path, animations: 'disabled' })
  await page.setViewportSize(before)
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
export async function dump(page: Pick<Page, 'evaluate'>, stores: readonly string[]): Promise<string> {
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

/** What a script on the page can get out of the key that is stored. */
export function tryToReadPrivateKey(
  page: Pick<Page, 'evaluate'>,
): Promise<{ extractable: boolean; exported: string[] }> {
  return page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open('omega-exchange')
      opening.onsuccess = () => resolve(opening.result)
    })
    const [identity] = await new Promise<{ key: CryptoKey }[]>((resolve) => {
      const asked = db.transaction('identities').objectStore('identities').getAll()
      asked.onsuccess = () => resolve(asked.result)
    })
    db.close()
    const exported: string[] = []
    for (const format of ['pkcs8', 'jwk', 'raw'] as const) {
      await crypto.subtle.exportKey(format, identity!.key).then(
        () => exported.push(format),
        () => undefined,
      )
    }
    return { extractable: identity!.key.extractable, exported }
  })
}

export interface MemoryFields {
  readonly text?: string
  readonly entity?: string
  readonly type?: string
  readonly tags?: string
  readonly date?: string
  readonly metadata?: string
}

/** Fills the form that is open and saves; ends at the memory. */
export async function saveMemory(page: Page, fields: MemoryFields): Promise<void> {
  const form = page.getByRole('form', { name: 'Memory' })
  const values = {
    Text: fields.text,
    Entity: fields.entity,
    'Event type': fields.type,
    Tags: fields.tags,
    Date: fields.date,
    'Metadata (JSON)': fields.metadata,
  }
  for (const [label, value] of Object.entries(values)) {
    if (value === undefined) continue
    await form.getByLabel(label, { exact: true }).fill(value)
    await page.keyboard.press('Tab')
  }
  await form.getByRole('button', { name: 'Save memory' }).click()
  await expect(form).toHaveCount(0)
  if (fields.text !== undefined) await expect(page.getByTestId('content')).toHaveText(fields.text)
}

export async function writeMemory(page: Page, fields: MemoryFields): Promise<void> {
  await goTo(page, 'Memories')
  await press(page, 'Write a memory')
  await saveMemory(page, fields)
}

/** Opens a file of memories made elsewhere and takes in what is new. Answers what was counted. */
export async function takeIn(page: Page, file: string | Upload): Promise<string> {
  await openFile(page, file)
  await page.getByRole('button', { name: /^Take in \d+ memor/ }).click()
  return page.getByTestId('taken-in').innerText()
}

/** Puts a key on the allowlist by its PEM, without a comparison. */
export async function trustKey(page: Page, pem: string, label: string): Promise<void> {
  await goTo(page, 'Peers')
  await press(page, 'Add a peer')
  await page.getByLabel('Public key (PEM)').fill(pem)
  await page.getByLabel('Not compared').check()
  await page.getByLabel('Your name for this peer').fill(label)
  await page.getByRole('button', { name: 'Trust this key' }).click()
  await expect(page.getByRole('heading', { name: 'This key is trusted now' })).toBeVisible()
}

/** Imports the manifest that is open. Answers the line it ends with. */
export async function importOpened(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  return page.getByTestId('import-result').innerText()
}

export async function beginExport(page: Page): Promise<void> {
  await goTo(page, 'Exchange')
  await press(page, 'Export memories')
  await expect(page.getByTestId('export-preview')).toContainText(/memor/)
}

/** Into the fields of the form, by their labels. */
export async function fillSelection(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) {
    const field = page.getByLabel(label, { exact: true })
    await (label === 'Origin' ? field.selectOption(value) : field.fill(value))
  }
}

export interface SavedManifest {
  readonly path: string
  readonly name: string
  readonly text: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a test reads of it, it states
  readonly json: any
}

/** Signs what the open form selects, and reads the file that the browser saved. */
export async function signAndSave(page: Page): Promise<SavedManifest> {
  const saved = await download(page, () => page.getByRole('button', { name: 'Sign and save' }).click())
  await expect(page.getByTestId('export-result')).toContainText('signed by key fingerprint')
  const text = readFileSync(saved.path, 'utf8')
  return { path: saved.path, name: saved.download.suggestedFilename(), text, json: JSON.parse(text) }
}

/** The object stores in which these bytes stand, in whatever form of record. */
export async function storesHolding(page: Page, wanted: string | Uint8Array): Promise<string[]> {
  return page.evaluate(
    async (needle) => {
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
      const latin1 = (bytes: Uint8Array) => new TextDecoder('iso-8859-1').decode(bytes)
      const holds = async (value: unknown): Promise<boolean> => {
        if (typeof value === 'string') return latin1(new TextEncoder().encode(value)).includes(needle)
        if (value instanceof Blob) return holds(new Uint8Array(await value.arrayBuffer()))
        if (value instanceof ArrayBuffer) return holds(new Uint8Array(value))
        if (ArrayBuffer.isView(value))
          return latin1(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)).includes(needle)
        if (typeof value !== 'object' || value === null) return false
        for (const [key, member] of Object.entries(value))
          if ((await holds(key)) || (await holds(member))) return true
        return false
      }
      const found: string[] = []
      for (const name of db.objectStoreNames) if (await holds(await readAll(name))) found.push(name)
      db.close()
      return found
    },
    new TextDecoder('iso-8859-1').decode(
      typeof wanted === 'string' ? new TextEncoder().encode(wanted) : wanted,
    ),
  )
}

export const MEMORIES = ['segments', 'pages', 'batches', 'tombstones']
export const HEADS = ['places', 'forks', 'own_streams']
export const EVERYTHING = [...MEMORIES, ...HEADS, 'peers', 'manifests', 'leaves']
