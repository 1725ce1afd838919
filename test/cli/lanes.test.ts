import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writevSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportNaively } from '../reference/report.ts'
import { buildManifest, type ManifestOptions } from '../reference/writer.ts'

/**
 * Files that are large enough for threads, forged: each must be reported as by the naive verifier. That one would take
 * seconds for each, so what it must say of the layers is written down by hand, and only line 1 is put before it.
 */
const CLI = fileURLToPath(new URL('../../dist/omega-verify.mjs', import.meta.url))
const NOW = '2026-06-01T00:00:00.000Z'
/** Together above the 64 MiB from which threads are started, also with one missing. */
const COUNT = 70
const LETTERS = 980_000
/** Lines before the first memory. */
const HEAD = 4
/** Far more than any answer here takes, and far less than to read the sparse file. */
const TIMEOUT = 15_000

const folder = mkdtempSync(join(tmpdir(), 'omega-verify-lanes-'))
const path = join(folder, 'large.json')
const log = join(folder, 'answers')
const watcher = join(folder, 'watcher.cjs')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeAll(() => {
  if (!existsSync(CLI)) throw new Error('dist/omega-verify.mjs is not built: npm run build')
  // Loaded in each thread before the script: writes down what the thread answers.
  writeFileSync(
    watcher,
    `const { appendFileSync } = require('node:fs')
const { parentPort } = require('node:worker_threads')
if (parentPort !== null) {
  const post = parentPort.postMessage.bind(parentPort)
  parentPort.postMessage = (answer, ...rest) => {
    const { end, isWhole } = answer.run ?? answer
    appendFileSync(${JSON.stringify(log)}, JSON.stringify({ end, isWhole }) + '\\n')
    post(answer, ...rest)
  }
}
`,
  )
})

const drafts = Array.from({ length: COUNT }, (_, i) => ({
  content: `${i} `.repeat(LETTERS).slice(0, LETTERS),
}))
const linesOf = (options: ManifestOptions) =>
  buildManifest(options).lines.map((line) => Buffer.from(`${line}\n`))
const good = linesOf({ memories: drafts })
/** Line 1 of another envelope about the same memories, itself signed. */
const signed = (header: ManifestOptions['header']) => {
  const own = JSON.parse(good[0]!.toString().slice('{"envelope":'.length, -2)) as { header: object }
  return linesOf({ header: { ...own.header, ...header } })[0]!
}

type Lines = readonly Buffer[]
/** Line of a memory, from 0, and where it starts in a file of these lines. */
const at = (index: number) => HEAD + index
const offsetOf = (lines: Lines, line: number) =>
  lines.slice(0, line).reduce((sum, { length }) => sum + length, 0)

/** Another text at the same place of one line. */
function replaced(line: Buffer, from: string, to: Uint8Array | string): Buffer {
  const start = line.indexOf(from)
  if (start < 0) throw new Error(`no ${from} in the line`)
  return Buffer.concat([line.subarray(0, start), Buffer.from(to), line.subarray(start + from.length)])
}
const edited = (index: number, from: string, to: Uint8Array | string) => (lines: Lines) =>
  lines.with(at(index), replaced(lines[at(index)]!, from, to))

interface Answer {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Of the threads, as they came. */
  readonly runs: readonly { readonly end: number; readonly isWhole: boolean }[]
}

function run(lines: Lines, size?: number, preload = watcher): Answer {
  const fd = openSync(path, 'w')
  writevSync(fd, lines)
  if (size !== undefined) ftruncateSync(fd, size)
  closeSync(fd)
  writeFileSync(log, '')
  const args = ['--require', preload, CLI, path, '--json', '--now', NOW]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: TIMEOUT })
  const runs = readFileSync(log, 'utf8').split('\n').slice(0, -1)
  return {
    code: status,
    out: stdout,
    err: stderr,
    runs: runs.map((line) => JSON.parse(line) as Answer['runs'][number]),
  }
}

type Layer = 'leaves' | 'root'
const CLAUSES: Record<string, string> = {
  ...{ content_hash_mismatch: '3', leaf_hash_mismatch: '3' },
  ...{ not_canonical: '0', count_mismatch: '6', trailing_data: '2', root_mismatch: '4' },
}
type Failure = readonly [code: string, line: number, index: number | null, leaves: number]

/** The report of a file whose line 1 holds, and which is refused behind it; null: which holds. */
function reportOf(envelope: Buffer, failure: Failure | null): string {
  // Of line 1 alone: cut behind it, so that all that is said of the manifest is there.
  const said = JSON.parse(reportNaively(envelope, NOW)) as object
  if (failure === null) {
    const ok = { status: 'ok' }
    const layers = { signature: ok, leaves: ok, root: ok, evidence: ok }
    return `${JSON.stringify({ ...said, result: 'ok', layers, leaves: COUNT })}\n`
  }
  const [code, line, index, leaves] = failure
  const failed = { status: 'failed', code, clause: CLAUSES[code], line, index }
  const layer: Layer = code === 'root_mismatch' ? 'root' : 'leaves'
  const layers = {
    signature: { status: 'ok' },
    leaves: layer === 'leaves' ? failed : { status: 'ok' },
    root: layer === 'root' ? failed : { status: 'not_checked' },
    evidence: { status: 'not_checked' },
  }
  return `${JSON.stringify({ ...said, result: code, layers, leaves })}\n`
}

it('an intact file is checked by threads, all of it', { timeout: 60_000 }, () => {
  const { code, out, err, runs } = run(good)
  expect({ code, out, err }).toEqual({ code: 0, out: reportOf(good[0]!, null), err: '' })
  // The last memory has no comma: it is read where all runs come together.
  const last = offsetOf(good, at(COUNT - 1))
  expect(runs.length).toBeGreaterThan(1)
  expect(runs.filter(({ isWhole }) => !isWhole)).toEqual([{ end: last, isWhole: false }])
})

it.each([
  ['cannot start', `throw new Error('no')`],
  ['ends when it is asked', `parentPort.on('message', () => { throw new Error('no') })`],
])('where a thread %s, all is checked without, with the same report', { timeout: 60_000 }, (_, deed) => {
  const preload = join(folder, 'lost.cjs')
  const script = `const { isMainThread, parentPort } = require('node:worker_threads')\nif (!isMainThread) ${deed}\n`
  writeFileSync(preload, script)
  const { code, out, err } = run(good, undefined, preload)
  expect({ code, out, err }).toEqual({ code: 0, out: reportOf(good[0]!, null), err: '' })
  const refused = run(edited(MIDDLE, ' ', '-')(good), undefined, preload)
  const failure = ['content_hash_mismatch', at(MIDDLE) + 1, MIDDLE, MIDDLE] as const
  expect(refused).toMatchObject({ code: 1, out: reportOf(good[0]!, failure), err: '' })
})

const MIDDLE = COUNT >> 1
const LAST = COUNT - 2
const PLACES = [
  ['the first run', 0],
  ['a middle run', MIDDLE],
  ['the last run', LAST],
] as const
const FAULTS: [code: string, from: string, to: Uint8Array | string][] = [
  ['content_hash_mismatch', ' ', '-'],
  ['leaf_hash_mismatch', '"project"', '"projecu"'],
  ['not_canonical', '"tags":[]', '"tags":[ ]'],
]
const damages = PLACES.flatMap(([where, index]) =>
  FAULTS.map(([code, from, to]) => [code, where, index, edited(index, from, to)] as const),
)

describe('a line that does not hold', { timeout: 60_000 }, () => {
  it.each(damages)('%s in %s', (code, _, index, forge) => {
    const lines = forge(good)
    const { runs, ...answer } = run(lines)
    const out = reportOf(good[0]!, [code, at(index) + 1, index, index])
    expect(answer).toEqual({ code: 1, out, err: '' })
    // A thread met it, and stopped before it.
    expect(runs).toContainEqual({ end: offsetOf(lines, at(index)), isWhole: false })
  })

  it('the last of all, which no thread takes', () => {
    const index = COUNT - 1
    const { code, out } = run(edited(index, ' ', '-')(good))
    expect(code).toBe(1)
    expect(out).toBe(reportOf(good[0]!, ['content_hash_mismatch', at(index) + 1, index, index]))
  })

  it('of several the first is named, whichever thread is done before', () => {
    const lines = [LAST, MIDDLE + 1, MIDDLE].reduce<Lines>((all, i) => edited(i, ' ', '-')(all), good)
    const { code, out } = run(lines)
    expect(code).toBe(1)
    expect(out).toBe(reportOf(good[0]!, ['content_hash_mismatch', at(MIDDLE) + 1, MIDDLE, MIDDLE]))
  })
})

describe('lines that each hold, and are not those that were signed', { timeout: 60_000 }, () => {
  const swap = (a: number, b: number) => (lines: Lines) =>
    lines.with(at(a), lines[at(b)]!).with(at(b), lines[at(a)]!)
  const end = at(COUNT) + 1
  const isAnother: Failure = ['root_mismatch', 1, null, COUNT]
  const isShort: Failure = ['count_mismatch', end - 1, null, COUNT - 1]
  const isLong: Failure = ['count_mismatch', end, COUNT, COUNT]
  const cases: (readonly [string, (lines: Lines) => Lines, Failure])[] = [
    ...PLACES.flatMap(([where, index]) => [
      [`two of ${where} swapped`, swap(index, index === LAST ? index - 1 : index + 1), isAnother] as const,
      [`one of ${where} missing`, (lines: Lines) => lines.toSpliced(at(index), 1), isShort] as const,
      [
        `one of ${where} twice`,
        (lines: Lines) => lines.toSpliced(at(index), 0, lines[at(index)]!),
        isLong,
      ] as const,
    ]),
    ['the first and one of the last run swapped', swap(0, LAST), isAnother],
    [
      'more behind the end',
      (lines) => [...lines, Buffer.from('\n')],
      ['trailing_data', end + 1, null, COUNT],
    ],
  ]
  it.each(cases)('%s', (_, forge, failure) => {
    const { runs, ...answer } = run(forge(good))
    expect(answer).toEqual({ code: 1, out: reportOf(good[0]!, failure), err: '' })
    expect(runs.filter(({ isWhole }) => isWhole).length).toBeGreaterThan(0)
  })

  it.each([
    ['another root', { merkle_root: 'ab'.repeat(32) }, isAnother],
    ['one memory less', { memory_count: COUNT - 1 }, ['count_mismatch', end - 1, COUNT - 1, COUNT - 1]],
  ] as const)('signed for %s', (_, header, failure) => {
    const envelope = signed(header)
    const { runs, ...answer } = run(good.with(0, envelope))
    expect(answer).toEqual({ code: 1, out: reportOf(envelope, failure), err: '' })
    expect(runs.length).toBeGreaterThan(1)
  })
})

describe('a first line that does not hold is refused without the rest, and no thread is waited for', () => {
  const cases: (readonly [string, Buffer])[] = [
    ['signature_invalid', replaced(good[0]!, `"memory_count":${COUNT}`, '"memory_count":1')],
    ['not_canonical', replaced(good[0]!, '"memory_count":', '"memory_count": ')],
    ['details_mismatch', replaced(good[0]!, '"selection":{}', '"selection":{"tags":["a"]}')],
  ]
  it.each(cases)('%s', (code, first) => {
    // As if of 64 GiB, nothing of which takes room: who reads it all is not done in time.
    const { runs, ...answer } = run([first, ...good.slice(1, 6)], 2 ** 36)
    const out = reportNaively(first, NOW)
    expect(JSON.parse(out)).toMatchObject({ result: code })
    expect(answer).toEqual({ code: 1, out: `${out}\n`, err: '' })
    expect(runs).toEqual([])
  })
})
