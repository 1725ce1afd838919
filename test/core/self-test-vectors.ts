import { MTH, PATH, sha256 } from '../reference/merkle.ts'
import * as naive from '../reference/canonical.ts'
import { serialize, type JsonObject } from '../reference/canonical.ts'
import { isStrictPoint, verifyStrictly } from '../reference/ed25519.ts'
import { hex, MANIFEST_TYPE } from '../reference/shapes.ts'
import { verifyNaively } from '../reference/verify.ts'
import { buildManifest, buildMemory, ISSUER, signStatement } from '../reference/writer.ts'
import { scalarNamed } from './curve.ts'
import { edgesOf, forge, withS, largeS, numberOf, type Edge } from './edges.ts'

/** The vectors of the engine's self-test, from the naive implementation alone: `src/core/self-test-vectors.json`. */
export function makeVectors() {
  return {
    sha256: [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_000].map((length) => ({
      length,
      hash: hex(sha256(patternOf(length))),
    })),
    utf8: TEXTS.map(([name, bytes]) => ({ name, bytes, text: naive.decodeUtf8(Buffer.from(bytes, 'hex')) })),
    canonical: JSONS.map((text) => ({ text, canonical: naive.canonicalize(JSON.parse(text) as naive.Json) })),
    signatures: signatures(),
    merkle: merkle(),
    lines: lines(),
    manifest: manifest(),
  }
}

function patternOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (7 * i + 3) % 256)
}

const TEXTS = [
  ['plain', '6f6d656761'],
  ['two, three and four bytes', 'c3a9e282acf09f9880'],
  ['a byte order mark, kept', 'efbbbf61'],
  ['U+0000 and U+2028', '00e280a8'],
  ['a byte that is none', '61ff'],
  ['cut inside a character', 'e282'],
  ['too many bytes for the character', 'c0af'],
  ['a surrogate', 'eda080'],
  ['beyond U+10FFFF', 'f4908080'],
] as const

const JSONS = [
  '{}',
  '[]',
  '{"b":1,"a":[2,{"d":null,"c":true}]}',
  '[-0,0.1,1e21,1e-7,5e-324,1.5,100,1E2,9007199254740991]',
  '[-0,0.1,1e-7,5e-324,1.5,100,1E2,9007199254740991]',
  '[0,0.000001,1e-7,333333333.3333333,9007199254740991]',
  '9007199254740992',
  '1e400',
  '"\\u00e9\\u20ac\\ud83d\\ude00"',
  '"\\b\\t\\n\\f\\r\\"\\\\\\/\\u0000\\u001f\\u007f\\u2028"',
  '"\\ud800"',
  '{"\\udc00":1}',
  '{"\\ufb33":1,"\\ud83d\\ude00":2,"\\u20ac":3}',
  '{"__proto__":{"x":1},"constructor":2,"toString":3}',
  '{"10":1,"9":2,"a":3}',
  `${'['.repeat(32)}${']'.repeat(32)}`,
  `${'['.repeat(33)}${']'.repeat(33)}`,
  '"é"',
  '{"a":1,"a":2}',
  '{"a":1,"b":2,"\\u0061":1}',
  '"e\u0301"',
]

function signatures() {
  const message = patternOf(40)
  const scalar = scalarNamed('Issuer')
  const [a, r] = [edgesOf(scalar), edgesOf(12345n)]
  const pick = (edges: Edge[], name: string) => edges.find((edge) => edge.name === name)!
  const [key, nonce] = [pick(a, 'good'), pick(r, 'good')]
  const good = forge(key, nonce, message).signature
  const s = numberOf(good.subarray(32))
  const odd = [
    'mixed 1',
    'mixed 4',
    'low order 0',
    'low order 1',
    'low order 4',
    'odd encoding 2',
    'odd encoding 10',
  ]
  const vector = (
    name: string,
    by: Uint8Array,
    over: Uint8Array,
    signature: Uint8Array,
    equation: boolean | null,
  ) => ({
    name,
    key: hex(by),
    message: hex(over),
    signature: hex(signature),
    code: isStrictPoint(by)
      ? verifyStrictly(by, over, signature)
        ? null
        : 'signature_invalid'
      : 'key_not_allowed',
    equation,
  })
  return [
    vector('a signature that holds', key.bytes, message, good, true),
    vector('over nothing', key.bytes, new Uint8Array(), forge(key, nonce, new Uint8Array()).signature, true),
    vector('over another message', key.bytes, message.with(0, 0), good, false),
    vector('by another key', edgesOf(7n)[0]!.bytes, message, good, false),
    vector('one bit of S', key.bytes, message, good.with(40, good[40]! ^ 1), false),
    ...odd.map((name) =>
      vector(
        `A: ${name}`,
        pick(a, name).bytes,
        message,
        forge(pick(a, name), nonce, message).signature,
        null,
      ),
    ),
    ...odd.map((name) =>
      vector(`R: ${name}`, key.bytes, message, forge(key, pick(r, name), message).signature, null),
    ),
    ...largeS(s).map(([name, large]) => vector(name, key.bytes, message, withS(nonce.bytes, large), null)),
    vector('63 bytes', key.bytes, message, good.slice(0, 63), null),
  ]
}

function merkle() {
  const leaves = Array.from({ length: 7 }, (_, i) => sha256(patternOf(i)))
  return {
    roots: leaves.map((_, i) => hex(MTH(leaves.slice(0, i + 1)))),
    index: 4,
    path: PATH(4, leaves).map(hex),
  }
}

/** Memories each by itself, and what is none: `leaf` is null for it. */
function lines() {
  const drafts: [name: string, draft: JsonObject][] = [
    ['plain', {}],
    ['nothing in it', { content: '' }],
    ['escapes', { content: '"\\\b\t\n\f\r\u0000\u001f\u007f/' }],
    ['other scripts', { content: 'é\u2028€😀', entity_id: 'プロジェクト' }],
    [
      'all members',
      {
        event_type: 'note',
        metadata: { n: [15, null, true], s: { é: 'x' } },
        supersedes: [hex(sha256(Buffer.from('before')))],
        tags: ['a', 'b'],
      },
    ],
    ['a member of its own', { 'x-date-estimated': true }],
    // Together they have every digit of base64url.
    ...[
      'ABCDEFGHIJKLMNOPQRSTUQ',
      'VWXYZabcdefghijklmnopg',
      'qrstuvwxyz0123456789-w',
      '_0-_0-_0-_0-_0-_0-_0-A',
    ].map((blind): [string, JsonObject] => [`the digits of ${blind}`, { blind }]),
    ...[55, 56, 63, 64, 65, 119, 120, 1000].map((length): [string, JsonObject] => [
      `${length} letters`,
      { content: 'omega-'.repeat(length).slice(0, length) },
    ]),
  ]
  const good = drafts.map(([name, draft]) => ({ name, ...judged(serialize(buildMemory(draft, 0, ISSUER))) }))
  const text = good[0]!.line
  const digits = good.find(({ line }) => line.includes('"_0-'))!.line
  const memory = buildMemory({}, 0, ISSUER)
  const sealed = (members: JsonObject) => serialize(buildMemory({ ...memory, ...members }, 0, ISSUER))
  const turned = (name: string) => {
    const value = String(memory[name])
    return text.replace(value, (value.startsWith('0') ? '1' : '0') + value.slice(1))
  }
  const bad = [
    ['another letter', text.replace('Memory', 'Nemory')],
    ...['content_sha256', 'sealed_hash', 'leaf_hash'].map((name): [string, string] => [
      `another ${name}`,
      turned(name),
    ]),
    ['another blind', text.replace(String(memory['blind']).slice(0, 4), 'AAAA')],
    ['a digit of base64 in the blind', digits.replace('-', '+')],
    ['another, at its end', digits.replace('_0-A"', '/0-A"')],
    ['spare bits in the blind', text.replace(/("blind":"[^"]*)."/, '$1B"')],
    ['another author', turned('author')],
    ['another entity', text.replace('"project"', '"Project"')],
    ['a space', text.replace(',', ', ')],
    ['an escape that need not be', text.replace('Memory', '\\u004demory')],
    ['a member twice', text.replace('{', `{"author":"${String(memory['author'])}",`)],
    ['members in another order', text.replace(/^\{(.*),("tags":\[\])\}$/, '{$2,$1}')],
    ['a lone surrogate', text.replace('Memory', '\\ud800emory')],
    ['tags in another order', sealed({ tags: ['b', 'a'] })],
    ['tags in the order of their bytes', sealed({ tags: ['\ufb33', '\ud83d\ude00'] })],
    ['a control character in a name', sealed({ entity_id: 'a\u007fb' })],
    ['a day that is none', sealed({ created_at: '2026-02-30T00:00:00.000Z' })],
    ['an origin of its own', sealed({ federation_origin: {} })],
    [
      'a hash in capitals',
      text.replace(String(memory['leaf_hash']), String(memory['leaf_hash']).toUpperCase()),
    ],
    ['cut off', text.slice(0, -1)],
  ].map(([name, line]) => ({ name: name!, ...judged(line!) }))
  for (const { name, leaf } of bad) if (leaf !== null) throw new Error(`${name} holds`)
  return [...good, ...bad]
}

/** A line as the only one of a manifest whose root is over the leaf that it states. */
function judged(line: string): { line: string; leaf: string | null; key: string | null } {
  const stated = /"leaf_hash":"([0-9a-fA-F]{64})"/.exec(line)?.[1] ?? ''
  const { bytes } = buildManifest({
    header: { merkle_root: stated.toLowerCase() },
    lines: (written) => written.map((each) => (each.startsWith('{"author"') ? line : each)),
  })
  if (verifyNaively(bytes).failure !== null) return { line, leaf: null, key: null }
  const { content_sha256, entity_id } = JSON.parse(line) as Record<string, string>
  const key = sha256(Buffer.concat([Buffer.from(content_sha256!, 'hex'), Buffer.from(entity_id!)]))
  return { line, leaf: stated, key: hex(key) }
}

function manifest() {
  const { bytes, id } = buildManifest({
    memories: [{}, { content: 'é\u2028😀', metadata: { n: 1.5e-7 }, tags: ['\ud83d\ude00', '\ufb33'] }],
    signers: [ISSUER],
  })
  const text = Buffer.from(bytes).toString()
  const edits: [name: string, ...edits: (readonly [from: string, to: string])[]][] = [
    ['another sequence', ['"sequence":1', '"sequence":2']],
    ['a sequence spelled otherwise', ['"sequence":1', '"sequence":1.0']],
    ['another letter of a memory', ['Memory 0', 'Memory 1']],
    ['another entity', ['"project"', '"Project"']],
    ['other metadata', ['1.5e-7', '1.6e-7']],
    ['a space', [',\n"format"', ', \n"format"']],
    ['no last line end', ['\n]}\n', '\n]}']],
    ['a line too many', ['\n]}\n', '\n]}\n\n']],
    ['one character of the signature', turnedSignature(text)],
    [
      'the root of other memories, signed',
      ...signedAnew(text, { merkle_root: hex(sha256(Buffer.from('other'))) }),
    ],
    ['the count of other memories, signed', ...signedAnew(text, { memory_count: 3 })],
  ]
  const changes = edits.map(([name, ...all]) => {
    const changed = all.reduce((before, [from, to]) => {
      if (!before.includes(from)) throw new Error(`${name}: nothing to change`)
      return before.replace(from, to)
    }, text)
    return { name, edits: all, code: verifyNaively(Buffer.from(changed)).failure!.code }
  })
  return { text, id, changes }
}

const SIGNATURE = /"signature":"([^"]*)"/

function turnedSignature(text: string): readonly [string, string] {
  const signature = SIGNATURE.exec(text)![1]!
  // In the lower half of S, where only the equation can tell.
  const [before, turned, after] = [signature.slice(0, 50), signature[50]!, signature.slice(51)]
  return [signature, before + (turned === 'A' ? 'B' : 'A') + after]
}

/** What to change so that the issuer has signed another header. */
function signedAnew(text: string, members: JsonObject): (readonly [string, string])[] {
  const { header, signatures } = (
    JSON.parse(text) as { envelope: { header: JsonObject; signatures: { signature: string }[] } }
  ).envelope
  const changed = signStatement(MANIFEST_TYPE, { ...header, ...members }, [ISSUER])
  return [
    [serialize(header), serialize(changed.header)],
    [signatures[0]!.signature, changed.signatures[0]!.signature],
  ]
}
