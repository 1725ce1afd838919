/** A list of 32-bit integers that grows by doubling. */
export class IntList {
  #values = new Int32Array(1024)
  length = 0

  push(value: number): void {
    if (this.length === this.#values.length) this.reserve(1)
    this.#values[this.length++] = value
  }

  /** Adds `count` times the same value. */
  fill(value: number, count: number): void {
    this.reserve(count)
    this.#values.fill(value, this.length, this.length + count)
    this.length += count
  }

  /** Makes room for so many more. */
  reserve(more: number): void {
    const length = this.length + more
    if (length <= this.#values.length) return
    const larger = new Int32Array(Math.max(length, 2 * this.#values.length))
    larger.set(this.#values)
    this.#values = larger
  }

  /** The value at `i`, which must be below `length`. */
  at(i: number): number {
    return this.#values[i]!
  }

  set(i: number, value: number): void {
    this.#values[i] = value
  }
}
