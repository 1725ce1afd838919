import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import lighthouse, { desktopConfig, type Config, type Flags, type Result } from 'lighthouse'
import { chromium } from 'playwright'
import { findBrowser } from '../browser.ts'
import { serve } from './server.ts'

const DIST = fileURLToPath(new URL('../../dist', import.meta.url))
const CATEGORIES = ['performance', 'accessibility', 'best-practices']
const TARGET = 100
const RUNS = 3

/** Lighthouse's own telephone, on a slow line with a slow processor, is what the target is for. */
const FORMS: readonly { readonly name: string; readonly config?: Config; readonly isTarget: boolean }[] = [
  { name: 'mobile', isTarget: true },
  { name: 'desktop', config: desktopConfig, isTarget: false },
]

/**
 * Medians of three runs of the built app as it is opened again: a first visit, which is told and not counted, has left
 * its copy, from a server that packs (as docs/serve.md has it). Exit code 1 under the target.
 */
export async function main(): Promise<void> {
  const server = await serve(DIST)
  try {
    for (const { name, config, isTarget } of FORMS) {
      const scores: number[][] = CATEGORIES.map(() => [])
      const runs = await judge(server.url, config)
      for (const [run, { audits, categories, environment }] of runs.entries()) {
        const told = run === 0 ? `${name}, first visit` : `${name} ${run}`
        // What this machine had left for it: half as much makes all that is slow twice as slow.
        console.log(`${told}: benchmark index ${environment.benchmarkIndex}`)
        CATEGORIES.forEach((each, at) => {
          const { score, auditRefs } = categories[each]!
          if (score === null) throw new Error(`${told}: no score of ${each}`)
          if (run > 0) scores[at]!.push(Math.round(score * 100))
          else console.log(`${told}: ${each} ${Math.round(score * 100)}`)
          const lost = auditRefs.filter(({ id, weight }) => weight > 0 && (audits[id]!.score ?? 1) < 1)
          for (const { id } of lost)
            console.log(`${told}: ${id} ${audits[id]!.score} ${audits[id]!.displayValue ?? ''}`)
        })
      }
      CATEGORIES.forEach((each, at) => {
        const sorted = [...scores[at]!].sort((a, b) => a - b)
        const median = sorted[Math.floor(RUNS / 2)]!
        console.log(`${name}, ${each}: ${median} (${scores[at]!.join(', ')})`)
        if (isTarget && median < TARGET) process.exitCode = 1
      })
    }
  } finally {
    await server.stop()
  }
}

/** A first visit, and the runs after it in the same browser. */
async function judge(url: string, config?: Config): Promise<Result[]> {
  const { launchOptions } = await findBrowser()
  const port = await freePort()
  const args = [...launchOptions.args, `--remote-debugging-port=${port}`]
  const browser = await chromium.launch({ ...launchOptions, args })
  const flags: Flags = { port, onlyCategories: CATEGORIES, logLevel: 'error' }
  /** Slow for true, not by reckoning: that needs requests which reach a server, and from a copy there are none. */
  const again: Flags = { ...flags, disableStorageReset: true, throttlingMethod: 'devtools' }
  try {
    const results: Result[] = []
    for (let run = 0; run <= RUNS; run++) {
      const result = await lighthouse(url, run === 0 ? flags : again, config)
      if (result === undefined) throw new Error('Lighthouse gave no result.')
      results.push(result.lhr)
    }
    return results
  } finally {
    await browser.close()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
