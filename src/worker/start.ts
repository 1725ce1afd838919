import type { Database } from '../store/database.ts'
import type { WorkerBridge, WorkerLike } from './bridge.ts'
import { LANE_NAME, withLanes } from './lane-host.ts'
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

/** Starts workers: the one over the store, which may ask for lanes, and lanes. */
export interface WorkerStart {
  readonly worker: () => WorkerLike
  readonly lane: () => Worker
}

/**
 * What starts them: from a blob that loads the real script, or holds it. A worker loaded straight from its URL would
 * not be bound by the page's Content-Security-Policy (a meta tag reaches no worker); one from a blob inherits it.
 */
export function createWorkerStart(): WorkerStart {
  const make = import.meta.env.DEV ? startModule : createBlobStart()
  const lane = () => make(LANE_NAME)
  return { worker: () => withLanes(make(''), lane), lane }
}

/** While developing there is no policy, and the script is a module that a blob could not load. */
function startModule(name: string): Worker {
  return new Worker(script, { type: 'module', name })
}

function createBlobStart(): (name: string) => Worker {
  const url = IS_ONE_FILE ? '' : new URL(script, document.baseURI).href
  const load = `
    const url = ${JSON.stringify(url)}
    const policy = self.trustedTypes?.createPolicy('omega', { createScriptURL: () => url })
    importScripts(policy ? policy.createScriptURL('') : url)`
  // Not revoked: an engine may load it only after the worker is made, and another follows one that died.
  const blob = URL.createObjectURL(new Blob([IS_ONE_FILE ? script : load], { type: 'text/javascript' }))
  return (name) => new Worker(toScriptURL(blob), { name })
}

/** What does the work where workers have another store than the page: of the one file alone, which is opened from disk. */
export const createHere = IS_ONE_FILE
  ? (worker: WorkerBridge, { lane }: WorkerStart) =>
      async (db: Database) => {
        const { createWorkerHere } = await import('./here.ts')
        return createWorkerHere(db, worker, lane)
      }
  : undefined
