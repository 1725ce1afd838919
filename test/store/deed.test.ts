import { describe, expect, it } from 'vitest'
import { ExchangeError } from '../../src/core/errors.ts'
import { tx } from '../../src/store/deed.ts'
import type { AuditRow } from '../../src/core/audit.ts'
import { codeOf, dump } from '../exchange/instance.ts'
import { deed, openTestDatabase } from './database.ts'

/** RFC 8785 for what stands in an audit row: members sorted, nothing else to do. */
function naiveJcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(naiveJcs).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${naiveJcs(member)}`).join(',')}}`
}

/** Manifest-format, 9, with the platform's SHA-256. */
async function naiveRowHash({ row_hash: _, ...row }: AuditRow): Promise<string> {
  const text = new TextEncoder().encode(`\u0000omega-audit-row/1\n${naiveJcs(row)}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

const done = (subject = {}) => Promise.resolve({ result: undefined, subject })

describe('the audit chain', () => {
  it('has one row a deed, each bound to the one before', async () => {
    const db = await openTestDatabase()
    await tx(db, deed('first'), [], () => done({ z: 1, a: [{ ü: 'é\u2028' }] }))
    await tx(db, { actor: 'agent', operation: 'second', at: 0 }, ['peers'], () => done())
    await tx(db, deed('third'), [], async () => ({ result: 1, subject: {}, leaf_hash: 'ab'.repeat(32) }))
    const rows = await db.getAll('audit')
    expect(rows.map(({ seq, operation, actor }) => [seq, operation, actor])).toEqual([
      [1, 'first', 'person'],
      [2, 'second', 'agent'],
      [3, 'third', 'person'],
    ])
    expect(rows[0]!.previous).toBe('0'.repeat(64))
    for (const [i, row] of rows.entries()) {
      expect(row.row_hash).toBe(await naiveRowHash(row))
      if (i > 0) expect(row.previous).toBe(rows[i - 1]!.row_hash)
      expect(row.salt).toMatch(/^[A-Za-z0-9_-]{22}$/)
    }
    expect(new Set(rows.map(({ salt }) => salt)).size).toBe(3)
    expect(Object.keys(rows[0]!).sort()).toEqual(
      ['actor', 'at', 'operation', 'previous', 'row_hash', 'salt', 'seq', 'subject'].sort(),
    )
    expect(rows[2]!.leaf_hash).toBe('ab'.repeat(32))
    expect(rows[1]!.at).toBe('1970-01-01T00:00:00.000Z')
  })

  it('stays whole when many write at once, over two connections', async () => {
    const db = await openTestDatabase()
    const other = await openTestDatabase(db.name)
    const deeds = Array.from({ length: 40 }, (_, i) =>
      tx(i % 2 === 0 ? db : other, deed(`deed ${i}`), ['settings'], async (transaction) => {
        await transaction.objectStore('settings').put({ name: `n${i}`, value: i })
        return done({ i })
      }),
    )
    await Promise.all(deeds)
    const rows = await db.getAll('audit')
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    for (const [i, row] of rows.slice(1).entries()) expect(row.previous).toBe(rows[i]!.row_hash)
    expect((await db.get('settings', 'generation'))!.value).toBe(40)
  })

  it('answers what the work answers', async () => {
    const db = await openTestDatabase()
    expect(await tx(db, deed(), [], async () => ({ result: 'answer', subject: {} }))).toBe('answer')
  })
})

describe('a deed that fails', () => {
  it('leaves nothing half written and no row', async () => {
    const db = await openTestDatabase()
    await tx(db, deed(), [], () => done())
    const before = await dump(db)
    const work = tx(db, deed('failing'), ['tombstones', 'settings'], async (transaction) => {
      await transaction.objectStore('tombstones').put({ key: 'k', at: 't' })
      await transaction.objectStore('settings').put({ name: 'x', value: 1 })
      throw new ExchangeError('peer_unknown')
    })
    expect(await codeOf(work)).toBe('peer_unknown')
    expect(await dump(db)).toEqual(before)
  })

  it('is undone when a request fails, and when the subject is not canonical', async () => {
    const db = await openTestDatabase()
    const row = { id: 'b', state: 'visible', origin: null } as const
    await db.put('batches', row)
    const before = await dump(db)
    const twice = tx(db, deed(), ['batches', 'tombstones'], async (transaction) => {
      await transaction.objectStore('tombstones').put({ key: 'k', at: 't' })
      await transaction.objectStore('batches').add(row)
      return done()
    })
    await expect(twice).rejects.toThrow()
    const subject = { value: Number.NaN }
    const odd = tx(db, deed(), ['tombstones'], async (transaction) => {
      await transaction.objectStore('tombstones').put({ key: 'k', at: 't' })
      return done(subject)
    })
    expect(await codeOf(odd)).toBe('not_canonical')
    expect(await dump(db)).toEqual(before)
  })

  it('says that the storage is gone on a closed connection', async () => {
    const db = await openTestDatabase()
    db.close()
    expect(await codeOf(tx(db, deed(), [], () => done()))).toBe('storage_unavailable')
  })
})
