import { expect, test, type Page } from '@playwright/test'
import { AxeBuilder } from '@axe-core/playwright'
import { buildManifest } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import {
  beginExport,
  fileOf,
  goTo,
  loadSample,
  makeIdentity,
  openApp,
  openFile,
  press,
  signAndSave,
} from './steps.ts'

interface Sheet {
  /** Names, types and sizes of what was handed over. */
  readonly taken: readonly string[]
}

/**
 * No browser of the tests has a sheet of the system: in its place stands one that keeps what it is handed. It keeps to the
 * rules of the real one: no share without a click, and with `strict` no ending but those of Chromium's list.
 */
async function standIn(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const sheet = { taken: [] as string[], next: '', strict: false }
    Reflect.set(globalThis, '__sheet', sheet)
    const canShare = ({ files = [] }: ShareData) => !files.some(({ name }) => name.endsWith('.gz'))
    const share = async ({ files = [] }: ShareData) => {
      if (!navigator.userActivation.isActive) throw new DOMException('no click', 'NotAllowedError')
      if (sheet.next !== '') throw new DOMException('', sheet.next)
      if (sheet.strict && files.some(({ name }) => !/\.(txt|csv)$/.test(name)))
        throw new DOMException('Permission denied', 'NotAllowedError')
      for (const file of files) sheet.taken.push(`${file.name} ${file.type} ${(await file.text()).length}`)
    }
    Object.defineProperties(Navigator.prototype, { canShare: { value: canShare }, share: { value: share } })
  })
}

const sheetOf = (page: Page) => page.evaluate(() => Reflect.get(globalThis, '__sheet') as Sheet)
const set = (page: Page, how: { next?: string; strict?: boolean }) =>
  page.evaluate((to) => void Object.assign(Reflect.get(globalThis, '__sheet') as object, to), how)

test('where the system has no sheet there is no button', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  expect(await page.evaluate(() => 'canShare' in navigator)).toBe(false)
  await makeIdentity(page, 'Ada')
  await expect(page.getByTestId('share')).toHaveCount(0)
  await expect(page.getByTestId('shared')).toHaveCount(0)
  expect(problems).toEqual([])
  await close()
})

test('what can be saved can be handed to the sheet of the system, as it is', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await standIn(page)
  await openApp(page)
  await makeIdentity(page, 'Ada')
  const shared = page.getByTestId('shared')

  await test.step('the public key', async () => {
    await page.getByTestId('share').click()
    await expect(shared).toHaveText('Handed to the system.')
    expect((await sheetOf(page)).taken).toEqual([
      expect.stringMatching(/^omega-key-[0-9a-f]{8}\.pem application\/x-pem-file 1\d\d$/),
    ])
  })

  await test.step('who thinks better of it is told nothing', async () => {
    await set(page, { next: 'AbortError' })
    await page.getByTestId('share').click()
    await expect(page.getByTestId('share')).not.toHaveAttribute('aria-busy')
    await expect(shared).toHaveText('')
    await set(page, { next: 'DataError' })
    await page.getByTestId('share').click()
    await expect(shared).toContainText('The system did not take it')
    await set(page, { next: '' })
  })

  await test.step('an ending that the browser refuses: told, and offered under another that the button names', async () => {
    await set(page, { strict: true })
    await page.getByTestId('share').click()
    await expect(shared).toContainText('This browser hands no file of this kind to the system')
    const found = await new AxeBuilder({ page }).analyze()
    expect(found.violations).toEqual([])
    await page.getByRole('button', { name: 'Share as .txt' }).click()
    await expect(shared).toHaveText('Handed to the system.')
    expect((await sheetOf(page)).taken.at(-1)).toMatch(/^omega-key-[0-9a-f]{8}\.pem\.txt text\/plain 1\d\d$/)
    await set(page, { strict: false })
  })

  await test.step('a list', async () => {
    await loadSample(page, 'Load the partner’s sample')
    await goTo(page, 'Memories')
    await page.getByRole('button', { name: /CSV/ }).click()
    await press(page, 'Save the list')
    const dialog = page.getByRole('dialog')
    await dialog.getByTestId('share').click()
    await expect(dialog.getByTestId('shared')).toHaveText('Handed to the system.')
    expect((await sheetOf(page)).taken.at(-1)).toMatch(/^memories-.*\.csv text\/csv \d+$/)
    await dialog.getByRole('button', { name: 'Close' }).first().click()
    await expect(dialog).toHaveCount(0)
  })

  await test.step('a report, under the name by which it would be saved', async () => {
    await openFile(page, fileOf('a\u202eb.json', buildManifest().bytes))
    await page.getByTestId('share').click()
    await expect(shared).toHaveText('Handed to the system.')
    expect((await sheetOf(page)).taken.at(-1)).toMatch(/^a_b\.json\.report\.json application\/json \d+$/)
  })

  await test.step('an export: the file that was saved', async () => {
    await beginExport(page)
    const { name, text } = await signAndSave(page)
    await page.getByTestId('share').click()
    await expect(shared).toHaveText('Handed to the system.')
    expect((await sheetOf(page)).taken.at(-1)).toBe(`${name} application/json ${text.length}`)
  })

  await test.step('but not one that the browser says it takes none of', async () => {
    await press(page, 'Export more')
    await page.getByLabel(/Pack it/).check()
    await page.getByRole('button', { name: 'Sign and save' }).click()
    await expect(page.getByTestId('export-result')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Save again' })).toBeVisible()
    await expect(page.getByTestId('share')).toHaveCount(0)
  })
  expect(problems).toEqual([])
  await close()
})
