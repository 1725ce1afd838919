import type { JsonObject } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { openDatabase, type ConnectionLost, type Database } from '../store/database.ts'
import { tx, type Done, type Transaction } from '../store/deed.ts'
import type { StoreName } from '../store/schema.ts'
import { sweepStaged } from '../store/staging.ts'
import type { WorkerBridge } from '../worker/bridge.ts'
import { Changes } from './changes.ts'
import { HeldKey } from './held-key.ts'

/** Told as often as this, the background gets on in what is left of it, however long somebody scrolls. */
const GIVE_WAY_MS = 100
const PAUSE_MS = 70

/** One sovereign instance: its store, its worker, its clock. Every deed takes it first. */
export interface Instance {
  readonly db: Database
  readonly worker: WorkerBridge
  readonly changes: Changes
  /** Of a locked identity, while it is unlocked. */
  readonly heldKey: HeldKey
  /** Opened from disk: other files there may have the same store, so a key is kept locked. */
  readonly isFromDisk: boolean
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export interface InstanceOptions {
  readonly worker: WorkerBridge
  readonly onLost: (why: ConnectionLost) => void
  readonly now?: () => number
  readonly isFromDisk?: boolean
  /** Name of the database, which the worker must bear too; another one in tests. */
  readonly name?: string
}

/** Opens the store and clears away what was staged and never committed. Throws `storage_unavailable`, `storage_newer`. */
export async function openInstance(options: InstanceOptions): Promise<Instance> {
  const db = await openDatabase(options.onLost, options.name)
  const now = options.now ?? Date.now
  const instance: Instance = {
    db,
    worker: options.worker,
    changes: new Changes(db.name),
    heldKey: new HeldKey(db.name, now),
    isFromDisk: options.isFromDisk ?? location.protocol === 'file:',
    now,
  }
  // Another tab that is staging holds the lock: what it stages is not ours to sweep.
  await navigator.locks.request(db.name, { ifAvailable: true }, async (lock) => lock && sweepStaged(db))
  return instance
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

/** A deed of a person: one transaction with its audit row, then the news of it to all tabs. */
export async function perform<Result>(
  instance: Instance,
  operation: string,
  stores: readonly StoreName[],
  work: (tx: Transaction) => Promise<Done<Result>>,
): Promise<Result> {
  const result = await tx(instance.db, { actor: 'person', operation, at: instance.now() }, stores, work)
  instance.changes.announce()
  return result
}

/** Whether anything is under way that the page waits for. */
export function isWorking({ worker }: Instance): boolean {
  return worker.isBusy
}

/**
 * To be called at each thing that a person does: what works in the background then leaves the cores to the page. Where
 * all of them are at work, the page's own tasks take three times as long.
 */
export function createGivingWay(instance: Instance): () => void {
  let told = -Infinity
  return () => {
    const now = performance.now()
    if (!isWorking(instance) || now - told < GIVE_WAY_MS) return
    told = now
    instance.worker.call('giveWay', { ms: PAUSE_MS }).catch(() => undefined)
  }
}

export function nowAsTime(instance: Instance): string {
  return new Date(instance.now()).toISOString()
}

/** `value` without the members that are undefined, as canonical JSON wants it. */
export function present(value: Readonly<Record<string, JsonObject[string] | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as JsonObject
}
