/** News that the store has changed, to this tab and all others. It carries nothing: whoever hears it asks the store. */
export class Changes {
  readonly #channel: BroadcastChannel
  readonly #listeners = new Set<() => void>()

  /** `name` of the database whose changes are told. */
  constructor(name: string) {
    this.#channel = new BroadcastChannel(name)
    this.#channel.addEventListener('message', () => this.#tell())
  }

  announce(): void {
    this.#channel.postMessage(null)
    this.#tell()
  }

  /** Answers how to stop listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#channel.close()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
