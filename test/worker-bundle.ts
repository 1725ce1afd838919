import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'
import { kernel } from '../src/kernel/build.ts'

const MODULE = 'virtual:omega-worker'
const SCRIPT = fileURLToPath(new URL('../src/worker/omega.worker.ts', import.meta.url))

/**
 * Gives `virtual:omega-worker`: the URL of the worker in one script, as a build has it. Served module by module,
 * each worker of each test would ask for a hundred files.
 */
export function workerBundle(): Plugin {
  return {
    name: 'omega-worker-bundle',
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : null),
    async load(id) {
      if (id !== `\0${MODULE}`) return null
      const script = JSON.stringify(await bundle())
      return `export default URL.createObjectURL(new Blob([${script}], { type: 'text/javascript' }))`
    },
  }
}

async function bundle(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins: [kernel()],
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      rolldownOptions: { input: SCRIPT, output: { format: 'iife' } },
    },
  })
  const outputs = [made].flat().flatMap((each) => ('output' in each ? each.output : []))
  const [chunk] = outputs
  if (chunk?.type !== 'chunk' || outputs.length > 1) throw new Error('the worker is not one script')
  return chunk.code
}
