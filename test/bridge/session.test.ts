import type { JSONRPCMessage, JSONRPCRequest } from '@modelcontextprotocol/server'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { HttpClients } from '../../src/bridge/http-clients.ts'
import { Relay } from '../../src/bridge/relay.ts'
import { Session } from '../../src/bridge/session.ts'
import type { Line, Tab } from '../../src/bridge/tab.ts'
import { atEnd } from './bridge.ts'

const HALF_AN_HOUR_MS = 30 * 60 * 1000

const initialize: JSONRPCRequest = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '0' } },
}

/** A session whose two ends are lists. */
function makeSession(free = 1000) {
  const told: JSONRPCMessage[] = []
  const room = { free }
  let refused = 0
  const session = new Session(
    {
      kind: 'http',
      send: async (message) => void told.push(message),
      forget: () => undefined,
      refused: () => void refused++,
    },
    { waitMs: 1e6, address: 'Open it.', room },
  )
  atEnd(() => session.end())
  return { session, told, room, refused: () => refused }
}

function makeTab(isFull = false) {
  const lines: Line[] = []
  return { lines, tab: { isFull, write: (line: Line) => lines.push(line) } as unknown as Tab }
}

const idOf = (line: Line | undefined) => (line as { message: { id: string } }).message.id

describe('a session', () => {
  it('holds no more than there is room for, and gives the room back', async () => {
    const { session, told, room } = makeSession(300)
    const request = (id: number): JSONRPCRequest => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name: 'x'.repeat(100) },
    })
    session.fromClient(request(1))
    session.fromClient(request(2))
    expect(told).toMatchObject([{ id: 2, error: { data: { code: 'tab_busy' } } }])
    expect(room.free).toBeLessThan(200)
    const { tab, lines } = makeTab()
    session.attach(tab)
    expect(lines).toHaveLength(1)
    expect(room.free).toBe(300)
    session.detach()
    session.fromClient(request(3))
    session.end()
    expect(room.free).toBe(300)
  })

  it('hands nothing to a tab that has stopped reading', () => {
    const { session, told } = makeSession()
    const { tab, lines } = makeTab(true)
    session.attach(tab)
    session.fromClient({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    session.fromClient({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' })
    expect(told).toMatchObject([{ id: 1, error: { data: { code: 'tab_busy' } } }])
    expect(lines).toEqual([])
  })

  it('takes one answer to a request, and none to what was not asked', async () => {
    const { session, told } = makeSession()
    session.attach(makeTab().tab)
    session.fromClient({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    for (const id of [2, '1', 1, 1]) await session.fromTab({ jsonrpc: '2.0', id, result: {} })
    expect(told).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }])
  })

  it('that the page, loaded anew, does not take back is ended, with an answer to all that waits', async () => {
    const { session, told, refused } = makeSession()
    session.attach(makeTab().tab)
    session.fromClient(initialize)
    await session.fromTab({ jsonrpc: '2.0', id: 0, result: {} })
    session.detach()
    session.fromClient({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    const { tab, lines } = makeTab()
    session.attach(tab)
    expect(lines).toHaveLength(1)
    const again = idOf(lines[0])
    expect(again).not.toBe(0)
    await session.fromTab({ jsonrpc: '2.0', id: again, error: { code: -32_603, message: 'no' } })
    expect(told.at(-1)).toMatchObject({ id: 1, error: { data: { code: 'session_lost' } } })
    expect(refused()).toBe(1)
  })

  it('puts an `initialize` that was not answered to the next tab under its own id', async () => {
    const { session, told } = makeSession()
    session.attach(makeTab().tab)
    session.fromClient(initialize)
    session.detach()
    expect(told).toEqual([])
    const { tab, lines } = makeTab()
    session.attach(tab)
    expect(lines).toMatchObject([{ message: initialize }])
    await session.fromTab({ jsonrpc: '2.0', id: 0, result: {} })
    expect(told).toEqual([{ jsonrpc: '2.0', id: 0, result: {} }])
  })

  it('does not speak of a tab’s request under the tab’s own number', async () => {
    const { session, told } = makeSession()
    const { tab, lines } = makeTab()
    session.attach(tab)
    await session.fromTab({ jsonrpc: '2.0', id: 0, method: 'roots/list' })
    const asked = told[0] as JSONRPCRequest
    expect(asked.id).not.toBe(0)
    await session.fromTab({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0 } })
    expect(told[1]).toMatchObject({ params: { requestId: asked.id } })
    session.fromClient({ jsonrpc: '2.0', id: asked.id, result: {} })
    expect(lines).toEqual([])
  })
})

describe('a client over HTTP that is not heard', () => {
  it('is forgotten after half an hour, unless it is listening', async () => {
    const relay = new Relay({ waitMs: 1e6, address: '' })
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    atEnd(() => {
      server.closeAllConnections()
      server.close()
    })
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const clients = new HttpClients(relay, origin, () => undefined)
    server.on('request', (request, response) => void clients.handle(request, response))
    const post = (body: unknown, session?: string) =>
      fetch(`${origin}/mcp`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...(session === undefined ? {} : { 'mcp-session-id': session }),
        },
        body: JSON.stringify(body),
      })
    const begin = async () => {
      const response = await post(initialize)
      await response.body?.cancel()
      return response.headers.get('mcp-session-id')!
    }
    const note = { jsonrpc: '2.0', method: 'notifications/initialized' }
    const [silent, listening] = [await begin(), await begin()]
    const stream = await fetch(`${origin}/mcp`, {
      headers: { accept: 'text/event-stream', 'mcp-session-id': listening },
    })
    const isForgotten = async (session: string) => (await post(note, session)).status === 404
    // The answers to `initialize` are not read any more; that this is so is seen a moment later.
    while (relay.session(silent) !== undefined) {
      clients.sweep(Date.now() + HALF_AN_HOUR_MS - 60_000)
      expect(relay.session(silent)).toBeDefined()
      clients.sweep(Date.now() + HALF_AN_HOUR_MS + 60_000)
      await new Promise(setImmediate)
    }
    expect(await isForgotten(silent)).toBe(true)
    expect(await isForgotten(listening)).toBe(false)
    await stream.body?.cancel()
  })
})
