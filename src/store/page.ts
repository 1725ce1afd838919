import { fromHex, concat, encodeUtf8 } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import type { Memory } from '../core/memory.ts'

/** Lines a segment holds at most; it is cut at `SEGMENT_BYTES` too, for memories may be large (test/bench/store-layout). */
export const SEGMENT_LINES = 8192
export const SEGMENT_BYTES = 8 * 1024 * 1024
const NO_TYPE = 0xffff

/** The columns of one segment: what selection, dedup and lineage ask, without the lines. Row i is line i. */
export interface Page {
  readonly id: number
  readonly batch: string
  readonly count: number
  /** Dedup keys, 32 bytes each. */
  readonly keys: Uint8Array
  /** Leaf hashes, 32 bytes each. */
  readonly leaves: Uint8Array
  /** `created_at` in milliseconds since 1970. */
  readonly times: Float64Array
  /** Where each line starts in the segment; one more for its end, counting what stands behind the last. */
  readonly offsets: Uint32Array
  /** Bytes behind each line: a comma and LF, as in a manifest. Absent in pages of the first version: LF alone. */
  readonly gap?: 2
  /** Dictionary of this page's entities, event types and tags; the arrays below are places in it. */
  readonly strings: readonly string[]
  readonly entities: Uint16Array
  readonly types: Uint16Array
  readonly tagStarts: Uint32Array
  readonly tags: Uint16Array
  /** Place of each memory in its manifest; 0 for memories of our own. */
  readonly indexes: Uint32Array
  /** Leaves that own memories of this page replace, by row. */
  readonly supersedes: readonly { readonly row: number; readonly leaves: readonly string[] }[]
  /** Rows whose text a person had taken out: their leaves stay known, they are lines no more. */
  readonly erased?: readonly number[]
}

/** A page without its id, which the database gives, and the lines of its segment. */
export interface BuiltPage<Lines> {
  readonly page: Omit<Page, 'id'>
  readonly lines: Lines
}

/** Behind each line, so that lines of a segment can go into a manifest as they lie. */
export const SEPARATOR: Uint8Array<ArrayBuffer> = Uint8Array.of(0x2c, 0x0a)

/** Where line `row` ends in its segment, what separates it from the next not included. */
export function lineEnd({ offsets, gap }: Pick<Page, 'offsets' | 'gap'>, row: number): number {
  return offsets[row + 1]! - (gap ?? 1)
}

/** SHA-256 over (content_sha256, entity_id), by which memories are the same (manifest-format, 7). */
export function dedupKey(memory: Pick<Memory, 'content_sha256' | 'entity_id'>): Uint8Array {
  return sha256(concat(fromHex(memory.content_sha256), encodeUtf8(memory.entity_id)))
}

/** Collects memories until a segment is full. */
export class PageBuilder {
  readonly #lines: Uint8Array[] = []
  readonly #keys: Uint8Array[] = []
  readonly #leaves: Uint8Array[] = []
  readonly #times: number[] = []
  readonly #offsets: number[] = [0]
  readonly #strings = new Map<string, number>()
  readonly #entities: number[] = []
  readonly #types: number[] = []
  readonly #tagStarts: number[] = [0]
  readonly #tags: number[] = []
  readonly #indexes: number[] = []
  readonly #supersedes: { row: number; leaves: readonly string[] }[] = []
  readonly #erased: number[] = []

  get count(): number {
    return this.#lines.length
  }

  get isFull(): boolean {
    // The dictionary is addressed by 16 bits: a memory adds at most 258 strings.
    return (
      this.count >= SEGMENT_LINES || this.#offsets.at(-1)! >= SEGMENT_BYTES || this.#strings.size > 0xf000
    )
  }

  /** `line` is the memory's canonical line without LF or comma; the rest as in `Page`. */
  add(memory: Memory, line: Uint8Array, key: Uint8Array, leaf: Uint8Array, index: number): void {
    this.#lines.push(line)
    this.#offsets.push(this.#offsets.at(-1)! + line.length + SEPARATOR.length)
    this.#keys.push(key)
    this.#leaves.push(leaf)
    this.#times.push(Date.parse(memory.created_at))
    this.#entities.push(this.#placeOf(memory.entity_id))
    const type = memory['event_type'] as string | undefined
    this.#types.push(type === undefined ? NO_TYPE : this.#placeOf(type))
    for (const tag of memory.tags) this.#tags.push(this.#placeOf(tag))
    this.#tagStarts.push(this.#tags.length)
    this.#indexes.push(index)
    const supersedes = memory['supersedes'] as readonly string[] | undefined
    if (supersedes !== undefined) this.#supersedes.push({ row: this.count - 1, leaves: supersedes })
  }

  /** A line whose text was taken out, as `eraseRows` leaves it; `supersedes` as it had it. */
  addErased(key: Uint8Array, leaf: Uint8Array, index: number, supersedes: readonly string[]): void {
    this.#erased.push(this.count)
    this.#lines.push(new Uint8Array())
    this.#offsets.push(this.#offsets.at(-1)! + SEPARATOR.length)
    this.#keys.push(key)
    this.#leaves.push(leaf)
    this.#times.push(0)
    this.#entities.push(this.#placeOf(''))
    this.#types.push(NO_TYPE)
    this.#tagStarts.push(this.#tags.length)
    this.#indexes.push(index)
    if (supersedes.length > 0) this.#supersedes.push({ row: this.count - 1, leaves: supersedes })
  }

  build(batch: string): BuiltPage<Uint8Array> {
    return {
      lines: concat(...this.#lines.flatMap((line) => [line, SEPARATOR])),
      page: {
        batch,
        count: this.count,
        keys: concat(...this.#keys),
        leaves: concat(...this.#leaves),
        times: Float64Array.from(this.#times),
        offsets: Uint32Array.from(this.#offsets),
        gap: 2,
        strings: [...this.#strings.keys()],
        entities: Uint16Array.from(this.#entities),
        types: Uint16Array.from(this.#types),
        tagStarts: Uint32Array.from(this.#tagStarts),
        tags: Uint16Array.from(this.#tags),
        indexes: Uint32Array.from(this.#indexes),
        supersedes: this.#supersedes,
        ...(this.#erased.length === 0 ? {} : { erased: this.#erased }),
      },
    }
  }

  #placeOf(text: string): number {
    const known = this.#strings.get(text)
    if (known !== undefined) return known
    this.#strings.set(text, this.#strings.size)
    return this.#strings.size - 1
  }
}

/** The event type of row `row`; null if it has none. */
export function typeAt(page: Pick<Page, 'strings' | 'types'>, row: number): string | null {
  const place = page.types[row]!
  return place === NO_TYPE ? null : page.strings[place]!
}

/** The page without these rows: no lines any more, and no name or date of theirs stays unless another row has it. */
export function eraseRows(page: Page, rows: readonly number[]): Page {
  const erased = new Set([...(page.erased ?? []), ...rows])
  const used = new Set<number>()
  for (let row = 0; row < page.count; row++) {
    if (erased.has(row)) continue
    used.add(page.entities[row]!).add(page.types[row]!)
    for (let at = page.tagStarts[row]!; at < page.tagStarts[row + 1]!; at++) used.add(page.tags[at]!)
  }
  return {
    ...page,
    erased: [...erased],
    strings: page.strings.map((text, place) => (used.has(place) ? text : '')),
    times: page.times.map((time, row) => (erased.has(row) ? 0 : time)),
  }
}
