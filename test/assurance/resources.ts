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
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Report } from '../../src/core/report.ts'
import { buildManifest } from '../reference/writer.ts'
import { CLI } from './cli.ts'
import { NOW } from './product.ts'
import type { Scenario } from './scenarios.ts'
import { MEGABYTES, scenarios, SECONDS, SECONDS_PER_MB } from './scenarios.ts'

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
  /** Of all its threads, in milliseconds: a busy machine does not count. */
  readonly cpu: number
  /** Peak resident memory, and how much of it is over that of a small manifest. */
  readonly peak: number
  readonly megabytes: number
  readonly limit: string
  readonly ok: boolean
}

const MB = 1e6
/**
 * What is refused at its start may cost the head of the file, and a line of 8 MiB with the chunk it ends in: once where
 * it is read line by line, and once in each run under way, of which there are two a core.
 */
const EARLY_BYTES = 10 * MB * (2 + 2 * availableParallelism())
/** No assertion of speed: what has not ended by then does not end. */
const GIVE_UP_MS = 900_000
/** What the others are held against is itself bounded: what every file costs would be seen in none of them. */
export const SMALL: Scenario = {
  name: 'a small manifest, over which the others are measured',
  parts: () => [buildManifest().bytes],
  expected: { result: 'ok', line: null },
  megabytes: 120,
}

interface Usage {
  readonly milliseconds: number
  readonly cpu: number
  readonly megabytes: number
  readonly read: number | null
}

const NOTHING: Usage = { milliseconds: 0, cpu: 0, megabytes: 0, read: 0 }

/** Each scenario in a process of its own, after the small one; `names` picks some of them. `cli` is the built verifier. */
export async function measureResources(names?: readonly string[], cli = CLI): Promise<ResourceRow[]> {
  if (!existsSync(cli)) throw new Error(`${cli} is not built: npm run build`)
  const folder = mkdtempSync(join(tmpdir(), 'omega-resources-'))
  try {
    const path = join(folder, 'manifest.json')
    write(path, SMALL.parts())
    // The first run warms the disk's cache for the runtime itself.
    await run(cli, path, folder)
    const small = await run(cli, path, folder)
    const base = small.usage
    const rows = [toRow(SMALL, statSync(path).size, small, { ...NOTHING, read: base.read })]
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
  const args = ['--import', pathToFileURL(probe).href, cli, path, '--json', '--now', NOW]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: GIVE_UP_MS })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const milliseconds = Math.round(performance.now() - started)
  const usage = existsSync(usagePath) ? (JSON.parse(readFileSync(usagePath, 'utf8')) as Usage) : NO_USAGE
  return { usage: { ...usage, milliseconds }, code, report: reportOf(out) }
}

/** Of a process that did not come to its end. */
const NO_USAGE: Usage = { milliseconds: 0, cpu: Infinity, megabytes: Infinity, read: null }

function reportOf(out: string): Report | null {
  try {
    return JSON.parse(out) as Report
  } catch {
    return null
  }
}

/**
 * Written by the process itself as it ends: its peak, its time, and what it has asked the system to read. On Linux
 * the peak is that of its own address space; `maxRSS` begins there with what the process was that started it.
 */
function probeScript(path: string): string {
  return `
import { readFileSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
const first = (file, pattern) => {
  try {
    return Number(pattern.exec(readFileSync(file, 'utf8'))[1])
  } catch {
    return null
  }
}
if (isMainThread) process.on('exit', () => {
  const kilobytes = first('/proc/self/status', /VmHWM:\\s+(\\d+) kB/) ?? process.resourceUsage().maxRSS
  const { user, system } = process.cpuUsage()
  const usage = {
    megabytes: kilobytes * 1024 / 1e6,
    cpu: Math.round((user + system) / 1000),
    read: first('/proc/self/io', /rchar: (\\d+)/),
  }
  writeFileSync(${JSON.stringify(path)}, JSON.stringify(usage))
})
`
}

function toRow(scenario: Scenario, bytes: number, { usage, code, report }: Run, base: Usage): ResourceRow {
  const { name, expected, isEarly = false } = scenario
  const kind = isEarly ? 'early' : 'whole'
  const { megabytes: most = MEGABYTES[kind], perMegabyte = false } = scenario
  const { seconds = perMegabyte ? (SECONDS_PER_MB * bytes) / MB : SECONDS[kind] } = scenario
  const result = report?.result ?? 'no report'
  const failed = report && Object.values(report.layers).find((layer) => layer.status === 'failed')
  const line = failed?.line ?? null
  const megabytes = Math.round(Math.max(0, usage.megabytes - base.megabytes))
  const read = usage.read === null || base.read === null ? null : Math.max(0, usage.read - base.read)
  const isAsExpected =
    result === expected.result && line === expected.line && code === (result === 'ok' ? 0 : 1)
  const { milliseconds, cpu } = usage
  const isBounded =
    megabytes <= most && cpu <= 1000 * seconds && (!isEarly || read === null || read <= EARLY_BYTES)
  const limit = `${isEarly ? `${EARLY_BYTES / MB} MB read, ` : ''}${most} MB, ${Math.round(seconds)} s of CPU`
  const ok = isAsExpected && isBounded
  const peak = Math.round(usage.megabytes)
  return { name, bytes, read, result, code, line, milliseconds, cpu, peak, megabytes, limit, ok }
}
