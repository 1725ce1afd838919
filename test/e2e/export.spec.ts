import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test, type Page } from '@playwright/test'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { openProfile, type Profile } from './profile.ts'
import {
  beginExport,
  download,
  dump,
  fileOf,
  fillSelection,
  goTo,
  importOpened,
  makeIdentity,
  openApp,
  openFile,
  press,
  signAndSave,
  takeIn,
  trustKey,
} from './steps.ts'

interface Row {
  readonly content: string
  readonly entity_id: string
  readonly event_type?: string
  readonly tags: readonly string[]
  readonly created_at: string
}

const row = (
  content: string,
  entity_id: string,
  event_type: string,
  tags: string,
  created_at: string,
): Row => ({
  content,
  created_at,
  entity_id,
  ...(event_type === '' ? {} : { event_type }),
  tags: tags.split(' ').filter((tag) => tag !== ''),
})

const OWN = [
  row('last of January', 'quay', 'decision', 'blue red', '2026-01-31T23:59:59.999Z'),
  row('first of February', 'quay', 'decision', 'red', '2026-02-01T00:00:00.000Z'),
  row('amid February', 'crane', 'lesson', 'green red', '2026-02-14T12:00:00.000Z'),
  row('last of February', 'quay', 'lesson', 'blue', '2026-02-28T23:59:59.999Z'),
  row('first of March', 'quay', '', '', '2026-03-01T00:00:00.000Z'),
  row('amid March', 'crane', 'decision', 'blue green red', '2026-03-14T12:00:00.000Z'),
]
const IMPORTED = [
  row('theirs of February', 'quay', 'lesson', 'red', '2026-02-20T12:00:00.000Z'),
  row('theirs of March', 'crane', '', 'blue red', '2026-03-20T12:00:00.000Z'),
]
const ALL = [...OWN, ...IMPORTED]

/** What is asked, which of the rows that is by a reading of its own, and how the signed selection must say it. */
interface Asked {
  readonly fields: Readonly<Record<string, string>>
  readonly any?: true
  readonly is: (row: Row) => boolean
  readonly selection: object
}

const ASKED: readonly Asked[] = [
  { fields: {}, is: () => true, selection: {} },
  { fields: { Entity: 'quay' }, is: (r) => r.entity_id === 'quay', selection: { entity_id: 'quay' } },
  {
    fields: { 'Event type': 'lesson' },
    is: (r) => r.event_type === 'lesson',
    selection: { event_type: 'lesson' },
  },
  {
    fields: { Since: '2026-02-01', Until: '2026-03-01' },
    is: (r) => r.created_at.startsWith('2026-02'),
    selection: { since: '2026-02-01T00:00:00.000Z', until: '2026-03-01T00:00:00.000Z' },
  },
  {
    fields: { Tags: 'red, blue' },
    is: (r) => r.tags.includes('red') && r.tags.includes('blue'),
    selection: { tags: ['blue', 'red'], tags_match: 'all' },
  },
  {
    fields: { Tags: 'green, blue' },
    any: true,
    is: (r) => r.tags.includes('green') || r.tags.includes('blue'),
    selection: { tags: ['blue', 'green'], tags_match: 'any' },
  },
  { fields: { Origin: 'own' }, is: (r) => OWN.includes(r), selection: { origin: 'own' } },
  { fields: { Origin: 'imported' }, is: (r) => IMPORTED.includes(r), selection: { origin: 'imported' } },
  {
    fields: { Entity: 'crane', Tags: 'red', Since: '2026-03-01', Origin: 'own' },
    is: (r) => r.content === 'amid March',
    selection: { entity_id: 'crane', origin: 'own', since: '2026-03-01T00:00:00.000Z', tags: ['red'] },
  },
]

test('what is counted before signing is what the file holds', async () => {
  test.setTimeout(120_000)
  const { page, problems, close } = await openStocked()
  const [{ fingerprint: own }] = JSON.parse(await dump(page, ['identities'])).identities
  let sequence = 0
  for (const asked of ASKED) {
    await test.step(JSON.stringify(asked.selection), async () => {
      await beginExport(page)
      await fillSelection(page, asked.fields)
      if (asked.any) await page.getByLabel('any of them').check()
      const due = ALL.filter(asked.is)
      await expectPreview(page, due)
      const { json } = await signAndSave(page)
      expect(contentsOf(json)).toEqual(due.map(({ content }) => content).sort())
      expect(json.envelope.header).toMatchObject({ memory_count: due.length, sequence: ++sequence })
      expect(json.envelope.details.selection).toEqual(asked.selection)
      for (const memory of json.memories) {
        const { content, created_at, entity_id, event_type, tags } = memory
        const known = ALL.find((each) => each.content === content)
        expect({ content, created_at, entity_id, ...(event_type ? { event_type } : {}), tags }).toEqual(known)
        const isTheirs = IMPORTED.includes(known!)
        expect(memory.author).toBe(isTheirs ? ISSUER.fingerprint : own)
      }
    })
  }

  await test.step('picked by hand', async () => {
    await goTo(page, 'Memories')
    const picked = ['amid February', 'theirs of March']
    for (const each of picked)
      await expect(page.getByTestId('memory-row').filter({ hasText: each }).first()).toBeVisible()
    for (const [at, text] of (await page.getByTestId('memory-row').allInnerTexts()).entries())
      if (picked.some((each) => text.startsWith(each))) await page.getByLabel(`Pick memory ${at + 1}`).check()
    await expect(page.getByText('2 picked')).toBeVisible()
    await press(page, 'Export picked')
    await expectPreview(
      page,
      ALL.filter(({ content }) => picked.includes(content)),
    )
    await page.getByLabel('Origin').selectOption('own')
    await expectPreview(
      page,
      ALL.filter(({ content }) => content === 'amid February'),
    )
    const { json } = await signAndSave(page)
    expect(contentsOf(json)).toEqual(['amid February'])
    expect(json.envelope.details.selection).toEqual({ hand_picked: true, origin: 'own' })
  })

  await test.step('nothing: refused in words, and no place in the stream is used up', async () => {
    const before = await dump(page, ['own_streams', 'manifests', 'leaves', 'audit'])
    await beginExport(page)
    await page.getByRole('checkbox', { name: /you picked by hand/ }).uncheck()
    await fillSelection(page, { Entity: 'nobody' })
    await expect(page.getByTestId('export-preview')).toContainText(
      'Nothing matches, so there is nothing to sign.',
    )
    const downloads: unknown[] = []
    page.on('download', (file) => downloads.push(file))
    await page.getByRole('button', { name: 'Sign and save' }).click()
    const refusal = page.getByTestId('export-refusal')
    await expect(refusal.getByText('empty_selection', { exact: true })).toBeVisible()
    await expect(refusal).toContainText('Widen the selection')
    await fillSelection(page, { Entity: 'quay', Since: '2026-03-01', Until: '2026-03-01' })
    await expect(page.getByTestId('export-preview')).toContainText('The dates contradict each other')
    await page.getByRole('button', { name: 'Sign and save' }).click()
    await expect(refusal.getByText('selection_invalid', { exact: true })).toBeVisible()
    expect(downloads).toEqual([])
    expect(await dump(page, ['own_streams', 'manifests', 'leaves', 'audit'])).toBe(before)
  })
  expect(problems).toEqual([])
  await close()
})

test('what is being written when its page is left is saved all the same', async () => {
  const { page, problems, close } = await openStocked()
  await beginExport(page)
  await page.getByLabel('Pack it as .json.gz').check()
  const { path } = await download(page, () =>
    // In one turn: it cannot be done before the page is left.
    page.evaluate(() => {
      const isSign = (button: HTMLButtonElement) => button.textContent.trim() === 'Sign and save'
      Array.from(document.querySelectorAll('button')).find(isSign)!.click()
      location.hash = '#/memories'
    }),
  )
  await expect(page.getByRole('heading', { level: 1, name: 'Memories' })).toBeVisible()
  const json = JSON.parse(gunzipSync(readFileSync(path)).toString())
  expect(contentsOf(json)).toEqual(ALL.map(({ content }) => content).sort())
  expect(problems).toEqual([])
  await close()
})

/** With an identity, rows of its own and rows of a partner. */
async function openStocked(): Promise<Profile> {
  const profile = await openProfile(test.info().outputPath('a'))
  const { page } = profile
  await openApp(page)
  await makeIdentity(page, 'A')
  expect(await takeIn(page, fileOf('own.json', JSON.stringify(OWN)))).toBe(
    `${OWN.length} added, 0 already here`,
  )
  await trustKey(page, ISSUER.pem, 'Partner')
  const memories = IMPORTED.map((each) => ({ ...each, tags: [...each.tags] }))
  await openFile(page, fileOf('theirs.json', buildManifest({ memories }).bytes))
  expect(await importOpened(page)).toBe(`${IMPORTED.length} imported, 0 already_local (idempotent dedup)`)
  return profile
}

async function expectPreview(page: Page, due: readonly Row[]): Promise<void> {
  const own = due.filter((each) => OWN.includes(each)).length
  const count = due.length === 1 ? '1 memory' : `${due.length} memories`
  const preview = page.getByTestId('export-preview')
  await expect(preview).toContainText(
    new RegExp(`^\\s*${count}, .* ${own} own, ${due.length - own} imported`),
  )
  await expect(page.getByRole('heading', { name: `Sign ${count}` })).toBeVisible()
}

function contentsOf({ memories }: { memories: readonly Row[] }): string[] {
  return memories.map(({ content }) => content).sort()
}
