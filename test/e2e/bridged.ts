import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { freePort } from '../free-port.ts'

const BRIDGE = fileURLToPath(new URL('../../dist/omega-bridge.mjs', import.meta.url))

/** The bridge that a client starts, as Claude Code does, and where both are at home. */
export interface BridgedClient {
  readonly client: Client
  readonly origin: string
  /** What the client may read and write by path. */
  readonly folder: string
  tokens(): { readonly tab: string; readonly client: string }
  /** Where the bridge would have the browser go. */
  address(): string
  /** Starts the client and with it the bridge, and opens the app in `page`; done when both are connected. */
  start(page: Page): Promise<void>
  /** Once the client has been closed, and the bridge has ended with it: another of both, for the tab that is still open. */
  startAgain(): Promise<Client>
}

/** A client of the official SDK, over standard input and output, in a folder of the test's own. Nothing is started. */
export async function prepareClient(name: string): Promise<BridgedClient> {
  const place = test.info().outputPath(`bridge-${name}`)
  const folder = join(place, 'files')
  const state = join(place, 'state')
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const args = [
    BRIDGE,
    '--stdio',
    '--http',
    '--port',
    String(port),
    '--dir',
    folder,
    '--state',
    state,
    '--no-open',
  ]
  const newClient = () => new Client({ name: `client ${name}`, version: '1.0.0' })
  const newTransport = () => new StdioClientTransport({ command: process.execPath, args, stderr: 'pipe' })
  const client = newClient()
  const tokens = () => JSON.parse(readFileSync(join(state, 'bridge-tokens.json'), 'utf8'))
  const address = () => `${origin}/#bridge=${tokens().tab}`
  const isThere = () =>
    fetch(`${origin}/bridge/hello`).then(
      ({ ok }) => ok,
      () => false,
    )
  return {
    client,
    origin,
    folder,
    tokens,
    address,
    async start(page) {
      const connected = client.connect(newTransport())
      await expect.poll(isThere).toBe(true)
      await page.goto(address())
      await connected
    },
    async startAgain() {
      const next = newClient()
      await next.connect(newTransport())
      return next
    },
  }
}

export interface Said {
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
  readonly isError: boolean
}

/** One tool call, as a client sees it. */
export async function callTool(client: Client, name: string, args: object = {}): Promise<Said> {
  const result = await client.callTool({ name, arguments: { ...args } })
  const [first] = result.content as readonly { readonly type: string; readonly text: string }[]
  return {
    text: first!.text,
    data: (result.structuredContent ?? {}) as Said['data'],
    isError: result.isError === true,
  }
}

/** The sheet that asks a person, once an answer counts. */
export async function asked(page: Page, title: string | RegExp): Promise<Locator> {
  const sheet = page.getByRole('dialog', { name: title })
  await expect(sheet).toBeVisible()
  await expect(sheet.getByRole('button', { name: 'Refuse', exact: true })).not.toHaveAttribute(
    'aria-disabled',
    'true',
  )
  return sheet
}

/**
 * Answers what a person is asked, and waits until the sheet has gone. As a person does, it clicks again where the click
 * brought the window to the front: that one answers nothing.
 */
export async function answer(page: Page, title: string | RegExp, word: string): Promise<void> {
  await expect(async () => {
    const sheet = await asked(page, title)
    await sheet.getByRole('button', { name: word, exact: true }).click()
    await expect(sheet).toBeHidden({ timeout: 2000 })
  }).toPass()
}
