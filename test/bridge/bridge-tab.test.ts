import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, expect, it, onTestFailed, vi } from 'vitest'
import type { BridgeState, Client, ClientFiles, Outcome } from '../../src/exchange/agents.ts'
import { BridgeTab } from '../../src/tools/bridge-tab.ts'
import { TOOLS } from '../../src/tools/tools.ts'
import { nonce, proofOf } from '../bridge-pass.ts'
import { freePort } from '../free-port.ts'
import { atEnd, makePlace, startBridge, textOf, type Running } from './bridge.ts'
import { Waiting } from './waiting.ts'

/** By so much less than in a browser the tab waits for a bridge; for the bridge it has found it waits as long as there. */
const HASTE = 20
const LONGEST_MS = 5000
const OK: Outcome = { text: 'done', structured: {}, isError: false }

/** The app's own end of the bridge on a page of `port`, and how it says that it stands. */
function openTab(port: number, token: string, call: (client: Client) => Promise<Outcome> = async () => OK) {
  const wait = setTimeout
  const sooner: typeof setTimeout = Object.assign(
    (then: () => void, ms = 0, ...args: []) => wait(then, ms > LONGEST_MS ? ms : ms / HASTE, ...args),
    wait,
  )
  vi.stubGlobal('setTimeout', sooner)
  vi.stubGlobal('document', { baseURI: `http://127.0.0.1:${port}/` })
  vi.stubGlobal('location', { host: `127.0.0.1:${port}` })
  const states: BridgeState['state'][] = []
  const changed = new Waiting()
  const infos = TOOLS.map(({ info }) => info)
  const onChange = ({ state }: BridgeState) => {
    states.push(state)
    changed.tell()
  }
  // Of a wait that comes to no end nothing else would tell.
  onTestFailed(() => console.error(`The tab was ${states.join(', ')}`))
  const tab = new BridgeTab(
    token,
    { listOn: async () => infos, call, version: '0' },
    onChange,
    () => undefined,
  )
  const left = tab.connect(false)
  return {
    states,
    until: (state: BridgeState['state']) => changed.until(() => states.at(-1) === state),
    /** Another takes its place: it asks for no bridge any more. */
    async end(bridge: Running) {
      await bridge.tab(true)
      await left
      vi.unstubAllGlobals()
    },
  }
}

type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => unknown

/** A program that listens in the place of the bridge, answers as told, and keeps all that it was sent. */
async function startImpostor(port: number, answers: Answering) {
  const heard: { readonly path: string; readonly whole: string }[] = []
  const changed = new Waiting()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += String(part)
    const whole = JSON.stringify([request.method, request.url, request.rawHeaders, body])
    heard.push({ path: request.url!, whole })
    changed.tell()
    await answers(request, response, body)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const end = () => {
    server.close()
    server.closeAllConnections()
  }
  atEnd(end)
  return { heard, end, count: (count: number) => changed.until(() => heard.length >= count) }
}

describe('a tab before somebody who is not its bridge', () => {
  it('says nothing but a challenge, a fresh one each time, and finds the bridge when that comes', async () => {
    const place = makePlace()
    const real = await startBridge(place)
    const { tab: token } = real.tokens
    const port = await freePort()
    const run = nonce()
    const host = `127.0.0.1:${port}`
    const challengeOf = (body: string) => (JSON.parse(body) as { challenge: string }).challenge
    const says =
      (json: unknown): Answering =>
      (_, response) =>
        response.end(JSON.stringify(json))
    const kinds: Answering[] = [
      (_, response) => response.end('<!doctype html>'),
      (_, response) => response.writeHead(204).end(),
      says(null),
      says({}),
      says({ run, proof: nonce() }),
      says({ run, proof: '' }),
      // Right, for another challenge or under another token.
      says({ run, proof: proofOf(token, host, nonce(), run) }),
      (_, response, body) =>
        response.end(JSON.stringify({ run, proof: proofOf(nonce(), host, challengeOf(body), run) })),
      // Right but for the shape of the run.
      (_, response, body) =>
        response.end(JSON.stringify({ run: 'a', proof: proofOf(token, host, challengeOf(body), 'a') })),
      // A bridge of the same state, asked on another port.
      async (_, response, body) =>
        response.end(await (await fetch(`${real.origin}/bridge/proof`, { method: 'POST', body })).text()),
      (_, response) => response.writeHead(307, { location: '/bridge/tab' }).end(),
      (_, response) => response.write('{"run":"'.padEnd(100_000)),
      // Nothing at all, and an answer without end.
      () => undefined,
      (_, response) => response.write('{'),
    ]
    const pending = [...kinds]
    const impostor = await startImpostor(port, (...request) => (pending.shift() ?? kinds[0]!)(...request))
    const tab = openTab(port, token)
    await impostor.count(kinds.length + 1)
    expect(tab.states.slice(1).every((state) => state === 'lost')).toBe(true)
    impostor.end()
    await real.end()
    const bridge = await startBridge(place, '--port', String(port))
    await tab.until('connected')
    expect(new Set(impostor.heard.map(({ path }) => path))).toEqual(new Set(['/bridge/proof']))
    expect(new Set(impostor.heard.map(({ whole }) => whole)).size).toBe(impostor.heard.length)
    const all = impostor.heard.map(({ whole }) => whole).join()
    for (const secret of [token, real.pass, bridge.pass]) expect(all).not.toContain(secret)
    expect(all).not.toMatch(/authorization/i)
    await tab.end(bridge)
  })

  it('tells it nothing of what was under way when the bridge ended', async () => {
    const place = makePlace()
    const bridge = await startBridge(place)
    let files: ClientFiles | null = null
    const changed = new Waiting()
    let finish!: (outcome: Outcome) => void
    const tab = openTab(bridge.port, bridge.tokens.tab, (client) => {
      files = client.files
      changed.tell()
      return new Promise((resolve) => (finish = resolve))
    })
    await tab.until('connected')
    const client = await bridge.client()
    client.callTool({ name: 'omega_query', arguments: {} }).catch(() => undefined)
    await changed.until(() => files !== null)
    await bridge.end()
    await tab.until('lost')
    // It, too, would look for its bridge.
    await client.close()
    const impostor = await startImpostor(bridge.port, (_, response) => response.end('{}'))
    finish({ ...OK, text: 'of the store' })
    await expect(files!.has('a.json')).rejects.toMatchObject({ code: 'bridge_lost' })
    await expect(files!.save('a.json', new File(['of the store'], 'a.json'))).rejects.toMatchObject({
      code: 'bridge_lost',
    })
    await impostor.count(2)
    expect(new Set(impostor.heard.map(({ path }) => path))).toEqual(new Set(['/bridge/proof']))
    impostor.end()
    const next = await startBridge(place, '--port', String(bridge.port))
    await tab.until('connected')
    expect(next.pass).not.toBe(bridge.pass)
    await tab.end(next)
  })
})

it('an answer that is too large for the bridge: its client hears that much, and goes on', async () => {
  const bridge = await startBridge(makePlace())
  const texts = ['x'.repeat(17 * 1024 * 1024), 'short']
  const tab = openTab(bridge.port, bridge.tokens.tab, async () => ({ ...OK, text: texts.shift()! }))
  await tab.until('connected')
  const client = await bridge.client()
  const call = () => client.callTool({ name: 'omega_query', arguments: {} })
  await expect(call()).rejects.toMatchObject({
    code: -32_603,
    message: expect.stringContaining('The answer is too large.') as string,
  })
  expect(textOf(await call())).toBe('short')
  await tab.end(bridge)
})
