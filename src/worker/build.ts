import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'
import { kernel } from '../kernel/build.ts'

const SCRIPT = fileURLToPath(new URL('./omega.worker.ts', import.meta.url))

/** Makes `name` the module that `toModule` writes of the worker's script: one classic script with all it needs. */
export function workerScript(
  name: string,
  toModule: (script: string) => string,
  { minify = false, plugins = [] }: { readonly minify?: boolean; readonly plugins?: readonly Plugin[] } = {},
): Plugin {
  const id = '\0omega-worker'
  return {
    name: 'omega-worker',
    enforce: 'pre',
    resolveId: (asked) => (asked === name ? id : null),
    load: async (asked) => (asked === id ? toModule(await bundle(minify, plugins)) : null),
  }
}

async function bundle(minify: boolean, plugins: readonly Plugin[]): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins: [kernel(), ...plugins],
    build: {
      write: false,
      minify,
      target: 'es2023',
      rolldownOptions: { input: SCRIPT, output: { format: 'iife' } },
    },
  })
  const outputs = [made].flat().flatMap((each) => ('output' in each ? each.output : []))
  const [chunk] = outputs
  if (chunk?.type !== 'chunk' || outputs.length > 1) throw new Error('the worker is not one script')
  return chunk.code
}
