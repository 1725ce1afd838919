import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test, type Page } from '@playwright/test'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { openProfile, type Profile } from './profile.ts'
import {
  beginExport,
  download,
  dump,
  fileOf,
  goTo,
  importOpened,
  makeIdentity,
  openApp,
  openFile,
  press,
  signAndSave,
  takeIn,
  trustKey,
  trustSigner,
  type SavedManifest,
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
  const { page, problems, close } = await openStocked()
  const own = await goTo(page, 'Identity').then(() => page.locator('code.whole').first().textContent())
  let sequence = 0
  for (const asked of ASKED) {
    await test.step(JSON.stringify(asked.selection), async () => {
      await beginExport(page)
      await fill(page, asked.fields)
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
        expect(memory.author).toBe(isTheirs ? ISSUER.fingerprint : own?.replaceAll(/\s/g, ''))
      }
    })
  }

  await test.step('picked by hand', async () => {
    await goTo(page, 'Memories')
    const picked = ['amid February', 'theirs of March']
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
    await fill(page, { Entity: 'nobody' })
    await expect(page.getByTestId('export-preview')).toContainText(
      'Nothing matches, so there is nothing to sign.',
    )
    const downloads: unknown[] = []
    page.on('download', (file) => downloads.push(file))
    await page.getByRole('button', { name: 'Sign and save' }).click()
    const refusal = page.getByTestId('export-refusal')
    await expect(refusal.getByText('empty_selection', { exact: true })).toBeVisible()
    await expect(refusal).toContainText('Widen the selection')
    await fill(page, { Entity: 'quay', Since: '2026-03-01', Until: '2026-03-01' })
    await expect(
      page.getByTestId('export-preview').getByText('selection_invalid', { exact: true }),
    ).toBeVisible()
    await page.getByRole('button', { name: 'Sign and save' }).click()
    await expect(refusal.getByText('selection_invalid', { exact: true })).toBeVisible()
    expect(downloads).toEqual([])
    expect(await dump(page, ['own_streams', 'manifests', 'leaves', 'audit'])).toBe(before)
  })
  expect(problems).toEqual([])
  await close()
})

test('terms and streams are signed; the command line agrees with the screen of whoever opens it', async () => {
  const a = await openStocked()
  const b = await openProfile(test.info().outputPath('b'))
  const inAYear = `${new Date().getUTCFullYear() + 1}-06-01`
  const saved: SavedManifest[] = []
  await goTo(a.page, 'Identity')
  const pem = await download(a.page, () => a.page.getByTestId('save-pem').click())
  const key = test.info().outputPath('key.pem')
  writeFileSync(key, readFileSync(pem.path))

  await test.step('A: two in the first stream, one in another, two manifests each knowing its place', async () => {
    await beginExport(a.page)
    saved.push(await signAndSave(a.page))

    await beginExport(a.page)
    await fill(a.page, { Entity: 'quay', Expires: inAYear, Note: 'For the hearing.\nNothing withheld.' })
    await a.page.getByRole('group', { name: 'Meant for' }).getByLabel('Partner').check()
    saved.push(await signAndSave(a.page))

    await beginExport(a.page)
    await a.page.getByLabel('Stream').selectOption({ label: 'A new one' })
    await a.page.getByRole('button', { name: 'Sign and save' }).click()
    await expect(a.page.getByText('Give the new one a name')).toBeVisible()
    await a.page.getByLabel('Its name').fill('For the court')
    saved.push(await signAndSave(a.page))
    await beginExport(a.page)
    await a.page.getByLabel('Stream').selectOption({ label: 'For the court, next is number 2' })
    saved.push(await signAndSave(a.page))
  })

  await test.step('the file says so', async () => {
    const [first, second, third, fourth] = saved.map(({ json }) => json.envelope)
    const ids = saved.map(({ path }) => verify(path, '--json').report.manifest.id)
    expect(first.details).not.toHaveProperty('note')
    expect(first.header).not.toHaveProperty('expires_at')
    expect(second.header.expires_at).toBe(`${inAYear}T00:00:00.000Z`)
    expect(second.details).toMatchObject({
      audience: [ISSUER.fingerprint],
      note: 'For the hearing.\nNothing withheld.',
    })
    const places = [first, second, third, fourth].map(({ header }) => [header.sequence, header.previous])
    expect(places).toEqual([
      [1, null],
      [2, ids[0]],
      [1, null],
      [2, ids[2]],
    ])
    expect(second.header.stream).toBe(first.header.stream)
    expect(third.header.stream).not.toBe(first.header.stream)
    expect(fourth.header.stream).toBe(third.header.stream)
    expect(saved.map(({ text }) => text.includes('For the court'))).toEqual([false, false, false, false])
  })

  await test.step('the command line trusts it by the key alone, and no other', async () => {
    for (const { path } of saved) expect(verify(path, '--trust', key).status).toBe(0)
    const other = test.info().outputPath('other.pem')
    writeFileSync(other, ISSUER.pem)
    expect(verify(saved[0]!.path, '--trust', other).status).toBe(1)
    const bent = test.info().outputPath('bent.json')
    writeFileSync(bent, saved[0]!.text.replace('amid February', 'amid Febuary'))
    expect(verify(bent, '--trust', key).status).toBe(1)
  })

  await test.step('B’s screen and B’s report say what the command line says', async () => {
    await openApp(b.page)
    for (const [at, manifest] of saved.slice(0, 2).entries()) {
      const upload = fileOf(manifest.name, manifest.text)
      await openFile(b.page, upload)
      await expect(b.page.getByRole('main').getByText(manifest.name).first()).toBeVisible()
      if (at === 0) {
        await trustSigner(b.page, 'Not compared', 'A')
        await press(b.page, 'Back to the opened manifest')
      } else {
        await expect(b.page.getByText('Meant for others: your key is not among those it names')).toBeVisible()
        await expect(b.page.getByText('Nothing withheld.')).toBeVisible()
      }
      const report = await download(b.page, () => b.page.getByRole('button', { name: 'Save report' }).click())
      expect(report.download.suggestedFilename()).toBe(`${manifest.name}.report.json`)
      const ours = JSON.parse(readFileSync(report.path, 'utf8'))
      const theirs = verify(manifest.path, '--json').report
      expect(ours.trust).toEqual({ mode: 'trusted_keys_only', issuer: 'trusted' })
      expect(theirs.trust).toBeNull()
      expect(ofTheFile(ours)).toEqual(ofTheFile(theirs))
      expect(Object.keys(ours)).toEqual(Object.keys(theirs))
      await expect(b.page.getByTestId('verdict')).toHaveText(
        `leaf hashes consistent, root matches, signature OK, ${theirs.leaves} leaves`,
      )
    }
  })
  expect(a.problems).toEqual([])
  expect(b.problems).toEqual([])
  await a.close()
  await b.close()
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

async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) {
    const field = page.getByLabel(label, { exact: true })
    await (label === 'Origin' ? field.selectOption(value) : field.fill(value))
  }
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

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a test reads of it, it states
function verify(file: string, ...more: string[]): { status: number | null; report: any } {
  const project = fileURLToPath(new URL('../..', import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, ['dist/omega-verify.mjs', file, ...more], {
    cwd: project,
    encoding: 'utf8',
  })
  return { status, report: more.includes('--json') ? JSON.parse(stdout) : null }
}

/** A report without what the reader brings: whom one trusts, what one knows of the stream, the clock. */
function ofTheFile(report: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const brought = ['trust', 'audience', 'freshness', 'expired', 'clock_suspect']
  return Object.fromEntries(Object.entries(report).filter(([name]) => !brought.includes(name)))
}
