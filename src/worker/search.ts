import { decodeUtf8 } from '../core/bytes.ts'
import type { Memory } from '../core/memory.ts'
import { isWellFormed } from '../core/text.ts'
import { readStored, type StoredBytes } from '../store/segment.ts'

/** A segment in which a text is looked for. */
export interface SegmentToSearch {
  readonly lines: StoredBytes
  /** As in its page. */
  readonly offsets: Uint32Array
  /** Rows that are looked through, ascending. */
  readonly rows: Uint32Array
  /** In lower case. */
  readonly needle: string
}

/** A deletion puts spaces in the place of lines; none begins with one. */
export const BLANK = 0x20
/** Where fewer rows are asked for, only these are read. */
const FEW_ROWS = 8
const CHARACTERS_SIEVED = 64
const LAST_CASED = 0x1ffff

/**
 * Rows whose `content`, in lower case, has the needle in it. What decides is the content of a line, parsed; but only
 * of lines that a regular expression lets through, which runs over the segment as it stands.
 */
export async function searchSegment(segment: SegmentToSearch): Promise<Uint32Array> {
  const { lines, offsets, rows, needle } = segment
  if (rows.length <= FEW_ROWS) {
    const texts = await Promise.all(
      Array.from(rows, (row) => readStored(lines, offsets[row]!, offsets[row + 1]! - 1)),
    )
    return rows.filter((_, i) => hasNeedle(decodeUtf8(texts[i]!), needle))
  }
  return searchText(decodeUtf8(await readStored(lines)), rows, needle)
}

/** As `searchSegment`; `text` is all lines of a segment, each ended by LF. */
function searchText(text: string, rows: Uint32Array, needle: string): Uint32Array {
  const sieve = sieveOf(needle)
  const found = new Uint32Array(rows.length)
  let count = 0
  for (let [row, start, next] = [0, 0, 0]; next < rows.length; row++) {
    const candidate = firstFrom(sieve, text, start)
    let end = text.indexOf('\n', start)
    for (; end !== -1 && end < candidate; end = text.indexOf('\n', start)) {
      start = end + 1
      row++
    }
    if (candidate === -1 || end === -1) break
    while (rows[next]! < row) next++
    if (rows[next] === row && hasNeedle(text.slice(start, end), needle)) found[count++] = row
    start = end + 1
  }
  return found.slice(0, count)
}

function firstFrom(sieve: RegExp, text: string, at: number): number {
  sieve.lastIndex = at
  return sieve.exec(text)?.index ?? -1
}

function hasNeedle(line: string, needle: string): boolean {
  return line.charCodeAt(0) !== BLANK && contentOf(line).toLowerCase().includes(needle)
}

const BEFORE = ['{"author":"', '","blind":"', '","content":"'] as const
const [AUTHOR, BLIND] = [64, 22]
const BLIND_AT = BEFORE[0].length + AUTHOR
const CONTENT_AT = BLIND_AT + BEFORE[1].length + BLIND
const BEHIND = '","content_sha256":"'

/** The content of a canonical line. A quote in a text is escaped, so what stands behind it is found first behind it. */
function contentOf(text: string): string {
  // As it lies in its segment it may have its comma.
  const line = text.endsWith(',') ? text.slice(0, -1) : text
  const isUsual =
    line.startsWith(BEFORE[0]) &&
    line.startsWith(BEFORE[1], BLIND_AT) &&
    line.startsWith(BEFORE[2], CONTENT_AT)
  const start = CONTENT_AT + BEFORE[2].length
  const end = line.indexOf(BEHIND, start)
  // Another member may stand before it: of such a line all is read.
  if (!isUsual || end === -1) return (JSON.parse(line) as Memory).content
  const spelled = line.slice(start, end)
  return spelled.includes('\\') ? (JSON.parse(`"${spelled}"`) as string) : spelled
}

/**
 * Finds, in text spelled as JSON has it, the beginning of whatever becomes the needle in lower case, and perhaps
 * more: what it finds is looked at again. Of a long needle it has the beginning.
 */
function sieveOf(needle: string): RegExp {
  // Half of a character may be found in a whole one, of either case.
  const parts = isWellFormed(needle) ? Array.from(needle).slice(0, CHARACTERS_SIEVED).map(patternOf) : []
  return new RegExp(parts.join(''), 'g')
}

function patternOf(character: string): string {
  // A capital İ becomes an i with the dot as a character of its own; it may stand for both, for either.
  if (character === '\u0307') return '[\u0307\u0130]?'
  // What an S at the end of a word becomes depends on what surrounds it, which JSON spells otherwise.
  const lower = character === 'ς' ? 'σ' : character
  const upper = spellings().get(lower)
  if (upper === undefined)
    return JSON.stringify(lower)
      .slice(1, -1)
      .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return `(?:${[lower, ...upper].join('|')})`
}

let known: Map<string, string[]> | undefined

/** For each character, those that become it in lower case, or become a text that has it. */
function spellings(): Map<string, string[]> {
  if (known !== undefined) return known
  known = new Map([['σ', ['ς']]])
  for (let code = 0; code <= LAST_CASED; code++) {
    // Halves of pairs have no case.
    if (code === 0xd800) code = 0xe000
    const character = String.fromCodePoint(code)
    const lower = character.toLowerCase()
    if (lower === character) continue
    for (const each of lower) known.set(each, [...(known.get(each) ?? []), character])
  }
  return known
}
