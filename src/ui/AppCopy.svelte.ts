import type { CopyRequest } from '../sw-messages.ts'
import { changesSince } from './changes.ts'

/** A newer version, kept whole beside the one in use. */
export interface Waiting {
  /** What is new in it; empty where it does not say. */
  readonly changes: readonly string[]
  readonly copy: ServiceWorker
}

/** The copy of the app that this browser keeps, by which it opens without its server. */
export class AppCopy {
  /** `unknown` while it is being made. */
  state = $state<'unknown' | 'kept' | 'none'>('unknown')
  waiting = $state.raw<Waiting | null>(null)
  /** In how many other tabs the version in use was open when the newer one was asked for. */
  others = $state(0)

  /** Has the browser keep the copy that `script` makes, from now on. Never throws: without one the app needs its server. */
  async keep(script: string): Promise<void> {
    // The one file is its own copy, and has no part for this.
    if (import.meta.env.MODE === 'single') return
    try {
      const { Workbox } = await import('workbox-window')
      const worker = new Workbox(script)
      worker.addEventListener('waiting', ({ sw }) => void this.#offer(sw))
      worker.addEventListener('redundant', () => {
        if (this.state === 'unknown') this.state = 'none'
      })
      await worker.register()
      await navigator.serviceWorker.ready
      this.state = 'kept'
    } catch {
      this.state = 'none'
    }
  }

  /** Loads the page anew with the version that waits, unless another tab has the one before it. */
  async replace(): Promise<void> {
    const copy = this.waiting?.copy
    if (copy === undefined) return
    const reload = () => location.reload()
    navigator.serviceWorker.addEventListener('controllerchange', reload, { once: true })
    this.others = await ask<number>(copy, { type: 'replace' })
    if (this.others > 0) navigator.serviceWorker.removeEventListener('controllerchange', reload)
  }

  async #offer(copy: ServiceWorker | undefined): Promise<void> {
    if (copy === undefined) return
    const theirs = await ask<string>(copy, { type: 'changelog' })
    const { default: ours } = await import('../../CHANGELOG.md?raw')
    this.waiting = { copy, changes: changesSince(theirs, ours) }
  }
}

function ask<Answer>(copy: ServiceWorker, request: CopyRequest): Promise<Answer> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => {
      port1.close()
      resolve(data as Answer)
    }
    copy.postMessage(request, [port2])
  })
}
