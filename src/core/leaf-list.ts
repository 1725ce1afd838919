import { ByteList, concat } from './bytes.ts'

const LEAF_BYTES = 32
const BLOCK_LEAVES = 32 * 1024
const BLOCK_BYTES = BLOCK_LEAVES * LEAF_BYTES

/** The leaves of a manifest in file order, in blocks: a list of millions is never moved, nor held twice. */
export class LeafList {
  readonly #blocks: Uint8Array<ArrayBuffer>[] = []
  #last = new ByteList()

  /** `leaves` are 32 bytes each. */
  push(leaves: Uint8Array): void {
    for (let at = 0; at < leaves.length;) {
      const part = leaves.subarray(at, at + BLOCK_BYTES - this.#last.length)
      this.#last.push(part)
      at += part.length
      if (this.#last.length < BLOCK_BYTES) continue
      this.#blocks.push(this.#last.bytes)
      // A list that has filled one block will fill the most of the next.
      this.#last = new ByteList(BLOCK_BYTES)
    }
  }

  /** How many leaves there are. */
  get length(): number {
    return this.#blocks.length * BLOCK_LEAVES + this.#last.length / LEAF_BYTES
  }

  /** Leaf `index`, 32 bytes. */
  at(index: number): Uint8Array {
    const block = this.#blocks[Math.floor(index / BLOCK_LEAVES)] ?? this.#last.bytes
    const from = (index % BLOCK_LEAVES) * LEAF_BYTES
    return block.subarray(from, from + LEAF_BYTES)
  }

  /** All of them, in arrays that come one behind the other. */
  get blocks(): readonly Uint8Array<ArrayBuffer>[] {
    return [...this.#blocks, this.#last.bytes]
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return concat(...this.blocks)
  }
}
