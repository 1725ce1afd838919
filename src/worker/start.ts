import workerUrl from './omega.worker.ts?worker&url'

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
 * Starts the worker from a blob that loads the real script. A worker loaded straight from its URL would not be
 * bound by the page's Content-Security-Policy (a meta tag reaches no worker); one from a blob inherits it.
 */
export function startWorker(): Worker {
  // While developing there is no policy, and the script is a module that a blob could not load.
  if (import.meta.env.DEV) return new Worker(workerUrl, { type: 'module' })
  const script = JSON.stringify(new URL(workerUrl, document.baseURI).href)
  const bootstrap = `
    const url = ${script}
    const own = [url, location.href]
    const policy = self.trustedTypes?.createPolicy('omega', { createScriptURL: (which) => own[which] })
    self.omegaStartLane = (name) => new Worker(policy ? policy.createScriptURL(1) : own[1], { name })
    importScripts(policy ? policy.createScriptURL(0) : own[0])`
  // Not revoked: an engine may load it only after this returns.
  return new Worker(toScriptURL(URL.createObjectURL(new Blob([bootstrap], { type: 'text/javascript' }))))
}
