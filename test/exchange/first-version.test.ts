import { expect, it } from 'vitest'
import { decodeUtf8, encodeUtf8 } from '../../src/core/bytes.ts'
import { exportManifest } from '../../src/exchange/export.ts'
import { checkIntegrity } from '../../src/exchange/integrity.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import { deleteMemory, queryMemories, writeMemory } from '../../src/exchange/memories.ts'
import type { Page } from '../../src/store/page.ts'
import { readStored, toBlob } from '../../src/store/segment.ts'
import { openFull } from './full.ts'
import { rowsOf, type TestInstance } from './instance.ts'

/** Pages and segments as the first version of the program wrote them: an LF behind each line and no comma. */
async function makeOld({ db, worker }: TestInstance): Promise<void> {
  for (const { gap: _, ...page } of await db.getAll('pages')) {
    const { lines } = (await db.get('segments', page.id))!
    const text = decodeUtf8(await readStored(lines)).replaceAll(',\n', '\n')
    const old: Page = { ...page, offsets: page.offsets.map((offset, row) => offset - row) }
    await db.put('segments', { id: page.id, lines: toBlob(encodeUtf8(text)) })
    await db.put('pages', old)
  }
  // The next one reads all of it anew.
  worker.close()
}

it('a store of the first version is read, searched, exported, added to and checked', async () => {
  const instance = await openFull()
  const before = await rowsOf(instance)
  await makeOld(instance)
  expect((await instance.db.getAll('pages')).every(({ gap }) => gap === undefined)).toBe(true)
  expect(await rowsOf(instance)).toEqual(before)
  expect(await queryMemories(instance, { text: 'three' })).toMatchObject({ count: 1 })

  const { key } = (await rowsOf(instance, { text: 'three' }))[0]!
  await deleteMemory(instance, key)
  expect(await queryMemories(instance, { text: 'three' })).toMatchObject({ count: 0 })
  await writeMemory(instance, { content: 'new', entity_id: 'e' })
  const { file, count } = await exportManifest(instance, {})
  expect(count).toBe(before.length)
  expect((await openManifest(instance, file)).report).toMatchObject({ result: 'ok', leaves: count })
  expect(await checkIntegrity(instance)).toMatchObject({ result: 'holds', faults: [] })
})
