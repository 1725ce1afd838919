import { ByteList, decodeUtf8, equalBytes, toHex } from './bytes.ts'
import { isObject, parseCanonical, type JsonValue } from './canonical.ts'
import type { FormatCode } from './codes.ts'
import { FORMAT_CODES } from './codes.ts'
import type { SignatureEngine } from './ed25519.ts'
import { assert, ExchangeError } from './errors.ts'
import { LineSplitter, type Line } from './lines.ts'
import {
  FRAME,
  hashDetails,
  isOtherVersion,
  parseEnvelope,
  parseManifestStatement,
  type Envelope,
} from './manifest.ts'
import { checkMemory, parseMemory, type Memory } from './memory.ts'
import { TreeHasher } from './merkle.ts'
import {
  parseStatement,
  PAYLOAD_TYPE,
  statementId,
  verifyStatement,
  type Signers,
  type Statement,
} from './statement.ts'

export const LAYERS = ['signature', 'leaves', 'root', 'evidence'] as const
export type LayerName = (typeof LAYERS)[number]

/** `index` is that of the memory in whose place the line stands; null where none does. */
export interface Failure {
  readonly layer: LayerName
  readonly code: FormatCode
  readonly line: number
  readonly index: number | null
}

/** A statement of the evidence that has verified. */
export interface Evidence {
  readonly id: string
  readonly statement: Statement
}

export interface VerifiedEnvelope {
  readonly envelope: Envelope
  readonly id: string
  readonly signers: Signers
}

export interface Verification {
  /** Null if all four layers hold. */
  readonly failure: Failure | null
  /** Null until the signature layer has passed: nothing of an unverified envelope goes further. */
  readonly signed: VerifiedEnvelope | null
  /** How many leaves were recomputed and hold. */
  readonly memories: number
  readonly evidence: readonly Evidence[]
}

/** A verification with what it recomputed: the leaves that hold, 32 bytes each, in file order. */
export interface VerificationWithLeaves extends Verification {
  readonly leaves: Uint8Array<ArrayBuffer>
}

export interface VerifyOptions {
  readonly engine?: SignatureEngine
  /** Called once the signature layer has passed, before any other line is looked at. */
  readonly onSigned?: (signed: VerifiedEnvelope) => void
  /** Called for each memory that holds; `line.bytes` is valid during the call only. */
  readonly onMemory?: (memory: Memory, line: Line, leaf: Uint8Array) => void
  /** Called after each chunk. */
  readonly onProgress?: (bytes: number, memories: number) => void
}

const HEAD_BYTES = 64 * 1024
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf)
const MAX_EVIDENCE = 1024
const MAX_EVIDENCE_SIGNATURES = 1024
const MAX_EVIDENCE_BYTES = 16 * 1024 * 1024

/**
 * The four layers of manifest-format 6 over a file that comes in chunks, in the memory of one line, the
 * evidence and 32 bytes a leaf. Never throws for what the bytes are; throws what `chunks`
 * throws, but for `gzip_invalid`, which is about the bytes.
 */
export async function verifyManifest(
  chunks: AsyncIterable<Uint8Array>,
  options: VerifyOptions = {},
): Promise<VerificationWithLeaves> {
  const reader = new ManifestReader(options)
  let layer: LayerName = 'signature'
  const source = chunks[Symbol.asyncIterator]()
  const splitter = new LineSplitter()
  let bytes = 0
  try {
    const head = await readHead(source)
    const stranger = checkHead(head)
    for (let chunk: Uint8Array | undefined = head; chunk !== undefined; chunk = (await source.next()).value) {
      for (const line of splitter.push(chunk)) {
        if (line.number === 1) {
          await reader.readEnvelope(line, stranger)
          layer = 'leaves'
        } else {
          reader.readLine(line)
        }
      }
      bytes += chunk.length
      options.onProgress?.(bytes, reader.memories)
    }
    reader.finish(splitter)
    layer = 'root'
    reader.checkRoot()
    layer = 'evidence'
    await reader.checkEvidence()
    return reader.toVerification(null)
  } catch (error) {
    if (!(error instanceof ExchangeError) || !Object.hasOwn(FORMAT_CODES, error.code)) throw error
    // How much of a broken gzip file inflates depends on who inflates it: nothing of it counts.
    if (error.code === 'gzip_invalid') return UNREADABLE
    // What the splitter and the end of the bytes find has a line only; the reader knows whose line was due.
    const { line = 1, index = reader.due } = error.place
    const code = layer === 'leaves' && reader.isClosed ? 'trailing_data' : (error.code as FormatCode)
    return reader.toVerification({ layer, code, line, index })
  } finally {
    await source.return?.()
  }
}

/** Enough of the start to tell what was given, whatever the sizes of the chunks. */
async function readHead(source: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const head = new ByteList()
  while (head.length < HEAD_BYTES) {
    const next = await source.next()
    if (next.done === true) break
    head.push(next.value)
  }
  return head.toBytes()
}

/**
 * A first line that cannot be an envelope is told apart by what the start of the file looks like: null where
 * it can be one, else its code if it turns out to be a whole line (`truncated` and `line_too_long` go before).
 */
function checkHead(head: Uint8Array): 'not_utf8' | 'not_canonical' | null {
  if (head.length === 0) throw new ExchangeError('file_empty')
  const start = head.subarray(0, HEAD_BYTES)
  // Bytes as characters: the names looked for are ASCII, the file may be anything.
  const text = new TextDecoder('latin1').decode(start)
  if (text.startsWith(FRAME.envelope)) return null
  const ours = text.includes('omega-federation-manifest') || text.includes('"envelope"')
  if (!ours) throw new ExchangeError('not_a_manifest')
  if (equalBytes(start.subarray(0, 3), BYTE_ORDER_MARK)) return 'not_utf8'
  try {
    // As a stream: the end of a full head may stand inside a character.
    new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: start.length === HEAD_BYTES })
  } catch {
    return 'not_utf8'
  }
  return 'not_canonical'
}

const UNREADABLE: VerificationWithLeaves = {
  failure: { layer: 'signature', code: 'gzip_invalid', line: 1, index: null },
  signed: null,
  memories: 0,
  evidence: [],
  leaves: new Uint8Array(),
}

type Expected =
  'evidence' | 'statement' | 'end of evidence' | 'format' | 'memories' | 'memory' | 'close' | 'nothing'

/** Takes the lines of one file in order and keeps what the later layers need. */
class ManifestReader {
  readonly #options: VerifyOptions
  readonly #tree = new TreeHasher()
  readonly #leaves = new ByteList()
  readonly #statements: { readonly line: number; readonly value: JsonValue; readonly over: boolean }[] = []
  readonly #evidence: Evidence[] = []
  #evidenceBytes = 0
  #expected: Expected = 'evidence'
  #signed: VerifiedEnvelope | null = null
  memories = 0

  constructor(options: VerifyOptions) {
    this.#options = options
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
    this.#tree.push(leaf)
    this.#leaves.push(leaf)
    this.memories++
    this.#options.onMemory?.(memory, line, leaf)
    if (last) this.#expected = 'close'
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
      leaves: this.#leaves.toBytes(),
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
