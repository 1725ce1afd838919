import v8 from 'node:v8'
import vm from 'node:vm'
import type { FormatCode } from '../../src/core/codes.ts'
import { serialize, type Json } from '../reference/canonical.ts'
import { inflate } from '../reference/gzip.ts'
import { reportNaively, reportStatementNaively } from '../reference/report.ts'
import { verifyNaively } from '../reference/verify.ts'
import type { Fate, MadeMutant } from './mutants.ts'
import { makeCourierDeed, makeForgery } from './mutants.ts'
import type { Pool } from './pool.ts'
import { buildPool } from './pool.ts'
import type { Answer, Product } from './product.ts'
import { NOW, signedText, theProduct } from './product.ts'

/**
 * The run: mutants in turn, each given to the streaming reader in chunks, to the fast path in runs and to the twin;
 * the reports of all three must be the same text, and what the class of the mutant says.
 */

export type Kind = 'forgery' | 'courier'

/** A mutant that was not treated as it must be. */
export interface Finding {
  readonly kind: Kind
  readonly n: number
  readonly name: string
  readonly what: 'accepted' | 'crash' | 'other answer' | 'other than the twin' | 'slow'
  readonly expected: unknown
  readonly product: unknown
  readonly twin: unknown
}

export interface Judgement {
  readonly finding: Omit<Finding, 'kind' | 'n'> | null
  readonly code: FormatCode | null
  /** CPU time of the product in milliseconds: of this process alone, so that a busy machine does not count. */
  readonly milliseconds: number
}

/** The most CPU time that one file of a few kilobytes may take. */
export const LIMIT_MS = 2000

export async function judge(mutant: MadeMutant, product: Product): Promise<Judgement> {
  return judgeAgainst(twinOf(mutant), mutant, product)
}

/** What the twin says of a mutant: it can be held against several copies. */
export interface Twin {
  readonly report: string
  readonly leaves: readonly string[]
  /** What a gzip file holds. */
  readonly inflated: Uint8Array | null
}

export function twinOf({ file, bytes }: MadeMutant): Twin {
  if (file === 'statement') return { report: reportStatementNaively(bytes), leaves: [], inflated: null }
  const inflated = file === 'gzip' ? inflate(bytes) : null
  const report = reportNaively(bytes, NOW)
  const { leaves } = JSON.parse(report) as { leaves: number }
  // Asked once more only where there are any.
  const plain = inflated ?? bytes
  return { report, leaves: leaves === 0 ? [] : verifyNaively(plain).leaves, inflated }
}

export async function judgeAgainst(twin: Twin, mutant: MadeMutant, product: Product): Promise<Judgement> {
  const { name, fate } = mutant
  const expected =
    fate.kind === 'refused' ? fate.expected : fate.kind === 'noise' ? [...fate.codes].join() : fate.kind
  const clock = new Clock()
  const found = (what: Finding['what'], answers: unknown) => ({
    name,
    what,
    expected,
    product: answers,
    twin,
  })
  let looked: Looked
  try {
    looked = await look(twin, mutant, product, clock)
  } catch (error) {
    const thrown = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { finding: found('crash', thrown), code: null, milliseconds: clock.most }
  }
  const { codes, isExpected, isTwins, said } = looked
  const what =
    (fate.kind !== 'held' && codes.includes(null) && 'accepted') ||
    (!isExpected && 'other answer') ||
    (!isTwins && 'other than the twin') ||
    (clock.most > LIMIT_MS && 'slow') ||
    null
  return { finding: what && found(what, said), code: codes[0]!, milliseconds: clock.most }
}

/** CPU time of this process: the longest of what was timed. */
class Clock {
  most = 0

  async time<Result>(work: () => Promise<Result>): Promise<Result> {
    const started = process.cpuUsage()
    try {
      return await work()
    } finally {
      const { user, system } = process.cpuUsage(started)
      this.most = Math.max(this.most, (user + system) / 1000)
    }
  }
}

/** What the readers made of a mutant. */
interface Looked {
  /** Of each reader; null where it holds. */
  readonly codes: readonly (FormatCode | null)[]
  readonly isExpected: boolean
  readonly isTwins: boolean
  readonly said: unknown
}

function look(twin: Twin, mutant: MadeMutant, product: Product, clock: Clock): Promise<Looked> {
  if (mutant.file === 'statement') return lookAtStatement(twin, mutant, product, clock)
  return mutant.file === 'gzip'
    ? lookAtPacked(twin, mutant, product, clock)
    : lookAtManifest(twin, mutant, product, clock)
}

async function lookAtManifest(
  twin: Twin,
  { bytes, sizes, runs, engine, fate, base }: MadeMutant,
  product: Product,
  clock: Clock,
): Promise<Looked> {
  const answers = [
    await clock.time(() => product.stream(bytes, sizes, engine)),
    await clock.time(() => product.runs(bytes, runs, engine)),
  ]
  return {
    codes: answers.map(({ failure }) => failure?.code ?? null),
    isExpected: answers.every((answer) => isAsExpected(answer, fate, base)),
    isTwins: answers.every((answer) => isSame(answer, twin)),
    said: answers.map(({ report, leaves }) => ({ report, leaves })),
  }
}

async function lookAtPacked(
  twin: Twin,
  { bytes, sizes, fate, base }: MadeMutant,
  product: Product,
  clock: Clock,
): Promise<Looked> {
  const inflated = await clock.time(() => product.inflate(bytes, sizes))
  const answer = await clock.time(() => product.packed(bytes, sizes))
  // A reader that stops at an earlier failure of what inflated may name that one (manifest-format, 10).
  const isEarlier = fate.kind === 'noise' && twin.inflated === null && answer.failure !== null
  const isInflated =
    inflated === null || twin.inflated === null
      ? inflated === twin.inflated
      : equalBytes(inflated, twin.inflated)
  return {
    codes: [answer.failure?.code ?? null],
    isExpected: isAsExpected(answer, fate, base),
    isTwins: isInflated && (isEarlier || isSame(answer, twin)),
    said: { inflated: inflated?.length, ...answer },
  }
}

async function lookAtStatement(
  twin: Twin,
  { bytes, fate }: MadeMutant,
  product: Product,
  clock: Clock,
): Promise<Looked> {
  const report = await clock.time(() => product.statement(bytes))
  const { result } = JSON.parse(report) as { result: FormatCode | 'ok' }
  return {
    codes: [result === 'ok' ? null : result],
    isExpected: result === (fate.kind === 'refused' ? fate.expected.code : 'ok'),
    isTwins: report === twin.report,
    said: report,
  }
}

function isAsExpected(answer: Answer, fate: Fate, base: MadeMutant['base']): boolean {
  const { failure, leaves, id, signed } = answer
  if (fate.kind === 'refused') return equal(failure, fate.expected)
  if (fate.kind === 'noise') return failure === null || fate.codes.has(failure.code)
  const same = signedText(base.statement.header, base.options.details)
  return failure === null && id === base.id && leaves.join() === base.leaves.join() && signed === same
}

function isSame({ report, leaves }: Answer, twin: Twin): boolean {
  return report === twin.report && leaves.join() === twin.leaves.join()
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.length).equals(b)
}

/** By canonical text: both are plain values, and the order of members is no difference. */
function equal(a: unknown, b: unknown): boolean {
  return serialize(a as Json) === serialize(b as Json)
}

export interface ClassCount {
  mutants: number
  /** Code → how often; `ok` for what holds. */
  codes: Record<string, number>
}

export interface FuzzResult {
  readonly seed: string
  readonly kind: Kind
  readonly from: number
  readonly to: number
  readonly accepted: number
  readonly crashes: number
  readonly findings: readonly Finding[]
  /** Findings in all; only the first are kept. */
  readonly found: number
  readonly classes: Record<string, ClassCount>
  readonly slowest: { readonly n: number; readonly name: string; readonly milliseconds: number }
  /** Bytes in use after a full collection: before the first mutant, then at even distances. */
  readonly memory: readonly number[]
}

export interface FuzzOptions {
  readonly seed: string
  readonly kind?: Kind
  readonly from?: number
  readonly to: number
  readonly product?: Product
  /** Stops at the first finding. */
  readonly stopAtFirst?: boolean
  /** Mutants before the first that counts, so that caches and compiled code are there when memory is first read. */
  readonly warmUp?: number
  /** How often memory is read; not at all where absent. */
  readonly samples?: number
  readonly onProgress?: (done: number) => void
}

const KEPT = 20
const pools = new Map<string, Pool>()

function poolOf(seed: string): Pool {
  let pool = pools.get(seed)
  if (pool === undefined) pools.set(seed, (pool = buildPool(seed)))
  return pool
}

export function makeMutant(seed: string, kind: Kind, n: number): MadeMutant {
  return (kind === 'forgery' ? makeForgery : makeCourierDeed)(seed, n, poolOf(seed))
}

/** Others than those that count, of the same bases. */
async function warm(seed: string, mutants: number, product: Product): Promise<void> {
  for (let n = 0; n < mutants; n++) await judge(makeForgery(`${seed}/warm-up`, n, poolOf(seed)), product)
}

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { seed, kind = 'forgery', from = 0, to, product = theProduct(), warmUp = 0, samples = 0 } = options
  const result = {
    seed,
    kind,
    from,
    to,
    accepted: 0,
    crashes: 0,
    findings: [] as Finding[],
    found: 0,
    classes: {} as Record<string, ClassCount>,
    slowest: { n: from, name: '', milliseconds: 0 },
    memory: [] as number[],
  }
  await warm(seed, warmUp, product)
  if (samples > 0) result.memory.push(await memoryInUse())
  const distance = samples === 0 ? Infinity : Math.max(1, Math.floor((to - from) / samples))
  for (let n = from; n < to; n++) {
    const mutant = makeMutant(seed, kind, n)
    let { finding, code, milliseconds } = await judge(mutant, product)
    // Once more: a collection of garbage that the mutants before it left is not this one's time.
    if (finding?.what === 'slow') ({ finding, code, milliseconds } = await judge(mutant, product))
    const count = (result.classes[mutant.name] ??= { mutants: 0, codes: {} })
    count.mutants++
    const name = finding?.what === 'crash' ? 'crash' : (code ?? 'ok')
    count.codes[name] = (count.codes[name] ?? 0) + 1
    if (milliseconds > result.slowest.milliseconds) result.slowest = { n, name: mutant.name, milliseconds }
    if (finding !== null) {
      result.found++
      if (finding.what === 'accepted') result.accepted++
      if (finding.what === 'crash') result.crashes++
      if (result.findings.length < KEPT) result.findings.push({ kind, n, ...finding })
      if (options.stopAtFirst === true) break
    }
    if ((n - from + 1) % distance === 0) {
      result.memory.push(await memoryInUse())
      options.onProgress?.(n - from + 1)
    }
  }
  return result
}

let collect: (() => void) | null = null

/** Heap and what hangs on it outside (buffers included), after a full collection. */
async function memoryInUse(): Promise<number> {
  if (collect === null) {
    v8.setFlagsFromString('--expose-gc')
    collect = vm.runInNewContext('gc') as () => void
  }
  collect()
  // Buffers are given back beside the program: the second collection waits for what the first has found.
  await new Promise(setImmediate)
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Mean of the first readings and of the last, a tenth of them each, without the one before. */
function endsOf([, ...memory]: readonly number[]): [first: number, last: number] {
  const tenth = Math.max(1, Math.floor(memory.length / 10))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return [mean(memory.slice(0, tenth)), mean(memory.slice(-tenth))]
}

/** The last tenth over the first. */
export function memoryRatio(memory: readonly number[]): number {
  const [first, last] = endsOf(memory)
  return last / first
}

/** What the run holds in the end beyond what it held before its first mutant, for each mutant. */
export function bytesKept({ from, to, memory }: Pick<FuzzResult, 'from' | 'to' | 'memory'>): number {
  return (endsOf(memory)[1] - memory[0]!) / (to - from)
}
