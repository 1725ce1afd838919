import type { JsonValue } from '../core/canonical.ts'
import { escapeUnseen, findUnseen, hidesSomething, type TextKind } from '../core/unseen.ts'

/**
 * A part of a stranger's text. `unseen` names what has no look of its own, or another's. The text itself stays whole,
 * so that what is selected and copied is what was written.
 */
export interface Run {
  readonly text: string
  readonly unseen?: string
}

/** Marks of a stranger's making are elements to lay out: beyond this many one mark says that there are more. */
const MOST = 500

/** Joined, the runs are the text. `strict` for a piece of a text that overspends. */
export function toRuns(text: string, kind: TextKind, strict?: boolean): Run[] {
  const runs: Run[] = []
  let at = 0
  const found = findUnseen(text, kind, { most: MOST + 1, ...(strict === undefined ? {} : { strict }) })
  for (const { from, to, stacked } of found.slice(0, MOST)) {
    if (from > at) runs.push({ text: text.slice(at, from) })
    const part = text.slice(from, to)
    runs.push({ text: part, unseen: nameOf(part, stacked) })
    at = to
  }
  if (found.length > MOST) runs.push({ text: '', unseen: 'more unseen characters follow' })
  if (at < text.length) runs.push({ text: text.slice(at) })
  return runs
}

/** A run of what is unseen, in words. */
export function nameOf(part: string, stacked: boolean): string {
  const characters = [...part]
  const [first = ''] = characters
  const { length } = characters
  if (stacked) return `${length} more ${length === 1 ? 'mark' : 'marks'}`
  if (characters.some((each) => each !== first)) return `${length} unseen characters`
  const code = `U+${first.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
  return length === 1 ? code : `${code} ×${length}`
}

/**
 * As JSON to read, edit or copy: what is unseen is escaped, so that what it is when it is read again is what is seen.
 * What is longer than `most` code units is cut.
 */
export function toJsonText(value: JsonValue, most = Infinity): string {
  return escapeUnseen(startOf(JSON.stringify(value, null, 2), most))
}

/** Names that a field may offer: those that are what they look like, for in a menu of the browser nothing can be marked. */
export function toOffers(names: readonly string[], most: number): string[] {
  const offers: string[] = []
  for (const name of names) {
    if (offers.length === most) break
    if (!hidesSomething(name, 'name')) offers.push(name)
  }
  return offers
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
