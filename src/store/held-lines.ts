import type { LeafList } from '../core/leaf-list.ts'
import { ByteTable } from './byte-table.ts'
import { IntList } from './int-list.ts'
import type { Ordinal } from './memory-index.ts'
import type { Page } from './page.ts'

/** A page, and its first line. */
interface HeldPage {
  readonly page: Pick<Page, 'count' | 'leaves' | 'indexes' | 'erased'>
  readonly start: Ordinal
}

/** The lines that are held out of one manifest, by their leaves. */
export class HeldLines {
  readonly #pages: readonly HeldPage[]
  /** Pages from which nothing was taken out, by the place in the manifest at which they begin. */
  readonly #whole = new Map<number, HeldPage>()
  #table: { readonly leaves: ByteTable; readonly lines: IntList } | null = null

  constructor(pages: readonly HeldPage[]) {
    this.#pages = pages
    for (const held of pages)
      if (held.page.count > 0 && isWhole(held.page)) this.#whole.set(held.page.indexes[0]!, held)
  }

  /**
   * A line for each of `count` leaves of the manifest, from its `index`th on; null unless each is held. A run that was
   * staged as it stands is one page: to compare it whole takes a fraction of looking its leaves up.
   */
  linesOf(leaves: LeafList, index: number, count: number): Ordinal[] | null {
    const held = this.#whole.get(index)
    if (held?.page.count === count && leaves.holds(held.page.leaves, index))
      return Array.from({ length: count }, (_, row) => held.start + row)
    const lines: Ordinal[] = []
    for (let at = index; at < index + count; at++) {
      const line = this.find(leaves.at(at))
      if (line === null) return null
      lines.push(line)
    }
    return lines
  }

  /** The line of this leaf, of several the first; null if it is not held. */
  find(leaf: Uint8Array): Ordinal | null {
    const { leaves, lines } = (this.#table ??= tableOf(this.#pages))
    const known = leaves.find(leaf)
    return known === -1 ? null : lines.at(known)
  }
}

function isWhole({ erased }: HeldPage['page']): boolean {
  return erased === undefined || erased.length === 0
}

function tableOf(pages: readonly HeldPage[]) {
  const [leaves, lines] = [new ByteTable(), new IntList()]
  leaves.reserve(pages.reduce((sum, { page }) => sum + page.count, 0))
  for (const { page, start } of pages) {
    const numbers = isWhole(page) ? leaves.addAll(page.leaves) : null
    const erased = new Set(page.erased)
    for (let row = 0; row < page.count; row++)
      if (!erased.has(row) && (numbers?.[row] ?? leaves.add(page.leaves, 32 * row)) === lines.length)
        lines.push(start + row)
  }
  return { leaves, lines }
}
