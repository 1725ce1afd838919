import { execFileSync, fork, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { allTurns, CLI, fuzzCli } from './cli.ts'
import type { FuzzOptions, FuzzResult, Kind } from './fuzz.ts'
import { fuzz, judge, makeMutant } from './fuzz.ts'
import { ROUND } from './mutants.ts'
import type { PlantResult } from './planted.ts'
import { CONTROLS, findPlants, PLANTS } from './planted.ts'
import { theProduct } from './product.ts'
import type { Assurance, Suite, SuiteResult } from './report.ts'
import { faultsOf, toMarkdown } from './report.ts'
import { measureResources } from './resources.ts'

/** `npm run assure`: the long run, and its report beside this file. */
const USAGE = `Usage: npm run assure -- [--mutants N] [--seed S] [--part NAME]... [--cli FILE] [--only N [--out FILE]]

  --mutants N  forgeries of the fuzzing, 100000 if not given
  --seed S     any text; the same seed makes the same mutants
  --part NAME  fuzz, cli, planted, resources or conformance; may be given more than once. The report is written
               when all parts are run
  --cli FILE   the built verifier, if it is not dist/omega-verify.mjs
  --only N     judges the forgery N, or the deed of a courier as courier-N, and prints it
  --out FILE   with --only: writes its bytes to FILE`

const PARTS = ['fuzz', 'cli', 'planted', 'resources', 'conformance']
const SEED = '20261124'
const MUTANTS = 100_000
/** A plant that none of so many mutants shows counts as not found. */
const MOST_FOR_A_PLANT = 20_000
const CONTROL_MUTANTS = 1000
const PROCESSES = 2
/** Each of the large classes twice: what has read a line of 8 MiB keeps its room for the next. */
const WARM_UP = 8 * ROUND
const SAMPLES = 200
/** No sample for so long: the mutant at hand does not end. */
const SILENCE_MS = 600_000
const ofCore = ['vectors', 'signatures', 'signers', 'kinds', 'json', 'names', 'text', 'lanes']
const inBrowser = ['conformance', 'signatures', 'mutants', 'resources']
export const SUITES: readonly Suite[] = [
  { name: 'test/conformance', project: 'node' },
  ...ofCore.map((name) => ({ name: `test/core/${name}.test.ts`, project: 'node' as const })),
  { name: 'test/exchange/integrity.test.ts', project: 'browser' },
  ...inBrowser.map((name) => ({ name: `test/worker/${name}.test.ts`, project: 'browser' as const })),
]

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export async function main(args: string[]): Promise<number> {
  if (args[0] === '--child') return child(JSON.parse(args[1]!) as Work)
  const { values } = parseArgs({
    args,
    options: {
      mutants: { type: 'string', default: String(MUTANTS) },
      seed: { type: 'string', default: SEED },
      part: { type: 'string', multiple: true, default: PARTS },
      cli: { type: 'string', default: CLI },
      only: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  const mutants = Number(values.mutants)
  if (values.help === true || !(mutants >= 1) || !values.part.every((part) => PARTS.includes(part))) {
    console.log(USAGE)
    return values.help === true ? 0 : 2
  }
  if (values.only !== undefined) return only(values.seed, values.only, values.out)
  const assurance = await assure(values.seed, mutants, new Set(values.part), values.cli)
  const faults = faultsOf(assurance)
  if (PARTS.every((part) => values.part.includes(part))) {
    await write('report.json', JSON.stringify(assurance))
    await write('report.md', toMarkdown(assurance))
  } else {
    console.log(toMarkdown(assurance))
  }
  console.log(faults.length === 0 ? 'All that was run holds.' : `Does not hold:\n${faults.join('\n')}`)
  return faults.length === 0 ? 0 : 1
}

async function assure(
  seed: string,
  mutants: number,
  parts: ReadonlySet<string>,
  builtCli: string,
): Promise<Assurance> {
  const started = performance.now()
  const facts = describeRun()
  const part = async <Result>(name: string, work: () => Promise<Result>): Promise<Result | null> => {
    if (!parts.has(name)) return null
    console.log(`${new Date().toISOString()} ${name}`)
    return work()
  }
  const fuzzed = await part('fuzz', () => fuzzInProcesses(seed, mutants))
  const courier = await part('fuzz', () => fuzz({ seed, kind: 'courier', to: Math.ceil(mutants / 50) }))
  const cli = await part('cli', () => fuzzCli(seed, allTurns(), builtCli))
  const planted = await part('planted', async () => ({
    controls: await findPlants(CONTROLS, seed, CONTROL_MUTANTS),
    plants: await findInProcesses(seed),
  }))
  const resources = await part('resources', () => measureResources(undefined, builtCli))
  const suites = await part('conformance', async () => SUITES.map(runSuite))
  const minutes = (performance.now() - started) / 60_000
  return {
    format: 'omega-assurance/1',
    ...facts,
    seed,
    minutes,
    fuzz: fuzzed,
    courier,
    cli,
    planted,
    resources,
    suites,
  }
}

/** Disjoint ranges, each in a process of its own that measures its own memory. */
function fuzzInProcesses(seed: string, mutants: number): Promise<FuzzResult[]> {
  const border = (at: number) => Math.floor((at * mutants) / PROCESSES)
  return Promise.all(
    Array.from({ length: PROCESSES }, (_, at) => {
      const [from, to] = [border(at), border(at + 1)]
      return inProcess<FuzzResult>({ fuzz: { seed, from, to, warmUp: WARM_UP, samples: SAMPLES } })
    }),
  )
}

/** Every second plant in a process of its own. */
async function findInProcesses(seed: string): Promise<PlantResult[]> {
  const results = await Promise.all(
    Array.from({ length: PROCESSES }, (_, process) =>
      inProcess<PlantResult[]>({ plants: { seed, process } }),
    ),
  )
  return PLANTS.map((_, at) => results[at % PROCESSES]![Math.floor(at / PROCESSES)]!)
}

/** What is done in a process of its own. */
type Work =
  { readonly fuzz: FuzzOptions } | { readonly plants: { readonly seed: string; readonly process: number } }
type Message<Result> = { readonly done: number } | { readonly result: Result }

function inProcess<Result>(work: Work): Promise<Result> {
  return new Promise((resolve, reject) => {
    const process = fork(join(HERE, 'run.mjs'), ['--child', JSON.stringify(work)])
    const from = 'fuzz' in work ? (work.fuzz.from ?? 0) : 0
    let done = 0
    const giveUp = () => {
      process.kill('SIGKILL')
      reject(new Error(`no sign of life after mutant ${from + done}`))
    }
    let timer = setTimeout(giveUp, SILENCE_MS)
    process.on('message', (message: Message<Result>) => {
      clearTimeout(timer)
      if ('result' in message) return resolve(message.result)
      done = message.done
      if (done % 10_000 < done / SAMPLES) console.log(`  ${from} + ${done}`)
      timer = setTimeout(giveUp, SILENCE_MS)
    })
    process.on('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`ended with ${code} after mutant ${from + done}`))
    })
  })
}

async function child(work: Work): Promise<number> {
  const onProgress = (done: number) => void process.send!({ done })
  const result =
    'fuzz' in work
      ? await fuzz({ ...work.fuzz, onProgress })
      : await findPlants(
          PLANTS.filter((_, at) => at % PROCESSES === work.plants.process),
          work.plants.seed,
          MOST_FOR_A_PLANT,
          onProgress,
        )
  await new Promise((resolve) => process.send!({ result }, resolve))
  process.disconnect()
  return 0
}

async function only(seed: string, which: string, out: string | undefined): Promise<number> {
  const kind: Kind = which.startsWith('courier-') ? 'courier' : 'forgery'
  const mutant = makeMutant(seed, kind, Number(which.replace('courier-', '')))
  const { finding, code, milliseconds } = await judge(mutant, theProduct())
  const { name, bytes, sizes, runs, engine, fate } = mutant
  const codes = fate.kind === 'noise' ? { ...fate, codes: [...fate.codes] } : fate
  const told = { name, bytes: bytes.length, sizes, runs, engine, fate: codes, code, milliseconds, finding }
  console.log(JSON.stringify(told, null, 2))
  if (out !== undefined) writeFileSync(out, bytes)
  return finding === null ? 0 : 1
}

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numFailedTestSuites: number
}

/** A suite of the project in a run of its own: a file that cannot be loaded, or is not there, counts as failed. */
function runSuite({ name, project }: Suite): SuiteResult {
  const folder = mkdtempSync(join(tmpdir(), 'omega-suite-'))
  try {
    const path = join(folder, 'report.json')
    const args = ['vitest', 'run', '--project', project, name, '--reporter=json', `--outputFile=${path}`]
    spawnSync('npx', args, { cwd: ROOT, env: { ...process.env, OMEGA_ASSURE: '1' }, stdio: 'ignore' })
    const report = JSON.parse(readFileSync(path, 'utf8')) as VitestReport
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report
    return { name, project, passed, failed: Math.max(failed, report.numFailedTestSuites), skipped }
  } catch {
    return { name, project, passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function describeRun() {
  const git = (...args: string[]) => {
    try {
      return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    } catch {
      return ''
    }
  }
  const commit = git('rev-parse', 'HEAD').trim() || 'not known'
  const isChanged = git('status', '--porcelain', '--', 'src', 'test').trim() !== ''
  const [cpu] = cpus()
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  return {
    date: new Date().toISOString(),
    commit: isChanged ? `${commit}, with changes that are not committed` : commit,
    machine: `${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model ?? 'CPU'}, ${memory} GiB`,
    versions: {
      node: process.versions.node,
      v8: process.versions.v8,
      openssl: process.versions.openssl,
      ...versionsOf('@noble/curves', '@noble/hashes', 'canonicalize'),
    },
  }
}

/** From the lock file: what is installed in fact. */
function versionsOf(...names: string[]): Record<string, string> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>
  }
  return Object.fromEntries(
    names.map((name) => [name, packages[`node_modules/${name}`]?.version ?? 'absent']),
  )
}

/** In the project's own formatting, so that `npm run check` has nothing to say. */
async function write(name: string, text: string): Promise<void> {
  const filepath = join(HERE, name)
  writeFileSync(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }))
  console.log(filepath)
}
