import { ARCHIVE_FRAME, type ArchiveHeader } from '../core/archive.ts'
import { ArchiveReader } from '../core/archive-reader.ts'
import { decodeUtf8, encodeUtf8, equalBytes, fromHex, toHex } from '../core/bytes.ts'
import { parseCanonical } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { LeafList } from '../core/leaf-list.ts'
import { LineSplitter } from '../core/lines.ts'
import { checkMemory, parseMemory } from '../core/memory.ts'
import { TreeHasher } from '../core/merkle.ts'
import { runBytesOf, type Mark, type Run, type RunProgress } from '../core/run.ts'
import type { Signers } from '../core/statement.ts'
import { runsOf } from '../core/verify.ts'
import { HoldingsBuilder, type Holdings } from '../store/archive-records.ts'
import { placeRows, type PlacedRows } from './archive-rows.ts'
import { asDatabase } from './archived-store.ts'
import { Findings } from './integrity-findings.ts'
import { History } from './integrity-history.ts'
import { compareIdentities, checkPeers } from './integrity-keys.ts'
import { checkManifests, checkStreams } from './integrity-register.ts'
import { kernel } from './kernel.ts'
import type { Lanes } from './lanes.ts'
import { toRuns, type OpenedRun } from './opened-manifest.ts'
import type { TaskContext } from './protocol.ts'
import { readBytes, type Source } from './source.ts'

const HASH_BYTES = 32
const COMMA = 0x2c

/** Memory lines that were verified. */
interface Lines {
  readonly leaves: LeafList
  readonly marks: readonly Mark[]
  /** Indexes of those by a key of the archive's own. */
  readonly ownAuthored: Uint8Array
}

/** An archive that was read and holds; its leaves stay here, so that every later reading is held against them. */
export class OpenedArchive {
  readonly id: string
  readonly header: ArchiveHeader
  readonly signers: Signers | null
  readonly holdings: Holdings
  readonly history: History
  readonly leaves: LeafList
  readonly rows: PlacedRows
  readonly #file: Blob
  readonly #marks: readonly Mark[]

  private constructor(
    file: Blob,
    { envelope }: ArchiveReader,
    read: { holdings: Holdings; history: History; lines: Lines; rows: PlacedRows },
  ) {
    this.#file = file
    this.id = envelope.id
    this.header = envelope.header
    this.signers = envelope.signers
    this.holdings = read.holdings
    this.history = read.history
    this.leaves = read.lines.leaves
    this.rows = read.rows
    this.#marks = read.lines.marks
  }

  /**
   * Reads and verifies the whole file: signature, records, what they say of each other, memories, roots. Throws the
   * code of the first thing that does not hold, with its line; `archive_invalid`, `file_unreadable`, `gzip_invalid`,
   * `cancelled`.
   */
  static async verify(source: Source, lanes: Lanes, context: TaskContext): Promise<OpenedArchive> {
    const file = await inflate(source, context)
    const progress = (done: number, memories: number) =>
      context.progress({ done, total: file.size, memories })
    const builder = new HoldingsBuilder()
    const reader = new ArchiveReader((kind, value) => builder.take(kind, value))
    const next = await readHead(file, reader, context, progress)
    const { header } = reader.envelope
    const holdings = builder.end()
    const history = await checkHoldings(holdings, header, context)
    const ownKeys = holdings.identities.map(({ fingerprint }) => fingerprint)
    const lines = await readMemories(file, next, { header, ownKeys, lanes, context, progress })
    const rows = await placeRows(holdings, history, lines)
    return new OpenedArchive(file, reader, { holdings, history, lines, rows })
  }

  /** All memories, in runs that each fit in memory. */
  runs(): Generator<OpenedRun> {
    return toRuns(this.#file, this.#marks, this.leaves.length)
  }
}

/** The contents in a file any part of which can be read. */
async function inflate(source: Source, context: TaskContext): Promise<Blob> {
  if (source.plain === null)
    for await (const _ of source.chunks(context))
      context.progress({ done: source.read, total: source.size, memories: 0 })
  return source.plain!
}

interface LineStart {
  readonly number: number
  readonly offset: number
}

/** Reads to the first memory, or to the end of a file that has none; where what is left begins. */
async function readHead(
  file: Blob,
  reader: ArchiveReader,
  context: TaskContext,
  progress: (done: number, memories: number) => void,
): Promise<LineStart> {
  const splitter = new LineSplitter()
  let done = 0
  if (file.size === 0) throw new ExchangeError('file_empty')
  for await (const chunk of readBytes(file, 0, context)) {
    for (const line of splitter.push(chunk)) {
      await reader.read(line)
      const next = { number: line.number + 1, offset: line.offset + line.bytes.length + 1 }
      if (reader.isAtMemories) return next
      if (!reader.isClosed) continue
      if (next.offset < file.size) throw new ExchangeError('trailing_data', '', { line: next.number })
      return next
    }
    progress((done += chunk.length), 0)
  }
  throw new ExchangeError('truncated', '', { line: splitter.number })
}

/** What the records say of each other, as the integrity check asks it of a store. Throws `archive_invalid`. */
async function checkHoldings(
  holdings: Holdings,
  { audit }: ArchiveHeader,
  { signal, give }: TaskContext,
): Promise<History> {
  const findings = new Findings({ signal, give, progress: () => undefined })
  const db = asDatabase(holdings)
  const history = await History.read(db, findings)
  const register = await checkManifests(db, history, findings)
  await checkStreams(db, register, history, findings)
  await checkPeers(db, history, findings)
  compareIdentities(holdings.identities, history, findings)
  const [fault] = findings.faults
  if (fault !== undefined) throw new ExchangeError('archive_invalid', Object.values(fault).join(' '))
  const tree = new TreeHasher(kernel?.hashSubtree)
  for (const { row_hash } of holdings.audit) tree.push(fromHex(row_hash))
  const isHead =
    holdings.audit.length === audit.tree_size &&
    holdings.audit.at(-1)!.row_hash === audit.last_row_hash &&
    toHex(tree.root()) === audit.merkle_root
  if (!isHead) throw new ExchangeError('archive_invalid', 'audit: head')
  return history
}

interface Reading {
  readonly header: ArchiveHeader
  readonly ownKeys: readonly string[]
  readonly lanes: Lanes
  readonly context: TaskContext
  readonly progress: (done: number, memories: number) => void
}

/** The memory lines: in runs side by side as long as they hold, then line by line. */
async function readMemories(file: Blob, start: LineStart, reading: Reading): Promise<Lines> {
  const { header, ownKeys, lanes, context, progress } = reading
  const lines = new MemoryLines(header.memory_count)
  if (header.memory_count === 0) return lines
  let end = start.offset
  const memories = new Map<number, readonly [bytes: number, memories: number]>()
  const options = {
    size: file.size,
    count: lanes.count,
    runBytes: runBytesOf(file.size, lanes.count),
    check: ({ from, to }: Run, onProgress: RunProgress) =>
      lanes.call('gather', { file, from, to, ownKeys }, to - from, {
        signal: context.signal,
        onProgress: (step) => onProgress(step.done, step.memories),
      }),
  }
  const watch = (from: number, ...counts: readonly [number, number]) => {
    memories.set(from, counts)
    let [bytes, count] = [start.offset, 0]
    for (const each of memories.values()) {
      bytes += each[0]
      count += each[1]
    }
    progress(Math.min(bytes, file.size), Math.min(count, header.memory_count))
  }
  for await (const { from, to, run } of runsOf(options, start.offset, watch)) {
    if (run.start !== null) {
      if (run.start !== end) break
      lines.takeRun(run)
      end = run.end
    }
    watch(from, to - from, run.leaves.length / HASH_BYTES)
    if (!run.isWhole) break
  }
  await readTail(file, { number: start.number + lines.leaves.length, offset: end }, lines, reading)
  if (lines.leaves.length !== header.memory_count) throw new ExchangeError('count_mismatch')
  const tree = new TreeHasher(kernel?.hashSubtree)
  for (const block of lines.leaves.blocks) tree.push(block)
  if (toHex(tree.root()) !== header.memory_root) throw new ExchangeError('root_mismatch', 'memories')
  progress(file.size, header.memory_count)
  return lines
}

/** The last memory, which has no comma, and the closing line; or the first line that does not hold. */
async function readTail(
  file: Blob,
  { number, offset }: LineStart,
  lines: MemoryLines,
  { ownKeys, header, context }: Reading,
): Promise<void> {
  const splitter = new LineSplitter(number, offset)
  let [isLast, isClosed] = [false, false]
  for await (const chunk of readBytes(file, offset, context)) {
    for (const line of splitter.push(chunk)) {
      const place = { line: line.number }
      if (isClosed) throw new ExchangeError('trailing_data', '', place)
      if (isLast) {
        if (!equalBytes(line.bytes, encodeUtf8(ARCHIVE_FRAME.close)))
          throw new ExchangeError('not_canonical', '', place)
        isClosed = true
        continue
      }
      const index = lines.leaves.length
      if (index === header.memory_count) throw new ExchangeError('count_mismatch', '', place)
      isLast = line.bytes.at(-1) !== COMMA
      try {
        const memory = parseMemory(
          parseCanonical(decodeUtf8(isLast ? line.bytes : line.bytes.subarray(0, -1))),
        )
        lines.take(checkMemory(memory), line.offset, ownKeys.includes(memory.author))
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error
        throw new ExchangeError(error.code, error.detail, { ...place, index }, { cause: error })
      }
    }
  }
  if (splitter.rest.length > 0 && isClosed)
    throw new ExchangeError('trailing_data', '', { line: splitter.number })
  if (!isClosed) throw new ExchangeError('truncated', '', { line: splitter.number })
}

/** Collects what was verified. What it takes follows from what was read. */
class MemoryLines implements Lines {
  readonly leaves = new LeafList()
  readonly marks: Mark[] = []
  #own = new Uint8Array(1024)
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  get ownAuthored(): Uint8Array {
    return this.#own.subarray(0, this.leaves.length)
  }

  takeRun(run: {
    readonly leaves: Uint8Array
    readonly marks: readonly Mark[]
    readonly ownAuthored: readonly number[]
  }): void {
    const first = this.leaves.length
    this.marks.push(...run.marks.map(({ index, offset }) => ({ index: first + index, offset })))
    this.leaves.push(run.leaves)
    if (this.leaves.length > this.#most) throw new ExchangeError('count_mismatch')
    this.#reserve()
    for (const row of run.ownAuthored) this.#own[first + row] = 1
  }

  take(leaf: Uint8Array, offset: number, isOwn: boolean): void {
    const index = this.leaves.length
    this.marks.push({ index, offset })
    this.leaves.push(leaf)
    this.#reserve()
    if (isOwn) this.#own[index] = 1
  }

  #reserve(): void {
    if (this.leaves.length <= this.#own.length) return
    const larger = new Uint8Array(Math.max(this.leaves.length, 2 * this.#own.length))
    larger.set(this.#own)
    this.#own = larger
  }
}
