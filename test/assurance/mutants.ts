import type { SignatureEngine } from '../../src/core/ed25519.ts'
import type { Failure } from '../../src/core/verification.ts'
import type { Base, Mutators } from './base.ts'
import { BREAKS } from './breaks.ts'
import { CHAIN } from './chain.ts'
import { COURIER } from './courier.ts'
import { EVIDENCE } from './evidence.ts'
import { HEADERS } from './header.ts'
import { KEYS } from './keys.ts'
import { LINES } from './lines.ts'
import { MEMBERS } from './member.ts'
import { NOISE } from './noise.ts'
import type { Pool } from './pool.ts'
import { Random } from './random.ts'
import { SIGNING } from './signing.ts'
import { SPELLINGS } from './spelling.ts'

/** What must come of a mutant: refused in exactly this way, refused somehow, or held as its base is. */
export type Fate =
  | { readonly kind: 'refused'; readonly expected: Failure }
  | { readonly kind: 'noise' }
  | { readonly kind: 'held' }

export interface MadeMutant {
  readonly name: string
  readonly bytes: Uint8Array
  /** Of the chunks in which the reader is given the bytes. */
  readonly sizes: readonly number[]
  /** What checks the equation: one in eight takes the way of platforms without Ed25519. */
  readonly engine: SignatureEngine
  readonly base: Base
  readonly fate: Fate
}

export const STRUCTURED = Object.entries({
  ...CHAIN,
  ...SIGNING,
  ...KEYS,
  ...HEADERS,
  ...MEMBERS,
  ...LINES,
  ...BREAKS,
  ...SPELLINGS,
  ...EVIDENCE,
} satisfies Mutators)
export const RANDOM = Object.entries(NOISE)
export const COURIERS = Object.entries(COURIER)

/** Every fifth mutant is of bytes. */
const NOISE_EVERY = 5
/** So many mutants have one of each class. */
export const ROUND = Math.ceil((STRUCTURED.length * NOISE_EVERY) / (NOISE_EVERY - 1))
const TRIES = 500

/** The n-th forgery of a seed, from (seed, n) alone: all classes come in turn. */
export function makeForgery(seed: string, n: number, { all, plain }: Pool): MadeMutant {
  const turn = Math.floor(n / NOISE_EVERY)
  if (n % NOISE_EVERY === NOISE_EVERY - 1) {
    return make(`${seed}/${n}`, RANDOM[turn % RANDOM.length]!, plain, 'noise')
  }
  const at = turn * (NOISE_EVERY - 1) + (n % NOISE_EVERY)
  return make(`${seed}/${n}`, STRUCTURED[at % STRUCTURED.length]!, all, 'refused')
}

/** The n-th deed of a courier: no forgery, and not counted as one. */
export function makeCourierDeed(seed: string, n: number, { all }: Pool): MadeMutant {
  return make(`${seed}/courier/${n}`, COURIERS[n % COURIERS.length]!, all, 'held')
}

function make(
  name: string,
  [className, mutate]: (typeof STRUCTURED)[number],
  pool: readonly Base[],
  kind: Fate['kind'],
): MadeMutant {
  const random = new Random(name)
  for (let tries = 0; tries < TRIES; tries++) {
    const base = random.pick(pool)
    const mutant = mutate(base, random, pool)
    if (mutant === null || Buffer.from(mutant.bytes).equals(base.bytes)) continue
    const { bytes, expected } = mutant
    const fate: Fate = kind === 'refused' ? { kind, expected: expected! } : { kind }
    const engine = random.oneIn(8) ? 'noble' : 'platform'
    return { name: className, bytes, sizes: sizesFor(bytes.length, random), engine, base, fate }
  }
  throw new Error(`${className}: no base of the pool fits`)
}

/** The file whole, in large chunks, or in small ones that cut every line. */
function sizesFor(length: number, random: Random): number[] {
  if (length > 1_000_000) return [random.between(65_536, 1_048_576)]
  const most = random.pick([length + 1, 4096, 700, 64])
  return Array.from({ length: random.between(1, 5) }, () => random.between(1, most))
}
