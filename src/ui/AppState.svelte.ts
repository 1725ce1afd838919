import { createContext, tick } from 'svelte'
import { ExchangeError } from '../core/errors.ts'
import type { AgentCall, Agents } from '../exchange/agents.ts'
import { getIdentity, type Identity } from '../exchange/identity.ts'
import {
  createGivingWay,
  isInstance,
  requireStore,
  type Instance,
  type Verifier,
} from '../exchange/instance.ts'
import { testEngine } from '../exchange/integrity.ts'
import { lock } from '../exchange/lock.ts'
import type { VerifiedEnvelope } from '../exchange/manifest.ts'
import type { Opened } from '../exchange/open.ts'
import { listPeers, type Peer } from '../exchange/peers.ts'
import type { Progress } from '../worker/protocol.ts'
import type { AppCopy } from './AppCopy.svelte.ts'
import { arriveAtTitle } from './arrive.ts'
import { painted } from './painted.ts'
import { parseHash, toHash, type PlaceName, type Route } from './route.ts'

/** What a person does with the page, beside going elsewhere: not each of them comes with a key or a pointer. */
const USES = ['change', 'click', 'drop', 'keydown', 'paste', 'pointerdown', 'scroll', 'wheel'] as const
/** Once what a person came for is on the screen. */
const ENGINE_TEST_MS = 1500

/** What is smaller is open before anybody could read of it, as a rule; if not, that is seen after a moment. */
const LONG_BYTES = 50e6
const PATIENCE_MS = 300

/** A file that is being opened. */
export class Opening {
  readonly file: File
  /** The address one was at: there one is again if this comes to nothing. */
  readonly from: string
  progress = $state.raw<Progress | null>(null)
  /** Of a manifest, as soon as that is settled: who signed what. */
  signed = $state.raw<VerifiedEnvelope | null>(null)
  /** It takes long enough for a person to look at it. */
  isLong = $state(false)
  /** What is known of it by now has had the page. */
  isShown = false
  readonly #controller = new AbortController()

  constructor(file: File, from: string) {
    this.file = file
    this.from = from
    this.isLong = file.size >= LONG_BYTES
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  cancel(): void {
    this.#controller.abort()
  }
}

/** What the whole app knows: where one is, who one is, whom one knows, what is open. Views ask the exchange layer for the rest. */
export class AppState {
  /** What there is to verify with; with a store it is the instance. */
  readonly verifier: Verifier
  readonly copy: AppCopy
  /** Grows with every change of the store, in this tab or another: read it where data is loaded. */
  revision = $state(0)
  route = $state.raw<Route>(parseHash(location.hash))
  identity = $state.raw<Identity | null>(null)
  /** All peers, trusted and revoked, by label; null until they have been read. */
  peers = $state.raw<readonly Peer[] | null>(null)
  opening = $state.raw<Opening | null>(null)
  /** What was opened last, and is shown in its place. */
  opened = $state.raw<Opened | null>(null)
  /** The opening that led to it. */
  openedBy = $state.raw<Opening | null>(null)
  /** A manifest whose signature holds and whose memories are still being checked. */
  readonly checking = $derived(this.opening?.isLong && this.opening.signed !== null ? this.opening : null)
  /** Was checked while one was elsewhere, and waits. */
  arrived = $state.raw<Opening | null>(null)
  /** Was being opened until a person ended it. */
  cancelled = $state.raw<Opening | null>(null)
  /** Keys of the rows chosen by hand in Memories, for an export. */
  picked = $state.raw<ReadonlySet<string>>(new Set())
  /** Why the last thing could not be opened. */
  refusal = $state.raw<{ readonly error: unknown; readonly fileName: string } | null>(null)

  /** Of a locked identity: its key can be used now. */
  isUnlocked = $state(false)

  /** The self-test of this engine failed: what it says of a manifest may be false. */
  engineFails = $state(false)

  /** Asked before an address is followed; true: one stays where one is. For a form that leaving would empty. */
  guard: ((event: HashChangeEvent) => boolean) | null = null

  /** Null until they have come, and where nothing is kept. */
  agents = $state.raw<Agents | null>(null)
  /** They could not be loaded. */
  lacksAgents = $state(false)
  /** Of all tools called in this tab, newest first. */
  calls = $state.raw<readonly AgentCall[]>([])
  /** Where calls can come from. */
  ways = $state.raw<Agents['ways'] | null>(null)
  /** The first of the calls that wait for a person. */
  readonly asking = $derived(this.calls.findLast(({ state }) => state === 'asking') ?? null)
  readonly #loadAgents: (instance: Instance) => Promise<Agents>
  readonly #giveWay: () => void
  /** The address that `route` is of. */
  #followed = location.hash

  constructor(verifier: Verifier, copy: AppCopy, loadAgents: (instance: Instance) => Promise<Agents>) {
    this.verifier = verifier
    this.copy = copy
    this.#loadAgents = loadAgents
    this.#giveWay = createGivingWay(verifier)
  }

  /** Whether anything is kept here. Where not, the one thing to be done is to verify. */
  get keeps(): boolean {
    return isInstance(this.verifier)
  }

  /** For what is shown only where something is kept. */
  get instance(): Instance {
    return requireStore(this.verifier)
  }

  /** Follows the address and the store for as long as the app is shown. Answers how to stop. */
  start(): () => void {
    const onHash = (event: HashChangeEvent) => {
      // Where the app went it has followed already: whoever made it go did something else before.
      if (location.hash !== this.#followed) this.#onUse()
      if (this.guard?.(event) !== true) this.#followAddress()
    }
    if (location.hash === '') this.replace(this.route.place)
    addEventListener('hashchange', onHash)
    for (const type of USES) addEventListener(type, this.#onUse, { capture: true, passive: true })
    addEventListener('keydown', this.#lockByKey)
    const stop = this.#followStore()
    globalThis.launchQueue?.setConsumer(({ files }) => void this.#openLaunched(files))
    const tested = setTimeout(async () => {
      await this.#testEngine()
      // Where it has not come, a place that has not either tells of it.
      const opening = await loadOpening().catch(() => null)
      await opening?.prepareToOpen(this.verifier)
    }, ENGINE_TEST_MS)
    return () => {
      clearTimeout(tested)
      removeEventListener('hashchange', onHash)
      for (const type of USES) removeEventListener(type, this.#onUse, { capture: true })
      removeEventListener('keydown', this.#lockByKey)
      stop()
    }
  }

  go(place: PlaceName, ...path: readonly string[]): void {
    location.hash = toHash(place, ...path)
    // Its event comes some frames later; what has to be asked about it waits for that.
    if (this.guard === null) this.#followAddress()
  }

  /** The same, in the place of the step that one is at. */
  replace(place: PlaceName, ...path: readonly string[]): void {
    history.replaceState(null, '', toHash(place, ...path))
    this.#followAddress()
  }

  /** Files that the operating system hands to the installed app: one is opened, as from the page. */
  async #openLaunched([first]: readonly FileSystemFileHandle[]): Promise<void> {
    if (first === undefined) return
    this.#onUse()
    try {
      await this.openFile(await first.getFile())
    } catch (cause) {
      // Moved or taken away since it was chosen.
      const error = new ExchangeError('file_unreadable', '', {}, { cause })
      this.refusal = { error, fileName: first.name }
    }
  }

  async openText(text: string): Promise<void> {
    await this.openFile((await loadOpening()).toFile(text))
  }

  /** Opens what was picked, dropped or pasted and goes to the place where it belongs. */
  async openFile(file: File): Promise<void> {
    const opening = new Opening(file, this.#addressBefore())
    this.opening?.cancel()
    this.opening = opening
    this.refusal = this.arrived = this.cancelled = null
    const isCurrent = () => this.opening === opening
    const patience = setTimeout(() => isCurrent() && this.#showLong(opening), PATIENCE_MS)
    try {
      const { openFile } = await loadOpening()
      const opened = await openFile(this.verifier, file, {
        signal: opening.signal,
        onProgress: (progress) => isCurrent() && this.#follow(opening, progress),
      })
      if (!isCurrent()) return closeOpened(opened)
      closeOpened(this.opened)
      this.opened = opened
      this.openedBy = opening
      this.opening = null
      // Who went on with other things while it was checked is not taken from them.
      if (opening.isShown && !this.#isAtOpened) this.arrived = opening
      else this.go(...placeOf(opened))
    } catch (error) {
      const cancelled = error instanceof ExchangeError && error.code === 'cancelled'
      if (!isCurrent()) return
      if (!cancelled) this.refusal = { error, fileName: file.name }
      this.#endOpening(opening)
    } finally {
      clearTimeout(patience)
    }
  }

  /** Ends what is being opened. The page is free at once, and nothing of it is left. */
  cancelOpening(): void {
    const { opening } = this
    if (opening === null) return
    opening.cancel()
    this.cancelled = opening
    this.#endOpening(opening)
    void tick().then(arriveAtTitle)
  }

  closeOpened(): void {
    closeOpened(this.opened)
    this.opened = null
    this.openedBy = null
  }

  /** A person uses the page: it has the cores for a moment, and the key stays unlocked. */
  readonly #onUse = () => {
    this.#giveWay()
    if (isInstance(this.verifier)) this.verifier.heldKey.touch()
  }

  readonly #lockByKey = (event: KeyboardEvent) => {
    // By where the key is: with Option a Mac types another letter.
    if (event.code !== 'KeyL' || !event.altKey || event.ctrlKey || event.metaKey || !this.isUnlocked) return
    event.preventDefault()
    lock(this.instance)
  }

  #followLock(): void {
    const { fingerprint } = this.identity ?? {}
    this.isUnlocked = fingerprint !== undefined && this.instance.heldKey.get(fingerprint) !== null
  }

  #followAddress(): void {
    this.#followed = location.hash
    this.route = parseHash(location.hash)
    if (this.#isAtOpened) this.arrived = null
  }

  get #isAtOpened(): boolean {
    return this.route.place === 'exchange' && this.route.path[0] === 'opened'
  }

  /** Of an opening that takes the place of another, where one was before both. */
  #addressBefore(): string {
    const isInstead = this.opening?.isShown === true && this.#isAtOpened
    return isInstead ? this.opening!.from : location.hash
  }

  #follow(opening: Opening, progress: Progress): void {
    opening.progress = progress
    if (progress.signed === undefined) return
    opening.signed = progress.signed
    if (opening.isLong) this.#showLong(opening)
  }

  #showLong(opening: Opening): void {
    opening.isLong = true
    if (opening.signed === null || opening.isShown) return
    opening.isShown = true
    this.go('exchange', 'opened')
  }

  #endOpening(opening: Opening): void {
    this.opening = null
    if (!opening.isShown || !this.#isAtOpened) return
    location.replace(opening.from)
    if (this.guard === null) this.#followAddress()
  }

  async #testEngine(): Promise<void> {
    try {
      this.engineFails = (await testEngine(this.verifier)).result === 'unreliable'
    } catch {
      // The worker is gone: what is asked of it next says so.
    }
  }

  /** Never rejects: where they do not come, agents are not served, and the rest works. */
  async #followAgents(instance: Instance): Promise<void> {
    try {
      // Nobody waits for them to see the first list.
      await painted()
      const agents = await this.#loadAgents(instance)
      const look = () => {
        this.calls = agents.calls
        this.ways = agents.ways
      }
      agents.listen(look)
      look()
      this.agents = agents
    } catch {
      // The server is gone, or a later version has taken its place.
      this.lacksAgents = true
    }
  }

  #followStore(): () => void {
    const { verifier } = this
    if (!isInstance(verifier)) {
      // Nobody can be known here.
      this.peers = []
      return () => undefined
    }
    void this.#refresh(verifier)
    void this.#followAgents(verifier)
    const stops = [
      verifier.changes.listen(() => void this.#refresh(verifier)),
      verifier.heldKey.listen(() => this.#followLock()),
    ]
    return () => stops.forEach((stop) => stop())
  }

  async #refresh(instance: Instance): Promise<void> {
    try {
      const [identity, peers] = await Promise.all([getIdentity(instance), listPeers(instance)])
      this.identity = identity
      this.#followLock()
      this.peers = peers
    } catch {
      // The store is gone: what is asked of it next says so.
    }
    this.revision++
  }
}

/** It comes behind the page, with the places (`Behind`). */
const loadOpening = () => import('../exchange/open.ts')

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
    case 'archive':
      return ['identity', 'store']
    case 'memories':
      return ['memories', 'open']
  }
}

function closeOpened(opened: Opened | null): void {
  if (opened?.kind === 'manifest') opened.manifest.close()
  if (opened?.kind === 'memories') opened.foreign.close()
  if (opened?.kind === 'archive') opened.archive.close()
}
