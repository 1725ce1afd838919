import { describe, expect, it } from 'vitest'
import { encodeUtf8 } from '../../src/core/bytes.ts'
import { createReport } from '../../src/core/report.ts'
import { runBytesOf, type CheckedRun } from '../../src/core/run.ts'
import type { Failure } from '../../src/core/verification.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { Lanes } from '../../src/worker/lanes.ts'
import { OpenedManifest } from '../../src/worker/opened-manifest.ts'
import type { Reply, Request } from '../../src/worker/protocol.ts'
import { Source } from '../../src/worker/source.ts'
import { bytesOf, craftManifest, craftMemory, createStranger } from '../exchange/craft.ts'
import { startTestLane } from '../exchange/instance.ts'

/** Forged files that are large enough for lanes: reported as by the plain reader, line by line, without any. */
const NOW = '2026-06-01T00:00:00.000Z'
const COUNT = 40
const LETTERS = 120_000
/** Lines before the first memory. */
const HEAD = 4
const author = await createStranger()
const memories = Array.from({ length: COUNT }, (_, i) =>
  craftMemory(author.fingerprint, { content: `${i} `.repeat(LETTERS).slice(0, LETTERS), tags: [] }),
)

type Lines = readonly string[]
const linesOf = async (header = {}): Promise<Lines> => {
  const { file } = await craftManifest(author, memories, { header })
  return new TextDecoder().decode(await bytesOf(file)).match(/.*\n/g)!
}
const good = await linesOf()
/** All is ASCII here. */
const offsetOf = (lines: Lines, line: number) =>
  lines.slice(0, line).reduce((sum, { length }) => sum + length, 0)
const at = (index: number) => HEAD + index

/** What lanes answered of their runs, as it came. */
const answered: Pick<CheckedRun, 'end' | 'isWhole'>[] = []
const lanes = new Lanes(() => {
  const worker = startTestLane()
  worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
    if (!('output' in data) || data.output === undefined) return
    const { end, isWhole } = data.output as CheckedRun
    answered.push({ end, isWhole })
  })
  return worker
}, 4)

const size = offsetOf(good, good.length)
const start = offsetOf(good, HEAD)
const runBytes = runBytesOf(size, lanes.count)
/** Runs, but for a last one that is too short for the way to a lane. */
const RUNS = Math.floor((size - start - 512 * 1024) / runBytes) + 1
/** The last memory whose line starts in a run, but for the last of all. */
const lastOf = (run: number) => {
  const border = start + (run + 1) * runBytes
  return memories.findLastIndex((_, index) => offsetOf(good, at(index)) < border && index < COUNT - 1)
}

/** The report with lanes, which is as that without; and what the lanes said. */
async function report(lines: Lines) {
  const bytes = encodeUtf8(lines.join(''))
  answered.length = 0
  const opened = await OpenedManifest.verify(await Source.open(new Blob([bytes])), lanes, {
    signal: new AbortController().signal,
    progress: () => undefined,
    give: () => undefined,
  })
  const byLanes = [...answered]
  const whole = async function* () {
    yield bytes
  }
  const plain = await verifyManifest(whole())
  const said = JSON.stringify(createReport(opened.verification, { now: NOW }))
  expect(said).toBe(JSON.stringify(createReport(plain, { now: NOW })))
  const { failure, memories } = opened.verification
  return { failure, memories, byLanes }
}

it('the file that holds is checked by lanes', async () => {
  expect(RUNS).toBeGreaterThan(2)
  const { failure, memories, byLanes } = await report(good)
  expect({ failure, memories }).toEqual({ failure: null, memories: COUNT })
  expect(byLanes.filter(({ isWhole }) => isWhole).length).toBeGreaterThanOrEqual(RUNS - 1)
})

it('who uses the page has a core for a moment; then a run goes on and says the same', async () => {
  const alone = new Lanes(startTestLane, 1)
  await alone.warm()
  const file = new Blob(['\n', good.slice(HEAD, HEAD + COUNT - 1).join('')])
  const check = () => alone.call('check', { file, from: 1, to: file.size }, file.size)
  const first = await check()
  expect(first.leaves).toHaveLength(32 * (COUNT - 1))
  // A lane that is alone rests every other tenth of a second: this one has just begun.
  await expect.poll(() => Date.now() % 200, { interval: 5, timeout: 10_000 }).toBeLessThan(20)
  const began = performance.now()
  alone.giveWay()
  expect(await check()).toEqual(first)
  // A rest has a shortest time, whatever the machine.
  expect(performance.now() - began).toBeGreaterThanOrEqual(60)
})

it('while somebody uses the page one lane stages, afterwards all do', async () => {
  const staging: number[] = []
  let started = 0
  const two = new Lanes(() => {
    const worker = startTestLane()
    const lane = started++
    return {
      postMessage(request: Request) {
        if ('task' in request && request.task === 'stage') staging.push(lane)
        worker.postMessage(request)
      },
      addEventListener: worker.addEventListener.bind(worker),
      terminate: () => worker.terminate(),
    }
  }, 2)
  await two.warm()
  const file = new Blob([good.slice(HEAD, HEAD + COUNT - 1).join('')])
  const run = { batch: 'batch', index: 0, count: COUNT - 1, ownKeys: [], skip: [] }
  const stageFour = async () => {
    staging.length = 0
    const staged = await Promise.all(
      Array.from({ length: 4 }, () => two.call('stage', { file, run }, file.size)),
    )
    for (const { pages } of staged)
      expect(pages.reduce((rows, { page }) => rows + page.count, 0)).toBe(COUNT - 1)
    return staging.toSorted()
  }
  two.giveWay()
  expect(await stageFour()).toEqual([0, 0, 0, 0])
  await expect.poll(stageFour, { timeout: 10_000 }).toEqual([0, 0, 1, 1])
})

const PLACES = [
  ['the first line', 0],
  ['the last line of the first run, which ends in the next', lastOf(0)],
  ['a middle run', lastOf(RUNS >> 1) - 1],
  ['the last run', lastOf(RUNS - 1) - 1],
] as const

describe('a line that does not hold is named, as a lane stops before it', () => {
  const faults: [code: Failure['code'], from: RegExp, to: string][] = [
    ['content_hash_mismatch', / /, '-'],
    ['leaf_hash_mismatch', /"entity_id":"e"/, '"entity_id":"f"'],
    ['not_canonical', /"tags":\[\]/, '"tags":[ ]'],
  ]
  const cases = PLACES.flatMap(([where, index]) =>
    faults.map(([code, from, to]) => [code, where, index, from, to] as const),
  )
  it.each(cases)('%s in %s', async (code, _, index, from, to) => {
    const line = good[at(index)]!.replace(from, to)
    expect(line).not.toBe(good[at(index)])
    const { failure, memories, byLanes } = await report(good.with(at(index), line))
    expect(failure).toEqual({ layer: 'leaves', code, line: at(index) + 1, index })
    expect(memories).toBe(index)
    expect(byLanes).toContainEqual({ end: offsetOf(good, at(index)), isWhole: false })
  })

  it('of several the first, whichever lane is done before', async () => {
    const broken = PLACES.slice(1).reduce<Lines>(
      (lines, [, index]) => lines.with(at(index), lines[at(index)]!.replace(' ', '-')),
      good,
    )
    const index = lastOf(0)
    const { failure } = await report(broken)
    expect(failure).toEqual({ layer: 'leaves', code: 'content_hash_mismatch', line: at(index) + 1, index })
  })
})

describe('lines that each hold, and are not those that were signed', () => {
  const swap = (a: number, b: number) => (lines: Lines) =>
    lines.with(at(a), lines[at(b)]!).with(at(b), lines[at(a)]!)
  const end = at(COUNT) + 1
  const another: Failure = { layer: 'root', code: 'root_mismatch', line: 1, index: null }
  const short: Failure = { layer: 'leaves', code: 'count_mismatch', line: end - 1, index: null }
  const long: Failure = { layer: 'leaves', code: 'count_mismatch', line: end, index: COUNT }
  const more: Failure = { layer: 'leaves', code: 'trailing_data', line: end + 1, index: null }
  const cases: (readonly [string, (lines: Lines) => Lines, Failure])[] = [
    ...PLACES.flatMap(([where, index]) => [
      [`two swapped: ${where}`, swap(index, index + 1), another] as const,
      [`one missing: ${where}`, (lines: Lines) => lines.toSpliced(at(index), 1), short] as const,
      [
        `one twice: ${where}`,
        (lines: Lines) => lines.toSpliced(at(index), 0, lines[at(index)]!),
        long,
      ] as const,
    ]),
    ['one of the first and one of the last run swapped', swap(0, lastOf(RUNS - 1)), another],
    ['more behind the end', (lines) => [...lines, '\n'], more],
  ]
  it.each(cases)('%s', async (_, forge, expected) => {
    const { failure, byLanes } = await report(forge(good))
    expect(failure).toEqual(expected)
    expect(byLanes.filter(({ isWhole }) => isWhole).length).toBeGreaterThan(0)
  })

  it('another root, signed', async () => {
    const { failure, memories } = await report(await linesOf({ merkle_root: 'ab'.repeat(32) }))
    expect(failure).toEqual(another)
    expect(memories).toBe(COUNT)
  })
})
