import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Report } from '../../src/core/report.ts'
import { LAYERS } from '../../src/core/verification.ts'
import { verifyNaively } from '../reference/verify.ts'
import type { Kind } from './fuzz.ts'
import { makeMutant } from './fuzz.ts'
import { ROUND } from './mutants.ts'
import { Random } from './random.ts'

/** The same mutants through the command line as it is shipped: spawned, on files, some of them gzip. */
const CLI = fileURLToPath(new URL('../../dist/omega-verify.mjs', import.meta.url))
const NOW = '2026-06-01T00:00:00.000Z'
const AT_ONCE = 2
const GIVE_UP_MS = 60_000

type Packing = 'plain' | 'gzip' | 'damaged gzip'

interface CliFinding {
  readonly kind: Kind
  readonly n: number
  readonly name: string
  readonly packing: Packing
  readonly what: string
}

export interface CliResult {
  readonly files: number
  readonly couriers: number
  readonly packed: Record<Packing, number>
  readonly findings: readonly CliFinding[]
}

/** `files` forgeries, spread over the classes, and the first deeds of couriers; `cli` is the built verifier. */
export async function fuzzCli(seed: string, files: number, couriers: number, cli = CLI): Promise<CliResult> {
  if (!existsSync(cli)) throw new Error(`${cli} is not built: npm run build`)
  const folder = await mkdtemp(join(tmpdir(), 'omega-assurance-'))
  const packed: Record<Packing, number> = { plain: 0, gzip: 0, 'damaged gzip': 0 }
  const findings: CliFinding[] = []
  const turns = [
    ...Array.from(
      { length: files },
      (_, at) => ['forgery', Math.floor(at * Math.max(1, ROUND / files))] as const,
    ),
    ...Array.from({ length: couriers }, (_, n) => ['courier', n] as const),
  ]
  async function work(): Promise<void> {
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
      const [kind, n] = turn
      const { name, bytes } = makeMutant(seed, kind, n)
      const random = new Random(`${seed}/cli/${kind}/${n}`)
      const packing: Packing = random.pick(['plain', 'plain', 'plain', 'gzip', 'damaged gzip'])
      packed[packing]++
      const path = join(folder, `${kind}-${n}.json`)
      await writeFile(path, pack(bytes, packing, random))
      const what = compare(await run(cli, path), bytes, packing)
      if (what !== null) findings.push({ kind, n, name, packing, what })
      await rm(path)
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    return { files, couriers, packed, findings }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
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
}

function run(cli: string, path: string): Promise<Run> {
  return new Promise((resolve) => {
    const options = { timeout: GIVE_UP_MS, maxBuffer: 64 * 1024 * 1024 }
    const child = execFile(
      process.execPath,
      [cli, path, '--json', '--now', NOW],
      options,
      (_, out, err) => void resolve({ code: child.exitCode, out, err }),
    )
  })
}

/** What is wrong with an answer, or null. */
function compare({ code, out, err }: Run, bytes: Uint8Array, packing: Packing): string | null {
  const { failure, leaves, id } = verifyNaively(bytes)
  const isRefused = failure !== null || packing === 'damaged gzip'
  if (code !== (isRefused ? 1 : 0)) return `exit code ${code}: ${err}`
  if (err !== '') return `on stderr: ${err}`
  const report = JSON.parse(out) as Report
  if (packing === 'damaged gzip' && report.result === 'gzip_invalid') {
    return report.layers.signature.status === 'failed' && report.manifest === null ? null : out
  }
  // Nothing of a damaged file counts but an earlier failure of what inflated (manifest-format, 10).
  if (packing === 'damaged gzip' && failure === null) return `a damaged file: ${out}`
  const statuses = LAYERS.map((name) => report.layers[name].status).join()
  const at = failure === null ? LAYERS.length : LAYERS.indexOf(failure.layer)
  const due = LAYERS.map((_, layer) => (layer < at ? 'ok' : layer === at ? 'failed' : 'not_checked')).join()
  const place = Object.values(report.layers).find(({ status }) => status === 'failed')
  const isSame =
    report.result === (failure?.code ?? 'ok') &&
    statuses === due &&
    report.leaves === leaves.length &&
    (report.manifest?.id ?? null) === id &&
    (failure === null ||
      (place?.status === 'failed' && place.line === failure.line && place.index === failure.index))
  return isSame ? null : `${out} where the twin says ${JSON.stringify(failure)}`
}
