import { expect, it, onTestFinished } from 'vitest'
import { cdp } from 'vitest/browser'
import { importManifest } from '../../src/exchange/import.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import { craftManifest, craftMemory, createStranger } from './craft.ts'
import { codeOf, dump, openTestInstance, trust } from './instance.ts'

/** How much this origin may keep; without, what the browser thinks right. */
async function setQuota(quotaSize?: number): Promise<void> {
  await cdp().send('Storage.overrideQuotaForOrigin', {
    origin: location.origin,
    ...(quotaSize === undefined ? {} : { quotaSize }),
  })
}

it('an import for which there is no room leaves nothing, and succeeds once there is', async () => {
  const peer = await createStranger()
  const filler = 'x'.repeat(20_000)
  const crafted = await craftManifest(
    peer,
    Array.from({ length: 500 }, (_, i) => craftMemory(peer.fingerprint, { content: `${i} ${filler}` })),
  )
  const instance = await openTestInstance()
  await trust(instance, peer)
  const before = await dump(instance.db)
  onTestFinished(() => setQuota())
  const { usage } = await navigator.storage.estimate()
  await setQuota(1000)
  console.log(usage, JSON.stringify(await navigator.storage.estimate()))
  const opened = await openManifest(instance, crafted.file)
  expect(await codeOf(importManifest(instance, opened))).toBe('storage_full')
  await setQuota()
  expect(await dump(instance.db)).toEqual(before)
  expect(await importManifest(instance, opened)).toMatchObject({ imported: 500 })
})
