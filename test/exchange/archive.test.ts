import { describe, expect, it } from 'vitest'
import { backUpStore, lastBackup, openArchive } from '../../src/exchange/archive.ts'
import { checkIntegrity } from '../../src/exchange/integrity.ts'
import { restoreStore } from '../../src/exchange/restore.ts'
import { openFull } from './full.ts'
import { codeOf, dump, openTestInstance, openWithIdentity, rowsOf } from './instance.ts'

describe('a whole store', () => {
  it('comes back as it was in a browser in which nothing was done', async () => {
    const a = await openFull()
    const before = await dump(a.db)
    const { file, header } = await backUpStore(a)
    expect(header.issuer?.label).toBe('Harbour, renamed')
    const b = await openTestInstance()
    const opened = await openArchive(b, file)
    await restoreStore(b, opened)
    const after = await dump(b.db)
    for (const name of ['peers', 'manifests', 'leaves', 'places', 'forks', 'tombstones', 'batches'])
      expect(after[name], name).toEqual(before[name])
    expect(after['own_streams']).toEqual([])
    expect(after['audit']!.slice(0, -1)).toEqual(before['audit'])
    expect(after['audit']!.at(-1)).toMatchObject({ operation: 'store_restored' })
    const faults = (await checkIntegrity(b)).faults
    expect(faults).toEqual([])
    expect(await rowsOf(b)).toEqual(await rowsOf(a))
    expect(await lastBackup(b)).toBe(header.created_at)
  })

  it('is nothing to back up before anything was done', async () => {
    const a = await openTestInstance()
    expect(await codeOf(backUpStore(a))).toBe('store_empty')
    const b = await openWithIdentity('Only an identity')
    const { file } = await backUpStore(b)
    expect((await openArchive(a, file)).summary.header.memory_count).toBe(0)
  })
})
