import type { Base, Mutators } from './base.ts'
import { frameLines, fromLines, inEnvelope, inLine, PREFIX, withLine } from './base.ts'
import type { Random } from './random.ts'

/** Where lines and the file end, and what stands there that is no line: cuts, LF, marks, bytes (0, 2). */
const NOT_UTF8 = ['ff', 'c080', 'eda080', 'e282', 'f5808080', 'fe', '80', 'f0288cbc', 'e9'].map((bytes) =>
  Buffer.from(bytes, 'hex'),
)
const MAX_LINE = 8 * 1024 * 1024

const utf8 = (characters: string) => Buffer.from(characters)
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

function anyLine(base: Base, random: Random): number {
  return random.between(1, base.lineOf.close)
}

/** Offset of a line in the bytes. */
function offsetOf(base: Base, line: number): number {
  return fromLines(base.lines.slice(0, line - 1)).length
}

export const BREAKS: Mutators = {
  'cut off': (base, random) => {
    const line = anyLine(base, random)
    const start = offsetOf(base, line)
    const length = Buffer.byteLength(base.lines[line - 1]!)
    // A first line cut inside its prefix is no manifest at all: a class of its own.
    const end = start + random.between(line === 1 ? PREFIX.length : 0, length)
    return { bytes: base.bytes.slice(0, end), expected: inLine(base, line, 'truncated') }
  },
  'cut off inside the prefix': (base, random) => {
    const end = random.below(PREFIX.length)
    return {
      bytes: base.bytes.slice(0, end),
      expected: inEnvelope(
        end === 0 ? 'file_empty' : end < '{"envelope"'.length ? 'not_a_manifest' : 'truncated',
      ),
    }
  },
  'bytes after the end': (base, random, pool) => {
    const more = random.pick([
      () => utf8('\n'),
      () => utf8(' '),
      () => utf8('\r\n'),
      () => Buffer.of(0),
      () => random.bytes(random.between(1, 40)),
      () => random.pick(pool).bytes,
      () => utf8('\x1a'),
      () => utf8(']}\n'),
      () => base.bytes,
    ])()
    return {
      bytes: join(base.bytes, more),
      expected: { layer: 'leaves', code: 'trailing_data', line: base.lineOf.close + 1, index: null },
    }
  },
  'bytes before the start': (base, random) => {
    const [text, code] = random.pick([
      ['\ufeff', 'not_utf8'],
      ['\n', 'not_canonical'],
      [' ', 'not_canonical'],
      ['\u0000', 'not_canonical'],
      ['{', 'not_canonical'],
      ['\r\n', 'not_canonical'],
      ['\u200b', 'not_canonical'],
    ] as const)
    return { bytes: join(utf8(text), base.bytes), expected: inEnvelope(code) }
  },
  'a mark before a line': (base, random) => {
    const line = random.between(2, base.lineOf.close)
    return {
      bytes: withLine(
        base,
        line,
        random.pick(['\ufeff', '\u200b', '\u2060', '\t', '\r']) + base.lines[line - 1]!,
      ),
      expected: inLine(base, line, 'not_canonical'),
    }
  },
  'LF inside a line': (base, random) => {
    const line = anyLine(base, random)
    const bare = Buffer.from(base.lines[line - 1]!)
    const isFrame = frameLines(base).includes(line)
    const least = line === 1 ? PREFIX.length : 1
    // Before the last brace of a value, so that what stands before the LF is whole nowhere.
    const most = isFrame ? bare.length - 1 : bare.lastIndexOf('}')
    const at = random.between(least, most)
    if (bare.subarray(0, at).toString() === '"evidence":[') return null
    const bytes = join(
      base.bytes.subarray(0, offsetOf(base, line) + at),
      utf8('\n'),
      base.bytes.subarray(offsetOf(base, line) + at),
    )
    const isInCharacter = at < bare.length && (bare[at]! & 0xc0) === 0x80
    return { bytes, expected: inLine(base, line, isInCharacter ? 'not_utf8' : 'not_canonical') }
  },
  'LF taken out or replaced': (base, random) => {
    const line = random.between(1, base.lineOf.close - 1)
    const end = offsetOf(base, line + 1) - 1
    const other = random.pick(['', '\r', '\r\n', '\u2028', '\u0085', '\u000b', '\u000c', ' ', '\n\n'])
    // An empty line more is wrong in its own place; anything else is part of this line.
    const expected =
      other === '\n\n' ? inLine(base, line + 1, 'not_canonical') : inLine(base, line, 'not_canonical')
    return {
      bytes: join(base.bytes.subarray(0, end), utf8(other), base.bytes.subarray(end + 1)),
      expected,
    }
  },
  'CR LF everywhere': (base) => ({
    bytes: new Uint8Array(Buffer.from(Buffer.from(base.bytes).toString().replaceAll('\n', '\r\n'))),
    expected: inEnvelope('not_canonical'),
  }),
  'printed otherwise': (base, random) => {
    const value: unknown = JSON.parse(Buffer.from(base.bytes).toString())
    const text = random.pick([
      () => JSON.stringify(value),
      () => JSON.stringify(value, null, 2),
      () => JSON.stringify(value, null, '\t'),
      () => base.lines.join(''),
    ])()
    return { bytes: new Uint8Array(utf8(`${text}\n`)), expected: inEnvelope('not_canonical') }
  },
  'bytes that are not UTF-8': (base, random) => {
    const line = anyLine(base, random)
    const bare = Buffer.from(base.lines[line - 1]!)
    const least = line === 1 ? PREFIX.length : 0
    let at = random.between(least, bare.length)
    while (at < bare.length && (bare[at]! & 0xc0) === 0x80) at++
    const from = offsetOf(base, line) + at
    return {
      bytes: join(base.bytes.subarray(0, from), random.pick(NOT_UTF8), base.bytes.subarray(from)),
      expected: inLine(base, line, 'not_utf8'),
    }
  },
  'a line over 8 MiB': (base, random) => {
    const line = anyLine(base, random)
    const bare = Buffer.from(base.lines[line - 1]!)
    const from = offsetOf(base, line) + (line === 1 ? PREFIX.length : random.below(bare.length + 1))
    const more = Buffer.alloc(
      MAX_LINE + 1 - (random.oneIn(2) ? bare.length : 0),
      random.pick([0x20, 0x61, 0x5b]),
    )
    return {
      bytes: join(base.bytes.subarray(0, from), more, base.bytes.subarray(from)),
      expected: inLine(base, line, 'line_too_long'),
    }
  },
}
