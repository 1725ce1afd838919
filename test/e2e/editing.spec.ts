import { expect, test, type Page } from '@playwright/test'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import {
  dump,
  fileOf,
  goTo,
  importOpened,
  makeIdentity,
  openApp,
  openFile,
  press,
  saveMemory,
  storesHolding,
  takeIn,
  trustKey,
  writeMemory,
} from './steps.ts'

test('a memory of one’s own is edited as a new version, and deleted with all of them', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await makeIdentity(page, 'A')
  await writeMemory(page, {
    text: 'Crane 7 is out of service',
    entity: 'cranes',
    type: 'observation',
    tags: 'crane, outage',
    date: '2026-03-04',
    metadata: '{"ticket":"IR-2214"}',
  })
  await expect(article(page).locator('time').first()).toHaveText('4 Mar 2026, 00:00 UTC')
  const before = page.url()
  const leaf = await leafShown(page)

  await press(page, 'Edit')
  await saveMemory(page, { text: 'Crane 7 works again' })
  expect(page.url()).not.toBe(before)
  expect(await leafShown(page)).not.toBe(leaf)
  await page.getByTestId('earlier').locator('summary').click()
  const version = page.getByTestId('earlier').locator('details')
  await expect(version.getByText('Crane 7 is out of service', { exact: true }).last()).toBeVisible()
  await expect(page.getByTestId('earlier')).toContainText(leaf.slice(0, 4))
  await expectRows(page, ['Crane 7 works again'])

  await page.getByTestId('memory-row').click()
  await press(page, 'Edit')
  await saveMemory(page, { tags: 'repaired' })
  await expect(page.getByRole('list', { name: 'Tags' }).getByRole('listitem')).toHaveText([
    'crane',
    'outage',
    'repaired',
  ])
  await expect(version).toHaveCount(2)

  const written = ['Crane 7 is out of service', 'Crane 7 works again', 'IR-2214']
  for (const text of written) expect(await storesHolding(page, text)).toEqual(['segments'])
  await erase(page)
  await expect(page.getByRole('heading', { name: 'What your agents remember, kept by you' })).toBeVisible()
  for (const text of written) expect(await storesHolding(page, text)).toEqual([])
  await page.goto(before)
  await expect(page.getByRole('heading', { name: 'This memory is not here' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'This memory is not here' })).toBeVisible()

  const file = fileOf(
    'again.json',
    JSON.stringify([
      { content: 'Crane 7 is out of service', entity_id: 'cranes' },
      { content: 'Crane 7 works again', entity_id: 'cranes' },
      { content: 'Crane 8 was never here', entity_id: 'cranes' },
    ]),
  )
  expect(await takeIn(page, file)).toBe('1 added, 0 already here, 2 deleted here before')
  await expectRows(page, ['Crane 8 was never here'])

  // By hand it may be written again: whoever does wants it.
  await writeMemory(page, { text: 'Crane 7 works again', entity: 'cranes' })
  await expect(page.getByTestId('earlier')).toHaveCount(0)
  await expectRows(page, ['Crane 7 works again', 'Crane 8 was never here'])
  expect(problems).toEqual([])
  await close()
})

test('one click saves, though a tag was still being typed', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await makeIdentity(page, 'A')
  await goTo(page, 'Memories')
  await press(page, 'Write a memory')
  await page.getByLabel('Text', { exact: true }).fill('Berth 2 is free')
  await page.getByLabel('Entity', { exact: true }).fill('berths')
  await page.getByLabel('Tags', { exact: true }).pressSequentially('free')
  await page.getByRole('button', { name: 'Save memory' }).click()
  await expect(page.getByTestId('content')).toHaveText('Berth 2 is free')
  await expect(page.getByRole('list', { name: 'Tags' }).getByRole('listitem')).toHaveText(['free'])
  expect(problems).toEqual([])
  await close()
})

test('of an imported memory one’s own is made; deleted, no import brings it back', async () => {
  const memories = ['North gate open', 'South gate shut', 'East gate watched'].map((content) => ({
    content,
    entity_id: 'gates',
  }))
  const first = buildManifest({ memories })
  const second = buildManifest({
    memories: [...memories, { content: 'West gate new', entity_id: 'gates' }],
    header: { sequence: 2, previous: first.id },
  })
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await makeIdentity(page, 'A')
  await trustKey(page, ISSUER.pem, 'Partner')
  await openFile(page, fileOf('first.json', first.bytes))
  expect(await importOpened(page)).toBe('3 imported, 0 already_local (idempotent dedup)')

  await test.step('edit: a new leaf of one’s own, the original as it was', async () => {
    const original = await readRow(page, 'North gate open')
    expect(original).toMatchObject({ origin: expect.stringContaining('Partner'), leaf: first.leaves[0] })
    await press(page, 'Edit')
    await expect(page.getByRole('heading', { name: 'This memory was imported' })).toBeVisible()
    await saveMemory(page, { text: 'North gate closed', tags: 'mine' })
    await expect(page.getByTestId('origin')).toContainText('Written here')
    await expect(article(page).getByText('Your own')).toBeVisible()
    expect(first.leaves).not.toContain(await leafShown(page))
    await expectRows(page, ['North gate closed', 'North gate open', 'South gate shut', 'East gate watched'])
    expect(await readRow(page, 'North gate open')).toEqual(original)
  })

  await test.step('delete: gone from the list and from every record', async () => {
    await readRow(page, 'South gate shut')
    expect(await storesHolding(page, 'South gate shut')).toEqual(['segments'])
    await erase(page)
    await expectRows(page, ['North gate closed', 'North gate open', 'East gate watched'])
    expect(await storesHolding(page, 'South gate shut')).toEqual([])
    expect(JSON.parse(await dump(page, ['tombstones'])).tombstones).toHaveLength(1)
  })

  await test.step('an import does not bring it back, nor does a file of memories', async () => {
    await openFile(page, fileOf('first.json', first.bytes))
    expect(await importOpened(page)).toBe('0 imported, 2 already_local (idempotent dedup), 1 deleted_here')
    await openFile(page, fileOf('second.json', second.bytes))
    expect(await importOpened(page)).toBe('1 imported, 2 already_local (idempotent dedup), 1 deleted_here')
    await openFile(page, fileOf('memories.json', JSON.stringify(memories)))
    await expect(page.getByTestId('preview')).toContainText(/Deleted here before\s*1, not taken in again/)
    await expect(page.getByRole('heading', { name: 'Nothing new in this file' })).toBeVisible()
    expect(await storesHolding(page, 'South gate shut')).toEqual([])
    await expectRows(page, ['North gate closed', 'North gate open', 'East gate watched', 'West gate new'])
  })
  expect(problems).toEqual([])
  await close()
})

const article = (page: Page) => page.getByTestId('memory')

/** All that the list shows, in any order. */
async function expectRows(page: Page, texts: readonly string[]): Promise<void> {
  await goTo(page, 'Memories')
  const rows = page.getByTestId('memory-row')
  await expect(rows).toHaveCount(texts.length)
  for (const text of texts) await expect(rows.filter({ hasText: text })).toHaveCount(1)
}

async function leafShown(page: Page): Promise<string> {
  const row = article(page).locator('div:has(> dt:text-is("Leaf hash"))').first()
  return ((await row.locator('code').last().textContent()) ?? '').replaceAll(/\s/g, '')
}

async function readRow(page: Page, text: string): Promise<{ origin: string; leaf: string }> {
  await goTo(page, 'Memories')
  await page.getByTestId('memory-row').filter({ hasText: text }).click()
  await expect(page.getByTestId('content')).toHaveText(text)
  return { origin: await page.getByTestId('origin').innerText(), leaf: await leafShown(page) }
}

async function erase(page: Page): Promise<void> {
  await press(page, 'Delete')
  const dialog = page.getByRole('dialog', { name: 'Delete this memory' })
  await dialog.getByRole('button', { name: 'Delete the memory' }).click()
  await expect(dialog).toHaveCount(0)
}
