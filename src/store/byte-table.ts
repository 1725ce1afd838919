const KEY_BYTES = 32
const KEY_WORDS = KEY_BYTES / 4
const EMPTY = -1
/** Others choose what is hashed: by trying, they would find keys that all want one slot, and each would pass all before it. */
const SECRET = crypto.getRandomValues(new Uint32Array(4))

/** Set of 32-byte keys, each with a number counted from 0 in the order of adding: 48 bytes a key at a million. */
export class ByteTable {
  #words = new Uint32Array(1024 * KEY_WORDS)
  /** Two words a slot: what was mixed of a key, and its number. Side by side, for a look costs what fetching it from memory costs. */
  #slots = new Int32Array(2 * 2048).fill(EMPTY)
  #size = 0
  readonly #asked = new Uint8Array(KEY_BYTES)
  readonly #askedWords = new Uint32Array(this.#asked.buffer)

  get size(): number {
    return this.#size
  }

  /** Number of the key that starts at `at` in `bytes`; -1 if it is not here. */
  find(bytes: Uint8Array, at = 0): number {
    for (let i = 0; i < KEY_BYTES; i++) this.#asked[i] = bytes[at + i]!
    return this.#slots[2 * this.#slotOf(mixed(this.#askedWords, 0), this.#askedWords, 0) + 1]!
  }

  /** As `find`, adding the key if it is not here. */
  add(bytes: Uint8Array, at = 0): number {
    for (let i = 0; i < KEY_BYTES; i++) this.#asked[i] = bytes[at + i]!
    this.reserve(1)
    return this.#add(this.#askedWords, 0)
  }

  /** As `add`, of keys that stand one behind the other; their numbers. */
  addAll(bytes: Uint8Array): Int32Array {
    const count = bytes.length / KEY_BYTES
    const isAligned = bytes.byteOffset % 4 === 0
    const { buffer, byteOffset } = isAligned ? bytes : bytes.slice()
    const words = new Uint32Array(buffer, byteOffset, count * KEY_WORDS)
    const numbers = new Int32Array(count)
    this.reserve(count)
    for (let n = 0; n < count; n++) numbers[n] = this.#add(words, n * KEY_WORDS)
    return numbers
  }

  /** Makes room for so many more keys: at once it takes half as long as step by step. */
  reserve(more: number): void {
    const size = this.#size + more
    if (size * KEY_WORDS > this.#words.length) {
      const larger = new Uint32Array(Math.max(size * KEY_WORDS, 2 * this.#words.length))
      larger.set(this.#words.subarray(0, this.#size * KEY_WORDS))
      this.#words = larger
    }
    let slots = this.#slots.length / 2
    while (2 * size > slots) slots *= 2
    if (2 * slots > this.#slots.length) this.#rehash(slots)
  }

  /** The key with number `n`. A view: it may be of what was here when it was asked for. */
  keyAt(n: number): Uint8Array {
    return new Uint8Array(this.#words.buffer, n * KEY_BYTES, KEY_BYTES)
  }

  /** There is room for it. */
  #add(words: Uint32Array, at: number): number {
    const mark = mixed(words, at)
    const slot = this.#slotOf(mark, words, at)
    const known = this.#slots[2 * slot + 1]!
    if (known !== EMPTY) return known
    const start = this.#size * KEY_WORDS
    for (let i = 0; i < KEY_WORDS; i++) this.#words[start + i] = words[at + i]!
    this.#slots[2 * slot] = mark
    this.#slots[2 * slot + 1] = this.#size
    return this.#size++
  }

  /** Slot where the key stands or would stand. The whole key is compared. */
  #slotOf(mark: number, words: Uint32Array, at: number): number {
    const slots = this.#slots
    const mask = slots.length / 2 - 1
    let slot = mark & mask
    for (let n = slots[2 * slot + 1]!; n !== EMPTY; n = slots[2 * slot + 1]!) {
      if (slots[2 * slot] === mark && this.#holds(n, words, at)) break
      slot = (slot + 1) & mask
    }
    return slot
  }

  #holds(n: number, words: Uint32Array, at: number): boolean {
    const start = n * KEY_WORDS
    for (let i = 0; i < KEY_WORDS; i++) if (this.#words[start + i] !== words[at + i]) return false
    return true
  }

  #rehash(slots: number): void {
    const [old, mask] = [this.#slots, slots - 1]
    const larger = new Int32Array(2 * slots).fill(EMPTY)
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === EMPTY) continue
      let slot = old[from]! & mask
      while (larger[2 * slot + 1] !== EMPTY) slot = (slot + 1) & mask
      larger[2 * slot] = old[from]!
      larger[2 * slot + 1] = old[from + 1]!
    }
    this.#slots = larger
  }
}

/** 32 bits of the key's first eight bytes, which nobody outside can foretell. */
function mixed(words: Uint32Array, at: number): number {
  const sum =
    Math.imul(words[at]! ^ SECRET[0]!, SECRET[1]! | 1) +
    Math.imul(words[at + 1]! ^ SECRET[2]!, SECRET[3]! | 1)
  const folded = Math.imul(sum ^ (sum >>> 16), 0x45d9f3b)
  return folded ^ (folded >>> 15)
}
