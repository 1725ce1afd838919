import type { Selection } from '../core/selection.ts'
import type { Page } from './page.ts'

type Asked = Pick<Page, 'count' | 'entities' | 'strings' | 'tags' | 'tagStarts' | 'times' | 'types'>

/**
 * Sets `rows` to 1 for each row of a page that is `shown` and that `selection` matches, else to 0 (`origin` and
 * `hand_picked` aside, which are not the page's to know). What is asked is looked up once in the page's dictionary;
 * each thing asked is then a pass over one column, which compares numbers.
 */
export function matcherOf(selection: Selection): (page: Asked, shown: Uint8Array, rows: Uint8Array) => void {
  const { entity_id, event_type, tags = [], tags_match = 'all' } = selection
  const since = selection.since === undefined ? -Infinity : Date.parse(selection.since)
  const until = selection.until === undefined ? Infinity : Date.parse(selection.until)
  const isDated = since !== -Infinity || until !== Infinity
  return (page, shown, rows) => {
    const entity = entity_id === undefined ? null : page.strings.indexOf(entity_id)
    const type = event_type === undefined ? null : page.strings.indexOf(event_type)
    const known = tags.map((tag) => page.strings.indexOf(tag)).filter((place) => place !== -1)
    const needed = tags_match === 'all' ? tags.length : Math.min(1, tags.length)
    if (entity === -1 || type === -1 || known.length < needed) return void rows.fill(0)
    rows.set(shown)
    if (entity !== null) keepEqual(rows, page.entities, entity)
    if (type !== null) keepEqual(rows, page.types, type)
    if (isDated) keepBetween(rows, page.times, since, until)
    if (needed > 0) keepTagged(rows, page, known, needed)
  }
}

function keepEqual(rows: Uint8Array, column: Uint16Array, wanted: number): void {
  for (let row = 0; row < rows.length; row++) if (column[row] !== wanted) rows[row] = 0
}

function keepBetween(rows: Uint8Array, times: Float64Array, since: number, until: number): void {
  for (let row = 0; row < rows.length; row++) if (times[row]! < since || times[row]! >= until) rows[row] = 0
}

/** A memory's tags are distinct: of those wanted it has `needed`, or more. */
function keepTagged(rows: Uint8Array, page: Asked, places: readonly number[], needed: number): void {
  const { tags, tagStarts } = page
  const wanted = new Uint8Array(page.strings.length)
  for (const place of places) wanted[place] = 1
  const all = tags.length
  let [row, count, decided] = [0, 0, 0]
  for (let at = 0; at < all; at++) {
    if (wanted[tags[at]!] === 0) continue
    for (; tagStarts[row + 1]! <= at; row++) count = 0
    if (++count !== needed) continue
    rows.fill(0, decided, row)
    decided = row + 1
  }
  rows.fill(0, decided)
}
