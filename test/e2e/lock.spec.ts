import AxeBuilder from '@axe-core/playwright'
import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { openProfile } from './profile.ts'
import { download, dump, fileOf, goTo, goToHash, openApp } from './steps.ts'

const PASSPHRASE = 'lantern orbit pebble saddle'

test('an open identity is kept locked by its backup, locks itself, and is kept open again', async () => {
  test.setTimeout(240_000)
  const { context, page, problems, close } = await openProfile(test.info().outputPath('ada'))
  await page.clock.install()
  await openApp(page)
  await goTo(page, 'Identity')
  await page.getByLabel('Name of this instance').fill('Ada')
  await page.getByLabel('With a backup file').check()
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE)
  await page.getByLabel('Passphrase again').fill(PASSPHRASE)
  const saved = await download(page, () => page.getByRole('button', { name: 'Make identity' }).click())
  const backup = readFileSync(saved.path, 'utf8')
  const lock = page.getByTestId('key-lock')
  const identities = async () => JSON.parse(await dump(page, ['identities'])).identities as { key?: object }[]

  await test.step('with the wrong passphrase nothing changes', async () => {
    await lock.getByRole('button', { name: 'Keep it locked' }).click()
    await lock.getByTestId('lock-backup').setInputFiles(fileOf('backup.json', backup))
    await lock.getByLabel('Passphrase').fill('another passphrase')
    await lock.getByRole('button', { name: 'Keep it locked' }).click()
    await expect(lock.getByText('passphrase_wrong')).toBeVisible()
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
    expect((await identities())[0]).toHaveProperty('key')
  })

  await test.step('with the right one the key is gone from the store', async () => {
    await lock.getByLabel('Passphrase').fill(PASSPHRASE)
    await lock.getByRole('button', { name: 'Keep it locked' }).click()
    await expect(lock).toContainText('Unlocked in this tab')
    expect((await identities())[0]).not.toHaveProperty('key')
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  })

  await test.step('it locks itself when nothing was done for the time that is chosen', async () => {
    await lock.getByLabel('Lock it when nothing was done for').selectOption('5 minutes')
    await page.clock.fastForward('14:00')
    await page.mouse.click(10, 300)
    await page.clock.fastForward('14:00')
    await expect(lock).toContainText('Unlocked in this tab')
    await page.clock.fastForward('01:30')
    await expect(lock.getByRole('button', { name: 'Unlock' })).toBeVisible()
    // The time that was chosen counts from the next unlocking.
    await lock.getByLabel('Passphrase').fill(PASSPHRASE)
    await lock.getByRole('button', { name: 'Unlock' }).click()
    await expect(lock).toContainText('Unlocked in this tab')
    await page.clock.fastForward('05:30')
    await expect(lock.getByRole('button', { name: 'Unlock' })).toBeVisible()
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  })

  await test.step('locked by a key in one tab it is locked in all', async () => {
    const other = await context.newPage()
    await openApp(other)
    for (const tab of [page, other]) {
      await goToHash(tab, '#/identity')
      const there = tab.getByTestId('key-lock')
      await expect(there.getByRole('button', { name: 'Unlock' })).toBeVisible()
      await there.getByLabel('Passphrase').fill(PASSPHRASE)
      await there.getByRole('button', { name: 'Unlock' }).click()
      await expect(there).toContainText('Unlocked in this tab')
    }
    await other.keyboard.press('Alt+l')
    await expect(other.getByTestId('key-lock').getByRole('button', { name: 'Unlock' })).toBeVisible()
    await expect(lock.getByRole('button', { name: 'Unlock' })).toBeVisible()
    await other.close()
  })

  await test.step('locked with the focus on the button of the rail, it goes beside that, where it is told', async () => {
    for (const key of ['Enter', 'Alt+l']) {
      await lock.getByLabel('Passphrase').fill(PASSPHRASE)
      await lock.getByRole('button', { name: 'Unlock' }).click()
      await page.getByRole('button', { name: 'Lock now (Alt + L)' }).focus()
      await page.keyboard.press(key)
      await expect(page.getByRole('link', { name: 'your identity Locked' })).toBeFocused()
      await expect(lock.getByRole('button', { name: 'Unlock' })).toBeVisible()
    }
  })

  await test.step('kept open again, it signs without being unlocked', async () => {
    await lock.getByLabel('Passphrase').fill(PASSPHRASE)
    await lock.getByRole('button', { name: 'Unlock' }).click()
    await lock.getByRole('button', { name: 'Keep it unlocked from now on' }).click()
    await expect(lock).toContainText('readable by no script')
    await page.reload()
    await expect(lock).toContainText('readable by no script')
    await expect(lock.getByRole('button', { name: 'Keep it locked' })).toBeVisible()
    const again = await download(page, () => page.getByTestId('save-sealed').click())
    expect(readFileSync(again.path, 'utf8')).toBe(backup)
  })
  expect(problems).toEqual([])
  await close()
})
