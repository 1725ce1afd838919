/**
 * What in a stranger's text is not seen as what it is: characters without a look of their own, that steer the direction
 * of others, or that pile up on a letter. The app marks it where it stands, the command line spells it out.
 */
export interface Unseen {
  readonly from: number
  readonly to: number
  /** Marks beyond what a letter carries, or that stand on none; else characters with no look. */
  readonly stacked: boolean
}

/**
 * In a name nothing invisible has a meaning that a reader could compare, and a second space is not seen either. Prose
 * may have what its script needs, where it needs it.
 */
export type TextKind = 'name' | 'prose'

/**
 * Emoji of several characters hold joiners, selectors and tag characters by right: those that Unicode lists, and no
 * other. An engine that does not know the list (before Chrome 112, Firefox 116, Safari 17) has them marked.
 */
const EMOJI =
  '(?=[\\p{Extended_Pictographic}#*0-9][\\u200d\\ufe0f\\p{Emoji_Modifier}\\u{e0020}-\\u{e007f}])\\p{RGI_Emoji}'
/** Without a look: controls, formats, halves of characters, what is ignored by default, and glyphs that are blank. */
const BLANK =
  '\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}' +
  '\\u2800\\ufffc\\u{13441}\\u{13442}\\u{16fe4}\\u{1d159}'
/** Formats that are drawn: signs before a number or a name in Arabic, Syriac and Kaithi. */
const DRAWN = /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u

const RUNS: Readonly<Record<TextKind, string>> = {
  name: `(?<run>[\\p{M}\\p{Zs}${BLANK}]+)`,
  prose: `(?<run>(?:(?![\\n\\r\\t])[\\p{M}${BLANK}])+)`,
}
// eslint-disable-next-line no-misleading-character-class -- each stands for itself
const WITHOUT_EMOJI = { name: new RegExp(RUNS.name, 'gu'), prose: new RegExp(RUNS.prose, 'gu') }
/** Made when first needed: of thousands of emoji, they take longer to compile than a frame may last. */
const WITH_EMOJI: Partial<Record<TextKind, RegExp>> = {}
/** What is looked for and stands in emoji too. */
// eslint-disable-next-line no-misleading-character-class -- each stands for itself
const MAY_BE_EMOJI = /[\u200d\ufe0f\u{e0020}-\u{e007f}]/u

function patternFor(text: string, kind: TextKind): RegExp {
  if (!MAY_BE_EMOJI.test(text)) return WITHOUT_EMOJI[kind]
  return (WITH_EMOJI[kind] ??= compileWithEmoji(kind))
}

function compileWithEmoji(kind: TextKind): RegExp {
  try {
    return new RegExp(`${EMOJI}|${RUNS[kind]}`, 'gv')
  } catch {
    return WITHOUT_EMOJI[kind]
  }
}

// eslint-disable-next-line no-misleading-character-class -- each stands for itself
const IS_BLANK = new RegExp(`[${BLANK}]`, 'u')
const IS_SPACE = /\p{Z}/u
const IS_LETTER = /\p{L}/u
const CARRIES = /[\p{L}\p{N}]/u
const LETTERS = /[\p{L}\p{M}]/gu
const FROM_THE_RIGHT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u

/** Marks on one letter: Vietnamese puts two, Greek three, Hebrew, Arabic and most of India four, two scripts five. */
const FEW = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Armenian}\p{Script=Georgian}]/u
const GREEK = /\p{Script=Greek}/u
const MANY = /[\p{Script=Tibetan}\p{Script=Myanmar}\p{Script=Khmer}]/u

interface Need {
  readonly what: RegExp
  readonly before?: RegExp
  readonly after?: RegExp
  /** Letters that a text must have for each of these. */
  readonly letters: number
}

const JOINED =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}\p{Script=Mandaic}\p{Script=Adlam}]/u
const INDIC =
  /[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}]/u
const VIRAMA = /[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca]/
const WITHOUT_SPACES =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Javanese}\p{Script=Balinese}\p{Script=Tai_Tham}]/u
const HAN = /\p{Script=Han}/u
const MONGOLIAN = /\p{Script=Mongolian}/u
const EGYPTIAN = /\p{Script=Egyptian_Hieroglyphs}/u
const BRAILLE = /[\u2801-\u28ff]/
const MUSIC = /[\u{1d100}-\u{1d172}\u{1d17b}-\u{1d1ff}]/u
const SHORTHAND = /\p{Script=Duployan}/u

/** What the scripts of the world need of the unseen, one at a time and nowhere else. */
const NEEDS: readonly Need[] = [
  { what: /[\u200c\u200d]/, before: JOINED, after: JOINED, letters: 4 },
  { what: /[\u200c\u200d]/, before: VIRAMA, letters: 4 },
  { what: /[\u200c\u200d]/, before: INDIC, after: VIRAMA, letters: 4 },
  { what: /\u200b/, before: WITHOUT_SPACES, after: WITHOUT_SPACES, letters: 4 },
  { what: /\u00ad/, before: IS_LETTER, after: IS_LETTER, letters: 16 },
  { what: /[\u180b-\u180f]/, before: MONGOLIAN, letters: 4 },
  { what: /[\ufe0e\ufe0f]/, before: /(?![#*0-9])\p{Emoji}/u, letters: 16 },
  { what: /\ufe00/, before: /[\p{Sm}\p{Script=Han}\p{Script=Myanmar}\p{Script=Phags_Pa}]/u, letters: 16 },
  { what: /[\ufe01\ufe02\u{e0100}-\u{e011f}]/u, before: HAN, letters: 16 },
  { what: /\u2800/, before: BRAILLE, after: BRAILLE, letters: 0 },
  { what: /[\u{13430}-\u{1343f}]/u, before: EGYPTIAN, after: EGYPTIAN, letters: 0 },
  { what: /[\u{1d173}-\u{1d17a}]/u, before: MUSIC, after: MUSIC, letters: 0 },
  { what: /[\u{1bca0}-\u{1bca3}]/u, before: SHORTHAND, after: SHORTHAND, letters: 0 },
]
// eslint-disable-next-line no-misleading-character-class -- each stands for itself
const IS_NEEDED = /[\u00ad\u061c\u180b-\u180f\u200b-\u200f\ufe00-\ufe02\ufe0e\ufe0f\u{e0100}-\u{e011f}]/u
const DIRECTION_MARK = /[\u061c\u200e\u200f]/
const DIRECTION_MARK_LETTERS = 16

/** Before a text has to have letters for what it has of the unseen. */
const FREE = 64

export interface UnseenOptions {
  /** What a script needs is told too: the text of which this is a piece has more of it than its letters explain. */
  readonly strict?: boolean
  /** When so many are found, the rest is not looked for. */
  readonly most?: number
}

/** In their order. Takes a time that grows as the text does. */
export function findUnseen(text: string, kind: TextKind, options: UnseenOptions = {}): Unseen[] {
  const { most = Infinity, strict = kind === 'prose' && overspends(text) } = options
  const found: Unseen[] = []
  for (const each of scan(text, kind)) {
    if (each.letters !== null && !strict) continue
    const last = found.at(-1)
    if (last?.to === each.from && last.stacked === each.stacked)
      found[found.length - 1] = { ...last, to: each.to }
    else if (found.length === most) break
    else found.push({ from: each.from, to: each.to, stacked: each.stacked })
  }
  return found
}

/** JSON that says the same, with what is unseen in it escaped: what it is when it is read again is what is seen. */
export function escapeUnseen(json: string): string {
  let spelled = ''
  let at = 0
  for (const { from, to } of findUnseen(json, 'prose', { strict: true })) {
    spelled += json.slice(at, from)
    for (let unit = from; unit < to; unit++)
      spelled += `\\u${json.charCodeAt(unit).toString(16).padStart(4, '0')}`
    at = to
  }
  return spelled + json.slice(at)
}

/** Whether anything is found. */
export function hidesSomething(text: string, kind: TextKind): boolean {
  let spent = 0
  for (const { letters } of scan(text, kind)) {
    if (letters === null) return true
    spent += letters
  }
  return isTooMuch(spent, text)
}

/** Whether a text has more of what scripts need than its letters explain: then it may carry a message. */
export function overspends(text: string): boolean {
  if (!IS_NEEDED.test(text)) return false
  let spent = 0
  for (const { letters } of scan(text, 'prose')) spent += letters ?? 0
  return isTooMuch(spent, text)
}

function isTooMuch(spent: number, text: string): boolean {
  return spent > FREE && spent > FREE + (text.match(LETTERS)?.length ?? 0)
}

/** One character; `letters` is null where nothing excuses it. */
interface Found extends Unseen {
  readonly letters: number | null
}

function* scan(text: string, kind: TextKind): Generator<Found> {
  const rightToLeft = kind === 'prose' && DIRECTION_MARK.test(text) ? createLines(text) : null
  for (const { index, groups } of text.matchAll(patternFor(text, kind))) {
    const run = groups?.['run']
    if (run === undefined) continue
    let before = characterBefore(text, index)
    // What is invisible parts no mark from its letter.
    let most = mostMarks(before, kind)
    let marks = 0
    let from = index
    for (const character of run) {
      const to = from + character.length
      const isBlank = IS_BLANK.test(character)
      if (!isBlank && IS_SPACE.test(character)) {
        ;[most, marks] = [0, 0]
        const isSeen = character === ' ' && before !== ' ' && from > 0 && to < text.length
        if (!isSeen) yield { from, to, stacked: false, letters: null }
      } else if (!isBlank) {
        if (++marks > most || (kind === 'name' && isEnclosing(character)))
          yield { from, to, stacked: true, letters: null }
      } else if (!DRAWN.test(character)) {
        const after = String.fromCodePoint(text.codePointAt(to) ?? 0x20)
        const letters =
          kind === 'name'
            ? null
            : lettersFor(character, before, to < text.length ? after : '', rightToLeft?.(from) === true)
        if (letters !== 0) yield { from, to, stacked: false, letters }
      }
      before = character
      from = to
    }
  }
}

/** Whether the line at a place, asked for from left to right, has letters that are written from the right. */
function createLines(text: string): (at: number) => boolean {
  let end = -1
  let has = false
  return (at) => {
    if (at > end) {
      const next = text.indexOf('\n', at)
      end = next === -1 ? text.length : next
      has = FROM_THE_RIGHT.test(text.slice(text.lastIndexOf('\n', at) + 1, end))
    }
    return has
  }
}

function isEnclosing(mark: string): boolean {
  return /\p{Me}/u.test(mark)
}

function mostMarks(base: string, kind: TextKind): number {
  if (base === '' || (kind === 'name' && !CARRIES.test(base))) return 0
  if (MANY.test(base)) return 5
  const more = kind === 'prose' ? 1 : 0
  return (FEW.test(base) ? 2 : GREEK.test(base) ? 3 : 4) + more
}

/** How many letters explain it there; null: none do. */
function lettersFor(character: string, before: string, after: string, rightToLeft: boolean): number | null {
  // One at a time: of two, the second is always told.
  if (before !== '' && IS_BLANK.test(before)) return null
  if (DIRECTION_MARK.test(character)) {
    const isBetween = IS_LETTER.test(before) && IS_LETTER.test(after)
    return rightToLeft && !isBetween ? DIRECTION_MARK_LETTERS : null
  }
  const need = NEEDS.find(
    (each) =>
      each.what.test(character) && each.before?.test(before) !== false && each.after?.test(after) !== false,
  )
  return need?.letters ?? null
}

/** Empty at the start. */
function characterBefore(text: string, at: number): string {
  const isPair = at > 1 && /[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(at - 2, at))
  return text.slice(Math.max(0, at - (isPair ? 2 : 1)), at)
}
