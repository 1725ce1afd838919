import { deleteDB } from 'idb'
import { onTestFinished } from 'vitest'
import { encodeUtf8, fromHex, toHex } from '../../src/core/bytes.ts'
import { canonicalize } from '../../src/core/canonical.ts'
import type { Memory } from '../../src/core/memory.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { tx, type Deed } from '../../src/store/deed.ts'
import { dedupKey } from '../../src/store/page.ts'
import type { BatchOrigin } from '../../src/store/schema.ts'
import { bumpEpoch, commitBatch, deleteBatch, Staging } from '../../src/store/staging.ts'

/** A database of the test's own, gone after it. */
export async function openTestDatabase(name = `test-${crypto.randomUUID()}`): Promise<Database> {
  const db = await openDatabase(() => undefined, name)
  onTestFinished(async () => {
    db.close()
    await deleteDB(name)
  })
  return db
}

export const deed = (operation = 'test'): Deed => ({ actor: 'person', operation, at: 1_700_000_000_000 })

/** What `createMemory` would make, with hashes that need not hold: the store never looks at them. */
export function fakeMemory(n: number, members: Partial<Memory> = {}): Memory {
  const hash = (text: string) => toHex(encodeUtf8(text.padEnd(32, '.')).subarray(0, 32))
  return {
    author: '00'.repeat(32),
    blind: 'AAAAAAAAAAAAAAAAAAAAAA',
    content: `content ${n}`,
    content_sha256: hash(`content ${n}`),
    created_at: '2026-01-01T00:00:00.000Z',
    entity_id: 'entity',
    id: `id-${n}`,
    leaf_hash: hash(`leaf ${n} ${Math.random()}`),
    sealed_hash: hash('sealed'),
    tags: [],
    ...members,
  }
}

export function originOf(peer: string, manifest = `${peer} manifest`): BatchOrigin {
  return {
    fingerprint: peer,
    label: peer,
    manifest,
    file_name: 'file',
    merkle_root: '00',
    stream: 'stream',
    sequence: 1,
    imported_at: '2026-01-01T00:00:00.000Z',
  }
}

export async function stage(db: Database, memories: readonly Memory[], origin: BatchOrigin | null = null) {
  const batch = crypto.randomUUID()
  const staging = await Staging.begin(db, batch, origin)
  for (const [i, memory] of memories.entries()) {
    if (staging.add(memory, lineOf(memory), dedupKey(memory), fromHex(memory.leaf_hash), i))
      await staging.flush()
  }
  await staging.flush()
  return batch
}

export async function commit(db: Database, batch: string): Promise<void> {
  await tx(db, deed('commit'), ['batches', 'pages'], async (transaction) => {
    const pages = await transaction.objectStore('pages').index('batch').getAll(batch)
    await commitBatch(
      transaction,
      batch,
      pages.reduce((sum, { count }) => sum + count, 0),
    )
    return { result: undefined, subject: {} }
  })
}

export async function put(db: Database, memories: readonly Memory[], origin: BatchOrigin | null = null) {
  const batch = await stage(db, memories, origin)
  await commit(db, batch)
  return batch
}

export async function remove(db: Database, batch: string): Promise<void> {
  await tx(db, deed('remove'), ['batches', 'pages', 'segments'], async (transaction) => {
    await deleteBatch(transaction, batch)
    await bumpEpoch(transaction)
    return { result: undefined, subject: {} }
  })
}

export async function bury(db: Database, memory: Memory): Promise<void> {
  await tx(db, deed('bury'), ['tombstones'], async (transaction) => {
    await transaction.objectStore('tombstones').put({ key: toHex(dedupKey(memory)), at: 'now' })
    return { result: undefined, subject: {} }
  })
}

export { dedupKey }

/** The line a memory has in a segment. */
export function lineOf(memory: Memory): Uint8Array {
  return encodeUtf8(canonicalize(memory))
}
