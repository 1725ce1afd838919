import { canonicalize, type JsonObject } from '../core/canonical.ts'
import { toHex } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import { hashText } from '../core/hash.ts'
import { isShortString } from '../core/text.ts'
import type {
  AgentCall,
  Agents,
  Allowed,
  Ask,
  Client,
  Consent,
  Decision,
  Outcome,
  Scope,
} from '../exchange/agents.ts'
import {
  findConsent,
  giveConsent,
  isToolOn,
  listConsents,
  switchTool,
  takeConsentBack,
} from '../exchange/consents.ts'
import { nowAsTime, perform, type Instance } from '../exchange/instance.ts'
import type { Comparison } from '../exchange/peers.ts'
import type { CallOptions } from '../worker/bridge.ts'
import { freezeArguments } from './arguments.ts'
import { CallList } from './call-list.ts'
import { refusalOf } from './refusal.ts'
import { Repeats } from './repeats.ts'
import type { CallContext, Prepared, Tool } from './tool.ts'

/** Calls under way or waiting, of all clients together and of one. */
const MOST_CALLS = 32
const MOST_OF_ONE = 8
/** A person who is asked and does not answer has refused after this. */
const ANSWER_MS = 120_000

export interface DeskOptions {
  readonly instance: Instance
  readonly tools: readonly Tool[]
  readonly download: (file: File) => void
  /** Milliseconds that a person has to answer. */
  readonly answerMs?: number
}

type Cancellable = CallOptions & { readonly signal: AbortSignal }
type Live = { -readonly [Member in keyof AgentCall]: AgentCall[Member] }

/** Where calls of agents arrive: looked into, asked about where a person decides, done, written into the audit chain. */
export class Desk implements Pick<
  Agents,
  'call' | 'decide' | 'giveTime' | 'cancel' | 'listAllowed' | 'takeBack' | 'isOn' | 'setOn' | 'listen'
> {
  readonly #options: DeskOptions
  readonly #listeners = new Set<() => void>()
  readonly #deciding = new Map<string, (decision: Decision) => void>()
  readonly #waiting = new Map<string, () => void>()
  readonly #ending = new Map<string, AbortController>()
  readonly #allowed: (Allowed & { readonly session: string })[] = []
  readonly #repeats = new Repeats()
  readonly #calls = new CallList()
  /** Turned away since the last row: a flood is one number in the chain, not a row each. */
  #turnedAway = 0

  constructor(options: DeskOptions) {
    this.#options = options
  }

  get tools() {
    return this.#options.tools.map(({ info }) => info)
  }

  get calls(): readonly AgentCall[] {
    return this.#calls.all
  }

  /** Never rejects but for a fault of ours: what is refused is an answer too. */
  async call(client: Client, name: string, args: unknown, options: CallOptions = {}): Promise<Outcome> {
    const under = this.#calls.open
    const ofOne = under.filter((call) => call.client.session === client.session)
    // A person is not turned away because agents are many.
    if (client.kind !== 'person' && (under.length >= MOST_CALLS || ofOne.length >= MOST_OF_ONE)) {
      this.#turnedAway++
      return refusalOf(new ExchangeError('calls_waiting'))
    }
    const ending = new AbortController()
    const call: Live = {
      id: crypto.randomUUID(),
      client,
      tool: isShortString(name) ? name : '?',
      args: null,
      at: this.#options.instance.now(),
      state: 'working',
      ask: null,
      answerBy: null,
      consent: 'none',
      progress: null,
      result: null,
      outcome: null,
    }
    this.#ending.set(call.id, ending)
    this.#keep(call)
    const { signal } = ending
    const end = () => ending.abort()
    if (options.signal?.aborted) end()
    options.signal?.addEventListener('abort', end, { once: true })
    const onProgress: CallOptions['onProgress'] = (progress) => {
      call.progress = progress
      this.#keep(call)
      options.onProgress?.(progress)
    }
    try {
      call.outcome = await this.#answer(call, args, { signal, onProgress })
      call.result = 'ok'
    } catch (error) {
      refuse(call, error)
    } finally {
      this.#ending.delete(call.id)
      options.signal?.removeEventListener('abort', end)
    }
    try {
      await this.#record(call)
    } catch (error) {
      // What was read and cannot be accounted for is not given out. What was done has its own row.
      if (this.#isReading(call.tool)) refuse(call, error)
    }
    call.state = 'done'
    this.#keep(call)
    return call.outcome!
  }

  decide(call: string, decision: Decision): void {
    this.#deciding.get(call)?.(decision)
  }

  giveTime(call: string): void {
    this.#waiting.get(call)?.()
  }

  cancel(call: string): void {
    this.#ending.get(call)?.abort()
  }

  async listAllowed(): Promise<Allowed[]> {
    const standing = await listConsents(this.#options.instance)
    return [
      ...this.#allowed,
      ...standing.map((each) => ({ ...each, lasts: 'standing' as const, client: null })),
    ]
  }

  async takeBack(id: string): Promise<void> {
    const at = this.#allowed.findIndex((each) => each.id === id)
    const [ofSession] = at < 0 ? [] : this.#allowed.splice(at, 1)
    await takeConsentBack(this.#options.instance, ofSession ?? id)
    this.#tell()
  }

  isOn(tool: string): Promise<boolean> {
    return isToolOn(this.#options.instance, tool)
  }

  async setOn(tool: string, on: boolean): Promise<void> {
    await switchTool(this.#options.instance, tool, on)
    if (!on) this.#refuseAll((call) => call.tool === tool && call.client.kind !== 'person')
    this.#tell()
  }

  /** What was allowed for a session ends with it, and what it asked for. */
  endSession(session: string): void {
    const kept = this.#allowed.filter((each) => each.session !== session)
    this.#allowed.splice(0, Infinity, ...kept)
    this.#repeats.forget(session)
    for (const call of this.#calls.open) if (call.client.session === session) this.cancel(call.id)
    this.#tell()
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #answer(call: Live, given: unknown, options: Cancellable): Promise<Outcome> {
    const tool = this.#options.tools.find(({ info }) => info.name === call.tool)
    if (tool === undefined) throw new ExchangeError('tool_unknown')
    if (call.client.kind !== 'person' && !(await this.isOn(call.tool))) throw new ExchangeError('tool_off')
    const args = freezeArguments(given)
    call.args = args
    const { idempotency_key: key, ...rest } = args
    if (typeof key !== 'string') return this.#do(call, tool, args, options)
    // The key is the caller's own: another session has others.
    return this.#repeats.once(call.client.session, `${call.tool} ${key}`, hashArguments(rest), () =>
      this.#do(call, tool, args, options),
    )
  }

  async #do(call: Live, tool: Tool, args: JsonObject, options: Cancellable): Promise<Outcome> {
    const { instance, download } = this.#options
    const actor = call.client.kind === 'person' ? 'person' : 'agent'
    const context: CallContext = { instance: { ...instance, actor }, client: call.client, download, options }
    const prepared = await tool.prepare(context, args)
    try {
      const compared = await this.#askPerson(call, prepared, options.signal)
      options.signal.throwIfAborted()
      return { ...(await prepared.run(options, { compared })), isError: false }
    } catch (error) {
      throw options.signal.aborted ? new ExchangeError('cancelled', '', {}, { cause: error }) : error
    } finally {
      prepared.close?.()
    }
  }

  /** Throws `consent_refused`, `consent_unanswered`, and what the signal brings. */
  async #askPerson(call: Live, { ask }: Prepared, signal: AbortSignal): Promise<Comparison> {
    if (ask === null) return 'not_compared'
    const known = await this.#knownConsent(call.client, ask)
    if (known !== null) {
      call.consent = known
      return 'not_compared'
    }
    call.ask = ask
    call.state = 'asking'
    const { word, compared = 'not_compared' } = await this.#decision(call, signal).finally(() => {
      // Nobody is asked any more, before anything is done or written down.
      call.state = 'working'
      call.answerBy = null
      this.#keep(call)
    })
    if (word === 'refuse') {
      call.consent = 'refused'
      throw new ExchangeError('consent_refused')
    }
    // What cannot be allowed for longer is allowed once, whatever came.
    call.consent = ask.scope === null ? 'once' : word
    if (ask.scope !== null && word !== 'once' && (await this.#knownConsent(call.client, ask)) === null)
      await this.#allow(call.client, ask.scope, word)
    this.#keep(call)
    return compared
  }

  async #knownConsent(client: Client, { scope }: Ask): Promise<Consent | null> {
    if (scope === null) return null
    const isCovered = this.#allowed.some(
      (each) => each.session === client.session && each.tool === scope.tool && each.about === scope.about,
    )
    if (isCovered) return 'session'
    return (await findConsent(this.#options.instance, scope)) === null ? null : 'standing'
  }

  async #allow(client: Client, scope: Scope, lasts: 'session' | 'standing'): Promise<void> {
    const { instance } = this.#options
    if (lasts === 'standing') await giveConsent(instance, scope)
    else {
      const id = crypto.randomUUID()
      const given = { given_at: nowAsTime(instance), client: client.name, session: client.session }
      this.#allowed.push({ ...scope, id, lasts, ...given })
    }
    // What waits for the same word has it now.
    for (const { id, ask, client: other } of this.#calls.open) {
      const isSame = ask?.scope?.tool === scope.tool && ask.scope.about === scope.about
      if (isSame && (lasts === 'standing' || other.session === client.session))
        this.decide(id, { word: lasts })
    }
  }

  #decision(call: Live, signal: AbortSignal): Promise<Decision> {
    const { promise, resolve, reject } = withResolvers<Decision>()
    const answerMs = this.#options.answerMs ?? ANSWER_MS
    let unanswered: ReturnType<typeof setTimeout> | undefined
    const wait = () => {
      clearTimeout(unanswered)
      unanswered = setTimeout(() => {
        call.consent = 'unanswered'
        reject(new ExchangeError('consent_unanswered'))
      }, answerMs)
      call.answerBy = this.#options.instance.now() + answerMs
      this.#keep(call)
    }
    const end = () => reject(new ExchangeError('cancelled'))
    if (signal.aborted) end()
    signal.addEventListener('abort', end)
    this.#deciding.set(call.id, resolve)
    this.#waiting.set(call.id, wait)
    wait()
    return promise.finally(() => {
      clearTimeout(unanswered)
      this.#waiting.delete(call.id)
      signal.removeEventListener('abort', end)
      this.#deciding.delete(call.id)
    })
  }

  /** Each call, its answer and its consent, by their hashes: what was said is not in the chain, that it was is. */
  async #record(call: Live): Promise<void> {
    if (call.client.kind === 'person') return
    const turned_away = this.#turnedAway
    const subject: JsonObject = {
      answer: toHex(hashText(call.outcome!.text)),
      ...(call.args === null ? {} : { arguments: hashArguments(call.args) }),
      call: call.id,
      client: isShortString(call.client.name) ? call.client.name : '?',
      consent: call.consent,
      result: call.result!,
      tool: call.tool,
      way: call.client.kind,
      ...(turned_away === 0 ? {} : { turned_away }),
    }
    const instance = { ...this.#options.instance, actor: 'agent' as const }
    this.#turnedAway = 0
    try {
      await perform(instance, 'agent_called', [], async () => ({ result: undefined, subject }))
    } catch (error) {
      this.#turnedAway += turned_away
      throw error
    }
  }

  #refuseAll(which: (call: AgentCall) => boolean): void {
    for (const call of this.#calls.open) if (which(call)) this.decide(call.id, { word: 'refuse' })
  }

  #isReading(name: string): boolean {
    return this.#options.tools.some(({ info }) => info.name === name && info.annotations.readOnlyHint)
  }

  /** Shows the call as it is now. */
  #keep(call: Live): void {
    this.#calls.keep(call)
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** The call came to nothing: its answer and the list of calls say the same. */
function refuse(call: Live, error: unknown): void {
  if (!(error instanceof ExchangeError)) console.error(error)
  call.outcome = refusalOf(error)
  call.result = error instanceof ExchangeError ? error.code : 'fault'
}

/** `Promise.withResolvers`, which Firefox 115 and Safari 17 are without. */
function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

function hashArguments(args: unknown): string {
  return toHex(hashText(canonicalize(args)))
}
