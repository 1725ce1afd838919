import { expect, test, type Page } from '@playwright/test'
import { expectToFit } from './fit.ts'
import { openProfile } from './profile.ts'
import { LONG, openApp, press } from './steps.ts'

/** The store is taken from under an open tab. */
test.describe('a tab that has lost its store', () => {
  test('to a newer version in another tab', LONG, async () => {
    const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
    await openApp(page)
    const version = await page.evaluate(async () => {
      const [known] = await indexedDB.databases()
      const opening = indexedDB.open(known!.name!, known!.version! + 1)
      await new Promise((opened) => (opening.onsuccess = opened))
      return opening.result.version
    })
    await expect(page.getByText('A newer version is open in another tab')).toBeVisible()
    await expectToFit(page, 'lost to a newer version')
    await press(page, 'Load again')
    await expect(page.getByText('storage_newer', { exact: true })).toBeVisible()
    expect(version).toBeGreaterThan(1)
    expect(problems).toEqual([])
    await close()
  })

  test('because site data was cleared', LONG, async () => {
    const { context, page, problems, close } = await openProfile(test.info().outputPath('profile'))
    await openApp(page)
    await expect(page.getByText('What your agents remember')).toBeVisible()
    await holdStore(page)
    await press(page, 'Peers')
    const session = await context.newCDPSession(page)
    await session.send('Storage.clearDataForOrigin', {
      origin: new URL(page.url()).origin,
      storageTypes: 'indexeddb',
    })
    await expect(page.getByText('The browser closed the store')).toBeVisible()
    await expectToFit(page, 'store closed')
    await press(page, 'Load again')
    await expect(page.getByRole('heading', { level: 1, name: 'Peers' })).toBeVisible()
    expect(problems).toEqual([])
    await close()
  })
})

/** Keeps every other transaction waiting, so that what the app reads is under way when the store is taken. */
async function holdStore(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const [known] = await indexedDB.databases()
    const opening = indexedDB.open(known!.name!)
    await new Promise((opened) => (opening.onsuccess = opened))
    const stores = [...opening.result.objectStoreNames]
    const settings = opening.result.transaction(stores, 'readwrite').objectStore('settings')
    const ask = () => (settings.count().onsuccess = ask)
    ask()
  })
}
