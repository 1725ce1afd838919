import { expect, it } from 'vitest'
import { decodeUtf8, encodeUtf8 } from '../../src/core/bytes.ts'
import { exportManifest } from '../../src/exchange/export.ts'
import { importManifest } from '../../src/exchange/import.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import { deleteMemory, writeMemory } from '../../src/exchange/memories.ts'
import { readStored, toBlob, type StoredBytes } from '../../src/store/segment.ts'
import type { Progress } from '../../src/worker/protocol.ts'
import { craftManifest, craftMemory, createStranger } from './craft.ts'
import { openWithIdentity, rowsOf, trust, type TestInstance } from './instance.ts'

const COUNT = 2500
const isGone = (at: number) => at % 700 === 300

/** So many memories of a stranger that most stand together in a segment; some were deleted, and some of ours lie between them in time. */
async function openLarge(): Promise<TestInstance> {
  const instance = await openWithIdentity('A')
  const peer = await createStranger()
  await trust(instance, peer)
  const memories = Array.from({ length: COUNT }, (_, at) =>
    craftMemory(peer.fingerprint, { content: `${at}`, created_at: timeOf(at) }),
  )
  await importManifest(instance, await openManifest(instance, (await craftManifest(peer, memories)).file))
  for (const at of [...Array(COUNT).keys()].filter(isGone))
    for (const { key } of await rowsOf(instance, between(at, at + 1))) await deleteMemory(instance, key)
  for (const at of [10.5, 20.5, 2400.5])
    await writeMemory(instance, { content: `${at}`, entity_id: 'e', created_at: timeOf(at) })
  return instance
}

const timeOf = (at: number) => new Date(Date.UTC(2026, 0, 1) + 1000 * at).toISOString()

const between = (since: number, until: number) => ({ since: timeOf(since), until: timeOf(until) })

const contentsOf = async (file: File) =>
  [...(await file.text()).matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content)

it('goes out by reference, oldest first, and is what a stranger accepts', async () => {
  const instance = await openLarge()
  const seen: Progress[] = []
  const { file, count } = await exportManifest(instance, {}, {}, { onProgress: (step) => seen.push(step) })
  expect((await openManifest(instance, file)).report).toMatchObject({ result: 'ok', leaves: count })
  const all = [...Array(COUNT).keys()].filter((at) => !isGone(at))
  const expected = [...all, 10.5, 20.5, 2400.5].sort((a, b) => a - b).map(String)
  expect(await contentsOf(file)).toEqual(expected)
  expect(seen.at(-1)).toEqual({ done: count, total: count, memories: count })
  expect(seen.every(({ done }, i) => i === 0 || done >= seen[i - 1]!.done)).toBe(true)
  // What is deleted later is not deleted out of what was made.
  for (const { key } of await rowsOf(instance, between(2400, 2401))) await deleteMemory(instance, key)
  expect(await contentsOf(file)).toEqual(expected)
})

it('a line that is not what its leaf says is named, whatever was done to it', async () => {
  const instance = await openLarge()
  const { db } = instance
  const [segment] = await db.getAll('segments')
  const bytes = await readStored(segment!.lines)
  const at = bytes.length >> 1
  const start = bytes.lastIndexOf(0x0a, at) + 1
  const end = bytes.indexOf(0x0a, start)
  const line = decodeUtf8(bytes.subarray(start, end - 1))
  const with_ = (text: string) => {
    const [before, behind] = [bytes.subarray(0, start), bytes.subarray(end - 1)]
    return [before, encodeUtf8(text), behind].reduce<number[]>((all, part) => all.concat([...part]), [])
  }
  const next = decodeUtf8(bytes.subarray(end + 1, bytes.indexOf(0x0a, end + 1) - 1))
  const hands: Readonly<Record<string, StoredBytes | number[]>> = {
    'a letter': with_(
      line.replace('"entity_id":"', '"entity_id":"x').replace(/.(?=","event_type|","id")/, ''),
    ),
    'an LF in it': with_(line.replace('"content":', '\n"content"')),
    'no comma': bytes.map((byte, i) => (i === end - 1 ? 0x20 : byte)),
    blanked: bytes.map((byte, i) => (i >= start && i < end - 1 ? 0x20 : byte)),
    'its neighbour in its place': with_(next.slice(0, line.length).padEnd(line.length)),
    gone: [...bytes.subarray(0, start), ...bytes.subarray(end + 1)],
  }
  for (const [hand, lines] of Object.entries(hands)) {
    await db.put('segments', { id: segment!.id, lines: toBlob(Uint8Array.from(lines as number[])) })
    await db.put('settings', { name: 'generation', value: 1000 + hand.length })
    await expect(exportManifest(instance, {}), hand).rejects.toMatchObject({ code: 'storage_damaged' })
  }
  await db.put('segments', { id: segment!.id, lines: toBlob(bytes) })
  await db.put('settings', { name: 'generation', value: 2000 })
  await expect(exportManifest(instance, {})).resolves.toMatchObject({})
})
