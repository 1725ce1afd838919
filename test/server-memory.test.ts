import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readForeign, type Foreign } from '../src/core/foreign.ts'

// The reference server itself writes the file, so that what we read is what it writes, not what we think it does.
const folder = dirname(
  createRequire(import.meta.url).resolve('@modelcontextprotocol/server-memory/package.json'),
)
const context = { fileDate: '2026-03-01T12:00:00.000Z', fallbackEntity: 'never-used' }

let directory: string
let file: string
let client: Client

async function call(name: string, args: Record<string, unknown>): Promise<void> {
  const answer = await client.callTool({ name, arguments: args })
  expect(answer.isError ?? false, JSON.stringify(answer)).toBe(false)
}

async function read(): Promise<Foreign> {
  return readForeign(await readFile(file, 'utf8'), context)
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'omega-server-memory-'))
  file = join(directory, 'memory.jsonl')
  client = new Client({ name: 'omega-exchange-test', version: '0' })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [join(folder, 'dist', 'index.js')],
      env: { MEMORY_FILE_PATH: file },
      stderr: 'ignore',
    }),
  )
})

afterAll(async () => {
  await client?.close()
  if (directory !== undefined) await rm(directory, { recursive: true })
})

describe('the file of @modelcontextprotocol/server-memory', () => {
  it('is read whole: observations, relations, nothing of an entity without either', async () => {
    await call('create_entities', {
      entities: [
        {
          name: 'Anna Lund',
          entityType: 'person',
          observations: ['speaks Danish', 'first line\nsecond "line"'],
        },
        { name: 'Acme Ltd', entityType: 'company', observations: [] },
        { name: '__proto__', entityType: 'constructor', observations: ['a name like any other\u2028'] },
      ],
    })
    await call('create_relations', {
      relations: [{ from: 'Anna Lund', to: 'Acme Ltd', relationType: 'works at' }],
    })
    await call('add_observations', {
      observations: [{ entityName: 'Anna Lund', contents: ['speaks Danish', 'sails 🚣'] }],
    })

    const dated = { created_at: context.fileDate, tags: [], estimated: true }
    const anna = { entity_id: 'Anna Lund', event_type: 'person', ...dated }
    const first = await read()
    expect(first).toEqual({
      kind: 'mcp-memory-jsonl',
      rows: [
        { row: 1, draft: { content: 'speaks Danish', ...anna } },
        { row: 1, draft: { content: 'first line\nsecond "line"', ...anna } },
        { row: 1, draft: { content: 'sails 🚣', ...anna } },
        {
          row: 3,
          draft: {
            content: 'a name like any other\u2028',
            entity_id: '__proto__',
            event_type: 'constructor',
            ...dated,
          },
        },
        {
          row: 4,
          draft: {
            content: 'Anna Lund works at Acme Ltd',
            entity_id: 'Anna Lund',
            metadata: { relation: { from: 'Anna Lund', to: 'Acme Ltd', type: 'works at' } },
            ...dated,
          },
        },
      ],
      notes: [{ count: 1, text: 'entity without observations: no memory is made of it' }],
    })
    expect(await read()).toEqual(first)
  })

  it('has rows that the format refuses, and they stop none of the others', async () => {
    await call('create_entities', {
      entities: [
        { name: '', entityType: 'empty name', observations: ['a'] },
        { name: 'two\nlines', entityType: 'bad name', observations: ['b'] },
        { name: 'half', entityType: 'text\u0000', observations: ['\ud83d', 'whole'] },
      ],
    })
    const { rows } = await read()
    const added = rows.filter(
      ({ row, draft, problem }) => problem !== undefined || (row > 3 && !draft?.metadata),
    )
    expect(
      added.map(({ row, draft, problem }) => [row, problem?.detail.split(':')[0] ?? draft?.content]),
    ).toEqual([
      [4, 'name'],
      [5, 'name'],
      [6, 'observations[0]'],
      [6, 'whole'],
    ])
    expect(rows).toHaveLength(9)
    expect(rows.at(-1)?.draft?.content).toBe('Anna Lund works at Acme Ltd')
  })
})
