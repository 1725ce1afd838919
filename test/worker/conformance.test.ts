import { describe, expect, it, onTestFinished } from 'vitest'
import { commands } from 'vitest/browser'
import { fromBase64, toHex } from '../../src/core/bytes.ts'
import { recognise, RECOGNISED_BYTES } from '../../src/core/recognise.ts'
import { createReport } from '../../src/core/report.ts'
import { reportStatementFile } from '../../src/core/statement-file.ts'
import type { Instance } from '../../src/exchange/instance.ts'
import { openFile } from '../../src/exchange/open.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import { Source } from '../../src/worker/source.ts'
import { codeOf, openTestInstance, startTestWorker } from '../exchange/instance.ts'

interface Description {
  readonly file: string
  readonly kind: 'manifest' | 'statement'
  readonly result: string
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
    expect(
      await othersOf('manifest', 700, async (file) =>
        (await isForPage(file)) ? null : reportManifest(worker, file),
      ),
    ).toEqual([])
  })

  it('gzip that begins as a statement: found broken by the page', { timeout: 60_000 }, async () => {
    const instance = await openTestInstance()
    let tried = 0
    for (const [path, description] of await fetchSet()) {
      const file = path.startsWith('manifest/gzip/') ? await readFile(path, description) : null
      if (file === null || !(await isForPage(file))) continue
      expect(await codeOf(openFile(instance, new File([file], 'a.gz'))), path).toBe(description.result)
      tried++
    }
    expect(tried).toBeGreaterThan(1)
  })

  it(
    'statements: opened by the page, which no worker has a part in, as by the naive verifier',
    { timeout: 120_000 },
    async () => {
      const instance = await openTestInstance()
      expect(await othersOf('statement', 80, (file) => reportStatement(instance, file))).toEqual([])
    },
  )
})

/** Paths of the files of a kind whose report, if they have one, is not the one described; there are more than `least` files. */
async function othersOf(
  kind: Description['kind'],
  least: number,
  reportOf: (file: Blob) => Promise<string | null>,
): Promise<string[]> {
  const set = (await fetchSet()).filter(([, description]) => description.kind === kind)
  expect(set.length).toBeGreaterThan(least)
  const others: string[] = []
  const some = set.filter(([path], at) => at % ONE_IN === 0 || path.startsWith('manifest/gzip/'))
  for (const [path, description] of some) {
    const report = await reportOf(await readFile(path, description))
    if (report !== null && (await sha256(report)) !== description.report_sha256)
      others.push(`${path}: ${report}`)
  }
  return others
}

/** Whether a gzip file is taken for a statement, by as much of it as inflates: no worker is given it. */
async function isForPage(file: Blob): Promise<boolean> {
  const source = await Source.open(file)
  if (!source.isGzip) return false
  try {
    for await (const chunk of source.chunks({ signal: new AbortController().signal }))
      return recognise(chunk.subarray(0, RECOGNISED_BYTES)) === 'statement'
  } catch (error) {
    if ((error as { code?: string }).code !== 'gzip_invalid') throw error
  }
  return false
}

async function reportManifest(worker: WorkerBridge, file: Blob): Promise<string> {
  const { opened, verification } = await worker.call('verify', { file })
  await worker.call('release', { handle: opened })
  return JSON.stringify(createReport(verification, { now: NOW }))
}

/** The report of the contents; and a file that a person opens, told by its contents, must come to the same. */
async function reportStatement(instance: Instance, file: Blob): Promise<string> {
  const source = await Source.open(file)
  const parts: Uint8Array<ArrayBuffer>[] = []
  for await (const chunk of source.chunks({ signal: new AbortController().signal })) parts.push(chunk.slice())
  const report = await reportStatementFile(new Uint8Array(await new Blob(parts).arrayBuffer()), null)
  const { result, statement } = report
  const opening = openFile(instance, new File([file], 'statement.json'))
  if (statement === null) {
    expect(await codeOf(opening)).toBe(result)
  } else {
    const { id, type, header, signers, skipped } = statement
    const opened = { id, statement: { type, header }, signers: { verified: signers, skipped } }
    expect(await opening).toMatchObject({ kind: 'statement', statement: opened })
  }
  return JSON.stringify(report)
}
