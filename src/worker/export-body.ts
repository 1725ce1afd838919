import { ExchangeError } from '../core/errors.ts'
import { inOrder } from '../core/in-order.ts'
import type { Columns, MemoryIndex } from '../store/memory-index.ts'
import type { MemoryStore } from '../store/memory-store.ts'
import { SEPARATOR } from '../store/page.ts'
import { toBlob } from '../store/segment.ts'
import type { TaskContext } from './protocol.ts'

/** Rows that stand one behind the other in a segment. */
interface Piece {
  /** Of the first, among all that are to go out; and which row of the page it is. */
  readonly at: number
  readonly row: number
  readonly count: number
  readonly page: Columns
}

/** What is put together from fewer than so many lines at a time is read and copied. */
const MANY_LINES = 64
const PARTS_AT_ONCE = 8

/**
 * The lines of `rows` one behind the other, each ended by comma and LF, behind an LF, and what each must hash to, 32
 * bytes each. Lines that lie together are not read: the body refers to where they lie. Throws what reading the store
 * throws, `cancelled`.
 */
export async function composeBody(
  store: MemoryStore,
  index: MemoryIndex,
  rows: Uint32Array,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<{ readonly body: Blob; readonly leaves: Uint8Array; readonly inBlobs: boolean }> {
  const leaves = new Uint8Array(32 * rows.length)
  const body: BlobPart[] = ['\n']
  let inBlobs = true
  const read = async (part: Piece | Uint32Array): Promise<BlobPart[]> => {
    if (!(part instanceof Uint32Array)) {
      const { page, row, count } = part
      const segment = await store.segmentOf(index, page.id)
      inBlobs &&= segment instanceof Blob
      const [from, to] = [page.offsets[row]!, page.offsets[row + count]!]
      return [segment instanceof Blob ? segment.slice(from, to) : toBlob(segment.subarray(from, to))]
    }
    const copies: Blob[] = []
    for await (const run of store.readRuns(index, part))
      copies.push(new Blob(run.flatMap(({ bytes }) => [bytes as Uint8Array<ArrayBuffer>, SEPARATOR])))
    inBlobs &&= (await store.segmentOf(index, index.pageOf(part[0]!).id)) instanceof Blob
    return copies
  }
  for await (const [, parts] of inOrder(partsOf(index, rows, leaves), PARTS_AT_ONCE, read)) {
    if (signal.aborted) throw new ExchangeError('cancelled')
    body.push(...parts)
  }
  return { body: new Blob(body), leaves, inBlobs }
}

/** Pieces long enough to be referred to, and the rows between them. Fills `leaves`. */
function* partsOf(index: MemoryIndex, rows: Uint32Array, leaves: Uint8Array): Generator<Piece | Uint32Array> {
  let from = 0
  for (const piece of piecesOf(index, rows)) {
    const { at, row, count, page } = piece
    leaves.set(page.leaves.subarray(32 * row, 32 * (row + count)), 32 * at)
    if (count < MANY_LINES || page.gap === undefined) continue
    if (from < at) yield rows.subarray(from, at)
    yield piece
    from = at + count
  }
  if (from < rows.length) yield rows.subarray(from)
}

function* piecesOf(index: MemoryIndex, rows: Uint32Array): Generator<Piece> {
  for (let at = 0; at < rows.length;) {
    const line = rows[at]!
    const [page, row] = [index.pageOf(line), index.rowOf(line)]
    const most = Math.min(page.count - row, rows.length - at)
    let count = 1
    while (count < most && rows[at + count] === line + count) count++
    yield { at, row, count, page }
    at += count
  }
}
