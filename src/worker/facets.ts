import type { Columns, MemoryIndex } from '../store/memory-index.ts'
import type { MemoryStore } from '../store/memory-store.ts'

export interface Facets {
  readonly rows: number
  readonly own: number
  readonly imported: number
  readonly entities: readonly (readonly [name: string, rows: number])[]
  readonly event_types: readonly (readonly [name: string, rows: number])[]
  readonly tags: readonly (readonly [name: string, rows: number])[]
  /** By fingerprint of the issuer: rows shown and lines held. */
  readonly peers: readonly { readonly fingerprint: string; readonly rows: number; readonly lines: number }[]
}

const FACETS_SHOWN = 1000

/** Of each index, what was counted last, and after how many changes. */
const counted = new WeakMap<MemoryIndex, { readonly changes: number; readonly facets: Facets }>()

/** What there is to choose from: the most frequent names, most frequent first. Counted once after each change. */
export async function readFacets(store: MemoryStore): Promise<Facets> {
  const index = await store.upToDate()
  const known = counted.get(index)
  if (known?.changes === index.changes) return known.facets
  const facets = countFacets(index)
  counted.set(index, { changes: index.changes, facets })
  return facets
}

function countFacets(index: MemoryIndex): Facets {
  const names = { entities: new Map(), types: new Map(), tags: new Map() }
  const peers = new Map<string, { rows: number; lines: number }>()
  let [own, imported] = [0, 0]
  for (const { page, batch, shown } of index.pages()) {
    const rows = countPage(page, shown, names)
    if (batch.origin === null) own += rows
    else {
      const peer = peers.get(batch.origin.fingerprint) ?? { rows: 0, lines: 0 }
      peers.set(batch.origin.fingerprint, peer)
      peer.lines += page.count - (page.erased?.length ?? 0)
      peer.rows += rows
      imported += rows
    }
  }
  return {
    rows: own + imported,
    own,
    imported,
    entities: mostFirst(names.entities),
    event_types: mostFirst(names.types),
    tags: mostFirst(names.tags),
    peers: [...peers].map(([fingerprint, counts]) => ({ fingerprint, ...counts })),
  }
}

type Names = Readonly<Record<'entities' | 'types' | 'tags', Map<string, number>>>

/** Answers how many rows the page shows. Numbers are counted first and named then: a row names what thousands do. */
function countPage(page: Columns, shown: Uint8Array, names: Names): number {
  const [entities, types, tags] = [0, 1, 2].map(() => new Uint32Array(page.strings.length))
  let rows = 0
  for (let row = 0; row < page.count; row++) {
    if (shown[row] === 0) continue
    rows++
    entities![page.entities[row]!]!++
    // Of none, beyond the end of what is counted.
    types![page.types[row]!]!++
    for (let at = page.tagStarts[row]!; at < page.tagStarts[row + 1]!; at++) tags![page.tags[at]!]!++
  }
  for (const [place, name] of page.strings.entries()) {
    add(names.entities, name, entities![place]!)
    add(names.types, name, types![place]!)
    add(names.tags, name, tags![place]!)
  }
  return rows
}

function add(names: Map<string, number>, name: string, rows: number): void {
  if (rows > 0) names.set(name, (names.get(name) ?? 0) + rows)
}

/** A file may bring a name for each of its memories: all are never sorted. */
function mostFirst(names: Map<string, number>): [string, number][] {
  const most: [string, number][] = []
  for (const name of names) {
    if (most.length === FACETS_SHOWN && !isBefore(name, most.at(-1)!)) continue
    let [from, to] = [0, most.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (isBefore(name, most[middle]!)) to = middle
      else from = middle + 1
    }
    most.splice(from, 0, name)
    if (most.length > FACETS_SHOWN) most.pop()
  }
  return most
}

function isBefore([a, n]: readonly [string, number], [b, m]: readonly [string, number]): boolean {
  return n > m || (n === m && a < b)
}
