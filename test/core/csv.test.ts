import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeField, encodeField, encodeRecord } from '../../src/core/csv.ts'

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
      { seed: 20261124, numRuns: 5000 },
    )
  })

  it('begins no formula and no link, whatever the spreadsheet splits at', () => {
    fc.assert(
      fc.property(text, text, fc.constantFrom(',', ';', '\t'), (a, b, separator) => {
        for (const cell of cellsOf(encodeRecord([a, b]), separator)) expect(cell).not.toMatch(DANGEROUS)
      }),
      { seed: 20261124, numRuns: 5000 },
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

  it('takes no longer than it is long', () => {
    const long = [
      'a,'.repeat(200_000),
      'a'.repeat(1_000_000),
      ' '.repeat(300_000),
      "'".repeat(300_000),
      `\n${' '.repeat(100_000)}`.repeat(3),
    ]
    for (const each of long) expect(decodeField(encodeField(each))).toBe(each)
  })
})
