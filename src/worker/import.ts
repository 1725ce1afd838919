import { equalBytes } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Database } from '../store/database.ts'
import { ByteTable } from '../store/byte-table.ts'
import type { HeldLines } from '../store/held-lines.ts'
import type { MemoryIndex } from '../store/memory-index.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import type { Page } from '../store/page.ts'
import type { BatchOrigin } from '../store/schema.ts'
import { Staging } from '../store/staging.ts'
import type { StoredBytes } from '../store/segment.ts'
import { inOrder } from '../core/in-order.ts'
import type { Lanes } from './lanes.ts'
import { nextTask } from './source.ts'
import type { OpenedManifest, OpenedRun } from './opened-manifest.ts'
import type { TaskContext } from './protocol.ts'
import type { RunToStage, StagedRun } from './stage-run.ts'

/** What becomes of the memories of a manifest; with those withheld the counts sum to its `memory_count`. */
export interface ImportCounts {
  readonly imported: number
  readonly already_local: number
  readonly deleted_here: number
  readonly not_understood: number
}

export interface Staged {
  readonly counts: ImportCounts
  /** Lines staged: rows, and attestations of rows that were here. */
  readonly staged: number
  /** All leaves of the manifest, 32 bytes each, in file order: to be kept with it. */
  readonly leaves: StoredBytes
}

interface Input {
  readonly batch: string
  readonly origin: BatchOrigin
  readonly ownKeys: readonly string[]
}

const FIRST_MEMORY_LINE = 5

/**
 * Stages the memories of a verified manifest (manifest-format, 7): a new key becomes a row, a known one is
 * kept as attestation unless this very leaf of this manifest is held already. Nothing is visible yet.
 * Throws `author_forged`, `file_changed`, `cancelled`, `storage_full`.
 */
export async function stageImport(
  db: Database,
  store: MemoryStore,
  lanes: Lanes,
  opened: OpenedManifest,
  input: Input,
  { signal, progress }: TaskContext,
): Promise<Staged> {
  const decisions = new Decisions(await store.upToDate(), opened, input.origin.manifest)
  const staging = await Staging.begin(db, input.batch, input.origin)
  const stage = (run: OpenedRun, skip: readonly number[]) => {
    const { index, count } = run
    const toStage: RunToStage = { batch: input.batch, index, count, ownKeys: input.ownKeys, skip }
    return lanes.call('stage', { file: run.lines, run: toStage }, run.lines.size)
  }
  /** The run read once more: what is staged of it must be what was verified, again. */
  const without = async (run: OpenedRun, skip: readonly number[]) => {
    const { pages } = await stage(run, skip)
    for (const { page } of pages) checkLeaves(opened, page)
    return pages
  }
  const total = opened.verification.memories
  const isNeeded = (run: OpenedRun) => !decisions.areHeld(run)
  const runs = inOrder(opened.runs(), 2 * lanes.count, (run) =>
    // What is held already comes without a pause, in which a cancel could be heard.
    isNeeded(run) ? stage(run, []) : nextTask().then(() => null),
  )
  /** The last page, on its way to the disk while the next is decided on. */
  let writing = Promise.resolve()
  try {
    for await (const [run, staged] of runs) {
      if (signal.aborted) throw new ExchangeError('cancelled')
      if (staged !== null) {
        const skip = decisions.take(run, staged)
        for (const page of skip.length === 0 ? staged.pages : await without(run, skip)) {
          await writing
          writing = staging.write(page)
          // Its failure is told where it is waited for.
          writing.catch(() => undefined)
        }
      }
      const done = run.index + run.count
      progress({ done, total, memories: done })
    }
  } finally {
    // Whoever takes out what was staged finds it there.
    await writing
  }
  return { counts: decisions.counts, staged: staging.staged, leaves: staging.keepable(opened.leaves.blocks) }
}

/** Each row must have the leaf that was verified at its place. Throws `file_changed`. */
function checkLeaves({ leaves }: OpenedManifest, page: Omit<Page, 'id'>): void {
  for (let row = 0; row < page.count; row++) {
    const index = page.indexes[row]!
    if (!equalBytes(page.leaves.subarray(32 * row, 32 * row + 32), leaves.at(index)))
      throw new ExchangeError('file_changed', '', { index })
  }
}

/** What is to become of each memory, in file order. */
class Decisions {
  readonly #index: MemoryIndex
  readonly #opened: OpenedManifest
  /** Lines already held out of this manifest, by leaf. */
  readonly #held: HeldLines
  readonly #heldHere = new ByteTable()
  readonly #stagedKeys = new ByteTable()
  readonly counts = { imported: 0, already_local: 0, deleted_here: 0, not_understood: 0 }

  constructor(index: MemoryIndex, opened: OpenedManifest, manifest: string) {
    this.#index = index
    this.#opened = opened
    this.#held = index.heldOf(manifest)
  }

  /** Whether every memory of the run is held out of this manifest: then they are counted, and need not be read again. */
  areHeld({ index, count }: OpenedRun): boolean {
    const lines = this.#held.linesOf(this.#opened.leaves, index, count)
    if (lines === null) return false
    for (const line of lines) this.counts[this.#index.isDeleted(line) ? 'deleted_here' : 'already_local']++
    return true
  }

  /** Indexes of the memories of a run that are not to be staged. Throws `file_changed`, `author_forged`. */
  take(run: OpenedRun, { pages, ownAuthored, notUnderstood }: StagedRun): number[] {
    for (const index of ownAuthored) this.#checkAuthor(index)
    const strange = new Set(notUnderstood)
    const skip: number[] = []
    let index = run.index
    for (const { page } of pages) {
      checkLeaves(this.#opened, page)
      for (let row = 0; row < page.count; row++, index++) {
        const leaf = page.leaves.subarray(32 * row, 32 * row + 32)
        if (!this.#isTaken(page.keys, row, leaf, strange.has(index))) skip.push(index)
      }
    }
    return skip
  }

  #isTaken(keys: Uint8Array, row: number, leaf: Uint8Array, isStrange: boolean): boolean {
    const { held, deleted } = this.#index.lookUp(keys, 32 * row)
    if (deleted) this.counts.deleted_here++
    else if (isStrange) this.counts.not_understood++
    else {
      const staged = this.#stagedKeys.size
      const isKnown = this.#stagedKeys.add(keys, 32 * row) < staged || held
      this.counts[isKnown ? 'already_local' : 'imported']++
      const leaves = this.#heldHere.size
      // Equal leaves may stand in a manifest: one of them is enough.
      const isHeld = this.#heldHere.add(leaf) < leaves || this.#held.find(leaf) !== null
      return !(isKnown && isHeld)
    }
    return false
  }

  /** A leaf that bears our key and was not made here is a stranger's (manifest-format, 3). */
  #checkAuthor(index: number): void {
    if (this.#index.isOwnLeaf(this.#opened.leaves.at(index))) return
    const { evidence } = this.#opened.verification
    const line = FIRST_MEMORY_LINE + (evidence.length === 0 ? 0 : evidence.length + 1) + index
    throw new ExchangeError('author_forged', '', { line, index })
  }
}
