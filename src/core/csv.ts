/** What makes a spreadsheet run or follow a cell instead of showing it, where a cell begins (OWASP, "CSV Injection"). */
const TRIGGER =
  '[=+\\-@|%\\uff1d\\uff0b\\uff0d\\uff20]|(?:https?|ftp|file|mailto|tel|data|javascript|vbscript|gopher|ldaps?|news|onenote|search-ms|sms|ms-[a-z]{1,20}|outlook|skype|webcal):|www\\.|\\\\\\\\|//|[^\\s@",;\']{1,64}@[^\\s@",;]'
/**
 * Where a cell may begin: at the start, and behind each character that some country's spreadsheet splits at. What is
 * skipped there holds none of these, or a text of nothing else would be walked once from each of them.
 */
const BEGIN = '(^|[,;\\t\\r\\n])((?:(?![,;\\t\\r\\n])[\\s\\p{Cc}\\p{Cf}"])*)'
const UNGUARDED = new RegExp(`${BEGIN}('*)(?=${TRIGGER})`, 'giu')
const GUARDED = new RegExp(`${BEGIN}'('*)(?=${TRIGGER})`, 'giu')

/** A byte order mark: without it Excel takes the file for the code page of its country. */
export const CSV_BEGIN = '\ufeff'

/** Excel takes 32,767 to a cell and begins a row with what is over: there it would be a formula again. */
const MOST = 32_000

/**
 * An apostrophe wherever a spreadsheet would take what begins for a formula or a link, and one more where one stands
 * already: so nothing runs, and `unguard` gives the very text back.
 */
export function guard(text: string): string {
  return text.replaceAll(UNGUARDED, "$1$2'$3")
}

/** Inverse of `guard`. */
export function unguard(text: string): string {
  return text.replaceAll(GUARDED, '$1$2$3')
}

/** One field of RFC 4180, always quoted and guarded; of what no cell holds the beginning, and how much is missing. */
export function encodeField(text: string): string {
  return `"${toCell(text).replaceAll('"', '""')}"`
}

/** The text of a quoted field that was not cut. Inverse of `encodeField`. */
export function decodeField(field: string): string {
  return unguard(field.slice(1, -1).replaceAll('""', '"'))
}

function toCell(text: string): string {
  let most = MOST
  for (;;) {
    const begin = text.length <= most ? text : text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
    const guarded = guard(begin)
    if (guarded.length <= MOST)
      return begin === text ? guarded : `${guarded}… ${text.length - begin.length} more characters`
    // Guarded, no text is more than twice as long: this is the second turn at most.
    most = MOST / 2
  }
}

/** Fields as one record, with its CRLF. */
export function encodeRecord(fields: readonly string[]): string {
  return fields.map(encodeField).join(',') + '\r\n'
}
