import { expect, test, type Page } from '@playwright/test'
import { fingerprintWords } from '../../src/core/words.ts'
import { buildManifest, signerNamed } from '../reference/writer.ts'
import { expectNoViolations, expectToFit, WIDE } from './fit.ts'
import { openProfile, type Profile } from './profile.ts'
import {
  download,
  fileOf,
  goTo,
  goToHash,
  loadSample,
  LONG,
  makeIdentity,
  openApp,
  writeMemory,
} from './steps.ts'

/** What agents ask, and what a person answers: calls come by the browser’s own WebMCP, as those of its agent do. */
test.describe.configure({ mode: 'parallel', timeout: 240_000 })

const partner = signerNamed('Harbour Authority CERT')
const manifest = buildManifest({
  signers: [partner],
  memories: [{ content: 'The crane at berth 4 stood still.', entity_id: 'berth-plan' }],
})
const { public_key_pem: pem, fingerprint } = (
  JSON.parse(Buffer.from(manifest.bytes).toString()) as {
    envelope: { signatures: { public_key_pem: string; fingerprint: string }[] }
  }
).envelope.signatures[0]!

const PASSPHRASE = 'lantern orbit pebble saddle'

let profile: Profile
let page: Page

test.beforeEach(async () => {
  profile = await openProfile(test.info().outputPath('profile'), { args: ['--enable-features=WebMCP'] })
  page = profile.page
  await page.setViewportSize(WIDE)
  await openApp(page)
  await whenServed(page)
})

test.afterEach(async () => {
  expect(profile.problems).toEqual([])
  await profile.close()
})

interface Answer {
  readonly isError: boolean
  readonly structuredContent: Readonly<Record<string, unknown>>
  readonly content: readonly { readonly text: string }[]
}

async function whenServed(tab: Page): Promise<void> {
  await expect.poll(async () => (await tab.webmcp.tools()).length).toBe(8)
}

const call = async (name: string, args: object) =>
  (await page.webmcp.callTool(name, args as never, { timeout: 0 })) as unknown as Answer

const sheet = () => page.getByRole('dialog', { name: /asks?: / })
const answer = (name: string) => sheet().getByRole('button', { name, exact: true }).click()
const asks = (title: string | RegExp) => expect(sheet().getByRole('heading', { name: title })).toBeFocused()
const codeOf = async (answered: Promise<Answer>) => (await answered).structuredContent['code']

test('reading asks once for a session and an entity, and not again', async () => {
  await makeIdentity(page, 'Strait Command CERT')
  await writeMemory(page, { text: 'The lock gate sticks.', entity: 'lock-3' })
  const first = call('omega_query', { entity_id: 'lock-3' })
  await asks('An agent asks: Read memories of one entity')
  await expect(page).toHaveTitle(/^An agent asks · .* · Omega Exchange$/)
  await expect(sheet()).toContainText('leaves this machine’s control')
  await expect(sheet()).toContainText('reading memories of the entity “lock-3”')
  await expect(sheet().getByTestId('time-left')).toContainText(/\d+ seconds/)
  await answer('Allow for this session')
  expect((await first).content[0]!.text).toContain('The lock gate sticks.')
  expect((await call('omega_query', { entity_id: 'lock-3', text: 'gate' })).isError).toBe(false)
  await expect(sheet()).toHaveCount(0)

  const other = call('omega_query', { entity_id: 'lock-4' })
  await asks(/Read memories of one entity/)
  await expect(sheet()).toContainText('lock-4')
  await answer('Refuse')
  expect(await codeOf(other)).toBe('consent_refused')
  await expect(page).not.toHaveTitle(/An agent asks/)
  // Once is once.
  const again = call('omega_query', { entity_id: 'lock-4' })
  await asks(/Read memories of one entity/)
  await answer('Allow once')
  expect((await again).isError).toBe(false)
  const once = call('omega_query', { entity_id: 'lock-4' })
  await asks(/Read memories of one entity/)
  await answer('Refuse')
  expect(await codeOf(once)).toBe('consent_refused')

  // A session ends with the page.
  await page.reload()
  await whenServed(page)
  const later = call('omega_query', { entity_id: 'lock-3' })
  await asks(/Read memories of one entity/)
  await page.keyboard.press('Enter')
  await expect(sheet().getByRole('button', { name: 'Refuse' })).toBeEnabled()
  await page.keyboard.press('Escape')
  expect(await codeOf(later)).toBe('consent_refused')
})

test('what was typed or clicked for another question decides nothing', async () => {
  const first = call('omega_query', { entity_id: 'one' })
  await asks(/Read memories of one entity/)
  const second = call('omega_query', {})
  await expect(sheet()).toContainText('1 more waits.')
  await sheet().getByRole('button', { name: 'Allow once' }).dblclick()
  expect((await first).isError).toBe(false)
  await asks(/Read your memories/)
  await expect(sheet().getByRole('button', { name: 'Allow once' })).toBeEnabled()
  await expect(sheet()).not.toContainText('more waits')
  // A key that is held down since before.
  await page.keyboard.down('Enter')
  await page.keyboard.down('Enter')
  await page.keyboard.down('Enter')
  await page.keyboard.up('Enter')
  await asks(/Read your memories/)
  await page.keyboard.press('Escape')
  expect(await codeOf(second)).toBe('consent_refused')
})

test('who needs longer gets it', async () => {
  const asked = call('omega_query', {})
  await asks(/Read your memories/)
  const left = async () =>
    Number(/(\d+) seconds/.exec(await sheet().getByTestId('time-left').innerText())![1])
  await expect.poll(left).toBeLessThan(119)
  await answer('I need longer')
  await expect.poll(left).toBeGreaterThan(118)
  await answer('Refuse')
  expect(await codeOf(asked)).toBe('consent_refused')
})

test('a key is trusted only with its face, its words and how it was compared, and never for longer', async () => {
  const label = 'Harbour \u00ad<img src=x onerror=__ran=1>'
  const asked = call('omega_federation_trust_add', { public_key_pem: pem, label })
  await asks('An agent asks: Trust a key')
  await expect(sheet().getByRole('img', { name: /Face of the key/ })).toBeVisible()
  const words = sheet().getByRole('list', { name: 'The fingerprint in eight words' }).getByRole('listitem')
  await expect(words).toHaveText(fingerprintWords(fingerprint).map((word, at) => `${at + 1}${word}`))
  await expect(sheet().locator('[data-unseen="U+00AD"]').first()).toBeAttached()
  await expect(sheet()).toContainText('Not on your list')
  await expect(sheet().getByRole('button', { name: /^Allow/ })).toHaveText(['Allow once'])

  await answer('Allow once')
  await expect(sheet().getByRole('alert')).toHaveText('Say first how the fingerprint was compared.')
  await sheet().getByLabel('By phone').check()
  await answer('Allow once')
  await expect(sheet().getByRole('alert')).toHaveText(
    'Say that all of it matched, or that it was not compared.',
  )
  await sheet().getByLabel('Not compared').check()
  await expect(sheet()).toContainText('Then nobody has said whose key this is')
  await answer('Refuse')
  expect(await codeOf(asked)).toBe('consent_refused')

  const passing = call('omega_federation_trust_add', { public_key_pem: pem, label: 'This Instance' })
  await asks(/Trust a key/)
  await expect(sheet()).toContainText('no peer can have it')
  await expect(sheet().getByRole('button', { name: /^Allow/ })).toHaveCount(0)
  await answer('Refuse')
  expect(await codeOf(passing)).toBe('consent_refused')

  const again = call('omega_federation_trust_add', { public_key_pem: pem, label: 'Harbour' })
  await asks(/Trust a key/)
  await sheet().getByLabel('By phone').check()
  await sheet()
    .getByLabel(/All 8 words/)
    .check()
  await answer('Allow once')
  expect((await again).structuredContent['fingerprint']).toBe(fingerprint)
  await goTo(page, 'Peers')
  await expect(page.getByRole('link', { name: /Harbour/ })).toContainText('compared by phone')
})

test('what needs the key of a locked identity is allowed only after it was unlocked', async () => {
  await goTo(page, 'Identity')
  await page.getByLabel('Name of this instance').fill('Strait Command CERT')
  await page.getByLabel('With a backup file').check()
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE)
  await page.getByLabel('Passphrase again').fill(PASSPHRASE)
  const saved = await download(page, () => page.getByRole('button', { name: 'Make identity' }).click())
  await writeMemory(page, { text: 'The lock gate sticks.', entity: 'lock-3' })
  await goTo(page, 'Identity')
  const lock = page.getByTestId('key-lock')
  await lock.getByRole('button', { name: 'Keep it locked' }).click()
  await lock.getByTestId('lock-backup').setInputFiles(saved.path)
  await lock.getByLabel('Passphrase').fill(PASSPHRASE)
  await lock.getByRole('button', { name: 'Keep it locked' }).click()
  await expect(lock).toContainText('Unlocked in this tab')
  await page.keyboard.press('Alt+l')
  await expect(lock.getByRole('button', { name: 'Unlock' })).toBeVisible()

  const asked = call('omega_federation_export', { entity_id: 'lock-3' })
  await asks('An agent asks: Sign and save 1 memory')
  await expect(sheet().getByRole('button', { name: 'Refuse' })).toBeVisible()
  await expect(sheet().getByRole('button', { name: /^Allow/ })).toHaveCount(0)
  await expectNoViolations(page, 'sheet, locked')
  await sheet().getByLabel('Passphrase').fill(PASSPHRASE)
  await answer('Unlock')
  await asks(/Sign and save 1 memory/)
  await expect(sheet()).toContainText('exports of memories of the entity “lock-3”')
  const made = await download(page, () => answer('Allow once'))
  expect((await asked).structuredContent['file_name']).toBe(made.download.suggestedFilename())
})

test('what is allowed until taken back is listed, outlives the page, and is taken back', async () => {
  await makeIdentity(page, 'Strait Command CERT')
  const kept = call('omega_store', { entity_id: 'lock-3', content: 'The gate sticks.' })
  await asks('An agent asks: Keep a memory')
  await expect(sheet().getByRole('region', { name: /The text/ })).toContainText('The gate sticks.')
  await answer('Allow until I take it back')
  expect((await kept).isError).toBe(false)
  await page.reload()
  await whenServed(page)
  const more = await call('omega_store', { entity_id: 'lock-3', content: 'It was oiled.' })
  expect(more.isError).toBe(false)
  await goTo(page, 'Agents')
  const allowed = page.getByTestId('allowed').getByRole('listitem')
  await expect(allowed).toHaveCount(1)
  await expect(allowed).toContainText('keeping memories of the entity “lock-3”')
  await expect(allowed).toContainText('Any agent, until you take it back')
  await allowed.getByRole('button', { name: 'Take back' }).click()
  await expect(page.getByText('Nothing. Each call')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Allowed for longer' })).toBeFocused()
  const asked = call('omega_store', { entity_id: 'lock-3', content: 'It sticks again.' })
  await asks(/Keep a memory/)
  await page.keyboard.press('Tab')
  await expect(sheet().getByRole('button', { name: 'Refuse' })).toBeEnabled()
  await page.keyboard.press('Escape')
  expect(await codeOf(asked)).toBe('consent_refused')
})

test('a tool that is switched off is offered no more, until it is switched on', async () => {
  await goTo(page, 'Agents')
  const list = page.getByRole('switch', { name: 'Agents may call omega_federation_trust_list' })
  await expect(list).toBeChecked()
  await list.uncheck()
  await expect
    .poll(async () => (await page.webmcp.tools()).map(({ name }) => name))
    .not.toContain('omega_federation_trust_list')
  await page.reload()
  await expect(list).not.toBeChecked()
  await expect.poll(async () => (await page.webmcp.tools()).length).toBe(7)
  await list.check()
  await expect.poll(async () => (await page.webmcp.tools()).length).toBe(8)
})

test('a person runs any tool from its form, and sees all calls', async () => {
  await goTo(page, 'Agents')
  await expect(page.getByText('No call has come to this tab')).toBeVisible()
  const form = page.getByRole('form')
  await page.getByRole('link', { name: /^Keep a memory/ }).click()
  await expect(page.getByText('This needs an identity, and there is none yet')).toBeVisible()
  await makeIdentity(page, 'Strait Command CERT')
  await goToHash(page, '#/agents/omega_store')
  await form.getByRole('button', { name: 'Run' }).click()
  await expect(form.getByLabel('content (required)')).toBeFocused()
  await expect(form.getByText('This one has to be filled in.')).toHaveCount(2)
  await form.getByLabel('content (required)').fill('The gate sticks.\nIt was oiled.')
  await form.getByLabel('entity_id (required)').fill('lock-3')
  await form.getByLabel('tags').fill('gate\n\n lock ')
  await form.getByLabel('metadata').fill('{ "ticket": }')
  await form.getByRole('button', { name: 'Run' }).click()
  await expect(form.getByText(/^Not JSON: /)).toBeVisible()
  await form.getByLabel('metadata').fill('{ "ticket": 7 }')
  await form.getByRole('button', { name: 'Run' }).click()
  await asks('You ask: Keep a memory')
  await expect(sheet()).toContainText('gate, lock')
  await expect(page).not.toHaveTitle(/An agent asks/)
  await answer('Allow once')
  await expect(page.getByRole('heading', { name: 'Answer' })).toBeFocused()
  await expect(page.getByTestId('answer')).toContainText('kept one memory about "lock-3"')
  await page.getByText('As data').click()
  await expect(page.getByTestId('json')).toContainText('"key"')

  await page.getByRole('link', { name: /^Verify a manifest/ }).click()
  await expect(form.getByLabel('path')).toHaveCount(0)
  await page.getByTestId('manifest-file').setInputFiles(fileOf('from-harbour.json', manifest.bytes))
  await expect(form).toContainText('from-harbour.json')
  await form.getByRole('button', { name: 'Run' }).click()
  await expect(page.getByTestId('answer')).toContainText('root matches, signature OK, 1 leaves')
  await expect(page.getByTestId('answer')).toContainText('NOT on the allowlist')

  await page.getByRole('link', { name: /^Read memories/ }).click()
  await form.getByLabel('origin').selectOption('own')
  await form.getByLabel('limit').fill('500')
  await form.getByRole('button', { name: 'Run' }).click()
  await expect(page.getByTestId('answer')).toContainText('arguments_invalid')

  await page.getByRole('link', { name: /^Calls/ }).click()
  const calls = page.getByTestId('calls').getByRole('listitem')
  await expect(calls).toHaveCount(3)
  await expect(calls.first()).toContainText('arguments_invalid')
  await calls.nth(2).getByRole('link').click()
  await expect(page.getByTestId('consent')).toHaveText('allowed once')
  await expect(page.getByTestId('call')).toContainText('You, from the form of the tool')
  await expect(page.getByTestId('json')).toContainText('"ticket": 7')
})

test('arguments of a stranger are shown as they are, and cut where they are long', async () => {
  const unseen = 'plan\u00adgnp.exe'
  const markup = '<script>__ran=1</script>'
  const asked = call('omega_query', { entity_id: unseen, text: markup, tags: ['عطل', 'x'.repeat(256)] })
  await asks(/Read memories of one entity/)
  await expect(sheet()).toContainText(markup)
  await expect(sheet().locator('[data-unseen="U+00AD"]')).not.toHaveCount(0)
  await expectToFit(page, 'a sheet with what strangers write')
  await answer('Allow once')
  expect((await asked).structuredContent['count']).toBe(0)
  const huge = await call('omega_query', { text: 'y'.repeat(3_000_000) })
  expect(huge.structuredContent['code']).toBe('arguments_invalid')
  await goTo(page, 'Agents')
  await page.getByTestId('calls').getByRole('link').first().click()
  await expect(page.getByText(/It has 3,000,0\d\d characters in all/)).toBeVisible()
  await page.goBack()
  await page.getByTestId('calls').getByRole('link').nth(1).click()
  await expect(page.getByTestId('json')).toContainText('plan\\u00adgnp.exe')
  await expectToFit(page, 'a call with what strangers write')
})

test('the place and the sheet, in all lights and sizes', LONG, async () => {
  await goTo(page, 'Agents')
  await expectToFit(page, 'agents, none')
  await goToHash(page, '#/agents/omega_federation_export')
  await expectToFit(page, 'agents, a form without identity')
  await makeIdentity(page, 'Strait Command CERT')
  await loadSample(page, 'Load the partner’s sample')
  for (const name of ['omega_query', 'omega_federation_verify', 'omega_federation_trust_list', 'nothing']) {
    await goToHash(page, `#/agents/${name}`)
    await expectToFit(page, `agents, ${name}`)
  }
  const asked = {
    'Read your memories': ['omega_query', {}],
    'Trust a key': ['omega_federation_trust_add', { public_key_pem: pem, label: 'Harbour' }],
    'Sign and save 16 memories': ['omega_federation_export', { entity_id: 'partner-liaison' }],
    'Keep a memory': ['omega_store', { entity_id: 'lock', content: 'The gate sticks. '.repeat(900) }],
  } as const
  for (const [title, [name, args]] of Object.entries(asked)) {
    const answered = call(name, args)
    await asks(`An agent asks: ${title}`)
    await expectToFit(page, `sheet, ${title}`)
    if (title === 'Trust a key') {
      await sheet().getByLabel('In person').check()
      await expectToFit(page, 'sheet, comparing')
    }
    await answer(title === 'Keep a memory' ? 'Allow for this session' : 'Refuse')
    expect((await answered).isError).toBe(title !== 'Keep a memory')
  }
  await goToHash(page, '#/agents/calls')
  await expectToFit(page, 'agents, calls')
  await page.getByTestId('calls').getByRole('link').first().click()
  await expectToFit(page, 'agents, a call')
  await goToHash(page, '#/agents/calls/none')
  await expectNoViolations(page, 'agents, no such call')
})
