import { hash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ISSUER, writeManifest, type Plan } from './generator.ts'
import { say } from './measurement.ts'

/** The manifests that are measured, made when first asked for and kept: some 8 GB if all of them are. */
const SEED = 'omega-bench'

const FILES = {
  '10k': { memories: 10_000, length: 300 },
  '50k': { memories: 50_000, length: 300 },
  '200k': { memories: 200_000, length: 300 },
  '1m': { memories: 1_000_000, length: 300 },
  /** Others than those of the files above, for a store that holds those. */
  '50k-more': { memories: 50_000, length: 300 },
  '1m-more': { memories: 1_000_000, length: 300 },
  'long-texts': { memories: 2000, length: 200_000 },
  '1gb': { memories: 1_186_000, length: 300 },
  '4gb': { memories: 4_744_000, length: 300 },
} as const satisfies Record<string, Omit<Plan, 'seed'>>

export type FileName = keyof typeof FILES

export interface DataFile {
  readonly path: string
  readonly bytes: number
  readonly memories: number
}

const project = fileURLToPath(new URL('../..', import.meta.url))
/** Under the project, so that it is a disk and not the memory that some systems call a temp folder. */
export const CACHE = join(project, '.cache/bench')

/** What the data follows from: another generator has another folder. */
const SOURCES = ['generator.ts', 'vocabulary.ts', 'data.ts'].map((name) => new URL(name, import.meta.url))

let folder: string | undefined

function dataFolder(): string {
  if (folder !== undefined) return folder
  const edition = hash('sha256', SOURCES.map((source) => readFileSync(source, 'utf8')).join('')).slice(0, 12)
  folder = join(CACHE, `data-${edition}`)
  mkdirSync(folder, { recursive: true })
  for (const other of readdirSync(CACHE))
    if (other.startsWith('data-') && other !== `data-${edition}`)
      rmSync(join(CACHE, other), { recursive: true })
  writeFileSync(join(folder, 'issuer.pem'), ISSUER.pem)
  return folder
}

/** The manifest of that name, and beside it `issuer.pem`, the key that signed it. */
export function dataFile(name: FileName): DataFile {
  const path = join(dataFolder(), `${name}.json`)
  const plan = FILES[name]
  if (!existsSync(path)) {
    const started = performance.now()
    writeManifest(`${path}.part`, { seed: `${SEED}/${name}`, ...plan })
    renameSync(`${path}.part`, path)
    say(`made ${name}.json in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }
  return { path, bytes: statSync(path).size, memories: plan.memories }
}
