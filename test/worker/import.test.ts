import { deleteDB } from 'idb'
import { expect, it, onTestFinished } from 'vitest'
import { encodeUtf8 } from '../../src/core/bytes.ts'
import { canonicalize } from '../../src/core/canonical.ts'
import { openDatabase } from '../../src/store/database.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { stageImport } from '../../src/worker/import.ts'
import { Lanes } from '../../src/worker/lanes.ts'
import { OpenedManifest, type OpenedRun } from '../../src/worker/opened-manifest.ts'
import { Source } from '../../src/worker/source.ts'
import { craftManifest, craftMemory, createStranger } from '../exchange/craft.ts'
import { codeOf } from '../exchange/instance.ts'

const signer = await createStranger()
const [one, two, other] = ['one', 'two', 'six'].map((content) => craftMemory(signer.fingerprint, { content }))
// One leaf twice: the second is left out, and for that the run is read once more.
const crafted = await craftManifest(signer, [one!, two!, one!])
const lanes = new Lanes(() => {
  throw new Error('too small for a lane')
})

/** Stages the manifest from a file that says `readings` one after the other, the last again and again. */
async function stage(...readings: readonly string[]): Promise<unknown> {
  const name = `test-${crypto.randomUUID()}`
  const db = await openDatabase(() => undefined, name)
  onTestFinished(async () => {
    db.close()
    await deleteDB(name)
  })
  const context = {
    signal: new AbortController().signal,
    progress: () => undefined,
    give: () => undefined,
  }
  const opened = await OpenedManifest.verify(await Source.open(crafted.file), lanes, context)
  const left = [...readings]
  const lines = Object.assign(new Blob([readings[0]!]), {
    arrayBuffer: async () => encodeUtf8(left.length > 1 ? left.shift()! : left[0]!).buffer,
  })
  const runs = (): Generator<OpenedRun> => [{ index: 0, count: 3, lines }][Symbol.iterator]() as never
  const origin = {
    fingerprint: signer.fingerprint,
    label: signer.label,
    manifest: crafted.id,
    file_name: crafted.file.name,
    merkle_root: '0'.repeat(64),
    stream: '0'.repeat(32),
    sequence: 1,
    imported_at: '2026-05-02T00:00:00.000Z',
  }
  const input = { batch: 'batch', origin, ownKeys: [] }
  const changing = Object.assign(opened, { runs })
  return codeOf(stageImport(db, new MemoryStore(db), lanes, changing, input, context))
}

const linesOf = (...memories: readonly unknown[]) =>
  memories.map((memory) => `${canonicalize(memory)},\n`).join('')

it('stages what was verified, each leaf once', async () => {
  const answer = JSON.parse(String(await stage(linesOf(one, two, one))).replace('fulfilled: ', '')) as object
  expect(answer).toMatchObject({ counts: { imported: 2, already_local: 1 }, staged: 2 })
})

it('stages nothing else, at whichever reading the file has changed', async () => {
  const [before, after] = [linesOf(one, two, one), linesOf(one, other, one)]
  expect(await stage(after)).toBe('file_changed')
  expect(await stage(before, after)).toBe('file_changed')
  expect(await stage(before, linesOf(two, two, one))).toBe('file_changed')
  expect(await stage(before, linesOf(one, one, two))).toBe('file_changed')
})
