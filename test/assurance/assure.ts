import { execFileSync, fork, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
import type { Assurance, PartName, Suite, SuiteResult } from './report.ts'
import { faultsOf, PARTS, toMarkdown } from './report.ts'
import { measureResources } from './resources.ts'

/** `npm run assure`: the long run, and its report beside this file. */
const USAGE = `Usage: npm run assure -- [--mutants N] [--seed S] [--part NAME]... [--cli FILE] [--only N [--out FILE]]

  --mutants N  forgeries of the fuzzing, 100000 if not given
  --seed S     any text; the same seed makes the same mutants
  --part NAME  PARTS; may be given more than once. The others
               stay in the report as they were found last, each with its commit
  --cli FILE   the built verifier, if it is not dist/omega-verify.mjs
  --only N     judges the forgery N, or the deed of a courier as courier-N, and prints it
  --out FILE   with --only: writes its bytes to FILE`

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
const inNode = [
  'conformance',
  ...['vectors', 'signatures', 'signers', 'kinds', 'json', 'names', 'text', 'lanes', 'hash', 'self-test'].map(
    (name) => `core/${name}.test.ts`,
  ),
  'cli',
]
const inBrowser = [
  ...['conformance', 'vectors', 'signatures', 'mutants', 'lanes', 'resources'].map(
    (name) => `worker/${name}.test.ts`,
  ),
  ...['integrity', 'integrity-hand'].map((name) => `exchange/${name}.test.ts`),
]
const inPage = ['hostile', 'csv', 'tampering', 'bad-input', 'integrity', 'network'].map(
  (name) => `e2e/${name}.spec.ts`,
)
export const SUITES: readonly Suite[] = Object.entries({
  node: inNode,
  browser: inBrowser,
  page: inPage,
}).flatMap(([project, names]) =>
  names.map((name) => ({ name: `test/${name}`, project: project as Suite['project'] })),
)

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export async function main(args: string[]): Promise<number> {
  if (args[0] === '--child') return child(JSON.parse(args[1]!) as Work)
  const { values } = parseArgs({
    args,
    options: {
      mutants: { type: 'string', default: String(MUTANTS) },
      seed: { type: 'string', default: SEED },
      part: { type: 'string', multiple: true, default: [...PARTS] },
      cli: { type: 'string', default: CLI },
      only: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  const mutants = Number(values.mutants)
  const isPart = (part: string): part is PartName => (PARTS as readonly string[]).includes(part)
  if (values.help === true || !(mutants >= 1) || !values.part.every(isPart)) {
    console.log(USAGE.replace('PARTS', PARTS.join(', ')))
    return values.help === true ? 0 : 2
  }
  if (values.only !== undefined) return only(values.seed, values.only, values.out)
  let assurance = readReport()
  for (const part of PARTS.filter((part) => values.part.includes(part))) {
    console.log(`${new Date().toISOString()} ${part}`)
    const started = performance.now()
    const facts = describeRun()
    const found = await runPart(part, values.seed, mutants, values.cli)
    const run = { ...facts, seed: values.seed, minutes: (performance.now() - started) / 60_000 }
    assurance = { ...assurance, ...found, runs: { ...assurance.runs, [part]: run } }
    // After each: what comes later may not come to its end.
    await write('report.json', JSON.stringify(assurance))
    await write('report.md', toMarkdown(assurance))
  }
  const faults = faultsOf(assurance)
  console.log(faults.length === 0 ? 'All holds.' : `Does not hold:\n${faults.join('\n')}`)
  return faults.length === 0 ? 0 : 1
}

/** What was found last; of another format nothing. */
function readReport(): Assurance {
  const path = join(HERE, 'report.json')
  const found = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Assurance) : null
  return found?.format === NOTHING.format ? found : NOTHING
}

const NOTHING: Assurance = {
  format: 'omega-assurance/2',
  runs: { fuzz: null, cli: null, planted: null, resources: null, suites: null },
  fuzz: null,
  cli: null,
  planted: null,
  resources: null,
  suites: null,
}

async function runPart(
  part: PartName,
  seed: string,
  mutants: number,
  builtCli: string,
): Promise<Partial<Assurance>> {
  switch (part) {
    case 'fuzz': {
      const forgeries = await fuzzInProcesses(seed, mutants)
      const courier = await fuzz({ seed, kind: 'courier', to: Math.ceil(mutants / 50) })
      return { fuzz: { forgeries, courier } }
    }
    case 'cli':
      return { cli: await fuzzCli(seed, allTurns(), builtCli) }
    case 'planted': {
      const controls = await findPlants(CONTROLS, seed, CONTROL_MUTANTS)
      return { planted: { controls, plants: await findInProcesses(seed) } }
    }
    case 'resources':
      return { resources: await measureResources(undefined, builtCli) }
    case 'suites':
      return { suites: SUITES.map(runSuite) }
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

type Counts = Pick<SuiteResult, 'passed' | 'failed' | 'skipped'>
const FAILED: Counts = { passed: 0, failed: 1, skipped: 0 }

/** A suite of the project in a run of its own: a file that cannot be loaded, or is not there, counts as failed. */
function runSuite(suite: Suite): SuiteResult {
  const folder = mkdtempSync(join(tmpdir(), 'omega-suite-'))
  const path = join(folder, 'report.json')
  try {
    return { ...suite, ...(suite.project === 'page' ? runInPage(suite, path) : runUnits(suite, path)) }
  } catch {
    return { ...suite, ...FAILED }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function spawn(args: readonly string[], env: Readonly<Record<string, string>>): void {
  spawnSync('npx', args, { cwd: ROOT, env: { ...process.env, OMEGA_ASSURE: '1', ...env }, stdio: 'ignore' })
}

function runUnits({ name, project }: Suite, path: string): Counts {
  spawn(['vitest', 'run', '--project', project, name, '--reporter=json', `--outputFile=${path}`], {})
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites } = JSON.parse(
    readFileSync(path, 'utf8'),
  ) as Record<string, number>
  return {
    passed: numPassedTests!,
    failed: Math.max(numFailedTests!, numFailedTestSuites!),
    skipped: numPendingTests!,
  }
}

function runInPage({ name }: Suite, path: string): Counts {
  const args = ['playwright', 'test', '--config', 'test/e2e/playwright.config.ts', name, '--reporter=json']
  spawn(args, { PLAYWRIGHT_JSON_OUTPUT_NAME: path })
  const { stats, errors } = JSON.parse(readFileSync(path, 'utf8')) as {
    stats: { expected: number; unexpected: number; flaky: number; skipped: number }
    errors: unknown[]
  }
  // What holds only when it is tried again does not hold.
  const failed = stats.unexpected + stats.flaky + errors.length
  return { passed: stats.expected, failed, skipped: stats.skipped }
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
  // All but what this writes.
  const isChanged =
    git('status', '--porcelain', '--', 'src', 'test', ':!test/assurance/report.*').trim() !== ''
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
