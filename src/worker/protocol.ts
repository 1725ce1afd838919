import type { WireError } from '../core/errors.ts'
import type { VerifiedEnvelope } from '../core/verification.ts'

/** How far a task is: `done` of `total` in bytes of the file or rows of the store; memories passed so far. */
export interface Progress {
  readonly done: number
  readonly total: number
  readonly memories: number
  /** Of a manifest, once: who signed what, as soon as that is settled. */
  readonly signed?: VerifiedEnvelope
  /** Of a query: the list that holds so many memories by now. It is the caller's to release, also if the task fails. */
  readonly list?: number
}

export type Task<Input, Output> = (input: Input, context: TaskContext) => Promise<Output>

/** From the page to the worker. */
export type Request =
  | { readonly id: number; readonly task: string; readonly input: unknown }
  | { readonly id: number; readonly cancel: true }
  /** What was asked for by `read`; null if it cannot be read. */
  | { readonly given: number; readonly bytes: ArrayBuffer | null }
  /** A lane that was asked for has died. */
  | { readonly lane: number; readonly lost: string }
  /** To a lane: who asked for it is at the other end. */
  | { readonly port: MessagePort }

/** From the worker to the page. */
export type Reply =
  /** Its script runs: the first of all. */
  | { readonly started: true }
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: WireError | { readonly bug: string } }
  /** Of a worker that cannot read Blobs itself (`blob-relay.ts`). */
  | { readonly read: number; readonly blob: Blob }
  /** A lane is wanted, to be spoken to through `port`; null: no longer (`lane-request.ts`). */
  | { readonly lane: number; readonly port: MessagePort | null }

/** What a task is given beside its input. */
export interface TaskContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  /** Hands memory over with the answer instead of a copy: here it is empty from then on. */
  readonly give: (memory: ArrayBuffer) => void
}
