import { tick } from 'svelte'
import { ExchangeError } from '../core/errors.ts'
import type { CallOptions } from '../worker/bridge.ts'
import type { Progress } from '../worker/protocol.ts'

/** A deed that takes its time: how far it is, and how a person ends it. */
export class Running {
  busy = $state(false)
  step = $state.raw<Progress | null>(null)
  /** A person ended the last one. */
  cancelled = $state(false)
  #controller: AbortController | null = null
  /** What had the focus as it began, and gets it back. */
  #begunAt: Element | null = null

  /**
   * Answers what the work answers; null if it was cancelled. Throws what else it throws. A cancelled page is free at
   * once, while the worker still clears away; a deed that was done before it heard of it is answered all the same.
   */
  async run<T>(work: (options: CallOptions) => Promise<T>): Promise<T | null> {
    const controller = new AbortController()
    const isCurrent = () => this.#controller === controller
    this.#controller = controller
    this.#begunAt = document.activeElement
    this.busy = true
    this.step = null
    this.cancelled = false
    const onProgress = (step: Progress) => void (isCurrent() && (this.step = step))
    try {
      const result = await work({ signal: controller.signal, onProgress })
      this.cancelled = false
      return result
    } catch (error) {
      if (error instanceof ExchangeError && error.code === 'cancelled') return null
      throw error
    } finally {
      if (isCurrent()) this.#end()
    }
  }

  cancel(): void {
    if (this.#controller === null) return
    this.#controller.abort()
    this.#end()
    this.cancelled = true
    void tick().then(() => this.#begunAt instanceof HTMLElement && this.#begunAt.focus())
  }

  #end(): void {
    this.#controller = null
    this.busy = false
  }
}
