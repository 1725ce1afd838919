import { readFileSync } from 'node:fs'
import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { buildManifest, signerNamed } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import {
  download,
  fileOf,
  goTo,
  importOpened,
  loadSample,
  makeIdentity,
  openApp,
  openFile,
  press,
  trustKey,
} from './steps.ts'

const PEER = signerNamed('Ana')

async function goToCheck(page: Page): Promise<void> {
  await goTo(page, 'Identity')
  await page.getByRole('link', { name: 'Integrity check' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Integrity check' })).toBeVisible()
}

async function check(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Check (everything|again)$/ }).click()
  await expect(page.getByTestId('integrity-result')).toBeVisible({ timeout: 30_000 })
}

/** Changes records of the store as nothing in the program would. Lines come as text and go back as Blobs, leaves are bytes. */
async function tamper(page: Page, store: string, change: string): Promise<void> {
  await page.evaluate(
    async ([name, source]) => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open('omega-exchange')
        opening.onsuccess = () => resolve(opening.result)
      })
      const all = <T>(asked: IDBRequest<T>) =>
        new Promise<T>((resolve) => (asked.onsuccess = () => resolve(asked.result)))
      const records = (await all(db.transaction(name!).objectStore(name!).getAll())) as Record<
        string,
        unknown
      >[]
      for (const record of records) {
        const { lines, leaves } = record
        if (lines instanceof Blob) record['lines'] = await lines.text()
        if (leaves instanceof Blob) record['leaves'] = new Uint8Array(await leaves.arrayBuffer())
      }
      const kept = records.filter((record, at) => steps[source!]!(record, at) !== false)
      const tx = db.transaction(name!, 'readwrite')
      tx.objectStore(name!).clear()
      for (const record of kept) {
        if (typeof record['lines'] === 'string') record['lines'] = new Blob([record['lines']])
        tx.objectStore(name!).put(record)
      }
      await new Promise((resolve) => (tx.oncomplete = resolve))
      db.close()
    },
    [store, change] as const,
  )
}

/** Puts a script in front of what a worker finds when it starts: it is started from a blob. */
async function inWorker(context: BrowserContext, script: string): Promise<void> {
  await context.addInitScript((before) => {
    const RealBlob = Blob
    globalThis.Blob = class extends RealBlob {
      constructor(parts?: BlobPart[], options?: BlobPropertyBag) {
        const isScript = options?.type === 'text/javascript'
        super(isScript ? [before, ...parts!] : parts, options)
      }
    }
  }, script)
}

/** Lets the worker read its store at a crawl, once it is told on the channel "slow". */
async function slowStore(context: BrowserContext): Promise<void> {
  await inWorker(
    context,
    `{
      let slow = false
      new BroadcastChannel('slow').onmessage = () => (slow = true)
      const get = IDBObjectStore.prototype.getAllKeys
      IDBObjectStore.prototype.getAllKeys = function (...given) {
        for (const end = Date.now() + (slow ? 3000 : 0); Date.now() < end;);
        return get.apply(this, given)
      }
    };`,
  )
}

/** Put into the page before it loads: what a hand in the store may do. `false` drops the record. */
const STEPS = `globalThis.steps = {
  letter: (r) => { r.lines = r.lines.replace('Note of a peer', 'Note of a deer') },
  letters: (r) => { r.lines = r.lines.replaceAll('"content":"T', '"content":"Z') },
  keepAll: () => {},
  leaf: (r) => { r.leaves = r.leaves.with(0, r.leaves[0] ^ 1) },
  revive: (r) => { r.state = r.state === 'revoked' ? 'trusted' : r.state },
  cut: (r) => r.seq !== 2,
  rewrite: (r) => { if (r.seq === 3) r.operation = 'nothing' },
  drop: () => false,
}`
declare const steps: Record<string, (record: Record<string, unknown>, at: number) => unknown>

test('the store is checked whole, and what a hand or a disk changed in it is found', async () => {
  test.setTimeout(120_000)
  const { page, context, problems, close } = await openProfile(test.info().outputPath('profile'))
  await context.addInitScript(STEPS)
  await openApp(page)

  await test.step('an empty store, without an identity', async () => {
    await goToCheck(page)
    await expect(page).toHaveTitle(/Integrity check/)
    await expect(page.getByTestId('engine')).toContainText('It does what verification leans on')
    await check(page)
    await expect(page.getByTestId('integrity-status')).toContainText('Nothing here to check yet')
    await expect(page.getByTestId('integrity').getByText('Holds')).toHaveCount(0)
    await expect(page.getByTestId('area-memories')).toContainText('Nothing to check')
    await expect(page.getByTestId('integrity-result')).toContainText('nothing has been done here yet')
  })

  await makeIdentity(page, 'Harbour')
  await loadSample(page, 'Load the sample memories')
  await trustKey(page, PEER.pem, 'Partner')
  const memories = [{ content: 'Note of a peer' }, { content: 'Another' }]
  await openFile(page, fileOf('peer.json', buildManifest({ memories, signers: [PEER] }).bytes))
  await importOpened(page)

  await test.step('a store in use holds, by keyboard', async () => {
    await goToCheck(page)
    await page.getByRole('button', { name: 'Check everything' }).focus()
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('integrity-status')).toContainText(
      'Everything that can be recomputed holds',
    )
    await expect(page.getByRole('button', { name: 'Check again' })).toBeFocused()
    await expect(page.getByTestId('area-memories')).toContainText('414 memories')
    await expect(page.getByTestId('area-lineage')).toContainText('2 followed to a signature, 412 your own')
    await expect(page.getByTestId('area-manifests')).toContainText('1 manifest')
    await expect(page.getByTestId('area-identity')).toContainText('1 key')
    await expect(page.getByTestId('fault')).toHaveCount(0)
  })

  await test.step('what is saved is what is shown', async () => {
    const { path, download: saved } = await download(page, () => press(page, 'Save the result'))
    expect(saved.suggestedFilename()).toMatch(/^integrity-\d{4}-\d\d-\d\d\.json$/)
    const report = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    expect(report).toMatchObject({
      format: 'omega-integrity-report/1',
      result: 'holds',
      faults: [],
      areas: { memories: { result: 'holds', checked: 414, faults: 0 } },
      lineage: { signed: 2, own: 412 },
      engine: { result: 'reliable', signatures_by: 'platform' },
    })
  })

  await test.step('a letter of a memory', async () => {
    await tamper(page, 'segments', 'letter')
    await check(page)
    await expect(page.getByTestId('integrity-status')).toContainText('1 fault in 414 memories')
    await expect(page.getByTestId('fault')).toContainText('A memory is not what was hashed')
    await expect(page.getByTestId('area-lineage')).toContainText('Holds')
    await page
      .getByTestId('fault')
      .getByRole('link', { name: /Note of a deer/ })
      .click()
    await expect(page.getByTestId('content')).toHaveText('Note of a deer')
  })

  await test.step('on paper every place stands, on the screen the first ten', async () => {
    await tamper(page, 'segments', 'letters')
    await goToCheck(page)
    await check(page)
    const { faults } = await page.getByTestId('area-memories').evaluate((node) => ({
      faults: Number(/(\d+) faults/.exec(node.textContent)![1]),
    }))
    expect(faults).toBeGreaterThan(11)
    const places = page.getByTestId('fault').getByRole('listitem').filter({ visible: true })
    await expect(places).toHaveCount(10)
    await expect(page.getByTestId('fault')).toContainText(`The first 10 of ${faults} places`)
    await page.emulateMedia({ media: 'print' })
    await expect(places).toHaveCount(faults)
    await page.emulateMedia({ media: null })
  })

  const CASES: readonly [store: string, change: string, area: string, title: string][] = [
    ['places', 'drop', 'streams', 'A place of a stream is forgotten'],
    ['leaves', 'leaf', 'manifests', 'The kept leaves of a manifest do not make its root'],
    ['manifests', 'drop', 'lineage', 'The manifest that memories came in is not held'],
    ['peers', 'drop', 'peers', 'A peer is gone that was never taken off'],
    ['identities', 'drop', 'identity', 'The key of this instance is gone'],
    ['audit', 'cut', 'audit', 'Audit rows are missing'],
    ['audit', 'rewrite', 'audit', 'An audit row was changed'],
  ]
  for (const [store, change, area, title] of CASES) {
    await test.step(`${store}: ${change}`, async () => {
      await tamper(page, store, change)
      await goToCheck(page)
      await check(page)
      await expect(page.getByTestId(`area-${area}`)).toContainText(/\d+ faults?/)
      await expect(page.getByTestId('fault').filter({ hasText: title })).toBeVisible()
    })
  }

  await test.step('of what rests on a broken chain it is said that it is not known', async () => {
    await expect(page.getByTestId('integrity-result')).toContainText('It is broken')
    await expect(page.getByTestId('fault').first()).toContainText(/audit row/i)
    // What is wrong by itself is told still; what only the chain would tell is not.
    await expect(page.getByTestId('area-memories')).toContainText(/\d+ faults/)
    await expect(page.getByTestId('area-identity')).toContainText('Nothing to check')
    await expect(page.getByTestId('fault').filter({ hasText: 'A peer is gone' })).toHaveCount(0)
  })
  expect(problems).toEqual([])
  await close()
})

test('a check that is cancelled answers at once and leaves the one before', async () => {
  const { page, context, problems, close } = await openProfile(test.info().outputPath('profile'))
  // The worker is made to take its time: each page of a store waits.
  await slowStore(context)
  await openApp(page)
  await makeIdentity(page, 'Harbour')
  await loadSample(page, 'Load the sample memories')
  await goToCheck(page)
  await check(page)
  await expect(page.getByTestId('integrity-status')).toContainText('holds')
  await page.evaluate(() => new BroadcastChannel('slow').postMessage(true))
  await page.getByRole('button', { name: 'Check again' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('integrity-status')).toContainText('Cancelled', { timeout: 1000 })
  await expect(page.getByRole('button', { name: 'Check again' })).toBeFocused()
  await expect(page.getByTestId('integrity-result')).toContainText('Everything that can be recomputed held')
  await expect(page.getByTestId('area-memories')).toContainText('412 memories')
  expect(problems).toEqual([])
  await close()
})

test('a revoked key that was set to trusted behind the program’s back is found', async () => {
  const { page, context, problems, close } = await openProfile(test.info().outputPath('profile'))
  await context.addInitScript(STEPS)
  await openApp(page)
  await trustKey(page, PEER.pem, 'Partner')
  await goTo(page, 'Peers')
  await page.getByRole('link', { name: /Partner/ }).click()
  await press(page, /^Revoke/)
  await page.getByLabel('Full fingerprint').fill(PEER.fingerprint)
  await page.getByRole('button', { name: 'Revoke this key' }).click()
  await expect(page.getByText(/revoked/i).first()).toBeVisible()
  await tamper(page, 'peers', 'revive')
  await goToCheck(page)
  await check(page)
  await expect(page.getByTestId('fault')).toContainText('A peer does not stand as it was decided')
  await expect(page.getByTestId('fault')).toContainText('a revoked key may stand here as trusted')
  expect(problems).toEqual([])
  await close()
})

test('a browser that says yes to every signature is called one that cannot be relied on, and takes nothing in', async () => {
  const { page, context, problems, close } = await openProfile(test.info().outputPath('profile'))
  await inWorker(context, 'SubtleCrypto.prototype.verify = async () => true;')
  await openApp(page)
  await expect(page.getByRole('alert')).toContainText('This browser gets wrong what verification leans on', {
    timeout: 15_000,
  })
  await makeIdentity(page, 'Harbour')
  await trustKey(page, PEER.pem, 'Partner')
  await openFile(page, fileOf('peer.json', buildManifest({ signers: [PEER] }).bytes))
  await expect(page.getByRole('region', { name: 'Verdict' })).toContainText('Not known')
  await expect(page.getByRole('region', { name: 'Verdict' }).getByText('Holds', { exact: true })).toHaveCount(
    0,
  )
  await expect(page.getByTestId('import-refusal')).toContainText('This browser cannot be relied on')
  await expect(page.getByRole('button', { name: 'Import', exact: true })).toHaveCount(0)
  await page.getByRole('link', { name: 'See what it gets wrong' }).click()
  await expect(page.getByTestId('engine')).toContainText('This browser cannot be relied on')
  await expect(page.getByTestId('engine').getByText('not as it must be')).toHaveCount(3)
  await check(page)
  await expect(page.getByTestId('integrity-status')).toContainText(
    'Not known: this browser cannot be relied on',
  )
  expect(problems).toEqual([])
  await close()
})
