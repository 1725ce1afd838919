import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { openProfile } from './profile.ts'
import { SESSION } from './session.ts'
import {
  download,
  dump,
  EVERYTHING,
  goTo,
  HEADS,
  installPicture,
  loadSample,
  makeIdentity,
  MEMORIES,
  openApp,
  openFile,
  openMemory,
  picture,
  press,
  trustSigner,
  tryToReadPrivateKey,
} from './steps.ts'

/** The session of the product: two people, two browsers, one file. */
test('A hands 152 memories to B, who takes them in, keeps them and revokes A', async () => {
  test.setTimeout(180_000)
  const a = await openProfile(test.info().outputPath('a'))
  let b = await openProfile(test.info().outputPath('b'))
  let manifest = ''
  let pem = ''
  let manifestName = ''

  await test.step('1. A loads memories; B holds 4 of them already', async () => {
    await openApp(a.page)
    await makeIdentity(a.page, SESSION.a.name)
    expect(await loadSample(a.page, SESSION.a.sample)).toContain(SESSION.a.added)
    await goTo(a.page, 'Memories')
    await installPicture(a.page, 'narrow')
    await a.page.getByTestId('memory-row').nth(3).click()
    await picture(a.page, '01-memories')
    await openApp(b.page)
    await makeIdentity(b.page, SESSION.b.name)
    expect(await loadSample(b.page, SESSION.b.sample)).toContain(SESSION.b.added)
  })

  await test.step('2. A exports what concerns the incident', async () => {
    await goTo(a.page, 'Identity')
    pem = (await download(a.page, () => a.page.getByTestId('save-pem').click())).path
    await goTo(a.page, 'Exchange')
    await press(a.page, 'Export memories')
    await a.page.getByLabel('Entity').fill(SESSION.entity)
    await a.page.getByLabel('Since').fill(SESSION.since)
    await expect(a.page.getByTestId('export-preview')).toContainText(`${SESSION.count} memories`)
    await picture(a.page, '02-export')
    const saved = await download(a.page, () => a.page.getByRole('button', { name: 'Sign and save' }).click())
    manifest = saved.path
    manifestName = saved.download.suggestedFilename()
    expect(manifestName).toMatch(/^manifest-.*\.json$/)
    await expect(a.page.getByTestId('export-result')).toContainText(SESSION.exported)
    const envelope = JSON.parse(readFileSync(manifest, 'utf8')).envelope
    expect(envelope.details.selection).toEqual({
      entity_id: SESSION.entity,
      since: `${SESSION.since}T00:00:00.000Z`,
    })
    expect(envelope.header.memory_count).toBe(SESSION.count)
  })

  await test.step('3. B reads it, but does not know A: nothing is taken in', async () => {
    const before = await dump(b.page, EVERYTHING)
    await openFile(b.page, {
      name: manifestName,
      mimeType: 'application/json',
      buffer: readFileSync(manifest),
    })
    await expect(b.page.getByTestId('verdict')).toHaveText(SESSION.verdict)
    for (const layer of ['leaves', 'root', 'signature']) {
      await expect(b.page.locator(`[data-layer=${layer}]`)).toHaveAttribute('data-status', 'ok')
    }
    await expect(b.page.getByText('trust mode: trusted_keys_only').first()).toBeVisible()
    await expect(b.page.getByText('untrusted_peer').first()).toBeVisible()
    await picture(b.page, '03-untrusted')
    await b.page.getByTestId('read-memories').click()
    const [first] = JSON.parse(readFileSync(manifest, 'utf8')).memories
    await expect(b.page.getByText(first.content.slice(0, 40)).first()).toBeVisible()
    await b.page.goBack()
    await expect(b.page.getByRole('button', { name: 'Import', exact: true })).toHaveCount(0)
    expect(await dump(b.page, EVERYTHING)).toBe(before)
  })

  await test.step('4. B trusts A after comparing fingerprints by phone', async () => {
    await trustSigner(b.page, 'By phone', SESSION.peer)
    expect(JSON.parse(await dump(b.page, ['peers'])).peers).toMatchObject([
      { label: SESSION.peer, compared: 'phone', state: 'trusted', public_key_pem: readFileSync(pem, 'utf8') },
    ])
  })

  await test.step('5. B verifies again', async () => {
    await openFile(b.page, {
      name: manifestName,
      mimeType: 'application/json',
      buffer: readFileSync(manifest),
    })
    await expect(b.page.getByTestId('verdict')).toHaveText(SESSION.verdict)
    await picture(b.page, '05-verified')
    await installPicture(b.page, 'wide')
  })

  await test.step('6. B imports: 148 new, 4 were here', async () => {
    await b.page.getByRole('button', { name: 'Import', exact: true }).click()
    await expect(b.page.getByTestId('import-result')).toHaveText(SESSION.imported)
    await picture(b.page, '06-imported')
    const { batches, manifests } = JSON.parse(await dump(b.page, ['batches', 'manifests']))
    expect(batches.filter((batch: { origin: unknown }) => batch.origin !== null)).toMatchObject([
      {
        state: 'visible',
        origin: { label: SESSION.peer, file_name: manifestName, manifest: manifests[0].id },
      },
    ])
    await goTo(b.page, 'Memories')
    await expect(b.page.getByText('209 memories').first()).toBeVisible()
    await openMemory(b.page, 'JOINT ADVISORY 2026-03')
    await expect(b.page.getByTestId('attestations')).toContainText(SESSION.peer)
    const [other] = JSON.parse(readFileSync(manifest, 'utf8')).memories
    await openMemory(b.page, other.content.slice(0, 40))
    await expect(b.page.getByTestId('origin')).toContainText(SESSION.peer)
    await expect(b.page.getByTestId('origin')).toContainText(manifestName)
  })

  await test.step('7. B imports again: nothing changes', async () => {
    const before = await dump(b.page, [...MEMORIES, ...HEADS])
    await openFile(b.page, {
      name: manifestName,
      mimeType: 'application/json',
      buffer: readFileSync(manifest),
    })
    await b.page.getByRole('button', { name: 'Import', exact: true }).click()
    await expect(b.page.getByTestId('import-result')).toHaveText(SESSION.again)
    expect(await dump(b.page, [...MEMORIES, ...HEADS])).toBe(before)
  })

  await test.step('8. B closes the browser and opens it again', async () => {
    expect(b.problems).toEqual([])
    await b.close()
    b = await openProfile(test.info().outputPath('b'))
    await openApp(b.page)
    await goTo(b.page, 'Memories')
    await expect(b.page.getByText('209 memories').first()).toBeVisible()
    expect(await tryToReadPrivateKey(b.page)).toEqual({ extractable: false, exported: [] })
    await goTo(b.page, 'Exchange')
    await press(b.page, 'Export memories')
    await b.page.getByLabel('Entity').fill('partner-liaison')
    await download(b.page, () => b.page.getByRole('button', { name: 'Sign and save' }).click())
    await expect(b.page.getByTestId('export-result')).toContainText('16 memories, signed by key fingerprint')
  })

  await test.step('10. B revokes A: imports are refused, what came stays until it is removed', async () => {
    const fingerprint = JSON.parse(await dump(b.page, ['peers'])).peers[0].fingerprint as string
    await goTo(b.page, 'Peers')
    await b.page.getByRole('link', { name: SESSION.peer }).first().click()
    await press(b.page, 'Revoke')
    await b.page.getByLabel('Full fingerprint').fill(fingerprint.slice(0, 16))
    await b.page.getByRole('button', { name: 'Revoke this key' }).click()
    await expect(b.page.getByText('fingerprint_incomplete')).toBeVisible()
    await b.page.getByLabel('Full fingerprint').fill(fingerprint)
    await b.page.getByRole('button', { name: 'Revoke this key' }).click()
    await expect(b.page.getByText(/revoked/i).first()).toBeVisible()
    await expect(b.page.getByText('148').first()).toBeVisible()
    await picture(b.page, '07-revoked')

    const before = await dump(b.page, EVERYTHING)
    await openFile(b.page, {
      name: manifestName,
      mimeType: 'application/json',
      buffer: readFileSync(manifest),
    })
    await expect(b.page.getByText('revoked_peer').first()).toBeVisible()
    await expect(b.page.getByRole('button', { name: 'Import', exact: true })).toHaveCount(0)
    expect(await dump(b.page, EVERYTHING)).toBe(before)

    await goTo(b.page, 'Peers')
    await b.page.getByRole('link', { name: SESSION.peer }).first().click()
    await press(b.page, 'Remove its memories')
    await b.page
      .getByRole('button', { name: /^Remove / })
      .last()
      .click()
    await expect(b.page.getByTestId('removed')).toContainText('148 removed')
    await goTo(b.page, 'Memories')
    await expect(b.page.getByText('61 memories').first()).toBeVisible()
  })

  await test.step('A person reinstates A, and the import goes through again', async () => {
    await goTo(b.page, 'Peers')
    await b.page.getByRole('link', { name: SESSION.peer }).first().click()
    await press(b.page, 'Reinstate')
    await b.page.getByLabel('In person').check()
    await b.page.getByRole('checkbox').last().check()
    await b.page
      .getByRole('button', { name: /^Reinstate/ })
      .last()
      .click()
    // Done, and not only asked for.
    await expect(b.page.getByRole('button', { name: /^Reinstate/ })).toHaveCount(0)
    await expect(b.page.getByRole('article')).toContainText('Trusted')
    await openFile(b.page, {
      name: manifestName,
      mimeType: 'application/json',
      buffer: readFileSync(manifest),
    })
    await b.page.getByRole('button', { name: 'Import', exact: true }).click()
    await expect(b.page.getByTestId('import-result')).toHaveText(SESSION.imported)
  })

  expect(a.problems).toEqual([])
  expect(b.problems).toEqual([])
  await a.close()
  await b.close()
})
