import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { busy } from './busy.ts'
import { dataFile } from './data.ts'
import { forged } from './forged.ts'
import { held } from './held.ts'
import { createFilledProfile, imports } from './imports.ts'
import { describeMachine } from './machine.ts'
import { say } from './measurement.ts'
import { memory } from './memory.ts'
import { plotTimes } from './plot.ts'
import { toMarkdown } from './results.ts'
import { FULL, QUICK, type Point, type Results, type Row, type Setting } from './rows.ts'
import { DIST, serveApp, servePeers } from './server.ts'
import { measureFile, measureImport } from './single.ts'
import { commandLineRows, verification } from './verification.ts'

/** `npm run bench`: the table of targets, each row beside its peer. */
const USAGE = `Usage: npm run bench                                  all rows; writes test/bench/results.md and verify-time.svg
       npm run bench -- quick                         smaller and fewer, in about two minutes; prints
       npm run bench -- [quick] ROW...                some rows: ROWS; prints
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
  busy,
}
/** The command line is part of verification. */
const ALL = Object.keys(SECTIONS).filter((name) => name !== 'command-line')
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
    say(USAGE.replace('ROWS', Object.keys(SECTIONS).join(', ')))
    return values.help === true ? 0 : 2
  }
  if (!existsSync(join(DIST, 'index.html'))) throw new Error(`${DIST} is not built: npm run build`)
  if (isSingle) {
    const measure = first === 'file' ? measureFile : measureImport
    console.log(JSON.stringify(await measure(resolve(path!), values.trust)))
    return 0
  }
  return benchmark(names.length === 0 ? ALL : names, isQuick, names.length === 0)
}

async function benchmark(names: readonly string[], isQuick: boolean, isWhole: boolean): Promise<number> {
  const scale = isQuick ? QUICK : FULL
  const started = performance.now()
  const [app, peers] = [await serveApp(), await servePeers()]
  const filled = createFilledProfile(app.url, dataFile(scale.large).path)
  const setting: Setting = { scale, app: app.url, peers: peers.url, filled: filled.copy }
  const rows: Row[] = []
  const points: Point[] = []
  const isWritten = isWhole && !isQuick
  const tell = async () => {
    const minutes = (performance.now() - started) / 60_000
    const run = { machine: await describeMachine(), scale: scale.name, minutes, rows, hasPlot: isWritten }
    if (!isWritten) return console.log(toMarkdown(run))
    writeFileSync(join(HERE, 'verify-time.svg'), plotTimes(points))
    await write('results.md', toMarkdown(run))
  }
  try {
    for (const name of names) {
      const results = await SECTIONS[name]!(setting).catch((error: unknown) => failed(name, error))
      rows.push(...results.rows)
      points.push(...(results.points ?? []))
      // An hour's work is not lost with what comes last.
      if (isWritten) await tell()
    }
  } finally {
    await filled.remove()
    await Promise.all([app.close(), peers.close()])
  }
  if (!isWritten) await tell()
  return 0
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
