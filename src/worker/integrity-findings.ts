import {
  AREAS,
  FAULT_CODES,
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

/** As long as a message may wait: that somebody has cancelled is told by one. */
const TURN_MS = 16

/** Collects what a walk through the store finds, and tells how far it is. */
export class Findings {
  readonly #context: TaskContext
  readonly #checked = new Map<Area, number>()
  readonly #counts = new Map<FaultCode, number>()
  readonly #kept = new Map<FaultCode, Fault[]>()
  readonly #unknown = new Set<Area>()
  readonly lineage = { signed: 0, own: 0 }
  #progress = { done: 0, total: 0, memories: 0 }
  #turn = performance.now()

  constructor(context: TaskContext) {
    this.#context = context
  }

  check(area: Area, count = 1): void {
    this.#checked.set(area, (this.#checked.get(area) ?? 0) + count)
  }

  fault(code: FaultCode, place: FaultPlace = {}): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1)
    const kept = this.#kept.get(code) ?? []
    if (kept.length < MAX_FAULTS) this.#kept.set(code, [...kept, { code, ...place }])
  }

  /** A fault by what the audit rows say: where they do not hold themselves, nothing is known. The chain is walked first. */
  faultByHistory(code: FaultCode, place: FaultPlace = {}): void {
    if (this.#faultsOf('audit') === 0) this.fault(code, place)
  }

  /** What an area must be held against is not there; that it is not was told. */
  doubt(area: Area): void {
    this.#unknown.add(area)
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

  /** From now on so many are walked: first rows and manifests, then memories. */
  begin(total: number): void {
    this.#progress = { done: 0, total, memories: 0 }
  }

  /** So many of the total are done, of which so many are memories. */
  step(count: number, memories = 0): void {
    const { done, total } = this.#progress
    this.#progress = {
      done: Math.min(done + count, total),
      total,
      memories: Math.min(this.#progress.memories + memories, total),
    }
    this.#context.progress(this.#progress)
  }

  /** To be awaited every few milliseconds of work. Throws `cancelled`. */
  async pause(): Promise<void> {
    if (performance.now() - this.#turn > TURN_MS) {
      await nextMessage()
      this.#turn = performance.now()
    }
    this.throwIfCancelled()
  }

  throwIfCancelled(): void {
    if (this.#context.signal.aborted) throw new ExchangeError('cancelled')
  }

  get areas(): Readonly<Record<Area, AreaResult>> {
    const isHistoryBroken = this.#faultsOf('audit') > 0
    const results = AREAS.map((area): [Area, AreaResult] => {
      const [checked, faults] = [this.#checked.get(area) ?? 0, this.#faultsOf(area)]
      const isUnknown = checked === 0 || isHistoryBroken || this.#unknown.has(area)
      return [area, { result: faults > 0 ? 'faults' : isUnknown ? 'unknown' : 'holds', checked, faults }]
    })
    return Object.fromEntries(results) as Record<Area, AreaResult>
  }

  get counts(): Partial<Record<FaultCode, number>> {
    return Object.fromEntries(this.#counts)
  }

  get faults(): Fault[] {
    return FAULT_CODES.flatMap((code) => this.#kept.get(code) ?? [])
  }

  #faultsOf(area: Area): number {
    let sum = 0
    for (const [code, count] of this.#counts) if (FAULTS[code] === area) sum += count
    return sum
  }
}

/** Messages that came meanwhile are read before this goes on; a timer would wait longer. */
function nextMessage(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
