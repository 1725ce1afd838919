import { MTH, PATH, sha256 } from '../reference/merkle.ts'
import * as naive from '../reference/canonical.ts'
import { isStrictPoint, verifyStrictly } from '../reference/ed25519.ts'
import { hex } from '../reference/shapes.ts'
import { verifyNaively } from '../reference/verify.ts'
import { buildManifest, ISSUER } from '../reference/writer.ts'
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

function manifest() {
  const { bytes, id } = buildManifest({
    memories: [{}, { content: 'é\u2028😀', metadata: { n: 1.5e-7 }, tags: ['\ud83d\ude00', '\ufb33'] }],
    signers: [ISSUER],
  })
  const text = Buffer.from(bytes).toString()
  const changes = [
    ['"sequence":1', '"sequence":2'],
    ['"sequence":1', '"sequence":1.0'],
    ['Memory 0', 'Memory 1'],
    ['"project"', '"Project"'],
    ['1.5e-7', '1.6e-7'],
    [',\n"format"', ', \n"format"'],
    ['\n]}\n', '\n]}'],
    ['\n]}\n', '\n]}\n\n'],
  ].map(([from, to]) => {
    const changed = Buffer.from(text.replace(from!, to!))
    return { from: from!, to: to!, code: verifyNaively(changed).failure!.code }
  })
  return { text, id, changes }
}
