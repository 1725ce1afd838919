import { ExchangeError } from '../core/errors.ts'
import type { Outcome } from '../exchange/agents.ts'

/** Of one session. */
const MOST = 64

interface Call {
  /** Hash of the arguments. */
  readonly args: string
  readonly outcome: Promise<Outcome>
  isDone: boolean
}

/** Answers by session and idempotency key, the last ones, of this tab: a call that is repeated is done once. */
export class Repeats {
  readonly #sessions = new Map<string, Map<string, Call>>()

  /** `work`, or what it answered before under this key. Throws `idempotency_conflict` where other arguments came with it. */
  once(session: string, key: string, args: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const calls = this.#sessions.get(session) ?? new Map<string, Call>()
    this.#sessions.set(session, calls)
    const known = calls.get(key)
    if (known !== undefined) {
      if (known.args !== args) return Promise.reject(new ExchangeError('idempotency_conflict'))
      return known.outcome
    }
    const call: Call = { args, outcome: work(), isDone: false }
    calls.set(key, call)
    call.outcome.then(
      () => (call.isDone = true),
      // What came to nothing may be tried again.
      () => calls.delete(key),
    )
    const oldest = [...calls].find(([, { isDone }]) => isDone)
    if (calls.size > MOST && oldest !== undefined) calls.delete(oldest[0])
    return call.outcome
  }

  forget(session: string): void {
    this.#sessions.delete(session)
  }
}
