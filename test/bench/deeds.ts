import { readFileSync } from 'node:fs'
import { expect, type Page } from '@playwright/test'
import { download, goTo, openFile, press } from '../e2e/steps.ts'
import { timed } from './browser.ts'
import type { Timed } from './probe.ts'

/** What a person does with a large file, each timed from what they do to what they see. */

export const OPENING = {
  begin: 'change',
  done: '[data-testid="verdict"]',
  failed: '[data-testid="failure"], [data-testid="refusal"] section',
} as const

/** Picks the file on the input; ends with the verdict, whatever it is. */
export async function verify(page: Page, path: string): Promise<Timed> {
  // A report that is still there would be taken for the new one.
  await goTo(page, 'Exchange')
  await expect(page.getByTestId('verdict').or(page.getByTestId('failure'))).toHaveCount(0)
  return timed(page, OPENING, () => openFile(page, path))
}

/** Milliseconds, from the file on the input to the report on the screen. */
export const wallOf = ({ began, painted }: Timed): number => painted - began

/** The same, or an Error when the manifest was refused: of these files all are intact. */
export async function verifyIntact(page: Page, path: string): Promise<number> {
  const result = await verify(page, path)
  if (!result.ok) throw new Error(`${path} was refused: ${result.text}`)
  return wallOf(result)
}

const importButton = (page: Page) => page.getByRole('button', { name: 'Import', exact: true })
/** Whom one trusts and what one holds is asked again once the report is there. */
const REFRESH_MS = 60_000

const IMPORTING = {
  begin: 'click',
  done: '[data-testid="import-result"]',
  failed: '[data-testid="import-refusal"], .decision .code code',
} as const

/** The code of why what is open may not be imported; null where it may. */
export async function importRefusal(page: Page): Promise<string | null> {
  const refusal = page.getByTestId('import-refusal')
  await expect(refusal.or(importButton(page))).toBeVisible({ timeout: REFRESH_MS })
  return (await refusal.count()) === 0 ? null : refusal.locator('code').last().innerText()
}

/** Presses Import on what is open; ends with the counts. */
export async function takeIn(page: Page): Promise<Timed> {
  const button = importButton(page)
  await expect(button).toBeVisible({ timeout: REFRESH_MS })
  return timed(page, IMPORTING, () => button.click())
}

/** Opens and imports: what a person waits for, without what they take to find the button. */
export async function importFile(
  page: Page,
  path: string,
): Promise<{ opened: Timed; imported: Timed; ms: number }> {
  const opened = await verify(page, path)
  if (!opened.ok) throw new Error(`${path} was refused: ${opened.text}`)
  const imported = await takeIn(page)
  if (!imported.ok) throw new Error(`${path} was not imported: ${imported.text}`)
  return { opened, imported, ms: wallOf(opened) + wallOf(imported) }
}

/** The whole report of what is open, as the app saves it. */
export async function saveReport(page: Page): Promise<{ result: string; leaves: number } | null> {
  const button = page.getByRole('button', { name: 'Save report' })
  if ((await button.count()) === 0) return null
  const { path } = await download(page, () => press(page, 'Save report'))
  return JSON.parse(readFileSync(path, 'utf8')) as { result: string; leaves: number }
}
