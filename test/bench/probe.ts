/** What is timed in the page, by the page's own clock. */
export interface Probe {
  /**
   * From the next event of type `begin` until `done` or `failed` (selectors) stands in the page. The text of `done` must
   * be another than `unlike` and hold `including`, where given; while `busy` stands there, it is not done.
   */
  arm(deed: Deed): void
  /** Answers once what was armed for has ended and been painted. */
  ended(): Promise<Timed>
  /** Frames and answers to input from now on. */
  watch(): void
  /** Since `watch`. */
  watched(): Promise<Watched>
}

export interface Deed {
  readonly begin: 'change' | 'click' | 'input' | 'keydown'
  readonly done: string
  readonly failed?: string
  readonly unlike?: string
  readonly including?: string
  readonly busy?: string
}

export interface Timed {
  readonly ok: boolean
  /** Of what was done or failed. */
  readonly text: string
  /** Milliseconds since 1970, on the clock that page and workers share. */
  readonly began: number
  readonly shown: number
  readonly painted: number
  /** Of the tasks over 50 ms in between, the longest; 0 if there is none. */
  readonly longestTask: number
}

export interface Watched {
  /** From each key to the end of the frame that follows it. */
  readonly answers: readonly number[]
  /** Between frames. */
  readonly gaps: readonly number[]
  readonly longestTask: number
}

/** Runs in the page, before the app. */
export function installProbe(): void {
  const now = () => performance.timeOrigin + performance.now()
  const tasks: { readonly start: number; readonly end: number }[] = []
  const observer = new PerformanceObserver((list) => note(list.getEntries()))
  observer.observe({ type: 'longtask', buffered: true })
  function note(entries: PerformanceEntryList): void {
    for (const { startTime, duration } of entries) {
      const start = performance.timeOrigin + startTime
      tasks.push({ start, end: start + duration })
    }
  }

  /** Runs once the frame that is due has been painted: a message is handled after the frame's own work. */
  const afterFrame = (work: () => void) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = work
      port2.postMessage(null)
    })

  let deed: Deed | null = null
  let began = 0
  let result: Promise<Timed> | null = null
  let resolve: (timed: Timed) => void = () => undefined

  for (const type of ['change', 'click', 'input', 'keydown']) {
    addEventListener(type, (event) => deed?.begin === event.type && began === 0 && (began = now()), true)
  }

  function look(): void {
    if (deed === null || began === 0) return
    if (deed.busy !== undefined && document.querySelector(deed.busy) !== null) return
    const done = document.querySelector(deed.done)
    const text = done?.textContent?.trim() ?? ''
    const isDone = done !== null && text !== deed.unlike && text.includes(deed.including ?? '')
    const failed = deed.failed === undefined ? null : document.querySelector(deed.failed)
    if (!isDone && failed === null) return
    const shown = now()
    const [start, said] = [began, isDone ? text : (failed?.textContent?.trim() ?? '')]
    deed = null
    afterFrame(async () => {
      const painted = now()
      const longestTask = await longestBetween(start, painted)
      resolve({ ok: isDone, text: said, began: start, shown, painted, longestTask })
    })
  }

  async function longestBetween(start: number, end: number): Promise<number> {
    // Long tasks are told of a little later than they end.
    await new Promise((told) => setTimeout(told, 150))
    note(observer.takeRecords())
    const long = tasks.filter((task) => task.end > start && task.start < end)
    return Math.max(0, ...long.map((task) => task.end - task.start))
  }

  let watching = false
  let since = 0
  let answers: number[] = []
  let gaps: number[] = []
  let last = 0
  addEventListener(
    'keydown',
    ({ timeStamp }) => watching && afterFrame(() => answers.push(performance.now() - timeStamp)),
    true,
  )
  function frame(time: number): void {
    if (!watching) return
    if (last !== 0) gaps.push(time - last)
    last = time
    requestAnimationFrame(frame)
  }

  const probe: Probe = {
    arm(next) {
      deed = next
      began = 0
      result = new Promise((settle) => (resolve = settle))
    },
    ended: () => result ?? Promise.reject(new Error('nothing was armed')),
    watch() {
      ;[answers, gaps, last, since, watching] = [[], [], 0, now(), true]
      requestAnimationFrame(frame)
    },
    async watched() {
      watching = false
      return { answers, gaps, longestTask: await longestBetween(since, now()) }
    },
  }
  Reflect.set(globalThis, '__bench', probe)
  document.addEventListener('DOMContentLoaded', () => {
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ['aria-busy', 'hidden'],
    })
  })
}
