import { ByteList, equalBytes } from './bytes.ts'
import { FORMAT_CODES, type FormatCode } from './codes.ts'
import { ExchangeError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import { inOrder } from './in-order.ts'
import { LeafList } from './leaf-list.ts'
import { LineSplitter, MAX_LINE } from './lines.ts'
import { ManifestReader } from './manifest-reader.ts'
import { FRAME } from './manifest.ts'
import { AHEAD, checkLines, type Mark, type Run } from './run.ts'
import type { Lanes, LayerName, VerificationWithLeaves, VerifyOptions } from './verification.ts'

const HEAD_BYTES = 64 * 1024
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf)

const BATCH_BYTES = 256 * 1024
const LF = 0x0a

/**
 * The four layers of manifest-format 6 over a file that comes in chunks, in the memory of one line, the
 * evidence and 32 bytes a leaf. With `lanes` the memories are checked in runs, several at once, with `kernel` alone in
 * runs here; what neither takes is read line by line, so that the answer is the same. Never throws for what the bytes are; throws what reading
 * throws, but for `gzip_invalid`, which is about the bytes.
 */
export async function verifyManifest(
  chunks: AsyncIterable<Uint8Array>,
  options: VerifyOptions = {},
): Promise<VerificationWithLeaves> {
  const reader = new ManifestReader(options)
  let layer: LayerName = 'signature'
  try {
    await readManifest(chunks, reader, options, () => (layer = 'leaves'))
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
    const code =
      (layer as LayerName) === 'leaves' && reader.isClosed ? 'trailing_data' : (error.code as FormatCode)
    return reader.toVerification({ layer, code, line, index })
  }
}

async function readManifest(
  chunks: AsyncIterable<Uint8Array>,
  reader: ManifestReader,
  options: VerifyOptions,
  onEnvelope: () => void,
): Promise<void> {
  const { lanes, kernel = null, batchBytes = BATCH_BYTES } = options
  const onProgress = neverFalling(options.onProgress)
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
          onEnvelope()
        } else {
          reader.readLine(line)
        }
        if (reader.due === null) continue
        const next = { number: line.number + 1, offset: line.offset + line.bytes.length + 1 }
        if (lanes !== undefined) return await readWithLanes(reader, lanes, next, onProgress)
        if (kernel === null) continue
        const rest = startingWith(chunk.subarray(next.offset - bytes), source)
        return await readInStream(reader, { kernel, batchBytes, onProgress }, rest, next)
      }
      bytes += chunk.length
      onProgress(bytes, reader.memories)
    }
    reader.finish(splitter)
  } finally {
    await source.return?.()
  }
}

type OnProgress = (bytes: number, memories: number) => void

/** What was checked ahead of a line that does not hold counts no more, and is not taken back. */
function neverFalling(onProgress: OnProgress = () => undefined): OnProgress {
  let [mostBytes, mostMemories] = [0, 0]
  return (bytes, memories) => {
    mostBytes = Math.max(mostBytes, bytes)
    mostMemories = Math.max(mostMemories, memories)
    onProgress(mostBytes, mostMemories)
  }
}

/** The line of the first memory. */
interface LineStart {
  readonly number: number
  readonly offset: number
}

/** Reads on from the first memory: in runs as long as they hold, then line by line. */
async function readWithLanes(
  reader: ManifestReader,
  lanes: Lanes,
  { number, offset }: LineStart,
  onProgress: OnProgress,
): Promise<void> {
  let end = offset
  /** Where the first run was asked from that is not taken: its first line may begin behind it. */
  let border = offset
  /** Of runs that are under way or not yet taken: bytes and memories. Null once no more are taken. */
  let ahead: Map<number, readonly [bytes: number, memories: number]> | null = new Map()
  const tell = () => {
    let [bytes, memories] = [border, reader.memories]
    for (const counts of ahead?.values() ?? []) {
      bytes += counts[0]
      memories += counts[1]
    }
    onProgress(bytes, memories)
  }
  const watch = (from: number, ...counts: readonly [bytes: number, memories: number]) => {
    if (ahead?.set(from, counts)) tell()
  }
  for await (const { from, to, run } of runsOf(lanes, offset, watch, reader.memoryCount - 1)) {
    ahead.delete(from)
    if (run.start !== null) {
      if (run.start !== end || !reader.takeRun(run)) break
      end = run.end
    }
    border = run.isWhole ? to : end
    tell()
    if (!run.isWhole) break
  }
  ahead = null
  const splitter = new LineSplitter(number + reader.memories, end)
  for await (const chunk of lanes.chunks(end)) {
    for (const line of splitter.push(chunk)) reader.readLine(line)
    end += chunk.length
    onProgress(end, reader.memories)
  }
  reader.finish(splitter)
}

/** The same of a file that only comes as a stream: `chunks` begin with the first memory. */
async function readInStream(
  reader: ManifestReader,
  {
    kernel,
    batchBytes,
    onProgress,
  }: Required<Pick<VerifyOptions, 'batchBytes' | 'onProgress'>> & { kernel: Kernel },
  chunks: AsyncIterable<Uint8Array>,
  { number, offset }: LineStart,
): Promise<void> {
  const held = new ByteList(2 * batchBytes)
  let end = offset
  /** Once there is something that was not taken, what reads it and all behind it. */
  let splitter: LineSplitter | null = null
  const readLines = (bytes: Uint8Array): LineSplitter => {
    const lines = splitter ?? new LineSplitter(number + reader.memories, end - bytes.length)
    for (const line of lines.push(bytes)) reader.readLine(line)
    return lines
  }
  for await (const chunk of chunks) {
    end += chunk.length
    if (splitter !== null) splitter = readLines(chunk)
    else {
      held.push(chunk)
      if (held.length < batchBytes || (!chunk.includes(LF) && held.length <= MAX_LINE)) continue
      const { length, isWhole } = takeLines(reader, kernel, held.bytes, end - held.length)
      held.drop(length)
      if (!isWhole) splitter = readLines(held.bytes)
    }
    onProgress(end, reader.memories)
  }
  splitter ??= readLines(held.bytes)
  onProgress(end, reader.memories)
  reader.finish(splitter)
}

/** Lets the reader take lines from the start of `bytes`: how long they are, and whether those are all that end there. */
function takeLines(
  reader: ManifestReader,
  kernel: Kernel,
  bytes: Uint8Array,
  offset: number,
): { readonly length: number; readonly isWhole: boolean } {
  const lines = bytes.subarray(0, bytes.lastIndexOf(LF) + 1)
  const leaves = new ByteList()
  const marks: Mark[] = []
  const length = checkLines(kernel, [lines], (some, at) => {
    marks.push({ index: leaves.length / 32, offset: offset + at })
    leaves.push(some)
  })
  if (!reader.takeRun({ leaves: leaves.bytes, marks, subtrees: null })) return { length: 0, isWhole: false }
  return { length, isWhole: length > 0 && length === lines.length }
}

/** `first`, and what is left of `rest`. */
async function* startingWith(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

/**
 * The runs of a file from `offset` on, in order, several under way at once, each with what was asked for. Where `lines`
 * is given, how many can be taken in all, the first and the last are told where they stand.
 */
export async function* runsOf<Checked>(
  { size, count, runBytes, check }: Pick<Lanes<Checked>, 'size' | 'count' | 'runBytes' | 'check'>,
  offset: number,
  onProgress: (from: number, bytes: number, memories: number) => void,
  lines?: number,
): AsyncGenerator<{ readonly from: number; readonly to: number; readonly run: Checked }> {
  const parts = Array.from({ length: Math.ceil((size - offset) / runBytes) }, (_, i): Run => {
    const from = offset + i * runBytes
    const to = Math.min(from + runBytes, size)
    if (lines === undefined) return { from, to }
    return { from, to, ...(i === 0 && { first: 0 }), ...(to === size && { behind: lines }) }
  })
  const runs = inOrder(parts, AHEAD * count, (part) =>
    check(part, (bytes, memories) => onProgress(part.from, bytes, memories)),
  )
  for await (const [part, run] of runs) yield { ...part, run }
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

/** What is found in a broken gzip file (manifest-format, 10). */
export const UNREADABLE: VerificationWithLeaves = {
  failure: { layer: 'signature', code: 'gzip_invalid', line: 1, index: null },
  signed: null,
  memories: 0,
  evidence: [],
  leaves: new LeafList(),
  marks: [],
}
