import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { answer } from './answers.ts'
import { Folder, toPathError } from './folder.ts'
import { readPath } from './path.ts'
import { sendFile } from './send-file.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.gz': 'application/gzip',
}
const PLAIN = 'text/plain; charset=utf-8'

/** As docs/serve.md says; the service worker is the one file with a policy of its own. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Permissions-Policy':
    'camera=(self), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=()',
}
const POLICY = "frame-ancestors 'none'"
const POLICY_OF_COPY = "default-src 'none'; script-src 'self'; connect-src 'self'"
const FOR_GOOD = 'max-age=31536000, immutable'

/** What the page says of itself forbids all connections; under the bridge it may reach its own origin. */
const CLOSED = /(connect-src )('|&#39;)none\2/
const OWN_ORIGIN = '$1$2self$2'

/** Answers a GET or HEAD with a file of the app in `root`; `path` is a stranger's, as in the address. */
export async function serveApp(
  request: IncomingMessage,
  response: ServerResponse,
  root: string,
  path: string,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return answer(response, 405, { code: 'method_refused', detail: 'Files of the app are only read.' })
  }
  try {
    const parts = readPath(decodeURIComponent(path.slice(1)) || 'index.html')
    const folder = await Folder.open(root, parts.slice(0, -1))
    try {
      const handle = await folder.read(parts.at(-1)!)
      try {
        const headers = headersOf(parts)
        if (parts.join('/') === 'index.html') {
          const page = (await handle.readFile('utf8')).replace(CLOSED, OWN_ORIGIN)
          response.writeHead(200, { ...headers, 'Content-Length': Buffer.byteLength(page) })
          response.end(page)
        } else if (request.method === 'HEAD') {
          response.writeHead(200, { ...headers, 'Content-Length': (await handle.stat()).size }).end()
        } else await sendFile(response, handle, headers)
      } finally {
        await handle.close()
      }
    } finally {
      await folder.close()
    }
  } catch (cause) {
    if (!(cause instanceof URIError)) toPathError(cause)
    if (response.headersSent) response.destroy()
    else answer(response, 404, { code: 'path_missing', detail: 'The app has no such file.' })
  }
}

function headersOf(parts: readonly string[]): Record<string, string> {
  const path = parts.join('/')
  return {
    ...HEADERS,
    'Content-Type': TYPES[extname(path).toLowerCase()] ?? PLAIN,
    'Cache-Control': parts[0] === 'assets' ? FOR_GOOD : 'no-cache',
    'Content-Security-Policy': path === 'sw.js' ? POLICY_OF_COPY : POLICY,
  }
}
