import type { Database } from '../store/database.ts'
import type { WorkerBridge } from './bridge.ts'
import script from './omega.worker.ts?worker&url'

/** There `script` is the script itself, as nothing can be loaded beside a page from disk; else its address. */
const IS_ONE_FILE = import.meta.env.MODE === 'single'

/** The page's one policy lets through these and nothing else. */
const ownScripts = new Set<string>()

const policy = globalThis.trustedTypes?.createPolicy('omega', {
  createScriptURL(url: string) {
    if (!ownScripts.has(url)) throw new TypeError('not a script of ours')
    return url
  },
})

/** The address of a script of ours, as what starts workers takes it under the page's policy. */
export function toScriptURL(url: string): string {
  ownScripts.add(url)
  return (policy?.createScriptURL(url) ?? url) as string
}

/**
 * What starts the worker: from a blob that loads the real script, or holds it. A worker loaded straight from its URL
 * would not be bound by the page's Content-Security-Policy (a meta tag reaches no worker); one from a blob inherits it.
 */
export function createWorkerStart(): (name?: string) => Worker {
  // While developing there is no policy, and the script is a module that a blob could not load.
  if (import.meta.env.DEV) return (name = '') => new Worker(script, { type: 'module', name })
  const url = IS_ONE_FILE ? '' : new URL(script, document.baseURI).href
  // The script may begin with a bracket: without the semicolon before it, it would be called by nobody.
  const bootstrap = `
    const own = [${JSON.stringify(url)}, location.href]
    const policy = self.trustedTypes?.createPolicy('omega', { createScriptURL: (which) => own[which] })
    const toScriptURL = (which) => (policy ? policy.createScriptURL(which) : own[which])
    self.omegaStartLane = (name) => new Worker(toScriptURL(1), { name });
    ${IS_ONE_FILE ? script : 'importScripts(toScriptURL(0))'}`
  // Not revoked: an engine may load it only after the worker is made, and another follows one that died.
  const blob = URL.createObjectURL(new Blob([bootstrap], { type: 'text/javascript' }))
  return (name = '') => new Worker(toScriptURL(blob), { name })
}

/** What does the work where workers have another store than the page: of the one file alone, which is opened from disk. */
export const createHere = IS_ONE_FILE
  ? (worker: WorkerBridge, start: (name: string) => Worker) => async (db: Database) => {
      const { createWorkerHere } = await import('./here.ts')
      return createWorkerHere(db, worker, start)
    }
  : undefined
