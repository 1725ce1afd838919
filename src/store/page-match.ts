import type { Selection } from '../core/selection.ts'
import type { Page } from './page.ts'

/**
 * Calls `found` for each row of `page` that `selection` matches (`origin` and `hand_picked` aside, which are
 * not the page's to know). What is asked is looked up once in the page's dictionary; the scan compares numbers.
 */
export function matchRows(page: Page, selection: Selection, found: (row: number) => void): void {
  const { entity_id, event_type, tags = [], tags_match = 'all' } = selection
  const since = selection.since === undefined ? -Infinity : Date.parse(selection.since)
  const until = selection.until === undefined ? Infinity : Date.parse(selection.until)
  const entity = entity_id === undefined ? null : page.strings.indexOf(entity_id)
  const type = event_type === undefined ? null : page.strings.indexOf(event_type)
  const wanted = tags.map((tag) => page.strings.indexOf(tag))
  const known = wanted.filter((place) => place !== -1)
  const missing = wanted.length - known.length
  if (entity === -1 || type === -1) return
  if (tags.length > 0 && (known.length === 0 || (tags_match === 'all' && missing > 0))) return
  const needed = tags_match === 'all' ? known.length : Math.min(1, known.length)
  for (let row = 0; row < page.count; row++) {
    const time = page.times[row]!
    if (time < since || time >= until) continue
    if (entity !== null && page.entities[row] !== entity) continue
    if (type !== null && page.types[row] !== type) continue
    if (needed > 0 && tagsAt(page, row, known) < needed) continue
    found(row)
  }
}

/** How many of `places` are among the tags of the row; a memory's tags are distinct. */
function tagsAt(page: Page, row: number, places: readonly number[]): number {
  let count = 0
  for (let at = page.tagStarts[row]!; at < page.tagStarts[row + 1]!; at++)
    if (places.includes(page.tags[at]!)) count++
  return count
}
