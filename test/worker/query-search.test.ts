import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalize } from '../../src/core/canonical.ts'
import { concat, encodeUtf8 } from '../../src/core/bytes.ts'
import type { Memory } from '../../src/core/memory.ts'
import { searchSegment } from '../../src/worker/search.ts'
import { fakeMemory } from '../store/database.ts'

/** Cases that change a length, depend on what stands beside them or lie outside of the alphabets; what JSON escapes. */
const PIECES = [
  ...['a', 'A', 'i', 'I', 'İ', 'i\u0307', '\u0307', 'ı', 'k', 'K', '\u212a', 'ß', 'ẞ', 'å', 'Å', '\u212b'],
  ...['Σ', 'σ', 'ς', 'ΑΣ', 'ας', 'Ω', '\u2126', 'ϴ', 'Θ', 'Ǆ', 'ǅ', 'ǆ', 'Ꭰ', 'ꭰ', 'Ა', 'ა'],
  ...['😀', '😁', '𐐀', '𐐨', '\u2028', '\u00ad', '\u0345'],
  ...[
    '"',
    '\\',
    '\n',
    '\t',
    '\u0007',
    '\u001f',
    '/',
    'n',
    'u001f',
    '","',
    '","content_sha256":"',
    '.',
    '*',
    '(',
    '[',
    '|',
  ],
  ...['content', 'entity', ' ', '0', '^', '$', '{', '}', '-'],
]
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join(''))
/** Beside what may stand in a text, halves of pairs: a field gives what is typed into it. */
const typed = fc
  .array(fc.constantFrom(...PIECES, '\ud83d', '\ude00', '\ud801', '\udc00', '\udc28'), {
    minLength: 1,
    maxLength: 4,
  })
  .map((pieces) => pieces.join(''))

const memory = fc
  .record({ content: text, entity_id: text, tag: text, early: fc.boolean(), n: fc.nat(9) })
  .map(({ content, entity_id, tag, early, n }) =>
    // A member of another version may stand before the content, and have the same name within.
    fakeMemory(n, {
      content,
      entity_id,
      tags: [tag],
      ...(early ? { 'app-x': { content: tag, more: '","content_sha256":"' } } : {}),
    } as Partial<Memory>),
  )

function segmentOf(memories: readonly Memory[], blanked: (row: number) => boolean, gap = ',\n') {
  const lines = memories.map((each, row) => {
    const line = encodeUtf8(canonicalize(each))
    return blanked(row) ? line.fill(0x20) : line
  })
  const offsets = new Uint32Array(lines.length + 1)
  lines.forEach((line, row) => (offsets[row + 1] = offsets[row]! + line.length + gap.length))
  const bytes = concat(...lines.flatMap((line) => [line, encodeUtf8(gap)]))
  return { bytes, offsets }
}

it('finds what reading every content finds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(memory, { minLength: 1, maxLength: 24 }),
      typed,
      fc.infiniteStream(fc.nat(9)),
      async (memories, asked, dice) => {
        const isBlank = memories.map(() => dice.next().value === 0)
        const isAsked = memories.map(() => dice.next().value !== 0)
        const { bytes, offsets } = segmentOf(
          memories,
          (row) => isBlank[row]!,
          dice.next().value! < 5 ? '\n' : ',\n',
        )
        // As it stands in a text, or any.
        const needle = (dice.next().value! < 5 ? asked : memories[0]!.content.slice(0, 3)).toLowerCase()
        fc.pre(needle !== '')
        const rows = Uint32Array.from(memories.keys()).filter((row) => isAsked[row])
        const expected = [...rows].filter(
          (row) => !isBlank[row] && memories[row]!.content.toLowerCase().includes(needle),
        )
        const lines = dice.next().value! < 5 ? bytes : new Blob([bytes])
        expect([...(await searchSegment({ lines, offsets, rows, needle }))]).toEqual(expected)
      },
    ),
    { numRuns: 800 },
  )
})

it('every character is found by what it becomes in lower case, and by each part of that', async () => {
  const memories: Memory[] = []
  for (let code = 0; code <= 0x1ffff; code++) {
    if (code === 0xd800) code = 0xe000
    const character = String.fromCodePoint(code)
    if (character.toLowerCase() !== character) memories.push(fakeMemory(code, { content: `x${character}y` }))
  }
  const { bytes, offsets } = segmentOf(memories, () => false)
  const rows = Uint32Array.from(memories.keys())
  for (const [row, { content }] of memories.entries()) {
    const lower = content.toLowerCase()
    for (const needle of new Set([lower, lower.slice(1), lower.slice(0, -1)])) {
      // Their neighbours, so that each is found among some.
      const some = rows.subarray(Math.max(0, row - 9), row + 2)
      const first = some[0]!
      const part = bytes.slice(offsets[first], offsets[some.at(-1)! + 1])
      const found = await searchSegment({
        lines: part,
        offsets: offsets.subarray(first).map((offset) => offset - offsets[first]!),
        rows: some.map((each) => each - first),
        needle,
      })
      expect([...found]).toContain(row - first)
    }
  }
})
