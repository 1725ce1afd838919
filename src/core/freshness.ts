import type { ManifestHeader } from './manifest.ts'

/** A place (issuer, stream, sequence) that the importer knows (manifest-format, 2). */
export interface KnownPlace {
  readonly sequence: number
  readonly id: string
  readonly previous: string | null
  /** False for a place only seen in evidence: it counts for forks, not for freshness. */
  readonly imported: boolean
}

/** What the importer holds of one stream of one issuer. */
export interface StreamState {
  readonly places: readonly KnownPlace[]
  /** A fork was found before and no person has decided yet. */
  readonly frozen: boolean
}

export type Freshness = 'fork' | 'replay' | 'stream_new' | 'late' | 'fresh' | 'gap'

const MAX_CLOCK_LEAD_MS = 5 * 60 * 1000

/** The first that applies, as manifest-format 2 orders them. */
export function classifyFreshness(header: ManifestHeader, id: string, state: StreamState): Freshness {
  if (state.frozen || findFork(header, id, state.places) !== null) return 'fork'
  const imported = state.places.filter((place) => place.imported)
  if (imported.some((place) => place.id === id)) return 'replay'
  if (imported.length === 0) return 'stream_new'
  const highest = imported.reduce((max, place) => Math.max(max, place.sequence), 0)
  if (header.sequence < highest) return 'late'
  return header.sequence === highest + 1 ? 'fresh' : 'gap'
}

/** The known place that cannot be true together with this manifest; null if there is none. */
export function findFork(
  header: ManifestHeader,
  id: string,
  places: readonly KnownPlace[],
): KnownPlace | null {
  const contradicts = (place: KnownPlace) =>
    (place.sequence === header.sequence && place.id !== id) ||
    (place.sequence === header.sequence - 1 && place.id !== header.previous) ||
    (place.sequence === header.sequence + 1 && place.previous !== id)
  return places.find(contradicts) ?? null
}

export function isExpired(header: ManifestHeader, now: string): boolean {
  return header.expires_at !== undefined && now >= header.expires_at
}

export function isClockSuspect(header: ManifestHeader, now: string): boolean {
  return Date.parse(header.created_at) - Date.parse(now) > MAX_CLOCK_LEAD_MS
}
