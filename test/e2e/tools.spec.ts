import { execFile } from 'node:child_process'
import { createHash, createPublicKey } from 'node:crypto'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { readdirSync, readFileSync, symlinkSync, writeFileSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'node:http'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { expect, test } from '@playwright/test'
import { passAt } from '../bridge-pass.ts'
import { answer, asked, callTool, prepareClient } from './bridged.ts'
import { openProfile } from './profile.ts'
import { SESSION } from './session.ts'
import { goTo, loadSample, makeIdentity } from './steps.ts'

const INSPECTOR = createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector-cli')

/** The session of the product by tools alone: two agents, two browsers, two persons who click nothing but consents. */
test('two clients do the session by tools, and two persons decide', async () => {
  test.setTimeout(240_000)
  const [one, two] = [await prepareClient('a'), await prepareClient('b')]
  const a = await openProfile(test.info().outputPath('a'), { baseURL: one.origin })
  const b = await openProfile(test.info().outputPath('b'), { baseURL: two.origin })
  await one.start(a.page)
  await two.start(b.page)
  // The secret is in no address that a person might copy or that a history keeps.
  expect(a.page.url()).not.toContain(one.tokens().tab)
  await makeIdentity(a.page, SESSION.a.name)
  await makeIdentity(b.page, SESSION.b.name)
  await loadSample(a.page, SESSION.a.sample)
  await loadSample(b.page, SESSION.b.sample)
  await goTo(a.page, 'Identity')
  const pem = await a.page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const open = indexedDB.open('omega-exchange')
      open.onsuccess = () => resolve(open.result)
      open.onerror = () => reject(open.error)
    })
    return new Promise<string>((resolve) => {
      const all = db.transaction('identities').objectStore('identities').getAll()
      all.onsuccess = () => resolve(all.result[0].public_key_pem)
    })
  })
  const name = 'manifest-2026-Q1.json'

  await test.step('A’s agent exports what concerns the incident', async () => {
    const exporting = callTool(one.client, 'omega_federation_export', {
      entity_id: SESSION.entity,
      since: SESSION.since,
      path: name,
    })
    const sheet = await asked(a.page, `An agent asks: Sign and save ${SESSION.count} memories`)
    await expect(sheet).toContainText('client a')
    await answer(a.page, /Sign and save/, 'Allow once')
    const { text, data, isError } = await exporting
    expect([isError, text]).toEqual([false, expect.stringContaining(SESSION.exported)])
    expect(text).toMatch(new RegExp(`^wrote ${name};`))
    const written = readFileSync(join(one.folder, name), 'utf8')
    expect(JSON.parse(written).envelope.header.merkle_root).toBe(data['merkle_root'])
    expect(readdirSync(one.folder)).toEqual([name])
    // The same name again is not written over, and nobody is asked for that.
    const again = await callTool(one.client, 'omega_federation_export', {
      entity_id: SESSION.entity,
      path: name,
    })
    expect(again.data).toMatchObject({ code: 'path_exists' })
    expect(readFileSync(join(one.folder, name), 'utf8')).toBe(written)
  })
  copyFileSync(join(one.folder, name), join(two.folder, name))
  const fingerprint = createHash('sha256')
    .update(createPublicKey(pem).export({ format: 'der', type: 'spki' }))
    .digest('hex')

  await test.step('B’s agent verifies it; B is asked to trust the key, compares, and agrees', async () => {
    const { text } = await callTool(two.client, 'omega_federation_verify', { path: name })
    expect(text.split('\n')[0]).toBe(SESSION.verdict)
    const refused = await callTool(two.client, 'omega_federation_import', { path: name })
    expect(refused).toMatchObject({ isError: true, data: { code: 'untrusted_peer' } })
    const trusting = callTool(two.client, 'omega_federation_trust_add', {
      public_key_pem: pem,
      label: SESSION.peer,
    })
    const sheet = await asked(b.page, 'An agent asks: Trust a key')
    await expect(sheet.getByRole('button', { name: 'Allow for this session' })).toHaveCount(0)
    await sheet.getByLabel('Not compared').check()
    await answer(b.page, 'An agent asks: Trust a key', 'Allow once')
    expect((await trusting).text).toBe(
      `trusted peer added: fingerprint ${fingerprint} label "${SESSION.peer}"`,
    )
  })

  await test.step('B’s agent imports, twice', async () => {
    const importing = callTool(two.client, 'omega_federation_import', { path: name })
    await answer(b.page, /Import up to 152 memories/, 'Allow for this session')
    expect((await importing).text).toContain(SESSION.imported)
    expect((await callTool(two.client, 'omega_federation_import', { path: name })).text).toContain(
      SESSION.again,
    )
    const reading = callTool(two.client, 'omega_query', {
      entity_id: SESSION.entity,
      origin: 'imported',
      limit: 1,
    })
    await answer(b.page, /Read memories of one entity/, 'Allow once')
    const { data } = await reading
    expect(data).toMatchObject({ count: 148, memories: [{ origin: { kind: 'imported', fingerprint } }] })
  })

  await test.step('the page is loaded anew, and the client goes on', async () => {
    await b.page.reload()
    await expect(b.page.getByRole('navigation')).toBeVisible()
    const { data } = await callTool(two.client, 'omega_federation_trust_list')
    expect(data).toMatchObject({ peers: [{ fingerprint, state: 'trusted', compared: 'not_compared' }] })
  })

  await test.step('A is compromised: B’s agent asks to revoke it', async () => {
    const args = { fingerprint, reason: 'key in other hands' }
    const keeping = callTool(two.client, 'omega_federation_trust_remove', args)
    await asked(b.page, 'An agent asks: Revoke a peer')
    await expect(async () => {
      await b.page.keyboard.press('Escape')
      await expect(b.page.getByRole('dialog')).toBeHidden({ timeout: 2000 })
    }).toPass()
    expect((await keeping).data).toMatchObject({ code: 'consent_refused' })
    const removing = callTool(two.client, 'omega_federation_trust_remove', args)
    await answer(b.page, 'An agent asks: Revoke a peer', 'Allow once')
    expect((await removing).text).toContain('removed from allowlist')
    expect((await callTool(two.client, 'omega_federation_import', { path: name })).data).toMatchObject({
      code: 'revoked_peer',
    })
  })

  // Whether a file is there the bridge answers with 404, which the browser writes into its console.
  const unexpected = [...a.problems, ...b.problems].filter(
    (each) => !/404 \(Not Found\).*\/bridge\/files/.test(each),
  )
  expect(unexpected).toEqual([])
  await Promise.all([one.client.close(), two.client.close()])
  await Promise.all([a.close(), b.close()])
})

test('over HTTP, with its token, from no other page, and out of the folder nothing', async () => {
  const started = await prepareClient('stdio')
  const { origin, folder } = started
  const { page, close } = await openProfile(test.info().outputPath('profile'), { baseURL: origin })
  await started.start(page)
  const tokens = started.tokens()
  const client = new Client({ name: 'over http', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), {
    requestInit: { headers: { Authorization: `Bearer ${tokens.client}` } },
  })
  await client.connect(transport)
  expect((await client.listTools()).tools).toHaveLength(8)
  expect((await callTool(client, 'omega_federation_trust_list')).isError).toBe(false)
  await test.step('the command line of MCP Inspector lists and calls them', async () => {
    const inspect = async (...args: string[]) => {
      const all = [INSPECTOR, '--cli', `${origin}/mcp`, '--transport', 'http', ...args]
      const header = ['--header', `Authorization: Bearer ${tokens.client}`]
      return JSON.parse((await promisify(execFile)(process.execPath, [...all, ...header])).stdout)
    }
    const { tools } = await inspect('--method', 'tools/list')
    expect(tools.map((tool: { name: string }) => tool.name)).toContain('omega_federation_verify')
    const args = ['--method', 'tools/call', '--tool-name', 'omega_federation_trust_list']
    expect(await inspect(...args)).toMatchObject({
      structuredContent: { mode: 'trusted_keys_only', peers: [] },
    })
  })

  // What one client was allowed for its session, another was not.
  const reading = callTool(client, 'omega_query')
  await answer(page, /Read your memories/, 'Allow for this session')
  expect((await reading).isError).toBe(false)
  const other = callTool(started.client, 'omega_query')
  await answer(page, /Read your memories/, 'Refuse')
  expect((await other).data).toMatchObject({ code: 'consent_refused' })

  writeFileSync(join(folder, '..', 'outside.json'), '{}')
  symlinkSync(join(folder, '..', 'outside.json'), join(folder, 'link.json'))
  for (const path of ['../outside.json', 'link.json', '/etc/passwd', 'a/../../outside.json', 'none.json'])
    expect([path, (await callTool(client, 'omega_federation_verify', { path })).data['code']]).toEqual([
      path,
      path === 'none.json' ? 'path_missing' : 'path_refused',
    ])

  // Another page may not ask, whatever it knows; a wrong token may not either.
  const elsewhere = { Authorization: `Bearer ${tokens.client}`, Origin: 'https://elsewhere.example' }
  const init = { method: 'POST', body: '{}' }
  expect((await fetch(`${origin}/mcp`, { ...init, headers: elsewhere })).status).toBe(403)
  const wrong = { Authorization: `Bearer ${'A'.repeat(43)}` }
  expect((await fetch(`${origin}/mcp`, { ...init, headers: wrong })).status).toBe(401)

  // A second tab is told so, and may take the place of the first.
  const second = await page.context().newPage()
  await second.goto(started.address())
  await second.goto(`${origin}/#/agents`)
  await expect(second.getByText('Another tab')).toBeVisible()
  await second.getByRole('button', { name: 'Connect this tab' }).click()
  // What is asked before that is the first tab's, and ends with it.
  await expect(second.getByText(/Connected, with the folder/)).toBeVisible()
  await expect(page.getByRole('navigation')).toBeVisible()
  const taken = callTool(client, 'omega_query')
  await answer(second, /Read your memories/, 'Refuse')
  expect((await taken).isError).toBe(true)

  // The bridge ends with the client that started it, and another comes: the tab finds it by itself.
  await client.close()
  await started.client.close()
  const next = await started.startAgain()
  expect((await callTool(next, 'omega_federation_trust_list')).isError).toBe(false)
  await next.close()
  await close()
})

test('whoever listens where the bridge ran learns nothing, and the tab finds the bridge again', async () => {
  const started = await prepareClient('ended')
  const { origin } = started
  const { page, close } = await openProfile(test.info().outputPath('profile'), { baseURL: origin })
  await started.start(page)
  await page.goto(`${origin}/#/agents`)
  await expect(page.getByText('Connected', { exact: false }).first()).toBeVisible()
  const { tab } = started.tokens()
  const passes = [await passAt(origin, tab)]
  await started.client.close()

  const heard: { readonly path: string; readonly whole: string }[] = []
  const impostor = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += String(part)
    heard.push({
      path: request.url!,
      whole: [request.method, request.url, ...request.rawHeaders, body].join('\n'),
    })
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ run: 'A'.repeat(43), proof: 'B'.repeat(43) }))
  })
  const listens = () =>
    new Promise<boolean>((resolve) => {
      impostor.once('error', () => resolve(false))
      impostor.listen(Number(new URL(origin).port), '127.0.0.1', () => resolve(true))
    })
  await expect.poll(listens).toBe(true)
  await expect.poll(() => heard.length).toBeGreaterThan(1)
  await expect(page.getByText('This page finds it by itself once it runs again.')).toBeVisible()
  impostor.close()
  impostor.closeAllConnections()

  const next = await started.startAgain()
  expect((await callTool(next, 'omega_federation_trust_list')).isError).toBe(false)
  passes.push(await passAt(origin, tab))
  expect(new Set(heard.map(({ path }) => path))).toEqual(new Set(['/bridge/proof']))
  for (const { whole } of heard) {
    for (const secret of [tab, ...passes]) expect(whole).not.toContain(secret)
    expect(whole).not.toMatch(/authorization/i)
  }
  await next.close()
  await close()
})
