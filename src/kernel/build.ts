import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const CACHE = fileURLToPath(new URL('../../.cache/kernel/', import.meta.url))
const OPTIONS = ['--optimizeLevel', '3', '--noAssert', '--runtime', 'stub', '--enable', 'simd']
const COMPILER = fileURLToPath(
  import.meta.resolve('assemblyscript/asc').replace(/dist\/asc\.js$/, 'bin/asc.js'),
)
/** Its version is in it: another one may compile otherwise. */
const COMPILER_PACKAGE = join(COMPILER, '../../package.json')
const MODULE = 'virtual:omega-kernel'

/** The WebAssembly of this folder; compiled once for what its sources and its compiler are. Throws what the compiler says. */
export function buildKernel(): Uint8Array {
  const sources = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'))
  const hash = createHash('sha256').update(OPTIONS.join(' ')).update(readFileSync(COMPILER_PACKAGE))
  for (const name of sources.sort()) hash.update(name).update(readFileSync(join(FOLDER, name)))
  const file = join(CACHE, `${hash.digest('hex').slice(0, 32)}.wasm`)
  if (!existsSync(file)) {
    mkdirSync(CACHE, { recursive: true })
    // Written aside and moved: builds may run at once. In a process of its own, for the compiler is large.
    const aside = `${file}.${process.pid}`
    execFileSync(process.execPath, [COMPILER, join(FOLDER, 'index.ts'), '--outFile', aside, ...OPTIONS], {
      stdio: 'pipe',
    })
    renameSync(aside, file)
  }
  return readFileSync(file)
}

/** Gives `virtual:omega-kernel`: the WebAssembly as base64, so that it goes wherever the script goes. */
export function kernel(): Plugin {
  return {
    name: 'omega-kernel',
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : null),
    load(id) {
      if (id !== `\0${MODULE}`) return null
      const base64 = Buffer.from(buildKernel()).toString('base64')
      return `export default '${base64}'`
    },
  }
}
