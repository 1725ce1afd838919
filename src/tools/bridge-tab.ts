import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server'
import { isNonce, passOf, proveBridge } from '../core/bridge-handshake.ts'
import { toBase64Url } from '../core/bytes.ts'
import type { BridgeState } from '../exchange/agents.ts'
import { createBridgeFiles } from './bridge-files.ts'
import { serveMcp, type Served } from './mcp-server.ts'

const RETRY_MS = [500, 1000, 2000, 5000]
/** The bridge says something every 15 seconds. */
const SILENCE_MS = 45_000
/** Whoever listens on the port has so long, and so many characters, to prove that it is the bridge. */
const PROOF_MS = 5000
const PROOF_LENGTH = 1024

/** A line from the bridge. */
interface Line {
  readonly hello?: { readonly version: string; readonly folder: string | null; readonly tab: string }
  readonly displaced?: true
  readonly session?: string
  readonly closed?: true
  readonly message?: JSONRPCMessage
}

interface Session {
  readonly transport: Transport
  readonly server: ReturnType<typeof serveMcp>
}

/** This tab’s end of the bridge: a session for each client, its server here, its messages over the bridge. */
export class BridgeTab {
  readonly #token: string
  readonly #served: Served
  readonly #onChange: (state: BridgeState) => void
  readonly #onSessionEnd: (session: string) => void
  readonly #sessions = new Map<string, Session>()
  #tab = ''
  /** For the bridge that has proved itself; null while there is none. */
  #pass: string | null = null
  #isFollowing = false

  constructor(
    token: string,
    served: Served,
    onChange: (state: BridgeState) => void,
    onSessionEnd: (session: string) => void,
  ) {
    this.#token = token
    this.#served = served
    this.#onChange = onChange
    this.#onSessionEnd = onSessionEnd
  }

  /** Stays connected for the life of the page, or until another tab takes its place. */
  async connect(take: boolean): Promise<void> {
    if (this.#isFollowing) return
    this.#isFollowing = true
    for (let failures = 0; ; failures++) {
      this.#onChange({ state: failures === 0 ? 'connecting' : 'lost' })
      let isTaken = false
      try {
        const outcome = await this.#follow(take, () => (failures = -1))
        isTaken = outcome === 'taken'
      } catch {
        // The bridge has ended, or not begun yet: asked again soon.
      }
      this.#pass = null
      this.#endAll()
      if (isTaken) break
      // Once connected this tab is the one: another that came meanwhile is not pushed out.
      take = false
      await new Promise((resolve) =>
        setTimeout(resolve, RETRY_MS[Math.min(Math.max(failures, 0), RETRY_MS.length - 1)]),
      )
    }
    this.#isFollowing = false
    this.#onChange({ state: 'taken' })
  }

  toolsChanged(): void {
    for (const { server } of this.#sessions.values()) void server.then(({ toolsChanged }) => toolsChanged())
  }

  /** Until the stream ends. */
  async #follow(take: boolean, onHello: () => void): Promise<'taken' | 'ended'> {
    this.#pass = await this.#meet()
    const ending = new AbortController()
    const response = await this.#ask('bridge/tab', {
      method: 'POST',
      body: JSON.stringify({ take }),
      headers: { 'Content-Type': 'application/json' },
      signal: ending.signal,
    })
    if (response.status === 409) return 'taken'
    if (!response.ok || response.body === null) throw new Error(`bridge: ${response.status}`)
    for await (const line of linesOf(response.body, ending)) {
      if (line.displaced) return 'taken'
      if (line.hello) {
        this.#tab = line.hello.tab
        onHello()
        this.#onChange({ state: 'connected', folder: line.hello.folder })
      } else if (line.session !== undefined) this.#take(line.session, line)
    }
    return 'ended'
  }

  /**
   * The pass for the bridge that runs now. Anybody may listen where it ran: until somebody has proved to be the bridge,
   * they get a challenge and nothing else.
   */
  async #meet(): Promise<string> {
    const challenge = toBase64Url(crypto.getRandomValues(new Uint8Array(32)))
    const ending = new AbortController()
    const patience = setTimeout(() => ending.abort(), PROOF_MS)
    try {
      const response = await fetch(new URL('bridge/proof', document.baseURI), {
        method: 'POST',
        body: JSON.stringify({ challenge }),
        headers: { 'Content-Type': 'application/json' },
        cache: 'no-store',
        redirect: 'error',
        signal: ending.signal,
      })
      const { run, proof } = JSON.parse(await shortTextOf(response)) as { run: unknown; proof: unknown }
      if (!isNonce(run) || proof !== (await proveBridge(this.#token, location.host, challenge, run)))
        throw new Error('bridge: not proved')
      return await passOf(this.#token, location.host, run)
    } finally {
      clearTimeout(patience)
      ending.abort()
    }
  }

  #take(id: string, { closed, message }: Line): void {
    if (closed) return this.#end(id)
    if (message === undefined) return
    const session = this.#sessions.get(id) ?? this.#begin(id)
    void session.server.then(() => session.transport.onmessage?.(message))
  }

  #begin(id: string): Session {
    const transport: Transport = {
      start: async () => undefined,
      close: async () => this.#end(id),
      send: async (message, options) => {
        const send = (sent: JSONRPCMessage) =>
          this.#ask('bridge/messages', {
            method: 'POST',
            body: JSON.stringify({ session: id, message: sent, related: options?.relatedRequestId }),
            headers: { 'Content-Type': 'application/json' },
          })
        const { status } = await send(message)
        // Of an answer that is too large its client hears that much.
        if (status === 413 && 'result' in message)
          await send({
            jsonrpc: '2.0',
            id: message.id,
            error: { code: -32603, message: 'The answer is too large.' },
          })
      },
    }
    const files = createBridgeFiles((url, init) => this.#ask(url, init))
    const session = { transport, server: serveMcp(this.#served, transport, id, files) }
    this.#sessions.set(id, session)
    return session
  }

  #end(id: string): void {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#sessions.delete(id)
    void session.server.then(({ close }) => close())
    this.#onSessionEnd(id)
  }

  #endAll(): void {
    for (const id of [...this.#sessions.keys()]) this.#end(id)
  }

  /** Rejects where no bridge has proved itself: what is done meanwhile is told to nobody. */
  async #ask(url: string, init: RequestInit): Promise<Response> {
    if (this.#pass === null) throw new Error('bridge: lost')
    const headers = new Headers(init.headers)
    headers.set('Authorization', `Bearer ${this.#pass}`)
    headers.set('Omega-Tab', this.#tab)
    return fetch(new URL(url, document.baseURI), { ...init, headers, cache: 'no-store' })
  }
}

async function shortTextOf({ body }: Response): Promise<string> {
  let text = ''
  const reader = textReaderOf(body!)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text
    text += value
    if (text.length > PROOF_LENGTH) throw new Error('bridge: not proved')
  }
}

function textReaderOf(body: ReadableStream<Uint8Array>): ReadableStreamDefaultReader<string> {
  return body.pipeThrough(new TextDecoderStream() as never).getReader() as ReadableStreamDefaultReader<string>
}

/** One JSON value a line, until the stream ends or has been silent for so long that it must be dead. */
async function* linesOf(body: ReadableStream<Uint8Array>, ending: AbortController): AsyncGenerator<Line> {
  const reader = textReaderOf(body)
  /** Of a line that has not ended: looked through once, and joined once. */
  let parts: string[] = []
  for (;;) {
    const silence = setTimeout(() => ending.abort(), SILENCE_MS)
    const { done, value } = await reader.read().finally(() => clearTimeout(silence))
    if (done) return
    let from = 0
    for (let at = value.indexOf('\n'); at >= 0; at = value.indexOf('\n', from)) {
      const line = [...parts, value.slice(from, at)].join('')
      parts = []
      from = at + 1
      if (line !== '') yield JSON.parse(line) as Line
    }
    parts.push(value.slice(from))
  }
}
