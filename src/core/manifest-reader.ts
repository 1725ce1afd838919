import { decodeUtf8, toHex } from './bytes.ts'
import { isObject, parseCanonical, type JsonValue } from './canonical.ts'
import type { FormatCode } from './codes.ts'
import { assert, ExchangeError } from './errors.ts'
import { LeafList } from './leaf-list.ts'
import type { Line, LineSplitter } from './lines.ts'
import {
  FRAME,
  hashDetails,
  isOtherVersion,
  parseEnvelope,
  parseManifestStatement,
  type Envelope,
} from './manifest.ts'
import { checkMemory, parseMemory } from './memory.ts'
import { TreeHasher, type Subtrees } from './merkle.ts'
import type { CheckedRun, Mark } from './run.ts'
import { parseStatement, PAYLOAD_TYPE, statementId, verifyStatement } from './statement.ts'
import type {
  Evidence,
  Failure,
  VerificationWithLeaves,
  VerifiedEnvelope,
  VerifyOptions,
} from './verification.ts'

/** Statements of evidence a file may carry (manifest-format, 2). */
export const MAX_EVIDENCE = 1024
const MAX_EVIDENCE_SIGNATURES = 1024
const MAX_EVIDENCE_BYTES = 16 * 1024 * 1024
/** From one mark to the next, in bytes of lines. */
const MARK_BYTES = 64 * 1024

type Expected =
  'evidence' | 'statement' | 'end of evidence' | 'format' | 'memories' | 'memory' | 'close' | 'nothing'

/** Takes the lines of one file in order and keeps what the later layers need. */
export class ManifestReader {
  readonly #options: VerifyOptions
  readonly #tree: TreeHasher
  readonly #leaves = new LeafList()
  readonly #marks: Mark[] = []
  readonly #statements: { readonly line: number; readonly value: JsonValue; readonly over: boolean }[] = []
  readonly #evidence: Evidence[] = []
  #evidenceBytes = 0
  #expected: Expected = 'evidence'
  #signed: VerifiedEnvelope | null = null
  memories = 0

  constructor(options: VerifyOptions) {
    this.#options = options
    this.#tree = new TreeHasher(options.kernel?.hashSubtree)
  }

  /** `stranger` is the code of a first line that cannot be an envelope, once it is a line at all. */
  async readEnvelope(line: Line, stranger: FormatCode | null): Promise<void> {
    await placed(line, null, async () => {
      const text = decodeUtf8(line.bytes)
      if (stranger !== null) throw new ExchangeError(stranger)
      if (!text.startsWith(FRAME.envelope) || !text.endsWith(',')) throw new ExchangeError('not_canonical')
      const envelope = parseEnvelope(parseCanonical(text.slice(FRAME.envelope.length, -1)))
      const signers = await verifyStatement(envelope, this.#options.engine)
      if (hashDetails(envelope.details) !== envelope.header.details_hash)
        throw new ExchangeError('details_mismatch')
      this.#signed = { envelope, id: statementId(envelope.type, envelope.header), signers }
    })
    this.#options.onSigned?.(this.#signed!)
  }

  readLine(line: Line): void {
    const index = this.due
    try {
      if (this.#expected === 'nothing') throw new ExchangeError('trailing_data')
      const text = decodeUtf8(line.bytes)
      if (index === null) this.#readFrame(line, text)
      else this.#readMemory(line, text)
    } catch (error) {
      throw atLine(error, line, index)
    }
  }

  #readMemory(line: Line, text: string): void {
    const { value, last } = parseListed(text)
    const memory = parseMemory(value)
    const leaf = checkMemory(memory)
    if (this.memories >= this.#header.memory_count) throw new ExchangeError('count_mismatch')
    this.#mark({ index: this.memories, offset: line.offset })
    this.#push(leaf)
    if (last) this.#expected = 'close'
  }

  /**
   * Takes memories whose lines were checked elsewhere, and that are due now. False if there are more than the header
   * says: then none is taken.
   */
  takeRun({ leaves, marks, subtrees }: Pick<CheckedRun, 'leaves' | 'marks' | 'subtrees'>): boolean {
    if (this.memories + leaves.length / 32 > this.#header.memory_count) return false
    for (const { index, offset } of marks) this.#mark({ index: this.memories + index, offset })
    this.#push(leaves, subtrees)
    return true
  }

  /** As the header has it. */
  get memoryCount(): number {
    return this.#header.memory_count
  }

  #push(leaves: Uint8Array, subtrees?: Subtrees | null): void {
    this.#tree.push(leaves, subtrees)
    this.#leaves.push(leaves)
    this.memories += leaves.length / 32
  }

  /** Keeps a mark unless one shortly before will do. */
  #mark(mark: Mark): void {
    const last = this.#marks.at(-1)
    if (last === undefined || mark.offset - last.offset >= MARK_BYTES) this.#marks.push(mark)
  }

  #readFrame(line: Line, text: string): void {
    switch (this.#expected) {
      case 'evidence':
        this.#expected = text === FRAME.noEvidence ? 'format' : 'statement'
        if (text !== FRAME.noEvidence && text !== FRAME.evidence) throw new ExchangeError('not_canonical')
        break
      case 'statement':
        if (this.#readStatement(line, text)) this.#expected = 'end of evidence'
        break
      case 'end of evidence':
        this.#expect(text, FRAME.endEvidence, 'format')
        break
      case 'format':
        if (text !== FRAME.format && isOtherVersion(text)) throw new ExchangeError('version_unsupported')
        this.#expect(text, FRAME.format, 'memories')
        break
      case 'memories':
        this.#expect(text, FRAME.memories, 'memory')
        break
      case 'close':
        if (text === FRAME.close && this.memories < this.#header.memory_count)
          throw new ExchangeError('count_mismatch')
        this.#expect(text, FRAME.close, 'nothing')
        break
      default:
        assert(false, `no frame line is expected in place of ${this.#expected}`)
    }
  }

  #expect(text: string, frame: string, next: Expected): void {
    if (text !== frame) throw new ExchangeError('not_canonical')
    this.#expected = next
  }

  /** Whether this was the last statement. What is over the limits is not kept. */
  #readStatement(line: Line, text: string): boolean {
    const { value, last } = parseListed(text)
    this.#evidenceBytes += line.bytes.length
    const over = this.#statements.length >= MAX_EVIDENCE || this.#evidenceBytes > MAX_EVIDENCE_BYTES
    if (!this.#statements.at(-1)?.over)
      this.#statements.push({ line: line.number, value: over ? null : value, over })
    return last
  }

  /** What the end of the bytes means where the file stands. */
  finish(splitter: LineSplitter): void {
    const place = { line: splitter.number }
    if (this.#expected !== 'nothing') throw new ExchangeError('truncated', '', place)
    if (splitter.rest.length > 0) throw new ExchangeError('trailing_data', '', place)
  }

  checkRoot(): void {
    if (toHex(this.#tree.root()) !== this.#header.merkle_root)
      throw new ExchangeError('root_mismatch', '', { line: 1 })
  }

  async checkEvidence(): Promise<void> {
    let signatures = 0
    for (const { line, value, over } of this.#statements) {
      await placed({ number: line }, null, async () => {
        if (isObject(value) && Array.isArray(value['signatures'])) signatures += value['signatures'].length
        if (over || signatures > MAX_EVIDENCE_SIGNATURES) throw new ExchangeError('limit_exceeded')
        const isManifest = isObject(value) && value['type'] === PAYLOAD_TYPE.manifest
        const statement = isManifest ? parseManifestStatement(value) : parseStatement(value)
        await verifyStatement(statement, this.#options.engine)
        const id = statementId(statement.type, statement.header)
        if (id <= (this.#evidence.at(-1)?.id ?? '')) throw new ExchangeError('evidence_unordered')
        this.#evidence.push({ id, statement })
      })
    }
  }

  toVerification(failure: Failure | null): VerificationWithLeaves {
    const { memories } = this
    return {
      failure,
      signed: this.#signed,
      memories,
      evidence: this.#evidence,
      leaves: this.#leaves,
      marks: this.#marks,
    }
  }

  /** The index of the memory that is due on the next line; null where another line is. */
  get due(): number | null {
    return this.#expected === 'memory' ? this.memories : null
  }

  /** The closing line has passed: nothing may follow. */
  get isClosed(): boolean {
    return this.#expected === 'nothing'
  }

  get #header(): Envelope['header'] {
    assert(this.#signed !== null, 'line 1 is read first')
    return this.#signed.envelope.header
  }
}

/** A line of a list: its value, and whether it is the list's last, which carries no comma. */
function parseListed(text: string): { value: JsonValue; last: boolean } {
  const last = !text.endsWith(',')
  return { value: parseCanonical(last ? text : text.slice(0, -1)), last }
}

async function placed(
  line: { readonly number: number },
  index: number | null,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw atLine(error, line, index)
  }
}

function atLine(error: unknown, line: { readonly number: number }, index: number | null): unknown {
  if (!(error instanceof ExchangeError)) return error
  const place = index === null ? { line: line.number } : { line: line.number, index }
  return new ExchangeError(error.code, error.detail, place, { cause: error })
}
