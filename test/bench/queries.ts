import { expect, type Locator, type Page } from '@playwright/test'
import { goTo } from '../e2e/steps.ts'
import { timed } from './browser.ts'
import { wallOf } from './deeds.ts'
import { median, say, secondsOf } from './measurement.ts'
import type { Deed } from './probe.ts'
import { countOf, type Row } from './rows.ts'
import { ENTITIES, RARE_WORD, TAGS } from './vocabulary.ts'

/** The rows about asking a large store, through the fields of Memories. */

const MOST_MS = 50
const MOST_FOR_A_WORD_MS = 500

interface Query {
  readonly name: string
  readonly most: number
  readonly ask: (page: Page) => Promise<unknown>
  /** Where not the number of rows tells that it was answered. */
  readonly deed?: Partial<Deed>
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
    most: MOST_MS,
    ask: (page) => field(page, 'Entity').selectOption(ENTITIES[100]!),
  },
  { name: 'date', most: MOST_MS, ask: (page) => field(page, 'Since').fill('2026-01-15') },
  { name: 'tag', most: MOST_MS, ask: (page) => fillAndEnter(field(page, 'Tags'), TAGS[100]!) },
  {
    name: 'origin',
    most: MOST_MS,
    ask: (page) => field(page, 'Origin').selectOption('imported'),
  },
  {
    name: 'the word that stands in one text',
    most: MOST_FOR_A_WORD_MS,
    ask: (page) => fillAndEnter(field(page, 'Find in text'), RARE_WORD),
    deed: { done: '[data-testid="memory-row"]', including: RARE_WORD },
  },
]

const ANSWERED = { begin: 'input', done: '[data-testid="count"]', busy: '[aria-busy="true"]:not(a)' } as const

export async function queries(page: Page, rounds: number, memories: number): Promise<Row[]> {
  say('queries')
  await goTo(page, 'Memories')
  const count = page.getByTestId('count')
  const all = `${countOf(memories)} memories`
  await expect(count).toHaveText(all, { timeout: 60_000 })
  const filter = page.getByRole('button', { name: /^Filter/ })
  if ((await filter.getAttribute('aria-expanded')) !== 'true') await filter.click()
  const rows: Row[] = []
  for (const { name, most, ask, deed } of QUERIES) {
    const runs: number[] = []
    for (let round = 0; round < rounds; round++) {
      const answer = await timed(page, { ...ANSWERED, unlike: all, ...deed }, () => ask(page))
      runs.push(wallOf(answer))
      await page.getByRole('button', { name: 'Clear filters' }).click()
      await expect(count).toHaveText(all, { timeout: 60_000 })
    }
    say(`  ${name}: ${runs.map(secondsOf).join(', ')}`)
    rows.push(rowOf(`query over ${countOf(memories)}, ${name}`, most, runs))
  }
  return rows
}

function rowOf(what: string, most: number, runs: readonly number[]): Row {
  const ms = median(runs)
  const spread = `${secondsOf(Math.min(...runs))} to ${secondsOf(Math.max(...runs))}, ${runs.length} runs`
  return {
    what,
    target: `first rows within ${most} ms`,
    measured: `**${secondsOf(ms)}** (${spread})`,
    isMet: ms <= most,
  }
}
