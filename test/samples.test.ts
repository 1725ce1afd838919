import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Sample {
  content: string
  entity_id: string
  event_type?: string
  tags: string[]
  metadata?: Record<string, unknown>
  created_at: string
}

const read = (name: string) =>
  JSON.parse(
    readFileSync(new URL(`../src/exchange/samples/${name}.json`, import.meta.url), 'utf8'),
  ) as Sample[]

const a = read('instance-a')
const b = read('instance-b')
const both = [...a, ...b]

const SINCE = '2026-02-01T00:00:00.000Z'
const UNTIL = '2026-04-30T23:59:59.999Z'
const EVENT_TYPES = [
  'memory',
  'decision',
  'lesson',
  'hypothesis',
  'observation',
  'handover',
  'task_completion',
]
const A_ENTITIES = [
  'facilities',
  'incident-response',
  'legal-hold',
  'network-ops',
  'onboarding',
  'policy',
  'red-team-exercise',
  'supply-chain',
  'threat-intel',
]
const B_ENTITIES = ['exercise-planning', 'incident-response', 'malware-analysis', 'partner-liaison']

const ofResponse = a.filter((memory) => memory.entity_id === 'incident-response')
const inWindow = ofResponse.filter(({ created_at }) => created_at >= SINCE && created_at <= UNTIL)
const dedupKey = ({ content, entity_id }: Sample) => JSON.stringify([content, entity_id])
const entities = (memories: Sample[]) => [...new Set(memories.map((memory) => memory.entity_id))].sort()
const where = ({ entity_id, created_at }: Sample) => `${entity_id} ${created_at}`

/** Format, section 0: none of U+0000–001F, 007F–009F, 2028–202E, 2066–2069, no lone surrogate. */
const FORBIDDEN = [
  [0x0000, 0x001f],
  [0x007f, 0x009f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xd800, 0xdfff],
] as const
const isShortString = (text: string) =>
  text.length >= 1 &&
  text.length <= 256 &&
  [...text].every((character) => {
    const point = character.codePointAt(0)!
    return FORBIDDEN.every(([from, to]) => point < from || point > to)
  })

function depth(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depth))
}

/** Everything that stands in a memory as text, metadata and tags included, with defanged dots restored. */
const allText = (memory: Sample) =>
  `${memory.content}\n${JSON.stringify(memory)}`.replace(/\[\.\]|\(\.\)/g, '.')

describe('counts', () => {
  it('instance A: 412 memories, 152 of the incident in the quarter, 11 before, none after', () => {
    expect(a).toHaveLength(412)
    expect(inWindow).toHaveLength(152)
    const before = ofResponse.filter(({ created_at }) => created_at < SINCE)
    expect(before).toHaveLength(11)
    expect(before.every(({ created_at }) => created_at >= '2025-11-01')).toBe(true)
    expect(ofResponse).toHaveLength(163)
    expect(entities(a)).toEqual(A_ENTITIES)
    const others = a.filter((memory) => memory.entity_id !== 'incident-response')
    expect(others).toHaveLength(249)
    expect(others.every(({ created_at }) => created_at >= '2025-06-01' && created_at < '2026-06-01')).toBe(
      true,
    )
  })

  it('instance B: 61 memories', () => {
    expect(b).toHaveLength(61)
    expect(entities(b)).toEqual(B_ENTITIES)
  })

  it('four (content, entity) are in both, all four in the quarter, and nothing else of them is equal', () => {
    const known = new Map(a.map((memory) => [dedupKey(memory), memory]))
    const shared = b.filter((memory) => known.has(dedupKey(memory)))
    expect(shared).toHaveLength(4)
    for (const memory of shared) {
      const other = known.get(dedupKey(memory))!
      expect(inWindow).toContain(other)
      expect(memory.created_at).not.toBe(other.created_at)
      expect(memory.event_type).not.toBe(other.event_type)
      expect(memory.tags).not.toEqual(other.tags)
    }
    const contents = new Set(a.map(({ content }) => content))
    expect(b.filter(({ content }) => contents.has(content))).toHaveLength(4)
  })

  it('some without an event type, some with metadata, some without tags, some of several lines', () => {
    const share = (test: (memory: Sample) => boolean) => a.filter(test).length / a.length
    expect(share((memory) => memory.event_type === undefined)).toBeCloseTo(0.08, 2)
    expect(share((memory) => memory.metadata !== undefined)).toBeCloseTo(1 / 3, 1)
    expect(share((memory) => memory.tags.length === 0)).toBeGreaterThan(0.01)
    expect(share((memory) => memory.content.includes('\n'))).toBeGreaterThan(0.05)
    expect(share((memory) => memory.content.length >= 150 && memory.content.length <= 400)).toBeGreaterThan(
      0.5,
    )
    expect(new Set(a.map((memory) => memory.event_type))).toEqual(new Set([...EVENT_TYPES, undefined]))
    for (const script of [/\p{Script=Hiragana}/u, /\p{Script=Arabic}/u, /\p{Emoji_Presentation}/u, /„|«/])
      expect(both.some(({ content }) => script.test(content))).toBe(true)
  })
})

describe('shapes', () => {
  it('has exactly the members of a plain memory', () => {
    const allowed = ['content', 'created_at', 'entity_id', 'event_type', 'metadata', 'tags']
    for (const memory of both) {
      expect(allowed).toEqual(expect.arrayContaining(Object.keys(memory)))
      expect([memory.content, memory.entity_id, memory.created_at].map((value) => typeof value)).toEqual([
        'string',
        'string',
        'string',
      ])
      if ('event_type' in memory) expect(EVENT_TYPES).toContain(memory.event_type)
    }
  })

  it('has contents of 20 to 900 characters, trimmed, well-formed, in NFC, without control characters but LF', () => {
    for (const { content } of both) {
      expect(content.length, content).toBeGreaterThanOrEqual(20)
      expect(content.length, content).toBeLessThanOrEqual(900)
      expect(content).toBe(content.trim())
      expect(content).toBe(content.normalize('NFC'))
      expect(isShortString(content.replaceAll('\n', ' ').slice(0, 1)), content).toBe(true)
      expect(/[^\n\P{Cc}]|[\u2028-\u202e\u2066-\u2069]|\p{Cs}/u.test(content), content).toBe(false)
    }
  })

  it('has times that exist, in UTC with milliseconds, in ascending order', () => {
    for (const memories of [a, b]) {
      const times = memories.map(({ created_at }) => created_at)
      for (const time of times) expect(new Date(time).toISOString()).toBe(time)
      expect(times).toEqual([...times].sort())
    }
  })

  it('has at most five tags, sorted by code units, unique, from one vocabulary', () => {
    for (const { tags } of both) {
      expect(tags.length).toBeLessThanOrEqual(5)
      expect(tags).toEqual([...new Set(tags)].sort())
      for (const tag of tags) expect(tag).toMatch(/^[a-z]+(-[a-z]+)*$/)
    }
    const vocabulary = new Set(both.flatMap(({ tags }) => tags))
    expect(vocabulary.size).toBeGreaterThanOrEqual(40)
    expect(vocabulary.size).toBeLessThanOrEqual(50)
  })

  it('keeps the limits of a short string in entity, event type and tags', () => {
    for (const { entity_id, event_type, tags } of both)
      for (const text of [entity_id, ...(event_type === undefined ? [] : [event_type]), ...tags])
        expect(isShortString(text), text).toBe(true)
  })

  it('has small metadata objects that JCS accepts', () => {
    for (const { metadata } of both) {
      if (metadata === undefined) continue
      expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype)
      expect(Object.keys(metadata).length).toBeGreaterThan(0)
      expect(depth(metadata)).toBeLessThanOrEqual(4)
      const numbers = JSON.stringify(metadata).match(/(?<=[:,[])-?\d[\d.eE+-]*(?=[,}\]])/g) ?? []
      for (const number of numbers)
        expect(Math.abs(Number(number))).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER)
    }
  })
})

describe('nothing real', () => {
  it('names IPv4 addresses of the documentation ranges only, and no IPv6 but 2001:db8::/32', () => {
    let seen = 0
    for (const memory of both) {
      const text = allText(memory)
      // A four-part product version is not an address.
      for (const [address] of text.matchAll(/(?<!version: )(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)/g)) {
        expect(address, where(memory)).toMatch(/^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}$/)
        expect(Number(address.split('.')[3])).toBeLessThanOrEqual(255)
        seen++
      }
      for (const [address] of text.matchAll(
        /(?<![\w:])(?:[0-9a-f]{1,4}:){3,}[0-9a-f:]*|[0-9a-f]{1,4}::[0-9a-f:]*/gi,
      ))
        expect(address.toLowerCase(), where(memory)).toMatch(/^2001:0?db8:/)
    }
    expect(seen).toBeGreaterThan(20)
  })

  it('names domains, addresses and links under example.com, example.net and example.org only', () => {
    const TOP =
      'com|net|org|edu|gov|mil|int|info|biz|io|co|ai|me|tv|app|dev|cloud|xyz|top|site|online|eu|de|fr|nl|be|ch|at|uk|ie|no|se|fi|dk|it|es|pt|pl|cz|gr|tr|ru|ua|cn|jp|kr|in|au|nz|ca|us|br|za|sa|ae|il'
    const ours = /(^|\.)example\.(com|net|org)$/
    const names = new RegExp(String.raw`(?<![\w.-])(?:[a-z0-9-]+\.)+(?:${TOP})(?![\w-]|\.[a-z])`, 'gi')
    let seen = 0
    for (const memory of both) {
      const text = allText(memory)
      const hosts = [
        ...[...text.matchAll(names)].map(([name]) => name),
        ...[...text.matchAll(/\bhttps?:\/\/([^/\s:"<>]+)/gi)].map(([, host]) => host!),
        ...[...text.matchAll(/[\w.+-]+@([\w.-]*\w)/g)].map(([, host]) => host!),
      ]
      for (const host of hosts) {
        expect(host.toLowerCase(), where(memory)).toMatch(ours)
        seen++
      }
    }
    expect(seen).toBeGreaterThan(20)
  })
})

describe('really written', () => {
  it('has no content twice within an entity', () => {
    for (const memories of [a, b]) {
      expect(new Set(memories.map(dedupKey)).size).toBe(memories.length)
      expect(new Set(memories.map(({ content }) => content)).size).toBe(memories.length)
    }
  })

  /** Words without numbers, so that swapping the numbers does not make a new text. */
  const words = (text: string) => new Set(text.toLowerCase().match(/\p{L}+/gu) ?? [])

  it('has no content that repeats more than 60 % of the words of another', () => {
    const distinct = [...new Map(both.map((memory) => [dedupKey(memory), memory])).values()]
    const texts = distinct.map((memory) => ({ memory, words: words(memory.content) }))
    const tooAlike: string[] = []
    for (const [i, one] of texts.entries())
      for (const other of texts.slice(i + 1)) {
        const [small, large] = one.words.size < other.words.size ? [one, other] : [other, one]
        let common = 0
        for (const word of small.words) if (large.words.has(word)) common++
        if (common > 0.6 * small.words.size) tooAlike.push(`${where(small.memory)} ~ ${where(large.memory)}`)
      }
    expect(tooAlike).toEqual([])
  })

  it('has no two contents that begin with the same five words, and no numbered ones', () => {
    const openings = new Map<string, string>()
    for (const memory of new Map(both.map((each) => [dedupKey(each), each])).values()) {
      const opening = memory.content
        .toLowerCase()
        .match(/\p{L}+/gu)!
        .slice(0, 5)
        .join(' ')
      expect(openings.get(opening), `${where(memory)}: ${opening}`).toBeUndefined()
      openings.set(opening, where(memory))
      expect(memory.content).not.toMatch(/^(memory|note|entry|sample)\s*#?\d+/i)
      expect(memory.content).not.toMatch(/lorem|ipsum|foo\s?bar|placeholder|TODO/i)
    }
  })
})
