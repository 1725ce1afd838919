import {
  fromJsonSchema,
  McpServer,
  type JSONRPCMessage,
  type RequestId,
  type Transport,
  type TransportSendOptions,
} from '@modelcontextprotocol/server'
import { Waiting } from './waiting.ts'

interface Line {
  readonly hello?: { readonly version: string; readonly folder: string | null; readonly tab: string }
  readonly tab?: string
  readonly session?: string
  readonly client?: 'stdio' | 'http'
  readonly message?: JSONRPCMessage
  readonly closed?: true
  readonly displaced?: true
}

/** A page as the bridge sees it: the official server behind the bridge's protocol, with a few tools. */
export class FakeTab {
  readonly lines: Line[] = []
  /** What servers were told, in order. */
  readonly heard: { readonly session: string; readonly message: JSONRPCMessage }[] = []
  readonly changed = new Waiting()
  /** Calls of `slow` end here. */
  readonly release = new Waiting()
  isReleased = false
  isEnded = false
  readonly #sessions = new Map<string, TabTransport>()
  readonly #ended = new AbortController()
  readonly #origin: string
  readonly #pass: string

  private constructor(origin: string, pass: string) {
    this.#origin = origin
    this.#pass = pass
  }

  /** Connects; throws the bridge's answer if it is not taken. */
  static async open(origin: string, pass: string, take = false): Promise<FakeTab> {
    const tab = new FakeTab(origin, pass)
    const response = await fetch(`${origin}/bridge/tab`, {
      method: 'POST',
      headers: { authorization: `Bearer ${pass}`, origin },
      body: JSON.stringify({ take }),
      signal: tab.#ended.signal,
    })
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    void tab.#read(response.body!).then(
      () => tab.#end(),
      () => tab.#end(),
    )
    await tab.changed.until(() => tab.lines.length > 0)
    return tab
  }

  get id(): string {
    return this.lines[0]!.tab!
  }

  /** What lets the bridge know it. */
  get headers(): { readonly authorization: string; readonly 'omega-tab': string } {
    return { authorization: `Bearer ${this.#pass}`, 'omega-tab': this.id }
  }

  get sessions(): readonly string[] {
    return [...this.#sessions.keys()]
  }

  /** As a reload does. */
  close(): void {
    this.#ended.abort()
  }

  /** Closes, and waits until the bridge has seen it. */
  async gone(): Promise<void> {
    this.close()
    const nothing = { session: 'none', message: { jsonrpc: '2.0', method: 'none' } }
    while ((await this.post(nothing)).status !== 409) await new Promise(setImmediate)
  }

  post(body: unknown, tab = this.id): Promise<Response> {
    return fetch(`${this.#origin}/bridge/messages`, {
      method: 'POST',
      headers: { ...this.headers, 'omega-tab': tab },
      body: JSON.stringify(body),
    })
  }

  #end(): void {
    this.isEnded = true
    this.changed.tell()
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
      const [first, ...lines] = decoder.decode(part, { stream: true }).split('\n')
      rest += first!
      for (const line of lines) {
        await this.#take(JSON.parse(rest) as Line)
        rest = line
      }
    }
  }

  async #take(line: Line): Promise<void> {
    this.lines.push(line)
    const { session, message, closed } = line
    if (session !== undefined && closed) {
      await this.#sessions.get(session)?.close()
      this.#sessions.delete(session)
    }
    if (session !== undefined && message !== undefined) {
      this.heard.push({ session, message })
      let transport = this.#sessions.get(session)
      if (transport === undefined) {
        transport = new TabTransport((message, related) =>
          this.post({ session, message, ...(related === undefined ? {} : { related }) }),
        )
        this.#sessions.set(session, transport)
        await this.#server().connect(transport)
      }
      transport.onmessage?.(message)
    }
    this.changed.tell()
  }

  #server(): McpServer {
    const server = new McpServer(
      { name: 'fake-tab', version: this.id },
      { capabilities: { tools: {}, logging: {} } },
    )
    const text = (text: string) => ({ content: [{ type: 'text' as const, text }] })
    const shape = (properties: Record<string, object>) =>
      fromJsonSchema<Record<string, unknown>>({ type: 'object', properties })
    server.registerTool(
      'add',
      { inputSchema: shape({ a: { type: 'number' }, b: { type: 'number' } }) },
      ({ a, b }) => text(String(Number(a) + Number(b))),
    )
    server.registerTool('measure', { inputSchema: shape({ text: { type: 'string' } }) }, ({ text: long }) =>
      text(String(String(long).length)),
    )
    server.registerTool('slow', { inputSchema: shape({}) }, async (_, context) => {
      const token = context.mcpReq._meta?.progressToken
      if (token !== undefined)
        await context.mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken: token, progress: 1, total: 2 },
        })
      await this.release.until(() => this.isReleased)
      return text('done')
    })
    server.registerTool('ask', { inputSchema: shape({}) }, async (_, context) => {
      const answer = await context.mcpReq.elicitInput({
        message: 'May it?',
        requestedSchema: { type: 'object', properties: { yes: { type: 'boolean' } } },
      })
      return text(answer.action)
    })
    return server
  }
}

class TabTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  readonly #post: (message: JSONRPCMessage, related?: RequestId) => Promise<Response>

  constructor(post: (message: JSONRPCMessage, related?: RequestId) => Promise<Response>) {
    this.#post = post
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    await this.#post(message, options?.relatedRequestId).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.onclose?.()
  }
}
