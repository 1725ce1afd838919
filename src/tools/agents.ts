import type { AgentCall, Agents, BridgeState, ToolInfo } from '../exchange/agents.ts'
import type { Instance } from '../exchange/instance.ts'
import type { BridgeTab } from './bridge-tab.ts'
import { Desk } from './desk.ts'
import { TOOLS } from './tools.ts'
import { findModelContext, offerTools } from './web-mcp.ts'

export interface AgentsOptions {
  readonly instance: Instance
  readonly download: (file: File) => void
  /** What lets this tab connect to the bridge that serves it; null where none does. */
  readonly bridgeToken: string | null
  readonly version: string
}

/** The desk, and the ways by which calls reach it from now on. */
export function createAgents({ instance, download, bridgeToken, version }: AgentsOptions): Agents {
  const desk = new Desk({ instance, tools: TOOLS, download })
  const listeners = new Set<() => void>()
  const tell = () => listeners.forEach((listener) => listener())
  const model = findModelContext()
  let bridge: BridgeState = { state: 'none' }

  const listOn = async (): Promise<ToolInfo[]> => {
    const all = await Promise.all(
      desk.tools.map(async (tool) => ((await desk.isOn(tool.name)) ? [tool] : [])),
    )
    return all.flat()
  }
  const served = { listOn, call: desk.call.bind(desk), version }
  let tab: BridgeTab | null = null
  /** The official server is large, and for those whom a bridge serves. Nothing serves a page from disk. */
  const connect = async (token: string) => {
    // Zod, within the server, else tries whether it may make code from text: the policy forbids and reports it.
    Object.assign(globalThis, { __zod_globalConfig: { jitless: true } })
    const { BridgeTab } = await import('./bridge-tab.ts')
    const onState = (state: BridgeState) => {
      bridge = state
      tell()
    }
    tab = new BridgeTab(token, served, onState, (session) => desk.endSession(session))
    await tab.connect(false)
  }
  if (bridgeToken !== null && import.meta.env.MODE !== 'single') {
    bridge = { state: 'connecting' }
    void connect(bridgeToken)
  }

  let offered = new AbortController()
  let on = ''
  /** What was switched, here or in another tab, is offered or no more. */
  const offer = async () => {
    const tools = await listOn()
    const names = tools.map(({ name }) => name).join()
    if (names === on) return
    on = names
    tab?.toolsChanged()
    if (model === null) return
    offered.abort()
    offered = new AbortController()
    await offerTools(model, tools, desk.call.bind(desk), offered.signal)
  }
  // A store that is gone says so where it is asked for more than this.
  const follow = () => void offer().catch(() => undefined)
  follow()
  instance.changes.listen(follow)
  desk.listen(tell)

  return {
    tools: desk.tools,
    get calls(): readonly AgentCall[] {
      return desk.calls
    },
    call: desk.call.bind(desk),
    decide: desk.decide.bind(desk),
    giveTime: desk.giveTime.bind(desk),
    cancel: desk.cancel.bind(desk),
    listAllowed: desk.listAllowed.bind(desk),
    takeBack: desk.takeBack.bind(desk),
    isOn: desk.isOn.bind(desk),
    setOn: desk.setOn.bind(desk),
    get ways() {
      return { browser: model !== null, bridge }
    },
    takeBridge: () => void tab?.connect(true),
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
