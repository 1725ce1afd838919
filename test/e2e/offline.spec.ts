import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, type Page } from '@playwright/test'
import { buildManifest } from '../reference/writer.ts'
import { expectToFit } from './fit.ts'
import { openProfile } from './profile.ts'
import { serve } from './server.ts'
import {
  download,
  fileOf,
  goTo,
  goToHash,
  loadSample,
  LONG,
  makeIdentity,
  openApp,
  openFile,
  openMemory,
  press,
} from './steps.ts'

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url))
const folder = (name: string) => test.info().outputPath(name)

/** Of the requests, the one that is allowed once the app has loaded. */
const isUpdateCheck = (path: string) => path.endsWith('/sw.js')

async function expectKept(page: Page): Promise<void> {
  await goTo(page, 'Identity')
  await press(page, /^This app/)
  await expect(page.getByTestId('offline')).toContainText('It opens here with its server gone')
}

/** What a later version is: another page, and a changelog with a point more. */
function makeLater(name: string): string {
  const later = folder(name)
  cpSync(DIST, later, { recursive: true })
  const change = (file: string, from: string | RegExp, to: string) => {
    const text = readFileSync(join(later, file), 'utf8')
    expect(text.split(from)).toHaveLength(2)
    writeFileSync(join(later, file), text.replace(from, to))
  }
  change('index.html', '<div id="app">', '<meta name="later" content="" /><div id="app">')
  change('sw.js', '## Unreleased', '## Unreleased\n- A point that is <b>new</b>.')
  change('sw.js', /(?<="revision":")[0-9a-f]{32}(?=","url":"index\.html")/, 'f'.repeat(32))
  return later
}

test('the app opens with its server gone and the browser restarted, and asks it for nothing', async () => {
  const server = await serve(DIST)
  const { url: baseURL } = server
  let ada = await openProfile(folder('ada'), { baseURL, keeps: true })

  await test.step('kept while the server is there; from then on nothing is asked for', async () => {
    await openApp(ada.page)
    await makeIdentity(ada.page, 'Ada')
    await expectKept(ada.page)
    server.asked.length = 0
    expect(await loadSample(ada.page, 'Load the sample memories')).toContain('412 added')
    await openFile(ada.page, fileOf('manifest.json', buildManifest().bytes))
    await expect(ada.page.getByTestId('verdict')).toBeVisible()
    await press(ada.page, 'Identity')
    await download(ada.page, () => ada.page.getByTestId('save-pem').click())
    expect(server.asked).toEqual([])
  })

  await test.step('the server sees what is asked for', async () => {
    await ada.page.evaluate(() => navigator.serviceWorker.getRegistration().then((each) => each!.update()))
    await expect.poll(() => server.asked).toEqual([new URL('sw.js', baseURL).pathname])
  })

  await test.step('opened again, the browser asks for a newer version and for nothing else', async () => {
    server.asked.length = 0
    await ada.page.reload()
    await openMemory(ada.page, 'incident')
    expect(server.asked.filter((path) => !isUpdateCheck(path))).toEqual([])
  })

  await test.step('the server is gone, the browser starts again', async () => {
    await ada.close()
    await server.stop()
    ada = await openProfile(folder('ada'), { baseURL, keeps: true })
    await openApp(ada.page)
    await openMemory(ada.page, 'incident')
    await openFile(ada.page, fileOf('manifest.json', buildManifest().bytes))
    await expect(ada.page.getByTestId('verdict')).toBeVisible()
    await expectKept(ada.page)
    // The format page is kept with it.
    expect((await ada.page.goto('./manifest-format.md'))?.status()).toBe(200)
  })
  await ada.close()
})

test('the offer of a newer version, in all lights and sizes', LONG, async () => {
  test.setTimeout(300_000)
  const server = await serve(DIST)
  const { context, page, problems, close } = await openProfile(folder('ada'), {
    baseURL: server.url,
    keeps: true,
  })
  await openApp(page)
  await expectKept(page)
  await server.serve(makeLater('later'))
  await page.reload()
  const offer = page.getByTestId('new-version')
  await goTo(page, 'Memories')
  await expect(offer).toBeVisible()
  await expectToFit(page, 'a newer version')
  await offer.getByText('What changes').click()
  const other = await context.newPage()
  await openApp(other)
  await offer.getByRole('button', { name: 'Use it now' }).click()
  await expect(offer).toContainText('It is open in one other tab')
  await other.close()
  await expectToFit(page, 'a newer version, what changes, another tab')
  expect(problems).toEqual([])
  await close()
  await server.stop()
})

test('a newer version is kept beside the one in use, offered with what changes, and never taken under an open tab', async () => {
  const server = await serve(DIST)
  const { url: baseURL } = server
  const { context, page, problems, close } = await openProfile(folder('ada'), { baseURL, keeps: true })
  await openApp(page)
  await makeIdentity(page, 'Ada')
  await expectKept(page)
  const isLater = (tab: Page) => tab.locator('meta[name="later"]').count()

  await server.serve(makeLater('later'))
  await page.reload()
  const offer = page.getByTestId('new-version')
  await expect(offer).toContainText('A newer version of this app is here')
  await offer.getByText('What changes').click()
  await expect(offer.getByRole('listitem')).toHaveText(['A point that is <b>new</b>.'])
  expect(await isLater(page)).toBe(0)

  await offer.getByRole('button', { name: 'Later' }).click()
  await expect(offer).toBeHidden()
  await page.reload()
  await expect(offer).toBeVisible()

  await test.step('not while something is being written', async () => {
    await goToHash(page, '#/memories/new')
    await page.getByLabel('Text', { exact: true }).fill('half a sentence')
    await offer.getByRole('button', { name: 'Use it now' }).click()
    await expect(offer).toContainText('Something is being written or done here')
    await expect(page.getByLabel('Text', { exact: true })).toHaveValue('half a sentence')
    await page.getByLabel('Text', { exact: true }).fill('')
    await goToHash(page, '#/identity')
    expect(await isLater(page)).toBe(0)
  })

  const other = await context.newPage()
  await openApp(other)
  expect(await isLater(other)).toBe(0)
  await offer.getByRole('button', { name: 'Use it now' }).click()
  await expect(offer).toContainText('It is open in one other tab. Close that first')
  await page.reload()
  expect(await isLater(page)).toBe(0)

  await other.close()
  await offer.getByRole('button', { name: 'Use it now' }).click()
  await expect.poll(() => isLater(page)).toBe(1)
  await expect(offer).toBeHidden()
  await goTo(page, 'Identity')
  await expect(page.getByTestId('save-pem')).toBeVisible()
  expect(problems).toEqual([])
  await close()
})

test('it may lie under a path of a server, and keeps itself to that', async () => {
  const server = await serve(DIST, '/tools/omega/')
  const { page, problems, close } = await openProfile(folder('ada'), { baseURL: server.url, keeps: true })
  await openApp(page)
  await expectKept(page)
  const scopes = await page.evaluate(async () =>
    (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname),
  )
  expect(scopes).toEqual(['/tools/omega/'])
  expect(server.asked.filter((path) => !path.startsWith('/tools/omega/'))).toEqual([])
  await server.stop()
  await page.reload()
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  expect(problems).toEqual([])
  await close()
})

test('what makes it installable is there: the manifest, its icons, its pictures', async () => {
  const { page, problems, close } = await openProfile(folder('ada'))
  await openApp(page)
  const session = await page.context().newCDPSession(page)
  const { errors, data } = await session.send('Page.getAppManifest')
  expect(errors).toEqual([])
  const manifest = JSON.parse(data!) as {
    readonly [member: string]: unknown
    readonly icons: { src: string; sizes: string }[]
    readonly screenshots: { src: string; sizes: string }[]
    readonly shortcuts: { url: string }[]
  }
  expect(manifest).toMatchObject({ start_url: './', scope: './', display: 'standalone' })
  for (const { src, sizes } of [...manifest.icons, ...manifest.screenshots]) {
    const bytes = await (await page.request.get(`./${src}`)).body()
    if (sizes === 'any') continue
    // The size that stands in the file (PNG, IHDR).
    expect(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`).toBe(sizes)
  }
  for (const { url } of manifest.shortcuts) {
    await page.goto(url)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  }
  expect(problems).toEqual([])
  await close()
})

test('a file that the system hands to the installed app is opened', async () => {
  const { page, problems, close } = await openProfile(folder('ada'))
  // Only an installed app has a queue of its own; the handle is a real one.
  await page.addInitScript(() => {
    const queue = { setConsumer: (consumer: unknown) => Reflect.set(globalThis, '__consumer', consumer) }
    Object.defineProperty(globalThis, 'launchQueue', { value: queue })
  })
  await openApp(page)
  await page.evaluate(async (text) => {
    const root = await navigator.storage.getDirectory()
    const handle = await root.getFileHandle('handed over.json', { create: true })
    const writable = await handle.createWritable()
    await writable.write(text)
    await writable.close()
    const consumer = Reflect.get(globalThis, '__consumer') as (launch: { files: unknown[] }) => void
    consumer({ files: [handle] })
  }, Buffer.from(buildManifest().bytes).toString())
  await expect(page.getByTestId('verdict')).toBeVisible()

  await test.step('one that is gone by then is told of', async () => {
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory()
      const handle = await root.getFileHandle('gone.json', { create: true })
      await root.removeEntry('gone.json')
      const consumer = Reflect.get(globalThis, '__consumer') as (launch: { files: unknown[] }) => void
      consumer({ files: [handle] })
    })
    await expect(page.getByTestId('refusal')).toContainText('Not opened: gone.json')
    await expect(page.getByTestId('refusal')).toContainText('file_unreadable')
  })
  expect(problems).toEqual([])
  await close()
})
