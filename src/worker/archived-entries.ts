import { equalBytes } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import { kernel } from './kernel.ts'
import type { OpenedArchive } from './opened-archive.ts'
import type { TaskContext } from './protocol.ts'
import { nextTask, readBlob } from './source.ts'
import { readEntries, type Entry } from './stage-run.ts'

const LINES_A_PAUSE = 512

/** The memories of an archive one after the other, each hashed again and held against its leaf. */
export class ArchivedEntries {
  readonly #opened: OpenedArchive
  readonly #context: TaskContext
  readonly #runs: ReturnType<OpenedArchive['runs']>
  #run: Iterator<Entry> | null = null

  constructor(opened: OpenedArchive, context: TaskContext) {
    this.#opened = opened
    this.#context = context
    this.#runs = opened.runs()
  }

  /** Memory `index`, which must be asked for in order. Throws `file_changed`, `cancelled`. */
  async next(index: number): Promise<Entry> {
    if (index % LINES_A_PAUSE === 0) await this.#pause(index)
    let next = this.#run?.next()
    if (next === undefined || next.done === true) {
      const run = this.#runs.next().value
      if (run === undefined) throw new ExchangeError('file_changed', '', { index })
      // All at once: the kernel that reads them is everybody's.
      this.#run = [...readEntries(kernel, await readBlob(run.lines), run)].values()
      next = this.#run.next()
    }
    const entry: Entry | undefined = next.done === true ? undefined : next.value
    if (entry === undefined || !equalBytes(entry.leaf, this.#opened.leaves.at(index)))
      throw new ExchangeError('file_changed', '', { index })
    return entry
  }

  async #pause(done: number): Promise<void> {
    // A segment takes thousands without a pause, in which a cancel could be heard.
    await nextTask()
    if (this.#context.signal.aborted) throw new ExchangeError('cancelled')
    this.#context.progress({ done, total: this.#opened.leaves.length, memories: done })
  }
}
