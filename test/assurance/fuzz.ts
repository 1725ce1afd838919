import v8 from 'node:v8'
import vm from 'node:vm'
import type { FormatCode } from '../../src/core/codes.ts'
import { toHex } from '../../src/core/bytes.ts'
import type { SignatureEngine } from '../../src/core/ed25519.ts'
import type { Failure } from '../../src/core/verification.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { inChunks } from '../core/manifests.ts'
import { serialize, type Json } from '../reference/canonical.ts'
import { verifyNaively } from '../reference/verify.ts'
import type { MadeMutant } from './mutants.ts'
import { makeCourierDeed, makeForgery } from './mutants.ts'
import type { Pool } from './pool.ts'
import { buildPool } from './pool.ts'

/**
 * The run: mutants in turn, each given to the streaming reader in chunks and to the twin, both answers held against
 * what the class of the mutant says.
 */

/** What the streaming reader, or a copy of it, makes of a file. */
interface Answer {
  readonly failure: Failure | null
  readonly leaves: readonly string[]
  readonly id: string | null
  /** Canonical text of header and details. */
  readonly signed: string | null
}
export type Verifier = (
  bytes: Uint8Array,
  sizes: readonly number[],
  engine: SignatureEngine,
) => Promise<Answer>

export function verifierOf(verify: typeof verifyManifest): Verifier {
  return async (bytes, sizes, engine) => {
    const { failure, signed, leaves } = await verify(inChunks(bytes, sizes), { engine })
    return {
      failure,
      leaves: toHex(leaves.toBytes()).match(/.{64}/g) ?? [],
      id: signed?.id ?? null,
      signed: signed && signedText(signed.envelope.header, signed.envelope.details),
    }
  }
}

export const PRODUCT: Verifier = verifierOf(verifyManifest)

function signedText(header: unknown, details: unknown): string {
  return serialize({ header, details } as Json)
}

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

export async function judge(mutant: MadeMutant, verifier: Verifier): Promise<Judgement> {
  const { name, bytes, sizes, engine, base, fate } = mutant
  const twin = verifyNaively(bytes)
  const expected = fate.kind === 'refused' ? fate.expected : fate.kind
  const started = process.cpuUsage()
  const found = (what: Finding['what'], product: unknown) => ({ name, what, expected, product, twin })
  let answer: Answer
  try {
    answer = await verifier(bytes, sizes, engine)
  } catch (error) {
    const thrown = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { finding: found('crash', thrown), code: null, milliseconds: 0 }
  }
  const { user, system } = process.cpuUsage(started)
  const milliseconds = (user + system) / 1000
  const { failure, leaves, id } = answer
  const said = { failure, leaves, id }
  const isAccepted = failure === null && fate.kind !== 'held'
  const isOther =
    (fate.kind === 'refused' && !equal(failure, fate.expected)) ||
    (fate.kind === 'held' && !isHeld(answer, base))
  const what =
    (isAccepted && 'accepted') ||
    (isOther && 'other answer') ||
    (!equal(said, twin) && 'other than the twin') ||
    (milliseconds > LIMIT_MS && 'slow') ||
    null
  return { finding: what && found(what, said), code: failure?.code ?? null, milliseconds }
}

function isHeld({ failure, leaves, id, signed }: Answer, base: MadeMutant['base']): boolean {
  const same = signedText(base.statement.header, base.options.details)
  return failure === null && id === base.id && leaves.join() === base.leaves.join() && signed === same
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
  /** Bytes in use after a full collection, at even distances. */
  readonly memory: readonly number[]
}

export interface FuzzOptions {
  readonly seed: string
  readonly kind?: Kind
  readonly from?: number
  readonly to: number
  readonly verifier?: Verifier
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
async function warm(seed: string, mutants: number, verifier: Verifier): Promise<void> {
  for (let n = 0; n < mutants; n++) await judge(makeForgery(`${seed}/warm-up`, n, poolOf(seed)), verifier)
}

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { seed, kind = 'forgery', from = 0, to, verifier = PRODUCT, warmUp = 0, samples = 0 } = options
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
  await warm(seed, warmUp, verifier)
  const distance = samples === 0 ? Infinity : Math.max(1, Math.floor((to - from) / samples))
  for (let n = from; n < to; n++) {
    const mutant = makeMutant(seed, kind, n)
    let { finding, code, milliseconds } = await judge(mutant, verifier)
    // Once more: a collection of garbage that the mutants before it left is not this one's time.
    if (finding?.what === 'slow') ({ finding, code, milliseconds } = await judge(mutant, verifier))
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

/** Mean of the last tenth over mean of the first. */
export function memoryRatio(memory: readonly number[]): number {
  const tenth = Math.max(1, Math.floor(memory.length / 10))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return mean(memory.slice(-tenth)) / mean(memory.slice(0, tenth))
}
