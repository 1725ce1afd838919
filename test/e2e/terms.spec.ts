import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { ISSUER } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import {
  beginExport,
  download,
  fileOf,
  fillSelection,
  goTo,
  makeIdentity,
  openApp,
  openFile,
  press,
  signAndSave,
  takeIn,
  trustKey,
  trustSigner,
  type SavedManifest,
  LONG,
} from './steps.ts'

const ROWS = [
  { content: 'Berth 1 is free', entity_id: 'quay' },
  { content: 'Berth 2 is taken', entity_id: 'quay' },
  { content: 'Crane 7 works', entity_id: 'crane' },
]

test('terms and streams are signed; the command line agrees with the screen', LONG, async () => {
  test.setTimeout(120_000)
  const a = await openProfile(test.info().outputPath('a'))
  const b = await openProfile(test.info().outputPath('b'))
  await openApp(a.page)
  await makeIdentity(a.page, 'A')
  expect(await takeIn(a.page, fileOf('rows.json', JSON.stringify(ROWS)))).toBe('3 added, 0 already here')
  await trustKey(a.page, ISSUER.pem, 'Partner')
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
    await fillSelection(a.page, {
      Entity: 'quay',
      Expires: inAYear,
      Note: 'For the hearing.\nNothing withheld.',
    })
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
    writeFileSync(bent, saved[0]!.text.replace('Berth 2', 'Berth 3'))
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
