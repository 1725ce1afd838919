import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import {
  argsOf,
  ask,
  BRIDGE,
  httpTransport,
  makePlace,
  newClient,
  startBridge,
  stdioClient,
  textOf,
} from './bridge.ts'

describe('a client on standard input and output', () => {
  it('calls tools in the tab, whichever of both comes first', async () => {
    const place = makePlace()
    const { client, connected, tab } = await stdioClient(place)
    const page = await tab()
    await connected
    expect(client.getServerVersion()).toMatchObject({ name: 'fake-tab', version: page.id })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['add', 'measure', 'slow', 'ask'])
    expect(textOf(await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } }))).toBe('5')
    expect(page.lines.filter(({ session }) => session).every((line) => line.client === 'stdio')).toBe(true)
  })

  it('is asked by the tab, and hears how far a call is', async () => {
    const { client, connected, tab } = await stdioClient(makePlace())
    const page = await tab()
    await connected
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { yes: true } }))
    expect(textOf(await client.callTool({ name: 'ask', arguments: {} }))).toBe('accept')
    const progress: number[] = []
    const call = client.callTool(
      { name: 'slow', arguments: {} },
      {
        onprogress: (each) => {
          progress.push(each.progress)
          page.isReleased = true
          page.release.tell()
        },
      },
    )
    expect(textOf(await call)).toBe('done')
    expect(progress).toEqual([1])
  })

  it('ends the bridge by going, and the tab sees its stream end', async () => {
    const { client, connected, transport, tab } = await stdioClient(makePlace())
    const page = await tab()
    await connected
    const child = (transport as unknown as { _process: NodeJS.EventEmitter })._process
    const exit = once(child, 'exit')
    await client.close()
    await page.changed.until(() => page.isEnded)
    expect(await exit).toEqual([0, null])
  })

  it('that asks for the newer protocol comes to `initialize`, and is told that there is no tab', async () => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [BRIDGE, ...argsOf(makePlace(), '--stdio', '--wait', '0')],
      stderr: 'ignore',
    })
    await expect(newClient('auto').connect(transport)).rejects.toThrow(
      /No tab of Omega Exchange is open.*http:/,
    )
  })
})

describe('clients over HTTP', () => {
  it('have a session each', async () => {
    const bridge = await startBridge(makePlace())
    const page = await bridge.tab()
    const [one, two] = [await bridge.client(), await bridge.client()]
    const sums = await Promise.all(
      [one, two].map((client, a) => client!.callTool({ name: 'add', arguments: { a, b: 10 } })),
    )
    expect(sums.map(textOf)).toEqual(['10', '11'])
    expect(page.sessions).toHaveLength(2)
    await (one!.transport as unknown as { terminateSession(): Promise<void> }).terminateSession()
    await page.changed.until(() => page.sessions.length === 1)
    expect(page.lines.at(-1)).toMatchObject({ closed: true })
  })

  it('that ask for the newer protocol fall back', async () => {
    const bridge = await startBridge(makePlace())
    await bridge.tab()
    const client = newClient('auto')
    await client.connect(httpTransport(bridge.origin, bridge.tokens.client))
    expect(textOf(await client.callTool({ name: 'add', arguments: { a: 1, b: 1 } }))).toBe('2')
  })

  it('get progress, and what the tab asks, on the stream of the call they belong to', async () => {
    const bridge = await startBridge(makePlace())
    const page = await bridge.tab()
    const client = await bridge.client()
    client.setRequestHandler('elicitation/create', () => ({ action: 'decline' }))
    expect(textOf(await client.callTool({ name: 'ask', arguments: {} }))).toBe('decline')

    // A bare client with no stream but those of its calls.
    const session = await openSession(bridge.port, bridge.tokens.client)
    const told = fetchCall(bridge.origin, bridge.tokens.client, session, 'slow', 'token-1')
    await page.changed.until(() =>
      page.heard.some(({ message }) => JSON.stringify(message).includes('token-1')),
    )
    page.isReleased = true
    page.release.tell()
    expect((await told).map((each) => each['method'] ?? each['id'])).toEqual(['notifications/progress', 7])
  })

  it('a session that is not there is 404, so that the client begins anew', async () => {
    const { port, tokens } = await startBridge(makePlace())
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    const headers = headersOf(tokens.client, { 'mcp-session-id': 'none' })
    expect((await ask(port, 'POST', '/mcp', headers, body)).status).toBe(404)
  })
})

function headersOf(token: string, more: Record<string, string> = {}) {
  return {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...more,
  }
}

async function openSession(port: number, token: string): Promise<string> {
  const params = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'bare', version: '0' },
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
  const { headers } = await ask(port, 'POST', '/mcp', headersOf(token), body)
  return String(headers['mcp-session-id'])
}

/** All messages on the stream of one call. */
async function fetchCall(
  origin: string,
  token: string,
  session: string,
  name: string,
  progressToken: string,
) {
  const response = await fetch(`${origin}/mcp`, {
    method: 'POST',
    headers: headersOf(token, { 'mcp-session-id': session }),
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/call',
      params: { name, arguments: {}, _meta: { progressToken } },
    }),
  })
  return [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(
    ([, data]) => JSON.parse(data!) as Record<string, unknown>,
  )
}
