const KEY_BYTES = 32
const EMPTY = -1
/** Others choose what is hashed: by trying, they would find keys that all want one slot, and each would pass all before it. */
const SECRET = crypto.getRandomValues(new Uint32Array(4))

/** Set of 32-byte keys, each with a number counted from 0 in the order of adding: 40 bytes a key at a million. */
export class ByteTable {
  #keys = new Uint8Array(1024 * KEY_BYTES)
  #slots = new Int32Array(2048).fill(EMPTY)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Number of the key that starts at `at` in `bytes`; -1 if it is not here. */
  find(bytes: Uint8Array, at = 0): number {
    return this.#slots[this.#slotOf(bytes, at)]!
  }

  /** As `find`, adding the key if it is not here. */
  add(bytes: Uint8Array, at = 0): number {
    const slot = this.#slotOf(bytes, at)
    const known = this.#slots[slot]!
    if (known !== EMPTY) return known
    if ((this.#size + 1) * KEY_BYTES > this.#keys.length) this.#keys = grown(this.#keys)
    this.#keys.set(bytes.subarray(at, at + KEY_BYTES), this.#size * KEY_BYTES)
    this.#slots[slot] = this.#size
    this.#size++
    if (this.#size * 2 > this.#slots.length) this.#rehash()
    return this.#size - 1
  }

  /** The key with number `n`. */
  keyAt(n: number): Uint8Array {
    return this.#keys.subarray(n * KEY_BYTES, (n + 1) * KEY_BYTES)
  }

  /** Slot where the key stands or would stand. The whole key is compared. */
  #slotOf(bytes: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1
    let slot = mixed(bytes, at) & mask
    for (let n = this.#slots[slot]!; n !== EMPTY && !this.#holds(n, bytes, at); n = this.#slots[slot]!) {
      slot = (slot + 1) & mask
    }
    return slot
  }

  #holds(n: number, bytes: Uint8Array, at: number): boolean {
    const start = n * KEY_BYTES
    for (let i = 0; i < KEY_BYTES; i++) if (this.#keys[start + i] !== bytes[at + i]) return false
    return true
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(EMPTY)
    for (let n = 0; n < this.#size; n++) this.#slots[this.#slotOf(this.#keys, n * KEY_BYTES)] = n
  }
}

/** 32 bits of the key's first eight bytes, which nobody outside can foretell. */
function mixed(bytes: Uint8Array, at: number): number {
  const sum =
    Math.imul(wordAt(bytes, at) ^ SECRET[0]!, SECRET[1]! | 1) +
    Math.imul(wordAt(bytes, at + 4) ^ SECRET[2]!, SECRET[3]! | 1)
  const folded = Math.imul(sum ^ (sum >>> 16), 0x45d9f3b)
  return folded ^ (folded >>> 15)
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function grown(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length)
  larger.set(bytes)
  return larger
}
