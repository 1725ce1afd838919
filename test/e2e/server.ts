import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { createGzip } from 'node:zlib'

/** A static server as an intranet may have one: what it sends beside the files is what the README asks for. */
export interface AppServer {
  /** Where the app is, with a slash at its end. */
  readonly url: string
  /** Paths that were asked for, those of the service worker and of the browser itself too. */
  readonly asked: string[]
  /** Ends it, connections and all: whatever asks now finds nobody there. */
  stop(): Promise<void>
  /** From now on the files of another folder, at the same address. While it runs nobody finds it away in between. */
  serve(folder: string): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}
const FOR_GOOD = 'max-age=31536000, immutable'
const COPY_CSP = "default-src 'none'; script-src 'self'; connect-src 'self'"

/** `at` is the path of the app, with a slash at both ends. */
export async function serve(folder: string, at = '/'): Promise<AppServer> {
  const asked: string[] = []
  let server: Server | null = null
  let port = 0
  let from = folder
  async function start(): Promise<void> {
    server = createServer(({ url = '', headers: given }, answer) => {
      const { pathname } = new URL(url, 'http://localhost')
      asked.push(pathname)
      const path = pathname.startsWith(at)
        ? normalize(join(from, pathname.slice(at.length) || 'index.html'))
        : ''
      if (!path.startsWith(from) || !existsSync(path) || !statSync(path).isFile())
        return answer.writeHead(404).end()
      const headers = {
        'content-type': TYPES[extname(path)] ?? 'text/plain',
        'cache-control': path.startsWith(join(from, 'assets/')) ? FOR_GOOD : 'no-cache',
      }
      const policy = path.endsWith('/sw.js') ? { 'content-security-policy': COPY_CSP } : {}
      const packs = extname(path) !== '.png' && /\bgzip\b/.test(String(given['accept-encoding']))
      const packed = packs ? { 'content-encoding': 'gzip' } : {}
      answer.writeHead(200, { ...headers, ...policy, ...packed })
      const bytes = createReadStream(path)
      if (packs) bytes.pipe(createGzip()).pipe(answer)
      else bytes.pipe(answer)
    })
    await new Promise<void>((listening) => server!.listen(port, '127.0.0.1', listening))
    port = (server.address() as AddressInfo).port
  }
  async function stop(): Promise<void> {
    const running = server
    // A test takes it away, and its end does once more.
    if (running === null) return
    server = null
    running.closeAllConnections()
    await new Promise((stopped) => running.close(stopped))
  }
  await start()
  return {
    url: `http://127.0.0.1:${port}${at}`,
    asked,
    stop,
    async serve(folder) {
      from = folder
      if (server === null) await start()
    },
  }
}
