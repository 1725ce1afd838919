import { randomUUID } from 'node:crypto'
import {
  isInitializeRequest,
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCErrorResponse,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type JSONRPCResultResponse,
  type RequestId,
} from '@modelcontextprotocol/server'
import { errorAnswer, METHOD_NOT_FOUND, refusal, type RefusalCode } from './refusals.ts'
import type { Tab } from './tab.ts'

export type Kind = 'stdio' | 'http'

/** The way back to a client. */
export interface Client {
  readonly kind: Kind
  /** `related`: the request of the client that the message belongs to. */
  send(message: JSONRPCMessage, related?: RequestId): Promise<void>
  /** The client called this request off: no answer will come. */
  forget(id: RequestId): void
  /** Its `initialize` was refused: there is nothing to go on with. */
  refused(): void
}

/** What sessions share. */
export interface Terms {
  /** How long a request waits for a tab, in milliseconds. */
  readonly waitMs: number
  /** What a person is to open, for the words of an error. */
  readonly address: string
  /** Bytes that wait in all sessions; the relay keeps count. */
  readonly room: { free: number }
}

type Answer = JSONRPCResultResponse | JSONRPCErrorResponse

interface Open {
  readonly token: RequestId | undefined
  /** Held until there is a tab to hand it to. */
  waiting: { readonly message: JSONRPCRequest; readonly bytes: number; readonly timer: NodeJS.Timeout } | null
}

const MOST_REQUESTS = 256
const NOTIFICATION_LENGTH = 64 * 1024

/**
 * One client's conversation with the server in the tab. A tab that comes anew has a new server: the client's
 * `initialize` is put to it again, and only then what waits.
 */
export class Session {
  readonly id: string = randomUUID()
  readonly client: Client
  readonly #terms: Terms
  #tab: Tab | null = null
  /** Whether what comes may go to the tab at once. */
  #isUp = false
  /** The id under which `initialize` was put to this tab again; its answer is not the client's. */
  #again: string | null = null
  #initialize: JSONRPCRequest | null = null
  #initialized: JSONRPCNotification | null = null
  /** The client's requests that are not answered. */
  readonly #open = new Map<RequestId, Open>()
  /** The tab's requests, by the id they have for the client: another tab begins to count anew. */
  readonly #asked = new Map<RequestId, RequestId>()
  #count = 0
  /** Whether this tab has been told anything of the session. */
  #isKnown = false

  constructor(client: Client, terms: Terms) {
    this.client = client
    this.#terms = terms
  }

  /** Takes a message of the client. */
  fromClient(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) this.#request(message)
    else if (isJSONRPCNotification(message)) this.#notification(message)
    else this.#answer(message as Answer)
  }

  #request(message: JSONRPCRequest): void {
    const { id, method, params } = message
    // What asks for it falls back to `initialize`, which is what can be put to another tab again.
    if (method === 'server/discover')
      return this.#send(errorAnswer(id, { code: METHOD_NOT_FOUND, message: 'Method not found' }))
    if (this.#open.has(id)) return
    if (this.#open.size >= MOST_REQUESTS)
      return this.#refuse(id, 'too_many_requests', `${MOST_REQUESTS} requests wait already: ask again later.`)
    if (isInitializeRequest(message)) {
      this.#initialize = message
      this.#initialized = null
    }
    this.#open.set(id, { token: params?._meta?.progressToken, waiting: null })
    if (!this.#isUp || this.#tab === null) return this.#wait(message)
    if (this.#tab.isFull) return this.#refuse(id, 'tab_busy', 'The tab does not keep up: ask again later.')
    this.#toTab(message)
  }

  #notification(message: JSONRPCNotification): void {
    if (message.method === 'notifications/initialized') this.#initialized = message
    if (message.method === 'notifications/cancelled') {
      const id = message.params?.['requestId'] as RequestId
      const open = this.#open.get(id)
      if (open === undefined || id === this.#initialize?.id) return
      this.#drop(id)
      this.client.forget(id)
      if (open.waiting !== null) return
    }
    // Nothing that a client has to say unasked is long; what is would only keep the page busy.
    if (JSON.stringify(message).length > NOTIFICATION_LENGTH) return
    if (this.#isUp && this.#tab?.isFull === false) this.#toTab(message)
  }

  #answer(message: Answer): void {
    const id = message.id === undefined ? undefined : this.#asked.get(message.id)
    if (id === undefined) return
    this.#asked.delete(message.id!)
    this.#toTab({ ...message, id })
  }

  /** Takes a message of the tab. `related`: the client's request it belongs to, where the tab says so. */
  async fromTab(message: JSONRPCMessage, related?: RequestId): Promise<void> {
    if (isJSONRPCRequest(message)) {
      if (this.#asked.size >= MOST_REQUESTS)
        return this.#toTab(
          errorAnswer(message.id, refusal('too_many_requests', 'Too many requests wait for the client.')),
        )
      const id = `tab-${++this.#count}`
      this.#asked.set(id, message.id)
      return this.client.send({ ...message, id }, this.#related(related))
    }
    if (isJSONRPCNotification(message)) return this.#notify(message, related)
    const { id } = message as Answer
    if (id === undefined) return
    if (id === this.#again) return this.#goOn(message as Answer)
    if (!this.#open.has(id)) return
    this.#drop(id)
    await this.client.send(message)
    if (id === this.#initialize?.id && isJSONRPCErrorResponse(message)) this.client.refused()
  }

  async #notify(message: JSONRPCNotification, related?: RequestId): Promise<void> {
    const { method, params } = message
    if (method === 'notifications/progress') {
      const token = params?.['progressToken']
      const id = [...this.#open].find(([, open]) => open.token !== undefined && open.token === token)?.[0]
      return this.client.send(message, this.#related(related ?? id))
    }
    if (method === 'notifications/cancelled') {
      const id = [...this.#asked].find(([, asked]) => asked === params?.['requestId'])?.[0]
      if (id === undefined) return
      this.#asked.delete(id)
      return this.client.send({ ...message, params: { ...params, requestId: id } }, this.#related(related))
    }
    return this.client.send(message, this.#related(related))
  }

  #related(id: RequestId | undefined): RequestId | undefined {
    return id !== undefined && this.#open.has(id) ? id : undefined
  }

  /** A tab has come. */
  attach(tab: Tab): void {
    this.#tab = tab
    this.#isKnown = false
    this.#again = null
    if (this.#initialize === null || this.#open.has(this.#initialize.id)) return this.#flush()
    this.#again = `again-${randomUUID()}`
    this.#toTab({ ...this.#initialize, id: this.#again })
  }

  /** The tab answered to what was put to it again. */
  #goOn(answer: Answer): void {
    this.#again = null
    if (isJSONRPCErrorResponse(answer)) {
      for (const id of [...this.#open.keys()])
        this.#refuse(
          id,
          'session_lost',
          'The page, loaded anew, does not take this client back: connect again.',
        )
      return this.client.refused()
    }
    if (this.#initialized !== null) this.#toTab(this.#initialized)
    this.#flush()
  }

  #flush(): void {
    this.#isUp = true
    for (const { waiting } of this.#open.values()) if (waiting !== null) this.#toTab(waiting.message)
    for (const open of this.#open.values()) this.#release(open)
  }

  /** The tab has gone: what it was doing may be done or not. */
  detach(): void {
    this.#tab = null
    this.#isUp = false
    this.#again = null
    for (const [id, { waiting }] of [...this.#open]) {
      if (waiting !== null) continue
      if (id === this.#initialize?.id) this.#wait(this.#initialize)
      else
        this.#refuse(
          id,
          'tab_ended',
          'The page of Omega Exchange was closed or loaded anew while this was under way. ' +
            'Whether it was done is not known here: look it up before asking again.',
        )
    }
    for (const requestId of this.#asked.keys())
      this.#send({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId, reason: 'The page was closed or loaded anew.' },
      })
    this.#asked.clear()
  }

  /** The client has gone. */
  end(): void {
    for (const id of [...this.#open.keys()]) this.#drop(id)
    if (this.#isKnown) this.#tab?.write({ session: this.id, closed: true })
    this.#tab = null
    this.#isUp = false
  }

  #wait(message: JSONRPCRequest): void {
    const bytes = JSON.stringify(message).length
    if (bytes > this.#terms.room.free)
      return this.#refuse(message.id, 'tab_busy', 'Too much waits for a tab already: ask again later.')
    this.#terms.room.free -= bytes
    const timer = setTimeout(() => this.#giveUp(message.id), this.#terms.waitMs)
    this.#open.get(message.id)!.waiting = { message, bytes, timer }
  }

  #giveUp(id: RequestId): void {
    if (this.#tab !== null)
      return this.#refuse(id, 'tab_silent', 'The tab of Omega Exchange does not answer: load it anew.')
    this.#refuse(id, 'no_tab', `No tab of Omega Exchange is open. ${this.#terms.address}`)
  }

  #refuse(id: RequestId, code: RefusalCode, words: string): void {
    const isOpening = id === this.#initialize?.id && this.#open.has(id)
    this.#drop(id)
    this.#send(errorAnswer(id, refusal(code, words)))
    if (!isOpening) return
    this.#initialize = null
    this.client.refused()
  }

  #drop(id: RequestId): void {
    const open = this.#open.get(id)
    if (open !== undefined) this.#release(open)
    this.#open.delete(id)
  }

  #release(open: Open): void {
    if (open.waiting === null) return
    clearTimeout(open.waiting.timer)
    this.#terms.room.free += open.waiting.bytes
    open.waiting = null
  }

  /** What cannot be sent has nobody waiting for it any more. */
  #send(message: JSONRPCMessage): void {
    this.client.send(message).catch(() => undefined)
  }

  #toTab(message: JSONRPCMessage): void {
    this.#isKnown = true
    this.#tab?.write({ session: this.id, client: this.client.kind, message })
  }
}
