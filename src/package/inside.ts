import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))
const RECORDS = join(PROJECT, '.cache/inside')

/** Modules that are no files, and whose code they bring. */
const MADE: readonly (readonly [RegExp, ...string[]])[] = [
  [/^\0vite\//, 'vite'],
  [/^\0(?:rolldown|@oxc-project\+runtime)/, 'rolldown'],
  // The WebAssembly holds parts of the compiler's own library; the JavaScript made of it, of the translator's.
  [/^\0virtual:omega-kernel$/, 'assemblyscript'],
  [/^\0virtual:omega-kernel-script$/, 'assemblyscript', 'binaryen'],
]

/** An artefact is made by several builds at once: the page, its workers, the service worker. */
const found = new Map<string, Set<string>>()

/**
 * Notes which npm packages have code in an artefact, as the bundler reports them once all that is unused is gone.
 * Throws for a module that is neither ours nor a package's, so that nothing goes in unseen.
 */
export function inside(artefact: string): Plugin {
  const packages = found.get(artefact) ?? new Set<string>()
  found.set(artefact, packages)
  return {
    name: 'inside',
    apply: 'build',
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        for (const [id, { renderedLength }] of Object.entries(chunk.modules)) {
          if (renderedLength > 0) for (const each of packagesOf(id)) packages.add(each)
        }
      }
      mkdirSync(RECORDS, { recursive: true })
      writeFileSync(recordOf(artefact), `${JSON.stringify([...packages].sort(), null, 2)}\n`)
    },
  }
}

/** Folders of the packages inside an artefact as it was built last, as package-lock.json names them; sorted. */
export function readInside(artefact: string): string[] {
  return JSON.parse(readFileSync(recordOf(artefact), 'utf8')) as string[]
}

function recordOf(artefact: string): string {
  return join(RECORDS, `${artefact}.json`)
}

/** None for what is ours; a worker within a page is noted by its own build. */
function packagesOf(id: string): string[] {
  if (id === '\0omega-worker') return []
  const made = MADE.find(([pattern]) => pattern.test(id))
  if (made !== undefined) return made.slice(1).map((name) => `node_modules/${name}`)
  const path = relative(PROJECT, id.replace(/^\0/, '').replace(/\?.*$/, '')).split(sep).join('/')
  const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
  if (
    path.startsWith('../') ||
    (folder === undefined && !/^(?:src\/|public\/|CHANGELOG|index|package\.json)/.test(path))
  )
    throw new Error(`Whose is ${JSON.stringify(id)}?`)
  return folder === undefined ? [] : [folder]
}
