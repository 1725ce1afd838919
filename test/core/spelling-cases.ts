import type { Json } from '../reference/canonical.ts'
import { buildManifest, buildStatement, ISSUER, signerNamed } from '../reference/writer.ts'
import {
  ANA,
  bytesOf,
  type Case,
  inLine,
  nest,
  withDraft,
  withEvidence,
  withHeader,
  withLines,
} from './case.ts'
import { statementOf } from './kind-headers.ts'

/**
 * Spelling: UTF-8, JCS, the length that is signed (0, 1, 2). Where a forgiving reader could read a file to something that
 * holds, all hashes and signatures are made for what it would read.
 */
const named = (label: string) => withHeader({ issuer: { fingerprint: ISSUER.fingerprint, label } })
const onLine1: Case[2] = ['signature', 'not_canonical', 1]
const onLine3: Case[2] = ['leaves', 'not_canonical', 3]
const inMemory: Case[2] = ['leaves', 'not_canonical', 5, 0]

/** Names whose order by UTF-16 code units (😀 first) is not that by code points. */
const NAMES = { '\ud83d\ude00': 1, '\ufb33': 2, '\uffff': 3 }
/** Those names in the order of code points. */
const misordered = (text: string) =>
  text.replace(/"😀":1,"\ufb33":2,"\uffff":3/, '"\ufb33":2,"\uffff":3,"😀":1')
const change = (at: number, edit: (line: string) => string, options = {}) =>
  withLines((lines) => {
    const line = edit(lines[at - 1]!)
    if (line === lines[at - 1]) throw new Error(`line ${at} stays as it is`)
    return lines.with(at - 1, line)
  }, options)
/** A text that stands in line `at`, in other bytes. */
const inBytes = (from: string, to: Uint8Array, options: object) => () => {
  const { bytes } = buildManifest(options)
  const at = Buffer.from(bytes).indexOf(from)
  return bytesOf(bytes.subarray(0, at), to, bytes.subarray(at + Buffer.byteLength(from)))
}
const content = (text: string) => ({ memories: [{ content: text }, {}] })
const inHeader = (later: Json) => withHeader({ later })
const receipt = statementOf('receipt', { later: 1, more: 2 })
const deep = (levels: number) => withEvidence(buildStatement('text/x', { deep: nest(levels - 2) }, [ANA]))

export const spelling: Case[] = [
  // What is signed.
  ['a label that is not ASCII', named('Zoë 記憶'), null],
  ['a composed label', named('Zo\u00eb'), null],
  ['a decomposed label', named('Zoe\u0308'), null],
  ['a label of emoji', named('👩‍👩‍👧 \ud83d\ude00'), null],
  ['a label that begins with U+FEFF', named('\ufeffA'), null],
  [
    'a label composed after signing',
    { ...named('Zoe\u0308'), ...inLine(1, 'Zoe\u0308', 'Zo\u00eb') },
    ['signature', 'signature_invalid', 1],
  ],
  [
    'a label decomposed after signing',
    { ...named('Zo\u00eb'), ...inLine(1, 'Zo\u00eb', 'Zoe\u0308') },
    ['signature', 'signature_invalid', 1],
  ],
  [
    'a kind whose name is not ASCII, as evidence',
    withEvidence(buildStatement('text/quittance; é 😀', {}, [signerNamed('Zoë')])),
    null,
  ],
  // The order of names.
  ['names above U+FFFF in a header', inHeader(NAMES), null],
  ['names above U+FFFF in a header, by code points', change(1, misordered, inHeader(NAMES)), onLine1],
  ['names above U+FFFF in details', { details: { later: NAMES } }, null],
  ['names above U+FFFF in a memory', withDraft({ ...NAMES, metadata: NAMES }), null],
  [
    'names above U+FFFF in metadata, by code points',
    change(5, misordered, { memories: [{ metadata: NAMES }] }),
    inMemory,
  ],
  ['names above U+FFFF in evidence', withEvidence(buildStatement('text/x', { later: NAMES }, [ANA])), null],
  [
    'names of digits, capitals, letters and none',
    withDraft({ metadata: { '': 0, a: 1, aa: 2, B: 3, '10': 4, '9': 5 } }),
    null,
  ],
  [
    'names that are numbers, by value',
    inLine(5, '{"10":4,"9":5}', '{"9":5,"10":4}', { memories: [{ metadata: { '10': 4, '9': 5 } }] }),
    inMemory,
  ],
  // Escapes.
  ['every escape there is', withDraft({ content: '\u0000\u0001\b\t\n\u000b\f\r\u001f"\\/\u007f' }), null],
  ['an escape in capitals', inLine(5, '\\u001f', '\\u001F', content('\u001f')), inMemory],
  ['a long escape where there is a short one', inLine(5, '\\n', '\\u000a', content('\n')), inMemory],
  ['an escaped slash', inLine(5, '/', '\\/', content('/')), inMemory],
  ['U+0085 and U+2028 in a text', content('a\u0085b\u2028c\u2029d'), null],
  ['U+0085 in a name', withDraft({ metadata: { 'a\u0085': 1 } }), null],
  ['U+FEFF at the start of a text', content('\ufeffa'), null],
  [
    'numbers at their edges',
    withDraft({ metadata: { n: [1e20 / 1e6, 1e-6, 1e-7, 123456789.125, -1.5] } }),
    null,
  ],
  [
    'a number with an exponent that is not needed',
    inLine(5, '"n":100', '"n":1e2', { memories: [{ metadata: { n: 100 } }] }),
    inMemory,
  ],
  [
    'a number with a zero at its end',
    inLine(5, '"n":1.5', '"n":1.50', { memories: [{ metadata: { n: 1.5 } }] }),
    inMemory,
  ],
  // Lone surrogates: hashed and signed as what UTF-8 makes of them.
  ['a lone surrogate in a header, signed', change(1, escaped, inHeader('\ud800')), onLine1],
  ['a lone surrogate in a name of a header, signed', change(1, escaped, inHeader({ '\udc00': 1 })), onLine1],
  ['a lone surrogate in details, hashed', change(1, escaped, { details: { later: '\udfff' } }), onLine1],
  ['a lone surrogate in a content, hashed', change(5, escaped, content('\ud800')), inMemory],
  [
    'a lone surrogate in a name of metadata, hashed',
    change(5, escaped, { memories: [{ metadata: { '\ud800': 1 } }] }),
    inMemory,
  ],
  [
    'a lone surrogate in evidence, signed',
    change(3, escaped, withEvidence(buildStatement('text/x', { later: '\udbff' }, [ANA]))),
    onLine3,
  ],
  // Bytes.
  [
    'no UTF-8 in a content, hashed as U+FFFD',
    inBytes('\ufffd', Uint8Array.of(0xff), content('\ufffd')),
    ['leaves', 'not_utf8', 5, 0],
  ],
  [
    'a surrogate in UTF-8, hashed as U+FFFD',
    inBytes('\ufffd\ufffd\ufffd', Uint8Array.of(0xed, 0xa0, 0x80), content('\ufffd\ufffd\ufffd')),
    ['leaves', 'not_utf8', 5, 0],
  ],
  [
    'an overlong slash, hashed as U+FFFD',
    inBytes('\ufffd\ufffd', Uint8Array.of(0xc0, 0xaf), content('\ufffd\ufffd')),
    ['leaves', 'not_utf8', 5, 0],
  ],
  [
    'no UTF-8 in a header, signed as U+FFFD',
    inBytes('\ufffd', Uint8Array.of(0xff), inHeader('\ufffd')),
    ['signature', 'not_utf8', 1],
  ],
  [
    'no UTF-8 in evidence, signed as U+FFFD',
    inBytes(
      '\ufffd',
      Uint8Array.of(0xff),
      withEvidence(buildStatement('text/x', { later: '\ufffd' }, [ANA])),
    ),
    ['leaves', 'not_utf8', 3],
  ],
  ['U+FEFF before a memory', change(5, (line) => `\ufeff${line}`), inMemory],
  ['U+FEFF before the closing line', change(6, (line) => `\ufeff${line}`), ['leaves', 'not_canonical', 6]],
  [
    'U+FEFF before the line of evidence',
    change(2, (line) => `\ufeff${line}`),
    ['leaves', 'not_canonical', 2],
  ],
  ['U+FEFF before a statement', change(3, (line) => `\ufeff${line}`, withEvidence(receipt)), onLine3],
  // Evidence lines are lines like others.
  [
    'a space in evidence',
    change(3, (line) => line.replace('"header":', '"header": '), withEvidence(receipt)),
    onLine3,
  ],
  [
    'a needless escape in evidence',
    change(3, (line) => line.replace('"Ana"', '"\\u0041na"'), withEvidence(receipt)),
    onLine3,
  ],
  [
    'members of evidence in another order',
    change(
      3,
      (line) => line.replace('"later":1,', '').replace('"more":2', '"more":2,"later":1'),
      withEvidence(receipt),
    ),
    onLine3,
  ],
  [
    'a member of evidence twice',
    change(3, (line) => line.replace('"later":1', '"later":1,"later":1'), withEvidence(receipt)),
    onLine3,
  ],
  [
    'a number beyond 2^53 − 1 in evidence',
    withEvidence(buildStatement('text/x', { n: 2 ** 53 }, [ANA])),
    onLine3,
  ],
  ['evidence of 32 levels', deep(32), null],
  ['evidence of 33 levels', deep(33), onLine3],
  ['metadata of 32 levels in the last memory', { memories: [{}, { metadata: { n: nest(30) } }] }, null],
  // Lines.
  ['a line end in another spelling after a memory', change(5, (line) => `${line}\u2028`), inMemory],
  ['a tab before a memory', change(5, (line) => `\t${line}`), inMemory],
  ['a space after a memory', change(5, (line) => `${line} `), inMemory],
  [
    'a member between envelope and evidence',
    withLines((lines) => lines.toSpliced(1, 0, '"etc":1,')),
    ['leaves', 'not_canonical', 2],
  ],
  [
    'a member between evidence and format',
    withLines((lines) => lines.toSpliced(2, 0, '"extra":1,')),
    onLine3,
  ],
  [
    'a member between format and memories',
    withLines((lines) => lines.toSpliced(3, 0, '"later":[],')),
    ['leaves', 'not_canonical', 4],
  ],
  [
    'a member after the memories',
    withLines((lines) => lines.with(-1, '],"zzz":1}')),
    ['leaves', 'not_canonical', 6],
  ],
  [
    'a member before the envelope',
    withLines((lines) => lines.with(0, lines[0]!.replace('{', '{"about":1,'))),
    onLine1,
  ],
]

/** A lone surrogate, which no UTF-8 can carry, as JSON can. */
function escaped(line: string): string {
  return line.replace(/[\ud800-\udfff]/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`)
}
