import type { BrowserContext, Page } from '@playwright/test'

/**
 * The worker's words on their way to the page, one by one: what a page does while a long task runs can then be looked at on
 * a machine of any speed. The worker itself is not slowed, so that a cancel may well come too late for it.
 */
export class Dripping {
  readonly #page: Page

  private constructor(page: Page) {
    this.#page = page
  }

  /** Before the app is opened. */
  static async install(context: BrowserContext, page: Page): Promise<Dripping> {
    await context.addInitScript(dripInPage)
    return new Dripping(page)
  }

  /** From now on a message each `ms` that carries or follows progress; null: at once, and all that waited. */
  async every(ms: number | null): Promise<void> {
    await this.#page.evaluate((every) => (window as unknown as Tapped).tap.every(every), ms)
  }

  /** How many messages of progress there have been. */
  count(): Promise<number> {
    return this.#page.evaluate(() => (window as unknown as Tapped).tap.count)
  }
}

interface Tapped {
  tap: { count: number; every: (ms: number | null) => void }
}

function dripInPage(): void {
  type Listener = (event: MessageEvent<object>) => void
  const waiting: (() => void)[] = []
  let timer: number | undefined
  const tap = {
    count: 0,
    every(ms: number | null) {
      clearInterval(timer)
      timer = undefined
      if (ms !== null) timer = window.setInterval(() => waiting.shift()?.(), ms)
      else while (waiting.length > 0) waiting.shift()!()
    },
  }
  Object.assign(window, { tap })
  const listen = EventTarget.prototype.addEventListener
  Worker.prototype.addEventListener = function (this: Worker, type: string, listener: unknown) {
    const hear = (event: Event) => {
      const { data } = event as MessageEvent<object>
      const isProgress = typeof data === 'object' && 'progress' in data
      if (isProgress) tap.count++
      const pass = () => (listener as Listener).call(this, event as MessageEvent<object>)
      if (timer !== undefined && (isProgress || waiting.length > 0)) waiting.push(pass)
      else pass()
    }
    listen.call(this, type, type === 'message' ? hear : (listener as EventListener))
  }
}
