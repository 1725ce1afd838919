import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Report } from '../../src/core/report.ts'
import { buildManifest } from '../reference/writer.ts'
import type { Scenario } from './scenarios.ts'
import { MEGABYTES, scenarios } from './scenarios.ts'

/** What the command line took for one hostile file. */
export interface ResourceRow {
  readonly name: string
  /** Of the file, as it is stored; a sparse one takes no room on disk. */
  readonly bytes: number
  /** How many of them were read; null where the system does not count. */
  readonly read: number | null
  readonly result: string
  readonly code: number | null
  readonly line: number | null
  readonly milliseconds: number
  /** Peak resident memory over that of a small manifest. */
  readonly megabytes: number
  readonly limit: string
  readonly ok: boolean
}

const CLI = fileURLToPath(new URL('../../dist/omega-verify.mjs', import.meta.url))
const MB = 1e6
/** What is refused at its start may cost the head of the file, one line of 8 MiB and the chunk it ends in. */
const EARLY_BYTES = 12 * MB
/** No assertion of speed: what has not ended by then does not end. */
const GIVE_UP_MS = 120_000

interface Usage {
  readonly milliseconds: number
  readonly megabytes: number
  readonly read: number | null
}

/** Each scenario in a process of its own; `names` picks some of them. `cli` is the built verifier. */
export async function measureResources(names?: readonly string[], cli = CLI): Promise<ResourceRow[]> {
  if (!existsSync(cli)) throw new Error(`${cli} is not built: npm run build`)
  const folder = mkdtempSync(join(tmpdir(), 'omega-resources-'))
  try {
    const path = join(folder, 'manifest.json')
    write(path, [buildManifest().bytes])
    // The first run warms the disk's cache for the runtime itself.
    await run(cli, path, folder)
    const base = (await run(cli, path, folder)).usage
    const rows: ResourceRow[] = []
    for (const scenario of scenarios()) {
      if (names && !names.includes(scenario.name)) continue
      write(path, scenario.parts(), scenario.size)
      rows.push(toRow(scenario, statSync(path).size, await run(cli, path, folder), base))
      rmSync(path)
    }
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function write(path: string, parts: Iterable<Uint8Array>, size?: number): void {
  const file = openSync(path, 'w')
  try {
    for (const part of parts) writeSync(file, part)
  } finally {
    closeSync(file)
  }
  if (size !== undefined) truncateSync(path, size)
}

interface Run {
  readonly usage: Usage
  readonly code: number | null
  /** Null where the process did not end, or did not answer with a report. */
  readonly report: Report | null
}

async function run(cli: string, path: string, folder: string): Promise<Run> {
  const usagePath = join(folder, 'usage.json')
  rmSync(usagePath, { force: true })
  const probe = join(folder, 'probe.mjs')
  write(probe, [Buffer.from(probeScript(usagePath))])
  const started = performance.now()
  const args = [
    '--import',
    pathToFileURL(probe).href,
    cli,
    path,
    '--json',
    '--now',
    '2026-06-01T00:00:00.000Z',
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: GIVE_UP_MS })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const milliseconds = Math.round(performance.now() - started)
  const held = existsSync(usagePath) ? readFileSync(usagePath, 'utf8') : '{"megabytes":null,"read":null}'
  const { megabytes, read } = JSON.parse(held) as { megabytes: number | null; read: number | null }
  return { usage: { milliseconds, megabytes: megabytes ?? Infinity, read }, code, report: reportOf(out) }
}

function reportOf(out: string): Report | null {
  try {
    return JSON.parse(out) as Report
  } catch {
    return null
  }
}

/** Written by the process itself as it ends: its peak, and what it has asked the system to read. */
function probeScript(path: string): string {
  return `
import { readFileSync, writeFileSync } from 'node:fs'
process.on('exit', () => {
  let read = null
  try {
    read = Number(/rchar: (\\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))[1])
  } catch {}
  writeFileSync(${JSON.stringify(path)}, JSON.stringify({ megabytes: process.resourceUsage().maxRSS * 1024 / 1e6, read }))
})
`
}

function toRow(scenario: Scenario, bytes: number, { usage, code, report }: Run, base: Usage): ResourceRow {
  const { name, expected, isEarly = false } = scenario
  const most = scenario.megabytes ?? MEGABYTES[isEarly ? 'early' : 'whole']
  const result = report?.result ?? 'no report'
  const failed = report && Object.values(report.layers).find((layer) => layer.status === 'failed')
  const line = failed?.line ?? null
  const megabytes = Math.round(Math.max(0, usage.megabytes - base.megabytes))
  const read = usage.read === null || base.read === null ? null : Math.max(0, usage.read - base.read)
  const isAsExpected =
    result === expected.result && line === expected.line && code === (result === 'ok' ? 0 : 1)
  const isBounded = megabytes <= most && (!isEarly || read === null || read <= EARLY_BYTES)
  const limit = `${isEarly ? `${EARLY_BYTES / MB} MB read, ` : ''}${most} MB of memory`
  const { milliseconds } = usage
  const ok = isAsExpected && isBounded
  return { name, bytes, read, result, code, line, milliseconds, megabytes, limit, ok }
}
