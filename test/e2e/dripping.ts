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

  /** From now on a message of progress each `ms`, and the end not before it is released. */
  async drip(ms: number): Promise<void> {
    await this.#page.evaluate((every) => (window as unknown as Tapped).tap.drip(every), ms)
  }

  /** From now on `count` messages of progress, and nothing after them before it is released. */
  async hold(count: number): Promise<void> {
    await this.#page.evaluate((most) => (window as unknown as Tapped).tap.hold(most), count)
  }

  async release(): Promise<void> {
    await this.#page.evaluate(() => (window as unknown as Tapped).tap.release())
  }

  /** How many messages of progress there have been. */
  count(): Promise<number> {
    return this.#page.evaluate(() => (window as unknown as Tapped).tap.count)
  }
}

interface Tapped {
  tap: { count: number; drip: (ms: number) => void; hold: (most: number) => void; release: () => void }
}

function dripInPage(): void {
  interface Message {
    readonly event: Event
    readonly isProgress: boolean
    /** Of each that listens. */
    readonly passes: (() => void)[]
  }
  const waiting: Message[] = []
  let timer: number | undefined
  /** How many messages of progress may pass yet; null: everything passes. */
  let most: number | null = null
  /** A worker may have several who listen: each message is one to all of them. */
  let last: Event | null = null
  /** The task that is held: the first that reports. What others answer meanwhile passes. */
  let held: number | null = null

  function pass(): void {
    while (waiting.length > 0 && (most === null || (waiting[0]!.isProgress && most > 0))) {
      if (most !== null) most--
      for (const go of waiting.shift()!.passes) go()
    }
  }

  function open(count: number | null): void {
    clearInterval(timer)
    held = null
    most = null
    pass()
    most = count
  }

  const tap = {
    count: 0,
    hold: open,
    release: () => open(null),
    drip(ms: number) {
      open(1)
      timer = window.setInterval(() => {
        most = 1
        pass()
      }, ms)
    },
  }
  Object.assign(window, { tap })

  const listen = EventTarget.prototype.addEventListener
  Worker.prototype.addEventListener = function (this: Worker, type: string, listener: unknown) {
    const hear = (event: Event) => {
      const { data } = event as MessageEvent<{ readonly id: number } | string>
      const isReply = typeof data === 'object'
      const isProgress = isReply && 'progress' in data
      const isFirst = last !== event
      last = event
      if (isProgress && isFirst) tap.count++
      if (isProgress && most !== null) held ??= data.id
      const go = () => (listener as (event: Event) => void).call(this, event)
      const same = waiting.find((each) => each.event === event)
      if (same !== undefined) return void same.passes.push(go)
      if (!isFirst || most === null || !isReply || data.id !== held) return go()
      waiting.push({ event, isProgress, passes: [go] })
      pass()
    }
    listen.call(this, type, type === 'message' ? hear : (listener as EventListener))
  }
}
