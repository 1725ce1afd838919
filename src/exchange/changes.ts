import { OtherTabs } from './other-tabs.ts'

/** News that the store has changed, to this tab and all others. It carries nothing: whoever hears it asks the store. */
export class Changes {
  readonly #others: OtherTabs
  readonly #listeners = new Set<() => void>()

  /** `name` of the database whose changes are told. */
  constructor(name: string, isFromDisk: boolean) {
    this.#others = new OtherTabs(name, isFromDisk, () => this.#tell())
  }

  announce(): void {
    this.#others.tell()
    this.#tell()
  }

  /** Answers how to stop listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#others.close()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
