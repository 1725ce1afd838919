import { expect, test, type BrowserContext } from '@playwright/test'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { openProfile } from './profile.ts'
import { fileOf, goTo, importOpened, openApp, openFile, press, trustSigner } from './steps.ts'
import { runInWorkers } from './worker-script.ts'

test('a browser without Ed25519 says so, and verifies all the same', async () => {
  const { context, page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await takeEd25519Away(context)
  await openApp(page)
  await goTo(page, 'Identity')
  await expect(page.getByText('ed25519_unavailable', { exact: true })).toBeVisible()
  await expect(page.getByText('Chrome or Edge 137, Firefox 129, Safari 17')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Make identity' })).toHaveCount(0)

  const manifest = buildManifest({ memories: [{ content: 'Verified by the library.' }] })
  await openFile(page, fileOf('whole.json', manifest.bytes))
  await expect(page.getByTestId('verdict')).toHaveText(
    'leaf hashes consistent, root matches, signature OK, 1 leaf',
  )
  // The worker that verified is one in which the platform refuses.
  const [worker] = page.workers()
  const refused = () => crypto.subtle.importKey('raw', new Uint8Array(32), 'Ed25519', false, ['verify'])
  await expect(worker!.evaluate(refused)).rejects.toThrow(/Unrecognized name/)

  const text = Buffer.from(manifest.bytes).toString()
  const forged = text.replace(
    /"signature":"./,
    (start) => start.slice(0, -1) + (start.endsWith('A') ? 'B' : 'A'),
  )
  await openFile(page, fileOf('forged.json', forged))
  await expect(page.getByText('signature_invalid', { exact: true }).first()).toBeVisible()

  await openFile(page, fileOf('whole.json', manifest.bytes))
  await trustSigner(page, 'Not compared', ISSUER.label)
  await press(page, 'Back to the opened manifest')
  expect(await importOpened(page)).toBe('1 imported, 0 already_local (idempotent dedup)')
  expect(problems).toEqual([])
  // A lane may be loading its script still.
  await context.unrouteAll({ behavior: 'ignoreErrors' })
  await close()
})

/** On the page and in the worker, everything that WebCrypto does with Ed25519 is refused, as in a browser before 2025. */
async function takeEd25519Away(context: BrowserContext): Promise<void> {
  const script = `for (const name of ['generateKey', 'importKey', 'sign', 'verify']) {
    const real = SubtleCrypto.prototype[name]
    SubtleCrypto.prototype[name] = function (...given) {
      return given.some((each) => each === 'Ed25519' || each?.name === 'Ed25519')
        ? Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'))
        : real.apply(this, given)
    }
  }`
  await context.addInitScript({ content: script })
  await runInWorkers(context, script)
}
