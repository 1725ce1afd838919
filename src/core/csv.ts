/** What makes a spreadsheet run or follow a cell instead of showing it, where a cell begins (OWASP, "CSV Injection"). */
const TRIGGER =
  '[=+\\-@|%\\uff1d\\uff0b\\uff0d\\uff20]|(?:https?|ftp|file|mailto|tel|data|javascript|vbscript):|www\\.|\\\\\\\\|//|[^\\s@",;\']{1,64}@[^\\s@",;]'
/** Where a cell may begin: at the start, and behind each character that some country's spreadsheet splits at. */
const BEGIN = '(^|[,;\\t\\r\\n])([\\s\\p{Cc}\\p{Cf}"]*)'
const UNGUARDED = new RegExp(`${BEGIN}('*)(?=${TRIGGER})`, 'giu')
const GUARDED = new RegExp(`${BEGIN}'('*)(?=${TRIGGER})`, 'giu')

/** A byte order mark: without it Excel takes the file for the code page of its country. */
export const CSV_BEGIN = '\ufeff'

/**
 * One field of RFC 4180, always quoted. Where a spreadsheet would take what it holds for a formula or a link, an
 * apostrophe stands before it, and one more where one stands already: so nothing runs, and `decodeField` gives the
 * very text back.
 */
export function encodeField(text: string): string {
  return `"${text.replaceAll(UNGUARDED, "$1$2'$3").replaceAll('"', '""')}"`
}

/** The text of a quoted field. Inverse of `encodeField`. */
export function decodeField(field: string): string {
  return field.slice(1, -1).replaceAll('""', '"').replaceAll(GUARDED, '$1$2$3')
}

/** Fields as one record, with its CRLF. */
export function encodeRecord(fields: readonly string[]): string {
  return fields.map(encodeField).join(',') + '\r\n'
}
