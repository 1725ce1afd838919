import type { IDBPTransaction } from 'idb'
import { FIRST_PREVIOUS, hashAuditRow } from '../core/audit.ts'
import { toBase64Url } from '../core/bytes.ts'
import type { JsonObject } from '../core/canonical.ts'
import { toStorageError, type Database } from './database.ts'
import type { OmegaSchema, StoreName } from './schema.ts'

export type Transaction = IDBPTransaction<OmegaSchema, StoreName[], 'readwrite'>

/** What is about to be done, as its audit row tells it. */
export interface Deed {
  readonly actor: 'person' | 'agent'
  readonly operation: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What was done: the subject of the audit row, and for a deed on one memory its leaf. */
export interface Done<Result> {
  readonly result: Result
  readonly subject: JsonObject
  readonly leaf_hash?: string
}

/**
 * Every change to the store goes through here: `work` and its audit row are one transaction, done or not
 * begun. `work` must await nothing but requests of `tx`. Throws what `work` throws, `storage_full`,
 * `storage_unavailable`.
 */
export async function tx<Result>(
  db: Database,
  deed: Deed,
  stores: readonly StoreName[],
  work: (tx: Transaction) => Promise<Done<Result>>,
): Promise<Result> {
  try {
    // Durability is asked for: a person is told "done" only when a power cut cannot undo it.
    const transaction = db.transaction(
      [...new Set<StoreName>([...stores, 'audit', 'settings'])],
      'readwrite',
      {
        durability: 'strict',
      },
    )
    try {
      const done = await work(transaction)
      await appendAuditRow(transaction, deed, done)
      await bumpGeneration(transaction)
      await transaction.done
      return done.result
    } catch (error) {
      abort(transaction)
      throw error
    }
  } catch (error) {
    throw toStorageError(error)
  }
}

async function appendAuditRow<Result>(
  transaction: Transaction,
  deed: Deed,
  done: Done<Result>,
): Promise<void> {
  const audit = transaction.objectStore('audit')
  const last = (await audit.openCursor(null, 'prev'))?.value
  const row = {
    actor: deed.actor,
    at: new Date(deed.at).toISOString(),
    ...(done.leaf_hash === undefined ? {} : { leaf_hash: done.leaf_hash }),
    operation: deed.operation,
    previous: last?.row_hash ?? FIRST_PREVIOUS,
    salt: toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
    seq: (last?.seq ?? 0) + 1,
    subject: done.subject,
  }
  await audit.add({ ...row, row_hash: hashAuditRow(row) })
}

/** Tells other tabs and the index, by one number, that something has changed. */
async function bumpGeneration(transaction: Transaction): Promise<void> {
  const settings = transaction.objectStore('settings')
  const now = (await settings.get('generation'))?.value
  await settings.put({ name: 'generation', value: (typeof now === 'number' ? now : 0) + 1 })
}

function abort(transaction: Transaction): void {
  try {
    transaction.abort()
  } catch {
    // Already aborted by the error itself.
  }
}
