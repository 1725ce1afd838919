import type { FileName } from './data.ts'
import { describeTiming, ratioOf, type Timing } from './measurement.ts'

/** A row of the table of targets, measured. */
export interface Row {
  readonly what: string
  readonly target: string
  readonly measured: string
  /** Null: only stated, there is no target. */
  readonly isMet: boolean | null
}

/** A point of the plot: what a manifest of that size took each. */
export interface Point {
  readonly memories: number
  readonly bytes: number
  readonly timings: Readonly<Record<string, Timing>>
}

export interface Results {
  readonly rows: readonly Row[]
  readonly points?: readonly Point[]
}

/** Which manifests, and how often. */
export interface Scale {
  readonly name: 'full' | 'quick'
  readonly rounds: number
  /** Of peers and deeds that take long. */
  readonly few: number
  /** Verified each, the last two for growth. */
  readonly sizes: readonly FileName[]
  readonly texts: FileName | null
  readonly middle: FileName
  readonly large: FileName
  /** As many others. */
  readonly more: FileName
  readonly huge: readonly FileName[]
  readonly forged: FileName
}

export interface Setting {
  readonly scale: Scale
  /** Where the app is served, and the peers that need a page. */
  readonly app: string
  readonly peers: string
  /** A profile of its own for who asks, that holds the large manifest and trusts its signer. */
  readonly filled: () => Promise<string>
}

export const FULL: Scale = {
  name: 'full',
  rounds: 5,
  few: 3,
  sizes: ['10k', '50k', '200k', '1m'],
  texts: 'long-texts',
  middle: '200k',
  large: '1m',
  more: '1m-more',
  huge: ['1gb', '4gb'],
  forged: '1gb',
}

export const QUICK: Scale = {
  name: 'quick',
  rounds: 3,
  few: 1,
  sizes: ['50k', '200k'],
  texts: null,
  middle: '200k',
  large: '50k',
  more: '50k-more',
  huge: ['200k'],
  forged: '200k',
}

/** At most `limit` times the peer's time. */
export function atMost(what: string, limit: number, timing: Timing, peer: Timing, peerName: string): Row {
  const ratio = ratioOf(timing, peer)
  return {
    what,
    target: `at most ${limit} of ${peerName}`,
    measured: `**${ratio.toFixed(2)}**: ${describeTiming(timing)} against ${describeTiming(peer)}`,
    isMet: ratio <= limit,
  }
}

/** At least `limit` times as fast as the peer. */
export function faster(what: string, limit: number, timing: Timing, peer: Timing, peerName: string): Row {
  const ratio = ratioOf(peer, timing)
  return {
    what,
    target: `${limit} times faster than ${peerName}`,
    measured: `**${ratio.toFixed(1)} times**: ${describeTiming(timing)} against ${describeTiming(peer)}`,
    isMet: ratio >= limit,
  }
}

export function stated(what: string, measured: string): Row {
  return { what, target: 'stated', measured, isMet: null }
}

export const countOf = (value: number): string => value.toLocaleString('en')
export const gigabytesOf = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`
export const megabytesOf = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
