import { describe, expect, it, onTestFinished } from 'vitest'
import { commands } from 'vitest/browser'
import { fromBase64, toHex } from '../../src/core/bytes.ts'
import { createReport } from '../../src/core/report.ts'
import { reportStatementFile } from '../../src/core/statement-file.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import { Source } from '../../src/worker/source.ts'
import { startTestWorker } from '../exchange/instance.ts'

interface Description {
  readonly file: string
  readonly kind: 'manifest' | 'statement'
  readonly reason: string
  readonly report_sha256: string
}

/** The set as it is shipped and served. */
async function fetchSet(): Promise<(readonly [path: string, Description])[]> {
  const { cases } = (await fetchJson('index.json')) as { cases: string[] }
  return Promise.all(cases.map(async (path) => [path, (await fetchJson(path)) as Description] as const))
}

async function fetchJson(path: string): Promise<unknown> {
  return (await fetch(`/conformance/${path}`)).json()
}

/** By the test server's own hand: over HTTP what is packed would be inflated on the way. */
async function readFile(path: string, { file }: Description): Promise<Blob> {
  const folder = path.split('/').slice(0, -1).join('/')
  const bytes = await commands.readFile(`public/conformance/${folder}/${file}`, 'base64')
  return new Blob([fromBase64(bytes) as Uint8Array<ArrayBuffer>])
}

const NOW = '2026-06-01T00:00:00.000Z'

async function sha256(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}

describe('the conformance set in a browser', () => {
  it('is reported by the worker as by the naive verifier, byte for byte', { timeout: 120_000 }, async () => {
    const worker = new WorkerBridge(() => startTestWorker(`conformance-${crypto.randomUUID()}`))
    onTestFinished(() => worker.close())
    const set = await fetchSet()
    expect(set.length).toBeGreaterThan(300)
    const others: string[] = []
    for (const [path, description] of set) {
      const file = await readFile(path, description)
      const report =
        description.kind === 'manifest'
          ? await verify(worker, file)
          : await reportStatementFile(() => contents(file), null)
      if ((await sha256(JSON.stringify(report))) !== description.report_sha256) others.push(path)
    }
    expect(others).toEqual([])
  })
})

async function verify(worker: WorkerBridge, file: Blob) {
  const { opened, verification } = await worker.call('verify', { file })
  await worker.call('release', { handle: opened })
  return createReport(verification, { now: NOW })
}

async function contents(file: Blob): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const source = await Source.open(file)
  for await (const chunk of source.chunks({ signal: new AbortController().signal })) parts.push(chunk)
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer())
}
