import { openBrowser } from './browser.ts'
import { dataFile, type FileName } from './data.ts'
import { verifyIntact } from './deeds.ts'
import { median, say } from './measurement.ts'
import { SETTLE_MS, watchMemory, type Memory } from './processes.ts'
import { countOf, gigabytesOf, megabytesOf, type Results, type Row, type Setting } from './rows.ts'

/** The rows about memory: what verifying a huge manifest takes above an idle tab. */

const MOST_BYTES = 200e6
const LEAF_BYTES = 32
/** Between one size and another, leaves apart: what a collection more or less makes. */
const FLAT_BYTES = 20e6

interface Measured {
  readonly name: FileName
  readonly memories: number
  readonly bytes: number
  readonly runs: readonly Memory[]
}

export async function memory({ app, scale }: Setting): Promise<Results> {
  const measured: Measured[] = []
  for (const name of scale.huge) {
    const { path, bytes, memories } = dataFile(name)
    say(`${name}: memory`)
    const runs: Memory[] = []
    for (let round = 0; round < scale.few; round++) {
      const browser = await openBrowser({ home: app })
      try {
        const page = await browser.newTab()
        await page.waitForTimeout(SETTLE_MS)
        const watched = await watchMemory(browser, () => verifyIntact(page, path))
        if (watched.memory === null) return { rows: [notMeasured()] }
        runs.push(watched.memory)
        say(`  ${megabytesOf(watched.memory.peak)} at the highest, ${megabytesOf(watched.memory.idle)} idle`)
      } finally {
        await browser.close()
      }
    }
    measured.push({ name, memories, bytes, runs })
  }
  return { rows: [...measured.map(aboveRow), ...(measured.length > 1 ? [flatRow(measured)] : [])] }
}

const aboveOf = ({ runs }: Measured) => median(runs.map(({ peak, idle }) => peak - idle))
const withoutLeaves = (each: Measured) => aboveOf(each) - LEAF_BYTES * each.memories

function aboveRow(each: Measured): Row {
  const { memories, bytes, runs } = each
  const of = (value: (memory: Memory) => number) => megabytesOf(median(runs.map(value)))
  const leaves = megabytesOf(LEAF_BYTES * memories)
  return {
    what: `memory while verifying ${gigabytesOf(bytes)}, ${countOf(memories)} memories`,
    target: 'under 200 MB above an idle tab',
    measured:
      `**${megabytesOf(aboveOf(each))}**, of it leaves ${leaves}: ${of(({ peak }) => peak)} at the highest, ` +
      `${of(({ idle }) => idle)} idle (${runs.length} runs); the browser process grew by ` +
      `${of(({ browserPeak, browserIdle }) => browserPeak - browserIdle)}; ` +
      `${median(runs.map(({ busyWorkers }) => busyWorkers))} workers worked`,
    isMet: aboveOf(each) < MOST_BYTES,
  }
}

function flatRow(measured: readonly Measured[]): Row {
  const grown = withoutLeaves(measured.at(-1)!) - withoutLeaves(measured[0]!)
  return {
    what: 'memory, the largest against the smallest of these',
    target: `flat but for 32 bytes a leaf (within ${megabytesOf(FLAT_BYTES)})`,
    measured: `**${megabytesOf(grown)}** more, leaves apart`,
    isMet: grown <= FLAT_BYTES,
  }
}

function notMeasured(): Row {
  const measured = 'not measured: this system does not tell what a process holds'
  return { what: 'memory while verifying', target: 'under 200 MB above an idle tab', measured, isMet: null }
}
