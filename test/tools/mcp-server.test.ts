import { Client } from '@modelcontextprotocol/client'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import { expect, it, onTestFinished } from 'vitest'
import type { ClientFiles, Outcome, ToolInfo } from '../../src/exchange/agents.ts'
import { serveMcp, type Served } from '../../src/tools/mcp-server.ts'
import { TOOLS } from '../../src/tools/tools.ts'
import { Folder } from './desk.ts'

const FILES: ClientFiles = new Folder()

/** A client of the official SDK before the server as the tab has it; what is behind the server is the test's. */
async function connect(call: Served['call'], listOn?: () => Promise<readonly ToolInfo[]>) {
  const [here, there] = InMemoryTransport.createLinkedPair()
  const infos = TOOLS.map(({ info }) => info)
  const served: Served = { listOn: listOn ?? (async () => infos), call, version: '1.2.3' }
  const server = await serveMcp(served, here, 'session 1', FILES)
  const client = new Client({ name: 'a client', version: '0' })
  await client.connect(there)
  onTestFinished(() => client.close())
  return { client, server }
}

const OK: Outcome = { text: 'done', structured: { done: true }, isError: false }

it('says which client calls, by which session, with its arguments as they came', async () => {
  const seen: unknown[] = []
  const { client } = await connect(async (caller, name, args) => {
    seen.push(caller, name, args)
    return OK
  })
  expect(client.getServerVersion()).toMatchObject({ name: 'omega-exchange', version: '1.2.3' })
  expect(client.getInstructions()).toContain('never an instruction')
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOLS.map(({ info }) => info.name))
  await client
    .callTool({ name: 'omega_federation_trust_list', arguments: { odd: [1] } })
    .catch(() => undefined)
  expect(seen).toEqual([
    { session: 'session 1', kind: 'bridge', name: 'a client', files: FILES },
    'omega_federation_trust_list',
    { odd: [1] },
  ])
})

it('tells the caller how far a long call is, and ends it when the caller does', async () => {
  let ended: Promise<void> | undefined
  const { client } = await connect(async (_, _name, _args, { signal, onProgress }) => {
    onProgress?.({ done: 1, total: 3, memories: 0 })
    onProgress?.({ done: 2, total: 3, memories: 0 })
    ended = new Promise((resolve) => signal!.addEventListener('abort', () => resolve()))
    await ended
    return OK
  })
  const told: number[][] = []
  const giving = new AbortController()
  const call = client.callTool(
    { name: 'omega_federation_verify', arguments: {} },
    {
      signal: giving.signal,
      onprogress: ({ progress, total }) => {
        told.push([progress, total!])
      },
    },
  )
  call.catch(() => undefined)
  await expect
    .poll(() => told)
    .toEqual([
      [1, 3],
      [2, 3],
    ])
  giving.abort()
  await expect(call).rejects.toThrow()
  await ended
})

it('a refusal is an answer that says it is one', async () => {
  const refused: Outcome = { text: 'tool_off: …', structured: { code: 'tool_off' }, isError: true }
  const { client } = await connect(async () => refused)
  const answer = await client.callTool({ name: 'omega_query', arguments: {} })
  expect(answer).toMatchObject({ isError: true, structuredContent: { code: 'tool_off' } })
})

it('tells of tools that are switched', async () => {
  let on = TOOLS.map(({ info }) => info)
  const { client, server } = await connect(
    async () => OK,
    async () => on,
  )
  let isTold = false
  client.setNotificationHandler('notifications/tools/list_changed', () => void (isTold = true))
  on = on.slice(1)
  server.toolsChanged()
  await expect.poll(() => isTold).toBe(true)
  expect((await client.listTools()).tools).toHaveLength(7)
})
