import { expect } from 'vitest'
import type { AgentCall, Client, ClientFiles, Decision } from '../../src/exchange/agents.ts'
import { ExchangeError } from '../../src/core/errors.ts'
import type { Instance } from '../../src/exchange/instance.ts'
import { Desk } from '../../src/tools/desk.ts'
import { TOOLS } from '../../src/tools/tools.ts'

/** The folder of a bridge, as far as a page sees it; `test/bridge` has a real one. */
export class Folder implements ClientFiles {
  readonly files = new Map<string, File>()

  async open(path: string): Promise<File> {
    const file = this.files.get(path)
    if (file === undefined) throw new ExchangeError('path_missing')
    return file
  }

  async has(path: string): Promise<boolean> {
    return this.files.has(path)
  }

  async save(path: string, file: File): Promise<string> {
    if (this.files.has(path)) throw new ExchangeError('path_exists')
    this.files.set(path, file)
    return path
  }
}

export function clientOf(session = 'one', files: ClientFiles | null = null): Client {
  return { session, kind: files === null ? 'browser' : 'bridge', name: `agent ${session}`, files }
}

/** A desk, what it downloads, and the person at it. */
export function openDesk(instance: Instance, answerMs = 60_000) {
  const downloads: File[] = []
  const desk = new Desk({ instance, tools: TOOLS, download: (file) => downloads.push(file), answerMs })
  const asking = () => desk.calls.filter(({ state }) => state === 'asking')
  return {
    desk,
    downloads,
    asking,
    /** Waits until a person is asked, and answers. */
    async answer(decision: Decision | Decision['word']): Promise<AgentCall> {
      await expect.poll(() => asking().length).toBeGreaterThan(0)
      const call = asking().at(-1)!
      desk.decide(call.id, typeof decision === 'string' ? { word: decision } : decision)
      await expect.poll(() => desk.calls.find(({ id }) => id === call.id)?.state).not.toBe('asking')
      return call
    },
  }
}

/** What the audit chain tells of agents, oldest first. */
export async function agentRows(instance: Instance) {
  return (await instance.db.getAll('audit')).filter(({ actor }) => actor === 'agent')
}
