import type { PlaceName } from './route.ts'

export const PLACE_LABELS: Readonly<Record<PlaceName, string>> = {
  memories: 'Memories',
  exchange: 'Exchange',
  peers: 'Peers',
  agents: 'Agents',
  identity: 'Identity',
}

const NUMBER = new Intl.NumberFormat('en')

/** `12,345`. */
export const numberOf = (value: number): string => NUMBER.format(value)

/** `1 line`, `2 lines`. */
export function countOf(value: number, one: string, many = `${one}s`): string {
  return `${numberOf(value)} ${value === 1 ? one : many}`
}

export const memoriesOf = (value: number): string => countOf(value, 'memory', 'memories')

/** Decimal units, as file managers show them. */
export function bytesOf(bytes: number): string {
  if (bytes < 1000) return countOf(bytes, 'byte')
  if (bytes < 1e6) return `${numberOf(Math.round(bytes / 1e3))} kB`
  if (bytes < 1e9) return `${numberOf(Math.round(bytes / 1e5) / 10)} MB`
  return `${numberOf(Math.round(bytes / 1e7) / 100)} GB`
}

/** `74.1 of 169.2 MB`: both in the unit of the whole, and of a width that changes little as it grows. */
export function amountOf(done: number, total: number): string {
  if (total < 1e6) return `${Math.round(done / 1e3)} of ${Math.round(total / 1e3)} kB`
  if (total < 1e9) return `${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`
  return `${(done / 1e9).toFixed(2)} of ${(total / 1e9).toFixed(2)} GB`
}
