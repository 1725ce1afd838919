import { describe, expect, it } from 'vitest'
import { canonicalize } from '../../src/core/canonical.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { sweepStaged } from '../../src/store/staging.ts'
import { openInstance } from '../../src/exchange/instance.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import { startTestWorker } from '../exchange/instance.ts'
import {
  bury,
  commit,
  dedupKey,
  fakeMemory,
  openTestDatabase,
  originOf,
  put,
  remove,
  stage,
} from './database.ts'

const many = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => fakeMemory(from + i))

describe('lines', () => {
  it('come back byte for byte over many segments', async () => {
    const db = await openTestDatabase()
    const memories = [
      ...many(0, 4100).map((_, i) => fakeMemory(i, { content: 'x'.repeat(4000) })),
      fakeMemory(5000, { content: 'é\u2028😀'.repeat(300_000) }),
      ...many(6000, 6003),
    ]
    await put(db, memories)
    expect(await db.count('segments')).toBeGreaterThan(2)
    const store = new MemoryStore(db)
    const index = await store.upToDate()
    expect(index.lines).toBe(memories.length)
    const texts = await store.readLines(
      index,
      memories.map((_, i) => i),
    )
    for (const [i, memory] of memories.entries()) expect(texts[i] === canonicalize(memory)).toBe(true)
  })

  it('that are missing are damage, said so', async () => {
    const db = await openTestDatabase()
    await put(db, many(0, 2))
    const store = new MemoryStore(db)
    const index = await store.upToDate()
    await db.clear('segments')
    await expect(store.readLines(index, [0])).rejects.toMatchObject({ code: 'storage_damaged' })
  })
})

describe('two stores over one database', () => {
  it('see what the other has committed', async () => {
    const db = await openTestDatabase()
    const other = await openTestDatabase(db.name)
    const [one, two] = [new MemoryStore(db), new MemoryStore(other)]
    expect((await two.upToDate()).lines).toBe(0)
    await put(db, many(0, 3))
    expect((await one.upToDate()).lines).toBe(3)
    expect((await two.upToDate()).lines).toBe(3)
    await put(other, many(3, 5))
    expect((await one.upToDate()).lines).toBe(5)
  })

  it('build anew when lines have gone, and promote the next', async () => {
    const db = await openTestDatabase()
    const store = new MemoryStore(db)
    const shared = fakeMemory(1)
    const fromP = await put(db, [fakeMemory(0), shared], originOf('p'))
    await put(db, [fakeMemory(1, { id: 'q' })], originOf('q'))
    const before = await store.upToDate()
    expect(before.lookUp(dedupKey(shared)).row).toBe(1)
    await remove(db, fromP)
    const index = await store.upToDate()
    expect(index).not.toBe(before)
    expect(index.lines).toBe(1)
    const { row } = index.lookUp(dedupKey(shared))
    expect(index.batchOf(row!).origin!.fingerprint).toBe('q')
    expect(index.lookUp(dedupKey(fakeMemory(0))).row).toBeNull()
    expect(await db.count('segments')).toBe(1)
  })

  it('own goes before imported whichever came first', async () => {
    const db = await openTestDatabase()
    const store = new MemoryStore(db)
    await put(db, [fakeMemory(1)], originOf('p'))
    await put(db, [fakeMemory(1)])
    const index = await store.upToDate()
    expect(index.batchOf(index.lookUp(dedupKey(fakeMemory(1))).row!).origin).toBeNull()
  })

  it('a tombstone hides in both', async () => {
    const db = await openTestDatabase()
    const store = new MemoryStore(db)
    await put(db, many(0, 2))
    await store.upToDate()
    await bury(db, fakeMemory(1))
    const index = await store.upToDate()
    expect(index.lookUp(dedupKey(fakeMemory(1)))).toEqual({ row: null, held: true, deleted: true })
    expect([...index.select({})]).toEqual([0])
  })
})

it('takes in each page once, however many ask at the same time', async () => {
  const db = await openTestDatabase()
  const store = new MemoryStore(db)
  await put(db, many(0, 700))
  const indexes = await Promise.all(Array.from({ length: 5 }, () => store.upToDate()))
  expect(indexes.map((index) => index.lines)).toEqual(Array(5).fill(700))
  await put(db, many(700, 710))
  await Promise.all([store.upToDate(), store.upToDate()])
  expect((await store.upToDate()).lines).toBe(710)
})

it('a reader that began before lines went gets its own lines or none, never others', async () => {
  const db = await openTestDatabase()
  const store = new MemoryStore(db)
  const first = await put(db, many(0, 3), originOf('p'))
  await put(db, many(10, 13), originOf('q'))
  const index = await store.upToDate()
  const asked = [...index.select({})].slice(0, 3)
  await remove(db, first)
  const [read] = await Promise.allSettled([store.readLines(index, asked), store.upToDate()])
  if (read.status === 'fulfilled') {
    const ids = read.value.map((text) => (JSON.parse(text) as { id: string }).id)
    expect(ids).toEqual(['id-12', 'id-11', 'id-10'])
  } else expect(read.reason).toMatchObject({ code: 'list_outdated' })
})

describe('what is staged', () => {
  it('is not seen until it is committed, also when later lines were committed before', async () => {
    const db = await openTestDatabase()
    const store = new MemoryStore(db)
    await put(db, many(0, 1))
    const batch = await stage(db, many(1, 3))
    const index = await store.upToDate()
    expect(index.lines).toBe(1)
    await commit(db, batch)
    expect((await store.upToDate()).lines).toBe(3)
    await expect(commit(db, batch)).rejects.toThrow()
  })

  it('is swept, and nothing else', async () => {
    const db = await openTestDatabase()
    await put(db, many(0, 3))
    await stage(db, many(3, 600))
    await stage(db, [], originOf('p'))
    const visible = await db.getAllKeys('pages')
    expect(await sweepStaged(db)).toBe(2)
    expect(await db.count('batches')).toBe(1)
    expect(await db.getAllKeys('pages')).toEqual(visible.slice(0, 1))
    expect(await db.getAllKeys('segments')).toEqual(visible.slice(0, 1))
    expect((await new MemoryStore(db).upToDate()).lines).toBe(3)
    expect(await sweepStaged(db)).toBe(0)
  })

  it('is swept when an instance opens, unless another holds the lock', async () => {
    const db = await openTestDatabase()
    await stage(db, many(0, 2))
    const open = async () => {
      const worker = new WorkerBridge(() => startTestWorker(db.name))
      const instance = await openInstance({ worker, onLost: () => undefined, name: db.name })
      instance.db.close()
      instance.changes.close()
    }
    await navigator.locks.request(db.name, open)
    expect(await db.count('batches')).toBe(1)
    await open()
    expect(await db.count('batches')).toBe(0)
    expect(await db.count('segments')).toBe(0)
  })
})
