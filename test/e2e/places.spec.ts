import { readFileSync } from 'node:fs'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { buildManifest, buildStatement, signerNamed } from '../reference/writer.ts'
import { serialize } from '../reference/canonical.ts'
import { expectNoViolations, expectToFit, WIDE } from './fit.ts'
import { openProfile, type Profile } from './profile.ts'
import {
  download,
  goTo,
  goToHash,
  loadSample,
  makeIdentity,
  openApp,
  openFile,
  press,
  trustSigner,
  LONG,
} from './steps.ts'

/** Every place in every state: what axe finds, where the page says one is, where the keyboard stands. */
test.describe.configure({ mode: 'parallel', timeout: 420_000 })

const partner = signerNamed('Harbour Authority CERT')
const MANY = 30
const manifest = buildManifest({
  signers: [partner],
  memories: Array.from({ length: MANY }, (_, i) => ({
    content: `Note ${i} of the watch: the crane at berth ${i % 7} stood still.`,
    entity_id: i % 2 === 0 ? 'incident-response' : 'berth-plan',
    tags: i % 3 === 0 ? ['crane', 'outage'] : [],
    ...(i % 5 === 0 ? { metadata: { ticket: `IR-${2200 + i}`, seen: { by: ['radar', 'watch'] } } } : {}),
  })),
})
const rival = buildManifest({ signers: [partner], memories: [{ content: 'Another first one' }] })
const broken = Buffer.from(manifest.bytes).toString().replace('berth 3 stood', 'berth 4 stood')
const receipt = { note: 'Taken in on 4 May', counts: { rows: 12 } }
const statement = `${serialize({
  format: 'omega-statement/1',
  statement: buildStatement('application/vnd.omega.receipt.v1+json', receipt, [partner]),
})}\n`
const json = (name: string, content: string | Uint8Array) => ({
  name,
  mimeType: 'application/json',
  buffer: Buffer.from(content),
})
const GOOD = json('manifest-2026-Q1.json', manifest.bytes)

let profile: Profile
let page: Page

test.beforeEach(async () => {
  profile = await openProfile(test.info().outputPath('profile'))
  page = profile.page
  await page.setViewportSize(WIDE)
  await openApp(page)
})

test.afterEach(async () => {
  expect(profile.problems).toEqual([])
  await profile.close()
})

test('Memories', LONG, async () => {
  await inspect('memories, no identity', '#/memories', 'Memories', { arrived: false })
  await goToHash(page, '#/memories/new')
  await inspect('memories, new without identity', '#/memories/new', 'Write a memory')
  await makeIdentity(page, 'Strait Command CERT')
  await goTo(page, 'Memories')
  await expect(page.getByText('To try it out')).toBeVisible()
  await inspect('memories, none', '#/memories', 'Memories')

  await page.getByRole('button', { name: 'Load the partner’s sample' }).click()
  await expect(page.getByRole('heading', { name: 'Take in 61 memories' })).toBeFocused()
  await inspect('memories, preview of a file', '#/memories/open', 'Take in a file')
  await page.getByRole('button', { name: /^Take in \d+ memories$/ }).click()
  await expect(page.getByTestId('taken-in')).toBeVisible()
  await inspect('memories, taken in', '#/memories/open', 'Take in a file')

  await press(page, 'See the memories')
  await expect(page.getByTestId('count')).toHaveText('61 memories')
  await inspect('memories, list', '#/memories', 'Memories')
  await page.getByRole('button', { name: /^Filter/ }).click()
  await page.getByLabel('Tags', { exact: true }).fill('partner')
  await page.keyboard.press('Enter')
  await inspect('memories, filter', '#/memories', 'Memories')
  await page.getByRole('button', { name: /^Filter/ }).click()
  await press(page, 'Clear filters')
  await page.keyboard.type('no such text anywhere')
  await expect(page.getByTestId('count')).toHaveText('0 of 61 memories')
  await inspect('memories, nothing found', '#/memories', 'Memories')
  await press(page, 'Clear filters')
  await expect(page.getByTestId('count')).toHaveText('61 memories')

  await page.keyboard.press('Escape')
  await page.getByLabel('Pick memory 2', { exact: true }).check()
  await page.getByTestId('memory-row').nth(1).click()
  await expect(page.getByTestId('memory')).toBeVisible()
  await inspect('memories, reading', /^#\/memories\/.+/, 'Memory')
  const read = page.url()
  expect(await answersWhileNextIsRead()).toBe(false)
  await page.goBack()
  await expect(page.getByTestId('memory')).not.toHaveAttribute('inert')
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await inspect('memories, delete dialog', /^#\/memories\/.+/, 'Memory')
  await press(page, 'Keep it')
  await expect(page.getByRole('button', { name: 'Delete', exact: true })).toBeFocused()
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await expect(page.getByLabel('Text', { exact: true })).toBeFocused()
  await inspect('memories, edit', /^#\/memories\/.+\/edit$/, 'Edit a memory')
  await page.getByLabel('Text', { exact: true }).fill('')
  await press(page, 'Save memory')
  await expect(page.getByText('A memory needs a text')).toBeVisible()
  await inspect('memories, edit with a fault', /^#\/memories\/.+\/edit$/, 'Edit a memory')
  await page.goBack()
  await inspect('memories, leave dialog', /^#\/memories\/.+\/edit$/, 'Edit a memory')
  await press(page, 'Leave and lose it')
  await expect(page).toHaveURL(read)
  await page.goto('#/memories/new')
  await inspect('memories, new', '#/memories/new', 'Write a memory')
  await page.goto('#/memories/not-here')
  await expect(page.getByRole('heading', { name: 'This memory is not here' })).toBeFocused()
  await inspect('memories, unknown', '#/memories/not-here', 'Memory')
})

test('Exchange', LONG, async () => {
  await goTo(page, 'Exchange')
  await expect(page.getByText('Nothing has been exchanged yet')).toBeVisible()
  await inspect('exchange, none', '#/exchange', 'Exchange')
  await page.goto('#/exchange/export')
  await inspect('exchange, export without identity', '#/exchange/export', 'Export memories')
  await page.goto('#/exchange/opened')
  await inspect('exchange, nothing open', '#/exchange/opened', 'Opened manifest')
  await goTo(page, 'Exchange')
  await press(page, 'Paste text')
  await inspect('exchange, paste dialog', '#/exchange', 'Exchange')
  await page.keyboard.press('Escape')
  await openFile(page, json('letter.txt', 'Dear colleagues, attached is nothing.\n'))
  await expect(page.getByText('not_recognised', { exact: true })).toBeVisible()
  await inspect('exchange, not opened', '#/exchange', 'Exchange')
  await press(page, 'Dismiss')

  await openFile(page, json('broken.json', broken))
  await expect(page.getByTestId('failure')).toBeVisible()
  await inspect('exchange, a manifest that fails', '#/exchange/opened', 'Opened manifest')
  await openFile(page, json('receipt.json', statement))
  await expect(page.getByTestId('statement')).toBeVisible()
  await inspect('exchange, statement', '#/exchange/statement', 'Opened statement')

  await openFile(page, GOOD)
  await expect(page.getByTestId('verdict')).toBeVisible()
  await inspect('exchange, untrusted', '#/exchange/opened', 'Opened manifest')
  await page.getByTestId('read-memories').click()
  await expect(page.getByRole('link', { name: /Note 0 of/ })).toBeVisible()
  await inspect('exchange, memories of the manifest', '#/exchange/opened/memories', 'Opened manifest')
  await page.getByRole('link', { name: /Note 1 of/ }).click()
  await expect(page.getByTestId('memory')).toBeVisible()
  await inspect('exchange, a memory of the manifest', '#/exchange/opened/memories/2', 'Opened manifest')
  await page.goto('#/exchange/opened')
  await trustSigner(page, 'Not compared', 'instance-A')
  await press(page, 'Back to the opened manifest')
  await expect(page.getByRole('button', { name: 'Import', exact: true })).toBeVisible()
  await inspect('exchange, trusted', '#/exchange/opened', 'Opened manifest')
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByTestId('import-result')).toHaveText(
    `${MANY} imported, 0 already_local (idempotent dedup)`,
  )
  await inspect('exchange, imported', '#/exchange/opened', 'Opened manifest')

  await openFile(page, json('rival.json', rival.bytes))
  await press(page, 'Put it on record and decide')
  await expect(page.getByRole('heading', { name: 'Two manifests contradict each other' })).toBeVisible()
  await inspect('exchange, fork', /^#\/exchange\/fork\/.+/, 'Fork in a stream')
  await goTo(page, 'Exchange')
  await inspect('exchange, register', '#/exchange', 'Exchange')
  await page.getByRole('link', { name: /^From instance-A/ }).click()
  await expect(page.getByTestId('manifest')).toBeVisible()
  await inspect('exchange, manifest', /^#\/exchange\/manifest\/.+/, 'Exchange')
  await page.goto('#/exchange/manifest/not-here')
  await inspect('exchange, unknown manifest', '#/exchange/manifest/not-here', 'Exchange')
})

test('Export', LONG, async () => {
  await makeIdentity(page, 'Strait Command CERT')
  await page.goto('#/exchange/export')
  await inspect('export, nothing to export', '#/exchange/export', 'Export memories')
  await openFile(page, GOOD)
  await trustSigner(page, 'Not compared', 'instance-A')
  await loadSample(page, 'Load the partner’s sample')
  await page.goto('#/memories')
  await page.getByLabel('Pick memory 1', { exact: true }).check()
  await goTo(page, 'Exchange')
  await press(page, 'Export memories')
  await expect(page.getByTestId('export-preview')).toContainText('1 memory')
  await inspect('export, form with picked', '#/exchange/export', 'Export memories')
  await page.getByLabel(/picked by hand/).uncheck()
  await expect(page.getByTestId('export-preview')).toContainText('61 memories')
  await page.getByRole('textbox', { name: 'Tags' }).fill('partner, exercise')
  await inspect('export, form', '#/exchange/export', 'Export memories')
  await page.getByLabel('Since').fill('2026-05-01')
  await page.getByLabel('Until').fill('2026-01-01')
  await expect(page.getByText('The dates contradict each other')).toBeVisible()
  await inspect('export, form refused', '#/exchange/export', 'Export memories')
  await page.getByLabel('Since').fill('')
  await page.getByLabel('Until').fill('')
  await page.getByRole('textbox', { name: 'Tags' }).fill('')
  await expect(page.getByTestId('export-preview')).toContainText('61 memories')
  await download(page, () => page.getByRole('button', { name: 'Sign and save' }).click())
  await expect(page.getByTestId('export-result')).toBeVisible()
  await inspect('export, result', '#/exchange/export', 'Export memories')
  await press(page, 'Its entry in the register')
  await expect(page.getByTestId('manifest')).toBeVisible()
  await inspect('exchange, own manifest', /^#\/exchange\/manifest\/.+/, 'Exchange')
})

test('Peers', LONG, async () => {
  await goTo(page, 'Peers')
  await expect(page.getByText('Nobody is trusted yet')).toBeVisible()
  await inspect('peers, none', '#/peers', 'Peers')
  await press(page, 'Add a peer')
  await inspect('peers, add', '#/peers/trust', 'Add a peer')
  await page
    .getByLabel('Public key (PEM)')
    .fill('-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n')
  await expect(page.getByText('private_key_given')).toBeVisible()
  await inspect('peers, a private key', '#/peers/trust', 'Add a peer')
  await page.getByLabel('Public key (PEM)').fill(partner.pem)
  for (const how of ['By phone', 'In person', 'On paper', 'Not compared'] as const) {
    await page.getByLabel(how).check()
    if (how !== 'Not compared') await page.getByLabel(/All 8 words/).check()
    await expect(page.getByRole('button', { name: 'Trust this key' })).toBeVisible()
    await inspect(`peers, compared ${how.toLowerCase()}`, '#/peers/trust', 'Add a peer')
  }
  await press(page, 'Trust this key')
  await expect(page.getByText('Give this peer a name.')).toBeVisible()
  await page.getByLabel('Your name for this peer').fill('instance-A')
  await press(page, 'Trust this key')
  await expect(page.getByRole('status').filter({ hasText: 'This key is trusted now' })).toBeFocused()
  await inspect('peers, trusted now', /^#\/peers\/[0-9a-f]{64}$/, 'Peers')
  await press(page, 'Rename')
  await inspect('peers, rename', /^#\/peers\/[0-9a-f]{64}$/, 'Peers')
  await press(page, 'Keep the old name')
  await goTo(page, 'Peers')
  await inspect('peers, list', '#/peers', 'Peers')

  await openFile(page, GOOD)
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByTestId('import-result')).toBeVisible()
  await goTo(page, 'Peers')
  await page.getByRole('link', { name: /instance-A/ }).click()
  await expect(page.getByTestId('peer-rows')).toHaveText(`${MANY} memories`)
  await inspect('peers, one', /^#\/peers\/[0-9a-f]{64}$/, 'Peers')
  await press(page, 'Read them')
  await expect(page.getByTestId('count')).toHaveText(`${MANY} of ${MANY} memories from instance-A`)
  await inspect('memories, those of a peer', /^#\/memories\/peer\/[0-9a-f]{64}$/, 'Memories')
  await press(page, 'Clear filters')
  await expect(page).toHaveURL(/#\/memories$/)
  await expect(page.getByTestId('count')).toHaveText(`${MANY} memories`)
  await page.goBack()
  await press(page, 'Revoke')
  await inspect('peers, revoke', /\/revoke$/, 'Revoke a key')
  await page.getByLabel('Full fingerprint').fill('12ab')
  await press(page, 'Revoke this key')
  await expect(page.getByText('fingerprint_incomplete')).toBeVisible()
  await inspect('peers, revoke with too few digits', /\/revoke$/, 'Revoke a key')
  await page.getByLabel('Full fingerprint').fill(partner.fingerprint)
  await page.getByLabel('Reason').fill('Their server was taken over on 3 May')
  await press(page, 'Revoke this key')
  await expect(page.getByRole('status').filter({ hasText: 'This key is revoked' })).toBeFocused()
  await inspect('peers, revoked now', /^#\/peers\/[0-9a-f]{64}$/, 'Peers')
  await openFile(page, GOOD)
  await expect(page.getByText('revoked_peer')).toBeVisible()
  await inspect('exchange, revoked', '#/exchange/opened', 'Opened manifest')
  await goTo(page, 'Peers')
  await page.getByRole('link', { name: /instance-A/ }).click()
  await inspect('peers, one revoked', /^#\/peers\/[0-9a-f]{64}$/, 'Peers')
  await press(page, 'Remove its memories')
  await inspect('peers, remove', /\/remove$/, 'Remove memories')
  await press(page, 'Remove its memories')
  await expect(page.getByTestId('removed')).toHaveText(`${MANY} removed, 0 kept`)
  await inspect('peers, removed', /^#\/peers\/[0-9a-f]{64}$/, 'Peers')
  await press(page, 'Reinstate')
  await press(page, 'Reinstate this key')
  await expect(page.getByText('Say first how you compared the fingerprint.')).toBeVisible()
  await inspect('peers, reinstate', /\/reinstate$/, 'Reinstate a key')
  await page.goto(`#/peers/${'0'.repeat(64)}`)
  await expect(page.getByText('peer_unknown')).toBeVisible()
  await inspect('peers, unknown', /^#\/peers\/0{64}$/, 'Peers')
})

test('Identity', LONG, async () => {
  await goTo(page, 'Identity')
  await expect(page.getByRole('button', { name: 'Make identity' })).toBeVisible()
  await inspect('identity, none', '#/identity', 'Identity')
  await press(page, 'Make identity')
  await expect(page.getByLabel('Name of this instance')).toBeFocused()
  await page.getByLabel('With a backup file').check()
  await inspect('identity, faults', '#/identity', 'Identity')
  await page.getByLabel('Without a backup').check()
  await inspect('identity, without a backup', '#/identity', 'Identity')
  await press(page, 'Restore from a backup')
  await press(page, 'Restore identity')
  await inspect('identity, restore', '#/identity/restore', 'Restore from a backup')
  await goTo(page, 'Identity')
  await page.getByLabel('Name of this instance').fill('Strait Command CERT')
  await page.getByLabel('With a backup file').check()
  await page.getByLabel('Passphrase', { exact: true }).fill('correct horse battery staple')
  await page.getByLabel('Passphrase again').fill('correct horse battery staple')
  await download(page, () => page.getByRole('button', { name: 'Make identity' }).click())
  await expect(page.getByTestId('save-pem')).toBeVisible()
  await inspect('identity, made', '#/identity', 'Identity')
  await page.goto('#/identity/restore')
  await expect(page.getByText('identity_exists')).toBeVisible()
  await inspect('identity, restore where there is one', '#/identity/restore', 'Restore from a backup')
  await page.reload()
  await goTo(page, 'Identity')
  await expect(page.getByTestId('save-pem')).toBeVisible()
  await inspect('identity, later', '#/identity', 'Identity')
  await page.getByRole('link', { name: /^This app/ }).click()
  await expect(page.getByTestId('offline')).toContainText('It needs its server to open')
  await inspect('identity, this app', '#/identity/app', 'This app')
  await goTo(page, 'Identity')
  await page.getByRole('link', { name: /^Backup of this store/ }).click()
  await expect(page.getByTestId('last-backup')).toContainText('None was ever made')
  await inspect('identity, backup', '#/identity/backup', 'Backup of this store')
  await goTo(page, 'Identity')
  await page.getByRole('link', { name: 'Integrity check' }).click()
  await expect(page.getByTestId('engine')).toContainText('It does what verification leans on')
  await inspect('identity, check', '#/identity/check', 'Integrity check')
  await press(page, 'Check everything')
  await expect(page.getByTestId('integrity-result')).toContainText('Holds')
  await inspect('identity, checked', '#/identity/check', 'Integrity check')
  await page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open('omega-exchange')
      opening.onsuccess = () => resolve(opening.result)
    })
    const tx = db.transaction('identities', 'readwrite')
    tx.objectStore('identities').clear()
    await new Promise((resolve) => (tx.oncomplete = resolve))
    db.close()
  })
  await press(page, 'Check again')
  await expect(page.getByTestId('fault')).toBeVisible()
  await inspect('identity, faults found', '#/identity/check', 'Integrity check')
})

test('the main job by keyboard alone', async () => {
  await operate(page.getByRole('link', { name: 'Make your identity' }))
  await tabTo(page.getByLabel('Name of this instance'))
  await page.keyboard.type('Strait Command CERT')
  await tabTo(page.getByLabel('With a backup file'))
  await page.keyboard.press('ArrowDown')
  await expect(page.getByLabel('Without a backup')).toBeChecked()
  await operate(page.getByRole('button', { name: 'Make identity' }))
  await expect(page.getByTestId('save-pem')).toBeVisible()
  await operate(page.getByRole('link', { name: 'Memories', exact: true }))
  await operate(page.getByRole('button', { name: 'Load the partner’s sample' }))
  await operate(page.getByRole('button', { name: 'Take in 61 memories' }))
  await operate(page.getByRole('button', { name: 'See the memories' }))
  await expect(page.getByTestId('memory-row').first()).toBeVisible()
  await page.keyboard.press('/')
  await expect(page.getByLabel('Find in text')).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('j')
  await expect(page.getByTestId('memory-row').nth(1)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('memory')).toBeVisible()
  await operate(page.getByRole('link', { name: 'Exchange', exact: true }))
  await operate(page.getByRole('button', { name: 'Export memories' }))
  await tabTo(page.getByLabel('Entity'))
  await page.keyboard.type('partner-liaison')
  await expect(page.getByTestId('export-preview')).toContainText('16 memories')
  const { path } = await download(page, () => operate(page.getByRole('button', { name: 'Sign and save' })))

  const other = await openProfile(test.info().outputPath('other'))
  await test.step('the other side', async () => {
    await openApp(other.page)
    await operate(other.page.getByRole('link', { name: 'Exchange', exact: true }))
    const asked = other.page.waitForEvent('filechooser')
    await operate(other.page.getByTestId('open-file').first())
    await (await asked).setFiles(json('from-strait.json', readFileSync(path)))
    await operate(other.page.getByRole('button', { name: /^Trust this signer/ }))
    await tabTo(other.page.getByLabel('By phone'))
    await other.page.keyboard.press('Space')
    await operate(other.page.getByLabel(/All 8 words/), 'Space')
    await operate(other.page.getByRole('button', { name: 'Trust this key' }))
    await operate(other.page.getByRole('link', { name: 'Back to the opened manifest' }))
    await operate(other.page.getByRole('button', { name: 'Import', exact: true }))
    await expect(other.page.getByTestId('import-result')).toHaveText(
      '16 imported, 0 already_local (idempotent dedup)',
    )
    await expect(other.page.getByTestId('import-result')).toBeFocused()
    await operate(other.page.getByRole('link', { name: 'Peers', exact: true }))
    await operate(other.page.getByRole('link', { name: /Strait Command CERT/ }))
    await expect(other.page.getByTestId('peer-rows')).toHaveText('16 memories')
    await operate(other.page.getByRole('button', { name: 'Revoke', exact: true }))
    await tabTo(other.page.getByLabel('Full fingerprint'))
    await other.page.keyboard.type(issuerOf(path))
    await operate(other.page.getByRole('button', { name: 'Revoke this key' }))
    await expect(other.page.getByRole('status').filter({ hasText: 'This key is revoked' })).toBeFocused()
  })
  expect(other.problems).toEqual([])
  await other.close()
})

test('forced colours, less motion', LONG, async () => {
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
  await makeIdentity(page, 'Strait Command CERT')
  await openFile(page, json('broken.json', broken))
  await expect(page.getByTestId('failure')).toBeVisible()
  await expectNoViolations(page, 'a manifest that fails')
  // Signs are told apart by their shape: where colours are the system’s, each is drawn, and none as another is.
  const shapes = await page
    .locator('[data-layer] svg')
    .evaluateAll((signs) => new Set(signs.map(({ innerHTML }) => innerHTML)).size)
  expect(shapes).toBe(3)
  await openFile(page, GOOD)
  await expect(page.getByTestId('verdict')).toBeVisible()
  await expectNoViolations(page, 'untrusted')
  for (const sign of await page.locator('[data-layer] svg, [data-testid=trust] svg').all()) {
    const [stroke, ground] = await sign.evaluate((svg) => [
      getComputedStyle(svg.querySelector('path, circle')!).stroke,
      getComputedStyle(document.body).backgroundColor,
    ])
    expect(stroke).not.toBe(ground)
  }
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll('*')].filter((element) => {
        const { transitionDuration, animationDuration } = getComputedStyle(element)
        return [transitionDuration, animationDuration].some((all) =>
          all.split(', ').some((each) => each !== '0s'),
        )
      }).length,
  )
  expect(moving).toBe(0)
  await goTo(page, 'Memories')
  await expectNoViolations(page, 'memories')
  // Where one is in the rail stands apart from where one is not.
  const marks = await page
    .getByRole('navigation')
    .getByRole('link')
    .evaluateAll((links) => links.map((link) => getComputedStyle(link, '::after').borderInlineEndStyle))
  expect(marks.filter((style) => style === 'solid')).toHaveLength(1)
})

/** The page as it stands, in all lights and sizes. It was come to by a person, so the keyboard is somewhere. */
async function inspect(
  name: string,
  hash: string | RegExp,
  heading: string,
  { arrived = true }: { arrived?: boolean } = {},
): Promise<void> {
  await test.step(name, async () => {
    await expect
      .poll(() => new URL(page.url()).hash, name)
      .toEqual(typeof hash === 'string' ? hash : expect.stringMatching(hash))
    await expect(page, name).toHaveTitle(/ · Omega Exchange$/)
    await expect(page.getByRole('heading', { level: 1, includeHidden: true }), name).toHaveText([heading])
    expect(await page.title(), name).toContain(heading)
    if (arrived) await expect(page.locator('body'), `${name}: the keyboard is lost`).not.toBeFocused()
    await expectToFit(page, name)
  })
}

/** Whether the memory that is shown still answers when the address already names another. */
function answersWhileNextIsRead(): Promise<boolean> {
  return page.evaluate(
    () =>
      new Promise<boolean>((seen) => {
        const shown = document.querySelector<HTMLElement>('[data-testid="memory"]')!
        addEventListener('hashchange', () => seen(!shown.inert), { once: true })
        location.hash = '#/memories/not-here'
      }),
  )
}

function issuerOf(path: string): string {
  const { envelope } = JSON.parse(readFileSync(path, 'utf8')) as {
    envelope: { header: { issuer: { fingerprint: string } } }
  }
  return envelope.header.issuer.fingerprint
}

/** What has the focus and does not show it, or stands where it cannot be seen; null if neither. */
function unseenFocus(page: Page): Promise<string | null> {
  return page.evaluate(() => {
    const at = document.activeElement
    if (at === null || at === document.body) return null
    const isRinged = [at, at.closest('label')].some((box) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(box ?? at)
      return outlineStyle !== 'none' && outlineWidth !== '0px'
    })
    const { left, right, top, bottom } = at.getBoundingClientRect()
    const middle = (from: number, to: number, most: number) => (Math.max(from, 0) + Math.min(to, most)) / 2
    const hit = document.elementFromPoint(middle(left, right, innerWidth), middle(top, bottom, innerHeight))
    const isUncovered = hit !== null && (at.contains(hit) || hit.contains(at))
    return isRinged && isUncovered
      ? null
      : `${isRinged ? 'covered' : 'no ring'}: ${at.outerHTML.slice(0, 160)}`
  })
}

/** Tab, until it has the focus. */
async function tabTo(target: Locator): Promise<void> {
  const MOST = 80
  await target.waitFor({ state: 'attached' })
  const page = target.page()
  const isThere = () => target.evaluate((element) => element === document.activeElement)
  for (let pressed = 0; pressed < MOST; pressed++) {
    if (await isThere()) return
    await page.keyboard.press('Tab')
    await expect.poll(() => unseenFocus(page), 'the focus is seen').toBeNull()
  }
  throw new Error(`not reached by Tab: ${String(target)}`)
}

async function operate(target: Locator, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
  await tabTo(target)
  await target.page().keyboard.press(key)
}
