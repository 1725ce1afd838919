import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import type { Page } from '@playwright/test'
import { trustKey } from '../e2e/steps.ts'
import { openBrowser, type Browser } from './browser.ts'
import { dataFile } from './data.ts'
import { importRefusal, saveReport, takeIn, verify, wallOf } from './deeds.ts'
import { say, secondsOf } from './measurement.ts'
import { SETTLE_MS, watchMemory } from './processes.ts'
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
      await verify(page, dataFile('50k').path)
      browser.workers.reset()
      const opened = await verify(page, path)
      const workers = browser.workers.most()
      const report = await saveReport(page)
      return { opened, workers, verdict: verdictOf(report, opened), memories: report?.leaves ?? 0 }
    })
    const space = await withBrowser(home, async (browser) => {
      const page = await browser.newTab()
      await page.waitForTimeout(SETTLE_MS)
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
    for (const { text } of time.steps) say(text)
    say(`the steps: ${time.steps.map((step) => secondsOf(wallOf(step))).join(', ')}`)
    if (space.memory) say(`idle tab: ${space.memory.idle} bytes`)
    return {
      bytes: statSync(path).size,
      memories: time.memories,
      verdict: time.verdict,
      wall_ms: round(
        time.steps.reduce((sum, step) => sum + wallOf(step), 0),
        1,
      ),
      peak_memory_bytes: space.memory?.peak ?? null,
      longest_main_thread_task_ms: round(
        Math.max(...[...time.steps, ...space.steps].map(({ longestTask }) => longestTask)),
      ),
      workers: time.workers,
    }
  })
}

/** Opens and, where that is offered, imports. */
async function importOnce(browser: Browser, path: string, pem: string | null, isWatched = false) {
  const page = await browser.newTab()
  if (pem !== null) await trustIfPossible(page, pem)
  browser.workers.reset()
  const work = async () => {
    const opened = await verify(page, path)
    const report = await saveReport(page)
    const refusal = opened.ok ? await importRefusal(page) : verdictOf(report, opened)
    if (refusal !== null) return { steps: [opened], report, verdict: refusal }
    const imported = await takeIn(page)
    return { steps: [opened, imported], report, verdict: imported.ok ? 'ok' : imported.text }
  }
  if (isWatched) await page.waitForTimeout(SETTLE_MS)
  const { memory, result } = isWatched
    ? await watchMemory(browser, work)
    : { memory: null, result: await work() }
  const { report, ...rest } = result
  return { ...rest, memory, workers: browser.workers.most(), memories: report?.leaves ?? 0 }
}

/** A key that the app refuses is no error here: neither does it import what that key has signed. */
async function trustIfPossible(page: Page, pem: string): Promise<void> {
  try {
    await trustKey(page, pem, 'Signer')
  } catch (error) {
    say(`the key was not trusted: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
  }
}

function verdictOf(report: { readonly result: string } | null, opened: Timed): string {
  if (report !== null) return report.result
  // What is no manifest at all has no report; the refusal ends with its code.
  return opened.ok
    ? 'ok'
    : (/([a-z0-9]+(?:_[a-z0-9]+)+)(?:clause [\d, ]+)?$/.exec(opened.text)?.[1] ?? 'refused')
}

/** The issuer's key as line 1 states it; null where it states none. */
async function signerOf(path: string): Promise<string | null> {
  try {
    const { envelope } = JSON.parse(`${(await firstLineOf(path)).replace(/,$/, '')}}`) as {
      envelope: {
        header: { issuer: { fingerprint: string } }
        signatures: { fingerprint: string; public_key_pem: string }[]
      }
    }
    const { fingerprint } = envelope.header.issuer
    return envelope.signatures.find((each) => each.fingerprint === fingerprint)?.public_key_pem ?? null
  } catch (error) {
    say(`line 1 names no key: ${String(error)}`)
    return null
  }
}

async function firstLineOf(path: string): Promise<string> {
  const stream = createReadStream(path)
  const lines = createInterface({ input: path.endsWith('.gz') ? stream.pipe(createGunzip()) : stream })
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
    stream.destroy()
  }
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
