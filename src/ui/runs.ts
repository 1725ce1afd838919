/**
 * A part of a stranger's text. `unseen` names what has no look of its own, or another's: characters that are
 * invisible, that steer the direction of what follows, or that pile up on a letter. The text itself stays whole,
 * so that what is selected and copied is what was written.
 */
export interface Run {
  readonly text: string
  readonly unseen?: string
}

/** An emoji of several characters holds joiners, selectors and (flags of regions) tag characters by right. */
const EMOJI =
  '\\p{Extended_Pictographic}\\ufe0f?\\p{Emoji_Modifier}?(?:[\\u{e0020}-\\u{e007e}]{1,6}\\u{e007f})?' +
  '(?:\\u200d\\p{Extended_Pictographic}\\ufe0f?\\p{Emoji_Modifier}?)*|[#*\\d]\\ufe0f\\u20e3'
/** No script of the world puts more marks than this on one letter. */
const STACKED = '(?<=\\p{M}{5})\\p{M}+'
/** In a name nothing invisible has a meaning that a reader could compare, and a second space is not seen either. */
const IN_NAME =
  '(?:(?! )[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Z}\\p{Default_Ignorable_Code_Point}\\u2800])+|^ +| +$|(?<= ) +'
/**
 * Prose may have what its script needs: joiners, spaces of no width, direction marks, soft hyphens, variation
 * selectors, one at a time. It need not override directions, hide a message in what has no look, or carry controls.
 */
const IN_PROSE =
  '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u115f\\u1160\\u202a-\\u202e\\u2060-\\u206f' +
  '\\u3164\\ufeff\\uffa0\\u{e0000}-\\u{e00ff}]+|(?:\\p{Variation_Selector}|[\\u00ad\\u061c\\u200b-\\u200f]){2,}'

const PATTERNS = {
  name: new RegExp(`(?<seen>${EMOJI})|${STACKED}|${IN_NAME}`, 'gu'),
  prose: new RegExp(`(?<seen>${EMOJI})|${STACKED}|${IN_PROSE}`, 'gu'),
} as const

export type TextKind = keyof typeof PATTERNS

/** Marks of a stranger's making are elements to lay out: beyond this many one mark says that there are more. */
const MOST = 500

/** Joined, the runs are the text. */
export function toRuns(text: string, kind: TextKind): Run[] {
  const runs: Run[] = []
  let from = 0
  let marks = 0
  for (const { 0: found, index, groups } of text.matchAll(PATTERNS[kind])) {
    if (groups?.['seen'] !== undefined) continue
    if (++marks > MOST) {
      runs.push({ text: '', unseen: 'more unseen characters follow' })
      break
    }
    if (index > from) runs.push({ text: text.slice(from, index) })
    runs.push({ text: found, unseen: nameOf(found) })
    from = index + found.length
  }
  if (from < text.length) runs.push({ text: text.slice(from) })
  return runs
}

function nameOf(found: string): string {
  const characters = [...found]
  const [first = ''] = characters
  const count = characters.length
  if (/^\p{M}/u.test(first) && !/\p{Default_Ignorable_Code_Point}/u.test(first)) return `${count} more marks`
  if (characters.some((each) => each !== first)) return `${count} unseen characters`
  const code = `U+${first.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
  return count === 1 ? code : `${code} ×${count}`
}

/** Whether marks would be set: what a person sees is then not all that is there. */
export function hidesSomething(text: string, kind: TextKind): boolean {
  return toRuns(text, kind).some(({ unseen }) => unseen !== undefined)
}

/** Letters that are written from the right. */
const FROM_THE_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
const FIRST_STRONG_ISOLATE = '\u2068'
const POP_ISOLATE = '\u2069'

/**
 * A name where no element can stand: titles, names of controls, items of a menu. What is unseen is spelt out, what
 * runs from the right is isolated, and what is longer than `most` code units is cut.
 */
export function toPlain(name: string, most = 128): string {
  const text = toRuns(name, 'name')
    .map((run) => (run.unseen === undefined ? run.text : `[${run.unseen}]`))
    .join('')
  const cut = text.length > most ? `${startOf(text, most)}…` : text
  return FROM_THE_RIGHT.test(cut) ? FIRST_STRONG_ISOLATE + cut + POP_ISOLATE : cut
}

/** The first `most` code units, or one less where that would tear a character. */
export function startOf(text: string, most: number): string {
  return text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
}
