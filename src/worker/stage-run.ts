import { decodeUtf8 } from '../core/bytes.ts'
import { parseCanonical } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Kernel } from '../core/kernel.ts'
import { checkMemory, notUnderstood, parseMemory, type Memory } from '../core/memory.ts'
import { dedupKey, PageBuilder, type BuiltPage } from '../store/page.ts'
import { toBlob } from '../store/segment.ts'

/** Memories of a verified file that are to be staged. */
export interface RunToStage {
  readonly batch: string
  /** Index of the first memory, and how many stand one behind the other. */
  readonly index: number
  readonly count: number
  /** Fingerprints of all keys this instance ever signed with. */
  readonly ownKeys: readonly string[]
  /** Indexes of memories to be left out. */
  readonly skip: readonly number[]
}

/** Pages ready to be written, and what only their memories could tell. */
export interface StagedRun {
  readonly pages: readonly BuiltPage<Blob>[]
  /** Indexes of memories whose author is one of our own keys. */
  readonly ownAuthored: readonly number[]
  /** Indexes of memories that are critical and not understood. */
  readonly notUnderstood: readonly number[]
}

/** A memory line that was hashed again: it and its line are views, valid until the bytes are let go. */
export interface Entry {
  readonly line: Uint8Array
  readonly memory: Memory
  readonly leaf: Uint8Array
  readonly key: Uint8Array
}

const LF = 0x0a
const COMMA = 0x2c

/** Hashes the lines again and makes pages of them. Throws `file_changed` where they are no memories any more. */
export function stageRun(kernel: Kernel | null, bytes: Uint8Array, run: RunToStage): StagedRun {
  const own = new Set(run.ownKeys)
  const skip = new Set(run.skip)
  const pages: BuiltPage<Blob>[] = []
  const found: { ownAuthored: number[]; notUnderstood: number[] } = { ownAuthored: [], notUnderstood: [] }
  let builder = new PageBuilder()
  let index = run.index
  const close = () => {
    const { page, lines } = builder.build(run.batch)
    if (page.count > 0) pages.push({ page, lines: toBlob(lines) })
    builder = new PageBuilder()
  }
  for (const { line, memory, leaf, key } of readEntries(kernel, bytes, run)) {
    if (own.has(memory.author)) found.ownAuthored.push(index)
    if (notUnderstood(memory)) found.notUnderstood.push(index)
    if (!skip.has(index)) builder.add(memory, line, key, leaf, index)
    index++
    if (builder.isFull) close()
  }
  close()
  return { pages, ...found }
}

/** The memories of whole lines, each hashed again. Throws `file_changed` where one is no memory any more. */
export function* readEntries(
  kernel: Kernel | null,
  bytes: Uint8Array,
  { index, count }: Pick<RunToStage, 'index' | 'count'>,
): Generator<Entry> {
  kernel?.load(bytes)
  // The plain reader decodes each line for itself.
  const texts = kernel && textsOf(bytes)
  let at = 0
  for (let done = 0; done < count;) {
    const taken = kernel?.takeLines(at, true)
    const lines = Math.min((taken?.leaves.length ?? 0) / 32, count - done)
    for (let i = 0; i < lines; i++) {
      const lf = bytes.indexOf(LF, at)
      const line = bytes.subarray(at, lf - 1)
      const [leaf, key] = [hashAt(taken!.leaves, i), hashAt(taken!.keys, i)]
      // The kernel has seen that it is canonical and a memory.
      yield { line, memory: JSON.parse(texts?.[done + i] ?? decodeUtf8(line)) as Memory, leaf, key }
      at = lf + 1
    }
    if (lines === 0) {
      const lf = bytes.indexOf(LF, at)
      const line = bytes.subarray(at, bytes[lf - 1] === COMMA ? lf - 1 : lf)
      if (lf === -1) throw new ExchangeError('file_changed', '', { index: index + done })
      yield readPlainly(line, index + done)
      at = lf + 1
    }
    done += Math.max(lines, 1)
  }
}

/** All lines as text, decoded at once: one by one it takes longer than to parse them. Null where they are no UTF-8. */
function textsOf(bytes: Uint8Array): string[] | null {
  try {
    return decodeUtf8(bytes).split(/,?\n/)
  } catch {
    return null
  }
}

function readPlainly(line: Uint8Array, index: number): Entry {
  try {
    const memory = parseMemory(parseCanonical(decodeUtf8(line)))
    return { line, memory, leaf: checkMemory(memory), key: dedupKey(memory) }
  } catch (cause) {
    if (!(cause instanceof ExchangeError)) throw cause
    throw new ExchangeError('file_changed', '', { index }, { cause })
  }
}

function hashAt(hashes: Uint8Array, i: number): Uint8Array {
  return hashes.slice(32 * i, 32 * i + 32)
}
