import { gzipSync } from 'node:zlib'
import { reportNaively, reportStatementNaively } from '../reference/report.ts'
import { makeMutant } from './fuzz.ts'
import { classOf, COURIERS } from './mutants.ts'
import { NOW } from './product.ts'

/** A file for the browser, and what must be said of it. Bytes in base64: this passes as JSON. */
export interface Expectation {
  readonly name: string
  readonly file: 'manifest' | 'statement' | 'gzip'
  readonly base64: string
  readonly report: string
}

/**
 * Forgeries `from` to `to` and, before the first of them, what couriers may do; every third manifest packed. Made
 * here, under Node: the twin and the forger need its cryptography.
 */
export function expectationsOf(seed: string, from: number, to: number): Expectation[] {
  const forgeries = Array.from({ length: to - from }, (_, at) => from + at)
  // Files of many megabytes would pass through the tests' own wire.
  const small = forgeries.filter((n) => !/8 MiB|16 MiB|1,000,000/.test(classOf(n).name))
  const couriers = from === 0 ? COURIERS.map((_, n) => makeMutant(seed, 'courier', n)) : []
  const mutants = [...couriers, ...small.map((n) => makeMutant(seed, 'forgery', n))]
  return mutants.map(({ name, file, bytes }, at): Expectation => {
    const isPacked = file === 'manifest' && at % 3 === 2
    const given = isPacked ? new Uint8Array(gzipSync(bytes)) : bytes
    const report = file === 'statement' ? reportStatementNaively(given) : reportNaively(given, NOW)
    return {
      name,
      file: isPacked ? 'gzip' : file,
      base64: Buffer.from(given).toString('base64'),
      report,
    }
  })
}
