import { expect, type Page } from '@playwright/test'
import { beginExport, goTo, makeIdentity } from '../e2e/steps.ts'
import { arm, endOf, openBrowser, watched, type Stay } from './browser.ts'
import { dataFile } from './data.ts'
import { OPENING, verifyIntact } from './deeds.ts'
import { say, secondsOf } from './measurement.ts'
import type { Watched } from './probe.ts'
import { countOf, type Results, type Row, type Setting } from './rows.ts'

/** The rows about a page that is used while a large manifest goes through it: keys are pressed, the list is scrolled. */

const LONGEST_TASK_MS = 50
const LATEST_ANSWER_MS = 100
/** Two frames of a screen of 60 a second. */
const SMOOTH_MS = 34
const SMOOTH_SHARE = 0.95

const PATIENCE_MS = 900_000

export async function busy({ app, scale, filled }: Setting): Promise<Results> {
  const [large, more] = [dataFile(scale.large), dataFile(scale.more)]
  const browser = await openBrowser({ home: app, profile: await filled() })
  try {
    const page = await browser.newTab()
    await makeIdentity(page, 'Bench')
    const size = countOf(large.memories)
    const row = async (what: string, stay: Stay) => {
      say(`main thread, ${what}`)
      return rowOf(`main thread, ${what} of ${size}`, await watched(page, stay))
    }
    await goTo(page, 'Memories')
    await expect(page.getByTestId('memory-row').first()).toBeVisible()
    const verification = await row('verification', await verifyFromMemories(page, large.path))
    await beginExport(page)
    await expect(page.getByTestId('export-preview')).toContainText(size, { timeout: PATIENCE_MS })
    const out = await row('export', await exportWhileReading(page))
    await verifyIntact(page, more.path)
    const all = large.memories + more.memories
    return {
      rows: [verification, await row('import', await importWhileReading(page, all)), out],
    }
  } finally {
    await browser.close()
  }
}

/** The file is picked beside the list, which stays until the report is there. */
async function verifyFromMemories(page: Page, path: string): Promise<Stay> {
  const input = page.getByTestId('open-file').first()
  await arm(page, OPENING)
  return { begin: () => input.setInputFiles(path), end: () => endOf(page) }
}

async function exportWhileReading(page: Page): Promise<Stay> {
  const saving = page.waitForEvent('download')
  return { begin: await pressAndLeave(page, 'Sign and save'), end: async () => (await saving).delete() }
}

async function importWhileReading(page: Page, memories: number): Promise<Stay> {
  const begin = await pressAndLeave(page, 'Import')
  await arm(page, {
    begin: 'click',
    done: '[data-testid="count"]',
    including: `${countOf(memories)} memories`,
  })
  return { begin, end: () => endOf(page) }
}

/**
 * Presses the button and goes to the list, by the page's own means: a locator that looks for what is not there yet
 * walks the whole page each time, and that would be the longest task there is.
 */
async function pressAndLeave(page: Page, name: string): Promise<() => Promise<void>> {
  const button = await page.getByRole('button', { name, exact: true }).elementHandle()
  return () =>
    button!.evaluate((element) => {
      ;(element as HTMLElement).click()
      location.hash = '#/memories'
    })
}

function rowOf(what: string, { answers, gaps, longestTask }: Watched): Row {
  const latest = Math.max(0, ...answers)
  const sorted = [...gaps].sort((a, b) => a - b)
  const smooth = sorted[Math.floor(SMOOTH_SHARE * sorted.length)] ?? 0
  return {
    what,
    target: `no task over ${LONGEST_TASK_MS} ms, input answered within ${LATEST_ANSWER_MS} ms, smooth scrolling`,
    measured:
      `longest task **${longestTask === 0 ? `none over ${LONGEST_TASK_MS} ms` : secondsOf(longestTask)}**, ` +
      `latest answer **${secondsOf(latest)}** of ${answers.length}, ` +
      `95 of 100 frames within **${secondsOf(smooth)}**, the longest ${secondsOf(sorted.at(-1) ?? 0)} (1 run)`,
    isMet: longestTask <= LONGEST_TASK_MS && latest <= LATEST_ANSWER_MS && smooth <= SMOOTH_MS,
  }
}
