export const PLACES = ['memories', 'exchange', 'peers', 'agents', 'identity'] as const
export type PlaceName = (typeof PLACES)[number]

/** Where one is: `#/memories/<key>`, `#/exchange/opened`, … The hash, because deep paths break under a relative base. */
export interface Route {
  readonly place: PlaceName
  /** What is open in the place; empty: the place itself. */
  readonly path: readonly string[]
}

/** Inverse of `toHash`. What cannot be read leads to the first place. */
export function parseHash(hash: string): Route {
  const [place, ...path] = hash.replace(/^#\/?/, '').split('/')
  const known = PLACES.find((name) => name === place)
  return known === undefined
    ? { place: 'memories', path: [] }
    : { place: known, path: path.map(decode).filter((part) => part !== '') }
}

/** Inverse of `parseHash`. */
export function toHash(place: PlaceName, ...path: readonly string[]): string {
  return ['#', place, ...path.map(encodeURIComponent)].join('/')
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
