import type { Worker } from '@playwright/test'
import { openBrowser, type Browser } from './browser.ts'
import { dataFile, type FileName } from './data.ts'
import { verifyIntact } from './deeds.ts'
import { inTurn, medianOf, say, type Timing } from './measurement.ts'
import { commandLine, plainNode, plainPython, python, sha256sum } from './peers.ts'
import { atMost, countOf, faster, stated, type Point, type Results, type Row, type Setting } from './rows.ts'
import { serveApp } from './server.ts'

/** The rows about verifying: warm, in a tab just opened, without WebAssembly, growth; and the command line. */

/** Below this a manifest has no target: starting takes more than verifying. */
const LEAST = 200_000
/** Nor has the command line. */
const LEAST_FOR_COMMAND_LINE = 1_000_000
const MOST_GROWTH = 1.1
/** Between two files. */
const REST_MS = 1000

export async function verification({ app, scale }: Setting): Promise<Results> {
  const browser = await openBrowser({ home: app })
  try {
    const page = await browser.newTab()
    const warmUp = () => verifyIntact(page, dataFile('10k').path)
    await warmUp()
    const measure = async (name: FileName): Promise<Point> => {
      const { path, bytes, memories } = dataFile(name)
      say(`${name}: verification`)
      sha256sum(path)
      const timings = await inTurn(
        scale.rounds,
        {
          app: async () => {
            // The turns of the peers may be so long that the app has let its lanes go.
            await warmUp()
            // Nor is what the page still does about that one file part of the next.
            await page.waitForTimeout(REST_MS)
            return verifyIntact(page, path)
          },
          sha256sum: () => sha256sum(path),
          commandLine: () => commandLine(path),
          python: () => plainPython(path),
          node: () => plainNode(path),
        },
        { python: scale.few, node: scale.few },
      )
      return { memories, bytes, timings }
    }
    const points: Point[] = []
    for (const name of scale.sizes) points.push(await measure(name))
    const texts = scale.texts === null ? null : await measure(scale.texts)
    return {
      points,
      rows: [
        ...points.flatMap((point) => warmRows(`${countOf(point.memories)} memories`, point)),
        ...(texts === null ? [] : warmRows(`${countOf(texts.memories)} memories of 200 kB`, texts)),
        await freshRow(browser, { scale }),
        await plainEngineRow({ scale }),
        growthRow(points.at(-2)!, points.at(-1)!),
      ],
    }
  } finally {
    await browser.close()
  }
}

/** The command line alone, where only that is asked for. */
export async function commandLineRows({ scale }: Setting): Promise<Results> {
  const { path, memories } = dataFile(scale.sizes.at(-1)!)
  sha256sum(path)
  const timings = await inTurn(scale.rounds, {
    commandLine: () => commandLine(path),
    sha256sum: () => sha256sum(path),
  })
  return { rows: [commandLineRow(`${countOf(memories)} memories`, timings)] }
}

function warmRows(size: string, { memories, timings }: Point): Row[] {
  const { app, sha256sum: sum, python: py, node } = timings as Record<string, Timing>
  const what = `verification, warm, ${size}`
  const pythonName = python().cryptography === null ? 'Python (without signatures)' : 'Python'
  return [
    judgedFrom(LEAST, memories, atMost(what, 0.8, app!, sum!, '`sha256sum`')),
    judgedFrom(LEAST, memories, faster(what, 12, app!, py!, pythonName)),
    judgedFrom(LEAST, memories, faster(what, 12, app!, node!, 'Node, one thread')),
    judgedFrom(LEAST_FOR_COMMAND_LINE, memories, commandLineRow(size, timings)),
  ]
}

function judgedFrom(least: number, memories: number, row: Row): Row {
  if (memories >= least) return row
  return { ...row, target: `${row.target}, from ${countOf(least)} memories`, isMet: null }
}

function commandLineRow(size: string, timings: Readonly<Record<string, Timing>>): Row {
  return atMost(`command line, ${size}`, 0.7, timings['commandLine']!, timings['sha256sum']!, '`sha256sum`')
}

async function freshRow(browser: Browser, { scale }: Pick<Setting, 'scale'>): Promise<Row> {
  const { path, memories } = dataFile(scale.middle)
  say('a tab just opened')
  const warmTab = await browser.newTab()
  await verifyIntact(warmTab, path)
  const { warm, fresh } = await inTurn(scale.rounds, {
    warm: () => verifyIntact(warmTab, path),
    fresh: async () => {
      const tab = await browser.newTab()
      const ms = await verifyIntact(tab, path)
      await tab.close()
      return ms
    },
  })
  await warmTab.close()
  return atMost(`verification in a tab just opened, ${countOf(memories)} memories`, 1.3, fresh, warm, 'warm')
}

async function plainEngineRow({ scale }: Pick<Setting, 'scale'>): Promise<Row> {
  const { path, memories } = dataFile(scale.middle)
  say('without WebAssembly')
  const hardened = await serveApp({ hardened: true })
  const browser = await openBrowser({ home: hardened.url })
  try {
    const page = await browser.newTab()
    await verifyIntact(page, dataFile('10k').path)
    for (const scope of [page, ...page.workers()] as Worker[])
      if (await scope.evaluate(() => 'WebAssembly' in globalThis))
        throw new Error('WebAssembly is still there')
    const timings = await inTurn(scale.few, {
      app: () => verifyIntact(page, path),
      python: () => plainPython(path),
    })
    return faster(
      `verification without WebAssembly, ${countOf(memories)} memories`,
      2,
      timings.app,
      timings.python,
      'Python',
    )
  } finally {
    await browser.close()
    await hardened.close()
  }
}

function growthRow(smaller: Point, larger: Point): Row {
  const each = ({ memories, timings }: Point) => (1000 * medianOf(timings['app']!)) / memories
  const growth = each(larger) / each(smaller)
  const what = `growth, ${countOf(smaller.memories)} to ${countOf(larger.memories)} memories`
  const measured = `**${growth.toFixed(2)}**: ${each(smaller).toFixed(2)} µs and ${each(larger).toFixed(2)} µs a memory`
  if (smaller.memories < LEAST) return stated(what, measured)
  return {
    what,
    target: `a memory at most ${MOST_GROWTH} times the time`,
    measured,
    isMet: growth <= MOST_GROWTH,
  }
}
