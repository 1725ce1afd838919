const MOST = 4000
const LINES = 100
/** How far back from the longest piece a better place to cut is looked for. */
const BACK = 2000
/** What belongs to the character before it, and joins it to the next. */
const JOINS = /^[\p{M}\p{Cf}]/u
const JOINING = /\p{Cf}$/u
/** Behind these a text may be cut: they stay with what is before them. */
const PLACES = ['\n', ' ']

/**
 * A text in pieces of at most 4,000 code units and 100 lines, cut behind an LF where there is one, else behind a space, else
 * wherever no character is torn. Joined they are the text. Engines lay out a paragraph of a stranger's making in
 * the square of its length (a million combining marks take longer than anybody waits); pieces out of sight are
 * not laid out at all.
 */
export function toPieces(text: string): string[] {
  const pieces: string[] = []
  for (let from = 0; from < text.length;) {
    const end = Math.min(from + MOST, text.length)
    const to = linesEnd(text, from, end) ?? (end < text.length ? cutBefore(text, end) : end)
    pieces.push(text.slice(from, to))
    from = to
  }
  return pieces
}

/** Where the hundredth line ends, if it does before `end`. */
function linesEnd(text: string, from: number, end: number): number | null {
  let at = from
  for (let lines = 0; lines < LINES; lines++) {
    at = text.indexOf('\n', at) + 1
    if (at === 0 || at > end) return null
  }
  return at
}

function cutBefore(text: string, end: number): number {
  for (const place of PLACES) {
    const at = text.lastIndexOf(place, end - 1)
    if (at >= end - BACK) return at + 1
  }
  for (let at = end; at > end - BACK; at--)
    if (!isLow(text, at) && !JOINS.test(text.slice(at, at + 2)) && !JOINING.test(text.slice(at - 2, at)))
      return at
  return isLow(text, end) ? end - 1 : end
}

/** Whether a cut here would tear a surrogate pair. */
function isLow(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff
}
