import { fromHex, toHex } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import type { LeafList } from '../core/leaf-list.ts'
import { TreeHasher } from '../core/merkle.ts'
import { ByteTable } from '../store/byte-table.ts'
import type { ArchivedBatch, Holdings } from '../store/archive-records.ts'
import type { BatchOrigin } from '../store/schema.ts'
import type { History } from './integrity-history.ts'

/** Where the rows of an archive belong: found by their leaves, never read from the file. */
export interface PlacedRows {
  /** By memory line: its place in the manifest that its batch came in; 0 for memories of one's own. */
  readonly indexes: Uint32Array
  /** The same by batch and erased row. */
  readonly erased: readonly (readonly number[])[]
}

/** A row of a batch in its turn: the number of its memory line, or which of the batch's erased rows it is. */
export type BatchRow = { readonly line: number } | { readonly erased: number }

/** All rows of a batch whose first memory line is `line`. */
export function* rowsOf({ lines, erased }: ArchivedBatch, line: number): Generator<BatchRow> {
  let [next, at] = [line, 0]
  for (let row = 0; row < lines; row++) {
    if (erased[at]?.row === row) yield { erased: at++ }
    else yield { line: next++ }
  }
}

/**
 * Shares the memory lines out to the batches and holds them against manifests and audit rows: own ones are by a key of
 * the archive's own and under a root that a row names, the others stand in the manifest that they came in, once.
 * Throws `archive_invalid`.
 */
export async function placeRows(
  holdings: Holdings,
  history: History,
  { leaves, ownAuthored }: { readonly leaves: LeafList; readonly ownAuthored: Uint8Array },
): Promise<PlacedRows> {
  const { batches } = holdings
  const live = batches.reduce((sum, { lines, erased }) => sum + lines - erased.length, 0)
  if (live !== leaves.length) throw wrong('rows')
  const indexes = new Uint32Array(live)
  const placed: number[][] = []
  const manifests = new Manifests(holdings)
  const brought = new Map<string, number>()
  const unnamed = [...history.own.rootless]
  let [line, own] = [0, 0]
  for (const batch of batches) {
    const { origin, lines } = batch
    const erasedIndexes: number[] = []
    placed.push(erasedIndexes)
    if (origin === null) {
      const tree = new TreeHasher()
      for (const row of rowsOf(batch, line)) {
        if ('line' in row && ownAuthored[row.line] !== 1) throw wrong('author', batch)
        tree.push('line' in row ? leaves.at(row.line) : fromHex(batch.erased[row.erased]!.leaf))
        if ('erased' in row) erasedIndexes.push(0)
      }
      own += lines
      // Rows of an earlier version say how many were taken in, and not which.
      const at = unnamed.indexOf(lines)
      if (!history.own.roots.has(toHex(tree.root()))) {
        if (at === -1) throw wrong('root', batch)
        unnamed.splice(at, 1)
      }
    } else {
      const placeOf = await manifests.find(origin)
      for (const row of rowsOf(batch, line)) {
        if ('line' in row) indexes[row.line] = placeOf(leaves.at(row.line), true)
        else erasedIndexes.push(placeOf(fromHex(batch.erased[row.erased]!.leaf), false))
      }
      brought.set(origin.manifest, (brought.get(origin.manifest) ?? 0) + lines)
    }
    line += lines - batch.erased.length
  }
  if (own !== history.own.lines) throw wrong('rows')
  for (const manifest of new Set([...brought.keys(), ...history.imported.keys()])) {
    const recorded = history.imported.get(manifest)
    const lines = brought.get(manifest) ?? 0
    const isRecorded = recorded?.lines === null ? lines >= recorded.rows : lines === recorded?.lines
    if (!isRecorded) throw wrong(`rows of ${manifest}`)
  }
  return { indexes, erased: placed }
}

/** Finds a leaf in the manifest that it came in. One is kept: batches of one manifest follow each other as a rule. */
class Manifests {
  readonly #holdings: Holdings
  /** By manifest, 1 where a line with its text is held. */
  readonly #held = new Map<string, Uint8Array>()
  #last: { readonly id: string; readonly table: ByteTable; readonly first: Uint32Array } | null = null

  constructor(holdings: Holdings) {
    this.#holdings = holdings
  }

  async find(origin: BatchOrigin): Promise<(leaf: Uint8Array, isHeld: boolean) => number> {
    const record = this.#holdings.manifests.find(({ id }) => id === origin.manifest)
    const header = record?.statement.header
    const isIt =
      record?.direction === 'imported' &&
      header?.issuer.fingerprint === origin.fingerprint &&
      header.merkle_root === origin.merkle_root &&
      header.stream === origin.stream &&
      header.sequence === origin.sequence
    if (!isIt) throw wrong(`origin ${origin.manifest}`)
    const { table, first } = await this.#load(origin.manifest)
    const held = this.#held.get(origin.manifest) ?? new Uint8Array(first.length)
    this.#held.set(origin.manifest, held)
    return (leaf, isHeld) => {
      const known = table.find(leaf)
      if (known === -1) throw wrong(`leaf ${toHex(leaf)}`)
      // Of equal leaves the first was taken.
      const index = first[known]!
      if (isHeld && held[index] === 1) throw wrong(`leaf twice ${toHex(leaf)}`)
      if (isHeld) held[index] = 1
      return index
    }
  }

  async #load(id: string): Promise<{ readonly table: ByteTable; readonly first: Uint32Array }> {
    if (this.#last?.id === id) return this.#last
    const bytes = new Uint8Array(await this.#holdings.leaves.get(id)!.arrayBuffer())
    const table = new ByteTable()
    const first = new Uint32Array(bytes.length / 32)
    let known = 0
    for (const [index, number] of table.addAll(bytes).entries()) if (number === known) first[known++] = index
    this.#last = { id, table, first }
    return this.#last
  }
}

function wrong(what: string, batch?: ArchivedBatch): ExchangeError {
  return new ExchangeError(
    'archive_invalid',
    batch === undefined ? `memories: ${what}` : `memories: ${what} ${batch.id}`,
  )
}
