import { untrack } from 'svelte'
import { ExchangeError } from '../../../core/errors.ts'
import {
  queryMemories,
  type MemoryFilter,
  type MemoryList,
  type MemoryRow,
} from '../../../exchange/memories.ts'
import type { CallOptions } from '../../../worker/bridge.ts'
import type { Progress } from '../../../worker/protocol.ts'
import { getApp } from '../../AppState.svelte.ts'

const PAGE = 50
const PAGES_KEPT = 24
const TRIES = 3

/**
 * The rows of a query, read a page at a time as they come into view. While a new query runs the old rows stay, and
 * the new ones take their place together with those in view, so that nothing flickers. Made while a component is
 * set up.
 */
export class MemoryRows {
  /** How many the query found; undefined before the first has ended. */
  count = $state<number | undefined>(undefined)
  /** What was asked, by the answer that is shown. */
  answered = $state.raw<MemoryFilter | undefined>(undefined)
  busy = $state(true)
  error = $state.raw<unknown>(undefined)
  /** A person ended the search: what is shown answers an earlier question. */
  stopped = $state(false)
  progress = $state.raw<Progress | null>(null)

  #version = $state(0)
  #again = $state(0)
  #list: MemoryList | null = null
  #pages = new Map<number, readonly MemoryRow[] | null>()
  #view: readonly [from: number, to: number] = [0, PAGE]
  #tries = 0
  #controller: AbortController | null = null

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
      return () => controller.abort()
    })
    $effect(() => () => this.#list?.close())
  }

  /** Row `at`; undefined while it is on its way. */
  row(at: number): MemoryRow | undefined {
    void this.#version
    return this.#pages.get(Math.floor(at / PAGE))?.[at % PAGE]
  }

  /** Rows `from` to `to` have come into view. */
  look(from: number, to: number): void {
    this.#view = [from, to]
    for (const page of pagesOf(from, to)) if (!this.#pages.has(page)) void this.#load(page)
    this.#forget()
  }

  /** Keys of the first `most` rows. */
  async keys(most: number): Promise<string[]> {
    const keys: string[] = []
    for (let from = 0; from < Math.min(most, this.count ?? 0); from += PAGE) {
      const rows = (await this.#list?.rows(from, Math.min(from + PAGE, most))) ?? []
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

  #options(controller: AbortController): CallOptions {
    const onProgress = (progress: Progress) => {
      if (!controller.signal.aborted) this.progress = progress
    }
    return { signal: controller.signal, onProgress }
  }

  async #ask(
    filter: MemoryFilter,
    query: (options: CallOptions) => Promise<MemoryList>,
    controller: AbortController,
  ): Promise<void> {
    const { signal } = controller
    this.busy = true
    this.stopped = false
    try {
      const list = await query(this.#options(controller))
      if (signal.aborted) return list.close()
      const pages = await this.#first(list)
      if (signal.aborted) return list.close()
      this.#list?.close()
      this.#list = list
      this.#pages = pages
      this.#tries = 0
      this.count = list.count
      this.error = undefined
      this.answered = filter
      this.#version++
      this.look(...this.#view)
    } catch (error) {
      if (!signal.aborted && !this.#tryAgain(error)) this.error = error
    } finally {
      if (!signal.aborted) {
        this.busy = false
        this.progress = null
      }
    }
  }

  /** The pages in view, of the list that is about to be shown. */
  async #first(list: MemoryList): Promise<Map<number, readonly MemoryRow[]>> {
    const [from, to] = this.#view
    const pages = new Map<number, readonly MemoryRow[]>()
    for (const page of new Set([0, ...pagesOf(from, Math.min(to, list.count))])) {
      pages.set(page, await list.rows(page * PAGE, (page + 1) * PAGE))
    }
    return pages
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
