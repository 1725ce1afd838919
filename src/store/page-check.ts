import { equalBytes, decodeUtf8, isHash } from '../core/bytes.ts'
import { parseCanonical } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import type { FaultCode } from '../core/integrity.ts'
import type { Kernel } from '../core/kernel.ts'
import { checkMemory, parseMemory, type Memory } from '../core/memory.ts'
import { isTime } from '../core/text.ts'
import { dedupKey, lineEnd, SEPARATOR, typeAt, type Page } from './page.ts'

const SPACE = 0x20
const LF = Uint8Array.of(0x0a)

/** What was found of one line: the memory it holds, null for one whose text was taken out; or what is wrong. */
export interface CheckedLine {
  readonly row: number
  readonly memory: Memory | null
  readonly fault: FaultCode | null
}

/** Whether a record has the form of a page whose segment has `bytes` bytes. It may be anything that a store can hold. */
export function isPage(value: unknown, bytes: number): value is Page {
  try {
    return hasForm(value, bytes)
  } catch {
    return false
  }
}

function hasForm(value: unknown, bytes: number): boolean {
  const page = value as Partial<Page> | null
  if (typeof page !== 'object' || page === null || !isCount(page.count)) return false
  const { count, strings, supersedes, erased = [] } = page
  if (!Array.isArray(strings) || !strings.every((text) => typeof text === 'string')) return false
  const isPlace = (place: number) => place < strings.length
  return (
    typeof page.batch === 'string' &&
    isArray(page.keys, Uint8Array, 32 * count) &&
    isArray(page.leaves, Uint8Array, 32 * count) &&
    isArray(page.times, Float64Array, count) &&
    isArray(page.indexes, Uint32Array, count) &&
    (page.gap === undefined || page.gap === SEPARATOR.length) &&
    isRising(page.offsets, count, bytes, page.gap ?? 1) &&
    isArray(page.entities, Uint16Array, count) &&
    page.entities.every(isPlace) &&
    isArray(page.types, Uint16Array, count) &&
    page.types.every((_, row) => typeof typeAt(page as Page, row) !== 'undefined') &&
    page.tags instanceof Uint16Array &&
    page.tags.every(isPlace) &&
    isRising(page.tagStarts, count, page.tags.length, 0) &&
    Array.isArray(supersedes) &&
    supersedes.every(
      ({ row, leaves }) => isCount(row) && row < count && Array.isArray(leaves) && leaves.every(isHash),
    ) &&
    Array.isArray(erased) &&
    erased.every((row) => isCount(row) && row < count)
  )
}

/**
 * Recomputes every line of a segment and holds it against the columns of its page: each hash, the key by which it is
 * known, and what is asked of it in queries. `bytes` is the segment, `page` has passed `isPage`. What the kernel does
 * not take, or without one all, is read plainly.
 */
export function* checkPage(page: Page, bytes: Uint8Array, kernel: Kernel | null): Generator<CheckedLine> {
  const erased = new Set(page.erased)
  const used = new Set<number>()
  const supersedes = new Map<number, readonly string[]>()
  for (const { row, leaves } of page.supersedes)
    supersedes.set(row, [...(supersedes.get(row) ?? []), ...leaves])
  // Lines of a page of the first version have no comma: the kernel would take none.
  const isBare = page.gap === undefined
  const hashed = kernel === null || isBare ? new Map<number, Hashed>() : hashLines(page, bytes, kernel)
  const separator = isBare ? LF : SEPARATOR
  for (let row = 0; row < page.count; row++) {
    const end = lineEnd(page, row)
    const line = bytes.subarray(page.offsets[row], end)
    if (!erased.has(row)) {
      used.add(page.entities[row]!).add(page.types[row]!)
      for (let at = page.tagStarts[row]!; at < page.tagStarts[row + 1]!; at++) used.add(page.tags[at]!)
    }
    if (!equalBytes(bytes.subarray(end, page.offsets[row + 1]), separator))
      yield { row, memory: null, fault: 'segment_damaged' }
    else if (erased.has(row)) yield { row, memory: null, fault: checkErased(page, row, line) }
    else yield checkLine(page, row, line, hashed.get(row), supersedes.get(row) ?? [])
  }
  // A name that no line has may be one that a person had taken out.
  if (page.strings.some((text, place) => text !== '' && !used.has(place)))
    yield { row: page.count, memory: null, fault: 'deleted_text_kept' }
}

/** Leaf and dedup key of a line that is a memory and whose hashes hold. */
interface Hashed {
  readonly leaf: Uint8Array
  readonly key: Uint8Array
}

/** By row, the lines that the kernel takes. */
function hashLines(page: Page, bytes: Uint8Array, kernel: Kernel): Map<number, Hashed> {
  const hashed = new Map<number, Hashed>()
  kernel.load(bytes)
  for (let row = 0; row < page.count;) {
    const { leaves, keys, end } = kernel.takeLines(page.offsets[row]!, true)
    const count = leaves.length / 32
    // One line each: every LF ends one, so that as many lines that end where as many rows do are those rows.
    const isTaken = count > 0 && row + count <= page.count && page.offsets[row + count] === end
    for (let i = 0; isTaken && i < count; i++)
      hashed.set(row + i, { leaf: leaves.slice(32 * i, 32 * i + 32), key: keys.slice(32 * i, 32 * i + 32) })
    row += isTaken ? count : 1
  }
  return hashed
}

function checkErased(page: Page, row: number, line: Uint8Array): FaultCode | null {
  return line.every((byte) => byte === SPACE) && page.times[row] === 0 ? null : 'deleted_text_kept'
}

function checkLine(
  page: Page,
  row: number,
  line: Uint8Array,
  hashed: Hashed | undefined,
  supersedes: readonly string[],
): CheckedLine {
  let memory: Memory | null = null
  try {
    const text = decodeUtf8(line)
    // What the kernel has taken is canonical and a memory.
    memory = hashed === undefined ? parseMemory(parseCanonical(text)) : (JSON.parse(text) as Memory)
    const leaf = hashed?.leaf ?? checkMemory(memory)
    if (!equalBytes(leaf, page.leaves.subarray(32 * row, 32 * row + 32)))
      return { row, memory: null, fault: 'line_changed' }
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error
    return { row, memory: null, fault: memory === null ? 'line_unreadable' : 'line_changed' }
  }
  const key = hashed?.key ?? dedupKey(memory)
  const isKey = equalBytes(key, page.keys.subarray(32 * row, 32 * row + 32))
  return { row, memory, fault: isKey && hasColumns(page, row, memory, supersedes) ? null : 'columns_wrong' }
}

function hasColumns(page: Page, row: number, memory: Memory, supersedes: readonly string[]): boolean {
  const tags = [...page.tags.subarray(page.tagStarts[row], page.tagStarts[row + 1])]
  return (
    isTime(memory.created_at) &&
    page.times[row] === Date.parse(memory.created_at) &&
    page.strings[page.entities[row]!] === memory.entity_id &&
    typeAt(page, row) === (memory['event_type'] ?? null) &&
    isSame(
      tags.map((place) => page.strings[place]!),
      memory.tags,
    ) &&
    isSame(supersedes, (memory['supersedes'] ?? []) as readonly string[])
  )
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i])
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

type TypedArray = Uint8Array | Uint16Array | Uint32Array | Float64Array

function isArray<T extends TypedArray>(value: unknown, type: new () => T, length: number): value is T {
  return value instanceof type && value.length === length
}

/** Places from 0 to `end`, one for each row and one more, each at least `step` behind the one before. */
function isRising(value: unknown, count: number, end: number, step: number): value is Uint32Array {
  return (
    isArray(value, Uint32Array, count + 1) &&
    value[0] === 0 &&
    value[count] === end &&
    value.every((place, i) => i === 0 || place >= value[i - 1]! + step)
  )
}
