/**
 * A word to the other tabs of the same store, which carries nothing. From disk it is said twice: there a channel of
 * WebKit's reaches nobody (seen in WebKitGTK 2.50), and its storage events do.
 */
export class OtherTabs {
  readonly #name: string
  readonly #isFromDisk: boolean
  readonly #hear: () => void
  readonly #channel: BroadcastChannel

  constructor(name: string, isFromDisk: boolean, hear: () => void) {
    this.#name = name
    this.#isFromDisk = isFromDisk
    this.#hear = hear
    this.#channel = new BroadcastChannel(name)
    this.#channel.addEventListener('message', hear)
    if (isFromDisk) addEventListener('storage', this.#look)
  }

  tell(): void {
    this.#channel.postMessage(null)
    if (!this.#isFromDisk) return
    try {
      localStorage.setItem(this.#name, '')
      localStorage.removeItem(this.#name)
    } catch {
      // Where it is forbidden the channel has to do.
    }
  }

  close(): void {
    this.#channel.close()
    removeEventListener('storage', this.#look)
  }

  readonly #look = ({ key, newValue }: StorageEvent): void => {
    if (key === this.#name && newValue !== null) this.#hear()
  }
}
