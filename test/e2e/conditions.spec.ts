import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { buildManifest, buildStatement, signerNamed } from '../reference/writer.ts'
import { serialize } from '../reference/canonical.ts'
import { expectToFit } from './fit.ts'
import { needWholeBrowser, openProfile, type ProfileOptions } from './profile.ts'
import { serve } from './server.ts'
import {
  download,
  dump,
  EVERYTHING,
  fileOf,
  goTo,
  importOpened,
  loadSample,
  makeIdentity,
  openApp,
  openFile,
  press,
  signAndSave,
  beginExport,
  trustSigner,
  LONG,
} from './steps.ts'

/** What locked-down browsers take away, one thing at a time. */
test.describe.configure({ mode: 'parallel' })

const partner = signerNamed('Harbour Authority CERT')
/** Enough for more lanes than one. */
const MANY = 1500
const manifest = buildManifest({
  signers: [partner],
  memories: Array.from({ length: MANY }, (_, i) => ({
    content: `Note ${i} of the watch: ${'the crane stood still. '.repeat(16)}`,
  })),
})
const GOOD = fileOf('manifest-2026-Q1.json', manifest.bytes)
const text = Buffer.from(manifest.bytes).toString()
const FORGED = fileOf('forged.json', text.replace(`Note ${MANY - 2} of`, `Note ${MANY - 3} of`))
const [ADDED, LOCAL] = [`${MANY} imported`, '0 already_local (idempotent dedup)']

interface Condition {
  /** Runs with `npm run test:long` alone. */
  readonly isLong?: true
  readonly options?: ProfileOptions
  /** What the host adds to the policy of the page. */
  readonly policy?: string
  /** Problems that the condition itself makes. */
  readonly told?: RegExp
  /** Cores the browser may use, where not all. */
  readonly cores?: number
}

const ENGINES: Readonly<Record<string, Condition>> = {
  'WebAssembly forbidden by the host': {
    policy: "script-src 'self'; worker-src 'self' blob:",
    told: /wasm/i,
  },
  'neither JIT nor WebAssembly': { isLong: true, options: { args: ['--js-flags=--jitless'] } },
  'one core': { isLong: true, cores: 1 },
}

for (const [name, condition] of Object.entries(ENGINES)) {
  test(`the session, ${name}`, condition.isLong ? LONG : {}, async () => {
    test.skip(condition.cores !== undefined && process.platform !== 'linux', 'taskset is Linux’s')
    const usual = await openProfile(test.info().outputPath('usual'))
    await openApp(usual.page)
    await openFile(usual.page, GOOD)
    const report = await saveReport(usual.page)
    await openFile(usual.page, FORGED)
    const refusal = await saveReport(usual.page)
    await usual.close()

    const { context, page, problems, close } = await openProfile(
      test.info().outputPath('profile'),
      condition.cores === undefined ? condition.options : { executablePath: bound(condition.cores) },
    )
    if (condition.policy !== undefined) await addPolicy(context, condition.policy)
    await openApp(page)
    if (condition.cores !== undefined) {
      // The worker, and one lane for each core; the lanes come at rest.
      await expect.poll(() => page.workers().length).toBe(1 + condition.cores)
      expect(await page.evaluate(() => navigator.hardwareConcurrency)).toBe(condition.cores)
    }
    await goTo(page, 'Identity')
    await press(page, 'Integrity check')
    await expect(page.getByTestId('engine')).toContainText('It does what verification leans on')
    // In JavaScript where there is no WebAssembly.
    await expect(page.getByRole('listitem').filter({ hasText: 'The fast reader' })).toContainText(
      'as it must be',
    )
    await makeIdentity(page, 'Strait Command CERT')
    await loadSample(page, 'Load the partner’s sample')
    await openFile(page, FORGED)
    await expect(page.getByTestId('failure')).toBeVisible()
    expect(await saveReport(page)).toBe(refusal)
    await openFile(page, GOOD)
    await expect(page.getByTestId('verdict')).toContainText('root matches, signature OK, 1,500 leaves')
    expect(await saveReport(page)).toBe(report)
    await trustSigner(page, 'Not compared', 'instance-A')
    await press(page, 'Back to the opened manifest')
    expect(await importOpened(page)).toBe(`${ADDED.replace('1500', '1,500')}, ${LOCAL}`)
    await beginExport(page)
    const { path } = await signAndSave(page)
    expect(verifyOnCommandLine(path)).toMatchObject({ result: 'ok', leaves: MANY + 61 })
    expect(problems.filter((problem) => condition.told?.test(problem) !== true)).toEqual([])
    await close()
  })
}

/** A way to start the browser on the first so many cores. */
function bound(cores: number): string {
  const path = test.info().outputPath('browser')
  const { executablePath } = test.info().project.use.launchOptions!
  const script = `#!/bin/sh\nexec taskset -c 0-${cores - 1} '${executablePath}' "$@"\n`
  writeFileSync(path, script, { mode: 0o755 })
  return path
}

/** The report as it is saved; the time stands beside it, on the page. */
async function saveReport(page: Page): Promise<string> {
  const { path } = await download(page, () => page.getByRole('button', { name: 'Save report' }).click())
  return readFileSync(path, 'utf8')
}

function verifyOnCommandLine(path: string): unknown {
  const cli = fileURLToPath(new URL('../../dist/omega-verify.mjs', import.meta.url))
  return JSON.parse(execFileSync('node', [cli, path, '--json'], { encoding: 'utf8' }))
}

/** A second policy, as a host sends it: what both allow is allowed. */
async function addPolicy(context: BrowserContext, policy: string): Promise<void> {
  await context.route('./', async (route) => {
    const response = await route.fetch()
    const headers = { ...response.headers(), 'content-security-policy': policy }
    await route.fulfill({ response, headers })
  })
}

test.describe('site data blocked', () => {
  const options: ProfileOptions = {
    preferences: { profile: { default_content_setting_values: { cookies: 2 } } },
  }
  /** What the browser says of it, whatever a page does. */
  const TOLD = /service worker|denied|Access is denied/i

  test('a file is verified whole, and nothing else is offered', async () => {
    await needWholeBrowser()
    const { page, problems, close } = await openProfile(test.info().outputPath('profile'), options)
    await openApp(page)
    await expect(page.getByText('storage_unavailable', { exact: true })).toBeVisible()
    await expect(page.getByText('Allow this site to keep data')).toBeVisible()
    await expect(page.getByRole('navigation').getByRole('link')).toHaveText(['Verify'])

    await page.getByTestId('open-file').setInputFiles(GOOD)
    await expect(page.getByTestId('verdict')).toContainText('1,500 leaves')
    for (const layer of ['leaves', 'root', 'signature'])
      await expect(page.locator(`[data-layer=${layer}]`)).toHaveAttribute('data-status', 'ok')
    // Nothing is claimed of a list that there is not.
    await expect(page.getByTestId('trust')).toHaveCount(0)
    await expect(page.getByRole('button', { name: /Import|Trust/ })).toHaveCount(0)
    const file = test.info().outputPath('manifest.json')
    writeFileSync(file, manifest.bytes)
    expect(JSON.parse(await saveReport(page))).toEqual(verifyOnCommandLine(file))

    await page.getByTestId('read-memories').click()
    await page.getByRole('link', { name: /Note 1 of/ }).click()
    await expect(page.getByTestId('memory')).toContainText('Note 1 of the watch')

    await page.goto('#/peers')
    await expect(page.getByRole('heading', { level: 1, name: 'Verify a file' })).toBeVisible()
    await page.getByTestId('open-file').setInputFiles(FORGED)
    await expect(page.getByTestId('failure')).toContainText('content_hash_mismatch')
    await press(page, 'Why, and what can be done')
    const receipt = buildStatement('application/vnd.omega.receipt.v1+json', { note: 'Taken in' }, [partner])
    const statement = serialize({ format: 'omega-statement/1', statement: receipt }) + '\n'
    await page.getByTestId('open-file').setInputFiles(fileOf('receipt.json', statement))
    await expect(page.getByTestId('statement')).toContainText('Signature OK')
    await expect(page.getByTestId('trust')).toHaveCount(0)
    await press(page, 'Why, and what can be done')
    await page.getByTestId('open-file').setInputFiles(fileOf('key.pem', partner.pem))
    await expect(page.getByTestId('refusal')).toContainText('storage_unavailable')
    expect(problems.filter((problem) => !TOLD.test(problem))).toEqual([])
    await close()
  })
})

test('what is left without a store, and without keys, in all lights and sizes', LONG, async () => {
  await needWholeBrowser()
  test.setTimeout(300_000)
  const blocked = await openProfile(test.info().outputPath('blocked'), {
    preferences: { profile: { default_content_setting_values: { cookies: 2 } } },
  })
  await openApp(blocked.page)
  await expectToFit(blocked.page, 'no store')
  await blocked.page.getByTestId('open-file').setInputFiles(GOOD)
  await expect(blocked.page.getByTestId('verdict')).toBeVisible()
  await expectToFit(blocked.page, 'no store, report')
  await press(blocked.page, 'Why, and what can be done')
  await blocked.page.getByTestId('open-file').setInputFiles(fileOf('key.pem', partner.pem))
  await expect(blocked.page.getByTestId('refusal')).toBeVisible()
  await expectToFit(blocked.page, 'no store, refused')
  await blocked.close()

  const { context, page, close } = await openProfile(test.info().outputPath('keyless'))
  await plantRefusal(context, REFUSED)
  await openApp(page)
  await goTo(page, 'Identity')
  await expect(page.getByText('key_not_kept', { exact: true })).toBeVisible()
  await expectToFit(page, 'no keys')
  await close()
})

test('plain http from another machine: files are verified, and it is said why nothing is kept', async () => {
  const server = await serve(fileURLToPath(new URL('../../dist', import.meta.url)))
  const { page, close } = await openProfile(test.info().outputPath('profile'), {
    baseURL: server.url.replace('127.0.0.1', 'omega.example'),
    args: ['--host-resolver-rules=MAP omega.example 127.0.0.1'],
  })
  await openApp(page)
  await expect(page.getByText('context_insecure', { exact: true })).toBeVisible()
  await page.getByTestId('open-file').setInputFiles(GOOD)
  await expect(page.getByTestId('verdict')).toContainText('1,500 leaves')
  await close()
  await server.stop()
})

const REFUSED = `throw new DOMException('CryptoKey object could not be cloned.', 'DataCloneError')`

/** No Chromium does this: the one stand-in here. */
async function plantRefusal(context: BrowserContext, plant: string): Promise<void> {
  await context.addInitScript({
    content: `for (const name of ['add', 'put']) {
      const real = IDBObjectStore.prototype[name]
      IDBObjectStore.prototype[name] = function (value, ...rest) {
        if (Object.values(value ?? {}).some((each) => each instanceof CryptoKey)) { ${plant} }
        return real.call(this, value, ...rest)
      }
    }`,
  })
}

test.describe('keys that cannot be stored', () => {
  for (const [how, plant] of Object.entries({
    'refused when they are put': REFUSED,
    'given back as something else': `value = { ...value, key: {} }`,
  })) {
    test(how, async () => {
      const { context, page, problems, close } = await openProfile(test.info().outputPath('profile'))
      await plantRefusal(context, plant)
      await openApp(page)
      const before = await dump(page, [...EVERYTHING, 'identities', 'audit', 'settings'])
      await goTo(page, 'Identity')
      await expect(page.getByText('key_not_kept', { exact: true })).toBeVisible()
      await expect(page.getByRole('radio')).toHaveCount(0)
      await page.goto('#/identity/restore')
      await expect(page.getByText('key_not_kept', { exact: true })).toBeVisible()
      await expect(page.getByLabel('Keep it locked')).toHaveCount(0)
      expect(await dump(page, [...EVERYTHING, 'identities', 'audit', 'settings'])).toBe(before)

      // Without an identity all else goes on.
      await openFile(page, GOOD)
      await trustSigner(page, 'Not compared', 'instance-A')
      await press(page, 'Back to the opened manifest')
      expect(await importOpened(page)).toBe(`1,500 imported, ${LOCAL}`)

      // And with a locked one, which needs no stored key.
      await goTo(page, 'Identity')
      await page.getByLabel('Name of this instance').fill('Ada')
      await page.getByLabel('Passphrase', { exact: true }).fill('correct horse battery')
      await page.getByLabel('Passphrase again').fill('correct horse battery')
      await page.getByRole('button', { name: 'Make identity' }).click()
      await expect(page.getByTestId('key-lock')).toContainText('Unlocked in this tab', { timeout: 60_000 })
      expect(problems).toEqual([])
      await close()
    })
  }
})

test('text from the right stands as it is written and turns nothing else round', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  const signer = signerNamed('רשות הנמל')
  const arabic = 'تعطلت الرافعة في الرصيف 7 (2026-05-04)، وتوقف التفريغ.'
  const hebrew = 'העגורן ברציף 3 נעצר בשעה 14:05.'
  const { bytes } = buildManifest({
    signers: [signer],
    memories: [
      { content: arabic, entity_id: 'غرفة العمليات', tags: ['رافعة', 'عطل'] },
      { content: hebrew, entity_id: 'berth-plan', tags: ['עגורן'] },
    ],
  })
  await openApp(page)
  await openFile(page, fileOf('بيان-2026.json', bytes))
  await expect(page.getByTestId('verdict')).toBeVisible()
  await page.getByTestId('read-memories').click()
  await page.getByRole('link', { name: arabic.slice(0, 12) }).click()
  await expect(page.getByTestId('memory')).toContainText(arabic)
  await page.goto('#/exchange/opened')
  await trustSigner(page, 'Not compared', 'מפקדת המצר')
  await press(page, 'Back to the opened manifest')
  // “It calls itself “…”.”: what follows the name stands to its right.
  const claim = page.getByText('It calls itself')
  const order = await claim.evaluate((sentence) => {
    const walker = document.createTreeWalker(sentence, NodeFilter.SHOW_TEXT)
    const at: number[] = []
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const range = document.createRange()
      range.selectNodeContents(node)
      if (node.nodeValue!.trim() !== '') at.push(range.getBoundingClientRect().left)
    }
    return at
  })
  expect(order.length).toBeGreaterThan(1)
  expect(order).toEqual([...order].sort((a, b) => a - b))
  expect(await importOpened(page)).toBe(`2 imported, ${LOCAL}`)
  await goTo(page, 'Memories')
  await page.getByTestId('memory-row').filter({ hasText: arabic }).click()
  await expect(page.getByTestId('content')).toHaveText(arabic)
  await expect(page.getByTestId('content')).toHaveCSS('direction', 'rtl')
  // Our own words and the facts beside it run as ever.
  await expect(page.getByTestId('origin')).toHaveCSS('direction', 'ltr')
  expect(problems).toEqual([])
  await close()
})
