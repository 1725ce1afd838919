import type { Freshness } from '../../../core/freshness.ts'
import type { LayerName } from '../../../core/verification.ts'
import type { ManifestRecord } from '../../../exchange/manifest.ts'
import type { ImportResult } from '../../../exchange/import.ts'
import type { ExportPreview } from '../../../exchange/export.ts'
import { countOf, memoriesOf, numberOf } from '../../words.ts'

const DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})

/** The line by which an intact manifest is known, the same in every place that verifies. */
export function verdictOf(leaves: number): string {
  return `leaf hashes consistent, root matches, signature OK, ${countOf(leaves, 'leaf', 'leaves')}`
}

export function importedOf(result: ImportResult): string {
  const { imported, already_local, deleted_here, not_understood } = result
  const rest = [
    deleted_here > 0 && `${numberOf(deleted_here)} deleted_here`,
    not_understood > 0 && `${numberOf(not_understood)} not_understood`,
  ].filter(Boolean)
  const main = `${numberOf(imported)} imported, ${numberOf(already_local)} already_local (idempotent dedup)`
  return [main, ...rest].join(', ')
}

/** What the register counted when it took a manifest in. */
export function registeredOf({ direction, counts, statement }: ManifestRecord): string {
  if (direction === 'made') return memoriesOf(statement.header.memory_count)
  const imported = Number(counts['imported'] ?? 0)
  return `${numberOf(imported)} of ${numberOf(statement.header.memory_count)} imported`
}

export function previewOf({ count, own, imported, oldest, newest }: ExportPreview): string {
  if (oldest === null || newest === null) return memoriesOf(count)
  const days = DAY.formatRange(new Date(oldest), new Date(newest))
  return `${memoriesOf(count)}, ${days}, ${numberOf(own)} own, ${numberOf(imported)} imported`
}

export const LAYER_WORDS: Readonly<
  Record<
    LayerName,
    {
      readonly name: string
      readonly ok: string
      readonly open: string
      /** While the memories are read. */
      readonly running: string
    }
  >
> = {
  signature: {
    name: 'Signature',
    ok: 'This key signed this header, and nothing in the header has changed since.',
    open: '',
    running: '',
  },
  leaves: {
    name: 'Leaves',
    ok: 'Every memory is, to the last character, what its own hash says.',
    open: 'An earlier layer failed.',
    running: 'Every memory is being hashed again. Nothing can be said of them yet.',
  },
  root: {
    name: 'Root',
    ok: 'The memories in this file, in this order, are all of those that were signed, and no others.',
    open: 'An earlier layer failed.',
    running: 'Whether these are all of the memories that were signed, in this order, is known at the end.',
  },
  evidence: {
    name: 'Evidence',
    ok: 'Every statement that travels with the manifest verifies.',
    open: 'An earlier layer failed.',
    running: '',
  },
}

/** What the place in its stream means, in plain words. */
export function freshnessOf(freshness: Freshness, sequence: number): string {
  switch (freshness) {
    case 'fresh':
      return 'The next one after the last you imported from this stream.'
    case 'gap':
      return 'At least one manifest between this and the last you imported has not arrived here.'
    case 'late':
      return 'Older than the last one you imported from this stream.'
    case 'replay':
      return 'You have imported this very manifest. Importing it again is harmless: what is here stays once.'
    case 'stream_new':
      return sequence === 1
        ? 'You have imported nothing from this stream yet; this is its first manifest.'
        : 'You have imported nothing from this stream yet, and earlier manifests of it exist.'
    case 'fork':
      return 'It contradicts a manifest of this stream that is known here, or the stream waits for your decision.'
  }
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['federation-manifest', 'Manifest'],
  ['audit-export', 'Audit export'],
  ['redaction', 'Redaction'],
  ['receipt', 'Receipt'],
  ['key-succession', 'Key succession'],
  ['key-revocation', 'Key revocation'],
  ['trust-list', 'Trust list'],
  ['verification-report', 'Verification report'],
])

/** The name of a payload type; null for one that this version does not know. */
export function kindOf(type: string): string | null {
  const name = /^application\/vnd\.omega\.([a-z-]+)\.v1\+json$/.exec(type)?.[1]
  return (name !== undefined && KINDS.get(name)) || null
}
