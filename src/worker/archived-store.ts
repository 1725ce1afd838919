import type { Database } from '../store/database.ts'
import type { Holdings } from '../store/archive-records.ts'

/**
 * The records of an archive, answered as the store would answer them: what checks a store checks an archive, so that
 * nothing is restored that the integrity check would find fault with.
 */
export function asDatabase(holdings: Holdings): Database {
  const byKey = (records: readonly object[], key: string) =>
    new Map(records.map((record) => [Reflect.get(record, key) as unknown, record]))
  const manifests = byKey(holdings.manifests, 'id')
  const all: Readonly<Record<string, readonly object[]>> = {
    manifests: holdings.manifests,
    places: holdings.places,
    forks: holdings.forks,
    own_streams: holdings.streams,
    peers: holdings.peers,
    identities: holdings.identities,
  }
  const store = {
    async get(name: string, key: string): Promise<unknown> {
      if (name === 'manifests') return manifests.get(key)
      if (name === 'leaves') {
        const leaves = holdings.leaves.get(key)
        return leaves && { id: key, leaves }
      }
      // Each deed counts one up beside its row.
      if (name === 'settings' && key === 'generation') return { name: key, value: holdings.audit.length }
      return undefined
    },
    async getAll(name: string, range?: IDBKeyRange, count?: number): Promise<readonly object[]> {
      if (name !== 'audit') return all[name] ?? []
      // Rows stand in their places: `seq` counts from 1.
      const from = range === undefined ? 0 : Number(range.lower)
      return holdings.audit.slice(from, count === undefined ? undefined : from + count)
    },
    async getAllKeys(name: string, range?: IDBKeyRange, count?: number): Promise<unknown[]> {
      if (name === 'manifests') return [...manifests.keys()]
      return (await store.getAll(name, range, count)).map((row) => Reflect.get(row, 'seq') as unknown)
    },
  }
  return store as unknown as Database
}
