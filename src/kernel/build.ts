import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const CACHE = fileURLToPath(new URL('../../.cache/kernel/', import.meta.url))
const OPTIONS = ['--optimizeLevel', '3', '--noAssert', '--runtime', 'stub']
const VECTORS = ['--enable', 'simd']
const TO_SCRIPT = ['-O3', '--enable-bulk-memory', '--enable-bulk-memory-opt']
const COMPILER = fileURLToPath(
  import.meta.resolve('assemblyscript/asc').replace(/dist\/asc\.js$/, 'bin/asc.js'),
)
/** The version is in it, and that of what the compiler leans on: another one may compile otherwise. */
const COMPILER_PACKAGE = join(COMPILER, '../../package.json')
/** The compiler's own: what it makes is read by what belongs to it. */
const WASM2JS = join(dirname(createRequire(COMPILER_PACKAGE).resolve('binaryen')), 'bin/wasm2js')
const MODULE = 'virtual:omega-kernel'
const SCRIPT_MODULE = 'virtual:omega-kernel-script'

/** The WebAssembly of this folder; compiled once for what its sources and its compiler are. Throws what the compiler says. */
export function buildKernel(): Uint8Array {
  return once('wasm', [...OPTIONS, ...VECTORS], (aside) => compileKernel(FOLDER, aside))
}

/**
 * The same in JavaScript, for where there is no WebAssembly: a module whose default export starts a kernel anew and
 * answers what the WebAssembly exports. Nothing is done before it is called, and no text becomes script.
 */
export function buildKernelScript(): string {
  const made = once('js', [...OPTIONS, ...TO_SCRIPT], (aside) => compileKernelScript(FOLDER, aside))
  return Buffer.from(made).toString()
}

/** Compiles `folder` to WebAssembly at `to`. Throws what the compiler says. */
export function compileKernel(folder: string, to: string, options: readonly string[] = VECTORS): void {
  // In a process of its own, for the compiler is large.
  run(COMPILER, join(folder, 'index.ts'), '--outFile', to, ...OPTIONS, ...options)
}

/** Compiles `folder` to JavaScript at `to`: WebAssembly without vectors, which is then translated. */
export function compileKernelScript(folder: string, to: string): void {
  const wasm = `${to}.wasm`
  compileKernel(folder, wasm, [])
  run(WASM2JS, wasm, '-o', to, ...TO_SCRIPT)
  rmSync(wasm)
  // What it writes starts at once; this waits to be asked.
  const [code, start, ...more] = readFileSync(to, 'utf8').split('\nvar retasmFunc = asmFunc({\n')
  if (start === undefined || more.length > 0 || /\bimport\b/.test(code!))
    throw new Error('wasm2js writes otherwise than it did')
  writeFileSync(to, `export default function () {\n${code}\nreturn asmFunc({})\n}\n`)
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(process.execPath, [program, ...args], { stdio: 'pipe' })
}

/** What `make` wrote for these sources and options, now or before. */
function once(ending: string, options: readonly string[], make: (aside: string) => void): Uint8Array {
  const sources = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'))
  const hash = createHash('sha256').update(options.join(' ')).update(readFileSync(COMPILER_PACKAGE))
  for (const name of sources.sort()) hash.update(name).update(readFileSync(join(FOLDER, name)))
  const file = join(CACHE, `${hash.digest('hex').slice(0, 32)}.${ending}`)
  if (!existsSync(file)) {
    mkdirSync(CACHE, { recursive: true })
    // Written aside and moved: builds may run at once.
    const aside = `${file}.${process.pid}`
    make(aside)
    renameSync(aside, file)
  }
  return readFileSync(file)
}

/**
 * Gives `virtual:omega-kernel`, the WebAssembly as base64, so that it goes wherever the script goes, and
 * `virtual:omega-kernel-script`, the same in JavaScript.
 */
export function kernel(): Plugin {
  return {
    name: 'omega-kernel',
    resolveId: (id) => (id === MODULE || id === SCRIPT_MODULE ? `\0${id}` : null),
    load(id) {
      if (id === `\0${SCRIPT_MODULE}`) return buildKernelScript()
      if (id !== `\0${MODULE}`) return null
      const base64 = Buffer.from(buildKernel()).toString('base64')
      return `export default '${base64}'`
    },
  }
}
