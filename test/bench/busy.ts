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

export async function busy(setting: Setting): Promise<Results> {
  const deeds: Record<Deed, Watched[]> = { verification: [], import: [], export: [] }
  for (let round = 0; round < setting.scale.few; round++) await watchDeeds(setting, deeds)
  const size = countOf(dataFile(setting.scale.large).memories)
  return {
    rows: Object.entries(deeds).map(([deed, runs]) => rowOf(`main thread, ${deed} of ${size}`, runs)),
  }
}

type Deed = 'verification' | 'import' | 'export'

/** Each once, in a browser of its own that holds the large manifest. */
async function watchDeeds(
  { app, scale, filled }: Setting,
  deeds: Readonly<Record<Deed, Watched[]>>,
): Promise<void> {
  const [large, more] = [dataFile(scale.large), dataFile(scale.more)]
  const browser = await openBrowser({ home: app, profile: await filled() })
  try {
    const page = await browser.newTab()
    await makeIdentity(page, 'Bench')
    const watch = async (deed: Deed, stay: Stay) => {
      say(`main thread, ${deed}`)
      const seen = await watched(page, stay)
      deeds[deed].push(seen)
      say(`  longest task: ${taskOf(seen.longestTask)}`)
    }
    await goTo(page, 'Memories')
    await expect(page.getByTestId('memory-row').first()).toBeVisible()
    await watch('verification', await verifyFromMemories(page, large.path))
    await beginExport(page)
    await expect(page.getByTestId('export-preview')).toContainText(countOf(large.memories), {
      timeout: PATIENCE_MS,
    })
    await watch('export', await exportWhileReading(page))
    await verifyIntact(page, more.path)
    await watch('import', await importWhileReading(page, large.memories + more.memories))
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

/** All runs together: what was once is not made good by another run. */
function rowOf(what: string, runs: readonly Watched[]): Row {
  const longest = Math.max(...runs.map(({ longestTask }) => longestTask))
  const answers = runs.flatMap((run) => run.answers)
  const latest = Math.max(0, ...answers)
  const gaps = runs.flatMap((run) => run.gaps).sort((a, b) => a - b)
  const smooth = gaps[Math.floor(SMOOTH_SHARE * gaps.length)] ?? 0
  return {
    what,
    target: `no task over ${LONGEST_TASK_MS} ms, input answered within ${LATEST_ANSWER_MS} ms, smooth scrolling`,
    measured:
      `longest task **${taskOf(longest)}**, latest answer **${secondsOf(latest)}** of ${answers.length}, ` +
      `95 of 100 frames within **${secondsOf(smooth)}**, the longest ${secondsOf(gaps.at(-1) ?? 0)} ` +
      `(${runs.length === 1 ? '1 run' : `${runs.length} runs together`})`,
    isMet: longest <= LONGEST_TASK_MS && latest <= LATEST_ANSWER_MS && smooth <= SMOOTH_MS,
  }
}

const taskOf = (ms: number) => (ms === 0 ? `none over ${LONGEST_TASK_MS} ms` : secondsOf(ms))
