import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hidesSomething, startOf, toPlain, toRuns, type TextKind } from '../../src/ui/runs.ts'

const marksOf = (text: string, kind: TextKind = 'name') =>
  toRuns(text, kind).flatMap(({ unseen }) => (unseen === undefined ? [] : [unseen]))

describe('names', () => {
  test.each([
    ['a zero-width space', 'A\u200bda', ['U+200B']],
    ['joiners outside emoji', 'A\u200dd\u200ca', ['U+200D', 'U+200C']],
    ['direction marks', '\u200eA\u200f\u061c', ['U+200E', '2 unseen characters']],
    ['an override', 'manifest\u202enosj.exe', ['U+202E']],
    ['an unclosed isolate', 'A\u2067', ['U+2067']],
    ['a byte order mark', '\ufeffAda', ['U+FEFF']],
    ['a soft hyphen', 'A\u00adda', ['U+00AD']],
    ['a word in tags', 'Ada\u{e0041}\u{e0064}\u{e0061}', ['3 unseen characters']],
    ['a run of one', 'A\u2060\u2060\u2060', ['U+2060 ×3']],
    ['fillers that look like a space', 'A\u3164\u2800B', ['2 unseen characters']],
    ['other spaces', 'A\u00a0B\u2003', ['U+00A0', 'U+2003']],
    ['spaces at the edges and more than one', ' A  B ', ['U+0020', 'U+0020', 'U+0020']],
    ['a line feed and an escape', 'A\n\u001b[2J', ['2 unseen characters']],
    ['a variation selector without an emoji', 'A\ufe01', ['U+FE01']],
    ['marks piled up', `Z${'\u0301'.repeat(40)}`, ['35 more marks']],
  ])('%s', (_, name, marks) => {
    expect(marksOf(name)).toEqual(marks)
  })

  test.each(['Ada Lovelace', 'Ёлка', 'שלום', 'नमस्ते', 'ẫ́', '👩🏽‍🚒', '❤️ harbour', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣', '🇮🇱'])(
    '%s is as it looks',
    (name) => {
      expect(toRuns(name, 'name')).toEqual([{ text: name }])
    },
  )

  test('an emoji does not excuse what stands beside it', () => {
    expect(marksOf('👩\u200d')).toEqual(['U+200D'])
    expect(marksOf('👩\u200d\u200d🚒')).toEqual(['U+200D ×2'])
    expect(marksOf('😀\u{e0041}\u{e0042}')).toEqual(['2 unseen characters'])
    expect(marksOf('❤\ufe0f\ufe0f')).toEqual(['U+FE0F'])
  })
})

describe('prose', () => {
  test.each([
    ['an override', 'a\u202eb', ['U+202E']],
    ['a message in tags', '\u{e0069}\u{e0067}\u{e006e}', ['3 unseen characters']],
    ['a message in variation selectors', 'a\ufe00\ufe01\u{e0100}', ['3 unseen characters']],
    ['a message in joiners', 'a\u200b\u200c\u200b', ['3 unseen characters']],
    ['escapes', '\u001b[31m', ['U+001B']],
    ['C1 controls', '\u009b2J', ['U+009B']],
  ])('%s', (_, text, marks) => {
    expect(marksOf(text, 'prose')).toEqual(marks)
  })

  test.each(['one\ntwo\r\n\tthree', 'می‌خواهم', 'ក្រុម​ហ៊ុន', 'co\u00adoperate', 'A \u200fשלום\u200e', '葛󠄀'])(
    '%j may stand',
    (text) => expect(hidesSomething(text, 'prose')).toBe(false),
  )
})

test('joined, the runs are the text', () => {
  const unit = fc.constantFrom(
    'a',
    ' ',
    '\u200b',
    '\u202e',
    '\u0301',
    '👩',
    '\u200d',
    '\ufe0f',
    '\u{e0041}',
    '\n',
    '\ud800',
  )
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 2000 }),
      fc.constantFrom('name' as const, 'prose' as const),
      (text, kind) => {
        const runs = toRuns(text, kind)
        expect(runs.map((run) => run.text).join('')).toBe(text)
        expect(runs.length).toBeLessThanOrEqual(1002)
      },
    ),
    { numRuns: 300 },
  )
})

describe('where no element can stand', () => {
  test('what is unseen is spelt out, and nothing that steers is left', () => {
    expect(toPlain('manifest\u202enosj.exe')).toBe('manifest[U+202E]nosj.exe')
    expect(toPlain('Ada')).toBe('Ada')
  })

  test('what runs from the right is isolated', () => {
    expect(toPlain('שלום')).toBe('\u2068שלום\u2069')
  })

  test('a long name is cut, never within a character', () => {
    expect(toPlain('A'.repeat(256), 10)).toBe(`${'A'.repeat(10)}…`)
    expect(startOf('ab😀', 3)).toBe('ab')
    expect(startOf('ab😀', 4)).toBe('ab😀')
  })
})
