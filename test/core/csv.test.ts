import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeField, encodeField, encodeRecord, guard, unguard } from '../../src/core/csv.ts'

/** RFC 4180, naively, with any separator: what a spreadsheet of some country makes of a record. */
function cellsOf(text: string, separator: string): string[] {
  const cells: string[] = []
  let [cell, quoted, at] = ['', false, 0]
  for (; at < text.length; at++) {
    const unit = text[at]!
    if (quoted && unit === '"' && text[at + 1] === '"') cell += text[++at]!
    else if (quoted && unit === '"') quoted = false
    else if (quoted) cell += unit
    else if (unit === '"' && cell === '') quoted = true
    else if (unit === separator || unit === '\r' || unit === '\n') {
      cells.push(cell)
      cell = ''
    } else cell += unit
  }
  return [...cells, cell]
}

const DANGEROUS =
  /^[\s\p{Cc}\p{Cf}"]*(?:[=+\-@|%＝＋－＠]|https?:|ftp:|file:|mailto:|www\.|\\\\|[^\s@",;']+@[^\s@",;])/iu
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    '=',
    '+',
    '-',
    '@',
    '|',
    '%',
    '＝',
    "'",
    '"',
    ',',
    ';',
    '\t',
    '\r',
    '\n',
    ' ',
    '\u200b',
    '\ufeff',
  ),
  fc.constantFrom('http://a', 'WWW.', '\\\\server\\share', 'a@b.example', 'mailto:', "cmd|' /C calc'!A0"),
)
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))

describe('a field', () => {
  it('is given back to the letter', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(decodeField(encodeField(given))).toBe(given)
      }),
      { seed: 20261124, numRuns: 2000 },
    )
  })

  it('begins no formula and no link, whatever the spreadsheet splits at', () => {
    fc.assert(
      fc.property(text, text, fc.constantFrom(',', ';', '\t'), (a, b, separator) => {
        for (const cell of cellsOf(encodeRecord([a, b]), separator)) expect(cell).not.toMatch(DANGEROUS)
      }),
      { seed: 20261124, numRuns: 2000 },
    )
  })

  it('is read by any reader of RFC 4180 as what it guards', () => {
    expect(cellsOf(encodeRecord(['a "b", c', '2026-01-02', 'x\ny']), ',').slice(0, 2)).toEqual([
      'a "b", c',
      '2026-01-02',
    ])
  })

  it.each([
    ['=HYPERLINK("http://evil.example")', `"'=HYPERLINK(""http://evil.example"")"`],
    ['  =1+1', `"  '=1+1"`],
    ['a;=1+1', `"a;'=1+1"`],
    ["'=1", `"''=1"`],
    ["it's fine", `"it's fine"`],
    ['see http://a.example', '"see http://a.example"'],
    ['http://a.example', `"'http://a.example"`],
    ['', '""'],
  ])('%j', (given, field) => expect(encodeField(given)).toBe(field))

  it('holds no more than a cell can, and says how much is missing', () => {
    const cell = (text: string) => cellsOf(encodeRecord([text]), ',')[0]!
    expect(cell('a'.repeat(32_000))).toBe('a'.repeat(32_000))
    expect(cell('a'.repeat(32_001))).toBe(`${'a'.repeat(32_000)}… 1 more characters`)
    expect(cell(`${'a'.repeat(31_999)}😀b`)).toBe(`${'a'.repeat(31_999)}… 3 more characters`)
    for (const text of ['a'.repeat(32_767) + '=1', ',='.repeat(20_000), '\n=1'.repeat(11_000)]) {
      expect(cell(text).length).toBeLessThan(32_767)
      expect(cell(text)).toMatch(/… \d+ more characters$/)
    }
  })

  it('takes a time that grows as the text does', () => {
    const long: ((n: number) => string)[] = [
      (n) => '\n'.repeat(n),
      (n) => '\t"'.repeat(n),
      (n) => "\n'".repeat(n),
      (n) => '\r\n'.repeat(n),
      (n) => '\n '.repeat(n),
      (n) => 'a,'.repeat(n),
      (n) => 'a'.repeat(n),
      (n) => ' '.repeat(n),
      (n) => "'".repeat(n),
      (n) => ',a@'.repeat(n),
      (n) => '\u200b,'.repeat(n),
    ]
    // Of the processor, since others use the machine too; the least of three, since the first is compiled.
    const took = (text: string) =>
      Math.min(
        ...[1, 2, 3].map(() => {
          const from = process.cpuUsage()
          expect(unguard(guard(text))).toBe(text)
          const { user, system } = process.cpuUsage(from)
          return user + system
        }),
      )
    for (const make of long) {
      // Ten times the text takes ten times as long, and not a hundred; what takes no time has no ratio.
      const short = Math.max(2_000, took(make(20_000)))
      expect(took(make(200_000)), JSON.stringify(make(3))).toBeLessThan(40 * short)
    }
  })
})
