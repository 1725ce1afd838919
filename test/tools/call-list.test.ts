import { expect, it } from 'vitest'
import type { AgentCall } from '../../src/exchange/agents.ts'
import { CallList } from '../../src/tools/call-list.ts'
import { clientOf } from './desk.ts'

function callOf(id: string, state: AgentCall['state'], length = 1): AgentCall {
  return {
    id,
    client: clientOf(),
    tool: 'omega_query',
    args: { text: 'x'.repeat(length) },
    at: 0,
    state,
    ask: null,
    answerBy: null,
    consent: 'none',
    progress: null,
    result: null,
    outcome: null,
  }
}

function run(list: CallList, id: string, length?: number): void {
  list.keep(callOf(id, 'working', length))
  list.keep(callOf(id, 'done', length))
}

it('lets go of long arguments of calls that are done, but for the last few', () => {
  const list = new CallList()
  list.keep(callOf('waits', 'asking', 1e6))
  run(list, 'long', 1e6)
  run(list, 'short')
  const withArgs = () => list.all.filter(({ args }) => args !== null).map(({ id }) => id)
  run(list, '1')
  run(list, '2')
  expect(withArgs()).toEqual(['2', '1', 'short', 'long', 'waits'])
  run(list, '3')
  expect(withArgs()).toEqual(['3', '2', '1', 'short', 'waits'])
  list.keep(callOf('waits', 'done', 1e6))
  run(list, '4')
  expect(withArgs()).toEqual(['4', '3', '2', '1', 'short'])
  expect(list.all).toHaveLength(7)
})

it('keeps a hundred, newest first, and whatever is not done', () => {
  const list = new CallList()
  list.keep(callOf('waits', 'asking'))
  for (let at = 0; at < 300; at++) run(list, String(at))
  expect(list.all).toHaveLength(101)
  expect(list.all.map(({ id }) => id)).toEqual([
    ...Array.from({ length: 100 }, (_, at) => String(299 - at)),
    'waits',
  ])
  expect(list.open.map(({ id }) => id)).toEqual(['waits'])
})
