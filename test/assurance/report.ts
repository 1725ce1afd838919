import type { CliResult } from './cli.ts'
import type { FuzzResult } from './fuzz.ts'
import { LIMIT_MS, memoryRatio } from './fuzz.ts'
import type { PlantResult } from './planted.ts'
import type { ResourceRow } from './resources.ts'

/** What a run found, for machines; `toMarkdown` says the same to people. Null: the part was not run. */
export interface Assurance {
  readonly format: 'omega-assurance/1'
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
  readonly seed: string
  readonly minutes: number
  /** One for each process. */
  readonly fuzz: readonly FuzzResult[] | null
  readonly courier: FuzzResult | null
  readonly cli: CliResult | null
  readonly planted: { readonly control: PlantResult; readonly plants: readonly PlantResult[] } | null
  readonly resources: readonly ResourceRow[] | null
  readonly suites: readonly SuiteResult[] | null
}

export interface SuiteResult {
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The last tenth of a run may hold so much more memory than the first. */
const MEMORY_LIMIT = 1.05

/** A line each for what does not hold; none if all that was run holds. */
export function faultsOf(assurance: Assurance): string[] {
  const { fuzz, courier, cli, planted, resources, suites } = assurance
  const faults: string[] = []
  for (const { kind, findings, found, memory } of [...(fuzz ?? []), ...(courier ? [courier] : [])]) {
    if (found > 0) faults.push(`${found} mutants were not treated as they must be`)
    for (const { n, name, what } of findings) faults.push(`${kind} ${n}, ${name}: ${what}`)
    if (memory.length > 0 && !(memoryRatio(memory) <= MEMORY_LIMIT))
      faults.push(`memory of the last tenth over the first: ${memoryRatio(memory).toFixed(3)}`)
  }
  for (const { kind, n, name, packing, what } of cli?.findings ?? [])
    faults.push(`command line, ${kind} ${n} (${packing}), ${name}: ${what}`)
  if (planted && planted.control.finding !== null)
    faults.push(`the control, with nothing removed, differs at ${planted.control.finding.n}`)
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
    table(
      ['', ''],
      [
        ['verdict', faults.length === 0 ? '**all that was run holds**' : '**does not hold**, see below'],
        ['date', assurance.date],
        ['commit', assurance.commit],
        ['machine', assurance.machine],
        ...Object.entries(assurance.versions),
        ['seed', assurance.seed],
        ['took', `${assurance.minutes.toFixed(1)} minutes`],
      ],
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

function fuzzText({ fuzz, courier }: Assurance): string[] {
  if (fuzz === null) return notRun('Fuzzing')
  const mutants = fuzz.reduce((sum, { from, to }) => sum + to - from, 0)
  const slowest = fuzz.map((range) => range.slowest).sort((a, b) => b.milliseconds - a.milliseconds)[0]!
  const rows = [
    ['forgeries', number(mutants)],
    ['accepted', number(sum(fuzz, 'accepted'))],
    ['crashes', number(sum(fuzz, 'crashes'))],
    ['other than expected, or than the twin', number(sum(fuzz, 'found'))],
    [
      'slowest, CPU time',
      `${slowest.milliseconds.toFixed(0)} ms of ${LIMIT_MS} ms (mutant ${slowest.n}, ${slowest.name})`,
    ],
    ...fuzz.map(({ from, to, memory }) => [
      `memory of the last tenth over the first, mutants ${number(from)} to ${number(to - 1)}`,
      `${memoryRatio(memory).toFixed(3)} of at most ${MEMORY_LIMIT} (${memory.length} readings)`,
    ]),
    ...(courier ? [['deeds of couriers, no forgeries, all held', held(courier)]] : []),
  ]
  return [
    '## Fuzzing',
    'Each mutant follows from the seed and its number. A structured one names the layer, code, line and index at ' +
      'which the format refuses it; one of bytes is judged by the twin. The streaming reader gets each in chunks of ' +
      'random sizes, one in eight with the library in place of the platform’s signatures, and its answer (layer, ' +
      'code, line, index, leaves, id) must be the expected one and the twin’s. ' +
      'There is no byte-level fast path to compare yet. What the format lets a courier do is no forgery (dropping or ' +
      'adding evidence, countersigning, stripping a signature that is not listed, changing one of another ' +
      'algorithm): it must be held with the same id, header, details and leaves, and is counted apart. CPU time is ' +
      'that of the verifying process, so that a busy machine does not count. Memory is heap and buffers after a full ' +
      'collection, in each process by itself. Limits that only a file of many megabytes reaches (16 MiB and 1,024 ' +
      'signatures of evidence) are measured under resources.',
    table(['', ''], rows),
  ]
}

function held({ from, to, found }: FuzzResult): string {
  return `${number(to - from - found)} of ${number(to - from)}`
}

function cliText({ cli }: Assurance): string[] {
  if (cli === null) return notRun('Command line')
  const { plain, gzip, 'damaged gzip': damaged } = cli.packed
  return [
    '## Command line',
    `${cli.files} forgeries of all classes and ${cli.couriers} deeds of couriers, spawned one by one as \`omega-verify --json\`: ` +
      `${plain} plain, ${gzip} gzip, ${damaged} as damaged gzip. Exit code, layers, code, line, index, leaves and id are the twin’s ` +
      `(or \`gzip_invalid\` for a damaged file), nothing on stderr: ${cli.files + cli.couriers - cli.findings.length} of ${cli.files + cli.couriers}.`,
  ]
}

function plantedText({ planted }: Assurance): string[] {
  if (planted === null) return notRun('Planted bugs')
  const rows = planted.plants.map(({ name, file, mutants, finding }) => [
    inline(name),
    `\`${file}\``,
    mutants === null ? '**not found**' : number(mutants),
    finding === null ? '' : `${inline(finding.name)}: ${finding.what}`,
  ])
  const found = planted.plants.filter(({ mutants }) => mutants !== null).length
  return [
    '## Planted bugs',
    `Copies of the core, each with one check removed, given the same mutants in turn until one gives the copy away: ` +
      `**${found} of ${rows.length} found**. Control, built the same way with nothing removed: ` +
      `${planted.control.finding === null ? 'no finding' : '**a finding**'}. S < L is asked by every engine too, so that ` +
      'its plant reduces S for the engine as well.',
    table(['check removed', 'file', 'mutants', 'given away by'], rows),
  ]
}

function resourcesText({ resources }: Assurance): string[] {
  if (resources === null) return notRun('Resources')
  const rows = resources.map((row) => [
    inline(row.name),
    number(row.bytes),
    row.read === null ? 'not counted' : number(row.read),
    row.line === null ? row.result : `${row.result}, line ${row.line}`,
    number(row.milliseconds),
    number(row.megabytes),
    row.limit,
    row.ok ? 'yes' : '**no**',
  ])
  return [
    '## Resources',
    table(['file', 'bytes', 'bytes read', 'result', 'ms', 'MB above a small file', 'limit', 'held'], rows),
  ]
}

function suitesText({ suites }: Assurance): string[] {
  if (suites === null) return notRun('Conformance and vectors')
  const rows = suites.map(({ name, passed, failed, skipped }) => [
    `\`${name}\``,
    ...[passed, failed, skipped].map(number),
  ])
  return ['## Conformance and vectors', table(['tests', 'passed', 'failed', 'skipped'], rows)]
}

function classesText({ fuzz, courier }: Assurance): string[] {
  if (fuzz === null) return []
  const classes = new Map<string, { mutants: number; codes: Map<string, number> }>()
  for (const range of [...fuzz, ...(courier ? [courier] : [])]) {
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

function notRun(part: string): string[] {
  return [`## ${part}`, 'Not run.']
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
