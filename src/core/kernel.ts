import { fromBase64 } from './bytes.ts'

/** What `src/kernel` exports. Addresses and sizes are in bytes. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  readonly BATCH: { readonly value: number }
  readonly end: { readonly value: number }
  checkLines(from: number, to: number, leaves: number, keys: number, scratch: number): number
  hashPairs(from: number, count: number, to: number): void
}

/** Lines that were taken, one behind the other. */
export interface Taken {
  /** Leaves, 32 bytes each. A view: valid until the next call. */
  readonly leaves: Uint8Array
  /** Dedup keys, 32 bytes each. A view too. */
  readonly keys: Uint8Array
  /** Behind the last of them, in bytes of what was loaded. */
  readonly end: number
}

/** Neither of the libraries of types that this is built with (Node, none) has it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

const PAGE_BYTES = 64 * 1024
const HASH_BYTES = 32
/** The kernel reads ahead by vectors. */
const BEYOND = 64
/** What a line may need in scratch beyond its own length. */
const LINE_SCRATCH = 128

/**
 * The byte-level reader and its SHA-256, in WebAssembly or, where there is none, in JavaScript made of the same source
 * (`src/kernel`). It only ever says yes: a line that it does not take is for `checkMemory` to judge, so that both give
 * the same answer about every line.
 */
export class Kernel {
  readonly #exports: Exports
  /** What lies before is the kernel's own. */
  readonly #base: number
  readonly #batch: number
  #loaded = 0

  private constructor(exports: Exports) {
    this.#exports = exports
    this.#base = exports.memory.buffer.byteLength
    this.#batch = exports.BATCH.value
  }

  /** Null where the engine has no WebAssembly with SIMD, or is told not to use it. */
  static start(base64: string): Kernel | null {
    try {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(fromBase64(base64)!))
      return new Kernel(exports as Exports)
    } catch {
      return null
    }
  }

  /** The same in JavaScript: `begin` answers what the WebAssembly exports. Null where there is no memory for it. */
  static startScript(begin: () => unknown): Kernel | null {
    try {
      return new Kernel(begin() as Exports)
    } catch {
      return null
    }
  }

  /**
   * Takes a copy of `parts`, one behind the other, to be checked by `takeLines`. Answers them as they lie here: a view,
   * valid until the next call.
   */
  load(...parts: readonly Uint8Array[]): Uint8Array {
    this.#loaded = parts.reduce((sum, part) => sum + part.length, 0)
    const memory = this.#reserve(this.#scratch + this.#loaded + LINE_SCRATCH * this.#batch + BEYOND)
    let at = this.#base
    for (const part of parts) {
      memory.set(part, at)
      at += part.length
    }
    // What ends the bytes must end a line that is cut off, whatever lay here before.
    memory.fill(0, at, at + BEYOND)
    return memory.subarray(this.#base, at)
  }

  /**
   * Takes as many memory lines as one batch holds, from `from` on in what was loaded: each ended by comma and LF,
   * canonical, its shape and its three hashes right. None where the first line is not so, or is not known to be.
   */
  takeLines(from: number, withKeys = false): Taken {
    const { checkLines, memory, end } = this.#exports
    const keys = withKeys ? this.#keys : 0
    const to = this.#base + this.#loaded
    const count = checkLines(this.#base + from, to, this.#leaves, keys, this.#scratch)
    const hashes = (at: number) => new Uint8Array(memory.buffer, at, count * HASH_BYTES)
    return {
      leaves: hashes(this.#leaves),
      keys: hashes(withKeys ? this.#keys : this.#leaves),
      end: end.value - this.#base,
    }
  }

  /** Root of a complete tree over `leaves`, 2^k of 32 bytes each (RFC 9162, 2.1.1). See `TreeHasher`. */
  readonly hashSubtree = (leaves: Uint8Array): Uint8Array => {
    this.load(leaves)
    for (let pairs = leaves.length / HASH_BYTES / 2; pairs >= 1; pairs /= 2)
      this.#exports.hashPairs(this.#base, pairs, this.#base)
    return new Uint8Array(this.#exports.memory.buffer, this.#base, HASH_BYTES).slice()
  }

  /** Behind what is loaded come the leaves of a batch, its keys, and scratch. */
  get #leaves(): number {
    return align(this.#base + this.#loaded + BEYOND)
  }

  get #keys(): number {
    return this.#leaves + this.#batch * HASH_BYTES
  }

  get #scratch(): number {
    return this.#keys + this.#batch * HASH_BYTES
  }

  #reserve(end: number): Uint8Array {
    const { memory } = this.#exports
    const missing = end - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES))
    return new Uint8Array(memory.buffer)
  }
}

function align(address: number): number {
  return Math.ceil(address / 16) * 16
}
