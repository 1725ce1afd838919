import { OtherTabs } from './other-tabs.ts'

/**
 * The private key of a locked identity while it is unlocked: in the memory of this tab and nowhere else. Locked by a
 * person in one tab it is locked in all; idle, each locks itself. No other tab is ever given the key.
 */
export class HeldKey {
  readonly #now: () => number
  readonly #others: OtherTabs
  readonly #listeners = new Set<() => void>()
  #held: { readonly fingerprint: string; readonly key: CryptoKey; readonly idleMs: number } | null = null
  #ends = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `name` of the database; `now` in milliseconds. */
  constructor(name: string, isFromDisk: boolean, now: () => number) {
    this.#now = now
    this.#others = new OtherTabs(`${name}-lock`, isFromDisk, () => this.#drop())
  }

  /** Holds the key until it was not used for `idleMs`, or is locked. */
  hold(fingerprint: string, key: CryptoKey, idleMs: number): void {
    this.#held = { fingerprint, key, idleMs }
    this.#ends = this.#now() + idleMs
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), idleMs)
    this.#tell()
  }

  /** The key of that fingerprint; null while it is locked. */
  get(fingerprint: string): CryptoKey | null {
    // A machine that slept had no timers. Another tab may be in use: it is not locked with this one.
    if (this.#held !== null && this.#now() >= this.#ends) this.#drop()
    return this.#held?.fingerprint === fingerprint ? this.#held.key : null
  }

  /** Somebody is at work here: the time runs anew. Cheap enough for each key that is pressed. */
  touch(): void {
    if (this.#held === null || this.get(this.#held.fingerprint) === null) return
    this.#ends = this.#now() + this.#held.idleMs
  }

  /** Forgets the key, in all tabs. */
  lock(): void {
    this.#others.tell()
    this.#drop()
  }

  /** Tells of each unlocking and locking. Answers how to stop listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#drop()
    this.#others.close()
  }

  #look(): void {
    if (this.#held === null || this.get(this.#held.fingerprint) === null) return
    this.#timer = setTimeout(() => this.#look(), this.#ends - this.#now())
  }

  #drop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#ends = 0
    if (this.#held === null) return
    this.#held = null
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
