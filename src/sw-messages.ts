/** What a page asks of a service worker that waits; the answer comes by the port: the changelog, or in how many other tabs the app is open. */
export type CopyRequest = { readonly type: 'changelog' } | { readonly type: 'replace' }
