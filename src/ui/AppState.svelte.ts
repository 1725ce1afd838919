import { createContext } from 'svelte'
import { ExchangeError } from '../core/errors.ts'
import { getIdentity, type Identity } from '../exchange/identity.ts'
import type { Instance } from '../exchange/instance.ts'
import { testEngine } from '../exchange/integrity.ts'
import { openFile, toFile, type Opened } from '../exchange/open.ts'
import type { Progress } from '../worker/protocol.ts'
import { parseHash, toHash, type PlaceName, type Route } from './route.ts'

/** Once what a person came for is on the screen. */
const ENGINE_TEST_MS = 1500

/** What is being opened just now. */
export interface Opening {
  readonly fileName: string
  readonly bytes: number
  readonly progress: Progress | null
  cancel(): void
}

/** What the whole app knows: where one is, who one is, what is open. Views ask the exchange layer for the rest. */
export class AppState {
  readonly instance: Instance
  /** Grows with every change of the store, in this tab or another: read it where data is loaded. */
  revision = $state(0)
  route = $state.raw<Route>(parseHash(location.hash))
  identity = $state.raw<Identity | null>(null)
  opening = $state.raw<Opening | null>(null)
  /** What was opened last, and is shown in its place. */
  opened = $state.raw<Opened | null>(null)
  /** Keys of the rows chosen by hand in Memories, for an export. */
  picked = $state.raw<ReadonlySet<string>>(new Set())
  /** Why the last thing could not be opened. */
  refusal = $state.raw<{ readonly error: unknown; readonly fileName: string } | null>(null)

  /** The self-test of this engine failed: what it says of a manifest may be false. */
  engineFails = $state(false)

  /** Asked before an address is followed; true: one stays where one is. For a form that leaving would empty. */
  guard: ((event: HashChangeEvent) => boolean) | null = null

  constructor(instance: Instance) {
    this.instance = instance
  }

  /** Follows the address and the store for as long as the app is shown. Answers how to stop. */
  start(): () => void {
    const onHash = (event: HashChangeEvent) => {
      if (this.guard?.(event) !== true) this.route = parseHash(location.hash)
    }
    if (location.hash === '') history.replaceState(null, '', toHash(this.route.place))
    addEventListener('hashchange', onHash)
    const stop = this.instance.changes.listen(() => void this.#refresh())
    void this.#refresh()
    const tested = setTimeout(() => void this.#testEngine(), ENGINE_TEST_MS)
    return () => {
      clearTimeout(tested)
      removeEventListener('hashchange', onHash)
      stop()
    }
  }

  go(place: PlaceName, ...path: readonly string[]): void {
    location.hash = toHash(place, ...path)
  }

  async openText(text: string): Promise<void> {
    await this.openFile(toFile(text))
  }

  /** Opens what was picked, dropped or pasted and goes to the place where it belongs. */
  async openFile(file: File): Promise<void> {
    const controller = new AbortController()
    const opening = {
      fileName: file.name,
      bytes: file.size,
      progress: null,
      cancel: () => controller.abort(),
    }
    this.opening?.cancel()
    this.opening = opening
    this.refusal = null
    const isCurrent = () => this.opening?.cancel === opening.cancel
    try {
      const opened = await openFile(this.instance, file, {
        signal: controller.signal,
        onProgress: (progress) => isCurrent() && (this.opening = { ...opening, progress }),
      })
      if (!isCurrent()) return closeOpened(opened)
      closeOpened(this.opened)
      this.opened = opened
      this.go(...placeOf(opened))
    } catch (error) {
      const cancelled = error instanceof ExchangeError && error.code === 'cancelled'
      if (isCurrent() && !cancelled) this.refusal = { error, fileName: file.name }
    } finally {
      if (isCurrent()) this.opening = null
    }
  }

  closeOpened(): void {
    closeOpened(this.opened)
    this.opened = null
  }

  async #testEngine(): Promise<void> {
    try {
      this.engineFails = (await testEngine(this.instance)).result === 'unreliable'
    } catch {
      // The worker is gone: what is asked of it next says so.
    }
  }

  async #refresh(): Promise<void> {
    this.identity = await getIdentity(this.instance)
    this.revision++
  }
}

export const [getApp, setApp] = createContext<AppState>()

function placeOf(opened: Opened): [PlaceName, string] {
  switch (opened.kind) {
    case 'manifest':
      return ['exchange', 'opened']
    case 'statement':
      return ['exchange', 'statement']
    case 'key':
      return ['peers', 'trust']
    case 'identity_backup':
      return ['identity', 'restore']
    case 'memories':
      return ['memories', 'open']
  }
}

function closeOpened(opened: Opened | null): void {
  if (opened?.kind === 'manifest') opened.manifest.close()
  if (opened?.kind === 'memories') opened.foreign.close()
}
