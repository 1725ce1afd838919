import type { JsonObject, JsonValue } from '../core/canonical.ts'
import type { Code } from '../core/codes.ts'
import type { Comparison } from '../store/schema.ts'
import type { CallOptions } from '../worker/bridge.ts'
import type { Progress } from '../worker/protocol.ts'

/** A tool as it is given out to agents, and as a form is made from it. */
export interface ToolInfo {
  readonly name: string
  readonly title: string
  readonly description: string
  /** JSON Schema of the arguments: an object with no members but these. */
  readonly inputSchema: JsonObject
  readonly outputSchema: JsonObject
  readonly annotations: {
    readonly readOnlyHint: boolean
    readonly destructiveHint: boolean
    readonly idempotentHint: boolean
    readonly openWorldHint: false
  }
}

/** Who calls. `name` is what it calls itself, which nobody has checked. */
export interface Client {
  /** One session: what is allowed for the session ends with it. */
  readonly session: string
  readonly kind: 'person' | 'browser' | 'bridge'
  readonly name: string
  /** Where it can hand files over and take them; null where it cannot. */
  readonly files: ClientFiles | null
}

/** The folder of a bridge. Paths are relative to it. */
export interface ClientFiles {
  /** Throws `path_no_folder`, `path_refused`, `path_missing`, `file_unreadable`, `bridge_lost`, `cancelled`. */
  open(path: string, signal?: AbortSignal): Promise<File>
  /** Whether a file is there. Throws as `open`, but for `path_missing`. */
  has(path: string, signal?: AbortSignal): Promise<boolean>
  /** Answers the path of what was written. Throws as `open`, and `path_exists`, `storage_full`. */
  save(path: string, file: File, signal?: AbortSignal): Promise<string>
}

/** What one word of a person covers beyond the one call. */
export interface Scope {
  readonly tool: string
  /** `all`, `entity:…` or `peer:…` with the fingerprint. */
  readonly about: string
}

/** What a person is asked: what an agent wants to do, in whose name, and what it changes. */
export interface Ask {
  /** `Export 152 memories`. */
  readonly title: string
  /** Values may come from a stranger. */
  readonly facts: readonly { readonly name: string; readonly value: string }[]
  /** The key that this is about. */
  readonly key?: { readonly fingerprint: string; readonly label: string }
  /** The text of what is to be kept or was found, to be read before it is decided. */
  readonly text?: string
  /** What will be otherwise afterwards. */
  readonly changes: string
  /** What can be allowed for longer than this once; null: nothing, as for all changes of trust. */
  readonly scope: Scope | null
  /** The identity is locked, and what is asked for needs it. */
  readonly needsKey: boolean
  /** How the key was compared is for the person to say. */
  readonly asksComparison: boolean
}

export type Consent = 'none' | 'once' | 'session' | 'standing' | 'refused' | 'unanswered'

export interface Decision {
  readonly word: 'once' | 'session' | 'standing' | 'refuse'
  readonly compared?: Comparison
}

/** What a tool answers: the words, and the same as data. */
export interface Answer {
  readonly text: string
  readonly structured: JsonObject
}

export interface Outcome extends Answer {
  readonly isError: boolean
}

/** One call, as it is shown while it goes on and afterwards. */
export interface AgentCall {
  readonly id: string
  readonly client: Client
  readonly tool: string
  /** As they were checked; null where they were refused before. */
  readonly args: JsonValue | null
  readonly at: number
  readonly state: 'working' | 'asking' | 'done'
  readonly ask: Ask | null
  /** While it is asking: when it is refused if nobody answers, in milliseconds of this machine's clock. */
  readonly answerBy: number | null
  readonly consent: Consent
  readonly progress: Progress | null
  /** Of a call that is done: `ok`, the code of its refusal, or a fault of this program. */
  readonly result: 'ok' | 'fault' | Code | null
  readonly outcome: Outcome | null
}

/** What was allowed for longer than once. */
export interface Allowed extends Scope {
  readonly id: string
  readonly lasts: 'session' | 'standing'
  readonly client: string | null
  readonly given_at: string
}

/** What agents are let do, as screens see it; the tools themselves are loaded when this is. */
export interface Agents {
  readonly tools: readonly ToolInfo[]
  /** Newest first, the last hundred, of this tab. */
  readonly calls: readonly AgentCall[]
  call(client: Client, tool: string, args: unknown, options?: CallOptions): Promise<Outcome>
  decide(call: string, decision: Decision): void
  /** The person is there and needs longer: the time to answer begins anew. */
  giveTime(call: string): void
  /** Ends a call that is under way. */
  cancel(call: string): void
  listAllowed(): Promise<Allowed[]>
  takeBack(id: string): Promise<void>
  isOn(tool: string): Promise<boolean>
  setOn(tool: string, on: boolean): Promise<void>
  /** Where calls can come from now. */
  readonly ways: { readonly browser: boolean; readonly bridge: BridgeState }
  /** Connects this tab in the place of another. */
  takeBridge(): void
  /** Answers how to stop listening. */
  listen(listener: () => void): () => void
}

/** `none`: this page was not opened by a bridge. `taken`: calls go to another tab. */
export type BridgeState =
  | { readonly state: 'none' | 'connecting' | 'lost' | 'taken' }
  | { readonly state: 'connected'; readonly folder: string | null }
