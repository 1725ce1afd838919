import type { FormatCode } from '../../src/core/codes.ts'
import type { SignatureEngine } from '../../src/core/ed25519.ts'
import type { Failure } from '../../src/core/verification.ts'
import type { Base, Mutator, Mutators } from './base.ts'
import { BREAKS } from './breaks.ts'
import { CHAIN } from './chain.ts'
import { COURIER } from './courier.ts'
import { EVIDENCE } from './evidence.ts'
import { HEADERS } from './header.ts'
import { KEYS } from './keys.ts'
import { LIMITS } from './limits.ts'
import { LINES } from './lines.ts'
import { MEMBERS } from './member.ts'
import { NOISE, noiseCodes } from './noise.ts'
import { PACKED, PACKED_COURIER, PACKED_NOISE } from './packed.ts'
import type { Pool } from './pool.ts'
import type { Runs } from './product.ts'
import { Random } from './random.ts'
import { SIGNING } from './signing.ts'
import { SPELLED } from './spelled.ts'
import { SPELLINGS } from './spelling.ts'
import { STATEMENT_COURIER, STATEMENTS } from './statements.ts'

/** What must come of a mutant: refused in exactly this way, refused with one of these codes, or held as its base is. */
export type Fate =
  | { readonly kind: 'refused'; readonly expected: Failure }
  | { readonly kind: 'noise'; readonly codes: ReadonlySet<FormatCode> }
  | { readonly kind: 'held' }

/** What the bytes are given as. */
export type FileKind = 'manifest' | 'statement' | 'gzip'

/** One way to make mutants. */
export interface MutantClass {
  readonly name: string
  readonly file: FileKind
  readonly kind: Fate['kind']
  readonly mutate: Mutator
}

export interface MadeMutant {
  readonly name: string
  readonly file: FileKind
  readonly bytes: Uint8Array
  /** Of the chunks in which the reader is given the bytes. */
  readonly sizes: readonly number[]
  /** How the fast path shares them out. */
  readonly runs: Runs
  /** What checks the equation: one in eight takes the way of platforms without Ed25519. */
  readonly engine: SignatureEngine
  readonly base: Base
  readonly fate: Fate
}

function classes(file: FileKind, kind: Fate['kind'], mutators: Mutators): MutantClass[] {
  return Object.entries(mutators).map(([name, mutate]) => ({ name, file, kind, mutate }))
}

export const STRUCTURED: readonly MutantClass[] = [
  ...[CHAIN, SIGNING, KEYS, HEADERS, MEMBERS, LINES, BREAKS, SPELLINGS, SPELLED, EVIDENCE].flatMap(
    (mutators) => classes('manifest', 'refused', mutators),
  ),
  ...classes('statement', 'refused', STATEMENTS),
  ...classes('gzip', 'refused', PACKED),
]
/** Of megabytes: one of them a round. */
export const LARGE = classes('manifest', 'refused', LIMITS)
export const RANDOM = [...classes('manifest', 'noise', NOISE), ...classes('gzip', 'noise', PACKED_NOISE)]
export const COURIERS = [
  ...classes('manifest', 'held', COURIER),
  ...classes('statement', 'held', STATEMENT_COURIER),
  ...classes('gzip', 'held', PACKED_COURIER),
]

/** Every fifth mutant is of bytes. */
const NOISE_EVERY = 5
const TURNS = STRUCTURED.length + 1
/** So many mutants have one of each class, and one of the large ones. */
export const ROUND = Math.ceil((TURNS * NOISE_EVERY) / (NOISE_EVERY - 1))
const TRIES = 500

/** The class of the n-th forgery: all come in turn. */
export function classOf(n: number): MutantClass {
  const turn = Math.floor(n / NOISE_EVERY)
  if (n % NOISE_EVERY === NOISE_EVERY - 1) return RANDOM[turn % RANDOM.length]!
  const at = turn * (NOISE_EVERY - 1) + (n % NOISE_EVERY)
  return STRUCTURED[at % TURNS] ?? LARGE[Math.floor(at / TURNS) % LARGE.length]!
}

/** The first forgery of each class, in their order. */
export function firstOfEach(): number[] {
  const seen = new Set<string>()
  const all = STRUCTURED.length + LARGE.length + RANDOM.length
  const firsts: number[] = []
  for (let n = 0; seen.size < all; n++) {
    const { name } = classOf(n)
    if (!seen.has(name)) firsts.push(n)
    seen.add(name)
  }
  return firsts
}

/** The n-th forgery of a seed, from (seed, n) alone. */
export function makeForgery(seed: string, n: number, { all, plain }: Pool): MadeMutant {
  const one = classOf(n)
  return make(`${seed}/${n}`, one, one.kind === 'noise' ? plain : all)
}

/** The n-th deed of a courier: no forgery, and not counted as one. */
export function makeCourierDeed(seed: string, n: number, { all }: Pool): MadeMutant {
  return make(`${seed}/courier/${n}`, COURIERS[n % COURIERS.length]!, all)
}

function make(name: string, { mutate, ...one }: MutantClass, pool: readonly Base[]): MadeMutant {
  const random = new Random(name)
  for (let tries = 0; tries < TRIES; tries++) {
    const base = random.pick(pool)
    const mutant = mutate(base, random, pool)
    if (mutant === null || Buffer.from(mutant.bytes).equals(base.bytes)) continue
    const { bytes, expected } = mutant
    const { length } = bytes
    const engine = random.oneIn(8) ? 'noble' : 'platform'
    const runBytes = sizesFor(length, random)[0]!
    const isPlain = random.oneIn(8)
    const sizes = sizesFor(length, random)
    const kernel = isPlain ? null : random.oneIn(3) ? ('JavaScript' as const) : ('WebAssembly' as const)
    return {
      ...{ name: one.name, file: one.file, bytes, sizes, runs: { bytes: runBytes, kernel }, engine, base },
      fate: fateOf(one.name, one.kind, expected),
    }
  }
  throw new Error(`${one.name}: no base of the pool fits`)
}

function fateOf(name: string, kind: Fate['kind'], expected: Failure | null): Fate {
  if (kind === 'refused') return { kind, expected: expected! }
  return kind === 'noise' ? { kind, codes: noiseCodes(name) } : { kind }
}

/** The file whole, in large chunks, or in small ones that cut every line. */
function sizesFor(length: number, random: Random): number[] {
  if (length > 1_000_000) return [random.between(65_536, 1_048_576)]
  const most = random.pick([length + 1, 4096, 700, 64])
  return Array.from({ length: random.between(1, 5) }, () => random.between(1, most))
}
