import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { preview, type Plugin } from 'vite'

const project = fileURLToPath(new URL('../..', import.meta.url))
/** The build that is measured; another folder by OMEGA_BENCH_DIST, for a build that must not be overwritten meanwhile. */
export const DIST = process.env['OMEGA_BENCH_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url))

export interface Served {
  /** With a slash at its end. */
  readonly url: string
  close(): Promise<void>
}

/**
 * The built app with its headers, as `npm start` and the tests serve it, on a free port. `hardened`: in a browser that
 * has no WebAssembly.
 */
export async function serveApp({ hardened = false } = {}): Promise<Served> {
  const server = await preview({
    root: project,
    logLevel: 'error',
    plugins: hardened ? [withoutWebAssembly] : [],
    build: { outDir: DIST },
    preview: { port: 0, strictPort: false },
  })
  const { port } = server.httpServer.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}

/**
 * The browser's own switch (`--noexpose-wasm`) does nothing any more, and one without a compiler at all is another
 * browser: so each script takes WebAssembly away before it begins, in the page and in workers.
 */
const withoutWebAssembly: Plugin = {
  name: 'without-webassembly',
  configurePreviewServer(server) {
    server.middlewares.use(({ url = '' }, answer, next) => {
      const { pathname } = new URL(url, 'http://localhost')
      if (!/^\/assets\/[\w.-]+\.js$/.test(pathname)) return next()
      const script = readFileSync(join(DIST, pathname), 'utf8')
      answer.writeHead(200, { 'content-type': TYPES['.js'] })
      return answer.end(`delete globalThis.WebAssembly;${script}`)
    })
  },
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }
const PEER_PAGES = new Set(['/bare-loop.html', '/bare-loop.js'])

/** The peers that need a page. */
export async function servePeers(): Promise<Served> {
  const server = createServer(({ url = '' }, answer) => {
    if (!PEER_PAGES.has(url)) return answer.writeHead(404).end()
    const body = readFileSync(new URL(`peers${url}`, import.meta.url))
    return answer.writeHead(200, { 'content-type': TYPES[extname(url)] }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, close: () => closeServer(server) }
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
