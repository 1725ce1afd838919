import type { JsonObject } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { openDatabase, type ConnectionLost, type Database } from '../store/database.ts'
import { tx, type Done, type Transaction } from '../store/deed.ts'
import type { StoreName } from '../store/schema.ts'
import { sweepStaged } from '../store/staging.ts'
import type { WorkerBridge } from '../worker/bridge.ts'
import { Changes } from './changes.ts'
import { HeldKey } from './held-key.ts'

/** The background is told of a use at most this often. */
const TELL_MS = 100

/** What verifying takes: a worker and a clock, and the store if there is one. */
export interface Verifier {
  /** Null where the browser gives none; `unavailable` then says why. */
  readonly db: Database | null
  readonly unavailable: ExchangeError | null
  readonly worker: WorkerBridge
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** One sovereign instance: its store, its worker, its clock. Every deed takes it first. */
export interface Instance extends Verifier {
  readonly db: Database
  readonly changes: Changes
  /** Of a locked identity, while it is unlocked. */
  readonly heldKey: HeldKey
  /** Opened from disk: other files there may have the same store, so a key is kept locked. */
  readonly isFromDisk: boolean
  /** Who does what is done through it: a person, or an agent whom one lets. */
  readonly actor: 'person' | 'agent'
}

export interface InstanceOptions {
  readonly worker: WorkerBridge
  /** What does the worker's work in this thread: where the worker may have another store. */
  readonly workHere?: ((db: Database) => Promise<WorkerBridge>) | undefined
  readonly onLost: (why: ConnectionLost) => void
  readonly now?: () => number
  readonly isFromDisk?: boolean
  /** Name of the database, which the worker must bear too; another one in tests. */
  readonly name?: string
}

/**
 * Opens the store and clears away what was staged and never committed. Throws `context_insecure`, `storage_unavailable`,
 * `storage_newer`.
 */
export async function openInstance(options: InstanceOptions): Promise<Instance> {
  // Without keys and locks: a store that is begun here could not be worked with.
  if (!isSecureContext) throw new ExchangeError('context_insecure')
  const db = await openDatabase(options.onLost, options.name)
  const { workHere, now = Date.now, isFromDisk = location.protocol === 'file:' } = options
  const isApart = workHere && isFromDisk && !(await sharesStore(db, options.worker))
  const worker = isApart ? await workHere(db) : options.worker
  const instance: Instance = {
    db,
    unavailable: null,
    worker,
    changes: new Changes(db.name, isFromDisk),
    heldKey: new HeldKey(db.name, isFromDisk, now),
    isFromDisk,
    actor: 'person',
    now,
  }
  // Another tab that is staging holds the lock: what it stages is not ours to sweep.
  await navigator.locks.request(db.name, { ifAvailable: true }, async (lock) => lock && sweepStaged(db))
  return instance
}

/** Whether the worker has the store of the page: from disk, WebKit (seen in WebKitGTK 2.50) gives it one of its own. */
async function sharesStore(db: Database, worker: WorkerBridge): Promise<boolean> {
  const id = crypto.randomUUID()
  // Staged, and so swept if this page ends here.
  await db.put('batches', { id, state: 'staged', origin: null })
  try {
    return await worker.call('sees', { batch: id })
  } finally {
    await db.delete('batches', id)
  }
}

/** What can still be done where `openInstance` threw `cause`: to verify. Throws `cause` if it is a fault of ours. */
export function createVerifier(worker: WorkerBridge, cause: unknown): Verifier {
  if (!(cause instanceof ExchangeError)) throw cause
  return { db: null, unavailable: cause, worker, now: Date.now }
}

export function isInstance(verifier: Verifier): verifier is Instance {
  return verifier.db !== null
}

/** The instance, or why there is none. */
export function requireStore(verifier: Verifier): Instance {
  if (isInstance(verifier)) return verifier
  throw verifier.unavailable ?? new ExchangeError('storage_unavailable')
}

/** Runs `work` while no other tab changes the memories. Throws `cancelled` if `signal` fires before its turn comes. */
export async function exclusively<T>(
  instance: Instance,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let begun = false
  const begin = () => {
    begun = true
    return work()
  }
  try {
    return (await navigator.locks.request(instance.db.name, signal ? { signal } : {}, begin)) as T
  } catch (cause) {
    if (!begun && signal?.aborted) throw new ExchangeError('cancelled', '', {}, { cause })
    throw cause
  }
}

/** A deed: one transaction with its audit row, then the news of it to all tabs. */
export async function perform<Result>(
  instance: Instance,
  operation: string,
  stores: readonly StoreName[],
  work: (tx: Transaction) => Promise<Done<Result>>,
): Promise<Result> {
  const { actor } = instance
  const result = await tx(instance.db, { actor, operation, at: instance.now() }, stores, work)
  instance.changes.announce()
  return result
}

/** Whether anything is under way that the page waits for. */
export function isWorking({ worker }: Verifier): boolean {
  return worker.isBusy
}

/**
 * To be called at each thing that a person does: what works in the background then leaves the cores to the page. Where
 * all of them are at work, the page's own tasks take three times as long.
 */
export function createGivingWay(verifier: Verifier): () => void {
  let told = -Infinity
  return () => {
    const now = performance.now()
    if (!isWorking(verifier) || now - told < TELL_MS) return
    told = now
    verifier.worker.call('giveWay', {}).catch(() => undefined)
  }
}

export function nowAsTime({ now }: Verifier): string {
  return new Date(now()).toISOString()
}

/** `value` without the members that are undefined, as canonical JSON wants it. */
export function present(value: Readonly<Record<string, JsonObject[string] | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as JsonObject
}
