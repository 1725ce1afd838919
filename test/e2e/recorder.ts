import { createServer, request, type IncomingMessage } from 'node:http'
import { type AddressInfo, type Socket } from 'node:net'

/** What a browser sent, as the proxy saw it. */
export interface Recorded {
  /** `CONNECT` too: of what goes through a tunnel only the host is known. */
  readonly method: string
  /** Of a tunnel, host and port. */
  readonly url: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** A proxy that keeps a list of every request and lets through what goes to one server alone. */
export interface Recorder {
  /** What a browser that has it as its proxy is started with: without the second, loopback goes round it. */
  readonly args: readonly string[]
  readonly recorded: Recorded[]
  /** Method and URL of what was recorded. */
  list(): string[]
  stop(): Promise<void>
}

/** A port that Chromium itself refuses: what is sent there never becomes a packet. */
export const NOWHERE = 'http://127.0.0.1:1/'
/** What Chromium asks on its own account, as seen here: who is signed in, newer parts of itself, what the fields of a form are. */
const OF_THE_BROWSER = [
  `--gaia-url=${NOWHERE}`,
  `--component-updater=url-source=${NOWHERE}`,
  `--autofill-server-url=${NOWHERE}`,
]

const BAD_GATEWAY = 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'

/** `home` is the address of the server that is reached through it; whatever else is asked for is answered 502. */
export async function record(home: string): Promise<Recorder> {
  const { host: homeHost, hostname, port } = new URL(home)
  const recorded: Recorded[] = []
  const sockets = new Set<Socket>()
  const note = (method: string, url: string) => void recorded.push({ method, url, at: Date.now() })

  const proxy = createServer((asked, answer) => {
    const { method = '', url = '', headers } = asked
    note(method, url)
    if (!URL.canParse(url) || new URL(url).host !== homeHost)
      return answer.writeHead(502).end('Recorded, and not let through')
    const { pathname, search } = new URL(url)
    const onward = request(
      // A connection that was kept may be the one that the server just gave up.
      { hostname, port, method, path: pathname + search, headers, agent: false },
      (got: IncomingMessage) => {
        answer.writeHead(got.statusCode ?? 502, got.headers)
        got.pipe(answer)
      },
    )
    onward.on('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()))
    asked.pipe(onward)
  })
  proxy.on('connect', ({ method = '', url = '' }, socket) => {
    note(method, url)
    // A page's own WebSocket comes so too, and no one is meant to get through.
    socket.end(BAD_GATEWAY)
  })
  proxy.on('upgrade', ({ method = '', url = '' }, socket) => {
    note(method, url)
    socket.end(BAD_GATEWAY)
  })
  proxy.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening))
  const at = (proxy.address() as AddressInfo).port
  return {
    args: [`--proxy-server=http://127.0.0.1:${at}`, '--proxy-bypass-list=<-loopback>', ...OF_THE_BROWSER],
    recorded,
    list: () => recorded.map(({ method, url }) => `${method} ${url}`),
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((stopped) => proxy.close(stopped))
    },
  }
}
