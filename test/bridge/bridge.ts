import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { passAt } from '../bridge-pass.ts'
import { FakeTab } from './fake-tab.ts'
import { Waiting } from './waiting.ts'

export const BRIDGE = fileURLToPath(new URL('../../dist/omega-bridge.mjs', import.meta.url))
if (!existsSync(BRIDGE)) throw new Error('dist/omega-bridge.mjs is not built: npm run build')

const endings: (() => unknown)[] = []

/** Undone after each test, last first. */
export function atEnd(undo: () => unknown): void {
  endings.push(undo)
}

afterEach(async () => {
  for (const undo of endings.splice(0).reverse()) await undo()
})

/** A folder with the least of an app in `app`, an empty `files`, and `state`. */
export function makePlace(): string {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'omega-bridge-')))
  mkdirSync(join(place, 'files'))
  mkdirSync(join(place, 'app/assets'), { recursive: true })
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; connect-src &#39;none&#39;; base-uri &#39;none&#39;">`
  writeFileSync(join(place, 'app/index.html'), `<!doctype html>${policy}<p>The app`)
  writeFileSync(join(place, 'app/sw.js'), '// copy')
  writeFileSync(join(place, 'app/assets/a-1.js'), '// asset')
  atEnd(() => rmSync(place, { recursive: true, force: true }))
  return place
}

export const argsOf = (place: string, ...more: string[]) => [
  ...['--app', join(place, 'app'), '--state', join(place, 'state'), '--no-open'],
  ...(more.includes('--port') ? [] : ['--port', '0']),
  ...more,
]

export function tokensOf(place: string): { tab: string; client: string } {
  return JSON.parse(readFileSync(join(place, 'state/bridge-tokens.json'), 'utf8')) as {
    tab: string
    client: string
  }
}

export interface Running {
  readonly child: ChildProcess
  readonly origin: string
  readonly port: number
  readonly tokens: { readonly tab: string; readonly client: string }
  /** What this run of the bridge lets its tab in by. */
  readonly pass: string
  stderr(): string
  tab(take?: boolean): Promise<FakeTab>
  /** A client over HTTP, connected. */
  client(): Promise<Client>
  end(): Promise<void>
}

/** A bridge for HTTP clients. */
export async function startBridge(place: string, ...more: string[]): Promise<Running> {
  const child = spawn(process.execPath, [BRIDGE, ...argsOf(place, '--http', ...more)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const { said, port } = await portOf(child.stderr!)
  const origin = `http://127.0.0.1:${port}`
  const tokens = tokensOf(place)
  const pass = await passAt(origin, tokens.tab)
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  atEnd(end)
  return {
    child,
    origin,
    port,
    tokens,
    pass,
    stderr: said,
    end,
    tab: async (take) => {
      const tab = await FakeTab.open(origin, pass, take)
      atEnd(() => tab.close())
      return tab
    },
    client: async () => {
      const client = newClient()
      await client.connect(httpTransport(origin, tokens.client))
      return client
    },
  }
}

/** Where the bridge says it is. */
export async function portOf(stderr: NodeJS.ReadableStream): Promise<{ said: () => string; port: number }> {
  let text = ''
  const changed = new Waiting()
  stderr.on('data', (part: Buffer) => {
    text += String(part)
    changed.tell()
  })
  const found = () => /http:\/\/127\.0\.0\.1:(\d+)\/ \(/.exec(text)?.[1]
  let isOver = false
  stderr.on('close', () => {
    isOver = true
    changed.tell()
  })
  await changed.until(() => found() !== undefined || isOver)
  if (found() === undefined) throw new Error(`The bridge did not start: ${text}`)
  return { said: () => text, port: Number(found()) }
}

export function newClient(mode: 'legacy' | 'auto' = 'legacy'): Client {
  const client = new Client(
    { name: 'omega-test', version: '0' },
    { capabilities: { elicitation: {} }, versionNegotiation: { mode } },
  )
  atEnd(() => client.close())
  return client
}

export function httpTransport(origin: string, token: string): StreamableHTTPClientTransport {
  return new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  })
}

/** A client whose bridge is its child, as Claude Code and Claude Desktop have it; connected once a tab is there. */
export async function stdioClient(place: string, ...more: string[]) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [BRIDGE, ...argsOf(place, '--stdio', ...more)],
    stderr: 'pipe',
  })
  const client = newClient()
  const connected = client.connect(transport)
  connected.catch(() => undefined)
  const { port, said } = await portOf(transport.stderr as unknown as NodeJS.ReadableStream)
  const origin = `http://127.0.0.1:${port}`
  const pass = await passAt(origin, tokensOf(place).tab)
  return {
    client,
    transport,
    connected,
    origin,
    port,
    stderr: said,
    tab: async (take?: boolean) => {
      const tab = await FakeTab.open(origin, pass, take)
      atEnd(() => tab.close())
      return tab
    },
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
}

/** One request, its headers and path as given: `fetch` would not send some of them. */
export function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text: Buffer.concat(parts).toString('utf8'),
        }),
      )
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

export const textOf = (result: unknown) =>
  (result as { content: readonly { text?: string }[] }).content[0]?.text
