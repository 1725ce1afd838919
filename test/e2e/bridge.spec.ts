import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, test, type Page } from '@playwright/test'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { passAt } from '../bridge-pass.ts'
import { freePort } from '../free-port.ts'
import { openProfile } from './profile.ts'

const BRIDGE = fileURLToPath(new URL('../../dist/omega-bridge.mjs', import.meta.url))

/** Runs in the page: the least of a server behind the bridge's protocol, answering every call with `text`. Its id. */
async function beTab({ pass, text }: { pass: string; text: string }): Promise<string> {
  const authorization = `Bearer ${pass}`
  const response = await fetch('/bridge/tab', {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify({ take: true }),
  })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  let tab = ''
  const results: Record<string, (params: { protocolVersion: string }) => unknown> = {
    initialize: ({ protocolVersion }) => ({
      protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'page', version: '0' },
    }),
    'tools/call': () => ({ content: [{ type: 'text', text }] }),
  }
  const listen = async (onTab: (id: string) => void) => {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      const lines = (rest + value).split('\n')
      rest = lines.pop()!
      for (const line of lines.map((each) => JSON.parse(each))) {
        tab = line.tab ?? tab
        onTab(tab)
        if (line.message?.id === undefined) continue
        const { id, method, params } = line.message
        await fetch('/bridge/messages', {
          method: 'POST',
          headers: { authorization, 'omega-tab': tab },
          body: JSON.stringify({
            session: line.session,
            message: { jsonrpc: '2.0', id, result: results[method]!(params) },
          }),
        })
      }
    }
  }
  return new Promise((resolve) => void listen(resolve))
}

const call = async (client: Client) => {
  const result = (await client.callTool({ name: 'x', arguments: {} })) as { content: { text: string }[] }
  return result.content[0]!.text
}

test('the app, served by the bridge, reaches it from a real page, and no other page does', async () => {
  const at = (name: string) => test.info().outputPath(name)
  mkdirSync(at('files'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [BRIDGE, '--port', String(port), '--state', at('state'), '--dir', at('files'), '--no-open'],
    stderr: 'pipe',
  })
  const client = new Client({ name: 'omega-test', version: '0' })
  const connected = client.connect(transport, { timeout: 60_000 })
  connected.catch(() => undefined)
  await new Promise((resolve) => transport.stderr!.once('data', resolve))
  const { tab: token } = JSON.parse(readFileSync(join(at('state'), 'bridge-tokens.json'), 'utf8')) as {
    tab: string
  }
  const pass = await passAt(origin, token)
  let tab = ''
  const headersOf = () => ({ authorization: `Bearer ${pass}`, 'omega-tab': tab })
  const { page, problems, close } = await openProfile(at('profile'), { baseURL: `${origin}/`, keeps: true })

  await test.step('a client and the page find each other', async () => {
    await page.goto(`${origin}/`)
    await expect(page).toHaveTitle(/Omega Exchange$/)
    tab = await page.evaluate(beTab, { pass, text: 'first' })
    await connected
    expect(await call(client)).toBe('first')
  })

  await test.step('the page reads and writes files', async () => {
    writeFileSync(join(at('files'), 'a.json'), 'read')
    const seen = await page.evaluate(async (headers) => {
      const read = await fetch('/bridge/files?path=a.json', { headers })
      const body = new Blob(['written '.repeat(200_000)])
      const written = await fetch('/bridge/files?path=b.json', { method: 'PUT', headers, body })
      return [await read.text(), read.headers.get('omega-file-name'), written.status, await written.json()]
    }, headersOf())
    expect(seen).toEqual(['read', 'a.json', 201, { path: 'b.json' }])
    expect(statSync(join(at('files'), 'b.json')).size).toBe(8 * 200_000)
  })

  await test.step('loaded anew out of the copy that the browser keeps, it is taken up again', async () => {
    await page.evaluate(async () => void (await navigator.serviceWorker.ready))
    await page.reload()
    await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
    tab = await page.evaluate(beTab, { pass, text: 'second' })
    expect(await call(client)).toBe('second')
    expect(problems).toEqual([])
  })

  await test.step('a page of another origin gets nothing, though it had the pass', async () => {
    const other = createServer((_, response) => response.end('<!doctype html>'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const stranger = await page.context().newPage()
    await stranger.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
    const reach = (from: Page, path: string) =>
      from.evaluate(
        ({ url, headers }) =>
          fetch(url, { headers }).then(
            ({ status }) => status,
            () => 'blocked',
          ),
        { url: `${origin}${path}`, headers: headersOf() },
      )
    expect(await reach(stranger, '/bridge/files?path=a.json')).toBe('blocked')
    expect(await reach(stranger, '/bridge/hello')).toBe('blocked')
    expect(await reach(page, '/bridge/files?path=a.json')).toBe(200)
    other.close()
    other.closeAllConnections()
  })

  await test.step('the page itself reaches nothing but the bridge', async () => {
    const elsewhere = page.evaluate(() =>
      fetch('http://127.0.0.1:9/').then(
        () => 'reached',
        () => 'blocked',
      ),
    )
    expect(await elsewhere).toBe('blocked')
    expect(problems.join()).toContain('connect-src')
  })

  await client.close()
  await close()
})
