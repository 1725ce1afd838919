import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import { describe, expect, it } from 'vitest'
import { ask, bearer, makePlace, startBridge, stdioClient, textOf, type Running } from './bridge.ts'
import type { FakeTab } from './fake-tab.ts'

const heard = (page: FakeTab, method: string) =>
  page.heard.filter(({ message }) => 'method' in message && message.method === method)

/** Until a call of `tool` is under way in the tab. */
const until = (page: FakeTab, tool: string, count = 1) =>
  page.changed.until(
    () =>
      page.heard.filter(({ message }) => 'params' in message && message.params?.['name'] === tool).length >=
      count,
  )

const initialize = (bridge: Running, more: Record<string, string> = {}) =>
  ask(
    bridge.port,
    'POST',
    '/bridge/tab',
    { ...bearer(bridge.pass), 'content-type': 'application/json', ...more },
    '{"take":false}',
  )

describe('the tab', () => {
  it('is greeted with the version, the folder and its id', async () => {
    const place = makePlace()
    const bridge = await startBridge(place, '--dir', `${place}/files`)
    const page = await bridge.tab()
    expect(page.lines[0]).toEqual({
      hello: { version: '0.1.0', folder: 'files', tab: page.id },
      tab: page.id,
    })
  })

  it('is one: a second is refused, or takes over and the first is told', async () => {
    const bridge = await startBridge(makePlace())
    const first = await bridge.tab()
    expect(await initialize(bridge)).toMatchObject({
      status: 409,
      text: expect.stringContaining('"tab_taken"') as string,
    })
    const client = await bridge.client()
    const second = await bridge.tab(true)
    await first.changed.until(() => first.isEnded)
    expect(first.lines.at(-1)).toEqual({ displaced: true })
    // The one that was displaced says nothing more.
    const session = first.sessions[0]!
    const message = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 1 } }
    expect((await first.post({ session, message })).status).toBe(409)
    expect((await second.post({ session, message })).status).toBe(204)
    expect(textOf(await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } }))).toBe('3')
  })

  it('that goes leaves its place to the next', async () => {
    const bridge = await startBridge(makePlace())
    for (let i = 0; i < 3; i++) {
      const page = await bridge.tab(i > 0)
      page.close()
    }
    const stranger = await bridge.tab(true)
    expect((await stranger.post({ session: 'none', message: { jsonrpc: '2.0', method: 'x' } })).status).toBe(
      404,
    )
    for (const body of [null, 1, {}, { session: 'none' }, { session: 'none', message: { id: 1 } }])
      expect((await stranger.post(body)).status, JSON.stringify(body)).toBe(400)
    for (const text of ['', '{', '{"take":1}', 'null', '{"take":true}'.padEnd(5000)])
      expect(
        (await ask(bridge.port, 'POST', '/bridge/tab', bearer(bridge.pass), text)).status,
      ).toBeGreaterThan(399)
    expect(stranger.isEnded).toBe(false)
  })
})

describe('a tab that is loaded anew', () => {
  it('takes up each client where it was: initialized once, and not told to it', async () => {
    const { client, connected, tab } = await stdioClient(makePlace())
    const first = await tab()
    await connected
    const [opening] = heard(first, 'initialize')
    first.close()
    const second = await tab(true)
    expect(textOf(await client.callTool({ name: 'add', arguments: { a: 4, b: 5 } }))).toBe('9')
    const [again] = heard(second, 'initialize')
    expect(again!.session).toBe(opening!.session)
    const params = (message: JSONRPCMessage) => ('params' in message ? message.params : undefined)
    expect(params(again!.message)).toEqual(params(opening!.message))
    expect(second.heard.map(({ message }) => 'method' in message && message.method)).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/call',
    ])
    // The client did not see the second answer: it knows the server it was told of.
    expect(client.getServerVersion()).toMatchObject({ version: first.id })
  })

  it('answers what was under way by an error that does not say whether it was done', async () => {
    const bridge = await startBridge(makePlace())
    const first = await bridge.tab()
    const [one, two] = [await bridge.client(), await bridge.client()]
    const calls = [one, two].map((client) => client.callTool({ name: 'slow', arguments: {} }))
    const outcomes = Promise.allSettled(calls)
    await until(first, 'slow', 2)
    first.close()
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: {
          message: expect.stringMatching(/closed or loaded anew.*look it up/) as string,
          data: { code: 'tab_ended' },
        },
      })
    const second = await bridge.tab(true)
    for (const client of [one, two])
      expect(textOf(await client.callTool({ name: 'add', arguments: { a: 1, b: 1 } }))).toBe('2')
    expect(second.sessions).toHaveLength(2)
    // Not asked a second time.
    expect(
      second.heard.some(({ message }) => 'params' in message && message.params?.['name'] === 'slow'),
    ).toBe(false)
  })

  it('gets what was asked while none was there, in order', async () => {
    const bridge = await startBridge(makePlace())
    const first = await bridge.tab()
    const client = await bridge.client()
    await first.gone()
    const calls = [1, 2, 3].map((a) => client.callTool({ name: 'add', arguments: { a, b: 0 } }))
    const second = await bridge.tab(true)
    expect((await Promise.all(calls)).map(textOf)).toEqual(['1', '2', '3'])
    expect(
      heard(second, 'tools/call').map(({ message }) => 'params' in message && message.params?.['arguments']),
    ).toEqual([1, 2, 3].map((a) => ({ a, b: 0 })))
  })

  it('is not answered what the one before it asked', async () => {
    const bridge = await startBridge(makePlace())
    const first = await bridge.tab()
    const client = await bridge.client()
    const answers: ((action: 'accept' | 'decline') => void)[] = []
    client.setRequestHandler(
      'elicitation/create',
      () => new Promise((resolve) => answers.push((action) => resolve({ action, content: {} }))),
    )
    const lost = client.callTool({ name: 'ask', arguments: {} })
    lost.catch(() => undefined)
    await untilTrue(() => answers.length === 1)
    first.close()
    await expect(lost).rejects.toThrow('loaded anew')
    const second = await bridge.tab(true)
    const asked = client.callTool({ name: 'ask', arguments: {} })
    await untilTrue(() => answers.length === 2)
    // Both servers count their requests from the same number; the first answer is for a tab that has gone.
    answers[0]!('accept')
    answers[1]!('decline')
    expect(textOf(await asked)).toBe('decline')
    expect(second.heard.filter(({ message }) => 'result' in message)).toHaveLength(1)
  })

  it('is not told of a call that was called off before it came', async () => {
    const { client, transport, connected, tab } = await stdioClient(makePlace())
    const first = await tab()
    await connected
    await first.gone()
    const off = new AbortController()
    const call = client.callTool({ name: 'slow', arguments: {} }, { signal: off.signal })
    const kept = client.callTool({ name: 'add', arguments: { a: 1, b: 1 } })
    off.abort()
    await expect(call).rejects.toThrow()
    // Behind them; the bridge itself answers it, to nobody.
    const behind = new Promise((resolve) => (client.onerror = resolve))
    await transport.send({ jsonrpc: '2.0', id: 'behind', method: 'server/discover' })
    await behind
    const second = await tab(true)
    expect(textOf(await kept)).toBe('2')
    expect(heard(second, 'tools/call')).toHaveLength(1)
    expect(heard(second, 'notifications/cancelled')).toEqual([])
  })

  it('hears that a call is called off', async () => {
    const bridge = await startBridge(makePlace())
    const page = await bridge.tab()
    const client = await bridge.client()
    const off = new AbortController()
    const call = client.callTool({ name: 'slow', arguments: {} }, { signal: off.signal })
    call.catch(() => undefined)
    await until(page, 'slow')
    off.abort()
    await page.changed.until(() => heard(page, 'notifications/cancelled').length === 1)
    expect(page.sessions).toHaveLength(1)
  })
})

describe('a bridge that is started anew', () => {
  it('takes the same tab, with the token it has', async () => {
    const place = makePlace()
    const before = await startBridge(place)
    const page = await before.tab()
    await before.end()
    await page.changed.until(() => page.isEnded)
    const after = await startBridge(place, '--port', String(before.port))
    expect(after.origin).toBe(before.origin)
    expect(after.tokens).toEqual(before.tokens)
    await after.tab()
    const client = await after.client()
    expect(textOf(await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } }))).toBe('3')
  })
})

async function untilTrue(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}
