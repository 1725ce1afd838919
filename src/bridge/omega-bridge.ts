import { fileURLToPath } from 'node:url'
import { hostOf } from './access.ts'
import { Files } from './files.ts'
import { Handshake } from './handshake.ts'
import { HttpClients } from './http-clients.ts'
import { Opener } from './opener.ts'
import { readOptions, Unusable, USAGE } from './options.ts'
import { Relay } from './relay.ts'
import { listen, route } from './server.ts'
import { serveStdio } from './stdio-client.ts'
import { readTokens } from './tokens.ts'
import { version } from '../../package.json'

const SWEEP_MS = 60_000
/** For what is still being written when the bridge is told to end. */
const LAST_MS = 2000

/** Standard output belongs to MCP. */
function say(words: string): void {
  process.stderr.write(`omega-bridge: ${words}\n`)
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), fileURLToPath(new URL('.', import.meta.url)))
  if (options.print === 'help') return void process.stdout.write(`${USAGE}\n`)
  if (options.print === 'version') return void process.stdout.write(`${version}\n`)
  const tokens = readTokens(options.state, say)
  if (options.print === 'token') return void process.stdout.write(`${tokens.client}\n`)
  if (options.print === 'address')
    return void process.stdout.write(`${addressOf(options.port, tokens.tab)}\n`)

  const { server, port } = await listen(options.port)
  const origin = `http://${hostOf(port)}`
  const relay: Relay = new Relay({
    waitMs: options.waitMs,
    // Not the token: what a client is told ends up in transcripts.
    address: `Open ${origin}/ where it was open before, or at the address that omega-bridge --print-address prints, and ask again.`,
  })
  const opener = new Opener(options.browser, addressOf(port, tokens.tab), () => relay.tab !== null, say)
  const began = () => opener.want()
  const clients = options.http ? new HttpClients(relay, origin, began) : null
  const files = new Files(options.folder)
  const handshake = new Handshake(tokens.tab, hostOf(port))
  route(server, port, { options, clientToken: tokens.client, handshake, relay, files, clients })
  setInterval(() => clients?.sweep(Date.now()), SWEEP_MS).unref()

  say(`${origin}/ (version ${version})`)
  if (clients !== null) say(`MCP over HTTP: ${origin}/mcp, with the token that --print-token prints`)
  say(options.folder === null ? 'no files: --dir was not given' : `files: ${JSON.stringify(options.folder)}`)

  let isEnding = false
  const end = async () => {
    if (isEnding) return
    isEnding = true
    setTimeout(() => process.exit(0), LAST_MS).unref()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    await relay.end()
    server.closeAllConnections()
    await closed
    await files.settled()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end())
  if (options.stdio)
    await serveStdio(relay, { began, closed: () => void end() }, process.stdin, process.stdout)
}

function addressOf(port: number, token: string): string {
  return `http://${hostOf(port)}/#bridge=${token}`
}

main().catch((error: unknown) => {
  if (error instanceof Unusable) say(error.message)
  else say(String(error instanceof Error ? error.stack : error))
  process.exitCode = 2
})
