import { untrack } from 'svelte'
import type { Progress } from '../worker/protocol.ts'
import { leftOf, PaceMeter, roughly, secondsLeft, Speaker } from './pace.ts'

const SHOWN_EVERY_MS = 200
/** Words and rates that change with every look cannot be read. */
const REWORDED_EVERY_MS = 1000

/** A task as it is shown: looked at five times a second, however often it reports. Made while a component is set up. */
export class TaskPace {
  /** Null before the first news. */
  step = $state.raw<Progress | null>(null)
  /** Per second, roughly; null while it cannot be told. */
  rate = $state.raw<{ readonly done: number; readonly memories: number } | null>(null)
  /** `about 12 s left`, or empty. */
  left = $state('')
  /** What a reader is told, rarely. */
  spoken = $state('')
  readonly #meter = new PaceMeter()
  readonly #speaker = new Speaker(performance.now())
  #worded = 0

  constructor(step: () => Progress | null, label: () => string) {
    const look = () => this.#look(untrack(step), untrack(label))
    $effect(() => {
      look()
      const timer = setInterval(look, SHOWN_EVERY_MS)
      return () => clearInterval(timer)
    })
  }

  #look(step: Progress | null, label: string): void {
    if (step === null) return
    const { done, total, memories } = step
    const now = performance.now()
    this.step = step
    this.#meter.push({ at: now, done, memories })
    if (now - this.#worded >= REWORDED_EVERY_MS) this.#reword(step, now)
    if (total === 0 || !this.#speaker.isDue(now, done / total)) return
    this.spoken = [`${label}: ${Math.floor((100 * done) / total)} %`, this.left].filter(Boolean).join(', ')
  }

  #reword({ done, total }: Progress, now: number): void {
    const { pace } = this.#meter
    const seconds = secondsLeft(pace, done, total)
    this.left = seconds === null ? '' : leftOf(seconds)
    this.rate =
      pace.done === null || pace.memories === null
        ? null
        : { done: roughly(pace.done), memories: roughly(pace.memories) }
    if (this.rate !== null) this.#worded = now
  }
}
