import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, test, type Page } from '@playwright/test'
import { openProfile } from './profile.ts'
import { fileOf, goTo, makeIdentity, openApp, openFile, takeIn } from './steps.ts'

const DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})

test('what the MCP memory server itself wrote is previewed, taken in once, its dates marked as estimated', async () => {
  const file = test.info().outputPath('memory.jsonl')
  await writeByServer(file, async (call) => {
    await call('create_entities', {
      entities: [
        { name: 'Anna Lund', entityType: 'person', observations: ['speaks Danish', 'two\nlines "quoted"'] },
        { name: 'Acme Ltd', entityType: 'company', observations: [] },
      ],
    })
    await call('create_relations', {
      relations: [{ from: 'Anna Lund', to: 'Acme Ltd', relationType: 'works at' }],
    })
    await call('add_observations', { observations: [{ entityName: 'Anna Lund', contents: ['sails 🚣'] }] })
  })
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await makeIdentity(page, 'A')
  await openFile(page, file)
  await expect(page.getByText('A knowledge graph of the MCP memory server')).toBeVisible()
  await expect(page.getByTestId('preview')).toContainText(/In the file\s*4 memories/)
  await expect(page.getByTestId('preview')).toContainText(/Dates estimated\s*4 without a date/)
  await expect(page.getByTestId('preview')).toContainText('entity without observations')
  await expect(page.getByText('speaks Danish')).toBeVisible()
  await page.getByRole('button', { name: 'Take in 4 memories' }).click()
  await expect(page.getByTestId('taken-in')).toHaveText('4 added, 0 already here')

  await goTo(page, 'Memories')
  await expect(page.getByTestId('memory-row')).toHaveCount(4)
  await expect(page.getByTestId('memory-row').getByText('≈')).toHaveCount(4)
  await page.getByTestId('memory-row').filter({ hasText: 'two lines' }).click()
  await expect(page.getByTestId('content')).toHaveText('two\nlines "quoted"')
  const article = page.getByTestId('memory')
  await expect(article.getByRole('heading', { name: 'Anna Lund' })).toBeVisible()
  await expect(article.getByText('estimated: the date of the file')).toBeVisible()
  await expect(article.locator('time').first()).toContainText(DAY.format(statSync(file).mtime))

  await openFile(page, file)
  await expect(page.getByRole('heading', { name: 'Nothing new in this file' })).toBeVisible()
  await expect(page.getByTestId('preview')).toContainText(/Already here\s*4/)
  await expect(page.getByRole('button', { name: /^Take in/ })).toHaveCount(0)
  await expectMemories(page, 4)
  expect(problems).toEqual([])
  await close()
})

test('an OMEGA export keeps its dates, tags and types; a second one adds what is new', async () => {
  const node = (id: string, content: string, metadata: object) => ({
    id,
    content,
    created_at: '2026-01-15T10:20:30.456789',
    metadata,
    access_count: 3,
  })
  const nodes = [
    node('mem-1', 'Valve 4 leaks.', {
      entity_id: 'plant',
      event_type: 'lesson',
      tags: ['valve', 'leak'],
      of: 2,
    }),
    node('mem-2', 'Valve 5 holds.', { entity_id: 'plant' }),
  ]
  const omega = (each: readonly object[]) => JSON.stringify({ version: 'omega-sqlite-v1', nodes: each })
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await makeIdentity(page, 'A')
  await openFile(page, fileOf('omega.json', omega(nodes)))
  await expect(page.getByText('An export of OMEGA memories')).toBeVisible()
  await expect(page.getByTestId('preview')).toContainText(/“access_count”:\s*not taken over/)
  await expect(page.getByTestId('preview')).not.toContainText('Dates estimated')
  expect(await takeIn(page, fileOf('omega.json', omega(nodes)))).toBe('2 added, 0 already here')

  await goTo(page, 'Memories')
  await page.getByTestId('memory-row').filter({ hasText: 'Valve 4' }).click()
  const article = page.getByTestId('memory')
  await expect(article.getByRole('list', { name: 'Tags' }).getByRole('listitem')).toHaveText([
    'leak',
    'valve',
  ])
  await expect(article.getByText('lesson', { exact: true })).toBeVisible()
  await expect(article.locator('time').first()).toHaveText('15 Jan 2026, 10:20 UTC')
  await expect(article.getByText('mem-1', { exact: true })).toBeVisible()
  await expect(article).not.toContainText('estimated')

  const more = [...nodes, node('mem-3', 'Valve 6 is new.', { entity_id: 'plant' })]
  expect(await takeIn(page, fileOf('omega-2.json', omega(more)))).toBe('1 added, 2 already here')
  await expectMemories(page, 3)
  expect(problems).toEqual([])
  await close()
})

test('lines that are no memories are named by number and reason, and stop none of the others', async () => {
  const lines = [
    '{"content":"The first.","entity_id":"log","created_at":"2026-01-01"}',
    '{"content":"cut in ha',
    '',
    '{"content":7,"entity_id":"log"}',
    '{"content":"Dated nowhere.","entity_id":"log","created_at":"2026-02-30T00:00:00Z"}',
    `{"content":"Tagged by force.","entity_id":"log","tags":["a\\u0007b"]}`,
    '{"content":"The last.","entity_id":"log","created_at":"2026-01-02"}',
    '[]',
  ]
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await openApp(page)
  await makeIdentity(page, 'A')
  await openFile(page, fileOf('log.jsonl', lines.join('\n')))
  await expect(page.getByText('Memories in JSON, one to a line')).toBeVisible()
  await expect(page.getByTestId('preview')).toContainText(/Rows left out\s*5/)
  const table = page.getByRole('table')
  await expect(table.getByRole('columnheader').first()).toHaveText('Line')
  await expect(table.locator('tbody tr')).toHaveText([
    /^\s*2\s*not JSON/,
    /^\s*4\s*content: not text/,
    /^\s*5\s*created_at: not a time/,
    /^\s*6\s*tags\[0\]: must be 1 to 256 characters/,
    /^\s*8\s*not an object/,
  ])
  await page.getByRole('button', { name: 'Take in 2 memories' }).click()
  await expect(page.getByTestId('taken-in')).toHaveText('2 added, 0 already here')
  await goTo(page, 'Memories')
  await expect(page.getByTestId('memory-row')).toContainText(['The last.', 'The first.'])
  expect(problems).toEqual([])
  await close()
})

async function expectMemories(page: Page, count: number): Promise<void> {
  await goTo(page, 'Memories')
  await expect(page.getByTestId('count')).toHaveText(`${count} memories`)
}

/** Runs the reference server, so that what is opened is what it writes. */
async function writeByServer(
  file: string,
  work: (call: (name: string, args: Record<string, unknown>) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { resolve } = createRequire(import.meta.url)
  const folder = dirname(resolve('@modelcontextprotocol/server-memory/package.json'))
  const client = new Client({ name: 'omega-exchange-test', version: '0' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(folder, 'dist', 'index.js')],
    env: { MEMORY_FILE_PATH: file },
    stderr: 'ignore',
  })
  await client.connect(transport)
  try {
    await work(async (name, args) => {
      const answer = await client.callTool({ name, arguments: args })
      expect(answer.isError ?? false, JSON.stringify(answer)).toBe(false)
    })
  } finally {
    await client.close()
  }
}
