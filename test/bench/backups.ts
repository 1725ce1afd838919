import type { Page } from '@playwright/test'
import { download, goTo, openFile, press, trustKey } from '../e2e/steps.ts'
import { openBrowser, timed } from './browser.ts'
import { dataFile } from './data.ts'
import { importFile, wallOf } from './deeds.ts'
import { ISSUER } from './generator.ts'
import { say, secondsOf } from './measurement.ts'
import { watchMemory, type Memory } from './processes.ts'
import { countOf, megabytesOf, stated, type Results, type Row, type Setting } from './rows.ts'

/** The rows about the backup of a store: written and read back, opened, restored where nothing was done. */

const SAVING = {
  begin: 'click',
  done: '[data-testid="backup-result"]',
  failed: '[data-testid="backup-refusal"] section',
} as const
const OPENING = {
  begin: 'change',
  done: '[data-testid="restore-changes"]',
  failed: '[data-testid="refusal"] section',
} as const
const RESTORING = { begin: 'click', done: '[data-testid="restore-result"]' } as const

export async function backups({ app, scale }: Setting): Promise<Results> {
  const { path, memories } = dataFile(scale.large)
  const from = await openBrowser({ home: app })
  const to = await openBrowser({ home: app })
  try {
    const page = await from.newTab()
    await trustKey(page, ISSUER.pem, 'Signer')
    await importFile(page, path)
    say('backup')
    const saved = await watchMemory(from, () => save(page))
    const fresh = await to.newTab()
    say('restore')
    const opened = await watchMemory(to, () =>
      timed(fresh, OPENING, () => openFile(fresh, saved.result.path)),
    )
    await fresh.getByLabel(/Trust these keys here/).check()
    const restored = await watchMemory(to, () => timed(fresh, RESTORING, () => press(fresh, 'Restore')))
    const of = countOf(memories)
    return {
      rows: [
        row(`backup of ${of} memories, written and read back`, saved.result.ms, saved.memory),
        row(`opening that backup`, wallOf(opened.result), opened.memory),
        row(`restoring it where nothing was done`, wallOf(restored.result), restored.memory),
      ],
    }
  } finally {
    await Promise.all([from.close(), to.close()])
  }
}

async function save(page: Page): Promise<{ readonly path: string; readonly ms: number }> {
  await goTo(page, 'Identity')
  await page.getByRole('link', { name: /Backup of this store/ }).click()
  await page.getByLabel('Pack it as .json.gz').uncheck()
  let path = ''
  const ended = await timed(page, SAVING, async () => {
    path = (await download(page, () => press(page, 'Save a backup'))).path
  })
  if (!ended.ok) throw new Error(`no backup: ${ended.text}`)
  return { path, ms: wallOf(ended) }
}

function row(what: string, ms: number, memory: Memory | null): Row {
  const held =
    memory === null
      ? ''
      : `, ${megabytesOf(memory.peak - memory.idle)} above an idle tab of ${megabytesOf(memory.idle)}; ` +
        `the browser process grew by ${megabytesOf(memory.browserPeak - memory.browserIdle)}`
  return stated(what, `**${secondsOf(ms)}**${held} (1 run)`)
}
