import { expect, it } from 'vitest'
import { createReport } from '../../src/core/report.ts'
import { Lanes } from '../../src/worker/lanes.ts'
import { OpenedManifest } from '../../src/worker/opened-manifest.ts'
import { Source } from '../../src/worker/source.ts'
import { bytesOf, craftManifest, craftMemory, createStranger } from '../exchange/craft.ts'

const signer = await createStranger()
const memories = Array.from({ length: 30 }, (_, i) =>
  craftMemory(signer.fingerprint, { content: `${i} `.repeat(60_000) }),
)
const bytes = await bytesOf((await craftManifest(signer, memories)).file)
const forged = bytes.with(new TextDecoder().decode(bytes).indexOf(memories[20]!.content), 0x20)

async function report(lanes: Lanes, contents: Uint8Array<ArrayBuffer>): Promise<string> {
  const context = {
    signal: new AbortController().signal,
    progress: () => undefined,
    give: () => undefined,
  }
  const { verification } = await OpenedManifest.verify(
    await Source.open(new Blob([contents])),
    lanes,
    context,
  )
  return JSON.stringify(createReport(verification, { now: '2026-06-01T00:00:00.000Z' }))
}

it('where no lane can start, all is checked without, with the same report', async () => {
  let started = 0
  const lost = new Lanes(() => {
    started++
    return new Worker(URL.createObjectURL(new Blob(['throw new Error("no")'])))
  })
  const ok = await report(lost, bytes)
  expect(JSON.parse(ok)).toMatchObject({ result: 'ok', leaves: 30 })
  expect(started).toBeGreaterThan(0)
  const refused = JSON.parse(await report(lost, forged)) as object
  expect(refused).toMatchObject({
    result: 'content_hash_mismatch',
    layers: { leaves: { index: 20, line: 25 } },
  })
})
