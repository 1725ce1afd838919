import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { isSpecType, type JSONRPCMessage, type RequestId } from '@modelcontextprotocol/server'
import { hostOf, refuseHost, refuseOrigin, refuseToken } from './access.ts'
import { answer, readJson, refuse } from './answers.ts'
import { serveApp } from './app-files.ts'
import type { Files } from './files.ts'
import type { Handshake } from './handshake.ts'
import type { HttpClients } from './http-clients.ts'
import { Unusable, type Options } from './options.ts'
import type { Relay } from './relay.ts'
import { MESSAGE_BYTES } from './stdio-client.ts'
import { Tab } from './tab.ts'
import { version } from '../../package.json'

/** A message, and what stands around it. */
const POST_BYTES = MESSAGE_BYTES + 1024
const ONLY_HERE = '127.0.0.1'

/** What the routes need. */
export interface Parts {
  readonly options: Options
  /** What a client over HTTP is to show. */
  readonly clientToken: string
  readonly handshake: Handshake
  readonly relay: Relay
  readonly files: Files
  /** Null where clients come by standard input alone. */
  readonly clients: HttpClients | null
}

/** How often, and how far apart, a taken port is tried: the bridge that a client has just ended may be ending still. */
const TRIES = 6
const BETWEEN_TRIES_MS = 250

/** Listens on loopback; the port is known then. @throws Unusable if the port is taken, saying by what */
export async function listen(port: number): Promise<{ server: Server; port: number }> {
  for (let tries = 1; ; tries++) {
    // A file may take any time to come; its headers may not.
    const server = createServer({ requestTimeout: 0 })
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, ONLY_HERE, resolve)
      })
      return { server, port: (server.address() as AddressInfo).port }
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      if (code !== 'EADDRINUSE')
        throw new Unusable(`Port ${port} cannot be had: ${message}. Choose another with --port.`)
      if (tries === TRIES) throw new Unusable(await whyTaken(port))
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES_MS))
    }
  }
}

async function whyTaken(port: number): Promise<string> {
  const other = await versionAt(port)
  return other === null
    ? `Port ${port} is taken by another program. End that, or choose another port with --port: ` +
        'the app begins there with an empty store, as keys and memories belong to the port.'
    : `Another Omega bridge (${other}) runs on port ${port}, and one tab serves one bridge. Let this client ` +
        `use that one, at http://${hostOf(port)}/mcp with the token of --print-token, or end it first.`
}

/** Of the bridge that listens there; null if something else does. */
function versionAt(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get({ host: ONLY_HERE, port, path: '/bridge/hello', agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        if (text.length > 200) request.destroy()
      })
      response.on('close', () => resolve(/^\{"omega_bridge":"([\w.+-]{1,40})"\}\s*$/.exec(text)?.[1] ?? null))
    })
    // It may listen and say nothing.
    const patience = setTimeout(() => request.destroy(), 2000)
    request.on('close', () => {
      clearTimeout(patience)
      resolve(null)
    })
    request.on('error', () => resolve(null))
  })
}

/** Answers everything that comes to the port. */
export function route(server: Server, port: number, parts: Parts): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answerTo(request, response, port, parts).catch(() => {
      if (response.headersSent) response.destroy()
      else answer(response, 500, { code: 'bridge_failed', detail: 'The bridge could not answer this.' })
    })
  })
}

async function answerTo(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  { options, clientToken, handshake, relay, files, clients }: Parts,
): Promise<void> {
  const url = urlOf(request, port)
  if (url === null)
    return refuse(response, { status: 400, code: 'address_refused', detail: 'This is no path.' })
  const { pathname: path, searchParams: query } = url
  const isPage = path === '/' || path === '/index.html'
  if (isPage && request.method === 'GET' && request.headers.host === hostOf(port, 'localhost')) {
    // Another origin would be another store.
    response.writeHead(307, { Location: url.href, 'Cache-Control': 'no-store' }).end()
    return
  }
  const badHost = refuseHost(request, port)
  if (badHost !== null) return refuse(response, badHost)
  const isOurs = path === '/mcp' || path.startsWith('/bridge/')
  if (!isOurs) return serveApp(request, response, options.app, path)

  const badOrigin = refuseOrigin(request, port)
  if (badOrigin !== null) return refuse(response, badOrigin)
  const deed = `${request.method} ${path}`
  if (deed === 'GET /bridge/hello') return answer(response, 200, { omega_bridge: version })
  if (deed === 'POST /bridge/proof') return handshake.handle(request, response)
  const badToken = refuseToken(request, path === '/mcp' ? clientToken : await handshake.pass)
  if (badToken !== null) return refuse(response, badToken)
  if (path === '/mcp' && clients !== null) return clients.handle(request, response)
  if (deed === 'POST /bridge/tab') return takeTab(request, response, relay, options)
  if (deed === 'POST /bridge/messages') return takeMessage(request, response, relay)
  if (deed === 'GET /bridge/files' || deed === 'PUT /bridge/files') {
    if (!isOfTab(request, relay)) return refuse(response, DISPLACED)
    return files.handle(request, response, query)
  }
  refuse(response, { status: 404, code: 'not_found', detail: 'There is nothing here.' })
}

/** Null of what is no path on this server: a whole address, or `*`. */
function urlOf({ url = '' }: IncomingMessage, port: number): URL | null {
  if (!url.startsWith('/')) return null
  try {
    return new URL(`http://${hostOf(port)}${url}`)
  } catch {
    return null
  }
}

async function takeTab(
  request: IncomingMessage,
  response: ServerResponse,
  relay: Relay,
  { folder }: Options,
): Promise<void> {
  const body = await readJson(request, 1024)
  if (!('json' in body)) return refuse(response, body)
  const { take } = (body.json ?? {}) as { take?: unknown }
  if (typeof take !== 'boolean')
    return refuse(response, { status: 400, code: 'shape_refused', detail: 'take is true or false.' })
  if (relay.tab !== null && !take)
    return refuse(response, { status: 409, code: 'tab_taken', detail: 'Another tab is connected.' })
  relay.take(new Tab(response, { version, folder: folder === null ? null : basename(folder) }))
}

const DISPLACED = { status: 409, code: 'tab_displaced', detail: 'This is not the tab that is connected.' }

/** Whether it comes from the tab that is connected, and not from one before it. */
function isOfTab({ headers }: IncomingMessage, { tab }: Relay): boolean {
  return tab !== null && headers['omega-tab'] === tab.id
}

async function takeMessage(request: IncomingMessage, response: ServerResponse, relay: Relay): Promise<void> {
  if (!isOfTab(request, relay)) return refuse(response, DISPLACED)
  const body = await readJson(request, POST_BYTES)
  if (!('json' in body)) return refuse(response, body)
  if (!isOfTab(request, relay)) return refuse(response, DISPLACED)
  const { session: id, message, related } = (body.json ?? {}) as Record<string, unknown>
  if (!isSpecType.JSONRPCMessage(message) || !isRequestId(related))
    return refuse(response, { status: 400, code: 'shape_refused', detail: 'This is no message of JSON-RPC.' })
  const session = relay.session(String(id))
  if (session === undefined)
    return refuse(response, { status: 404, code: 'session_unknown', detail: 'This client has gone.' })
  // A client that does not read any more is not the tab's concern.
  await session.fromTab(message as JSONRPCMessage, related).catch(() => undefined)
  answer(response, 204)
}

function isRequestId(value: unknown): value is RequestId | undefined {
  return value === undefined || typeof value === 'string' || typeof value === 'number'
}
