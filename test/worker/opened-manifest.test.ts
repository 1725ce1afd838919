import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/core/memory.ts'
import { OpenedManifest } from '../../src/worker/opened-manifest.ts'
import type { Progress, Reply, TaskContext } from '../../src/worker/protocol.ts'
import { Source } from '../../src/worker/source.ts'
import { Lanes } from '../../src/worker/lanes.ts'
import { bytesOf, craftManifest, craftMemory, createStranger, gzip } from '../exchange/craft.ts'
import { codeOf, startTestLane } from '../exchange/instance.ts'

function context(): TaskContext & { readonly seen: Progress[]; readonly controller: AbortController } {
  const seen: Progress[] = []
  const controller = new AbortController()
  return {
    seen,
    controller,
    signal: controller.signal,
    progress: (progress) => void seen.push(progress),
    give: () => undefined,
  }
}

const lanes = new Lanes(startTestLane)
const author = await createStranger()
const memories = Array.from({ length: 40 }, (_, i) =>
  craftMemory(author.fingerprint, { content: `${i} `.repeat(60_000), tags: [] }),
)
const { file } = await craftManifest(author, memories)
const bytes = await bytesOf(file)
const packed = await gzip(bytes)

function isMonotone(seen: readonly Progress[]): boolean {
  const rises = (pick: (progress: Progress) => number) =>
    seen.every((progress, i) => i === 0 || pick(progress) >= pick(seen[i - 1]!))
  return (
    rises((each) => each.done) &&
    rises((each) => each.memories) &&
    seen.every((each) => each.done <= each.total)
  )
}

describe.each([
  ['plain', bytes],
  ['gzip', packed],
])('a %s manifest', (_, contents) => {
  it('verifies, with progress that rises to the whole', async () => {
    const on = context()
    const opened = await OpenedManifest.verify(await Source.open(new Blob([contents])), lanes, on)
    expect(opened.verification).toMatchObject({ failure: null, memories: 40 })
    expect(on.seen.length).toBeGreaterThan(1)
    expect(isMonotone(on.seen)).toBe(true)
    expect(on.seen.at(-1)).toEqual({ done: contents.length, total: contents.length, memories: 40 })
  })

  it('is read again in any part, and no further than it goes', async () => {
    const opened = await OpenedManifest.verify(await Source.open(new Blob([contents])), lanes, context())
    expect(await opened.read(0)).toEqual(memories[0])
    expect(await opened.read(39)).toEqual(memories[39])
    const beginning = ({ content, created_at, entity_id }: Memory) => ({
      content: content.slice(0, 400),
      created_at,
      entity_id,
      tags: [],
    })
    expect(await opened.excerpts(0, 1)).toEqual(memories.slice(0, 1).map(beginning))
    expect(await opened.excerpts(0, 90)).toEqual(memories.map(beginning))
    expect(await opened.excerpts(38, 40)).toEqual(memories.slice(38).map(beginning))
    expect(await opened.excerpts(40, 41)).toEqual([])
    const read: Memory[] = []
    for (const { index, count, lines } of opened.runs()) {
      expect(index).toBe(read.length)
      for (const line of (await lines.text()).split('\n').slice(0, count))
        read.push(JSON.parse(line.replace(/,$/, '')) as Memory)
    }
    expect(read).toEqual(memories)
  })

  it('is let go of when cancelled', async () => {
    const on = context()
    const progress = (each: Progress) => {
      on.progress(each)
      on.controller.abort()
    }
    const source = await Source.open(new Blob([contents]))
    expect(await codeOf(OpenedManifest.verify(source, lanes, { ...on, progress }))).toBe('cancelled')
  })
})

it('lanes that are far ahead of a line that does not hold are told to stop', async () => {
  const text = new TextDecoder().decode(bytes)
  const [first, last] = [text.indexOf(memories[0]!.content), text.lastIndexOf('\n{"author"')]
  const broken = bytes.slice()
  broken[first]! ^= 1
  // Lines enough, each by itself sound, and lanes enough that some are at work however late they are told: seconds for
  // all cores together. One Blob many times takes no room.
  const lines = new Blob([bytes.slice(text.indexOf('\n{"author"'), last)])
  const file = new Blob([broken.slice(0, last), ...Array.from({ length: 400 }, () => lines)])
  const ends: (string | undefined)[] = []
  const watched = new Lanes(() => {
    const worker = startTestLane()
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if ('error' in data && 'code' in data.error) ends.push(data.error.code)
      else if ('output' in data) ends.push('done')
    })
    return worker
  }, 8)
  const opened = await OpenedManifest.verify(await Source.open(file), watched, context())
  expect(opened.verification.failure).toMatchObject({ code: 'content_hash_mismatch', index: 0 })
  await expect.poll(() => ends, { timeout: 10_000 }).toContain('cancelled')
})

it('a changed byte between two readings is noticed, wherever it is', async () => {
  let current = bytes.slice()
  const source = await Source.open(new Blob([bytes]))
  const opened = await OpenedManifest.verify(
    Object.assign(source, {
      chunks: async function* (_: unknown, from = 0) {
        yield current.slice(from)
      },
    }),
    lanes,
    context(),
  )
  expect(await opened.excerpts(0, 2)).toHaveLength(2)
  const start = new TextDecoder().decode(bytes).indexOf(memories[0]!.content)
  for (const place of [start, start - 30, start + 60_000]) {
    current = bytes.slice()
    current[place]! ^= 1
    expect(await codeOf(opened.read(0))).toBe('file_changed')
    expect(await codeOf(opened.excerpts(0, 40))).toBe('file_changed')
  }
  // A whole other memory that is sound in itself.
  const other = craftMemory(author.fingerprint, { content: memories[0]!.content, tags: [] })
  const swapped = await bytesOf((await craftManifest(author, [other, ...memories.slice(1)])).file)
  current = swapped
  expect(await codeOf(opened.read(0))).toBe('file_changed')
  current = new Uint8Array()
  expect(await codeOf(opened.read(3))).toBe('file_changed')
})

describe('files that are not whole', () => {
  it('a gzip cut short, damaged at any of many places, or followed by more', async () => {
    const open = async (...parts: Uint8Array<ArrayBuffer>[]) =>
      (await OpenedManifest.verify(await Source.open(new Blob(parts)), lanes, context())).verification.failure
    const failure = { layer: 'signature', code: 'gzip_invalid', line: 1, index: null }
    for (const cut of [3, 9, 20, packed.length >> 1, packed.length - 9, packed.length - 1]) {
      expect(await open(packed.slice(0, cut)), String(cut)).toEqual(failure)
    }
    const damaged = packed.slice()
    damaged[packed.length - 6]! ^= 1
    expect(await open(damaged)).toEqual(failure)
    expect(await open(packed, packed)).toEqual(failure)
    expect(await open(packed, new Uint8Array(1))).toEqual(failure)
  })

  it('a gzip that is taken away while it is read is not called damaged', async () => {
    const gone = new DOMException('gone', 'NotReadableError')
    let there = true
    const stick = {
      size: packed.length,
      slice: (from: number, to: number) =>
        there ? new Blob([packed]).slice(from, to) : { arrayBuffer: () => Promise.reject(gone) },
      stream: () =>
        new ReadableStream({
          pull(controller) {
            there = false
            controller.error(new TypeError('network error'))
          },
        }),
    } as unknown as Blob
    const opening = OpenedManifest.verify(await Source.open(stick), lanes, context())
    expect(await codeOf(opening)).toBe('file_unreadable')
  })

  it('a plain one cut short is a finding, not an error', async () => {
    const source = await Source.open(new Blob([bytes.slice(0, -3)]))
    const opened = await OpenedManifest.verify(source, lanes, context())
    expect(opened.verification.failure).toMatchObject({ layer: 'leaves', code: 'truncated' })
    const empty = await OpenedManifest.verify(await Source.open(new Blob([])), lanes, context())
    expect(empty.verification.failure).toMatchObject({ code: 'file_empty', line: 1 })
  })

  it('a line without end is refused once it is too long, plain or packed', async () => {
    const endless = new Blob(['{"envelope":', 'x'.repeat(9 * 1024 * 1024)])
    const opened = await OpenedManifest.verify(await Source.open(endless), lanes, context())
    expect(opened.verification.failure).toMatchObject({ code: 'line_too_long', line: 1 })
    const zipped = new Blob([await gzip(await bytesOf(endless))])
    const again = await OpenedManifest.verify(await Source.open(zipped), lanes, context())
    expect(again.verification.failure).toMatchObject({ code: 'line_too_long', line: 1 })
  })
})
