import { untrack } from 'svelte'
import { ExchangeError } from '../../../core/errors.ts'
import {
  queryMemories,
  type MemoryFilter,
  type MemoryList,
  type MemoryRow,
  type QueryOptions,
} from '../../../exchange/memories.ts'
import type { Progress } from '../../../worker/protocol.ts'
import { getApp } from '../../AppState.svelte.ts'

/** What a small screen shows. Each row lies elsewhere: all that is read beyond what is in view is waited for. */
const PAGE = 8
const PAGES_KEPT = 150
/** Rows whose keys are asked for at once. */
const KEYS = 200
const TRIES = 3

/**
 * The rows of a query, read a page at a time as they come into view. While a new query runs the old rows stay, until
 * the first of the new take their place together with those in view, so that nothing flickers. Made while a component
 * is set up.
 */
export class MemoryRows {
  /** How many the query found, so far if it is `partial`; undefined before the first has answered. */
  count = $state<number | undefined>(undefined)
  /** What was asked, by the answer that is shown. */
  answered = $state.raw<MemoryFilter | undefined>(undefined)
  /** What is shown is not all there is: a search is under way, or was ended. */
  partial = $state(false)
  busy = $state(true)
  error = $state.raw<unknown>(undefined)
  /** A person ended the search. */
  stopped = $state(false)
  progress = $state.raw<Progress | null>(null)

  #version = $state(0)
  #again = $state(0)
  #list: MemoryList | null = null
  /** What a search has found, before any of it is shown. */
  #coming: MemoryList | null = null
  #pages = new Map<number, readonly MemoryRow[] | null>()
  #view: readonly [from: number, to: number] = [0, PAGE]
  #tries = 0
  #controller: AbortController | null = null
  #isReading = false

  constructor(asked: () => MemoryFilter) {
    const app = getApp()
    $effect(() => {
      void app.revision
      void this.#again
      const filter = asked()
      const controller = new AbortController()
      this.#controller = controller
      untrack(
        () => void this.#ask(filter, (options) => queryMemories(app.instance, filter, options), controller),
      )
      return () => {
        controller.abort()
        this.#coming?.close()
        this.#coming = null
      }
    })
    $effect(() => () => this.#list?.close())
  }

  /** Row `at`; undefined while it is on its way. */
  row(at: number): MemoryRow | undefined {
    void this.#version
    return this.#pages.get(Math.floor(at / PAGE))?.[at % PAGE]
  }

  /** Rows `from` to `to` have come into view. A page before and after them is read too. */
  look(from: number, to: number): void {
    this.#view = [from, to]
    const near = pagesOf(Math.max(0, from - PAGE), to + PAGE)
    for (const page of [...pagesOf(from, to), ...near]) if (!this.#pages.has(page)) void this.#load(page)
    this.#forget()
  }

  /** Keys of the first `most` rows. */
  async keys(most: number): Promise<string[]> {
    const keys: string[] = []
    for (let from = 0; from < Math.min(most, this.count ?? 0); from += KEYS) {
      const rows = (await this.#list?.rows(from, Math.min(from + KEYS, most))) ?? []
      keys.push(...rows.map(({ key }) => key))
    }
    return keys
  }

  cancel(): void {
    this.#controller?.abort()
    this.stopped = true
    this.busy = false
    this.progress = null
  }

  again(): void {
    this.#again++
  }

  #options(filter: MemoryFilter, controller: AbortController): QueryOptions {
    const { signal } = controller
    return {
      signal,
      first: this.#firstRows(),
      onProgress: (progress) => {
        if (!signal.aborted) this.progress = progress
      },
      onFound: (list) => void this.#showSome(list, filter, signal),
    }
  }

  async #ask(
    filter: MemoryFilter,
    query: (options: QueryOptions) => Promise<MemoryList>,
    controller: AbortController,
  ): Promise<void> {
    const { signal } = controller
    this.busy = true
    this.stopped = false
    try {
      const list = await query(this.#options(filter, controller))
      const { count } = list
      const pages = await this.#first(list).catch((error: unknown) => {
        this.#drop(list)
        throw error
      })
      if (signal.aborted) return this.#drop(list)
      this.partial = false
      this.#show(list, count, pages, filter)
      this.#tries = 0
    } catch (error) {
      if (!signal.aborted && !this.#tryAgain(error)) this.error = error
    } finally {
      if (!signal.aborted) {
        this.busy = false
        this.progress = null
      }
    }
  }

  /** What a search has found so far. What comes while the one before it is still read is passed over. */
  async #showSome(list: MemoryList, filter: MemoryFilter, signal: AbortSignal): Promise<void> {
    if (list !== this.#list) this.#coming = list
    if (this.#isReading) return
    this.#isReading = true
    try {
      const { count } = list
      const pages = await this.#first(list)
      if (signal.aborted || !this.busy) return
      this.#show(list, count, pages, filter)
      this.partial = true
    } catch {
      // The search itself will tell.
    } finally {
      this.#isReading = false
    }
  }

  #show(
    list: MemoryList,
    count: number,
    pages: Map<number, readonly MemoryRow[]>,
    filter: MemoryFilter,
  ): void {
    if (this.#list !== list) this.#list?.close()
    if (this.#coming === list) this.#coming = null
    this.#list = list
    this.#pages = pages
    this.count = count
    this.error = undefined
    this.answered = filter
    this.#version++
    this.look(...this.#view)
  }

  /** A list that came too late, or cannot be read. */
  #drop(list: MemoryList): void {
    if (this.#list !== list) list.close()
  }

  /** Of a list that is about to be shown, the first pages and those in view. */
  async #first(list: MemoryList): Promise<Map<number, readonly MemoryRow[]>> {
    const inView = pagesOf(...this.#view)
    const first = await list.rows(0, this.#firstRows())
    const pages = new Map(
      pagesOf(0, first.length).map((page) => [page, first.slice(page * PAGE, (page + 1) * PAGE)]),
    )
    for (const page of inView)
      if (!pages.has(page) && page * PAGE < list.count)
        pages.set(page, await list.rows(page * PAGE, (page + 1) * PAGE))
    return pages
  }

  /** How many rows are asked for together with the list: those in view if it is seen from its beginning. */
  #firstRows(): number {
    const [from, to] = this.#view
    return PAGE * (from < PAGE ? pagesOf(0, to).length : 1)
  }

  async #load(page: number): Promise<void> {
    const list = this.#list
    if (list === null || page * PAGE >= list.count) return
    const pages = this.#pages
    pages.set(page, null)
    try {
      const rows = await list.rows(page * PAGE, (page + 1) * PAGE)
      if (this.#pages !== pages) return
      pages.set(page, rows)
      this.#version++
    } catch (error) {
      pages.delete(page)
      if (this.#pages === pages && !this.#tryAgain(error)) this.error = error
    }
  }

  /** Lines were taken out, or the worker died: the same is asked once more, but not without end. */
  #tryAgain(error: unknown): boolean {
    const isOld =
      error instanceof ExchangeError && (error.code === 'list_outdated' || error.code === 'worker_lost')
    if (!isOld || ++this.#tries > TRIES) return false
    this.#again++
    return true
  }

  /** Keeps the pages nearest to what is in view. */
  #forget(): void {
    if (this.#pages.size <= PAGES_KEPT) return
    const middle = (this.#view[0] + this.#view[1]) / 2 / PAGE
    const far = [...this.#pages.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle))
    for (const page of far.slice(0, this.#pages.size - PAGES_KEPT)) this.#pages.delete(page)
  }
}

function pagesOf(from: number, to: number): number[] {
  const first = Math.floor(from / PAGE)
  const last = Math.floor(Math.max(from, to - 1) / PAGE)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
