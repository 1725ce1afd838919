import { ByteList, concat, equalBytes } from './bytes.ts'

const LEAF_BYTES = 32
const BLOCK_BYTES = 1024 * 1024
/** From so many bytes on an array is kept as it is: to touch new memory costs more than to hash what is in it. */
const KEPT_BYTES = 64 * 1024

/** The leaves of a manifest in file order, in blocks: a list of millions is never moved, nor held twice. */
export class LeafList {
  readonly #blocks: Uint8Array<ArrayBuffer>[] = []
  /** Index of the first leaf of each block. */
  readonly #starts: number[] = []
  #last = new ByteList()
  #length = 0

  /** `leaves` are 32 bytes each; a large array must not be written to any more. */
  push(leaves: Uint8Array): void {
    if (leaves.length >= KEPT_BYTES) {
      this.#endBlock()
      // No memory here is shared.
      this.#keep(leaves as Uint8Array<ArrayBuffer>)
    } else {
      if (this.#last.length + leaves.length > BLOCK_BYTES) this.#endBlock()
      this.#last.push(leaves)
    }
    this.#length += leaves.length / LEAF_BYTES
  }

  #endBlock(): void {
    if (this.#last.length === 0) return
    this.#keep(this.#last.bytes)
    // A list that has filled one block will fill the most of the next.
    this.#last = new ByteList(this.#last.length >= BLOCK_BYTES - KEPT_BYTES ? BLOCK_BYTES : undefined)
  }

  #keep(block: Uint8Array<ArrayBuffer>): void {
    this.#starts.push(this.#keptLength)
    this.#blocks.push(block)
  }

  get #keptLength(): number {
    return (this.#starts.at(-1) ?? 0) + (this.#blocks.at(-1)?.length ?? 0) / LEAF_BYTES
  }

  /** How many leaves there are. */
  get length(): number {
    return this.#length
  }

  /** Leaf `index`, 32 bytes. */
  at(index: number): Uint8Array {
    const { block, start } = this.#blockOf(index)
    return leafOf(block, index - start)
  }

  /** Whether `leaves`, 32 bytes each, stand here one behind the other, from leaf `index` on. */
  holds(leaves: Uint8Array, index: number): boolean {
    for (let done = 0; done < leaves.length;) {
      const at = index + done / LEAF_BYTES
      if (at >= this.#length) return false
      const { block, start } = this.#blockOf(at)
      const part = block.subarray((at - start) * LEAF_BYTES).subarray(0, leaves.length - done)
      if (!equalBytes(part, leaves.subarray(done, done + part.length))) return false
      done += part.length
    }
    return true
  }

  #blockOf(index: number): { readonly block: Uint8Array; readonly start: number } {
    const kept = this.#keptLength
    if (index >= kept) return { block: this.#last.bytes, start: kept }
    let [low, high] = [0, this.#starts.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.#starts[middle]! <= index) low = middle
      else high = middle - 1
    }
    return { block: this.#blocks[low]!, start: this.#starts[low]! }
  }

  /** All of them, in arrays that come one behind the other. */
  get blocks(): readonly Uint8Array<ArrayBuffer>[] {
    return [...this.#blocks, this.#last.bytes]
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return concat(...this.blocks)
  }
}

function leafOf(block: Uint8Array, index: number): Uint8Array {
  return block.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES)
}
