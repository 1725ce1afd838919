import type { Excerpt, OpenedManifest } from '../../../exchange/manifest.ts'

const BLOCK = 64
const KEPT = 40

/** The memories of an opened manifest, read in blocks as they are looked at; the blocks longest unseen are let go. */
export class MemoryWindow {
  readonly count: number
  /** Why a block could not be read: the file has changed, or the worker is gone. */
  error = $state.raw<unknown>(null)
  readonly #opened: OpenedManifest
  readonly #asked = new Set<number>()
  #blocks = $state.raw<ReadonlyMap<number, readonly Excerpt[]>>(new Map())

  constructor(opened: OpenedManifest) {
    this.#opened = opened
    this.count = opened.verification.memories
  }

  /** Undefined while it is on its way: `want` sends for it. */
  get(index: number): Excerpt | undefined {
    return this.#blocks.get(Math.floor(index / BLOCK))?.[index % BLOCK]
  }

  want(index: number): void {
    const block = Math.floor(index / BLOCK)
    if (this.#asked.has(block) || this.error !== null) return
    this.#asked.add(block)
    const from = block * BLOCK
    this.#opened.memories(from, Math.min(from + BLOCK, this.count)).then(
      (memories) => this.#keep(block, memories),
      (error: unknown) => (this.error = error),
    )
  }

  #keep(block: number, memories: readonly Excerpt[]): void {
    const blocks = new Map(this.#blocks).set(block, memories)
    for (const oldest of blocks.keys()) {
      if (blocks.size <= KEPT) break
      blocks.delete(oldest)
      this.#asked.delete(oldest)
    }
    this.#blocks = blocks
  }
}
