import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { reportNaively, reportStatementNaively } from '../reference/report.ts'
import type { Kind } from './fuzz.ts'
import { LIMIT_MS, makeMutant } from './fuzz.ts'
import type { MadeMutant } from './mutants.ts'
import { classOf, COURIERS, firstOfEach } from './mutants.ts'
import { NOW } from './product.ts'
import { Random } from './random.ts'

/** The same mutants through the command line as it is shipped: spawned, on files, as they are and packed. */
export const CLI = fileURLToPath(new URL('../../dist/omega-verify.mjs', import.meta.url))
const AT_ONCE = 2
const GIVE_UP_MS = 60_000
/** What took too long is run again: the machine may have been busy. */
export const RUNS = 3
/** Of files above, the start is not what takes the time. */
export const LARGE_BYTES = 4_000_000

type Packing = 'plain' | 'gzip' | 'damaged gzip'

/** One file to be given. */
export interface Turn {
  readonly kind: Kind
  readonly n: number
  readonly name: string
  readonly packing: Packing
}

interface CliFinding extends Turn {
  readonly what: string
}

export interface CliResult {
  readonly classes: number
  readonly packed: Record<Packing, number>
  /** Wall time, the start of the process included. */
  readonly slowest: {
    readonly kind: Kind
    readonly n: number
    readonly name: string
    readonly milliseconds: number
  }
  readonly findings: readonly CliFinding[]
}

/** Damaged files beside the others, so that none takes the place of one that is whole. */
const DAMAGED = 40

/** Each class as it is and packed (but for what is packed already), then files of many classes that are damaged. */
export function allTurns(): Turn[] {
  const all = [
    ...firstOfEach().map((n) => ({ turn: { kind: 'forgery' as const, n }, of: classOf(n) })),
    ...COURIERS.map((of, n) => ({ turn: { kind: 'courier' as const, n }, of })),
  ]
  const plain = all.filter(({ of }) => of.file !== 'gzip')
  const damaged = Array.from(
    { length: DAMAGED },
    (_, at) => plain[Math.floor((at * plain.length) / DAMAGED)]!,
  )
  const given = (some: typeof all, packing: Packing) =>
    some.map(({ turn, of }): Turn => ({ ...turn, name: of.name, packing }))
  return [...given(all, 'plain'), ...given(plain, 'gzip'), ...given(damaged, 'damaged gzip')]
}

/** `cli` is the built verifier. */
export async function fuzzCli(seed: string, turns: readonly Turn[], cli = CLI): Promise<CliResult> {
  if (!existsSync(cli)) throw new Error(`${cli} is not built: npm run build`)
  const folder = await mkdtemp(join(tmpdir(), 'omega-assurance-'))
  const packed: Record<Packing, number> = { plain: 0, gzip: 0, 'damaged gzip': 0 }
  const findings: CliFinding[] = []
  let slowest = { kind: 'forgery' as Kind, n: 0, name: '', milliseconds: 0 }
  const left = [...turns]
  async function work(): Promise<void> {
    for (let turn = left.shift(); turn !== undefined; turn = left.shift()) {
      const { kind, n, name, packing } = turn
      const mutant = makeMutant(seed, kind, n)
      const path = join(folder, `${kind}-${n}-${packing}`)
      const file = pack(mutant.bytes, packing, new Random(`${seed}/cli/${kind}/${n}`))
      await writeFile(path, file)
      packed[packing]++
      let answer = await run(cli, path)
      for (let more = 1; more < RUNS && answer.milliseconds > LIMIT_MS; more++) answer = await run(cli, path)
      const { milliseconds } = answer
      if (milliseconds > slowest.milliseconds && !isLarge(mutant)) slowest = { kind, n, name, milliseconds }
      const what =
        compare(answer, mutant, file, packing) ??
        (milliseconds > LIMIT_MS && !isLarge(mutant) ? `took ${milliseconds} ms` : null)
      if (what !== null) findings.push({ ...turn, what })
      await rm(path)
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    const classes = new Set(turns.map(({ name }) => name)).size
    return { classes, packed, slowest, findings }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Files of many megabytes are bounded under resources, by their CPU time. */
function isLarge({ bytes }: MadeMutant): boolean {
  return bytes.length > LARGE_BYTES
}

function pack(bytes: Uint8Array, packing: Packing, random: Random): Uint8Array {
  if (packing === 'plain') return bytes
  const whole = gzipSync(bytes)
  if (packing === 'gzip') return whole
  return random.pick([
    () => whole.subarray(0, random.between(2, whole.length - 1)),
    () => Buffer.concat([whole, random.bytes(random.between(1, 20))]),
    () => Buffer.concat([whole, whole]),
    () => {
      // In the checksum or the length at its end.
      const at = whole.length - random.between(1, 8)
      return whole.with(at, whole[at]! ^ random.between(1, 255))
    },
  ])()
}

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly milliseconds: number
}

function run(cli: string, path: string): Promise<Run> {
  return new Promise((resolve) => {
    const options = { timeout: GIVE_UP_MS, maxBuffer: 64 * 1024 * 1024 }
    const started = performance.now()
    const args = [cli, path, '--json', '--now', NOW]
    const child = execFile(process.execPath, args, options, (_, out, err) => {
      resolve({ code: child.exitCode, out, err, milliseconds: Math.round(performance.now() - started) })
    })
  })
}

/** What is wrong with an answer, or null: the text must be the twin's, byte for byte. */
function compare(
  { code, out, err }: Run,
  { bytes }: MadeMutant,
  file: Uint8Array,
  packing: Packing,
): string | null {
  const expected =
    packing === 'damaged gzip' ? [reportNaively(file, NOW), ...earlier(bytes)] : [reportOf(bytes)]
  if (!expected.some((report) => out === `${report}\n`))
    return `${out} where the twin says ${expected.join(' or ')}`
  const isRefused = (JSON.parse(out) as { result: string }).result !== 'ok'
  if (code !== (isRefused ? 1 : 0)) return `exit code ${code}`
  return err === '' ? null : `on stderr: ${err}`
}

/** What a file is, is told by how it starts; what starts as nothing known is judged as a manifest. */
function reportOf(bytes: Uint8Array): string {
  const isStatement = Buffer.from(bytes).toString('latin1', 0, 40).startsWith('{"format":"omega-statement/')
  return isStatement ? reportStatementNaively(bytes) : reportNaively(bytes, NOW)
}

/** Of a damaged file nothing counts but an earlier failure of what inflated (manifest-format, 10). */
function earlier(bytes: Uint8Array): string[] {
  const report = reportOf(bytes)
  const { layers } = JSON.parse(report) as { layers?: { root: { status: string } } }
  return layers?.root.status === 'not_checked' ? [report] : []
}
