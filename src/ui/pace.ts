/** How far a task was at a time. `done` and `memories` only grow. */
interface Sample {
  /** Milliseconds. */
  readonly at: number
  readonly done: number
  readonly memories: number
}

interface Pace {
  /** Per second, over the last seconds; null until there is something to tell it by. */
  readonly done: number | null
  readonly memories: number | null
}

const WINDOW_MS = 5000
/** Of less than this nothing is concluded: what a task begins with is not what it goes on with. */
const FIRST_MS = 1000

/** The pace of a task over its last seconds, so that a slow stretch long ago says nothing of what is to come. */
export class PaceMeter {
  #samples: Sample[] = []

  push(sample: Sample): void {
    const last = this.#samples.at(-1)
    // The second part of a task counts from the beginning again.
    if (last !== undefined && sample.done < last.done) this.#samples = []
    this.#samples.push(sample)
    while (this.#samples.length > 2 && this.#samples[1]!.at <= sample.at - WINDOW_MS) this.#samples.shift()
  }

  get pace(): Pace {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined || last.at - first.at < FIRST_MS)
      return { done: null, memories: null }
    const seconds = (last.at - first.at) / 1000
    return {
      done: (last.done - first.done) / seconds,
      memories: (last.memories - first.memories) / seconds,
    }
  }
}

/** Seconds until `total` is reached; null while that cannot be told. */
export function secondsLeft(pace: Pace, done: number, total: number): number | null {
  if (pace.done === null || pace.done <= 0 || total <= done) return null
  return (total - done) / pace.done
}

/** `about 12 s left`, the coarser the longer; empty for what is as good as there. */
export function leftOf(seconds: number): string {
  if (seconds < 0.5) return ''
  if (seconds < 19.5) return `about ${Math.round(seconds)} s left`
  if (seconds < 57.5) return `about ${5 * Math.round(seconds / 5)} s left`
  if (seconds < 3570) return `about ${Math.round(seconds / 60)} min left`
  return `about ${Math.round(seconds / 3600)} h left`
}

/** Two significant digits of it, so that the number stands still while the pace does. */
export function roughly(value: number): number {
  if (value <= 0) return 0
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1)
  return Math.round(value / unit) * unit
}

const SPOKEN_EVERY = 0.25
const SPOKEN_MS = 10_000

/** When to say how far a task is: at each quarter, and after ten seconds of silence; never as it begins or ends. */
export class Speaker {
  #quarter = 0
  #at: number

  /** Milliseconds. */
  constructor(begun: number) {
    this.#at = begun
  }

  /** Whether to speak now, of a task whose `share` is done. */
  isDue(now: number, share: number): boolean {
    const quarter = Math.floor(share / SPOKEN_EVERY)
    if (share >= 1 || (quarter <= this.#quarter && now - this.#at < SPOKEN_MS)) return false
    this.#quarter = Math.max(quarter, this.#quarter)
    this.#at = now
    return true
  }
}
