import { guard } from '../core/csv.ts'

/** A selection as it leaves the page. `html` is absent where the text is to stay exactly what was written. */
export interface Copied {
  readonly text: string
  readonly html?: string
}

/**
 * What was selected as lines of cells, in which nothing begins a formula or a link wherever it is pasted. The HTML is
 * made from the text: it has no address, no picture and no style of the page.
 */
export function toCopied(selected: string): Copied {
  const text = guard(selected)
  const lines = text.split(/\r\n|\r|\n/)
  const html = text.includes('\t')
    ? `<table>${lines.map((line) => `<tr>${line.split('\t').map(toCell).join('')}</tr>`).join('')}</table>`
    : lines.map(escape).join('<br>')
  return { text, html }
}

/** Whether a spreadsheet would take some of it for a formula or a link. */
export function isActive(text: string): boolean {
  return guard(text) !== text
}

const toCell = (text: string) => `<td>${escape(text)}</td>`

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
