/**
 * Wrong readers: the naive one of `test/reference` with one rule changed, as somebody might have it who wrote a reader
 * from the format and missed that rule. The set must give each of them away.
 */
export interface WrongReader {
  readonly name: string
  /** A text that stands in the file just once, and what stands there instead. */
  readonly edits: readonly (readonly [file: string, text: string, instead: string])[]
  /** Whether it takes what must be refused or refuses what must be taken, or only says another thing of the same file. */
  readonly shows: 'fate' | 'code'
}

const CANONICAL = 'canonical.ts'
const CURVE = 'ed25519.ts'
const GZIP = 'gzip.ts'
const SHAPES = 'shapes.ts'
const STATEMENT_FILE = 'statement-file.ts'
const TREE = 'merkle.ts'
const VERIFY = 'verify.ts'

const wrong = (name: string, file: string, text: string, instead = ''): WrongReader => ({
  name,
  edits: [[file, text, instead]],
  shows: 'fate',
})
/** It refuses what must be refused, for another reason or at another place. */
const misnames = (...args: Parameters<typeof wrong>): WrongReader => ({ ...wrong(...args), shows: 'code' })
const also = (reader: WrongReader, ...edits: WrongReader['edits']): WrongReader => ({
  ...reader,
  edits: [...reader.edits, ...edits],
})

const tree: WrongReader[] = [
  wrong(
    'a tree split in the middle',
    TREE,
    'while (k * 2 < n) k *= 2\n  return k',
    'return Math.ceil(n / 2)',
  ),
  wrong('a tree that grows on its left side', TREE, 'while (k * 2 < n) k *= 2\n  return k', 'return n - 1'),
  wrong(
    'a tree split at the largest power of two below half',
    TREE,
    'while (k * 2 < n)',
    'while (k * 4 < n)',
  ),
  wrong('nodes without their tag', TREE, 'sha256(Uint8Array.of(1), left, right)', 'sha256(left, right)'),
  wrong('no root compared', VERIFY, "hex(MTH(leaves)) !== header['merkle_root']", 'false'),
]

const signed: WrongReader[] = [
  wrong(
    'length of the body in UTF-16 units',
    VERIFY,
    '${body.length} `), body',
    '${serialize(statement.header).length} `), body',
  ),
  wrong(
    'length of the type in UTF-16 units',
    VERIFY,
    'DSSEv1 ${type.length} `',
    'DSSEv1 ${statement.type.length} `',
  ),
  wrong(
    'header in NFC when signed',
    VERIFY,
    'Buffer.from(serialize(statement.header))',
    "Buffer.from(serialize(statement.header).normalize('NFC'))",
  ),
  wrong(
    'header in NFD when signed',
    VERIFY,
    'Buffer.from(serialize(statement.header))',
    "Buffer.from(serialize(statement.header).normalize('NFD'))",
  ),
  wrong(
    'type not signed',
    VERIFY,
    'type, Buffer.from(` ${body.length}',
    'Buffer.alloc(0), Buffer.from(` ${body.length}',
  ),
  wrong(
    'no signature verified',
    VERIFY,
    "if (!verifyStrictly(point, paeOf(statement), decodeBase64(signature, 'base64')!))",
    'if (false)',
  ),
  wrong(
    'the first signature is enough',
    VERIFY,
    'if (!verifyStrictly(point,',
    'if (at === 0 && !verifyStrictly(point,',
  ),
  wrong(
    'the issuer need not sign',
    VERIFY,
    "if (!verified.includes(issuer['fingerprint'] as string)) return 'issuer_unsigned'",
  ),
  wrong(
    'a skipped key counts as verified',
    VERIFY,
    'if (point === null) continue',
    'if (point === null) { verified.push(fingerprint); continue }',
  ),
  wrong(
    'listed signers not asked for',
    VERIFY,
    'signers?.some((signer) => !verified.includes(signer))',
    'false',
  ),
  wrong(
    'fingerprint not compared',
    VERIFY,
    "if (key.fingerprint !== fingerprint) return 'fingerprint_mismatch'",
  ),
  wrong('details_hash not compared', VERIFY, "hex(details) === envelope.header['details_hash'] ?", 'true ?'),
  wrong('details hashed without their tag', VERIFY, 'sha256(Uint8Array.of(3), ', 'sha256('),
  misnames(
    'signatures verified before all keys are read',
    VERIFY,
    'keys.push(key)',
    "keys.push(key)\n    const bytes = decodeBase64(statement.signatures[keys.length - 1]!.signature, 'base64')!\n    if (key.ed25519 && !verifyStrictly(key.ed25519, paeOf(statement), bytes)) return 'signature_invalid'",
  ),
  misnames(
    'details before signatures',
    VERIFY,
    'const code = checkSignatures(envelope)\n  if (code !== null) return code',
    "const early = sha256(Uint8Array.of(3), Buffer.from(serialize(envelope['details']!)))\n  if (hex(early) !== envelope.header['details_hash']) return 'details_mismatch'\n  const code = checkSignatures(envelope)\n  if (code !== null) return code",
  ),
  misnames(
    'fault of a key before its fingerprint',
    VERIFY,
    'if (key.fingerprint !== fingerprint)',
    'if (key.fault === null && key.fingerprint !== fingerprint)',
  ),
]

const spelled: WrongReader[] = [
  wrong(
    'names sorted by code points',
    CANONICAL,
    'Object.keys(value).sort(compareUnits)',
    'Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))',
  ),
  wrong('names not sorted', CANONICAL, 'Object.keys(value).sort(compareUnits)', 'Object.keys(value)'),
  wrong('33 levels', CANONICAL, 'depth > 32', 'depth > 33'),
  wrong('31 levels', CANONICAL, 'depth > 32', 'depth > 31'),
  wrong(
    'numbers of any size',
    CANONICAL,
    '!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)',
    '!Number.isFinite(value)',
  ),
  wrong('2^53 itself', CANONICAL, '<= Number.MAX_SAFE_INTEGER', '<= Number.MAX_SAFE_INTEGER + 1'),
  wrong(
    'integers only',
    CANONICAL,
    '!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)',
    '!Number.isSafeInteger(value)',
  ),
  wrong(
    'a line is not compared with its canonical form',
    CANONICAL,
    'canonicalize(value) === text ?',
    'canonicalize(value) !== null ?',
  ),
  wrong('a byte order mark at a line is dropped', CANONICAL, 'ignoreBOM: true', 'ignoreBOM: false'),
  wrong(
    'bytes that are no UTF-8 are replaced',
    CANONICAL,
    'fatal: true, ignoreBOM',
    'fatal: false, ignoreBOM',
  ),
  wrong('short escapes not used', CANONICAL, "['\\f', '\\\\f'],", ''),
  wrong(
    'escapes in capitals',
    CANONICAL,
    "toString(16).padStart(4, '0')",
    "toString(16).toUpperCase().padStart(4, '0')",
  ),
  wrong('U+007F escaped', CANONICAL, '["\\\\\\u0000-\\u001f]', '["\\\\\\u0000-\\u001f\\u007f]'),
  wrong('U+2028 escaped', CANONICAL, '["\\\\\\u0000-\\u001f]', '["\\\\\\u0000-\\u001f\\u2028]'),
  wrong(
    'lists ascend by code points',
    SHAPES,
    'compareUnits(value[at - 1] as string, item as string) < 0',
    'Buffer.compare(Buffer.from(value[at - 1] as string), Buffer.from(item as string)) < 0',
  ),
  wrong('equals ascend', SHAPES, 'item as string) < 0', 'item as string) <= 0'),
  wrong(
    'content in NFC when hashed',
    VERIFY,
    'Buffer.from(content as string)',
    "Buffer.from((content as string).normalize('NFC'))",
  ),
  wrong(
    'leaf record in NFC when hashed',
    VERIFY,
    'omega-memory/1\\n${serialize(record)}`',
    "omega-memory/1\\n${serialize(record).normalize('NFC')}`",
  ),
  wrong(
    'lines end at U+0085 too',
    VERIFY,
    'const rest = Buffer.from(bytes)',
    "const rest = Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\\xc2\\x85', '\\n'), 'latin1')",
  ),
  wrong(
    'lines end at U+2028 too',
    VERIFY,
    'const rest = Buffer.from(bytes)',
    "const rest = Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\\xe2\\x80\\xa8', '\\n'), 'latin1')",
  ),
  wrong(
    'lines end at CR LF too',
    VERIFY,
    'const rest = Buffer.from(bytes)',
    "const rest = Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\\r\\n', '\\n'), 'latin1')",
  ),
  wrong(
    'levels of evidence not counted',
    VERIFY,
    'const value = parseCanonical(hasComma ? text.slice(0, -1) : text)',
    "const bare = hasComma ? text.slice(0, -1) : text\n      const parsed = due === 'statement' && /\\[{30}/.test(bare) ? (JSON.parse(bare) as Json) : undefined\n      const value = parsed !== undefined && serialize(parsed) === bare ? parsed : parseCanonical(bare)",
  ),
  wrong(
    'evidence not in canonical form',
    VERIFY,
    'const value = parseCanonical(hasComma ? text.slice(0, -1) : text)',
    "const bare = hasComma ? text.slice(0, -1) : text\n      const value = parseCanonical(bare) ?? (due === 'statement' ? (JSON.parse(bare) as Json) : undefined)",
  ),
  wrong(
    'members of the document that it does not know',
    VERIFY,
    'const { text } = read\n',
    "const { text } = read\n    if (/^\"(?!evidence|format|memories)[a-z]+\":.*,$/.test(text) && due !== 'memory' && due !== 'statement') continue\n",
  ),
  wrong(
    'a space at the end of a line',
    VERIFY,
    "return text === null ? { code: 'not_utf8' } : { text }",
    "return text === null ? { code: 'not_utf8' } : { text: text.trimEnd() }",
  ),
]

const keys: WrongReader[] = [
  wrong(
    'spare bits in a PEM',
    SHAPES,
    "const der = decodeBase64(body?.replaceAll('\\n', ''), 'base64')",
    "const der = body === undefined ? null : Buffer.from(body.replaceAll('\\n', ''), 'base64')",
  ),
  wrong(
    'empty lines in a PEM',
    SHAPES,
    "replace(/.{1,64}/g, '$&\\n') !== body",
    "replace(/.{1,64}/g, '$&\\n') !== body.replace(/\\n\\n/g, '\\n').replace(/^\\n/, '')",
  ),
  wrong(
    'lines of any length in a PEM',
    SHAPES,
    "if (body.replaceAll('\\n', '').replace(/.{1,64}/g, '$&\\n') !== body) return 'key_malformed'",
  ),
  wrong('CRLF in a PEM', SHAPES, '$/.exec(pem)?.[1]', "$/.exec(pem.replaceAll('\\r\\n', '\\n'))?.[1]"),
  wrong('no LF at the end of a PEM', SHAPES, 'KEY-----\\n$/', 'KEY-----\\n?$/'),
  wrong(
    'any label of a PEM',
    SHAPES,
    '/^-----BEGIN PUBLIC KEY-----\\n([A-Za-z0-9+/=\\n]+)-----END PUBLIC KEY-----',
    '/^-----BEGIN [A-Z ]+-----\\n([A-Za-z0-9+/=\\n]+)-----END [A-Z ]+-----',
  ),
  wrong('text before a PEM', SHAPES, '/^-----BEGIN', '/-----BEGIN'),
  wrong('a PEM of any size', SHAPES, ' || pem.length > 16_384'),
  wrong('a PEM of 8 KiB at most', SHAPES, 'pem.length > 16_384', 'pem.length > 8_192'),
  wrong('a PEM of less than 16 KiB', SHAPES, 'pem.length > 16_384', 'pem.length >= 16_384'),
  wrong(
    'lengths that could be shorter',
    SHAPES,
    'if (more > 0 && (length < 0x80 || length < 2 ** (8 * (more - 1)))) return null',
  ),
  wrong('unused bits', SHAPES, ' || der[key.start] !== 0'),
  wrong('an empty key', SHAPES, 'key.end - key.start < 2 || '),
  wrong('an empty OID', SHAPES, 'oid.start === oid.end || '),
  wrong(
    'bytes after the key, inside',
    SHAPES,
    'key?.tag !== 0x03 || key.end !== der.length',
    'key?.tag !== 0x03',
  ),
  wrong(
    'bytes after the SPKI',
    SHAPES,
    'outer?.tag !== 0x30 || outer.end !== der.length',
    'outer?.tag !== 0x30',
  ),
  wrong('any tag for the key', SHAPES, 'key?.tag !== 0x03 ||', '!key ||'),
  wrong('any tag for the SPKI', SHAPES, 'outer?.tag !== 0x30 ||', '!outer ||'),
  wrong('any parameters', SHAPES, 'parameters?.end === algorithm.end ?', 'parameters ?'),
  wrong('no parameters at all', SHAPES, 'oid.end === algorithm.end ? oid : derElement(der, oid.end)', 'oid'),
  also(
    wrong(
      'Ed25519 with parameters',
      SHAPES,
      'const isExact = der.length === 44 && ED25519_SPKI.equals(der.subarray(0, 12))',
      'const isExact = true',
    ),
    [SHAPES, 'isExact ? der.subarray(12) : null', 'der.subarray(-32)'],
  ),
  also(
    wrong(
      'the first 32 of 33 bytes',
      SHAPES,
      'const isExact = der.length === 44 && ED25519_SPKI.equals(der.subarray(0, 12))',
      'const isExact = der.length === 45 || (der.length === 44 && ED25519_SPKI.equals(der.subarray(0, 12)))',
    ),
    [SHAPES, 'isExact ? der.subarray(12) : null', 'isExact ? der.subarray(12, 44) : null'],
  ),
  wrong(
    '44 bytes that end in a key',
    SHAPES,
    'der.length === 44 && ED25519_SPKI.equals(der.subarray(0, 12))',
    'der.length === 44',
  ),
  also(
    wrong('the first 64 of 65 bytes', CURVE, 'signature.length !== 64', 'signature.length < 64'),
    [CURVE, 'littleEndian(signature.subarray(32))', 'littleEndian(signature.subarray(32, 64))'],
    [CURVE, "type: 'spki' }), signature)", "type: 'spki' }), signature.subarray(0, 64))"],
  ),
  wrong(
    'another algorithm not skipped',
    SHAPES,
    'return { fingerprint, oid, ed25519: null, fault: null }',
    "return { fingerprint, oid, ed25519: null, fault: 'key_not_allowed' }",
  ),
]

const ENGINE = "type: 'spki' }), signature)"
/** SB = R + kA, or times eight, with S reduced: as engines are that ask for no more. */
const ownEquation = (before: string): WrongReader['edits'][number] => [
  CURVE,
  `return verify(null, message, createPublicKey({ key: spki, format: 'der', ${ENGINE}`,
  `void spki
  const [a, r] = [decodePoint(publicKey), decodePoint(signature.subarray(0, 32))]
  if (a === null || r === null) return false
  const hash = createHash('sha512').update(signature.subarray(0, 32)).update(publicKey).update(message).digest()
  const base = decodePoint(Buffer.from('58' + '66'.repeat(31), 'hex'))!
  ${before}
  const left = multiply(8n * s, base)
  const right = multiply(8n, add(r, multiply(littleEndian(hash) % L, a)))
  return mod(left[0] * right[2]) === mod(right[0] * left[2]) && mod(left[1] * right[2]) === mod(right[1] * left[2])`,
]
const imported: WrongReader['edits'][number] = [
  CURVE,
  'import { createPublicKey, verify }',
  'import { createHash, createPublicKey, verify }',
]
const whole = 'const s = littleEndian(signature.subarray(32))'

const curve: WrongReader[] = [
  wrong('A and R of mixed order', CURVE, '!isZero(point) && isZero(multiply(L, point))', '!isZero(point)'),
  wrong(
    'A and R the identity',
    CURVE,
    'point !== null && !isZero(point) && isZero',
    'point !== null && isZero',
  ),
  wrong('any point for A', SHAPES, 'point && isStrictPoint(point) ? null', 'point ? null'),
  wrong(
    'any R',
    CURVE,
    'signature.length !== 64 || !isStrictPoint(signature.subarray(0, 32))',
    'signature.length !== 64',
  ),
  also(
    wrong(
      'any R, times eight',
      CURVE,
      'signature.length !== 64 || !isStrictPoint(signature.subarray(0, 32))',
      'signature.length !== 64',
    ),
    imported,
    ownEquation(whole),
  ),
  also(
    wrong('S of any size', CURVE, 'if (littleEndian(signature.subarray(32)) >= L) return false'),
    imported,
    ownEquation(whole),
  ),
  also(
    wrong('the high bits of S masked', CURVE, 'if (littleEndian(signature.subarray(32)) >= L) return false'),
    imported,
    ownEquation('const s = littleEndian(signature.subarray(32)) & (2n ** 253n - 1n)'),
  ),
  wrong('y not compared with p', CURVE, 'if (y >= P) return null'),
  wrong('the sign of x = 0 not looked at', CURVE, 'if (x === 0n && sign === 1n) return null'),
  also(wrong('y above p', CURVE, 'if (y >= P) return null'), [
    CURVE,
    '!isZero(point) && isZero(multiply(L, point))',
    'true',
  ]),
]

const shapes: WrongReader[] = [
  wrong(
    'surplus members of evidence',
    SHAPES,
    "if (!onlyHas(value, ['header', 'signatures', 'type', ...(withDetails ? ['details'] : [])])) return false",
    "if (withDetails && !onlyHas(value, ['header', 'signatures', 'type', 'details'])) return false",
  ),
  wrong('details of evidence', SHAPES, "...(withDetails ? ['details'] : [])", "'details'"),
  wrong(
    'surplus members of an envelope',
    SHAPES,
    "if (!onlyHas(value, ['header', 'signatures', 'type', ...(withDetails ? ['details'] : [])])) return false",
    "if (!withDetails && !onlyHas(value, ['header', 'signatures', 'type'])) return false",
  ),
  wrong(
    'surplus members of a signature',
    SHAPES,
    " && onlyHas(value, ['fingerprint', 'public_key_pem', 'signature'])",
  ),
  wrong('17 signatures', SHAPES, 'signatures.length > 16', 'signatures.length > 17'),
  wrong('15 signatures', SHAPES, 'signatures.length > 16', 'signatures.length > 15'),
  misnames('no signature', SHAPES, 'signatures.length < 1 || '),
  wrong(
    'signatures in any order',
    SHAPES,
    'if (!isAscending(signatures.map(({ fingerprint }) => fingerprint))) return false',
  ),
  wrong('a signature of any size', SHAPES, 'length <= 65_536', 'length <= 65_537'),
  wrong('a signature of 65,535 bytes', SHAPES, 'length <= 65_536', 'length <= 65_535'),
  also(
    wrong(
      'base64 without padding',
      SHAPES,
      'return bytes.toString(encoding) === value ? bytes : null',
      "return bytes.toString(encoding).replace(/=+$/, '') === value.replace(/=+$/, '') ? bytes : null",
    ),
  ),
  wrong(
    'base64 with spare bits',
    SHAPES,
    'return bytes.toString(encoding) === value ? bytes : null',
    'return bytes.toString(encoding).length === value.length ? bytes : null',
  ),
  wrong(
    'created_at of any text',
    SHAPES,
    'const HEADER: Members = {\n  created_at: isTime',
    'const HEADER: Members = {\n  created_at: isString',
  ),
  wrong(
    'created_at absent',
    SHAPES,
    'const HEADER: Members = {\n  created_at: isTime',
    "const HEADER: Members = {\n  'created_at?': isTime",
  ),
  wrong('any label', SHAPES, 'label: isShort', 'label: isString'),
  wrong('no label', SHAPES, 'label: isShort', "'label?': isShort"),
  wrong('any successor', SHAPES, "'successor?': isHex", "'successor?': () => true"),
  misnames(
    'any fingerprint of the issuer',
    SHAPES,
    '{ fingerprint: isHex, label',
    '{ fingerprint: isString, label',
  ),
  misnames('any signers', SHAPES, "'signers?': ascending(isHex)", "'signers?': ascending(isString)"),
  wrong('signers in any order', SHAPES, "'signers?': ascending(isHex)", "'signers?': each(isHex)"),
  wrong(
    'critical in any order',
    SHAPES,
    "'critical?': (value) => ascending(isString)(value)",
    "'critical?': (value) => each(isString)(value)",
  ),
  wrong(
    'critical of nothing',
    SHAPES,
    'ascending(isString)(value) && (value as Json[]).length > 0',
    'ascending(isString)(value)',
  ),
  wrong(
    'critical of what is defined',
    SHAPES,
    '!defined.includes(name) && has(value, name)',
    'has(value, name)',
  ),
  wrong(
    'critical of what is absent',
    SHAPES,
    '!defined.includes(name) && has(value, name)',
    '!defined.includes(name)',
  ),
  wrong(
    'critical of the prototype',
    SHAPES,
    '!defined.includes(name) && has(value, name)',
    '!defined.includes(name) && name in value',
  ),
  wrong(
    'critical not understood',
    VERIFY,
    "if (envelope.header['critical'] !== undefined) return 'critical_unknown'",
  ),
  wrong(
    'details_hash in capitals',
    SHAPES,
    'details_hash: isHex',
    'details_hash: (value) => isHex(String(value).toLowerCase())',
  ),
  wrong(
    'merkle_root in capitals',
    SHAPES,
    'merkle_root: isHex',
    'merkle_root: (value) => isHex(String(value).toLowerCase())',
  ),
  wrong('any merkle_root', SHAPES, 'merkle_root: isHex', 'merkle_root: () => true'),
  wrong('no merkle_root', SHAPES, 'merkle_root: isHex', "'merkle_root?': isHex"),
  wrong('no details_hash', SHAPES, 'details_hash: isHex', "'details_hash?': isHex"),
  wrong('no memory_count', SHAPES, 'memory_count: within', "'memory_count?': within"),
  wrong('no sequence', SHAPES, 'sequence: within', "'sequence?': within"),
  wrong('no stream', SHAPES, 'stream: (value)', "'stream?': (value)"),
  wrong('no previous', SHAPES, 'previous: (value)', "'previous?': (value)"),
  wrong(
    'any stream',
    SHAPES,
    "stream: (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)",
    'stream: isString',
  ),
  wrong('a stream in capitals', SHAPES, '/^[0-9a-f]{32}$/', '/^[0-9a-f]{32}$/i'),
  wrong(
    'any sequence',
    SHAPES,
    'sequence: within(1, Number.MAX_SAFE_INTEGER)',
    "sequence: (value) => typeof value === 'number'",
  ),
  wrong('sequence 0', SHAPES, 'sequence: within(1,', 'sequence: within(0,'),
  wrong(
    'sequence of 32 bits',
    SHAPES,
    'sequence: within(1, Number.MAX_SAFE_INTEGER)',
    'sequence: within(1, 2 ** 32)',
  ),
  wrong(
    'previous of any text',
    SHAPES,
    'value === null || isHex(value)',
    'value === null || isString(value)',
  ),
  wrong(
    'previous beside sequence not asked',
    SHAPES,
    "return type !== MANIFEST_TYPE || (value['previous'] === null) === (value['sequence'] === 1)",
    'return true',
  ),
  wrong('memory_count 0', SHAPES, 'memory_count: within(1,', 'memory_count: within(0,'),
  wrong('memory_count 2^32', SHAPES, 'within(1, 2 ** 32 - 1)', 'within(1, 2 ** 32)'),
  misnames('memory_count of 31 bits', SHAPES, 'within(1, 2 ** 32 - 1)', 'within(1, 2 ** 31 - 1)'),
  wrong('fractions for counts', SHAPES, 'Number.isInteger(value) && value >= low', 'value >= low'),
  wrong('any expires_at', SHAPES, "'expires_at?': isTime", "'expires_at?': () => true"),
  wrong(
    'hex in capitals',
    SHAPES,
    '/^[0-9a-f]{64}$/.test(value)\nconst',
    '/^[0-9a-f]{64}$/i.test(value)\nconst',
  ),
  wrong(
    'hex of any length',
    SHAPES,
    '/^[0-9a-f]{64}$/.test(value)\nconst',
    '/^[0-9a-f]*$/.test(value)\nconst',
  ),
  wrong('short strings of any length', SHAPES, '  value.length <= 256 &&\n'),
  wrong(
    'short strings of 256 characters',
    SHAPES,
    '  value.length <= 256 &&\n',
    '  [...value].length <= 256 &&\n',
  ),
  wrong('short strings of 255', SHAPES, '  value.length <= 256 &&\n', '  value.length <= 255 &&\n'),
  wrong('empty short strings', SHAPES, '  value.length >= 1 &&\n'),
  wrong('direction marks in short strings', SHAPES, '\\u2028-\\u202e\\u2066-\\u2069', '\\u2028-\\u2029'),
  wrong('isolates in short strings', SHAPES, '\\u2066-\\u2069'),
  wrong('C1 controls in short strings', SHAPES, '\\u007f-\\u009f', '\\u007f'),
  wrong('controls in short strings', SHAPES, '\\u0000-\\u001f\\u007f', '\\u007f'),
]

const times: WrongReader[] = [
  also(
    wrong(
      'times with an offset, in lower case or with a space',
      SHAPES,
      '/^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$/',
      '/^\\d{4}-\\d\\d-\\d\\d[tT ]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?([zZ]|[+-]\\d\\d:\\d\\d)$/',
    ),
    [
      SHAPES,
      '&& moment.toISOString() === value',
      '&& (moment.toISOString() === value || !/T.*\\.\\d{3}Z$/.test(value))',
    ],
  ),
  also(wrong('times without milliseconds', SHAPES, '\\.\\d{3}Z$/', '(\\.\\d{3})?Z$/'), [
    SHAPES,
    'moment.toISOString() === value',
    "(moment.toISOString() === value || !value.includes('.'))",
  ]),
  wrong(
    '24 o’clock',
    SHAPES,
    'moment.toISOString() === value',
    "(moment.toISOString() === value || value.includes('T24:00'))",
  ),
  wrong('days that do not exist', SHAPES, 'moment.toISOString() === value', 'true'),
  wrong(
    'leap seconds',
    SHAPES,
    'const moment = new Date(value)',
    "const moment = new Date(value.replace(':60.', ':59.'))\n  if (value.includes(':60.')) return true",
  ),
  wrong('years before 1970', SHAPES, 'moment.getTime() >= 0 && '),
  wrong('years after 9999', SHAPES, '/^\\d{4}-\\d\\d', '/^(?:\\+\\d\\d)?\\d{4}-\\d\\d'),
]

const details: WrongReader[] = [
  wrong(
    'any entity_id of a selection',
    SHAPES,
    "const SELECTION: Members = {\n  'entity_id?': isShort",
    "const SELECTION: Members = {\n  'entity_id?': () => true",
  ),
  wrong(
    'any event_type of a selection',
    SHAPES,
    "'event_type?': isShort,\n  'hand_picked?'",
    "'event_type?': () => true,\n  'hand_picked?'",
  ),
  wrong('any hand_picked', SHAPES, "'hand_picked?': oneOf(true)", "'hand_picked?': () => true"),
  wrong('any origin', SHAPES, "  'origin?': oneOf('own', 'imported'),\n"),
  wrong('any since', SHAPES, "'since?': isTime", "'since?': () => true"),
  wrong('any until', SHAPES, "'until?': isTime", "'until?': () => true"),
  wrong('any tags of a selection', SHAPES, "'tags?': (value) => isTags(value)", "'tags?': () => true"),
  wrong('any tags_match', SHAPES, "  'tags_match?': oneOf('all', 'any'),\n"),
  wrong('tags_match of all only', SHAPES, "oneOf('all', 'any')", "oneOf('all')"),
  wrong('origin of own only', SHAPES, "oneOf('own', 'imported')", "oneOf('own')"),
  wrong('no selection', SHAPES, 'selection: (selection)', "'selection?': (selection)"),
  wrong('no salt', SHAPES, 'salt: isSalt', "'salt?': isSalt"),
  wrong('any salt', SHAPES, 'salt: isSalt', 'salt: isString'),
  wrong(
    'a salt in any base64',
    SHAPES,
    'salt: isSalt',
    "salt: (value) => isSalt(String(value).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'))",
  ),
  wrong(
    'a salt of any size',
    SHAPES,
    "decodeBase64(value, 'base64url')?.length === 16",
    "decodeBase64(value, 'base64url') !== null",
  ),
  wrong('any audience', SHAPES, "'audience?': ascending(isHex)", "'audience?': ascending(isString)"),
  wrong('an audience in any order', SHAPES, "'audience?': ascending(isHex)", "'audience?': each(isHex)"),
  wrong(
    'any note',
    SHAPES,
    "typeof note === 'string' && note.length <= 2000",
    '(note as string)?.length === undefined || (note as string).length <= 2000',
  ),
  wrong('a note of 2,001', SHAPES, 'note.length <= 2000', 'note.length <= 2001'),
  wrong('a note of 2,000 code points', SHAPES, 'note.length <= 2000', '[...note].length <= 2000'),
  wrong('a note of 2,000 bytes', SHAPES, 'note.length <= 2000', 'Buffer.byteLength(note) <= 2000'),
]

const MEMBERS = 'const MEMORY: Members = {\n  author: isHex,\n  created_at: isTime'
const memories: WrongReader[] = [
  wrong(
    'created_at of a memory of any text',
    SHAPES,
    MEMBERS,
    'const MEMORY: Members = {\n  author: isHex,\n  created_at: isString',
  ),
  wrong(
    'any author',
    SHAPES,
    MEMBERS,
    'const MEMORY: Members = {\n  author: () => true,\n  created_at: isTime',
  ),
  wrong('no author', SHAPES, MEMBERS, "const MEMORY: Members = {\n  'author?': isHex,\n  created_at: isTime"),
  wrong(
    'no created_at',
    SHAPES,
    MEMBERS,
    "const MEMORY: Members = {\n  author: isHex,\n  'created_at?': isTime",
  ),
  wrong('no entity_id', SHAPES, '  entity_id: isShort', "  'entity_id?': isShort"),
  wrong('no id', SHAPES, '  id: isShort', "  'id?': isShort"),
  wrong('no tags', SHAPES, '  tags: isTags', "  'tags?': isTags"),
  misnames('no leaf_hash', SHAPES, 'leaf_hash: isHex', "'leaf_hash?': isHex"),
  misnames('no sealed_hash', SHAPES, 'sealed_hash: isHex', "'sealed_hash?': isHex"),
  misnames('any sealed_hash', SHAPES, 'sealed_hash: isHex', 'sealed_hash: isString'),
  misnames('any leaf_hash', SHAPES, '  leaf_hash: isHex', '  leaf_hash: isString'),
  misnames('any content_sha256', SHAPES, "'content_sha256?': isHex", "'content_sha256?': () => true"),
  wrong('any text for a tag', SHAPES, 'ascending(isShort)(value)', 'ascending(isString)(value)'),
  wrong('257 tags', SHAPES, '.length <= 256\n}', '.length <= 257\n}'),
  wrong('255 tags', SHAPES, '.length <= 256\n}', '.length <= 255\n}'),
  wrong('tags in any order', SHAPES, 'ascending(isShort)(value)', 'each(isShort)(value)'),
  wrong(
    'any text for an event_type',
    SHAPES,
    "'event_type?': isShort,\n  id",
    "'event_type?': isString,\n  id",
  ),
  wrong('any text for an id', SHAPES, '  id: isShort', '  id: isString'),
  wrong(
    'a long id',
    SHAPES,
    '  id: isShort',
    '  id: (value) => isShort(value) || (isString(value) && (value as string).length > 256)',
  ),
  wrong('any supersedes', SHAPES, "'supersedes?': ascending(isHex)", "'supersedes?': ascending(isString)"),
  wrong('supersedes in any order', SHAPES, "'supersedes?': ascending(isHex)", "'supersedes?': each(isHex)"),
  misnames('provenance of any kind', SHAPES, "'provenance?': Array.isArray", "'provenance?': () => true"),
  also(
    wrong(
      'null for an empty text',
      SHAPES,
      "(value) => typeof value === 'string' && value.length <= 1_000_000",
      "(value) => value === null || (typeof value === 'string' && value.length <= 1_000_000)",
    ),
    [VERIFY, 'Buffer.from(content as string)', "Buffer.from((content ?? '') as string)"],
  ),
  wrong('content of any length', SHAPES, ' && value.length <= 1_000_000'),
  wrong(
    'content of 1,000,000 bytes',
    SHAPES,
    'value.length <= 1_000_000',
    'Buffer.byteLength(value) <= 1_000_000',
  ),
  also(
    wrong(
      'a blind with spare bits',
      SHAPES,
      "'blind?': isSalt",
      "'blind?': (value) => Buffer.from(String(value), 'base64url').length === 16",
    ),
    [VERIFY, "decodeBase64(blind, 'base64url')!", "Buffer.from(blind as string, 'base64url')"],
  ),
  wrong('metadata of any kind', SHAPES, "'metadata?': isObject", "'metadata?': () => true"),
  wrong(
    'critical of a memory in any order',
    SHAPES,
    "'critical?': HEADER['critical?']!",
    "'critical?': (value) => each(isString)(value) && (value as Json[]).length > 0",
  ),
  wrong(
    'any critical of a memory',
    SHAPES,
    'if (!fits(value, MEMORY) || !criticalFits(value, MEMORY))',
    'if (!fits(value, MEMORY))',
  ),
  wrong('federation_origin', SHAPES, "has(value, 'federation_origin') || "),
  wrong('__proto__ in a memory', SHAPES, " || has(value, '__proto__')"),
  misnames(
    'withheld with its metadata',
    SHAPES,
    "hidden !== 0 && (hidden !== 3 || has(value, 'metadata'))",
    'hidden !== 0 && hidden !== 3',
  ),
  misnames('provenance not noticed', SHAPES, "hidden === 3 || has(value, 'provenance') ?", 'hidden === 3 ?'),
  wrong(
    'content_sha256 not compared',
    VERIFY,
    "if (hex(contentHash) !== content_sha256) return { code: 'content_hash_mismatch' }",
  ),
  wrong(
    'sealed_hash not compared',
    VERIFY,
    "if (hex(sealed) !== record['sealed_hash']) return { code: 'sealed_hash_mismatch' }",
  ),
  wrong(
    'leaf_hash not compared',
    VERIFY,
    'return hex(leaf) === leaf_hash ? { leaf }',
    'return true ? { leaf }',
  ),
  wrong('sealed without its tag', VERIFY, 'sha256(Uint8Array.of(2), ', 'sha256('),
  wrong(
    'no metadata sealed as empty metadata',
    VERIFY,
    'metadata === undefined ? new Uint8Array(32) : sha256',
    'metadata === undefined ? sha256(Buffer.from(serialize({}))) : sha256',
  ),
  wrong(
    'empty metadata sealed as none',
    VERIFY,
    'metadata === undefined ?',
    'metadata === undefined || Object.keys(metadata as JsonObject).length === 0 ?',
  ),
  wrong(
    'private members not in the leaf',
    VERIFY,
    'serialize(record)}`',
    "serialize(Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('x-'))))}`",
  ),
]

const frame: WrongReader[] = [
  wrong('a memory too many', VERIFY, "if (leaves.length === count) return failHere('count_mismatch')"),
  wrong('a memory too few', VERIFY, "if (leaves.length < count) return failHere('count_mismatch')"),
  wrong(
    'anything after the end',
    VERIFY,
    "if (lines.length > at) return fail('leaves', 'trailing_data', at + 1)",
  ),
  wrong('lines over 8 MiB', VERIFY, 'line.bytes.length > MAX_LINE', 'line.bytes.length > MAX_LINE + 1'),
  wrong('lines below 8 MiB', VERIFY, 'line.bytes.length > MAX_LINE', 'line.bytes.length >= MAX_LINE'),
  wrong('no LF at the end', VERIFY, "if (!line.ended) return { code: 'truncated' }"),
  wrong(
    'another version of the format',
    VERIFY,
    "return failHere(isVersion ? 'version_unsupported' : 'not_canonical')",
    "if (!isVersion) return failHere('not_canonical')",
  ),
  misnames(
    'a version not told from another format',
    VERIFY,
    "isVersion ? 'version_unsupported' : 'not_canonical')",
    "'not_canonical')",
  ),
  misnames(
    'evidence before the root',
    VERIFY,
    "if (hex(MTH(leaves)) !== header['merkle_root'])",
    "const early = checkEvidence(evidence, [])\n  if (early !== null) return end(early)\n  if (hex(MTH(leaves)) !== header['merkle_root'])",
  ),
  misnames(
    'the root before what follows the end',
    VERIFY,
    'if (lines.length > at) return fail',
    "if (hex(MTH(leaves)) !== header['merkle_root']) return fail('root', 'root_mismatch', 1)\n  if (lines.length > at) return fail",
  ),
  misnames(
    'the count before the memory',
    VERIFY,
    'const memory = checkMemory(value)',
    "if (leaves.length === count) return failHere('count_mismatch')\n        const memory = checkMemory(value)",
  ),
  misnames(
    'a first line that is no manifest of ours told by nothing',
    VERIFY,
    "return 'not_a_manifest'",
    "return 'not_canonical'",
  ),
  misnames('a head of 64,000 bytes', VERIFY, 'const HEAD = 65_536', 'const HEAD = 64_000'),
  misnames('a head of 70,000 bytes', VERIFY, 'const HEAD = 65_536', 'const HEAD = 70_000'),
]

/** The rows of clause 8, as the naive reader has them. */
const KIND_MEMBERS = [
  [
    'receipt',
    'manifest manifest_issuer stream sequence merkle_root imported already_local deleted_here withheld not_understood audit_head',
  ],
  ['key-succession', 'predecessor successor'],
  ['key-revocation', 'key last_valid reason'],
  ['verification-report', 'report file_sha256'],
  ['audit-export', 'tree_size merkle_root from last_row_hash previous_export'],
  ['redaction', 'manifest entries'],
] as const

const evidence: WrongReader[] = [
  misnames('any number of statements', VERIFY, 'at >= 1024 || '),
  wrong('1,023 statements', VERIFY, 'at >= 1024', 'at >= 1023'),
  wrong('1,000 statements', VERIFY, 'at >= 1024', 'at >= 1000'),
  wrong('any number of signatures', VERIFY, 'signatures > 1024 || '),
  wrong('1,023 signatures', VERIFY, 'signatures > 1024', 'signatures > 1023'),
  wrong('any number of bytes', VERIFY, ' || bytes > 16 * 1024 * 1024'),
  wrong('16 MiB and a byte', VERIFY, 'bytes > 16 * 1024 * 1024', 'bytes > 16 * 1024 * 1024 + 1'),
  wrong('less than 16 MiB', VERIFY, 'bytes > 16 * 1024 * 1024', 'bytes >= 16 * 1024 * 1024'),
  wrong(
    'commas not counted',
    VERIFY,
    'bytes: lines[at - 1]!.bytes.length',
    'bytes: lines[at - 1]!.bytes.length - (hasComma ? 1 : 0)',
  ),
  wrong(
    'line ends counted',
    VERIFY,
    'bytes: lines[at - 1]!.bytes.length',
    'bytes: lines[at - 1]!.bytes.length + 1',
  ),
  wrong('evidence in any order', VERIFY, "if (idOf(value) <= before) return fail('evidence_unordered')"),
  wrong('a statement twice', VERIFY, 'idOf(value) <= before', 'idOf(value) < before'),
  misnames(
    'the order before the signatures',
    VERIFY,
    'const code = checkSignatures(value)\n    if (code !== null) return fail(code)',
    "if (idOf(value) <= before) return fail('evidence_unordered')\n    const code = checkSignatures(value)\n    if (code !== null) return fail(code)",
  ),
  misnames(
    'the shape before the limits',
    VERIFY,
    'if (at >= 1024 ||',
    "if (!isStatement(value, false)) return fail('shape_invalid')\n    if (at >= 1024 ||",
  ),
  wrong(
    'signatures of evidence not verified',
    VERIFY,
    'const code = checkSignatures(value)\n    if (code !== null) return fail(code)',
  ),
  wrong('a manifest as evidence without its header', SHAPES, 'if (type === MANIFEST_TYPE) return MANIFEST'),
  wrong('critical: entries of trust-list', SHAPES, "'trust-list': 'entries'", "'trust-list': ''"),
  wrong(
    'critical of evidence refused',
    VERIFY,
    "if (!isStatement(value, false)) return fail('shape_invalid')",
    "if (!isStatement(value, false)) return fail('shape_invalid')\n    if (value.header['critical'] !== undefined) return fail('critical_unknown')",
  ),
  wrong(
    'kinds that it does not know refused',
    VERIFY,
    "if (!isStatement(value, false)) return fail('shape_invalid')",
    "if (!isStatement(value, false) || !/omega/.test(value.type)) return fail('shape_invalid')",
  ),
  ...KIND_MEMBERS.flatMap(([kind, row]) =>
    row.split(' ').map((name) =>
      wrong(
        `critical: ${name} of ${kind}`,
        SHAPES,
        `'${row}'`,
        `'${row
          .split(' ')
          .filter((each) => each !== name)
          .join(' ')}'`,
      ),
    ),
  ),
]

const packed: WrongReader[] = [
  wrong('no extra field', GZIP, 'if (flags & hasExtra)', 'if (false)'),
  wrong('no name', GZIP, 'of [hasName, hasComment]', 'of [hasComment]'),
  wrong('no comment', GZIP, 'of [hasName, hasComment]', 'of [hasName]'),
  wrong(
    'the checksum of the header not compared',
    GZIP,
    'if (file.readUInt16LE(at) !== crc32(file.subarray(0, at)) % 2 ** 16) return null',
  ),
  wrong('no checksum of the header', GZIP, 'if (flags & hasCrc)', 'if (false)'),
  wrong('reserved flags', GZIP, ' || (file[3]! & 0xe0) !== 0'),
  wrong('any method', GZIP, 'file[2] !== 8 || '),
  wrong('any checksum', GZIP, 'isWhole && trailer.readUInt32LE(0) === crc32(buffer) ?', 'isWhole ?'),
  wrong(
    'any size',
    GZIP,
    'trailer.length === 8 && trailer.readUInt32LE(4) === buffer.length % 2 ** 32',
    'trailer.length === 8',
  ),
  wrong('anything after it', GZIP, 'trailer.length === 8 &&', 'trailer.length >= 8 &&'),
]

const statementFiles: WrongReader[] = [
  wrong(
    'anything after the statement',
    STATEMENT_FILE,
    "if (end + 1 < file.length) return refuse('trailing_data')",
  ),
  wrong(
    'critical of a statement',
    STATEMENT_FILE,
    "if (statement.header['critical'] !== undefined) return refuse('critical_unknown')",
  ),
  misnames(
    'trailing bytes before the version',
    STATEMENT_FILE,
    'const value = readDocument(text)',
    "if (end + 1 < file.length) return refuse('trailing_data')\n  const value = readDocument(text)",
  ),
  wrong(
    'any members of the document',
    STATEMENT_FILE,
    " || Object.keys(value).join() !== 'format,statement'",
  ),
  misnames('any version of the format', STATEMENT_FILE, "return refuse('version_unsupported')", 'void 0'),
  wrong(
    'the document counts as a level',
    STATEMENT_FILE,
    'if (!isObject(value)) return parseCanonical(text)',
    'if (isObject(value)) return parseCanonical(text)',
  ),
  wrong(
    'a document in any spelling',
    STATEMENT_FILE,
    "return `{${spelled.join(',')}}` === text ? value : undefined",
    'return value',
  ),
  wrong(
    'lines of any length',
    STATEMENT_FILE,
    "if ((end < 0 ? file.length : end) > MAX_LINE) return refuse('line_too_long')",
  ),
  wrong('a statement line below 8 MiB', STATEMENT_FILE, '> MAX_LINE', '>= MAX_LINE'),
  misnames(
    'the shape after the signatures',
    STATEMENT_FILE,
    "if (statement.header['critical'] !== undefined)",
    "const early = checkSignatures(statement)\n  if (early !== null) return refuse(early)\n  if (statement.header['critical'] !== undefined)",
  ),
]

export const WRONG_READERS: readonly WrongReader[] = [
  ...tree,
  ...signed,
  ...spelled,
  ...keys,
  ...curve,
  ...shapes,
  ...times,
  ...details,
  ...memories,
  ...frame,
  ...evidence,
  ...packed,
  ...statementFiles,
]

/** Changes of the naive reader that change nothing it says: no file can show them, and why. */
export const EQUIVALENT: readonly (WrongReader & { readonly why: string })[] = [
  {
    ...wrong(
      'lone surrogates in texts alone',
      CANONICAL,
      "if (typeof value === 'string') return hasLoneSurrogate(value)",
      "if (typeof value === 'string') return false",
    ),
    why: 'JSON can carry one only as an escape, which the serializer does not write: the line is not the canonical form.',
  },
  {
    ...wrong('lone surrogates in names alone', CANONICAL, 'hasLoneSurrogate(name) || isRefused', 'isRefused'),
    why: 'as in texts.',
  },
  {
    ...wrong('S not compared with L', CURVE, 'if (littleEndian(signature.subarray(32)) >= L) return false'),
    why: 'the engine that is asked for the equation compares it too.',
  },
]
