import workerUrl from './omega.worker.ts?worker&url'

/** The one policy of the page: it lets through the URL of its own worker and nothing else. */
const policy = globalThis.trustedTypes?.createPolicy('omega', { createScriptURL: (url: string) => url })

/**
 * Starts the worker from a blob that loads the real script. A worker loaded straight from its URL would not be
 * bound by the page's Content-Security-Policy (a meta tag reaches no worker); one from a blob inherits it.
 */
export function startWorker(): Worker {
  const script = JSON.stringify(new URL(workerUrl, document.baseURI).href)
  const bootstrap = `
    const policy = self.trustedTypes?.createPolicy('omega', { createScriptURL: (url) => url })
    importScripts(policy ? policy.createScriptURL(${script}) : ${script})`
  // Not revoked: an engine may load it only after this returns.
  const url = URL.createObjectURL(new Blob([bootstrap], { type: 'text/javascript' }))
  return new Worker((policy?.createScriptURL(url) ?? url) as string)
}
