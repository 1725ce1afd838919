import type { Results, Scale } from './rows.ts'

/** What was found, for people: `results.md`. */

/** A part of the benchmark as it was found last. */
export interface Part extends Results {
  readonly machine: Readonly<Record<string, string>>
}

export function toMarkdown(parts: readonly (readonly [name: string, Part])[], scale: Scale['name']): string {
  const rows = parts.flatMap(([, part]) => part.rows)
  const judged = rows.filter(({ isMet }) => isMet !== null)
  const missed = judged.filter(({ isMet }) => isMet === false)
  const last = parts.reduce<Part['machine']>(
    (latest, [, { machine }]) => ((latest['date'] ?? '') > (machine['date'] ?? '') ? latest : machine),
    {},
  )
  const { date: _, commit: __, ...machine } = last
  const runs = parts.map(([name, part]) => [name, part.machine['date'] ?? '', part.machine['commit'] ?? ''])
  return [
    '# Benchmark',
    `Written by \`npm run bench\`${scale === 'quick' ? ' (`-- quick`, smaller than the targets ask)' : ''}. ` +
      `**${judged.length - missed.length} of ${judged.length} targets are met.**`,
    table(['', ''], Object.entries(machine)),
    table(['part', 'date', 'commit'], runs),
    ...(scale === 'quick' ? [] : ['![Time against size](verify-time.svg)']),
    table(
      ['what', 'target', 'measured: median (least to most)', 'met'],
      rows.map(({ what, target, measured, isMet }) => [what, target, measured, VERDICT[String(isMet)]!]),
    ),
    '## How it is measured',
    METHOD,
  ].join('\n\n')
}

const VERDICT: Readonly<Record<string, string>> = { true: 'met', false: '**not met**', null: '–' }

const METHOD = [
  'App: the production build, headless, a profile on disk, the file chosen through the file input. Timed in the page, from ' +
    'the event that tells of the file (the click, the key) to the end of the frame that shows the answer. Workers are told ' +
    'of by the browser, those of workers included.',
  'Warm: the tab has verified another manifest, and rested for a second. A tab just opened: the app has loaded and rested for two seconds.',
  'Each row beside its peer: one after the other, then both again; the ratio is of the medians. Files lie in the cache of ' +
    'the system. `sha256sum`, Python, Node and the command line are whole processes, their start included.',
  'Memory: proportional set size of the renderer that runs the app, every 20 ms or as often as a quarter of a core allows, in ' +
    'runs of their own, for looking costs time. The browser process, which reads the files, is stated beside it.',
  'Import: opening the file and pressing Import, both waits together, in a tab just opened. The bare loop is timed for its ' +
    'transactions alone (1,000 rows each, no waiting between puts), not for reading and parsing.',
  'Longest task: by the browser’s own long task entries, which begin at 50 ms. Answers: from a key, pressed ten times a ' +
    'second, to the end of the frame after it, while the list of memories is scrolled.',
]
  .map((line) => `- ${line}`)
  .join('\n')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
