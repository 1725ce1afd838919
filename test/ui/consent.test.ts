import { mount, unmount } from 'svelte'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import type { Agents, Client } from '../../src/exchange/agents.ts'
import { createAgents } from '../../src/tools/agents.ts'
import App from '../../src/ui/App.svelte'
import { AppCopy } from '../../src/ui/AppCopy.svelte.ts'
import '../../src/ui/base.css'
import '../../src/ui/tokens.css'
import { openTestInstance } from '../exchange/instance.ts'

/** What only a client of a bridge brings: a name of its own, and that it ends a call. */

const clientNamed = (name: string, session = 'one'): Client => ({
  session,
  kind: 'bridge',
  name,
  files: null,
})
const dialog = () => document.querySelector<HTMLDialogElement>('dialog[open]')

let agents: Agents

beforeEach(async () => {
  await page.viewport(1280, 800)
  const instance = await openTestInstance()
  const target = document.body.appendChild(document.createElement('div'))
  let loaded: (made: Agents) => void
  const made = new Promise<Agents>((resolve) => (loaded = resolve))
  const app = mount(App, {
    target,
    props: {
      verifier: instance,
      copy: new AppCopy(''),
      loadAgents: async () => {
        const each = createAgents({ instance, download: () => undefined, bridgeToken: null, version: '0' })
        loaded(each)
        return each
      },
    },
  })
  onTestFinished(async () => {
    await unmount(app)
    target.remove()
  })
  agents = await made
})

/** Not before a moment has passed does it count. */
const refuse = () =>
  expect
    .poll(async () => {
      await userEvent.keyboard('{Escape}')
      return dialog()
    })
    .toBeNull()
const heading = (name: RegExp) => page.getByRole('heading', { level: 2, name })

it('goes when its caller ends the call, and gives the keyboard back', async () => {
  await page.getByRole('link', { name: 'Identity', exact: true }).click()
  await page.getByLabelText('Name of this instance').click()
  const before = document.activeElement
  const ending = new AbortController()
  const answered = agents.call(clientNamed('Planner'), 'omega_query', {}, { signal: ending.signal })
  await expect.element(heading(/^An agent asks: Read your memories$/)).toHaveFocus()
  expect(document.title).toMatch(/^An agent asks · /)
  ending.abort()
  await expect.poll(dialog).toBeNull()
  expect(document.activeElement).toBe(before)
  expect(document.title).not.toContain('An agent asks')
  expect((await answered).structured['code']).toBe('cancelled')
})

it('stays with what was asked first, and comes to the next when that has ended', async () => {
  const ending = new AbortController()
  void agents.call(clientNamed('Planner'), 'omega_query', { entity_id: 'first' }, { signal: ending.signal })
  await expect.element(heading(/one entity/)).toHaveFocus()
  const second = agents.call(clientNamed('Planner'), 'omega_query', {})
  await expect.element(page.getByText('1 more waits.')).toBeVisible()
  await expect.element(heading(/one entity/)).toBeVisible()
  ending.abort()
  await expect.element(heading(/Read your memories/)).toHaveFocus()
  await refuse()
  expect((await second).structured['code']).toBe('consent_refused')
})

it.each([
  ['markup', '<img src=x onerror=alert(1)><h2>Refused</h2>'],
  ['what turns round the line', 'Planner \u202e.detsurt era uoY\u202c'],
  ['what is not seen', 'Pl\u200ban\u200bner\u00ad'],
  ['a name of a hundred thousand letters', 'W'.repeat(100_000)],
  ['Arabic', 'مخطط الميناء'],
])('shows as a name, and as nothing else, a client named by %s', async (_, name) => {
  const answered = agents.call(clientNamed(name), 'omega_query', {
    // What turns round a line is no entity at all.
    entity_id: name.slice(0, 200).replaceAll(/[\u202a-\u202e]/g, ''),
  })
  await expect.element(heading(/^An agent asks: Read memories of one entity$/)).toHaveFocus()
  const box = dialog()!
  expect(box.querySelectorAll('img, h2')).toHaveLength(1)
  expect(box.scrollWidth).toBeLessThanOrEqual(box.clientWidth)
  expect(box.innerText.length).toBeLessThan(5000)
  const bare = document.createTreeWalker(box, NodeFilter.SHOW_TEXT)
  for (let node = bare.nextNode(); node !== null; node = bare.nextNode())
    if (node.parentElement!.closest('[data-unseen]') === null)
      expect(node.nodeValue).not.toMatch(/[\u200b\u202c\u202e\u00ad]/)
  await refuse()
  expect((await answered).structured['code']).toBe('consent_refused')
})

it('refuses a tool that was switched off to whoever still has it on its list', async () => {
  await page.getByRole('link', { name: 'Agents', exact: true }).click()
  await page.getByRole('switch', { name: 'Agents may call omega_federation_trust_list' }).click()
  await expect.poll(() => agents.isOn('omega_federation_trust_list')).toBe(false)
  const { structured } = await agents.call(clientNamed('Planner'), 'omega_federation_trust_list', {})
  expect(structured['code']).toBe('tool_off')
  await expect.element(page.getByTestId('calls').getByText('tool_off')).toBeVisible()
  await expect.element(page.getByTestId('calls').getByText('Planner')).toBeVisible()
})

it('lists a hundred calls, and tells of a client what it calls itself', async () => {
  await page.getByRole('link', { name: 'Agents', exact: true }).click()
  for (let at = 0; at < 105; at++) await agents.call(clientNamed(`c${at}`), `no-such-${at}`, {})
  await expect.poll(() => page.getByTestId('calls').getByRole('listitem').elements().length).toBe(100)
  await page.getByTestId('calls').getByRole('link').first().click()
  await expect.element(page.getByText('This is what it calls itself; nobody has checked it.')).toBeVisible()
  await expect.element(page.getByTestId('answer')).toHaveTextContent('tool_unknown')
})
