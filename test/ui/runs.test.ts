import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findUnseen, hidesSomething, type TextKind } from '../../src/core/unseen.ts'
import { startOf, toPlain, toRuns } from '../../src/ui/runs.ts'

const marksOf = (text: string, kind: TextKind = 'name') =>
  toRuns(text, kind).flatMap(({ unseen }) => (unseen === undefined ? [] : [unseen]))

/** A text in tag characters, ended as a flag is. */
const tagged = (text: string) =>
  [...text].map((each) => String.fromCodePoint(0xe0000 + each.charCodeAt(0))).join('') + '\u{e007f}'

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
    ['a word in tags behind a sign that is no flag', `Harbour™${tagged('evil')}`, ['5 unseen characters']],
    ['a word in tags behind a flag', `🏴${tagged('ignore')}`, ['7 unseen characters']],
    ['signs joined to what is no emoji', 'Harbour ©\u200d©', ['U+200D']],
    ['emoji joined to what Unicode does not list', '😀\u200d😈', ['U+200D']],
    ['signs that are drawn blank', 'Ada\u{1d159}\u{1d159}\ufffc', ['3 unseen characters']],
    ['controls of music and of shorthand', 'A\u{1d173}\u{1d17a}\u{1bca0}', ['3 unseen characters']],
    ['notes between the lines', '\ufff9A\ufffab\ufffb', ['U+FFF9', 'U+FFFA', 'U+FFFB']],
    ['a mark at the start', '\u0338Ada', ['1 more mark']],
    ['marks behind a space', 'Ada \u0338\u0338x', ['2 more marks']],
    ['marks behind a bracket', 'Ada (\u0338)', ['1 more mark']],
    ['rings round a letter', 'T\u20ddr', ['1 more mark']],
    ['three marks on a letter', 'Wa\u030f\u030f\u030fve', ['1 more mark']],
    [
      'marks parted by joiners',
      `Z\u0301\u0301\u200d\u0301\u200c\u0301`,
      ['U+200D', '1 more mark', 'U+200C', '1 more mark'],
    ],
    ['marks piled up', `Z${'\u0301'.repeat(40)}`, ['38 more marks']],
  ])('%s', (_, name, marks) => {
    expect(marksOf(name)).toEqual(marks)
  })

  test.each([
    'Ada Lovelace',
    'Nguyễn',
    'Nguyễn'.normalize('NFD'),
    'ᾧ'.normalize('NFD'),
    'בְּרֵאשִׁ֖ית',
    'مُحَمَّدٌ',
    'မြွှေ့',
    'བསྒྲུབས',
    'ញ៉ាំ',
    'ที่นี่',
    '🏳️‍🌈',
    '👁️‍🗨️',
    '🐈‍⬛',
    'Ёлка',
    'שלום',
    'नमस्ते',
    'ẫ́',
    '👩🏽‍🚒',
    '❤️ harbour',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    '1️⃣',
    '🇮🇱',
  ])('%s is as it looks', (name) => {
    expect(toRuns(name, 'name')).toEqual([{ text: name }])
  })

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
    ['a message in selectors, one to a letter', 'h\u{e0100}i\u{e0117}', ['U+E0100', 'U+E0117']],
    ['a message in spaces of no width, one to a letter', 't\u200bh\u200ce', ['U+200B', 'U+200C']],
    ['a message in direction marks', 'a\u200eb\u200fc', ['U+200E', 'U+200F']],
    ['a direction mark where nothing runs from the right', 'abc\u200e', ['U+200E']],
    ['a message in tags behind emoji', `😀${tagged('ignore')} ok`, ['7 unseen characters']],
    ['controls of music', `Ada\u{1d173}${'\u{1d174}\u{1d17a}'.repeat(10)}`, ['21 unseen characters']],
    ['controls of shorthand', 'Ada\u{1bca0}', ['U+1BCA0']],
    ['notes between the lines', '\ufff9a\ufffab\ufffb', ['U+FFF9', 'U+FFFA', 'U+FFFB']],
    ['fillers that look like a space', 'a\u2800\u3164b', ['2 unseen characters']],
    ['a joiner of graphemes', 'a\u034fb', ['U+034F']],
    ['marks parted by joiners', `Z${'\u0301'.repeat(3)}\u200d\u0301`, ['U+200D', '1 more mark']],
    ['five marks on a Latin letter', `a${'\u030f'.repeat(5)}`, ['2 more marks']],
    ['a selector behind a letter', 'a\ufe0f', ['U+FE0F']],
    ['two where one is needed', 'می\u200c\u200cخواهم', ['U+200C ×2']],
  ])('%s', (_, text, marks) => {
    expect(marksOf(text, 'prose')).toEqual(marks)
  })

  test.each([
    'one\ntwo\r\n\tthree',
    'two  spaces, \u00a0 and wide\u3000ones',
    'क्‍ष',
    'ශ්‍රී',
    'ম\u09cd\u200cয',
    'ᠮᠣᠩᠭᠣᠯ᠋',
    '☎\ufe0e',
    '≨\ufe00',
    '\u2801\u2800\u2803',
    '\u0600١٢',
    'בְּרֵאשִׁ֖ית',
    'e\u0301\u0323\u0302',
    'می‌خواهم',
    'ក្រុម​ហ៊ុន',
    'co\u00adoperate',
    'A \u200fשלום\u200e',
    '葛󠄀',
  ])('%j may stand', (text) => expect(hidesSomething(text, 'prose')).toBe(false))
})

test('more of what scripts need than the letters explain is marked, in a piece of the text too', () => {
  const words = 'می\u200cخواهم '
  expect(hidesSomething(words.repeat(200), 'prose')).toBe(false)
  const hidden = 'ن\u200cن'.repeat(100)
  expect(marksOf(hidden, 'prose')).toHaveLength(100)
  expect(toRuns(words, 'prose', true).filter(({ unseen }) => unseen !== undefined)).toHaveLength(1)
  expect(hidesSomething('co\u00adop\u00ader\u00adate', 'prose')).toBe(false)
  expect(marksOf('b\u00adi\u00adt\u00ads'.repeat(20), 'prose').length).toBe(60)
})

test('what is long is looked through in a time that grows as it does', () => {
  const long = [
    '\u200d',
    'a\u0301',
    'ก\u200bก',
    '葛\u{e0100}',
    '👩\u200d👩\u200d👧',
    'א\u200f ',
    '1#',
    '\u0301',
  ]
  for (const each of long) expect(hidesSomething(`a${each.repeat(100_000)}b`, 'prose')).toBeTypeOf('boolean')
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

test('an emoji elsewhere in the text changes nothing of what is found', () => {
  const unit = fc.constantFrom(
    'a',
    ' ',
    '\u202e',
    '\u0301',
    '#',
    '©',
    '\u20e3',
    '\ufe0f',
    '\u200d',
    '👩',
    '🏽',
    '🚀',
    '🏴',
    '🇩',
    '🇪',
    '\u{e0067}',
    '\u{e007f}',
    '\ud800',
  )
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 12 }),
      fc.constantFrom('name' as const, 'prose' as const),
      (inner, kind) => {
        const text = `a${inner}a`
        const found = findUnseen(text, kind, { strict: true })
        expect(findUnseen(`${text}👩\u200d🚀`, kind, { strict: true })).toEqual(found)
      },
    ),
    { numRuns: 5000 },
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
