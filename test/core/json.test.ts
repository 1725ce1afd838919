import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { MAX_LINE } from '../../src/core/lines.ts'
import type { Json } from '../reference/canonical.ts'
import { decodeUtf8, parseCanonical, serialize } from '../reference/canonical.ts'
import type { ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement } from '../reference/writer.ts'
import { describeVectors } from '../vectors.ts'
import { OTHERS } from './manifests.ts'
import { bytesAt, LINES, ONE_IN, PLACES, readAt, readFile, utf8, valueAt, watchInherited } from './places.ts'

const [ANA] = OTHERS as [Signer, Signer, Signer]
const SLOW = { timeout: 240_000 }
watchInherited()

/** What may be said of text that is not the canonical form of an allowed value. */
const NOT_JSON = ['not_canonical', 'not_utf8']

describeVectors<{ name: string; expect: 'y' | 'n' | 'i'; base64: string }[]>('json-parsing', (vectors) => {
  const cases = vectors.map(({ name, expect: kind, base64 }) => {
    const raw = new Uint8Array(Buffer.from(base64, 'base64'))
    const text = decodeUtf8(raw)
    return { name, kind, raw, value: text === null ? undefined : parseCanonical(text) }
  })

  it('holds 318 cases', () => expect(cases).toHaveLength(318))

  /** All that are to be read, and some of the others. */
  const someOf = (turn: number) =>
    cases.filter(({ value }, at) => value !== undefined || (at + turn) % ONE_IN === 0)

  it.each(PLACES)('at $name: no n_ is read, every y_ is read as it is or refused', SLOW, async (place) => {
    let read = 0
    for (const { name, kind, raw, value } of someOf(PLACES.indexOf(place))) {
      const reading = await readAt(place, value === undefined ? 'placeholder' : value, raw)
      const { failure } = reading
      if (kind === 'n') expect(failure, name).not.toBeNull()
      if (value === undefined) {
        expect(NOT_JSON, name).toContain(failure?.code)
        expect(failure, name).toMatchObject({ line: place.line })
      } else {
        expect(failure, name).toBeNull()
        expect(isDeepStrictEqual(valueAt(place, reading), value), name).toBe(true)
        read++
      }
    }
    expect(read).toBeGreaterThan(20)
  })

  it.each(LINES)('as the whole of $name: none is read', SLOW, async (whole) => {
    const { line, bytes } = whole
    for (const { name, kind, raw, value } of someOf(LINES.indexOf(whole))) {
      const { failure } = await readFile(bytes(raw))
      expect(failure, `${kind} ${name}`).not.toBeNull()
      // With an LF or a comma of its own it is another line, or one more; the twin has said which.
      if (raw.includes(0x0a) || raw.at(-1) === 0x2c) continue
      expect(failure!.line, name).toBe(line)
      if (value === undefined) expect(NOT_JSON, name).toContain(failure!.code)
      else expect(['memory_invalid', 'shape_invalid'], name).toContain(failure!.code)
    }
  })
})

/** Openers and closers of one level, and what stands innermost. */
const NESTS: [name: string, open: string, close: string][] = [
  ['arrays', '[', ']'],
  ['objects', '{"a":', '}'],
  ['objects of an inherited name', '{"__proto__":', '}'],
]
const nested = (levels: number, at: (level: number) => [string, string, string]): string => {
  const all = Array.from({ length: levels }, (_, level) => at(level))
  return `${all.map(([, open]) => open).join('')}0${all
    .map(([, , close]) => close)
    .reverse()
    .join('')}`
}

describe('depth', SLOW, () => {
  const kinds: [string, (level: number) => [string, string, string]][] = [
    ...NESTS.map((nest): [string, () => [string, string, string]] => [nest[0], () => nest]),
    ['all of these in turn', (level) => NESTS[level % NESTS.length]!],
  ]
  for (const [kind, at] of kinds) {
    it.each(PLACES)(`32 levels of ${kind} are read at $name, 33 are not`, async (place) => {
      // The value itself stands at `depth` if it nests at all.
      const most = JSON.parse(nested(32 - place.depth + 1, at)) as Json
      const reading = await readFile(bytesAt(place, most))
      expect(reading.failure).toBeNull()
      expect(serialize(valueAt(place, reading)!)).toBe(serialize(most))
      const over = JSON.parse(nested(32 - place.depth + 2, at)) as Json
      const { failure } = await readFile(bytesAt(place, over))
      expect(failure).toMatchObject({ code: 'not_canonical', line: place.line })
    })

    it(`100,000 levels of ${kind} are refused wherever they stand`, async () => {
      const whole = nested(100_000, at)
      const opened = whole.slice(0, whole.indexOf('0'))
      for (const text of [whole, opened]) {
        for (const place of PLACES) {
          const { failure } = await readAt(place, 'placeholder', utf8(text))
          expect(failure, place.name).toMatchObject({ code: 'not_canonical', line: place.line })
        }
        for (const { name, line, bytes } of LINES) {
          expect((await readFile(bytes(utf8(text)))).failure, name).toMatchObject({
            code: 'not_canonical',
            line,
          })
        }
      }
    })
  }
})

/** `bytes` bytes of a JSON string, most of them in characters of two. */
const padding = (bytes: number) => 'é'.repeat(Math.floor(bytes / 2)) + 'x'.repeat(bytes % 2)

describe('a line at the limit', SLOW, () => {
  /** Files whose line `at` has exactly so many bytes before LF. */
  const padded: [name: string, at: number, frame: boolean, file: (pad: string) => ManifestOptions][] = [
    ['line 1, padded in the header', 1, false, (pad) => ({ header: { 'x-pad': pad } })],
    ['line 1, padded in the details', 1, false, (pad) => ({ details: { 'x-pad': pad } })],
    ['a memory and its comma', 5, false, (pad) => ({ memories: [{ metadata: { pad } }, {}] })],
    ['the last memory', 5, false, (pad) => ({ memories: [{ 'x-pad': pad }] })],
    ['a statement', 3, false, (pad) => ({ evidence: [buildStatement('text/x', { pad }, [ANA])] })],
    ...[2, 3, 4, 6].map((at): [string, number, boolean, (pad: string) => ManifestOptions] => [
      `the fixed line ${at}`,
      at,
      true,
      (pad) => ({ lines: (lines) => lines.with(at - 1, lines[at - 1]! + pad) }),
    ]),
  ]
  const cases = padded.flatMap((each) => [-1, 0, 1].map((over) => [each[0], over, each] as const))

  it.each(cases)('%s: 8 MiB %i', async (_, over, [, at, isFrame, file]) => {
    const empty = Buffer.byteLength(buildManifest(file('')).lines[at - 1]!)
    const { bytes, lines } = buildManifest(file(padding(MAX_LINE + over - empty)))
    expect(Buffer.byteLength(lines[at - 1]!)).toBe(MAX_LINE + over)
    const { failure } = await readFile(bytes)
    const index = at === 5 ? 0 : null
    const layer = at === 1 ? 'signature' : 'leaves'
    if (over > 0) expect(failure).toEqual({ layer, code: 'line_too_long', line: at, index })
    else if (isFrame) expect(failure).toEqual({ layer, code: 'not_canonical', line: at, index })
    else expect(failure).toBeNull()
  })
})

describe('numbers', SLOW, () => {
  const read = [
    ...[
      '0',
      '1',
      '-1',
      '0.1',
      '1.5',
      '100000000000000000000'.slice(0, 16),
      '9007199254740991',
      '-9007199254740991',
    ],
    ...['5e-324', '-5e-324', '1e-7', '0.000001', '2.2250738585072014e-308', '333333333.3333333'],
    ...['4503599627370495.5', '9007199254740990', '1.1102230246251565e-16'],
  ]
  const refused = [
    ...[
      '-0',
      '-0.0',
      '0.0',
      '0e0',
      '1.0',
      '1e0',
      '1E1',
      '10e0',
      '+1',
      '01',
      '-01',
      '00',
      '.5',
      '5.',
      '5.e1',
      '1e',
      '1e+',
    ],
    ...[
      '9007199254740992',
      '9007199254740993',
      '-9007199254740992',
      '9007199254740991.0',
      '9007199254740990.5',
    ],
    ...[
      '1e15',
      '1e+15',
      '1e16',
      '10000000000000000',
      '1e20',
      '100000000000000000000',
      '1e21',
      '1e+21',
      '1e22',
    ],
    ...['1.7976931348623157e+308', '1e308', '1e309', '1e400', '-1e400', '1e9999999999'],
    ...['4e-324', '5E-324', '5e-0324', '2e-324', '1e-400', '-1e-400', '1E-7', '1e-07', '0.0000001', '1e-6'],
    ...['333333333.33333329', '0.10', '0.1000000000000000055511151231257827', '4503599627370495.50'],
    ...[
      'NaN',
      'Infinity',
      '-Infinity',
      '-',
      '0x10',
      '1_000',
      '1n',
      '0b1',
      '0o7',
      '1 ',
      ' 1',
      '１',
      '1.',
      '--1',
      '1-1',
    ],
  ]

  it.each(PLACES)('at $name', async (place) => {
    for (const text of read) {
      const value = Number(text)
      const reading = await readAt(place, value, utf8(text))
      expect(reading.failure, text).toBeNull()
      expect(Object.is(valueAt(place, reading), value), text).toBe(true)
    }
    for (const text of refused) {
      // Hashed and signed for the number it may be taken for, so that nothing else is wrong with the file.
      const taken = Number(text)
      const value = Number.isFinite(taken) ? taken : 0
      const { failure } = await readAt(place, value, utf8(text))
      expect(failure, text).toMatchObject({ code: 'not_canonical', line: place.line })
    }
  })

  it.each(['memory_count', 'sequence'])('%s is a whole number in its one spelling', async (name) => {
    const taken = name === 'sequence' ? { header: { sequence: 1 } } : {}
    for (const text of [
      '1.0',
      '1e0',
      '1E0',
      '+1',
      '01',
      '"1"',
      '-0',
      '0',
      '-1',
      '1.5',
      '4294967296e0',
      '9007199254740992',
    ]) {
      const { bytes } = buildManifest({
        ...taken,
        lines: (lines) => lines.with(0, lines[0]!.replace(`"${name}":1,`, `"${name}":${text},`)),
      })
      const isCanonical = ['"1"', '0', '-1', '1.5'].includes(text)
      expect((await readFile(bytes)).failure?.code, text).toBe(
        isCanonical ? 'shape_invalid' : 'not_canonical',
      )
    }
  })
})
