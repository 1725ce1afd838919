import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { beginExport, goTo, makeIdentity } from '../e2e/steps.ts'
import { openBrowser, timed, type Browser } from './browser.ts'
import { dataFile } from './data.ts'
import { importFile, verifyIntact, wallOf } from './deeds.ts'
import { describeTiming, inTurn, medianOf, say, secondsOf } from './measurement.ts'
import { watchMemory } from './processes.ts'
import { queries } from './queries.ts'
import { atMost, countOf, megabytesOf, stated, type Results, type Row, type Setting } from './rows.ts'
import { DIST } from './server.ts'

/** Of a small manifest too, where one run says little: what a tab does for the first time is a large part of it. */
const ROUNDS = 3

/** The rows about a store that holds the large manifest: importing it again, exporting it, asking it. */

export async function held({ app, scale, filled }: Setting): Promise<Results> {
  const { path, memories } = dataFile(scale.large)
  const browser = await openBrowser({ home: app, profile: await filled() })
  try {
    const page = await browser.newTab()
    await makeIdentity(page, 'Bench')
    await verifyIntact(page, path)
    say('importing again, and export')
    const steps: number[] = []
    const exported: Exported[] = []
    const timings = await inTurn(ROUNDS, {
      verify: () => verifyIntact(page, path),
      again: async () => {
        const { imported, ms } = await importFile(page, path)
        if (!imported.text.startsWith('0 imported')) throw new Error(`not known: ${imported.text}`)
        steps.push(wallOf(imported))
        return ms
      },
      export: async () => {
        exported.push(await exportAll(page, memories))
        return exported.at(-1)!.ms
      },
    })
    const what = countOf(memories)
    const again = atMost(
      `import of the same ${what} again`,
      1.5,
      timings.again,
      timings.verify,
      'verification',
    )
    const out = atMost(`export of ${what}`, 2, timings.export, timings.verify, 'verification')
    const saved = { runs: exported.map(({ savedMs }) => savedMs) }
    return {
      rows: [
        {
          ...again,
          measured: `${again.measured}; the step after opening ${describeTiming({ runs: steps })}`,
        },
        { ...out, measured: `${out.measured}; on the disk after ${secondsOf(medianOf(saved))}` },
        await memoryRow(browser, page, memories),
        ...(await queries(page, scale.rounds, memories)),
      ],
    }
  } finally {
    await browser.close()
  }
}

interface Exported {
  readonly ms: number
  /** Until the browser has written the file. */
  readonly savedMs: number
}

const EXPORTING = {
  begin: 'click',
  done: '[data-testid="export-result"]',
  failed: '[data-testid="export-refusal"] section',
} as const

let isChecked = false

/** Signs and saves all that is held. The first of the files is verified by the command line. */
async function exportAll(page: Page, memories: number): Promise<Exported> {
  await goTo(page, 'Exchange')
  await beginExport(page)
  await expect(page.getByTestId('export-preview')).toContainText(countOf(memories), { timeout: 60_000 })
  const saving = page.waitForEvent('download').then(async (file) => {
    const path = await file.path()
    return { file, path, at: Date.now() }
  })
  const button = page.getByRole('button', { name: 'Sign and save' })
  const result = await timed(page, EXPORTING, () => button.click())
  if (!result.ok) throw new Error(`nothing was exported: ${result.text}`)
  const { file, path, at } = await saving
  if (!isChecked) checkExport(path, memories)
  isChecked = true
  await file.delete()
  rmSync(path, { force: true })
  return { ms: wallOf(result), savedMs: at - result.began }
}

function checkExport(path: string, memories: number): void {
  const { stdout } = spawnSync(process.execPath, [join(DIST, 'omega-verify.mjs'), path, '--json'], {
    encoding: 'utf8',
  })
  const { result, leaves } = JSON.parse(stdout) as { result: string; leaves: number }
  if (result !== 'ok' || leaves !== memories) throw new Error(`the export is ${result}, ${leaves} leaves`)
}

async function memoryRow(browser: Browser, page: Page, memories: number): Promise<Row> {
  const { memory } = await watchMemory(browser, () => exportAll(page, memories))
  const measured =
    memory === null
      ? 'not measured: this system does not tell what a process holds'
      : `**${megabytesOf(memory.peak - memory.idle)}** above the tab before it (${megabytesOf(memory.idle)}); ` +
        `the browser process grew by ${megabytesOf(memory.browserPeak - memory.browserIdle)} (1 run)`
  return stated(`memory while exporting ${countOf(memories)}`, measured)
}
