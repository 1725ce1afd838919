import { cpSync } from 'node:fs'
import { trustKey } from '../e2e/steps.ts'
import { newProfile, openBrowser, removeProfile, type Browser } from './browser.ts'
import { dataFile } from './data.ts'
import { importFile } from './deeds.ts'
import { ISSUER } from './generator.ts'
import { medianOf, say, secondsOf, type Timing } from './measurement.ts'
import { bareLoop } from './peers.ts'
import { watchMemory } from './processes.ts'
import { atMost, countOf, megabytesOf, stated, type Results, type Row, type Setting } from './rows.ts'

/** The rows about importing: into an empty store, into one that holds as many, and beside a bare loop. */

const MOST_OF_LOOP = 0.4
const MOST_GROWTH = 1.1

interface Runs {
  empty: number[]
  filled: number[]
  loopEmpty: number[]
  loopFilled: number[]
  small: number[]
}

export async function imports({ app, peers, scale }: Setting): Promise<Results> {
  const [large, more, small] = [dataFile(scale.large), dataFile(scale.more), dataFile('10k')]
  const runs: Runs = { empty: [], filled: [], loopEmpty: [], loopFilled: [], small: [] }
  for (let round = 0; round < scale.few; round++) {
    say(`import, round ${round + 1}`)
    const [empty, filled] = await importInTurn(app, [large.path, more.path])
    runs.empty.push(empty!)
    runs.filled.push(filled!)
    const [loopEmpty, loopFilled] = await bareLoop(peers, [large.path, more.path])
    runs.loopEmpty.push(loopEmpty!)
    runs.loopFilled.push(loopFilled!)
    // Short, so once more often where others are run again too.
    for (let again = 0; again < Math.min(2, scale.few); again++)
      runs.small.push(...(await importInTurn(app, [small.path])))
    for (const [name, [...taken]] of Object.entries(runs))
      say(`  ${name}: ${secondsOf(taken.at(-1) as number)}`)
  }
  const timing = (name: keyof Runs): Timing => ({ runs: runs[name] })
  const what = `import of ${countOf(large.memories)}`
  return {
    rows: [
      atMost(
        `${what} into an empty store`,
        MOST_OF_LOOP,
        timing('empty'),
        timing('loopEmpty'),
        'a bare loop',
      ),
      atMost(
        `${what} into one that holds as many`,
        MOST_OF_LOOP,
        timing('filled'),
        timing('loopFilled'),
        'a bare loop into a store that holds as many',
      ),
      growthRow(timing('small'), small.memories, timing('empty'), large.memories),
      growthRow(
        timing('small'),
        small.memories,
        timing('filled'),
        large.memories,
        'into a store that holds as many',
      ),
      await memoryRow(app, large.path, large.memories),
    ],
  }
}

/** Each into the store that the ones before it have filled, the browser started again for each. */
async function importInTurn(app: string, paths: readonly string[]): Promise<number[]> {
  const times: number[] = []
  let profile: string | undefined
  for (const [at, path] of paths.entries()) {
    const browser = await openBrowser({ home: app, ...(profile === undefined ? {} : { profile }) })
    profile = browser.profile
    try {
      times.push(await importNew(browser, path, at === 0))
    } finally {
      await browser.close({ keep: at < paths.length - 1 })
    }
  }
  return times
}

async function importNew(browser: Browser, path: string, isFirst: boolean): Promise<number> {
  const page = await browser.newTab()
  if (isFirst) await trustKey(page, ISSUER.pem, 'Signer')
  const { imported, ms } = await importFile(page, path)
  if (!/^[\d,]+ imported, 0 already_local/.test(imported.text)) throw new Error(`not new: ${imported.text}`)
  return ms
}

function growthRow(
  small: Timing,
  fewer: number,
  large: Timing,
  more: number,
  where = 'into an empty store',
): Row {
  const [least, most] = [(1000 * medianOf(small)) / fewer, (1000 * medianOf(large)) / more]
  return {
    what: `import ${where}, a row of ${countOf(more)} against one of ${countOf(fewer)}`,
    target: `at most ${MOST_GROWTH} times the time`,
    measured: `**${(most / least).toFixed(2)}**: ${most.toFixed(1)} µs and ${least.toFixed(1)} µs`,
    isMet: most / least <= MOST_GROWTH,
  }
}

async function memoryRow(app: string, path: string, memories: number): Promise<Row> {
  const browser = await openBrowser({ home: app })
  try {
    const page = await browser.newTab()
    await trustKey(page, ISSUER.pem, 'Signer')
    const { memory } = await watchMemory(browser, () => importFile(page, path))
    const measured =
      memory === null
        ? 'not measured: this system does not tell what a process holds'
        : `**${megabytesOf(memory.peak - memory.idle)}** above an idle tab of ${megabytesOf(memory.idle)}; ` +
          `the browser process grew by ${megabytesOf(memory.browserPeak - memory.browserIdle)} (1 run)`
    return stated(`memory while importing ${countOf(memories)}`, measured)
  } finally {
    await browser.close()
  }
}

/** A profile that holds the large manifest and trusts its signer: made once, and a copy for each who asks. */
export function createFilledProfile(app: string, path: string) {
  let original: Promise<string> | undefined
  const make = async () => {
    say('filling a store')
    const browser = await openBrowser({ home: app })
    try {
      await importNew(browser, path, true)
    } finally {
      await browser.close({ keep: true })
    }
    return browser.profile
  }
  return {
    async copy(): Promise<string> {
      original ??= make()
      const profile = newProfile()
      cpSync(await original, profile, { recursive: true })
      return profile
    },
    async remove(): Promise<void> {
      if (original !== undefined) removeProfile(await original)
    },
  }
}
