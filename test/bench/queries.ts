import { expect, type Locator, type Page } from '@playwright/test'
import { goTo } from '../e2e/steps.ts'
import { timed } from './browser.ts'
import { wallOf } from './deeds.ts'
import { median, say, secondsOf } from './measurement.ts'
import type { Deed } from './probe.ts'
import { countOf, type Row } from './rows.ts'
import { ENTITIES, FREQUENT_WORD, RARE_WORD, TAGS } from './vocabulary.ts'

/** The rows about asking a large store, through the fields of Memories. */

const MOST_MS = 50
const MOST_FOR_A_WORD_MS = 500

interface Query {
  readonly name: string
  readonly ask: (page: Page) => Promise<unknown>
}

/** As typed and sent at once: what waiting for the next letter takes is not measured. */
function fillAndEnter(field: Locator, value: string): Promise<void> {
  return field.evaluate((element, text) => {
    const input = element as HTMLInputElement
    input.value = text
    input.dispatchEvent(new Event('input', { bubbles: true }))
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    input.dispatchEvent(new Event('change', { bubbles: true }))
  }, value)
}

const field = (page: Page, label: string) => page.getByLabel(label, { exact: true })

const QUERIES: readonly Query[] = [
  {
    name: 'entity',
    ask: (page) => field(page, 'Entity').selectOption(ENTITIES[100]!),
  },
  { name: 'date', ask: (page) => field(page, 'Since').fill('2026-01-15') },
  { name: 'tag', ask: (page) => fillAndEnter(field(page, 'Tags'), TAGS[100]!) },
  {
    name: 'origin',
    ask: (page) => field(page, 'Origin').selectOption('imported'),
  },
]

const ANSWERED = { begin: 'input', done: '[data-testid="count"]', busy: '[aria-busy="true"]:not(a)' } as const

export async function queries(page: Page, rounds: number, memories: number): Promise<Row[]> {
  say('queries')
  await goTo(page, 'Memories')
  const count = page.getByTestId('count')
  const all = `${countOf(memories)} memories`
  const showsAll = () => expect(count).toHaveText(all, { timeout: 60_000 })
  await showsAll()
  const filter = page.getByRole('button', { name: /^Filter/ })
  if ((await filter.getAttribute('aria-expanded')) !== 'true') await filter.click()
  const repeat = async (name: string, deed: Deed, ask: Query['ask']): Promise<number[]> => {
    const runs: number[] = []
    for (let round = 0; round < rounds; round++) {
      runs.push(wallOf(await timed(page, deed, () => ask(page))))
      await page.getByRole('button', { name: 'Clear filters' }).click()
      await showsAll()
    }
    say(`  ${name}: ${runs.map(secondsOf).join(', ')}`)
    return runs
  }
  const rows: Row[] = []
  for (const { name, ask } of QUERIES) {
    const runs = await repeat(name, { ...ANSWERED, unlike: all }, ask)
    rows.push({
      what: `query over ${countOf(memories)}, ${name}`,
      target: `first rows within ${MOST_MS} ms`,
      measured: spreadOf(runs),
      isMet: median(runs) <= MOST_MS,
    })
  }
  const find = (word: string) => (page: Page) => fillAndEnter(field(page, 'Find in text'), word)
  const { begin } = ANSWERED
  const rare = await repeat(
    'the word that stands in one text',
    { begin, done: '[data-testid="memory-row"]', including: RARE_WORD },
    find(RARE_WORD),
  )
  const first = await repeat(
    'first rows of a word that stands in many',
    { begin, done: '[data-testid="count"]', including: 'found so far' },
    find(FREQUENT_WORD),
  )
  const progress = await progressOf(page, find(RARE_WORD))
  const isStreamed = median(first) <= MOST_FOR_A_WORD_MS && isTrue(progress, memories)
  return [
    ...rows,
    {
      what: `query over ${countOf(memories)}, the word that stands in one text`,
      target: `first rows within ${MOST_FOR_A_WORD_MS} ms, or streamed with true progress`,
      measured:
        `${spreadOf(rare)}; of a word in many texts the first rows after ${spreadOf(first)}; progress first after ` +
        `${secondsOf(progress[0]?.ms ?? Infinity)}, then ${progress.length - 1} times more, to ` +
        `${countOf(progress.at(-1)?.done ?? 0)} of ${countOf(progress.at(-1)?.total ?? 0)}`,
      isMet: median(rare) <= MOST_FOR_A_WORD_MS || isStreamed,
    },
  ]
}

/** A progress that was shown, `ms` after the question. */
interface Shown {
  readonly ms: number
  readonly done: number
  readonly total: number
}

/** Every other progress that the page shows while it answers, as a screen reader is told it. */
async function progressOf(page: Page, ask: Query['ask']): Promise<Shown[]> {
  const seen = page.evaluate(
    () =>
      new Promise<Shown[]>((resolve) => {
        const shown: Shown[] = []
        const began = performance.now()
        const look = () => {
          const bar = document.querySelector('[role="progressbar"]')
          const [done, total] = ['aria-valuenow', 'aria-valuemax'].map((name) =>
            Number(bar?.getAttribute(name)),
          )
          if (bar !== null && done !== shown.at(-1)?.done)
            shown.push({ ms: performance.now() - began, done: done!, total: total! })
          if (bar === null && shown.length > 0) return resolve(shown)
          requestAnimationFrame(look)
        }
        look()
      }),
  )
  await ask(page)
  return seen
}

/** From early on, never back, of all there is, and near its end when it goes. */
function isTrue(shown: readonly Shown[], memories: number): boolean {
  const [first, last] = [shown[0], shown.at(-1)]
  if (first === undefined || last === undefined || first.ms > MOST_FOR_A_WORD_MS) return false
  const isRising = shown.every(({ done }, i) => i === 0 || done > shown[i - 1]!.done)
  return isRising && shown.every(({ total }) => total === memories) && last.done > 0.9 * memories
}

function spreadOf(runs: readonly number[]): string {
  const spread = `${secondsOf(Math.min(...runs))} to ${secondsOf(Math.max(...runs))}, ${runs.length} runs`
  return `**${secondsOf(median(runs))}** (${spread})`
}
