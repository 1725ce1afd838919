import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { argsOf, ask, BRIDGE, atEnd, bearer, makePlace, startBridge, stdioClient, textOf } from './bridge.ts'

const MB = 1024 * 1024

describe('a message', () => {
  it('of 15 MB goes through, one of 17 MB is answered by an error and the client goes on', async () => {
    const { client, connected, tab } = await stdioClient(makePlace())
    await tab()
    await connected
    const measure = (length: number) =>
      client.callTool({ name: 'measure', arguments: { text: 'x'.repeat(length) } })
    expect(textOf(await measure(15 * MB))).toBe(String(15 * MB))
    await expect(measure(17 * MB)).rejects.toMatchObject({
      message: expect.stringContaining('16777216 bytes at most') as string,
      data: { code: 'message_too_large' },
    })
    expect(textOf(await measure(3))).toBe('3')
  })

  it.each([
    [
      'its id first',
      (text: string) =>
        `{"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"id":3,"text":"${text}"}}`,
      'a-1',
    ],
    [
      'its id last',
      (text: string) => `{"method":"tools/call","params":{"id":3,"text":"${text}"},"jsonrpc":"2.0","id":12}`,
      12,
    ],
    [
      'an id in its parameters only',
      (text: string) => `{"method":"x","params":{"text":"${text}","id":3}}`,
      undefined,
    ],
    [
      'what looks like one in a text',
      (text: string) => `{"method":"x","params":{"text":"${text}\\"id\\":3}"}}`,
      undefined,
    ],
  ])('that is too long, with %s, is answered so', async (_, make, id) => {
    const { say, heard } = startRaw()
    say(make('x'.repeat(17 * MB)))
    const answer = await heard()
    expect(answer['error']).toMatchObject({ data: { code: 'message_too_large' } })
    expect(answer['id']).toBe(id)
  })

  it('an answer that is too long is nobody’s request', async () => {
    const { say, heard } = startRaw()
    say(`{"result":{"text":"${'x'.repeat(17 * MB)}"},"jsonrpc":"2.0","id":1}`)
    say('{"jsonrpc":"2.0","id":2,"method":"server/discover"}')
    expect(await heard()).toMatchObject({ id: 2, error: { code: -32_601 } })
  })

  it('over HTTP, too', async () => {
    const bridge = await startBridge(makePlace())
    await bridge.tab()
    const client = await bridge.client()
    await expect(
      client.callTool({ name: 'measure', arguments: { text: 'x'.repeat(17 * MB) } }),
    ).rejects.toThrow(/413|too large|exceed/i)
    expect(textOf(await client.callTool({ name: 'measure', arguments: { text: 'abc' } }))).toBe('3')
  })

  it('of the tab, too', async () => {
    const bridge = await startBridge(makePlace())
    const page = await bridge.tab()
    const message = { jsonrpc: '2.0', method: 'x', params: { text: 'x'.repeat(17 * MB) } }
    const answer = await page.post({ session: 'none', message })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      413,
      'message_too_large',
    ])
    expect(page.isEnded).toBe(false)
  })
})

it('a notification of a client over 64 kB goes no further, and the client goes on', async () => {
  const { transport, client, connected, tab } = await stdioClient(makePlace())
  const page = await tab()
  await connected
  const notification = (text: string) => ({
    jsonrpc: '2.0' as const,
    method: 'notifications/x',
    params: { text },
  })
  const most = 64 * 1024 - JSON.stringify(notification('')).length
  for (const length of [most, most + 1, MB]) await transport.send(notification('x'.repeat(length)))
  expect(textOf(await client.callTool({ name: 'add', arguments: { a: 1, b: 1 } }))).toBe('2')
  const heard = page.heard.filter(
    ({ message }) => 'method' in message && message.method === 'notifications/x',
  )
  expect(heard.map(({ message }) => message)).toEqual([notification('x'.repeat(most))])
})

describe('a flood', () => {
  it('of requests: 256 wait, the rest is told to come again', async () => {
    const { client, connected, tab } = await stdioClient(makePlace())
    const page = await tab()
    await connected
    const calls = Array.from({ length: 300 }, () => client.callTool({ name: 'slow', arguments: {} }))
    const outcomes = Promise.allSettled(calls)
    await page.changed.until(
      () =>
        page.heard.filter(({ message }) => 'method' in message && message.method === 'tools/call').length ===
        256,
    )
    // Behind the last of them.
    await expect(client.ping()).rejects.toMatchObject({ data: { code: 'too_many_requests' } })
    page.isReleased = true
    page.release.tell()
    const settled = await outcomes
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(256)
    const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
    expect(refused).toHaveLength(44)
    for (const each of refused) expect(each).toMatchObject({ data: { code: 'too_many_requests' } })
    expect(textOf(await client.callTool({ name: 'add', arguments: { a: 1, b: 1 } }))).toBe('2')
  })

  it('of clients: 64 are served, and a place that is left is free', async () => {
    const bridge = await startBridge(makePlace())
    const page = await bridge.tab()
    const initialize = () =>
      ask(
        bridge.port,
        'POST',
        '/mcp',
        {
          ...bearer(bridge.tokens.client),
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        JSON.stringify({
          jsonrpc: '2.0',
          id: 0,
          method: 'initialize',
          params: {
            protocolVersion: '2025-06-18',
            capabilities: {},
            clientInfo: { name: 'many', version: '0' },
          },
        }),
      )
    const sessions: string[] = []
    for (let i = 0; i < 64; i++) sessions.push(String((await initialize()).headers['mcp-session-id']))
    expect(new Set(sessions).size).toBe(64)
    expect(page.sessions).toHaveLength(64)
    const { status, text } = await initialize()
    expect([status, (JSON.parse(text) as { error: { data: { code: string } } }).error.data.code]).toEqual([
      503,
      'too_many_sessions',
    ])
    const headers = { ...bearer(bridge.tokens.client), 'mcp-session-id': sessions[0]! }
    expect((await ask(bridge.port, 'DELETE', '/mcp', headers)).status).toBe(200)
    expect((await initialize()).status).toBe(200)
  })

  it('of requests without a session leaves no room taken', async () => {
    const bridge = await startBridge(makePlace())
    await bridge.tab()
    const headers = {
      ...bearer(bridge.tokens.client),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    for (let i = 0; i < 70; i++)
      expect(
        (await ask(bridge.port, 'POST', '/mcp', headers, '{"jsonrpc":"2.0","id":1,"method":"ping"}')).status,
      ).toBe(400)
    await bridge.client()
  })
})

describe('without a tab', () => {
  it('a request waits, and then names what to open; the token is not in it', async () => {
    const place = makePlace()
    const bridge = await startBridge(place, '--wait', '1')
    const page = await bridge.tab()
    const client = await bridge.client()
    await page.gone()
    const refused = await client.callTool({ name: 'add', arguments: { a: 1, b: 1 } }).then(
      () => null,
      (error: unknown) => error as Error & { data: unknown },
    )
    expect(refused).toMatchObject({ data: { code: 'no_tab' } })
    expect(refused!.message).toContain(`No tab of Omega Exchange is open. Open ${bridge.origin}/`)
    expect(refused!.message).not.toContain(bridge.tokens.tab)
  })

  it('what waits is not done later: who was refused may have asked again', async () => {
    const bridge = await startBridge(makePlace(), '--wait', '1')
    const first = await bridge.tab()
    const client = await bridge.client()
    await first.gone()
    await expect(client.callTool({ name: 'add', arguments: { a: 1, b: 1 } })).rejects.toThrow('No tab')
    const second = await bridge.tab(true)
    expect(textOf(await client.callTool({ name: 'add', arguments: { a: 2, b: 2 } }))).toBe('4')
    const calls = second.heard.filter(({ message }) => 'method' in message && message.method === 'tools/call')
    expect(calls).toHaveLength(1)
  })

  it('a client that comes is heard when the tab does', async () => {
    const bridge = await startBridge(makePlace())
    const connecting = bridge.client()
    await bridge.tab()
    const client = await connecting
    expect(textOf(await client.callTool({ name: 'add', arguments: { a: 1, b: 1 } }))).toBe('2')
  })
})

/** A bridge on standard input and output, spoken to in bare lines. */
function startRaw() {
  const child = spawn(process.execPath, [BRIDGE, ...argsOf(makePlace(), '--stdio')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const lines = createInterface({ input: child.stdout })
  atEnd(async () => {
    const gone = once(child, 'exit')
    child.stdin.end()
    await gone
  })
  return {
    say: (line: string) => child.stdin.write(`${line}\n`),
    heard: async () => JSON.parse(String((await once(lines, 'line'))[0])) as Record<string, unknown>,
  }
}
