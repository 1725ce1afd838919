import { openDB, unwrap, wrap, type IDBPDatabase, type IDBPTransaction } from 'idb'
import { ExchangeError } from '../core/errors.ts'
import type { OmegaSchema, StoreName } from './schema.ts'

export type Database = IDBPDatabase<OmegaSchema>
type Upgrade = IDBPTransaction<OmegaSchema, StoreName[], 'versionchange'>

export const DATABASE_NAME = 'omega-exchange'

/**
 * What each version adds, oldest first and never changed once shipped: a store of any age is brought up
 * by running those it has not had.
 */
const MIGRATIONS: readonly ((db: Database, tx: Upgrade) => void)[] = [
  (db) => {
    db.createObjectStore('segments', { keyPath: 'id', autoIncrement: true })
    db.createObjectStore('pages', { keyPath: 'id' }).createIndex('batch', 'batch')
    db.createObjectStore('batches', { keyPath: 'id' })
    db.createObjectStore('tombstones', { keyPath: 'key' })
    db.createObjectStore('identities', { keyPath: 'fingerprint' })
    db.createObjectStore('peers', { keyPath: 'fingerprint' })
    db.createObjectStore('manifests', { keyPath: 'id' })
    db.createObjectStore('leaves', { keyPath: 'id' })
    db.createObjectStore('places', { keyPath: ['issuer', 'stream', 'sequence'] })
    db.createObjectStore('forks', { keyPath: ['issuer', 'stream', 'refused.id'] })
    db.createObjectStore('own_streams', { keyPath: 'stream' })
    db.createObjectStore('audit', { keyPath: 'seq' })
    db.createObjectStore('settings', { keyPath: 'name' })
  },
  (db) => {
    db.createObjectStore('consents', { keyPath: 'id' })
  },
]

/** What a tab is told when its connection can no longer be used; it must be loaded again. */
export type ConnectionLost = 'newer_version' | 'terminated'

/**
 * Opens the store, bringing it up to date. Throws `storage_unavailable` where the browser keeps nothing
 * (blocked, some private windows), `storage_newer` for a store of a later version of the program.
 */
export async function openDatabase(
  onLost: (why: ConnectionLost) => void,
  name = DATABASE_NAME,
): Promise<Database> {
  try {
    const db: Database = await openDB<OmegaSchema>(name, MIGRATIONS.length, {
      upgrade(database, from, _to, tx) {
        for (const migrate of MIGRATIONS.slice(from)) migrate(database, tx)
      },
      blocking() {
        // Another tab brings a newer version: holding on would keep it from opening at all.
        db.close()
        onLost('newer_version')
      },
      terminated: () => onLost('terminated'),
    })
    answerForDone(unwrap(db))
    return db
  } catch (cause) {
    const newer = cause instanceof DOMException && cause.name === 'VersionError'
    throw new ExchangeError(newer ? 'storage_newer' : 'storage_unavailable', describe(cause), {}, { cause })
  }
}

/**
 * A failed transaction rejects `done` beside the request that failed, whether or not anybody asked for `done`: who reads
 * does not, and who writes awaits it. Without this the browser reports each as uncaught.
 */
function answerForDone(db: IDBDatabase): void {
  const transaction = db.transaction.bind(db)
  db.transaction = (...args) => {
    const begun = transaction(...args)
    wrap(begun).done.catch(() => undefined)
    return begun
  }
}

/** A failed write as a code of ours; errors of ours pass as they are. */
export function toStorageError(cause: unknown): unknown {
  if (cause instanceof ExchangeError || !(cause instanceof DOMException)) return cause
  if (cause.name === 'QuotaExceededError')
    return new ExchangeError('storage_full', describe(cause), {}, { cause })
  const gone =
    cause.name === 'InvalidStateError' || cause.name === 'UnknownError' || cause.name === 'AbortError'
  return gone ? new ExchangeError('storage_unavailable', describe(cause), {}, { cause }) : cause
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
