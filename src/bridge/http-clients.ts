import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import {
  WebStandardStreamableHTTPServerTransport,
  type JSONRPCMessage,
  type RequestId,
} from '@modelcontextprotocol/server'
import { answer, PRIVATE } from './answers.ts'
import { errorAnswer, refusal } from './refusals.ts'
import { MOST_SESSIONS, type Relay } from './relay.ts'
import type { Session } from './session.ts'
import { MESSAGE_BYTES } from './stdio-client.ts'

const IDLE_MS = 30 * 60 * 1000

interface HttpClient {
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly session: Session
  /** Answers that are being read. */
  reading: number
  /** When it was heard last, in milliseconds. */
  heard: number
}

/** The clients at `/mcp`: Streamable HTTP, one session each. */
export class HttpClients {
  readonly #relay: Relay
  readonly #origin: string
  readonly #began: () => void
  readonly #clients = new Map<string, HttpClient>()

  constructor(relay: Relay, origin: string, began: () => void) {
    this.#relay = relay
    this.#origin = origin
    this.#began = began
  }

  /** Answers a request whose token holds. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = request.headers['mcp-session-id']
    const client = id === undefined ? this.#open() : this.#clients.get(String(id))
    if (client === null) {
      const words = `${MOST_SESSIONS} clients are connected already: end one, or try again later.`
      return answer(response, 503, errorAnswer(undefined, refusal('too_many_sessions', words)))
    }
    if (client === undefined) {
      const error = { code: -32_001, message: 'Session not found: connect again.' }
      return answer(response, 404, { jsonrpc: '2.0', error, id: null })
    }
    client.reading += 1
    client.heard = Date.now()
    try {
      await pass(await client.transport.handleRequest(toWeb(request, this.#origin)), response)
    } finally {
      client.reading -= 1
      client.heard = Date.now()
      // It asked for something without a session, and got none.
      if (client.transport.sessionId === undefined) await client.transport.close()
    }
  }

  #open(): HttpClient | null {
    const transport: WebStandardStreamableHTTPServerTransport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => session!.id,
      onsessioninitialized: this.#began,
      maxRequestBodySize: MESSAGE_BYTES,
    })
    const session = this.#relay.open({
      kind: 'http',
      send: (message: JSONRPCMessage, related?: RequestId) =>
        transport.send(message, related === undefined ? {} : { relatedRequestId: related }),
      forget: (id) => transport.closeSSEStream(id),
      refused: () => void transport.close(),
    })
    if (session === null) return null
    transport.onmessage = (message) => session.fromClient(message)
    transport.onclose = () => {
      this.#clients.delete(session.id)
      this.#relay.close(session)
    }
    const client = { transport, session, reading: 0, heard: Date.now() }
    this.#clients.set(session.id, client)
    return client
  }

  /** Ends those that read nothing and have not been heard for half an hour; `now` in milliseconds. */
  sweep(now: number): void {
    for (const { transport, reading, heard } of [...this.#clients.values()])
      if (reading === 0 && now - heard > IDLE_MS) void transport.close()
  }
}

function toWeb(request: IncomingMessage, origin: string): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers.set(name, String(value))
  const method = request.method ?? 'GET'
  const body = method === 'POST' ? { body: Readable.toWeb(request), duplex: 'half' as const } : {}
  return new Request(new URL(request.url ?? '/', origin), { method, headers, ...body } as RequestInit)
}

async function pass(from: Response, to: ServerResponse): Promise<void> {
  to.writeHead(from.status, { ...Object.fromEntries(from.headers), ...PRIVATE })
  if (from.body === null) return void to.end()
  to.flushHeaders()
  // Whoever reads may go at any time.
  await pipeline(Readable.fromWeb(from.body as ReadableStream), to).catch(() => undefined)
}
