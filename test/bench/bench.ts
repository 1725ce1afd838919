import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { backups } from './backups.ts'
import { busy } from './busy.ts'
import { dataFile } from './data.ts'
import { forged } from './forged.ts'
import { held } from './held.ts'
import { createFilledProfile, imports } from './imports.ts'
import { describeMachine } from './machine.ts'
import { say } from './measurement.ts'
import { memory } from './memory.ts'
import { plotTimes } from './plot.ts'
import { toMarkdown, type Part } from './results.ts'
import { FULL, QUICK, type Results, type Setting } from './rows.ts'
import { DIST, serveApp, servePeers } from './server.ts'
import { measureFile, measureImport } from './single.ts'
import { commandLineRows, verification } from './verification.ts'

/** `npm run bench`: the table of targets, each row beside its peer. */
const USAGE = `Usage: npm run bench                                  all parts; writes test/bench/results.md and verify-time.svg
       npm run bench -- PART...                       some, the others stay as they were found last: PARTS
       npm run bench -- quick [PART...]               smaller and fewer, in about two minutes; prints
       npm run -s bench -- file PATH                  opens any manifest; prints one line of JSON
       npm run -s bench -- import PATH [--trust KEY.pem]
                                                      imports it into a new profile; prints one line of JSON

The key that signed is trusted beforehand; --trust gives another. OMEGA_BENCH_DIST names another build than dist.
Data is made once and kept in .cache/bench, some 8 GB for all rows.`

const SECTIONS: Readonly<Record<string, (setting: Setting) => Promise<Results>>> = {
  verification,
  'command-line': commandLineRows,
  memory,
  forged,
  imports,
  held,
  backups,
  busy,
}
/** The command line is part of verification. */
const ALL = Object.keys(SECTIONS).filter((name) => name !== 'command-line')
/** What has a target: of backups the times are stated. */
const ALL_QUICK = ALL.filter((name) => name !== 'backups')
const HERE = fileURLToPath(new URL('.', import.meta.url))

export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { trust: { type: 'string' }, help: { type: 'boolean' } },
  })
  const [first, path] = positionals
  const isSingle = (first === 'file' || first === 'import') && positionals.length === 2
  const isQuick = first === 'quick'
  const names = isQuick ? positionals.slice(1) : positionals
  const isKnown = isSingle || names.every((name) => Object.hasOwn(SECTIONS, name))
  if (values.help === true || !isKnown) {
    say(USAGE.replace('PARTS', Object.keys(SECTIONS).join(', ')))
    return values.help === true ? 0 : 2
  }
  if (!existsSync(join(DIST, 'index.html'))) throw new Error(`${DIST} is not built: npm run build`)
  if (isSingle) {
    const measure = first === 'file' ? measureFile : measureImport
    console.log(JSON.stringify(await measure(resolve(path!), values.trust)))
    return 0
  }
  return benchmark(names.length > 0 ? names : isQuick ? ALL_QUICK : ALL, isQuick)
}

async function benchmark(names: readonly string[], isQuick: boolean): Promise<number> {
  const scale = isQuick ? QUICK : FULL
  const machine = await describeMachine()
  const [app, peers] = [await serveApp(), await servePeers()]
  const filled = createFilledProfile(app.url, dataFile(scale.large).path)
  const setting: Setting = { scale, app: app.url, peers: peers.url, filled: filled.copy }
  const parts = isQuick ? {} : readParts()
  try {
    for (const name of names) {
      const { rows, points } = await SECTIONS[name]!(setting).catch((error: unknown) => failed(name, error))
      parts[name] = { machine, rows, ...(points === undefined ? {} : { points }) }
      // An hour's work is not lost with what comes last.
      if (!isQuick) await keepParts(parts)
    }
  } finally {
    await filled.remove()
    await Promise.all([app.close(), peers.close()])
  }
  if (isQuick) console.log(toMarkdown(inOrder(parts), scale.name))
  return 0
}

const PARTS_FILE = join(HERE, 'results.json')

function readParts(): Record<string, Part> {
  return existsSync(PARTS_FILE) ? (JSON.parse(readFileSync(PARTS_FILE, 'utf8')) as Record<string, Part>) : {}
}

const inOrder = (parts: Readonly<Record<string, Part>>): [string, Part][] =>
  Object.keys(SECTIONS).flatMap((name) => (parts[name] === undefined ? [] : [[name, parts[name]]]))

async function keepParts(parts: Readonly<Record<string, Part>>): Promise<void> {
  await write('results.json', JSON.stringify(Object.fromEntries(inOrder(parts))))
  await write('results.md', toMarkdown(inOrder(parts), 'full'))
  const points = parts['verification']?.points
  if (points !== undefined) writeFileSync(join(HERE, 'verify-time.svg'), plotTimes(points))
}

/** What comes to no end takes the others not with it. */
function failed(name: string, error: unknown): Results {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return { rows: [{ what: name, target: '', measured: 'not measured: it came to no end', isMet: false }] }
}

/** In the project's own formatting, so that `npm run check` has nothing to say. */
async function write(name: string, text: string): Promise<void> {
  const filepath = join(HERE, name)
  writeFileSync(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }))
  console.log(filepath)
}
