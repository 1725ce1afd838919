import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import lighthouse, { desktopConfig, type Config, type Result } from 'lighthouse'
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
 * Medians of three runs after one that is not counted, of the built app from a server that packs (as docs/serve.md
 * has it). Each run begins with an empty cache and store. Exit code 1 under the target.
 */
export async function main(): Promise<void> {
  const server = await serve(DIST)
  try {
    for (const { name, config, isTarget } of FORMS) {
      const scores: number[][] = CATEGORIES.map(() => [])
      for (let run = 0; run <= RUNS; run++) {
        const { audits, categories } = await judge(server.url, config)
        CATEGORIES.forEach((each, at) => {
          const { score, auditRefs } = categories[each]!
          if (run > 0) scores[at]!.push(Math.round((score ?? 0) * 100))
          const lost = auditRefs.filter(({ id, weight }) => weight > 0 && (audits[id]!.score ?? 1) < 1)
          for (const { id } of lost)
            console.log(`${name} ${run}: ${id} ${audits[id]!.score} ${audits[id]!.displayValue ?? ''}`)
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

/** One run, in a browser of its own. */
async function judge(url: string, config?: Config): Promise<Result> {
  const { launchOptions } = await findBrowser()
  const port = await freePort()
  const args = [...launchOptions.args, `--remote-debugging-port=${port}`]
  const browser = await chromium.launch({ ...launchOptions, args })
  try {
    const result = await lighthouse(url, { port, onlyCategories: CATEGORIES, logLevel: 'error' }, config)
    if (result === undefined) throw new Error('Lighthouse gave no result.')
    return result.lhr
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
