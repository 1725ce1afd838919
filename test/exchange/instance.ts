import { deleteDB } from 'idb'
import workerUrl from 'virtual:omega-worker'
import { onTestFinished } from 'vitest'
import { createIdentity, type Identity } from '../../src/exchange/identity.ts'
import { openInstance, type Instance } from '../../src/exchange/instance.ts'
import { queryMemories, readMemory, type MemoryDetail } from '../../src/exchange/memories.ts'
import { trustPeer, type Peer } from '../../src/exchange/peers.ts'
import type { Database } from '../../src/store/database.ts'
import { WorkerBridge, type WorkerLike } from '../../src/worker/bridge.ts'
import { LANE_NAME, withLanes } from '../../src/worker/lane-host.ts'

export interface TestInstance extends Instance {
  readonly name: string
  /** The clock: moves only when a test moves it. */
  readonly clock: { ms: number }
  /** The worker that runs at present, to be ended by force. */
  readonly workers: WorkerLike[]
  readonly lost: string[]
  close(): void
}

const START = Date.parse('2026-05-04T08:00:00.000Z')

/** The worker as a build has it, under a name of the test's own; the app starts it through `start.ts`. */
export function startTestWorker(name: string): WorkerLike {
  return withLanes(new Worker(workerUrl, { name }), startTestLane)
}

export function startTestLane(): Worker {
  return new Worker(workerUrl, { name: LANE_NAME })
}

/** An instance with a database of its own, gone after the test; with the same `name`, another tab of it. */
export async function openTestInstance(
  name = `test-${crypto.randomUUID()}`,
  clock = { ms: START },
  isFromDisk = false,
): Promise<TestInstance> {
  const workers: WorkerLike[] = []
  const lost: string[] = []
  const worker = new WorkerBridge(() => {
    const started = startTestWorker(name)
    workers.push(started)
    return started
  })
  const instance = await openInstance({
    worker,
    name,
    isFromDisk,
    now: () => clock.ms,
    onLost: (why) => lost.push(why),
  })
  const close = () => {
    worker.close()
    instance.changes.close()
    instance.heldKey.close()
    instance.db.close()
  }
  onTestFinished(async () => {
    close()
    await deleteDB(name)
  })
  return { ...instance, name, clock, workers, lost, close }
}

/** An instance with an identity, labelled. */
export async function openWithIdentity(
  label: string,
): Promise<TestInstance & { readonly identity: Identity }> {
  const instance = await openTestInstance()
  const { identity } = await createIdentity(instance, { label })
  return { ...instance, identity }
}

export function trust(
  instance: Instance,
  { public_key_pem, label }: { public_key_pem: string; label: string },
) {
  return trustPeer(instance, { public_key_pem, label, compared: 'phone' }) satisfies Promise<Peer>
}

/** All that a query finds, each memory whole. */
export async function rowsOf(
  instance: Instance,
  filter: Parameters<typeof queryMemories>[1] = {},
): Promise<MemoryDetail[]> {
  const list = await queryMemories(instance, filter)
  const rows = await list.rows(0, list.count)
  list.close()
  return Promise.all(rows.map(async ({ key }) => (await readMemory(instance, key))!))
}

/** Everything the database holds, byte for byte, in a form that can be compared. */
export async function dump(db: Database): Promise<Record<string, unknown[]>> {
  const stores = [...db.objectStoreNames]
  const tx = db.transaction(stores)
  const held = await Promise.all(
    stores.map(async (name) => [name, await tx.objectStore(name).getAll()] as const),
  )
  const contents = held.map(
    async ([name, records]) => [name, await Promise.all(records.map(comparable))] as const,
  )
  return Object.fromEntries(await Promise.all(contents))
}

async function comparable(value: unknown): Promise<unknown> {
  if (value instanceof Blob) return `Blob ${String(new Uint8Array(await value.arrayBuffer()))}`
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} ${String(value)}`
  if (value instanceof CryptoKey) return `key ${value.type} ${String(value.extractable)}`
  if (Array.isArray(value)) return Promise.all(value.map(comparable))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(async ([name, member]) => [name, await comparable(member)])
  return Object.fromEntries(await Promise.all(members)) as object
}

/** The code a promise rejects with; what else it rejects with, or that it does not, is shown as text. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    (value) => `fulfilled: ${JSON.stringify(value)}`,
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  )
}
