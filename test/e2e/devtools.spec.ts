import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, test } from '@playwright/test'
import { findBrowser } from '../browser.ts'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('chrome-devtools-mcp/package.json'))
const SERVER = join(PACKAGE, 'build/src/bin/chrome-devtools-mcp.js')

/**
 * The agent of a browser, as `chrome-devtools-mcp` is one: another program lists the tools of the page and calls them.
 * It can click too, which is why a consent is worth no more than the program that drives the browser.
 */
test('chrome-devtools-mcp lists the tools of the page, calls them, and waits for the person', async ({
  baseURL,
}) => {
  const { launchOptions } = await findBrowser()
  const own = ['--enable-features=WebMCP', ...(launchOptions.args ?? [])].map((arg) => `--chromeArg=${arg}`)
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [
      SERVER,
      '--headless',
      '--isolated',
      '--no-usage-statistics',
      '--no-performance-crux',
      '--categoryExperimentalWebmcp',
      `--executablePath=${launchOptions.executablePath}`,
      ...own,
    ],
    // Else it asks the registry of npm for a newer one.
    env: { ...(process.env as Record<string, string>), CHROME_DEVTOOLS_MCP_NO_UPDATE_CHECKS: '1' },
    stderr: 'ignore',
  })
  const client = new Client({ name: 'omega-test', version: '0' })
  await client.connect(transport)
  const call = async (name: string, args: object): Promise<string> => {
    const result = await client.callTool({ name, arguments: { pageId: 1, ...args } }, { timeout: 90_000 })
    return (result.content as { text: string }[]).map(({ text }) => text).join('\n')
  }
  const execute = (toolName: string, input: object) =>
    call('execute_webmcp_tool', { toolName, input: JSON.stringify(input) })
  try {
    await call('navigate_page', { url: baseURL })
    await expect.poll(() => call('list_webmcp_tools', {})).toContain('omega_query')
    const listed = await call('list_webmcp_tools', {})
    for (const name of ['export', 'verify', 'trust_add', 'trust_list', 'trust_remove', 'import'])
      expect(listed).toContain(`omega_federation_${name}`)
    expect(await execute('omega_federation_trust_list', {})).toContain('trusted_keys_only')
    expect(await execute('omega_federation_verify', { path: 'x.json' })).toContain('path_needs_bridge')
    expect(await execute('omega_query', { evil: 1 })).toContain('arguments_invalid')

    // It works on one thing at a time: what a person would click is clicked from the page itself.
    await call('evaluate_script', {
      function: `() => {
        const timer = setInterval(() => {
          const refuse = [...document.querySelectorAll('dialog[open] button')].find((each) => each.innerText === 'Refuse')
          if (refuse?.ariaDisabled === 'true' || refuse === undefined) return
          refuse.click()
          clearInterval(timer)
        }, 100)
      }`,
    })
    expect(await execute('omega_query', { entity_id: 'pump' })).toContain('consent_refused')
  } finally {
    await client.close()
  }
})
