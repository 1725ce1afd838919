import { readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { gunzipSync } from 'node:zlib'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { countWorkers } from '../bench/browser.ts'
import { ISSUER, writeManifest } from '../bench/generator.ts'
import { buildManifest } from '../reference/writer.ts'
import { Dripping } from './dripping.ts'
import { openProfile } from './profile.ts'
import {
  beginExport,
  download,
  dump,
  EVERYTHING,
  fileOf,
  goTo,
  importOpened,
  makeIdentity,
  openApp,
  openFile,
  press,
  trustKey,
  LONG,
} from './steps.ts'
import { runInWorkers } from './worker-script.ts'

const MEMORIES = 20_000
const LENGTH = 2400
const COUNT = MEMORIES.toLocaleString('en')
/** For what takes its time; on a machine that does other things too, more of it. */
const PATIENT = { timeout: 60_000 }
const STORES = [...EVERYTHING, 'audit']

/** A manifest of more than 50 MB: large enough that who signed it is shown while the rest is checked. */
function writeLarge(): string {
  const path = test.info().outputPath('large.json')
  writeManifest(path, { seed: 'large', memories: MEMORIES, length: LENGTH })
  expect(statSync(path).size).toBeGreaterThan(50e6)
  return path
}

const barOf = (page: Page, label: RegExp) => page.getByRole('progressbar', { name: label })

/** Waits until something is done and not all. */
async function expectMidway(bar: Locator): Promise<void> {
  await expect
    .poll(async () => {
      const [now, max] = await Promise.all(
        ['aria-valuenow', 'aria-valuemax'].map((name) => bar.getAttribute(name)),
      )
      return Number(now) > 0 && Number(now) < Number(max)
    }, PATIENT)
    .toBe(true)
}

async function cancelMidway(page: Page, label: RegExp): Promise<void> {
  const bar = barOf(page, label)
  await expectMidway(bar)
  await page.getByRole('button', { name: 'Cancel', exact: true }).first().click()
  await expect(bar).toHaveCount(0)
}

/** Tasks of the page that a person could notice, from its first on. They are told, not judged: machines differ. */
async function watchLongTasks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const tasks: number[] = []
    Object.assign(window, { tasks })
    new PerformanceObserver((list) =>
      tasks.push(...list.getEntries().map((entry) => entry.duration)),
    ).observe({ type: 'longtask' })
  })
}

async function tellLongTasks(page: Page, during: string): Promise<void> {
  const tasks = await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks.splice(0))
  const longest = Math.round(Math.max(0, ...tasks))
  const description = `${during}: ${tasks.length} over 50 ms, the longest ${longest} ms`
  test.info().annotations.push({ type: 'tasks of the page', description })
}

/** Each part of a file takes its time, so that there is a midway on the fastest machine. */
const SLOW_READS = `{
  for (const [kind, name] of [[Blob, 'arrayBuffer'], [ReadableStreamBYOBReader, 'read']]) {
    const native = kind.prototype[name]
    kind.prototype[name] = async function (...given) {
      await new Promise((go) => setTimeout(go, 150))
      return native.apply(this, given)
    }
  }
}`

/** How often the worker is told that a person uses the page. */
async function watchUses(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Object.assign(window, { uses: 0 })
    const native = Worker.prototype.postMessage as (this: Worker, ...message: unknown[]) => void
    Worker.prototype.postMessage = function (...message: unknown[]) {
      const [asked] = message as [{ readonly task?: string }]
      if (asked.task === 'giveWay') (window as unknown as { uses: number }).uses++
      native.apply(this, message)
    }
  })
}

const usesOf = (page: Page) => page.evaluate(() => (window as unknown as { uses: number }).uses)
const act = (page: Page, type: string) =>
  page.evaluate((type) => {
    const event = { drop: DragEvent, paste: ClipboardEvent }[type] ?? Event
    document.body.dispatchEvent(new event(type, { bubbles: true, dataTransfer: new DataTransfer() }))
  }, type)
const forgetUses = (page: Page) => page.evaluate(() => Object.assign(window, { uses: 0 }))

/** What the page itself reads of files, in bytes of each reading; what its workers read does not hold it up. */
async function watchReads(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const reads: number[] = []
    Object.assign(window, { reads })
    for (const name of ['arrayBuffer', 'bytes', 'text', 'stream'] as const) {
      const native = Blob.prototype[name] as (this: Blob) => unknown
      Object.assign(Blob.prototype, {
        [name](this: Blob) {
          reads.push(this.size)
          return native.call(this)
        },
      })
    }
  })
}

/** Once it has not changed for half a second. */
async function settledAt(value: () => Promise<number>): Promise<number> {
  for (let last = await value(); ;) {
    await new Promise((passed) => setTimeout(passed, 500))
    const now = await value()
    if (now === last) return now
    last = now
  }
}

const readsOf = (page: Page) =>
  page.evaluate(() => (window as unknown as { reads: number[] }).reads.splice(0))

test('of a large manifest the page itself reads the start once, whatever is done with it', LONG, async () => {
  test.setTimeout(180_000)
  const path = writeLarge()
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  page.setDefaultTimeout(PATIENT.timeout)
  await watchReads(page)
  await openApp(page)
  await makeIdentity(page, 'Ada')
  await trustKey(page, ISSUER.pem, 'Partner')
  await readsOf(page)
  await openFile(page, path)
  await expect(page.getByTestId('verdict')).toContainText(`${COUNT} leaves`, PATIENT)
  expect(await readsOf(page)).toEqual([64 * 1024 + 1])
  expect(await importOpened(page)).toBe(`${COUNT} imported, 0 already_local (idempotent dedup)`)
  await beginExport(page)
  const { path: saved } = await download(page, () => press(page, 'Sign and save'))
  expect(statSync(saved).size).toBeGreaterThan(50e6)
  expect(await readsOf(page)).toEqual([])
  expect(problems).toEqual([])
  await close()
})

test('who signed a large manifest is shown while the rest is checked, and the report comes in its place', async () => {
  test.setTimeout(240_000)
  const path = writeLarge()
  const { page, context, problems, close } = await openProfile(test.info().outputPath('profile'))
  page.setDefaultTimeout(PATIENT.timeout)
  const worker = await Dripping.install(context, page)
  await runInWorkers(context, SLOW_READS)
  await watchLongTasks(page)
  await watchUses(page)
  await openApp(page)
  const workers = await countWorkers(await context.newCDPSession(page))
  // The one that answers, and one a core that checks: started at rest, before there is anything to check.
  const all = 1 + Math.min(availableParallelism(), 8)
  await expect.poll(() => workers.count(), PATIENT).toBe(all)
  await trustKey(page, ISSUER.pem, 'Partner')
  const checking = page.getByTestId('checking')
  const bar = barOf(page, /^Checking large\.json/)

  await test.step('how far it is: bytes, memories, pace, time left', async () => {
    await worker.drip(1000)
    await goTo(page, 'Exchange')
    await forgetUses(page)
    await page.getByTestId('open-file').first().setInputFiles(path)
    await expect(checking).toBeVisible()
    await expectMidway(bar)
    await expect(checking).toContainText(/\d+ %/)
    await expect(checking).toContainText(/\d+\.\d of \d+\.\d MB/)
    await expect(checking).toContainText(/[\d,]+ memories/)
    await expect(checking).toContainText(/[\d,]+ a second/)
    await expect(checking).toContainText(/about \d+ (s|min) left/)
    await expect(bar).toHaveAttribute('aria-valuetext', /\d+ %, .* of .* MB/)
    // That the page goes there is nobody's doing: nothing pauses for it.
    expect(await usesOf(page)).toBe(0)
  })

  await test.step('what is known stands there, and nothing else is said', async () => {
    await expect(page.getByRole('heading', { level: 2, name: 'Being checked' })).toBeVisible()
    await expect(page.getByTestId('trust')).toContainText('Trusted')
    await expect(page.getByRole('region', { name: 'Signer', exact: true })).toContainText('Partner')
    await expect(page.getByRole('region', { name: 'Claims of the signer' })).toContainText(
      `${COUNT} memories`,
    )
    await expect(page.getByRole('region', { name: 'Claims of the signer' })).toContainText(
      'by the signer’s clock',
    )
    await expect(page.locator('[data-layer=signature]')).toHaveAttribute('data-status', 'ok')
    for (const layer of ['leaves', 'root']) {
      await expect(page.locator(`[data-layer=${layer}]`)).toHaveAttribute('data-status', 'running')
      await expect(page.locator(`[data-layer=${layer}]`)).toContainText('Checking')
    }
    await expect(page.getByTestId('verdict')).toHaveCount(0)
    await expect(page.getByRole('button', { name: 'Import', exact: true })).toHaveCount(0)
  })

  await test.step('the page is free for other things', async () => {
    await page.goBack()
    await expect(checking).toBeHidden()
    await expect.poll(() => usesOf(page)).toBeGreaterThan(0)
    // A file that is dropped, a button that a screen reader presses: neither comes with a key or a pointer.
    for (const type of ['change', 'click', 'drop', 'paste']) {
      const before = await usesOf(page)
      await expect(async () => {
        await act(page, type)
        expect(await usesOf(page), type).toBeGreaterThan(before)
      }).toPass({ timeout: 5000 })
    }
    const uses = await usesOf(page)
    // The next of two uses is told again only a moment after the first: a fast browser is there before that.
    await expect(async () => {
      await goTo(page, 'Memories')
      await goTo(page, 'Peers')
      expect(await usesOf(page)).toBeGreaterThan(uses)
    }).toPass({ timeout: 5000 })
    await press(page, 'Add a peer')
    await expect(page.getByRole('link', { name: 'See who signed it' })).toBeVisible()
    await expect(barOf(page, /^Opening large\.json/)).toBeVisible()
    const field = page.getByLabel('Public key (PEM)')
    await field.fill('half of a key')
    await worker.release()
    await expect(page.getByText('large.json has been checked.')).toBeVisible(PATIENT)
    // Who is in the midst of something stays there.
    await expect(field).toBeFocused()
    await expect(field).toHaveValue('half of a key')
    await page.getByRole('link', { name: 'See the report' }).click()
    await expect(page.getByTestId('verdict')).toContainText(`${COUNT} leaves`, PATIENT)
    await expect(page.getByText('large.json has been checked.')).toHaveCount(0)
    expect(workers.most()).toBe(all)
    await tellLongTasks(page, 'checking, and going on meanwhile')
  })

  await test.step('nothing moves when the report comes, and the focus is not lost', async () => {
    await worker.hold(3)
    await page.getByRole('button', { name: 'Verify again' }).click()
    await expectMidway(bar)
    const signer = page.getByRole('region', { name: 'Signer', exact: true })
    const before = await signer.boundingBox()
    await page.getByRole('button', { name: 'Cancel', exact: true }).focus()
    await worker.release()
    await expect(page.getByTestId('verdict')).toContainText(`${COUNT} leaves`, PATIENT)
    await expect(page.getByRole('heading', { level: 2, name: 'Holds' })).toBeFocused()
    expect(await signer.boundingBox()).toEqual(before)
  })

  await test.step('of a file cancelled while another is shown, the other is still there', async () => {
    const counted = await worker.count()
    await worker.hold(3)
    await page.getByRole('button', { name: 'Verify again' }).click()
    await cancelMidway(page, /^Checking/)
    await worker.release()
    await expect(page.getByTestId('verdict')).toContainText(`${COUNT} leaves`, PATIENT)
    // News for a person, not one for each memory.
    expect((await worker.count()) - counted).toBeLessThan(MEMORIES / 100)
  })
  expect(problems).toEqual([])
  await context.unrouteAll({ behavior: 'ignoreErrors' })
  await close()
})

test('what is cancelled midway is gone at once and leaves nothing: opening, importing, the list, an export', async () => {
  test.setTimeout(360_000)
  const path = writeLarge()
  const { page, context, problems, close } = await openProfile(test.info().outputPath('profile'))
  page.setDefaultTimeout(PATIENT.timeout)
  const worker = await Dripping.install(context, page)
  await watchLongTasks(page)
  await openApp(page)
  await makeIdentity(page, 'Ada')
  await trustKey(page, ISSUER.pem, 'Partner')
  const before = await dump(page, STORES)
  const nothing = await dump(page, ['batches'])

  await test.step('opening', async () => {
    await worker.hold(3)
    await openFile(page, path)
    await cancelMidway(page, /^Checking/)
    await expect(page.getByRole('heading', { level: 1, name: 'Exchange' })).toBeVisible()
    await expect(page.getByRole('heading', { level: 1, name: 'Exchange' })).toBeFocused()
    await expect(page.getByTestId('refusal')).toBeEmpty()
    await worker.release()
    // A second open takes its turn in the same worker: it answers only if the first was let go.
    await openFile(page, fileOf('small.json', buildManifest().bytes))
    await expect(page.getByTestId('verdict')).toContainText('1 leaf')
    expect(await dump(page, STORES)).toBe(before)
  })

  await test.step('importing', async () => {
    await openFile(page, path)
    await expect(page.getByTestId('verdict')).toContainText(`${COUNT} leaves`, PATIENT)
    await worker.hold(3)
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await cancelMidway(page, /^Taking in/)
    await expect(page.getByText('Cancelled. Nothing was taken in.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Import', exact: true })).toBeFocused()
    await worker.release()
    // What was staged goes with its batch; all of it would be a long text to look at again and again.
    await expect.poll(() => dump(page, ['batches']), PATIENT).toBe(nothing)
    expect(await dump(page, STORES)).toBe(before)
    expect(await importOpened(page)).toBe(`${COUNT} imported, 0 already_local (idempotent dedup)`)
    await tellLongTasks(page, 'opening and importing')
  })

  await test.step('the list as CSV', async () => {
    const entries = await dump(page, ['audit'])
    await goTo(page, 'Memories')
    await worker.hold(3)
    await page.getByRole('button', { name: 'Save as CSV' }).click()
    await page.getByRole('button', { name: 'Save the list' }).click()
    await cancelMidway(page, /^Writing the list/)
    await expect(page.getByText('Cancelled. Nothing was saved.')).toBeVisible()
    await worker.release()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    expect(await dump(page, ['audit'])).toBe(entries)
  })

  await test.step('an export', async () => {
    const held = await dump(page, ['manifests', 'own_streams', 'audit'])
    await beginExport(page)
    // There may be no more than one word for each of two lanes, and the second is of all.
    await worker.hold(1)
    await page.getByRole('button', { name: 'Sign and save' }).click()
    await cancelMidway(page, /^Writing and hashing/)
    await expect(page.getByText('Cancelled. Nothing was signed, and no number used up.')).toBeVisible()
    await worker.release()
    // The next one waits until the first has let go.
    const { path: saved } = await download(page, () => press(page, 'Sign and save'))
    const { header } = JSON.parse(readFileSync(saved, 'utf8')).envelope
    expect([header.sequence, header.memory_count]).toEqual([1, MEMORIES])
    expect(await dump(page, ['manifests', 'own_streams', 'audit'])).not.toBe(held)
    await tellLongTasks(page, 'the list, and an export')
  })
  expect(problems).toEqual([])
  await close()
})

test('of a list a frame draws the rows that came into view, or one of those beyond it', async () => {
  const path = test.info().outputPath('list.json')
  writeManifest(path, { seed: 'list', memories: 500, length: 300 })
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await trustKey(page, ISSUER.pem, 'Partner')
  await openFile(page, path)
  expect(await importOpened(page)).toContain('500 imported')
  await goTo(page, 'Memories')
  const rows = page.getByTestId('memory-row')
  const last = page.locator('li[aria-posinset]').last()
  const place = async () => Number(await last.getAttribute('aria-posinset'))
  await expect.poll(place).toBeGreaterThan(10)
  const before = await settledAt(place)
  await page.evaluate(() => {
    const drawn: number[] = []
    Object.assign(window, { drawn })
    const list = document.querySelector('ul:has(> li[aria-posinset])')!
    let added = 0
    new MutationObserver(
      (changes) =>
        (added += changes
          .flatMap((each) => [...each.addedNodes])
          .filter((each) => each instanceof HTMLLIElement).length),
    ).observe(list, { childList: true })
    const frame = () => {
      drawn.push(added)
      added = 0
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
  const box = (await rows.first().boundingBox())!
  await page.mouse.move(box.x + 80, box.y + 10)
  // Three rows: those that come into view are there already.
  await page.mouse.wheel(0, 3 * box.height)
  await expect.poll(place).toBeGreaterThan(before)
  const after = await settledAt(place)
  const drawn = await page.evaluate(() => (window as unknown as { drawn: number[] }).drawn)
  expect(Math.max(...drawn)).toBe(1)
  expect(after - before).toBeGreaterThanOrEqual(3)
  expect(problems).toEqual([])
  await close()
})

test('an export packed as .json.gz is the same manifest, wherever it is saved', LONG, async () => {
  test.setTimeout(180_000)
  const { page, context, problems, close } = await openProfile(test.info().outputPath('profile'))
  // The picker is the browser's own and cannot be driven; the handle that it gives, and what is written to it, are real.
  await context.addInitScript(() => {
    let asked = 0
    const showSaveFilePicker = async ({ suggestedName }: { suggestedName: string }) => {
      if (asked++ === 0) throw new DOMException('The user aborted a request.', 'AbortError')
      return (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })
    }
    Object.assign(window, { showSaveFilePicker })
  })
  await openApp(page)
  await makeIdentity(page, 'Ada')
  await trustKey(page, ISSUER.pem, 'Partner')
  const path = test.info().outputPath('some.json')
  writeManifest(path, { seed: 'some', memories: 2000, length: 600 })
  await openFile(page, path)
  expect(await importOpened(page)).toContain('2,000 imported')

  const idOf = () => page.getByText('Manifest', { exact: true }).locator('..').locator('dd').innerText()
  const reopen = async (file: string, id: string) => {
    await openFile(page, file)
    await expect(page.getByTestId('verdict')).toContainText('2,000 leaves')
    expect(await idOf()).toBe(id)
  }

  await test.step('where the browser saves files', async () => {
    await beginExport(page)
    await page.getByLabel('Pack it as .json.gz').check()
    const { path: saved, download: file } = await download(page, () => press(page, 'Sign and save'))
    await expect(page.getByRole('heading', { name: 'Signed and saved' })).toBeVisible()
    expect(file.suggestedFilename()).toMatch(/^manifest-[\d-]{10}-[0-9a-f]{8}\.json\.gz$/)
    const text = gunzipSync(readFileSync(saved)).toString()
    expect(JSON.parse(text).envelope.header.memory_count).toBe(2000)
    const id = await idOf()
    const again = await download(page, () => press(page, 'Save again'))
    expect(readFileSync(again.path).equals(readFileSync(saved))).toBe(true)
    await reopen(saved, id)
  })

  await test.step('where a person says', async () => {
    await beginExport(page)
    await page.getByLabel('Pack it as .json.gz').check()
    await page.getByLabel('Choose where it is saved').check()
    const held = await dump(page, ['manifests', 'own_streams', 'audit'])
    await press(page, 'Sign and save')
    // Whoever closes the picker has decided nothing.
    expect(await dump(page, ['manifests', 'own_streams', 'audit'])).toBe(held)
    await expect(page.getByTestId('export-refusal')).toBeEmpty()
    await press(page, 'Sign and save')
    await expect(page.getByText('It lies where you chose.')).toBeVisible()
    const written = await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory()
      for await (const [name, handle] of root as unknown as AsyncIterable<[string, FileSystemFileHandle]>) {
        const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer())
        return { name, bytes: [...bytes] }
      }
      return null
    })
    expect(written?.name).toMatch(/^manifest-[\d-]{10}\.json\.gz$/)
    const id = await idOf()
    await openFile(page, fileOf('chosen.json.gz', Uint8Array.from(written!.bytes)))
    await expect(page.getByTestId('verdict')).toContainText('2,000 leaves')
    expect(await idOf()).toBe(id)
  })
  expect(problems).toEqual([])
  await close()
})
