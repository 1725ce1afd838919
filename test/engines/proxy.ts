import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy that leads nowhere and notes who asked: all that a browser wants from anywhere but this machine comes here. */
export interface Proxy {
  readonly port: number
  /** Addresses that were asked for. */
  readonly asked: string[]
  stop(): void
}

export async function noteRequests(): Promise<Proxy> {
  const asked: string[] = []
  const server = createServer(({ url = '' }, answer) => {
    asked.push(url)
    answer.writeHead(502).end()
  })
  server.on('connect', ({ url = '' }, socket) => {
    asked.push(url)
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, asked, stop }
}
