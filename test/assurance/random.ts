import { sha256 } from '../reference/merkle.ts'

/** A small generator (sfc32) whose whole state is a name: the same name, the same numbers, on any machine. */
export class Random {
  readonly #state: Uint32Array

  constructor(name: string) {
    const seed = sha256(new TextEncoder().encode(name))
    this.#state = new Uint32Array(seed.buffer.slice(0, 16))
  }

  /** 32 bits. */
  next(): number {
    const state = this.#state
    const [a, b, c, count] = [state[0]!, state[1]!, state[2]!, state[3]!]
    const result = (a + b + count) >>> 0
    state[3] = count + 1
    state[0] = b ^ (b >>> 9)
    state[1] = c + (c << 3)
    state[2] = ((c << 21) | (c >>> 11)) + result
    return result
  }

  /** 0 to n − 1; the bias of the remainder is no matter here. */
  below(n: number): number {
    return this.next() % n
  }

  /** `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True once in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === 0
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }

  /** Each item with even chance, in the order given. */
  some<Item>(items: readonly Item[]): Item[] {
    return items.filter(() => this.oneIn(2))
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next())
  }

  hex(bytes: number): string {
    return Buffer.from(this.bytes(bytes)).toString('hex')
  }
}
