import type { CopyRequest } from '../sw-messages.ts'
import { changesSince } from './changes.ts'

/** A newer version, kept whole beside the one in use. */
export interface Waiting {
  /** What is new in it; empty where it does not say. */
  readonly changes: readonly string[]
  readonly copy: ServiceWorker
}

/** Under which the version in use is noted while the page is loaded anew. */
const ASKED = 'omega-asked'

/**
 * The copy of the app that this browser keeps, by which it opens without its server. A browser that keeps one asks for a
 * newer one by itself at each opening, and no page can forbid it that: who does not want to ask has no copy.
 */
export class AppCopy {
  /** `unknown` while it is being made, `declined` where a person wants none. */
  state = $state<'unknown' | 'kept' | 'none' | 'declined'>('unknown')
  waiting = $state.raw<Waiting | null>(null)
  /** In how many other tabs the version in use was open when the newer one was asked for. */
  others = $state(0)
  /** What `ask` found, told by the page that came of it. */
  readonly answer: 'same' | 'newer' | null = answerTo(takeAsked())
  readonly #script: string
  #wanted: boolean | null = null

  /** `script` makes the copy. */
  constructor(script: string) {
    this.#script = script
  }

  /** Has the browser keep a copy from now on, or none from the next opening on. Never throws: see `state`. */
  async settle(keeps: boolean): Promise<void> {
    // The one file is its own copy, and has no part for this.
    if (import.meta.env.MODE === 'single') return
    if (keeps === this.#wanted) return
    this.#wanted = keeps
    await (keeps ? this.#keep() : this.#drop())
  }

  /** Without a copy: loads the page anew, which is how its server is asked. See `answer` there. */
  ask(): void {
    sessionStorage.setItem(ASKED, versionHere())
    location.reload()
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

  async #keep(): Promise<void> {
    this.state = 'unknown'
    try {
      const { Workbox } = await import('workbox-window')
      const worker = new Workbox(this.#script)
      worker.addEventListener('waiting', ({ sw }) => void this.#offer(sw))
      worker.addEventListener('redundant', () => {
        if (this.state === 'unknown') this.state = 'none'
      })
      await worker.register()
      await navigator.serviceWorker.ready
      // Somebody may have thought better of it meanwhile.
      if (this.#wanted === true) this.state = 'kept'
      else await this.#drop()
    } catch {
      this.state = 'none'
    }
  }

  /** A page that was opened from the copy goes on with it; its files go when the next one was opened without. */
  async #drop(): Promise<void> {
    this.state = 'declined'
    this.waiting = null
    try {
      const scope = new URL('./', document.baseURI).href
      const registration = await navigator.serviceWorker.getRegistration(scope)
      // A page further up may have one of its own.
      if (registration?.scope === scope) await registration.unregister()
      if (navigator.serviceWorker.controller !== null) return
      for (const name of await caches.keys())
        if (name.startsWith('workbox-precache') && name.endsWith(`-${scope}`)) await caches.delete(name)
    } catch {
      // Where a browser has no service workers, it keeps nothing.
    }
  }

  async #offer(copy: ServiceWorker | undefined): Promise<void> {
    if (copy === undefined) return
    const theirs = await ask<string>(copy, { type: 'changelog' })
    const { default: ours } = await import('../../CHANGELOG.md?raw')
    if (this.#wanted === true) this.waiting = { copy, changes: changesSince(theirs, ours) }
  }
}

/** The files that the page names; their names have the hash of what is in them. */
function versionHere(): string {
  const named = document.querySelectorAll<HTMLElement>('script[src], link[rel="stylesheet"]')
  return [...named].map((each) => each.getAttribute('src') ?? each.getAttribute('href')).join(' ')
}

function takeAsked(): string | null {
  try {
    const asked = sessionStorage.getItem(ASKED)
    sessionStorage.removeItem(ASKED)
    return asked
  } catch {
    // Blocked with all else that a browser could keep.
    return null
  }
}

function answerTo(asked: string | null): 'same' | 'newer' | null {
  if (asked === null) return null
  return asked === versionHere() ? 'same' : 'newer'
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
