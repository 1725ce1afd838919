import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import type { judge, Verdict } from './reader.ts'
import type { WrongReader } from './wrong-readers.ts'

/** Makes wrong readers, and holds them against the set. */
const ENTRY = fileURLToPath(new URL('reader.ts', import.meta.url))
const REFERENCE = fileURLToPath(new URL('../reference', import.meta.url))
const CURVE = join(REFERENCE, 'ed25519.ts')
/** Which points are strict is asked once for all readers that change nothing about it: it is most of their time. */
const POINTS = 'new Map<string, boolean>()'
const SHARED_POINTS = `((globalThis as { points?: Map<string, boolean> }).points ??= ${POINTS})`
const require = createRequire(import.meta.url)

export type Judge = typeof judge

/** Built as a copy of its own. Throws where a text does not stand in its file just once. */
export async function makeReader({ name, edits }: Pick<WrongReader, 'name' | 'edits'>): Promise<Judge> {
  const folder = await mkdtemp(join(tmpdir(), 'omega-reader-'))
  const done = new Set<string>()
  try {
    await build({
      configFile: false,
      logLevel: 'silent',
      publicDir: false,
      ssr: { noExternal: true },
      build: {
        ssr: ENTRY,
        outDir: folder,
        target: 'node20',
        minify: false,
        rolldownOptions: { output: { format: 'cjs', entryFileNames: 'reader.cjs' } },
      },
      plugins: [
        {
          name: 'wrong',
          enforce: 'pre',
          transform: (code, id) => {
            const own = edits.filter(([file]) => id === join(REFERENCE, file))
            if (own.length === 0) return id === CURVE ? code.replace(POINTS, SHARED_POINTS) : null
            done.add(id)
            return own.reduce((text, [file, from, to]) => {
              const parts = text.split(from)
              if (parts.length !== 2)
                throw new Error(`${name}: ${file} has its text ${parts.length - 1} times`)
              return parts.join(to)
            }, code)
          },
        },
      ],
    })
    if (done.size !== new Set(edits.map(([file]) => file)).size)
      throw new Error(`${name}: a file is no part of the reader`)
    // Required, not imported: what runs the tests would look an import up in its own graph.
    return (require(join(folder, 'reader.cjs')) as { judge: Judge }).judge
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A file of the set, and what is to be said of it. */
export interface Asked {
  readonly path: string
  readonly kind: 'manifest' | 'statement'
  readonly plain: Uint8Array
  readonly verdict: Verdict
}

export interface Shown {
  readonly path: string
  readonly shows: WrongReader['shows']
  readonly found: string
}

/**
 * The first file that shows a reader to take what must be refused or to refuse what must be taken; failing that, the
 * first of which it says another thing; or null. With `any` the first of either.
 */
export function giveAway(read: Judge, asked: readonly Asked[], any = false): Shown | null {
  let other: Shown | null = null
  for (const { path, kind, plain, verdict } of asked) {
    const found = readAnyhow(read, kind, plain)
    const isOk = (found as Partial<Verdict>).result === 'ok'
    const shown = { path, found: JSON.stringify(found) }
    if (isOk !== (verdict.result === 'ok')) return { ...shown, shows: 'fate' }
    if (other === null && shown.found !== JSON.stringify(verdict)) other = { ...shown, shows: 'code' }
    if (any && other !== null) return other
  }
  return other
}

/** A reader that throws refuses, and says nothing. */
function readAnyhow(read: Judge, kind: Asked['kind'], plain: Uint8Array): Verdict | { thrown: string } {
  try {
    return read(kind, plain)
  } catch (error) {
    return { thrown: String(error) }
  }
}
