import { expect, test, type Page } from '@playwright/test'
import { buildManifest, ISSUER, type Manifest } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import { dump, fileOf, goTo, importOpened, MEMORIES, openApp, openFile, press, trustKey } from './steps.ts'

/** Two histories of one stream, and what follows each. */
const known = buildManifest({ memories: [{ content: 'The quay is open.' }] })
const other = buildManifest({ memories: [{ content: 'The quay is shut.' }] })
const next = buildManifest({
  memories: [{ content: 'The quay is swept.' }],
  header: { sequence: 2, previous: known.id },
})
const astray = buildManifest({
  memories: [{ content: 'The quay is gone.' }],
  header: { sequence: 2, previous: other.id },
})

test('a second manifest at the same place freezes the stream until a person decides', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await trustKey(page, ISSUER.pem, 'Partner')
  await open(page, 'known.json', known)
  expect(await importOpened(page)).toBe('1 imported, 0 already_local (idempotent dedup)')
  const before = await dump(page, [...MEMORIES, 'places', 'manifests'])

  await test.step('the contradiction holds as a file and is refused as a history', async () => {
    await open(page, 'other.json', other)
    await expectRefused(page)
    await press(page, 'Put it on record and decide')
    await expect(page.getByRole('heading', { level: 1, name: 'Fork in a stream' })).toBeVisible()
    await expect(page.getByRole('region', { name: 'Known here' })).toContainText('known.json')
    await expect(page.getByRole('region', { name: 'Refused' })).toContainText('other.json')
    const { forks } = JSON.parse(await dump(page, ['forks']))
    expect(forks).toMatchObject([{ frozen: true, known: { id: known.id }, refused: { id: other.id } }])
    expect(forks[0].refused.statement).toEqual(JSON.parse(JSON.stringify(other.statement)))
    expect(forks[0].known.statement).toEqual(JSON.parse(JSON.stringify(known.statement)))
  })

  await test.step('frozen: not even what follows the known one is taken', async () => {
    await open(page, 'next.json', next)
    await expectRefused(page)
    expect(await dump(page, [...MEMORIES, 'places', 'manifests'])).toBe(before)
  })

  await test.step('a person resumes', async () => {
    await goTo(page, 'Exchange')
    const waiting = page.getByRole('list', { name: 'Waiting for your decision' })
    await waiting.getByRole('link', { name: /Two manifests contradict each other/ }).click()
    await press(page, 'Resume stream')
    await expect(page.getByRole('heading', { name: /^Decided/ })).toBeVisible()
    await goTo(page, 'Exchange')
    await expect(waiting).toHaveCount(0)
    await expect(page.getByRole('list', { name: 'Decided forks' }).getByRole('listitem')).toHaveCount(1)
  })

  await test.step('then the known history goes on, and the other stays refused with all that follows it', async () => {
    await open(page, 'next.json', next)
    expect(await importOpened(page)).toBe('1 imported, 0 already_local (idempotent dedup)')
    await open(page, 'other.json', other)
    await expectRefused(page)
    await open(page, 'astray.json', astray)
    await expectRefused(page)
    await goTo(page, 'Memories')
    await expect(page.getByTestId('memory-row')).toHaveText([/swept|open/, /swept|open/])
  })

  await test.step('the audit log has every deed, once', async () => {
    const { audit } = JSON.parse(await dump(page, ['audit'])) as { audit: { operation: string }[] }
    expect(audit.map(({ operation }) => operation)).toEqual([
      'peer_trusted',
      'manifest_imported',
      'stream_frozen',
      'stream_resumed',
      'manifest_imported',
    ])
  })
  expect(problems).toEqual([])
  await close()
})

async function open(page: Page, name: string, { bytes }: Manifest): Promise<void> {
  await openFile(page, fileOf(name, bytes))
  await expect(page.getByRole('main').getByText(name).first()).toBeVisible()
  await expect(page.getByTestId('verdict')).toContainText(
    'leaf hashes consistent, root matches, signature OK',
  )
}

async function expectRefused(page: Page): Promise<void> {
  await expect(page.getByTestId('import-refusal').getByText('stream_fork', { exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Import', exact: true })).toHaveCount(0)
}
