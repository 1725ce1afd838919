import { writeFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import { dump, EVERYTHING, fileOf, goTo, importOpened, openApp, openFile, trustKey } from './steps.ts'

const MEMORIES = 30_000
const LENGTH = 1600

test('opening and importing a large manifest can be watched and cancelled, and then leave nothing', async () => {
  test.setTimeout(120_000)
  const path = test.info().outputPath('large.json')
  const memories = Array.from({ length: MEMORIES }, (_, i) => ({
    content: `${i} `.padEnd(LENGTH, 'All quiet on the quay. '),
  }))
  const { bytes } = buildManifest({ memories })
  expect(bytes.length).toBeGreaterThan(60e6)
  writeFileSync(path, bytes)

  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await trustKey(page, ISSUER.pem, 'Partner')
  const before = await dump(page, [...EVERYTHING, 'audit'])

  await test.step('opening', async () => {
    await openFile(page, path)
    await cancelMidway(page, /^Opening/)
    await expect(page.getByTestId('refusal')).toBeEmpty()
    await expect(page.getByRole('heading', { level: 1, name: 'Exchange' })).toBeVisible()
    // A second open takes its turn in the same worker: it answers only if the first was let go.
    await openFile(page, fileOf('small.json', buildManifest().bytes))
    await expect(page.getByTestId('verdict')).toContainText('1 leaf')
    expect(await dump(page, [...EVERYTHING, 'audit'])).toBe(before)
  })

  await test.step('importing', async () => {
    await openFile(page, path)
    await expect(page.getByTestId('verdict')).toContainText(`${MEMORIES.toLocaleString('en')} leaves`, {
      timeout: 30_000,
    })
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await cancelMidway(page, /^(Verifying again|Taking in)/)
    await expect(page.getByRole('button', { name: 'Import', exact: true })).toBeEnabled()
    await expect.poll(() => dump(page, [...EVERYTHING, 'audit'])).toBe(before)
    await goTo(page, 'Memories')
    await expect(page.getByTestId('memory-row')).toHaveCount(0)
    await openFile(page, fileOf('small.json', buildManifest().bytes))
    expect(await importOpened(page)).toBe('1 imported, 0 already_local (idempotent dedup)')
  })
  expect(problems).toEqual([])
  await close()
})

/** Waits until something is done and not all, presses Cancel, and waits until the bar is gone. */
async function cancelMidway(page: Page, label: RegExp): Promise<void> {
  const bar = page.getByRole('progressbar', { name: label })
  const done = async () => {
    const [now, max] = await Promise.all(
      ['aria-valuenow', 'aria-valuemax'].map((name) => bar.getAttribute(name)),
    )
    return Number(now) > 0 && Number(now) < Number(max)
  }
  await expect.poll(done, { intervals: [20] }).toBe(true)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(bar).toHaveCount(0, { timeout: 2000 })
}
