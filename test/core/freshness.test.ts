import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KnownPlace } from '../../src/core/freshness.ts'
import { classifyFreshness, findFork, isClockSuspect, isExpired } from '../../src/core/freshness.ts'
import type { ManifestHeader } from '../../src/core/manifest.ts'

/** Only what freshness reads; ids are single letters here. */
const header = (sequence: number, previous: string | null) => ({ sequence, previous }) as ManifestHeader
const place = (sequence: number, id: string, previous: string | null, imported = true): KnownPlace => ({
  sequence,
  id,
  previous,
  imported,
})
const seen = (sequence: number, id: string, previous: string | null) => place(sequence, id, previous, false)

const chain = [place(1, 'a', null), place(2, 'b', 'a'), place(3, 'c', 'b')]

describe.each<[string, KnownPlace[], [number, string, string | null], string]>([
  ['nothing known', [], [1, 'a', null], 'stream_new'],
  ['nothing known, not the first', [], [5, 'e', 'd'], 'stream_new'],
  ['the next', chain, [4, 'd', 'c'], 'fresh'],
  ['the one after the next', chain, [5, 'e', 'd'], 'gap'],
  ['far ahead', chain, [2 ** 53 - 1, 'z', 'y'], 'gap'],
  ['again', chain, [3, 'c', 'b'], 'replay'],
  ['an old one again', chain, [1, 'a', null], 'replay'],
  ['another at a known place', chain, [3, 'x', 'b'], 'fork'],
  ['another first', chain, [1, 'x', null], 'fork'],
  ['a previous that is not the known one', chain, [4, 'd', 'x'], 'fork'],
  ['a known successor has another previous', [place(3, 'c', 'b')], [2, 'x', 'a'], 'fork'],
  [
    'what a gap left, fitting both neighbours',
    [place(1, 'a', null), place(3, 'c', 'b')],
    [2, 'b', 'a'],
    'late',
  ],
  [
    'what a gap left, not fitting the one before',
    [place(1, 'a', null), place(3, 'c', 'b')],
    [2, 'b', 'x'],
    'fork',
  ],
  [
    'what a gap left, with no known neighbour',
    [place(1, 'a', null), place(5, 'e', 'd')],
    [3, 'c', 'b'],
    'late',
  ],
  ['only seen in evidence', [seen(1, 'a', null)], [1, 'a', null], 'stream_new'],
  ['seen at this place as another', [seen(1, 'x', null)], [1, 'a', null], 'fork'],
  ['seen before this place as another', [seen(3, 'x', 'b')], [4, 'd', 'c'], 'fork'],
  ['seen after this place, following another', [seen(5, 'e', 'x')], [4, 'd', 'c'], 'fork'],
  ['seen ahead: no matter for what is next', [...chain, seen(9, 'i', 'h')], [4, 'd', 'c'], 'fresh'],
  [
    'seen as the one before: still a gap to what was imported',
    [...chain, seen(4, 'd', 'c')],
    [5, 'e', 'd'],
    'gap',
  ],
])('%s', (_, places, [sequence, id, previous], expected) => {
  it(`is ${expected}`, () => {
    expect(classifyFreshness(header(sequence, previous), id, { places, frozen: false })).toBe(expected)
    expect(findFork(header(sequence, previous), id, places) !== null).toBe(expected === 'fork')
  })

  it('is fork in a frozen stream', () => {
    expect(classifyFreshness(header(sequence, previous), id, { places, frozen: true })).toBe('fork')
  })
})

describe('a stream of one honest issuer', () => {
  const idOf = (sequence: number) => `id ${sequence}`
  const previousOf = (sequence: number) => (sequence === 1 ? null : idOf(sequence - 1))
  const honest = (sequence: number, imported = true) =>
    place(sequence, idOf(sequence), previousOf(sequence), imported)
  const places = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.boolean()), {
      selector: ([sequence]) => sequence,
    })
    .map((known) => known.map(([sequence, imported]) => honest(sequence, imported)))
  const sequence = fc.integer({ min: 1, max: 14 })

  it('never forks, in whatever order its manifests come, and is told apart by what was imported', () => {
    fc.assert(
      fc.property(places, sequence, (places, sequence) => {
        const imported = places.filter((place) => place.imported).map((place) => place.sequence)
        const highest = Math.max(...imported)
        const expected = imported.includes(sequence)
          ? 'replay'
          : imported.length === 0
            ? 'stream_new'
            : sequence < highest
              ? 'late'
              : sequence === highest + 1
                ? 'fresh'
                : 'gap'
        const found = classifyFreshness(header(sequence, previousOf(sequence)), idOf(sequence), {
          places,
          frozen: false,
        })
        expect(found).toBe(expected)
      }),
      { seed: 20261122, numRuns: 500 },
    )
  })

  it('is caught when a second manifest stands at, before or after a known place', () => {
    fc.assert(
      fc.property(places, sequence, (places, sequence) => {
        const at = (other: number) => places.some((place) => place.sequence === other)
        // Another manifest at this place, with another past and hence another id.
        const forked = findFork(header(sequence, sequence === 1 ? null : 'other'), 'other id', places)
        expect(forked !== null).toBe(at(sequence) || (sequence > 1 && at(sequence - 1)) || at(sequence + 1))
        if (forked !== null) expect(places).toContain(forked)
      }),
      { seed: 20261122, numRuns: 500 },
    )
  })
})

describe('the clock', () => {
  const at = (created_at: string, expires_at?: string) =>
    ({ created_at, ...(expires_at && { expires_at }) }) as ManifestHeader
  const NOON = '2026-01-01T12:00:00.000Z'

  it('expires at the moment itself', () => {
    expect(isExpired(at(NOON, NOON), '2026-01-01T11:59:59.999Z')).toBe(false)
    expect(isExpired(at(NOON, NOON), NOON)).toBe(true)
    expect(isExpired(at(NOON), '9999-12-31T23:59:59.999Z')).toBe(false)
  })

  it('is suspect when the manifest is more than five minutes ahead', () => {
    expect(isClockSuspect(at(NOON), '2026-01-01T11:55:00.000Z')).toBe(false)
    expect(isClockSuspect(at(NOON), '2026-01-01T11:54:59.999Z')).toBe(true)
    expect(isClockSuspect(at(NOON), '2027-01-01T12:00:00.000Z')).toBe(false)
  })
})
