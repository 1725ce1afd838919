import { expect, it, onTestFinished } from 'vitest'
import { commands } from 'vitest/browser'
import { fromBase64 } from '../../src/core/bytes.ts'
import { createReport } from '../../src/core/report.ts'
import { reportStatementFile } from '../../src/core/statement-file.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import { Source } from '../../src/worker/source.ts'
import type { Expectation } from '../assurance/in-browser.ts'
import { startTestWorker } from '../exchange/instance.ts'

declare module 'vitest/browser' {
  interface BrowserCommands {
    /** See `test/assurance/in-browser.ts`. */
    expectationsOf: (seed: string, from: number, to: number) => Promise<Expectation[]>
  }
}

/**
 * The same mutants as under Node, before the worker that people have: with its inflater, its kernel, its engine. They
 * are too small for its lanes, which have `lanes.test.ts`; statements are read here, as the page reads them.
 */
const SEED = '20261124'
const NOW = '2026-06-01T00:00:00.000Z'
const MUTANTS = 500
const AT_ONCE = 100

it(
  'mutants, plain and packed, are reported as by the naive verifier, byte for byte',
  { timeout: 240_000 },
  async () => {
    const worker = new WorkerBridge(() => startTestWorker(`mutants-${crypto.randomUUID()}`))
    onTestFinished(() => worker.close())
    const others: object[] = []
    const given = { manifest: 0, statement: 0, gzip: 0 }
    let held = 0
    for (let from = 0; from < MUTANTS; from += AT_ONCE) {
      for (const { name, file, base64, report } of await commands.expectationsOf(
        SEED,
        from,
        from + AT_ONCE,
      )) {
        const bytes = new Blob([fromBase64(base64)!])
        const said = JSON.stringify(
          file === 'statement' ? await readStatement(bytes) : await verify(worker, bytes),
        )
        if (said !== report) others.push({ name, file, said, report })
        if (report.includes('"result":"ok"')) held++
        given[file]++
      }
    }
    expect(others).toEqual([])
    expect(
      Object.values(given).every((count) => count > 50),
      JSON.stringify(given),
    ).toBe(true)
    // Of the forgeries none: these are the couriers' deeds.
    expect(held).toBeGreaterThan(8)
    expect(held).toBeLessThan(15)
  },
)

async function verify(worker: WorkerBridge, file: Blob) {
  const { opened, verification } = await worker.call('verify', { file })
  await worker.call('release', { handle: opened })
  return createReport(verification, { now: NOW })
}

async function readStatement(file: Blob) {
  const source = await Source.open(file)
  const parts: Uint8Array<ArrayBuffer>[] = []
  for await (const chunk of source.chunks({ signal: new AbortController().signal })) parts.push(chunk.slice())
  return reportStatementFile(new Uint8Array(await new Blob(parts).arrayBuffer()), null)
}
