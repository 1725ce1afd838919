import { expect, it, onTestFinished, vi } from 'vitest'
import { createReport } from '../../src/core/report.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import { withLanes } from '../../src/worker/lane-host.ts'
import workerUrl from 'virtual:omega-worker'
import { bytesOf, craftManifest, craftMemory, createStranger } from '../exchange/craft.ts'
import { startTestLane } from '../exchange/instance.ts'

const signer = await createStranger()
const memories = Array.from({ length: 30 }, (_, i) =>
  craftMemory(signer.fingerprint, { content: `${i} `.repeat(60_000) }),
)
const bytes = await bytesOf((await craftManifest(signer, memories)).file)
const forged = bytes.with(new TextDecoder().decode(bytes).indexOf(memories[20]!.content), 0x20)

/** The worker of a build, in a page that makes lanes with `startLane`. */
function open(startLane: () => Worker) {
  const ended = vi.fn()
  const lanes: Worker[] = []
  const bridge = new WorkerBridge(() => {
    const worker = new Worker(workerUrl, { name: `test-${crypto.randomUUID()}` })
    return withLanes(worker, () => {
      const lane = startLane()
      const terminate = lane.terminate.bind(lane)
      lane.terminate = () => {
        ended(lanes.indexOf(lane))
        terminate()
      }
      lanes.push(lane)
      return lane
    })
  })
  onTestFinished(() => bridge.close())
  const report = async (contents: Uint8Array<ArrayBuffer>) => {
    const { verification } = await bridge.call('verify', { file: new Blob([contents]) })
    return createReport(verification, { now: '2026-06-01T00:00:00.000Z' })
  }
  return { bridge, lanes, ended, report }
}

const REFUSED = { result: 'content_hash_mismatch', layers: { leaves: { index: 20, line: 25 } } }

it('the page makes the lanes that its worker asks for, and ends them with it', async () => {
  const { bridge, lanes, ended, report } = open(startTestLane)
  await bridge.call('warm', {})
  expect(lanes.length).toBe(Math.min(navigator.hardwareConcurrency, 8))
  expect(await report(bytes)).toMatchObject({ result: 'ok', leaves: 30 })
  expect(await report(forged)).toMatchObject(REFUSED)
  expect(ended).not.toHaveBeenCalled()
  bridge.close()
  expect(ended.mock.calls.flat().toSorted()).toEqual(lanes.map((_, i) => i))
})

it('what lanes answer goes to the worker and does not wait for the page', async () => {
  const { bridge, lanes, report } = open(startTestLane)
  await bridge.call('warm', {})
  const heard = vi.fn()
  for (const lane of lanes) lane.addEventListener('message', heard)
  expect(await report(bytes)).toMatchObject({ result: 'ok', leaves: 30 })
  expect(heard).not.toHaveBeenCalled()
})

it('a lane that dies is told to the worker, which does its work and asks for another next time', async () => {
  const { lanes, ended, report, bridge } = open(() =>
    lanes.length < 2 ? startScript('onmessage = () => { throw new Error("died") }') : startTestLane(),
  )
  expect(await report(forged)).toMatchObject(REFUSED)
  await expect.poll(() => ended.mock.calls.flat()).toContain(0)
  // The second time there are others, which live.
  await bridge.call('warm', {})
  await bridge.call('warm', {})
  expect(await report(bytes)).toMatchObject({ result: 'ok', leaves: 30 })
  expect(lanes.length).toBeGreaterThan(2)
  expect(ended.mock.calls.flat().filter((lane) => lane > 1)).toEqual([])
})

it('where the page can make none, the worker does all of it', async () => {
  const { lanes, report } = open(() => {
    throw new Error('none')
  })
  expect(await report(forged)).toMatchObject(REFUSED)
  expect(await report(bytes)).toMatchObject({ result: 'ok', leaves: 30 })
  expect(lanes).toEqual([])
})

function startScript(script: string): Worker {
  return new Worker(URL.createObjectURL(new Blob([script])))
}
