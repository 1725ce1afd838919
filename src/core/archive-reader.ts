import { checkArchiveEnvelope, ARCHIVE_FRAME, hashRecord, isOtherArchiveVersion } from './archive.ts'
import { RECORD_DEPTH, RECORD_KINDS, type CheckedEnvelope, type RecordKind } from './archive.ts'
import { decodeUtf8, encodeUtf8, equalBytes, toHex } from './bytes.ts'
import { isObject, parseCanonical, type JsonObject } from './canonical.ts'
import { assert, ExchangeError } from './errors.ts'
import type { Line } from './lines.ts'
import { TreeHasher } from './merkle.ts'

const COMMA = 0x2c

/** Takes a record whose line is canonical. Throws what is wrong with it. */
type TakeRecord = (kind: RecordKind, value: JsonObject) => void

/** What the next line must be. */
type Due = 'format' | 'holdings' | 'record' | 'end' | 'memories' | 'memory' | 'nothing'

/** The lines of a store archive before its memories, in their order (store-format, 1). */
export class ArchiveReader {
  readonly #take: TakeRecord
  readonly #tree = new TreeHasher()
  readonly #counts = new Map<RecordKind, number>()
  #envelope: CheckedEnvelope | null = null
  #due: Due = 'format'

  constructor(take: TakeRecord) {
    this.#take = take
  }

  get envelope(): CheckedEnvelope {
    assert(this.#envelope !== null, 'line 1 comes first')
    return this.#envelope
  }

  /** Whether the next line is that of the first memory. */
  get isAtMemories(): boolean {
    return this.#due === 'memory'
  }

  /** Whether the file is at its end. */
  get isClosed(): boolean {
    return this.#due === 'nothing'
  }

  /** Throws the codes of a line, with its number. */
  async read({ number, bytes }: Line): Promise<void> {
    try {
      if (number === 1) this.#envelope = await checkArchiveEnvelope(readEnvelope(bytes))
      else this.#readLine(bytes)
    } catch (error) {
      if (!(error instanceof ExchangeError) || error.place.line !== undefined) throw error
      throw new ExchangeError(error.code, error.detail, { line: number }, { cause: error })
    }
  }

  #readLine(bytes: Uint8Array): void {
    switch (this.#due) {
      case 'format':
        if (isOtherArchiveVersion(decodeUtf8(bytes))) throw new ExchangeError('version_unsupported')
        return this.#pass(bytes, ARCHIVE_FRAME.format, 'holdings')
      case 'holdings':
        return this.#pass(bytes, ARCHIVE_FRAME.holdings, 'record')
      case 'record':
        return this.#readRecord(bytes)
      case 'end':
        this.#pass(bytes, ARCHIVE_FRAME.endHoldings, 'memories')
        return this.#checkHoldings()
      case 'memories':
        if (this.envelope.header.memory_count === 0)
          return this.#pass(bytes, ARCHIVE_FRAME.noMemories, 'nothing')
        return this.#pass(bytes, ARCHIVE_FRAME.memories, 'memory')
      case 'memory':
      case 'nothing':
        throw new ExchangeError('trailing_data')
    }
  }

  #pass(bytes: Uint8Array, line: string, due: Due): void {
    if (!equalBytes(bytes, encodeUtf8(line))) throw new ExchangeError('not_canonical')
    this.#due = due
  }

  #readRecord(bytes: Uint8Array): void {
    const isLast = bytes.at(-1) !== COMMA
    const line = isLast ? bytes : bytes.subarray(0, -1)
    const value = parseCanonical(decodeUtf8(line), RECORD_DEPTH)
    const [name, ...others] = isObject(value) ? Object.keys(value) : []
    const kind = RECORD_KINDS.find((each) => each === name)
    if (kind === undefined || others.length > 0) throw new ExchangeError('archive_invalid', 'record')
    const record = (value as JsonObject)[kind]
    if (!isObject(record)) throw new ExchangeError('archive_invalid', kind)
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    if (count > this.envelope.header.counts[kind]) throw new ExchangeError('count_mismatch', kind)
    this.#tree.push(hashRecord(line))
    this.#take(kind, record)
    if (isLast) this.#due = 'end'
  }

  #checkHoldings(): void {
    const { counts, holdings_root } = this.envelope.header
    for (const kind of RECORD_KINDS)
      if ((this.#counts.get(kind) ?? 0) !== counts[kind]) throw new ExchangeError('count_mismatch', kind)
    if (toHex(this.#tree.root()) !== holdings_root) throw new ExchangeError('root_mismatch', 'holdings')
  }
}

function readEnvelope(bytes: Uint8Array) {
  const text = decodeUtf8(bytes)
  if (!text.startsWith(ARCHIVE_FRAME.envelope) || !text.endsWith(','))
    throw new ExchangeError('not_canonical')
  return parseCanonical(text.slice(ARCHIVE_FRAME.envelope.length, -1))
}
