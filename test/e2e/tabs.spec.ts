import { expect, test } from '@playwright/test'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import {
  beginExport,
  dump,
  fileOf,
  goTo,
  importOpened,
  makeIdentity,
  openApp,
  openFile,
  press,
  signAndSave,
  trustKey,
  writeMemory,
} from './steps.ts'

test('two tabs are one instance', async () => {
  const { context, page: one, problems, close } = await openProfile(test.info().outputPath('profile'))
  // In a window of its own: a tab behind another is drawn once a second, and every click waits for that.
  const opened = context.waitForEvent('page')
  const session = await context.newCDPSession(one)
  await session.send('Target.createTarget', { url: 'about:blank', newWindow: true })
  const two = await opened
  await openApp(one)
  await openApp(two)

  await test.step('what one tab makes or writes, the other shows without being loaded again', async () => {
    await goTo(two, 'Identity')
    await expect(two.getByRole('button', { name: 'Make identity' })).toBeVisible()
    await makeIdentity(one, 'A')
    await expect(two.getByTestId('save-pem')).toBeVisible()
    await goTo(two, 'Memories')
    await writeMemory(one, { text: 'Written in the first tab', entity: 'tabs' })
    await expect(two.getByTestId('memory-row')).toHaveText(/Written in the first tab/)
    await writeMemory(two, { text: 'Written in the second tab', entity: 'tabs' })
    await goTo(one, 'Memories')
    await expect(one.getByTestId('memory-row')).toHaveCount(2)
  })

  await test.step('both export at once: no place is taken twice, and each names the one before it', async () => {
    const headers: Record<string, unknown>[] = []
    for (let round = 0; round < 2; round++) {
      await Promise.all([beginExport(one), beginExport(two)])
      const saved = await Promise.all([signAndSave(one), signAndSave(two)])
      headers.push(...saved.map(({ json }) => json.envelope.header))
    }
    headers.sort((a, b) => Number(a['sequence']) - Number(b['sequence']))
    expect(headers.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4])
    expect(new Set(headers.map(({ stream }) => stream)).size).toBe(1)
    const { manifests } = JSON.parse(await dump(one, ['manifests']))
    const idOf = (sequence: unknown) =>
      manifests.find(
        (each: { statement: { header: { sequence: number } } }) =>
          each.statement.header.sequence === sequence,
      )?.id
    expect(headers.map(({ previous }) => previous)).toEqual([null, idOf(1), idOf(2), idOf(3)])
  })

  await test.step('what one revokes, the other refuses: in the manifest that is open there', async () => {
    await trustKey(one, ISSUER.pem, 'Partner')
    await openFile(two, fileOf('manifest.json', buildManifest().bytes))
    await expect(two.getByRole('button', { name: 'Import', exact: true })).toBeVisible()
    await goTo(one, 'Peers')
    await one.getByRole('link', { name: /Partner/ }).click()
    await press(one, 'Revoke')
    await one.getByLabel('Full fingerprint').fill(ISSUER.fingerprint)
    await one.getByRole('button', { name: 'Revoke this key' }).click()
    await expect(two.getByText('revoked_peer', { exact: true })).toBeVisible()
    await expect(two.getByRole('button', { name: 'Import', exact: true })).toHaveCount(0)
    await press(one, 'Reinstate')
    await one.getByLabel('Not compared').check()
    await one.getByRole('button', { name: 'Reinstate this key' }).click()
    expect(await importOpened(two)).toBe('1 imported, 0 already_local (idempotent dedup)')
    await expect(one.getByTestId('peer-rows')).toHaveText('1 memory')
  })
  expect(problems).toEqual([])
  await close()
})
