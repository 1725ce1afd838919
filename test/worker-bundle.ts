import type { Plugin } from 'vite'
import { workerScript } from '../src/worker/build.ts'

/**
 * Gives `virtual:omega-worker`: the URL of the worker in one script, as a build has it. Served module by module,
 * each worker of each test would ask for a hundred files.
 */
export function workerBundle(): Plugin {
  return workerScript(
    'virtual:omega-worker',
    (script) =>
      `export default URL.createObjectURL(new Blob([${JSON.stringify(script)}], { type: 'text/javascript' }))`,
  )
}
