import { cleanupOutdatedCaches, precacheAndRoute, type PrecacheEntry } from 'workbox-precaching'
import changelog from '../CHANGELOG.md?raw'
import type { CopyRequest } from './sw-messages.ts'

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: readonly PrecacheEntry[] }

/** Not in TypeScript's library yet, and not in every engine. */
interface RoutedInstallEvent extends ExtendableEvent {
  addRoutes?(rule: {
    readonly condition: { readonly urlPattern: URLPattern }
    readonly source: 'fetch-event'
  }): Promise<void>
}

/**
 * Keeps one whole version of the app, so that it opens with its server gone. A newer one is kept beside it, and takes
 * over when a person asks for it or when the app has been closed: an open tab never meets files of another version.
 */
precacheAndRoute([...self.__WB_MANIFEST])
cleanupOutdatedCaches()

// While a copy is being started Chromium asks the server for the page beside it, and throws the answer away; not so
// where a rule says that all requests come here.
self.addEventListener('install', (event) => {
  const { addRoutes } = event as RoutedInstallEvent
  if (addRoutes === undefined) return
  const all = { condition: { urlPattern: new URLPattern({}) }, source: 'fetch-event' } as const
  event.waitUntil(addRoutes.call(event, all))
})

// The page that brought the first copy goes on with it. A later copy is never active while an earlier one has a page.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('message', (event) => {
  const [port] = event.ports
  const { type } = event.data as CopyRequest
  if (type === 'changelog') port?.postMessage(changelog)
  if (type === 'replace') event.waitUntil(replaceEarlier().then((others) => void port?.postMessage(others)))
})

/** Takes over from the copy before it, unless that is open in other tabs than the one that asks; answers in how many. */
async function replaceEarlier(): Promise<number> {
  const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const others = Math.max(0, tabs.length - 1)
  if (others === 0) await self.skipWaiting()
  return others
}
