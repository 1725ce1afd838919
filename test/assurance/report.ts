import { LARGE_BYTES, RUNS, type CliResult } from './cli.ts'
import type { FuzzResult } from './fuzz.ts'
import { bytesKept, LIMIT_MS, memoryRatio } from './fuzz.ts'
import type { PlantResult } from './planted.ts'
import type { ResourceRow } from './resources.ts'

/** What was found, for machines; `toMarkdown` says the same to people. Null: a part that was never run. */
export interface Assurance {
  readonly format: 'omega-assurance/2'
  readonly runs: Readonly<Record<PartName, Run | null>>
  readonly fuzz: { readonly forgeries: readonly FuzzResult[]; readonly courier: FuzzResult } | null
  readonly cli: CliResult | null
  readonly planted: {
    readonly controls: readonly PlantResult[]
    readonly plants: readonly PlantResult[]
  } | null
  readonly resources: readonly ResourceRow[] | null
  readonly suites: readonly SuiteResult[] | null
}

/** In the order in which they are run; each can be run anew by itself. */
export const PARTS = ['fuzz', 'cli', 'planted', 'resources', 'suites'] as const
export type PartName = (typeof PARTS)[number]

/** When, where and of what a part was run. */
export interface Run {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
  readonly seed: string
  readonly minutes: number
}

/** Tests of the project, and where they run. */
export interface Suite {
  readonly name: string
  readonly project: keyof typeof WHERE
}

const WHERE = { node: 'Node', browser: 'Chromium', page: 'the built app' } as const

export interface SuiteResult extends Suite {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The last tenth of a run may hold so much more memory than the first. */
const MEMORY_LIMIT = 1.05
/** And so many bytes a mutant may be kept of the whole run: caches that fill, and nothing that grows. */
export const KEPT_LIMIT = 150

/** A line each for what does not hold; none if all holds. */
export function faultsOf(assurance: Assurance): string[] {
  const { runs, fuzz, cli, planted, resources, suites } = assurance
  const faults = PARTS.filter((part) => runs[part] === null).map((part) => `${part}: never run`)
  for (const result of fuzz ? [...fuzz.forgeries, fuzz.courier] : []) {
    const { kind, findings, found, memory } = result
    if (found > 0) faults.push(`${found} mutants were not treated as they must be`)
    for (const { n, name, what } of findings) faults.push(`${kind} ${n}, ${name}: ${what}`)
    if (memory.length === 0) continue
    if (!(memoryRatio(memory) <= MEMORY_LIMIT))
      faults.push(`memory of the last tenth over the first: ${memoryRatio(memory).toFixed(3)}`)
    if (!(bytesKept(result) <= KEPT_LIMIT))
      faults.push(`memory kept for each mutant: ${bytesKept(result).toFixed(0)} bytes`)
  }
  for (const { kind, n, name, packing, what } of cli?.findings ?? [])
    faults.push(`command line, ${kind} ${n} (${packing}), ${name}: ${what}`)
  for (const { file, finding } of planted?.controls ?? [])
    if (finding !== null) faults.push(`a copy with nothing removed (${file}) differs at ${finding.n}`)
  for (const { name, mutants } of planted?.plants ?? [])
    if (mutants === null) faults.push(`planted and not found: ${name}`)
  for (const { name, ok } of resources ?? []) if (!ok) faults.push(`resources: ${name}`)
  for (const { name, passed, failed, skipped } of suites ?? [])
    if (failed > 0 || skipped > 0 || passed === 0)
      faults.push(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
  return faults
}

export function toMarkdown(assurance: Assurance): string {
  const faults = faultsOf(assurance)
  return [
    '# Assurance report',
    'Written by `npm run assure`; what stands here can be made again from the commit and the seed.',
    `Verdict: ${faults.length === 0 ? '**all holds**' : '**does not hold**, see below'}.`,
    table(
      ['part', 'commit', 'date', 'minutes', 'seed', 'machine', 'versions'],
      PARTS.map((part) => [part, ...runText(assurance.runs[part])]),
    ),
    ...(faults.length > 0
      ? ['## What does not hold', faults.map((fault) => `- ${inline(fault)}`).join('\n')]
      : []),
    ...fuzzText(assurance),
    ...cliText(assurance),
    ...plantedText(assurance),
    ...resourcesText(assurance),
    ...suitesText(assurance),
    ...classesText(assurance),
  ].join('\n\n')
}

function runText(run: Run | null): string[] {
  if (run === null) return ['never run', '', '', '', '', '']
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`)
  return [run.commit, run.date, run.minutes.toFixed(1), run.seed, run.machine, versions.join(', ')]
}

function fuzzText({ fuzz }: Assurance): string[] {
  if (fuzz === null) return []
  const { forgeries, courier } = fuzz
  const mutants = forgeries.reduce((sum, { from, to }) => sum + to - from, 0)
  const slowest = forgeries.map((range) => range.slowest).sort((a, b) => b.milliseconds - a.milliseconds)[0]!
  const rows = [
    ['forgeries', number(mutants)],
    ['accepted', number(sum(forgeries, 'accepted'))],
    ['crashes', number(sum(forgeries, 'crashes'))],
    ['other than expected, or than the twin', number(sum(forgeries, 'found'))],
    [
      'slowest, CPU time',
      `${slowest.milliseconds.toFixed(0)} ms of ${LIMIT_MS} ms (mutant ${slowest.n}, ${slowest.name})`,
    ],
    ...forgeries.flatMap((result) => {
      const { from, to, memory } = result
      const range = `mutants ${number(from)} to ${number(to - 1)}`
      return [
        [
          `memory of the last tenth over the first, ${range}`,
          `${memoryRatio(memory).toFixed(3)} of at most ${MEMORY_LIMIT} (${memory.length} readings)`,
        ],
        [
          `memory kept beyond that before the first, ${range}`,
          `${bytesKept(result).toFixed(0)} bytes a mutant of at most ${KEPT_LIMIT}`,
        ],
      ]
    }),
    ['deeds of couriers, no forgeries, all held', held(courier)],
  ]
  return [
    '## Fuzzing',
    'Each mutant follows from the seed and its number. A structured one names the layer, code, line and index at ' +
      'which the format refuses it; one of bytes names the codes that it may come to, nearly all that the format has, ' +
      'so that the twin is its judge. ' +
      'Three answers are compared: the streaming reader gets each file in chunks of random sizes, one in eight with ' +
      'the library in place of the platform’s signatures; the fast path gets it in runs of random sizes, from one ' +
      'byte up, seven in eight with a kernel that reads lines as bytes, a third of those with the one in JavaScript; ' +
      'the twin gets it whole. Their ' +
      'reports must be the same text, byte for byte, and the leaves the same. Statements alone in a file and gzip ' +
      'files are mutated too: the one against the twin’s report, the others against what the twin inflates and ' +
      'reports. What the format lets a courier do is no forgery (dropping or adding evidence, countersigning, ' +
      'stripping a signature that is not listed, changing one of another algorithm, packing, taking a statement ' +
      'out): it must be held with the same id, header, details and leaves, and is counted apart. CPU time is that ' +
      'of the verifying process, so that a busy machine does not count. Memory is heap and buffers after a full ' +
      'collection, in each process by itself, after a warm-up of other mutants.',
    table(['', ''], rows),
  ]
}

function held({ from, to, found }: FuzzResult): string {
  return `${number(to - from - found)} of ${number(to - from)}`
}

function cliText({ cli }: Assurance): string[] {
  if (cli === null) return []
  const { plain, gzip, 'damaged gzip': damaged } = cli.packed
  const files = plain + gzip + damaged
  return [
    '## Command line',
    `${number(files)} files, spawned one by one as \`omega-verify --json\`: each of the ${cli.classes} classes as it is (${plain}) and ` +
      `packed (${gzip}), and ${damaged} files more as gzip that is damaged. Standard output is the twin’s report, byte for byte ` +
      '(of a damaged file `gzip_invalid`, or an earlier failure of what inflated), the exit code follows from it, and nothing is on ' +
      `stderr: ${number(files - cli.findings.length)} of ${number(files)}. Of files up to ${LARGE_BYTES / 1e6} MB (larger ones are bounded ` +
      `under Resources) the slowest took ${number(cli.slowest.milliseconds)} ms of ${LIMIT_MS}, its start included and the best of up to ` +
      `${RUNS} runs (${inline(cli.slowest.name)}). All mutants go through what the command line is made of, in process: see Fuzzing.`,
  ]
}

function plantedText({ planted }: Assurance): string[] {
  if (planted === null) return []
  const rows = planted.plants.map(({ name, file, mutants, finding }) => [
    inline(name),
    `\`${file}\``,
    mutants === null ? '**not found**' : number(mutants),
    finding === null ? '' : `${inline(finding.name)}: ${finding.what}`,
  ])
  const found = planted.plants.filter(({ mutants }) => mutants !== null).length
  return [
    '## Planted bugs',
    `Copies of the product, each with one check removed, given the same mutants in turn until one gives the copy away: ` +
      `**${found} of ${rows.length} found**. Controls, built the same ways with nothing removed: ` +
      `${planted.controls.every(({ finding }) => finding === null) ? 'no finding' : '**a finding**'}. S < L is asked by every ` +
      'engine too, so that its plant reduces S for the engine as well. The kernel only ever says yes, and leaves the rest to ' +
      'the plain reader: a rule it forgets is a memory that it takes and must not. That evidence has at most 1,024 statements ' +
      'has no plant: each has a signature, and of those there may be no more either.',
    table(['check removed', 'file', 'mutants', 'given away by'], rows),
  ]
}

function resourcesText({ resources }: Assurance): string[] {
  if (resources === null) return []
  const rows = resources.map((row) => [
    inline(row.name),
    number(row.bytes),
    row.read === null ? 'not counted' : number(row.read),
    row.line === null ? row.result : `${row.result}, line ${row.line}`,
    number(row.milliseconds),
    number(row.cpu),
    number(row.peak),
    number(row.megabytes),
    row.limit,
    row.ok ? 'yes' : '**no**',
  ])
  return [
    '## Resources',
    'Each file is read by a process of its own. Memory is the peak of what was resident of its address space, and how much of ' +
      'that is over the peak for a small manifest; CPU time is that of all its threads.',
    table(
      [
        'file',
        'bytes',
        'bytes read',
        'result',
        'ms',
        'ms of CPU',
        'MB',
        'MB above a small file',
        'limit',
        'held',
      ],
      rows,
    ),
  ]
}

function suitesText({ suites }: Assurance): string[] {
  if (suites === null) return []
  const rows = suites.map(({ name, project, passed, failed, skipped }) => [
    `\`${name}\``,
    WHERE[project],
    ...[passed, failed, skipped].map(number),
  ])
  return ['## Suites of the project', table(['tests', 'in', 'passed', 'failed', 'skipped'], rows)]
}

function classesText({ fuzz }: Assurance): string[] {
  if (fuzz === null) return []
  const classes = new Map<string, { mutants: number; codes: Map<string, number> }>()
  for (const range of [...fuzz.forgeries, fuzz.courier]) {
    for (const [name, count] of Object.entries(range.classes)) {
      const all = classes.get(name) ?? { mutants: 0, codes: new Map<string, number>() }
      all.mutants += count.mutants
      for (const [code, times] of Object.entries(count.codes))
        all.codes.set(code, (all.codes.get(code) ?? 0) + times)
      classes.set(name, all)
    }
  }
  const rows = [...classes].map(([name, { mutants, codes }]) => [
    inline(name),
    number(mutants),
    answersText([...codes].sort(([, a], [, b]) => b - a)),
  ])
  return [`## The ${rows.length} classes`, table(['class', 'mutants', 'answers'], rows)]
}

const SHOWN = 3

/** The commonest ones; all of them stand in the report for machines. */
function answersText(codes: readonly (readonly [code: string, times: number])[]): string {
  if (codes.length === 1) return `\`${codes[0]![0]}\``
  const more = codes.length > SHOWN ? `, ${codes.length - SHOWN} others` : ''
  const shown = codes.slice(0, SHOWN).map(([code, times]) => `\`${code}\` ${number(times)}`)
  return shown.join(', ') + more
}

function sum(results: readonly FuzzResult[], name: 'accepted' | 'crashes' | 'found'): number {
  return results.reduce((total, result) => total + result[name], 0)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Text that shall not be taken for a table or for markup. */
function inline(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('_', '\\_')
}

function number(value: number): string {
  return value.toLocaleString('en')
}
