import { describe, expect, it, onTestFinished } from 'vitest'
import { commands } from 'vitest/browser'
import { fromBase64, toHex } from '../../src/core/bytes.ts'
import { createReport } from '../../src/core/report.ts'
import { ExchangeError } from '../../src/core/errors.ts'
import type { Instance } from '../../src/exchange/instance.ts'
import { openFile } from '../../src/exchange/open.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import { openTestInstance, startTestWorker } from '../exchange/instance.ts'

interface Description {
  readonly file: string
  readonly kind: 'manifest' | 'statement'
  readonly result: string
  readonly clause: string
  readonly report_sha256: string
}

/** All files in the long run; here every fourth, and those that are packed. */
const ONE_IN = import.meta.env['OMEGA_ASSURE'] === '1' ? 1 : 4

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
  it('manifests: reported by the worker as by the naive verifier', { timeout: 300_000 }, async () => {
    const worker = new WorkerBridge(() => startTestWorker(`conformance-${crypto.randomUUID()}`))
    onTestFinished(() => worker.close())
    expect(await othersOf('manifest', 700, (file) => reportManifest(worker, file))).toEqual([])
  })

  it('statements: opened by the page as by the naive verifier', { timeout: 120_000 }, async () => {
    const instance = await openTestInstance()
    expect(await othersOf('statement', 80, (file, said) => openStatement(instance, file, said))).toEqual([])
  })
})

/** Paths of the files of a kind whose report is not the one described; there are more than `least` files. */
async function othersOf(
  kind: Description['kind'],
  least: number,
  reportOf: (file: Blob, description: Description) => Promise<string>,
): Promise<string[]> {
  const set = (await fetchSet()).filter(([, description]) => description.kind === kind)
  expect(set.length).toBeGreaterThan(least)
  const others: string[] = []
  const some = set.filter(([path], at) => at % ONE_IN === 0 || path.startsWith('manifest/gzip/'))
  for (const [path, description] of some) {
    const report = await reportOf(await readFile(path, description), description)
    if ((await sha256(report)) !== description.report_sha256) others.push(`${path}: ${report}`)
  }
  return others
}

async function reportManifest(worker: WorkerBridge, file: Blob): Promise<string> {
  const { opened, verification } = await worker.call('verify', { file })
  await worker.call('release', { handle: opened })
  return JSON.stringify(createReport(verification, { now: NOW }))
}

/** The way of a file that a person opens: told by its contents, then verified. What it answers, as the report says it. */
async function openStatement(instance: Instance, file: Blob, { clause }: Description): Promise<string> {
  const report = { format: 'omega-statement-report/1' }
  try {
    const opened = await openFile(instance, new File([file], 'statement.json'))
    if (opened.kind !== 'statement') return `opened as ${opened.kind}`
    const { id, statement, signers } = opened.statement
    const { type, header } = statement
    const said = { id, type, header, signers: signers.verified, skipped: signers.skipped }
    return JSON.stringify({ ...report, result: 'ok', clause: null, statement: said, trust: null })
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error
    return JSON.stringify({ ...report, result: error.code, clause, statement: null, trust: null })
  }
}
