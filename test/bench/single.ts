import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { trustKey } from '../e2e/steps.ts'
import { openBrowser, type Browser } from './browser.ts'
import { dataFile } from './data.ts'
import { saveReport, takeIn, verify, wallOf } from './deeds.ts'
import { say, secondsOf } from './measurement.ts'
import { watchMemory } from './processes.ts'
import { serveApp } from './server.ts'
import type { Timed } from './probe.ts'

/** One file, one line: `bench -- file PATH` and `bench -- import PATH`. */
export interface Line {
  readonly bytes: number
  readonly memories: number
  /** `ok`, or the code of the refusal. */
  readonly verdict: string
  readonly wall_ms: number
  /** Of the renderers that run the app, the idle tab included; null where the system does not tell. */
  readonly peak_memory_bytes: number | null
  readonly longest_main_thread_task_ms: number
  readonly workers: number
}

const round = (value: number, digits = 0) => Number(value.toFixed(digits))

/**
 * Opens any manifest. Timed in a tab that has verified another before, and once more in a new browser for the memory:
 * looking at what processes hold costs time.
 */
export async function measureFile(path: string): Promise<Line> {
  return withApp(async (home) => {
    await readThrough(path)
    const time = await withBrowser(home, async (browser) => {
      const page = await browser.newTab()
      await verify(page, dataFile('10k').path)
      browser.workers.reset()
      const opened = await verify(page, path)
      const workers = browser.workers.most()
      const report = await saveReport(page)
      return { opened, workers, verdict: verdictOf(report, opened), memories: report?.leaves ?? 0 }
    })
    const space = await withBrowser(home, async (browser) => {
      const page = await browser.newTab()
      return watchMemory(browser, () => verify(page, path))
    })
    if (space.memory) {
      const { idle, busyWorkers } = space.memory
      say(`idle tab: ${idle} bytes; workers that worked: ${busyWorkers} of ${time.workers}`)
    }
    return {
      bytes: statSync(path).size,
      memories: time.memories,
      verdict: time.verdict,
      wall_ms: round(wallOf(time.opened), 1),
      peak_memory_bytes: space.memory?.peak ?? null,
      longest_main_thread_task_ms: round(Math.max(time.opened.longestTask, space.result.longestTask)),
      workers: time.workers,
    }
  })
}

/** Imports a manifest into a new profile in which its signer, or the key given, was trusted before. */
export async function measureImport(path: string, keyPath?: string): Promise<Line> {
  const pem = keyPath === undefined ? await signerOf(path) : readFileSync(keyPath, 'utf8')
  return withApp(async (home) => {
    await readThrough(path)
    const time = await withBrowser(home, (browser) => importOnce(browser, path, pem))
    const space = await withBrowser(home, (browser) => importOnce(browser, path, pem, true))
    say(`opened in ${secondsOf(wallOf(time.opened))}, imported in ${secondsOf(wallOf(time.imported))}`)
    say(time.imported.text)
    if (space.memory) say(`idle tab: ${space.memory.idle} bytes`)
    const all = [time.opened, time.imported, space.opened, space.imported]
    return {
      bytes: statSync(path).size,
      memories: time.memories,
      verdict: time.verdict,
      wall_ms: round(wallOf(time.opened) + wallOf(time.imported), 1),
      peak_memory_bytes: space.memory?.peak ?? null,
      longest_main_thread_task_ms: round(Math.max(...all.map(({ longestTask }) => longestTask))),
      workers: time.workers,
    }
  })
}

async function importOnce(browser: Browser, path: string, pem: string, isWatched = false) {
  const page = await browser.newTab()
  await trustKey(page, pem, 'Signer')
  browser.workers.reset()
  const work = async () => {
    const opened = await verify(page, path)
    const report = await saveReport(page)
    if (!opened.ok) return { opened, imported: opened, report, refusal: verdictOf(report, opened) }
    const imported = await takeIn(page)
    return { opened, imported, report, refusal: imported.ok ? null : imported.text }
  }
  const { memory, result } = isWatched
    ? await watchMemory(browser, work)
    : { memory: null, result: await work() }
  const { report, refusal, ...timings } = result
  const workers = browser.workers.most()
  return { ...timings, memory, workers, verdict: refusal ?? 'ok', memories: report?.leaves ?? 0 }
}

function verdictOf(report: { readonly result: string } | null, opened: Timed): string {
  if (report !== null) return report.result
  // What is no manifest at all has no report; the refusal ends with its code.
  return opened.ok
    ? 'ok'
    : (/([a-z0-9]+(?:_[a-z0-9]+)+)(?:clause [\d, ]+)?$/.exec(opened.text)?.[1] ?? 'refused')
}

/** The issuer's key as line 1 states it. */
async function signerOf(path: string): Promise<string> {
  const lines = createInterface({ input: contentsOf(path) })
  for await (const line of lines) {
    lines.close()
    const { envelope } = JSON.parse(`${line.replace(/,$/, '')}}`) as {
      envelope: {
        header: { issuer: { fingerprint: string } }
        signatures: { fingerprint: string; public_key_pem: string }[]
      }
    }
    const { fingerprint } = envelope.header.issuer
    const signature = envelope.signatures.find((each) => each.fingerprint === fingerprint)
    if (signature !== undefined) return signature.public_key_pem
  }
  throw new Error(`${path} names no key of its issuer`)
}

function contentsOf(path: string): NodeJS.ReadableStream {
  const stream = createReadStream(path)
  return path.endsWith('.gz') ? stream.pipe(createGunzip()) : stream
}

/** So that the disk is not what is measured. */
async function readThrough(path: string): Promise<void> {
  if (!existsSync(path)) throw new Error(`there is no ${path}`)
  for await (const _part of createReadStream(path, { highWaterMark: 4 * 1024 * 1024 })) continue
}

async function withApp<Result>(work: (home: string) => Promise<Result>): Promise<Result> {
  const app = await serveApp()
  try {
    return await work(app.url)
  } finally {
    await app.close()
  }
}

async function withBrowser<Result>(
  home: string,
  work: (browser: Browser) => Promise<Result>,
): Promise<Result> {
  const browser = await openBrowser({ home })
  try {
    return await work(browser)
  } finally {
    await browser.close()
  }
}
