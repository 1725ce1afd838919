import type { FormatCode } from '../../src/core/codes.ts'
import type { Json } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import { MTH, sha256 } from '../reference/merkle.ts'
import { hex } from '../reference/shapes.ts'
import { buildManifest } from '../reference/writer.ts'
import type { Base, Mutant, Mutator, Mutators } from './base.ts'
import { inMemory, put, upperCased } from './base.ts'
import type { Random } from './random.ts'
import { NOT_BLINDS, NOT_SHORT, NOT_TIMES } from './values.ts'

/**
 * Memories whose hashes are made of the very bytes that stand in the line, however those are spelled, and never the
 * last of their list: the root holds, so that a reader of bytes who forgets one rule takes them (manifest-format, 0, 3).
 */
interface Spelled {
  /** Each as it stands between its quotes or brackets. */
  readonly author: Text
  readonly blind: Text
  readonly content: Text
  /** What the content stands for, where it is not what is written. */
  readonly means?: Text
  readonly created_at: Text
  readonly entity_id: Text
  readonly event_type: Text
  readonly id: Text
  /** As a whole. */
  readonly metadata?: Text
  readonly supersedes?: Text
  readonly tags: Text
  /** What stands behind the tags, with its comma. */
  readonly rest: Text
  /** Sees the hashes as they will be stated. */
  readonly state: (name: 'content_sha256' | 'sealed_hash' | 'leaf_hash', hash: string) => string
}
type Text = string | Uint8Array

const join = (...parts: Text[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))

function draw(random: Random): Spelled {
  return {
    author: random.hex(32),
    blind: Buffer.from(random.bytes(16)).toString('base64url'),
    content: 'text',
    created_at: '2026-03-04T05:06:07.089Z',
    entity_id: 'project',
    event_type: 'lesson',
    id: `mem-${random.hex(16)}`,
    tags: '"a","b"',
    rest: '',
    state: (_, hash) => hash,
  }
}

function write(memory: Spelled): { line: Uint8Array; leaf: ReturnType<typeof sha256> } {
  const { author, blind, content, means = content, created_at, entity_id, event_type, id, tags } = memory
  const { metadata, supersedes, rest, state } = memory
  const contentHash = sha256(join(means))
  const metadataHash = metadata === undefined ? new Uint8Array(32) : sha256(join(metadata))
  const bare = Buffer.from(join(blind).toString('latin1'), 'base64url').subarray(0, 16)
  const sealed = state('sealed_hash', hex(sha256(Uint8Array.of(2), bare, contentHash, metadataHash)))
  const [first, times, seal] = [
    join('"author":"', author, '"'),
    join(`"created_at":"`, created_at, '","entity_id":"', entity_id, '","event_type":"', event_type, '"'),
    join(
      `"sealed_hash":"${sealed}"`,
      ...(supersedes === undefined ? [] : [',"supersedes":[', supersedes, ']']),
      ',"tags":[',
      tags,
      ']',
      rest,
    ),
  ]
  const named = join(times, ',"id":"', id, '"')
  const leaf = sha256(Uint8Array.of(0), join('omega-memory/1\n{', first, ',', named, ',', seal, '}'))
  const line = join(
    ...['{', first, ',"blind":"', blind, '","content":"', content, '","content_sha256":"'],
    ...[state('content_sha256', hex(contentHash)), '",', named, ',"leaf_hash":"'],
    ...[state('leaf_hash', hex(leaf)), '"', ...(metadata === undefined ? [] : [',"metadata":', metadata])],
    ...[',', seal, '},'],
  )
  return { line, leaf }
}

/** The memory in the place of one of the base's, the root and the signatures made again. */
export function planted(
  base: Base,
  random: Random,
  code: FormatCode,
  edit: Partial<Spelled>,
  lineBytes?: number,
): Mutant | null {
  if (base.memories < 2) return null
  const at = random.below(base.memories - 1)
  let spelled = { ...draw(random), ...edit }
  if (lineBytes !== undefined) {
    const empty = write({ ...spelled, rest: ',"x-pad":""' }).line.length
    spelled = { ...spelled, rest: `,"x-pad":"${'x'.repeat(lineBytes - empty)}"` }
  }
  const { line, leaf } = write(spelled)
  const leaves = base.leaves.map((each, index) =>
    index === at ? leaf : new Uint8Array(Buffer.from(each, 'hex')),
  )
  const beforeSigning = (header: Parameters<typeof put>[0]) => put(header, 'merkle_root', hex(MTH(leaves)))
  const envelope = buildManifest({ ...base.options, beforeSigning }).lines[0]!
  const lines: Text[] = base.lines.with(0, envelope)
  lines[base.lineOf.memory(at) - 1] = line
  const bytes = new Uint8Array(join(...lines.flatMap((each) => [each, '\n'])))
  return { bytes, expected: inMemory(base, at, code) }
}

/** A value where any may stand: in the metadata, or as a private member. */
function anywhere(value: Text, random: Random): Partial<Spelled> {
  return random.pick<Partial<Spelled>>([
    { metadata: join('{"a":', value, '}') },
    { metadata: join('{"a":[0,', value, ']}') },
    { rest: join(',"x-a":', value) },
  ])
}

const WHOLE = [
  ...['01', '-01', '-0', '00', '+1', '1e5', '1E5', '1e21', '1e400', '9007199254740992', '9007199254740993'],
  ...['-9007199254740992', '100000000000000000000'],
]
const FRACTIONS = [
  ...['1.0', '1.50', '-2.250', '-0.0', '0.0', '1.', '.5', '-.5', '0.10000000000000001', '1.0000000000000001'],
  ...['123456789.123456789123', '12345678901234567.5'],
]
const SMALL = ['0.0000001', '-0.00000012', '0.000000123', '0.00000000001']
const NOT_VALUES = [
  ...['{"a":1,}', '[1,]', '[,1]', '{,"a":1}', '{"a" :1}', '{"a": 1}', '[1, 2]', '{"a":1 }', '{a:1}', '[1 2]'],
  ...[
    'True',
    'nul',
    'nulll',
    'tru',
    'falze',
    "'a'",
    '{"a"}',
    '{"a":}',
    '[1}',
    '{"a":1]',
    'undefined',
    '/**/1',
  ],
  ...['--1', '-', '0x10', '1_000', '1-1', 'Infinity', 'NaN', '0.1.2', '""""', '"a', 'a"'],
]
/** Spelled, and what they stand for. */
type Escapes = readonly (readonly [spelled: string, means: string])[]
const NEEDLESS: Escapes = [
  ['\\u0041', 'A'],
  ['\\u0020', ' '],
  ['\\u007f', '\u007f'],
  ['\\/', '/'],
  ["\\'", "'"],
  ['\\u00e9', '\u00e9'],
  ['\\u2028', '\u2028'],
  ['\\ud83d\\ude00', '\ud83d\ude00'],
  ['\\ud800', '\ufffd'],
]
const TOO_LONG: Escapes = [
  ['\\u0008', '\b'],
  ['\\u0009', '\t'],
  ['\\u000a', '\n'],
  ['\\u000c', '\f'],
  ['\\u000d', '\r'],
  ['\\u0022', '"'],
  ['\\u005c', '\\'],
]
const OTHER_LETTERS: Escapes = [
  ['\\u001F', '\u001f'],
  ['\\u000B', '\u000b'],
  ['\\U001f', '\u001f'],
  ['\\x1f', '\u001f'],
  ['\\v', '\u000b'],
]
/** With text around them, so that the string ends where it should. */
const NOT_UTF8 = {
  'too long a form': ['c080', 'c1bf', 'e08080', 'e09fbf', 'f0808080', 'f08fbfbf'],
  surrogates: ['eda080', 'edbfbf', 'eda0bdedb880'],
  'beyond U+10FFFF': ['f4908080', 'f5808080', 'f7bfbfbf', 'f888808080', 'fe', 'ff'],
  'cut or stray': ['80', 'bf', 'c3', 'c328', 'e282', 'e28228', 'f0288cbc', 'f09f98'],
}
const DISORDERED = [
  ...['{"b":1,"a":1}', '{"aa":1,"a":1}', '{"a":1,"B":1}', '{"é":1,"e":1}', '{"b":{"d":1,"c":1}}'],
  '{"a":[{"b":1,"a":1}]}',
]
const TWICE = ['{"a":1,"a":1}', '{"a":1,"a":2}', '{"":1,"":1}', '{"b":{"c":0,"c":0}}', '{"a":1,"b":1,"b":1}']
/** Where the order of bytes is not that of UTF-16 code units, or that of the spelling not that of the name. */
const BY_BYTES = [
  ...['{"\ufb33":1,"\ud83d\ude00":1}', '{"\uffff":1,"\ud800\udc00":1}', '{"A":1,"\\n":1}', '{"a":1,"\\"":1}'],
  ...['{"\\n":1,"\\b":1}', '{"\ue000":1,"\u{10ffff}":1}'],
]
const TAGS_DISORDERED = ['"b","a"', '"a","a"', '"aa","a"', '"a","B"', '"é","e"', '"a","c","b"']
const TAGS_BY_BYTES = ['"\ufb33","\ud83d\ude00"', '"a","\ue000","\ud800\udc00"']
const NOT_TAGS = [
  '"a",""',
  '""',
  `"${'a'.repeat(257)}"`,
  '"a\u007f"',
  '"a\u2028"',
  '"a\u0085"',
  '"\u202e"',
  '"\\n"',
]
const MANY_TAGS = [257, 258, 300].map((count) =>
  Array.from({ length: count }, (_, at) => `"${1000 + at}"`).join(),
)
const NOT_DAYS = [
  ...['2100-02-29', '2026-02-29', '2026-04-31', '2026-00-10', '2026-01-00', '2026-13-01', '2026-12-32'],
  ...['1900-01-01', '1969-12-31', '0000-01-01'],
].map((day) => `${day}T00:00:00.000Z`)
const NOT_CLOCKS = [
  '24:00:00.000',
  '25:00:00.000',
  '23:60:00.000',
  '23:59:60.000',
  '2a:00:00.000',
  '00:00:00.0a0',
].map((clock) => `2026-01-01T${clock}Z`)

const nest = (depth: number): Json => (depth === 0 ? 0 : [nest(depth - 1)])

const onValue =
  (values: readonly string[]): Mutator =>
  (base, random) =>
    planted(base, random, 'not_canonical', anywhere(random.pick(values), random))

const onObject =
  (values: readonly string[]): Mutator =>
  (base, random) => {
    const value = random.pick(values)
    const edit = random.oneIn(2) ? { metadata: value } : { rest: `,"x-a":${value}` }
    return planted(base, random, 'not_canonical', edit)
  }

const onMember =
  (name: 'created_at' | 'tags' | 'supersedes', values: readonly string[]): Mutator =>
  (base, random) =>
    planted(base, random, 'memory_invalid', { [name]: random.pick(values) })

const onEscape =
  (escapes: Escapes): Mutator =>
  (base, random) => {
    const [escape, means] = random.pick(escapes)
    const edit = random.oneIn(2)
      ? { content: `a${escape}b`, means: `a${means}b` }
      : anywhere(`"a${escape}b"`, random)
    return planted(base, random, 'not_canonical', edit)
  }

const onUtf8 =
  (sequences: readonly string[]): Mutator =>
  (base, random) => {
    const text = join('a', Buffer.from(random.pick(sequences), 'hex'), 'bcd')
    const edit = random.pick<Partial<Spelled>>([
      { content: text },
      { content: text },
      { entity_id: text },
      { tags: join('"', text, '"') },
      anywhere(join('"', text, '"'), random),
      { metadata: join('{"', text, '":1}') },
    ])
    return planted(base, random, 'not_utf8', edit)
  }

const onShort =
  (texts: readonly string[]): Mutator =>
  (base, random) => {
    const text = serialize(random.pick(texts)).slice(1, -1)
    const name = random.pick(['entity_id', 'event_type', 'id'] as const)
    return planted(base, random, 'memory_invalid', { [name]: text })
  }

const texts = (values: readonly Json[]) =>
  values.filter((value): value is string => typeof value === 'string')
const isLong = (text: string) => text.length < 1 || text.length > 256
const [LOW, HIGH] = ['a'.repeat(64), 'b'.repeat(64)]

const CLASSES: Mutators = {
  'a whole number': onValue(WHOLE),
  'a fraction': onValue(FRACTIONS),
  'a small fraction': onValue(SMALL),
  'a value that is none': onValue(NOT_VALUES),
  'a needless escape': onEscape(NEEDLESS),
  'an escape that has a shorter form': onEscape(TOO_LONG),
  'an escape in other letters': onEscape(OTHER_LETTERS),
  ...Object.fromEntries(
    Object.entries(NOT_UTF8).map(([name, sequences]) => [`UTF-8, ${name}`, onUtf8(sequences)]),
  ),
  'a raw control character': (base, random) => {
    const text = `a${random.pick(['\u0000', '\u0001', '\b', '\t', '\r', '\u001f'])}b`
    const edit = random.oneIn(2) ? { content: text } : anywhere(`"${text}"`, random)
    return planted(base, random, 'not_canonical', edit)
  },
  'names out of order': onObject(DISORDERED),
  'a name twice': onObject(TWICE),
  'names in the order of bytes': onObject(BY_BYTES),
  'private members out of order, or twice': (base, random) => {
    const rest = random.pick([
      ',"x-b":1,"x-a":1',
      ',"x-a":1,"x-a":1',
      ',"x-ab":1,"x-a":1',
      ',"x-\ufb33":1,"x-\ud83d\ude00":1',
    ])
    return planted(base, random, 'not_canonical', { rest })
  },
  'deeper than 32': (base, random) => {
    // The memory is level 1, its metadata level 2.
    const levels = random.pick([31, 31, 31, 32, 60])
    const edit = random.oneIn(2)
      ? { metadata: `{"a":${serialize(nest(levels))}}` }
      : { rest: `,"x-a":${serialize(nest(levels + 1))}` }
    return planted(base, random, 'not_canonical', edit)
  },
  'hex in upper case': (base, random) => {
    const names = ['author', 'content_sha256', 'sealed_hash', 'leaf_hash', 'supersedes'] as const
    const name = random.pick(names)
    const upper = (hash: string) => upperCased(hash, random)!
    const hash = upper(`ab${random.hex(31)}`)
    const edit: Partial<Spelled> =
      name === 'author'
        ? { author: hash }
        : name === 'supersedes'
          ? { supersedes: `"${hash}"` }
          : { state: (stated, value) => (stated === name ? upper(value) : value) }
    return planted(base, random, 'memory_invalid', edit)
  },
  'a blind': (base, random) => {
    const blind = Buffer.from(random.bytes(16)).toString('base64url')
    const next = { A: 'B', Q: 'R', g: 'h', w: 'x' }[blind.at(-1)!]!
    const other = random.oneIn(2) ? blind.slice(0, -1) + next : random.pick(texts(NOT_BLINDS))
    return planted(base, random, 'memory_invalid', { blind: other })
  },
  'a day that is none': onMember('created_at', NOT_DAYS),
  'a time of day that is none': onMember('created_at', NOT_CLOCKS),
  'a time in another form': onMember(
    'created_at',
    texts(NOT_TIMES).filter((text) => !/\p{Cc}/u.test(text)),
  ),
  'a short string of no or too many characters': onShort(texts(NOT_SHORT).filter(isLong)),
  'a short string with a character that is refused': onShort(
    texts(NOT_SHORT).filter((text) => !isLong(text)),
  ),
  'tags out of order, or twice': onMember('tags', TAGS_DISORDERED),
  'tags in the order of bytes': onMember('tags', TAGS_BY_BYTES),
  'tags that are no short strings': onMember('tags', NOT_TAGS),
  'too many tags': onMember('tags', MANY_TAGS),
  supersedes: onMember('supersedes', [
    `"${HIGH}","${LOW}"`,
    `"${LOW}","${LOW}"`,
    `"${LOW.slice(1)}"`,
    `"${LOW}a"`,
  ]),
}

export const SPELLED: Mutators = Object.fromEntries(
  Object.entries(CLASSES).map(([name, mutate]) => [`hashed as spelled: ${name}`, mutate]),
)
