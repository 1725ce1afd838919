import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromHex } from '../../src/core/bytes.ts'
import type { Memory } from '../../src/core/memory.ts'
import type { Selection } from '../../src/core/selection.ts'
import { MemoryIndex } from '../../src/store/memory-index.ts'
import { lineOf } from './database.ts'
import { dedupKey, eraseRows, PageBuilder, typeAt } from '../../src/store/page.ts'
import type { BatchRecord } from '../../src/store/schema.ts'
import { fakeMemory, originOf } from './database.ts'

const TIMES = [
  '2026-01-01T00:00:00.000Z',
  '2026-01-01T00:00:00.001Z',
  '2026-06-01T12:00:00.000Z',
  '2027-01-01T00:00:00.000Z',
]
const ENTITIES = ['e1', 'e2', 'tag-1']
const TYPES = ['decision', 'e1', undefined]
const TAGS = ['tag-1', 'tag-2', 'tag-3', 'e1']

interface Line {
  readonly memory: Memory
  readonly peer: string | null
}

/** Memories of so many texts. */
const lineAmong = (texts: number): fc.Arbitrary<Line> =>
  fc
    .record({
      content: fc.nat(texts - 1),
      entity_id: fc.constantFrom(...ENTITIES),
      event_type: fc.constantFrom(...TYPES),
      tags: fc.subarray(TAGS).map((tags) => tags.sort()),
      created_at: fc.constantFrom(...TIMES),
      peer: fc.constantFrom(null, 'p', 'q'),
    })
    .map(({ content, peer, event_type, ...members }) => ({
      peer,
      memory: fakeMemory(content, event_type === undefined ? members : { ...members, event_type }),
    }))

const line = lineAmong(6)

const selection: fc.Arbitrary<Selection> = fc.record(
  {
    entity_id: fc.constantFrom(...ENTITIES, 'nowhere'),
    event_type: fc.constantFrom('decision', 'e1', 'nothing'),
    origin: fc.constantFrom('own', 'imported'),
    since: fc.constantFrom(...TIMES),
    until: fc.constantFrom(...TIMES),
    tags: fc.subarray([...TAGS, 'unknown'], { minLength: 1 }),
    tags_match: fc.constantFrom('all', 'any'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Selection>

/** One batch and page a run of lines with the same origin, or of three. `between` is called after each. */
function indexOf(
  lines: readonly Line[],
  between: (index: MemoryIndex) => void = () => undefined,
): MemoryIndex {
  const index = new MemoryIndex()
  let id = 0
  for (let at = 0; at < lines.length;) {
    const { peer } = lines[at]!
    const builder = new PageBuilder()
    const from = at
    while (at < lines.length && at < from + 3 && lines[at]!.peer === peer) {
      const { memory } = lines[at]!
      builder.add(memory, lineOf(memory), dedupKey(memory), fromHex(memory.leaf_hash), at - from)
      at++
    }
    const batch: BatchRecord = {
      id: `b${++id}`,
      state: 'visible',
      origin: peer === null ? null : originOf(peer),
    }
    index.addPage({ ...builder.build(batch.id).page, id }, batch)
    between(index)
  }
  return index
}

const keyText = ({ content, entity_id }: Memory) => JSON.stringify([content, entity_id])

/** Per key: the first of our own, else the first. */
function naiveRows(lines: readonly Line[], deleted: ReadonlySet<string> = new Set()): Set<number> {
  const rows = new Map<string, number>()
  for (const [i, { memory, peer }] of lines.entries()) {
    const key = keyText(memory)
    const row = rows.get(key)
    if (deleted.has(key)) continue
    if (row === undefined || (peer === null && lines[row]!.peer !== null)) rows.set(key, i)
  }
  return new Set(rows.values())
}

function naiveMatch({ memory, peer }: Line, wanted: Selection): boolean {
  const { entity_id, event_type, origin, since, until, tags, tags_match = 'all' } = wanted
  const time = Date.parse(memory.created_at)
  const has = (tag: string) => memory.tags.includes(tag)
  return (
    (entity_id === undefined || memory.entity_id === entity_id) &&
    (event_type === undefined || memory['event_type'] === event_type) &&
    (origin === undefined || (origin === 'own') === (peer === null)) &&
    (since === undefined || time >= Date.parse(since)) &&
    (until === undefined || time < Date.parse(until)) &&
    (tags === undefined || (tags_match === 'all' ? tags.every(has) : tags.some(has)))
  )
}

/** Rows that match, newest first, of the same time the later first. */
function naiveSelect(lines: readonly Line[], wanted: Selection): number[] {
  const rows = naiveRows(lines)
  const timeOf = (i: number) => Date.parse(lines[i]!.memory.created_at)
  return lines
    .map((_, i) => i)
    .filter((i) => rows.has(i) && naiveMatch(lines[i]!, wanted))
    .sort((x, y) => timeOf(y) - timeOf(x) || y - x)
}

it('selects what a filter over arrays selects, newest first, asked once or after each page', () => {
  const narrower = fc.record({
    peer: fc.constantFrom(undefined, undefined, 'p', 'q', 'nobody'),
    among: fc.option(fc.array(fc.nat(39), { maxLength: 20 }), { nil: undefined }),
    often: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), selection, narrower, (lines, wanted, narrowed) => {
      const { peer, often } = narrowed
      const among = narrowed.among?.filter((i) => i < lines.length)
      const index = indexOf(lines, (built) => void (often && built.select(wanted)))
      const expected = naiveSelect(lines, wanted)
        .filter((i) => peer === undefined || lines[i]!.peer === peer)
        .filter((i) => among === undefined || among.includes(i))
      expect([...index.select(wanted, { peer, among })]).toEqual(expected)
    }),
    { numRuns: 400 },
  )
})

it('selects the same when few of many match, when most do, and when all of a time do', () => {
  const many = fc.array(lineAmong(2000), { minLength: 300, maxLength: 400 })
  let [few, most] = [0, 0]
  fc.assert(
    fc.property(many, fc.array(selection, { minLength: 10, maxLength: 10 }), (lines, asked) => {
      const index = indexOf(lines)
      for (const wanted of [...asked, {}, { entity_id: 'e1', tags: TAGS }]) {
        const found = [...index.select(wanted)]
        expect(found).toEqual(naiveSelect(lines, wanted))
        if (found.length > 1 && found.length < lines.length / 32) few++
        if (found.length > lines.length / 2) most++
      }
    }),
    { numRuns: 30 },
  )
  expect(Math.min(few, most)).toBeGreaterThan(5)
})

it('elects rows as a naive reading of the format does, tombstones too', () => {
  const run = fc.tuple(fc.array(line, { maxLength: 30 }), fc.infiniteStream(fc.boolean()))
  fc.assert(
    fc.property(run, ([lines, coins]) => {
      const index = indexOf(lines)
      const deleted = new Set(lines.map(({ memory }) => keyText(memory)).filter(() => coins.next().value))
      for (const { memory } of lines) if (deleted.has(keyText(memory))) index.markDeleted(dedupKey(memory))
      const rows = naiveRows(lines, deleted)
      for (const [i, { memory }] of lines.entries()) {
        expect(index.isRow(i)).toBe(rows.has(i))
        const known = index.lookUp(dedupKey(memory))
        expect(known.deleted).toBe(deleted.has(keyText(memory)))
        expect(known.row === null).toBe(known.deleted)
        const chain = lines.flatMap((other, n) => (keyText(other.memory) === keyText(memory) ? [n] : []))
        expect(index.linesOf(dedupKey(memory))).toEqual(chain)
        expect(index.pageOf(i).strings[index.pageOf(i).entities[index.rowOf(i)]!]).toBe(memory.entity_id)
        expect(typeAt(index.pageOf(i), index.rowOf(i))).toBe(memory['event_type'] ?? null)
        expect(index.leafOf(i)).toEqual(fromHex(memory.leaf_hash))
        expect(index.isOwnLeaf(fromHex(memory.leaf_hash))).toBe(lines[i]!.peer === null)
      }
      expect([...index.select({})].sort((a, b) => a - b)).toEqual([...rows].sort((a, b) => a - b))
    }),
    { numRuns: 150 },
  )
})

it('a key that was deleted before any line of it came is not shown', () => {
  const index = new MemoryIndex()
  const memory = fakeMemory(1)
  index.markDeleted(dedupKey(memory))
  expect(index.lookUp(dedupKey(memory))).toEqual({ row: null, held: false, deleted: true })
  const builder = new PageBuilder()
  builder.add(memory, lineOf(memory), dedupKey(memory), fromHex(memory.leaf_hash), 0)
  index.addPage({ ...builder.build('b').page, id: 1 }, { id: 'b', state: 'visible', origin: null })
  expect(index.lookUp(dedupKey(memory))).toEqual({ row: null, held: true, deleted: true })
  expect(index.linesOf(dedupKey(memory))).toEqual([0])
  expect([...index.select({})]).toEqual([])
})

it('shows the newest version of our own, and keeps the history', () => {
  const first = fakeMemory(1)
  const second = fakeMemory(2, { supersedes: [first.leaf_hash] })
  // The content of the first again: the same key, another line.
  const third = fakeMemory(1, { supersedes: [second.leaf_hash] })
  const index = indexOf([first, second, third].map((memory) => ({ memory, peer: null })))
  expect([...index.select({})]).toEqual([2])
  expect(index.historyOf(2)).toEqual([1, 0])
  expect([0, 1, 2].map((n) => index.isSuperseded(n))).toEqual([true, true, false])
  expect(index.lookUp(dedupKey(second)).row).toBeNull()
})

it('an import replaces nothing, whatever it says that it supersedes', () => {
  const own = fakeMemory(1)
  const claims = fakeMemory(2, { supersedes: [own.leaf_hash] })
  const index = indexOf([
    { memory: own, peer: null },
    { memory: claims, peer: 'p' },
  ])
  expect([...index.select({})].sort()).toEqual([0, 1])
  expect(index.isSuperseded(0)).toBe(false)
})

it('an own leaf that comes back in an import is no second version', () => {
  const own = fakeMemory(1)
  const index = indexOf([
    { memory: own, peer: 'p' },
    { memory: own, peer: null },
  ])
  expect(index.lookUp(dedupKey(own)).row).toBe(1)
  expect(index.ownLine(fromHex(own.leaf_hash))).toBe(1)
})

it('an erased row leaves no name of its own behind, and no name that others have is lost', () => {
  const builder = new PageBuilder()
  const memories = [0, 1, 2].map((n) => fakeMemory(n, { entity_id: 'kept', tags: ['all', `tag-${n}`] }))
  for (const memory of memories)
    builder.add(memory, lineOf(memory), dedupKey(memory), fromHex(memory.leaf_hash), 0)
  const page = { ...builder.build('b').page, id: 1 }
  const once = eraseRows(page, [1])
  expect(once.erased).toEqual([1])
  expect(once.strings).not.toContain('tag-1')
  expect(once.strings).toEqual(expect.arrayContaining(['kept', 'all', 'tag-0', 'tag-2']))
  expect([...once.times]).toEqual([page.times[0], 0, page.times[2]])
  const all = eraseRows(once, [0, 2])
  expect(all.strings.join('')).toBe('')
  expect(all.leaves).toEqual(page.leaves)
})
