/** Something that is told when it changes; waits for conditions, never for times. */
export class Waiting {
  readonly #waiting = new Set<() => void>()

  tell(): void {
    for (const each of [...this.#waiting]) each()
  }

  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }
}
