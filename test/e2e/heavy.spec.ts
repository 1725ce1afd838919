import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import type { Json, JsonObject } from '../reference/canonical.ts'
import type { Draft } from '../reference/writer.ts'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import { download, goTo, goToHash, importOpened, openApp, openFile, trustKey, LONG } from './steps.ts'

const nest = (depth: number): Json => (depth === 0 ? 'bottom' : { in: nest(depth - 1) })
const members = (count: number, value: Json): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`member ${i}`, value]))

/** What the format lets a memory hold and a naive page would never finish laying out. */
const HEAVY: Record<string, Draft> = {
  'a million combining marks': { content: 'a' + '\u0301'.repeat(999_999) },
  'letters of both directions and no space': { content: 'a\u05d0'.repeat(500_000) },
  'one word of Arabic letters': { content: '\u0645'.repeat(1_000_000) },
  'nothing but line ends': { content: '\n'.repeat(1_000_000) },
  'a wide object': { metadata: members(150_000, 1) },
  'objects in objects in objects': { metadata: members(60, members(60, members(60, 0))) },
  'a long list': { metadata: { list: Array.from({ length: 500_000 }, (_, i) => i) } },
  'thirty levels': { metadata: nest(30) as JsonObject },
  'a long value': { metadata: { text: '\u0301'.repeat(2_000_000) } },
  'a long name': { metadata: { ['\u0645'.repeat(2_000_000)]: 1 } },
  'many members of its own': members(50_000, 'x'),
  'all tags there can be': {
    tags: Array.from({ length: 256 }, (_, i) => String(i).padStart(3, '0').padEnd(256, 'm')),
  },
  'many leaves it replaces': {
    supersedes: Array.from({ length: 50_000 }, (_, i) => i.toString(16).padStart(64, '0')),
  },
}
const NAMES = Object.keys(HEAVY)
/** Elements of a page that shows one memory; the app's own are some hundreds. */
const MOST_ELEMENTS = 6000

async function expectCalm(page: Page): Promise<void> {
  // A page that is still laying out answers nothing: this waits no longer than the test's own time for a deed.
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(MOST_ELEMENTS)
}

test(
  'memories as heavy as the format allows are opened, read and imported, and the page answers',
  LONG,
  async () => {
    test.setTimeout(300_000)
    const path = test.info().outputPath('heavy.json')
    const { bytes } = buildManifest({
      memories: NAMES.map((name) => ({ entity_id: name, content: name, ...HEAVY[name] })),
      details: {
        audience: Array.from({ length: 60_000 }, (_, i) => i.toString(16).padStart(64, '0')),
        note: '\u0301'.repeat(2000),
      },
      header: { later: members(20_000, '\u05d0') },
    })
    writeFileSync(path, bytes)

    const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
    await openApp(page)
    await trustKey(page, ISSUER.pem, 'Partner')
    await openFile(page, path)
    await expect(page.getByTestId('verdict')).toContainText(`${NAMES.length} leaves`, { timeout: 60_000 })
    await expectCalm(page)

    for (const [at, name] of NAMES.entries()) {
      await test.step(`opened: ${name}`, async () => {
        await goToHash(page, `#/exchange/opened/memories/${at + 1}`)
        // The list beside it reads all 30 MB first.
        await expect(page.getByRole('heading', { level: 2, name: `Memory ${at + 1} of` })).toBeVisible({
          timeout: 30_000,
        })
        await expect(page.getByTestId('memory')).toContainText(name)
        await expectCalm(page)
      })
    }

    await goToHash(page, '#/exchange/opened')
    expect(await importOpened(page)).toContain(`${NAMES.length} imported`)
    await goTo(page, 'Memories')
    for (const name of NAMES) {
      await test.step(`held: ${name}`, async () => {
        await goTo(page, 'Memories')
        await page.getByTestId('memory-row').filter({ hasText: name }).first().click()
        await expect(page.getByRole('heading', { level: 2, name })).toBeVisible()
        await expectCalm(page)
      })
    }
    await test.step('what is cut can be asked for', async () => {
      await goTo(page, 'Memories')
      await page.getByTestId('memory-row').filter({ hasText: 'a wide object' }).click()
      await expect(page.getByTestId('memory')).toContainText('The first 300 of 150,000 members.')
      await page.getByRole('button', { name: 'Show more' }).click()
      await expect(page.getByTestId('memory')).toContainText('The first 500 of 150,000 members.')
    })
    await test.step('all of it is saved as CSV', async () => {
      await goTo(page, 'Memories')
      await page.getByRole('button', { name: 'Save as CSV' }).click()
      const { path: saved } = await download(page, () =>
        page.getByRole('button', { name: 'Save the list' }).click(),
      )
      const text = readFileSync(saved, 'utf8')
      for (const name of NAMES) expect(text).toContain(name)
      // No cell is longer than Excel keeps in one: what it would put into the next row could begin a formula.
      for (const [field] of text.matchAll(/"(?:[^"]|"")*"/g))
        expect(field.slice(1, -1).replaceAll('""', '"').length).toBeLessThanOrEqual(32_767)
    })
    expect(problems).toEqual([])
    await close()
  },
)
