import { serialize } from '../reference/canonical.ts'
import type { Failure } from '../../src/core/verification.ts'
import type { Base, Mutators } from './base.ts'
import {
  frameLines,
  fromLines,
  inLine,
  inMemory,
  linesOf,
  memoryTexts,
  parseMemory,
  ROOT,
  withLine,
  withMemories,
} from './base.ts'
import type { Random } from './random.ts'

/** Whole lines swapped, moved, repeated, dropped, spliced, planted; frame lines that are others (2, 4, 6). */
const GARBAGE = ['', ' ', 'x', '// a comment', '{', '{} {}', 'null null', '\u0000', '\ufeff', '},', ']}x']

/** Two memories with different leaves, `a` before `b`; null where all are equal. */
function twoMemories(base: Base, random: Random): [a: number, b: number] | null {
  if (base.memories < 2) return null
  const a = random.below(base.memories - 1)
  const b = random.between(a + 1, base.memories - 1)
  return base.leaves[a] === base.leaves[b] ? null : [a, b]
}

export const LINES: Mutators = {
  'two memories swapped': (base, random) => {
    const pair = twoMemories(base, random)
    if (pair === null) return null
    const texts = memoryTexts(base)
    const [a, b] = pair
    return { bytes: withMemories(base, texts.with(a, texts[b]!).with(b, texts[a]!)), expected: ROOT }
  },
  'memory moved': (base, random) => {
    const pair = twoMemories(base, random)
    if (pair === null) return null
    const texts = memoryTexts(base)
    const [a, b] = pair
    const moved = texts.toSpliced(a, 1).toSpliced(b, 0, texts[a]!)
    return { bytes: withMemories(base, moved), expected: ROOT }
  },
  'memory in place of another': (base, random) => {
    const pair = twoMemories(base, random)
    if (pair === null) return null
    const texts = memoryTexts(base)
    return { bytes: withMemories(base, texts.with(pair[0], texts[pair[1]]!)), expected: ROOT }
  },
  'memory repeated': (base, random) => {
    const texts = memoryTexts(base)
    const at = random.below(base.memories)
    return {
      bytes: withMemories(base, texts.toSpliced(random.between(0, base.memories), 0, texts[at]!)),
      expected: surplus(base, 1),
    }
  },
  'memory dropped': (base, random) => {
    if (base.memories < 2) return null
    const texts = memoryTexts(base).toSpliced(random.below(base.memories), 1)
    const { close } = linesOf(base.statements, base.memories - 1)
    return {
      bytes: withMemories(base, texts),
      expected: { layer: 'leaves', code: 'count_mismatch', line: close, index: null },
    }
  },
  'spliced: memory of another manifest': (base, random, pool) => {
    const other = random.pick(pool)
    const at = random.below(base.memories)
    const from = random.below(other.memories)
    if (base.leaves[at] === other.leaves[from]) return null
    return {
      bytes: withMemories(base, memoryTexts(base).with(at, memoryTexts(other)[from]!)),
      expected: ROOT,
    }
  },
  'spliced: more memories of another manifest': (base, random, pool) => {
    const texts = memoryTexts(base)
    const more = memoryTexts(random.pick(pool))
    const at = random.between(0, base.memories)
    return {
      bytes: withMemories(base, texts.toSpliced(at, 0, ...more)),
      expected: surplus(base, more.length),
    }
  },
  'spliced: all memories of another manifest': (base, random, pool) => {
    const other = random.pick(pool)
    if (other.leaves.join() === base.leaves.join()) return null
    const [have, due] = [other.memories, base.memories]
    const { close, memory } = linesOf(base.statements, have)
    const missing: Failure = { layer: 'leaves', code: 'count_mismatch', line: close, index: null }
    const over: Failure = { layer: 'leaves', code: 'count_mismatch', line: memory(due), index: due }
    return {
      bytes: withMemories(base, memoryTexts(other)),
      expected: have === due ? ROOT : have < due ? missing : over,
    }
  },
  'frame line swapped with a later line': (base, random) => {
    const frames = frameLines(base).filter((line) => line < base.lineOf.close)
    const a = random.pick(frames)
    const b = random.between(a + 1, base.lineOf.close)
    const swapped = base.lines.with(a - 1, base.lines[b - 1]!).with(b - 1, base.lines[a - 1]!)
    return { bytes: fromLines(swapped), expected: inLine(base, a, 'not_canonical') }
  },
  'memory or statement swapped with the closing line': (base, random) => {
    const lists = base.lines.map((_, at) => at + 1).slice(1, -1)
    const a = random.pick(lists)
    const swapped = base.lines.with(a - 1, base.lines.at(-1)!).with(base.lineOf.close - 1, base.lines[a - 1]!)
    return { bytes: fromLines(swapped), expected: inLine(base, a, 'not_canonical') }
  },
  'frame line repeated': (base, random) => {
    const line = random.pick([1, ...frameLines(base)])
    const repeated = base.lines.toSpliced(line, 0, base.lines[line - 1]!)
    // What is due after the line: the first statement and the first memory included.
    const index = line === base.lineOf.list ? 0 : null
    const code = line === base.lineOf.close ? 'trailing_data' : 'not_canonical'
    return { bytes: fromLines(repeated), expected: { layer: 'leaves', code, line: line + 1, index } }
  },
  'frame line dropped': (base, random) => {
    const line = random.pick([1, ...frameLines(base)])
    const code = line === base.lineOf.close ? 'truncated' : 'not_canonical'
    return { bytes: fromLines(base.lines.toSpliced(line - 1, 1)), expected: inLine(base, line, code) }
  },
  'a line planted in a gap': (base, random) => {
    const line = random.between(2, base.lineOf.close)
    const planted = random.pick(GARBAGE)
    const bytes = fromLines(base.lines.toSpliced(line - 1, 0, planted))
    return { bytes, expected: inLine(base, line, 'not_canonical') }
  },
  'a value planted among the memories': (base, random) => {
    const at = random.below(base.memories)
    const texts = memoryTexts(base).toSpliced(at, 0, random.pick(['{}', '5', '[]', 'null', '"a comment"']))
    return { bytes: withMemories(base, texts), expected: inMemory(base, at, 'memory_invalid') }
  },
  'content planted beside a member that is hashed': (base, random) => {
    const at = random.below(base.memories)
    const memory = parseMemory(base, at)
    const planted = serialize({ ...memory, zz: 'content nobody hashed' })
    return {
      bytes: withMemories(base, memoryTexts(base).with(at, planted)),
      expected: inMemory(base, at, 'leaf_hash_mismatch'),
    }
  },
  'a comma more or less': (base, random) => {
    const kind = random.below(3)
    if (kind === 0) {
      const line = random.pick([1, base.lineOf.format])
      const text = base.lines[line - 1]!
      return {
        bytes: withLine(base, line, random.oneIn(2) ? text.slice(0, -1) : `${text},`),
        expected: inLine(base, line, 'not_canonical'),
      }
    }
    const last = base.lineOf.close - 1
    if (kind === 1) {
      const expected: Failure = {
        layer: 'leaves',
        code: 'not_canonical',
        line: base.lineOf.close,
        index: base.memories,
      }
      return { bytes: withLine(base, last, `${base.lines[last - 1]!},`), expected }
    }
    if (base.memories < 2) return null
    const line = random.between(base.lineOf.memory(0), last - 1)
    return {
      bytes: withLine(base, line, base.lines[line - 1]!.slice(0, -1)),
      expected: { layer: 'leaves', code: 'not_canonical', line: line + 1, index: null },
    }
  },
  'format line of another version': (base, random) => {
    const version = random.pick(['2', '0', '11', '01'])
    return {
      bytes: withLine(base, base.lineOf.format, `"format":"omega-federation-manifest/${version}",`),
      expected: inLine(base, base.lineOf.format, 'version_unsupported'),
    }
  },
  'format line of another format': (base, random) => {
    const name = random.pick([
      'audit-export/1',
      'federation-manifest/1a',
      'federation-manifest',
      'statement/1',
    ])
    return {
      bytes: withLine(base, base.lineOf.format, `"format":"omega-${name}",`),
      expected: inLine(base, base.lineOf.format, 'not_canonical'),
    }
  },
  'frame line otherwise': (base, random) => {
    const line = random.pick(frameLines(base))
    const text = base.lines[line - 1]!
    const at = random.between(1, text.length)
    const edited = random.pick([
      text.slice(0, at - 1) + text.slice(at),
      text.slice(0, at) + random.pick([' ', '\t', '{}', '"', ',']) + text.slice(at),
      text.toUpperCase() === text ? `${text} ` : text.toUpperCase(),
    ])
    return { bytes: withLine(base, line, edited), expected: inLine(base, line, 'not_canonical') }
  },
  'no evidence in two lines': (base) => {
    if (base.statements > 0) return null
    const bytes = fromLines(base.lines.toSpliced(1, 1, '"evidence":[', '],'))
    return { bytes, expected: { layer: 'leaves', code: 'not_canonical', line: 3, index: null } }
  },
  'a top-level member nobody signed': (base, random) => {
    const member = random.pick(['"comment":"x",', '"envelope":{},', '"__proto__":{},', '"memories":[],'])
    const line = random.between(2, base.lineOf.list)
    if (line > 2 && line < base.lineOf.format) return null
    const bytes = fromLines(base.lines.toSpliced(line - 1, 0, member))
    return { bytes, expected: inLine(base, line, 'not_canonical') }
  },
}

/** The first line past `memory_count` when `more` memories stand in the file beside the base's. */
function surplus(base: Base, more: number): Failure {
  const { memory } = linesOf(base.statements, base.memories + more)
  return { layer: 'leaves', code: 'count_mismatch', line: memory(base.memories), index: base.memories }
}
