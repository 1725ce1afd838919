import { Session, type Client, type Terms } from './session.ts'
import type { Tab } from './tab.ts'

export const MOST_SESSIONS = 64
const MOST_WAITING_BYTES = 64 * 1024 * 1024

/** Between clients and the one tab. It carries messages and knows nothing of tools. */
export class Relay {
  readonly #sessions = new Map<string, Session>()
  readonly #terms: Terms
  #tab: Tab | null = null

  constructor(terms: Omit<Terms, 'room'>) {
    this.#terms = { ...terms, room: { free: MOST_WAITING_BYTES } }
  }

  get tab(): Tab | null {
    return this.#tab
  }

  /** Null if there are too many. */
  open(client: Client): Session | null {
    if (this.#sessions.size >= MOST_SESSIONS) return null
    const session = new Session(client, this.#terms)
    this.#sessions.set(session.id, session)
    if (this.#tab !== null) session.attach(this.#tab)
    return session
  }

  session(id: string): Session | undefined {
    return this.#sessions.get(id)
  }

  close(session: Session): void {
    if (this.#sessions.delete(session.id)) session.end()
  }

  /** From here on this is the tab; one before it is told. */
  take(tab: Tab): void {
    const earlier = this.#tab
    if (earlier !== null) {
      earlier.write({ displaced: true })
      this.#leave(earlier)
      void earlier.end()
    }
    this.#tab = tab
    tab.onClose(() => this.#leave(tab))
    for (const session of this.#sessions.values()) session.attach(tab)
  }

  #leave(tab: Tab): void {
    if (this.#tab !== tab) return
    this.#tab = null
    for (const session of this.#sessions.values()) session.detach()
  }

  /** Ends what the tab reads, once it has what was written. */
  async end(): Promise<void> {
    await this.#tab?.end()
  }
}
