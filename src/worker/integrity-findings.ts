import {
  AREAS,
  FAULTS,
  MAX_FAULTS,
  type Area,
  type AreaResult,
  type Fault,
  type FaultCode,
  type FaultPlace,
} from '../core/integrity.ts'
import { ExchangeError } from '../core/errors.ts'
import type { TaskContext } from './protocol.ts'

/** Collects what a walk through the store finds, and tells how far it is. */
export class Findings {
  readonly #context: TaskContext
  readonly #total: number
  readonly #checked = countsOfNone()
  readonly #faults = countsOfNone()
  readonly #kept = new Map<Area, Fault[]>(AREAS.map((area) => [area, []]))
  #done = 0

  /** `total` things will be counted by `check`. */
  constructor(total: number, context: TaskContext) {
    this.#total = total
    this.#context = context
  }

  check(area: Area, count = 1): void {
    this.#checked[area] += count
  }

  fault(code: FaultCode, place: FaultPlace = {}): void {
    const area = FAULTS[code]
    this.#faults[area]++
    const kept = this.#kept.get(area)!
    if (kept.length < MAX_FAULTS) kept.push({ code, ...place })
  }

  /**
   * Does what may stumble over a record of any form: then it is that record that is wrong. Only for what reads what
   * has been fetched; a request to the database that fails is no finding.
   */
  guard(code: FaultCode, place: FaultPlace, work: () => void): void {
    try {
      work()
    } catch {
      this.fault(code, place)
    }
  }

  /** So many of the total are done. Throws `cancelled`. */
  step(count: number): void {
    if (this.#context.signal.aborted) throw new ExchangeError('cancelled')
    this.#done = Math.min(this.#done + count, this.#total)
    this.#context.progress({ done: this.#done, total: this.#total, memories: this.#checked.memories })
  }

  get areas(): Readonly<Record<Area, AreaResult>> {
    const results = AREAS.map((area) => [area, { checked: this.#checked[area], faults: this.#faults[area] }])
    return Object.fromEntries(results) as Record<Area, AreaResult>
  }

  get faults(): Fault[] {
    return AREAS.flatMap((area) => this.#kept.get(area)!)
  }
}

function countsOfNone(): Record<Area, number> {
  return Object.fromEntries(AREAS.map((area) => [area, 0])) as Record<Area, number>
}
