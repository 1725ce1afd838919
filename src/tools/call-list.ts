import type { AgentCall } from '../exchange/agents.ts'

const KEPT = 100
/** With all of their arguments, however long. */
const KEPT_WHOLE = 4
/** Characters of arguments that are kept all the same. */
const LIGHT = 10_000

/** Calls as they are shown, newest first: the last hundred, and all that are not done. */
export class CallList {
  #calls: readonly AgentCall[] = []
  /** Ids of those whose arguments take memory. */
  readonly #heavy = new Set<string>()

  get all(): readonly AgentCall[] {
    return this.#calls
  }

  /** Those under way or waiting. */
  get open(): AgentCall[] {
    return this.#calls.filter(({ state }) => state !== 'done')
  }

  /** Shows the call as it is now. */
  keep(call: AgentCall): void {
    const at = this.#calls.findIndex(({ id }) => id === call.id)
    if (at >= 0) {
      this.#calls = this.#calls.with(at, { ...call })
      if (call.state === 'done' && JSON.stringify(call.args).length > LIGHT) this.#heavy.add(call.id)
      return
    }
    const isKept = ({ state }: AgentCall, place: number) => place < KEPT || state !== 'done'
    this.#calls = [{ ...call }, ...this.#calls].filter(isKept).map((each, place) => {
      if (place < KEPT_WHOLE || !this.#heavy.delete(each.id)) return each
      return { ...each, args: null }
    })
  }
}
