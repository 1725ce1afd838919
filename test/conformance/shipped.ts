import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { reportNaively, reportStatementNaively } from '../reference/report.ts'
import { sha256 } from '../reference/merkle.ts'
import { hex } from '../reference/shapes.ts'
import { NOW, type Description, type Entry } from './set.ts'

const FOLDER = new URL('../../public/conformance/', import.meta.url)

export type Shipped = Pick<Entry, 'path' | 'description' | 'bytes' | 'plain'>

/** The set as it is shipped: `set.test.ts` holds it against what the naive implementation makes. */
export function readShipped(): Shipped[] {
  const read = (path: string) => readFileSync(new URL(path, FOLDER))
  const { cases } = JSON.parse(read('index.json').toString()) as { cases: string[] }
  return cases.map((file) => {
    const path = file.replace(/\.case\.json$/, '')
    const description = JSON.parse(read(file).toString()) as Description
    const bytes = read(`${path.split('/').slice(0, -1).join('/')}/${description.file}`)
    // What is about gzip is judged as it is.
    const isPacked = description.file.endsWith('.gz') && !path.startsWith('manifest/gzip/')
    return { path, description, bytes, plain: isPacked ? gunzipSync(bytes) : bytes }
  })
}

/** The report that a file must have: `found` where its hash says so, else the naive verifier's, to be shown beside it. */
export function reportOf({ plain, description }: Shipped, found: string): string {
  if (hex(sha256(Buffer.from(found))) === description.report_sha256) return found
  return description.kind === 'manifest' ? reportNaively(plain, NOW) : reportStatementNaively(plain)
}
