import { it } from 'vitest'
import { commands } from 'vitest/browser'
import { fromBase64 } from '../../src/core/bytes.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import type { LaneTasks } from '../../src/worker/lane.ts'
import { startTestWorker } from '../exchange/instance.ts'
const race = (w: Promise<unknown>) => Promise.race([w.then(() => 'ok'), new Promise((r) => setTimeout(() => r('HANG'), 30000))])
const get = async () => fromBase64(await commands.readFile('public/conformance/manifest/tree/100-leaves.json', 'base64')) as Uint8Array<ArrayBuffer>
it('lane', async () => {
  const bytes = await get()
  const lane = new WorkerBridge<LaneTasks>(() => startTestWorker('omega-lane'))
  let n = 0
  const t1 = performance.now()
  for (; n < 800; n++) {
    const file = new Blob([bytes])
    const r = await race(lane.call('check', { file, from: 1500, to: bytes.length }))
    if (r === 'HANG') { console.log('T HANG lane', n, performance.now() - t1); break }
  }
  console.log('T lane', n, performance.now() - t1)
  lane.close()
}, 500000)
it('packed', async () => {
  const bytes = await get()
  const gz = await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))).blob()
  const worker = new WorkerBridge(() => startTestWorker('x' + crypto.randomUUID()))
  const t1 = performance.now()
  let n = 0
  for (n = 0; n < 400; n++) {
    const file = new Blob([gz])
    const r = await race(worker.call('verify', { file }).then(({ opened }) => worker.call('release', { handle: opened })))
    if (r === 'HANG') { console.log('T HANG packed', n, performance.now() - t1); break }
  }
  console.log('T packed', n, performance.now() - t1)
  worker.close()
}, 500000)
