import { ExchangeError } from '../core/errors.ts'
import type { Outcome } from '../exchange/agents.ts'

const MOST = 256

/** Answers by idempotency key, of this tab, the last ones: a call that is repeated is done once. */
export class Repeats {
  readonly #answers = new Map<string, { readonly args: string; readonly outcome: Promise<Outcome> }>()

  /** `work`, or what it answered before under this key. Throws `idempotency_conflict` where other arguments came with it. */
  once(key: string, args: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const known = this.#answers.get(key)
    if (known !== undefined) {
      if (known.args !== args) return Promise.reject(new ExchangeError('idempotency_conflict'))
      return known.outcome
    }
    const outcome = work()
    this.#answers.set(key, { args, outcome })
    // What came to nothing may be tried again.
    outcome.catch(() => this.#answers.delete(key))
    if (this.#answers.size > MOST) this.#answers.delete(this.#answers.keys().next().value!)
    return outcome
  }
}
