/** Words of the format that cases are about: each stands in `manifest-format.md` just so. */
export const RULES = {
  // 0
  hex: 'All hex is lowercase.',
  base64: 'All base64 is decoded, re-encoded and compared (spare bits zero, padding as stated).',
  jcs: 'JCS is RFC 8785: members sorted by UTF-16 code units.',
  surrogates: 'lone surrogates',
  numbers: 'a number with |x| > 2^53−1, however spelled',
  depth: 'nesting\n  deeper than 32, counted from the statement, envelope, memory or row, which is 1',
  feff: 'Decoders keep U+FEFF',
  lineEnd: 'a line ends at byte 0x0A and nowhere else',
  ascending: '*Ascending* means strictly: equals are refused.',
  exactly: 'have exactly the members given here',
  short:
    'A *short string* (label, id, entity_id, tag, event_type, reason): 1 to 256 UTF-16 code units, none of U+0000–001F, 007F–009F, 2028–202E, 2066–2069.',
  time: 'RFC 3339, UTC, milliseconds, `Z`, years 1970–9999, seconds 00–59, a moment that exists: parse, format again, compare.',
  fingerprint: 'hex SHA-256 of the DER SubjectPublicKeyInfo',
  // 1
  pae: 'PAE(type, body) = "DSSEv1" SP len(type) SP type SP len(body) SP body      (DSSE; len: decimal byte length; SP: 0x20)',
  kinds: 'The type is the domain separation that lets one identity sign several kinds of thing',
  statement:
    '{"header":{…},"signatures":[{"fingerprint":"…","public_key_pem":"…","signature":"…"}],"type":"…"}',
  pem: 'one SubjectPublicKeyInfo in PEM ("PUBLIC KEY"), 64-column lines, each ended by one LF, nothing before or after, at most 16 KiB.',
  ownFingerprint: '`fingerprint` MUST be that key',
  bytes64: '`signature`: 64 bytes, base64 with padding.',
  signatures: '1 to 16 signatures, by distinct keys, ascending by fingerprint.',
  everySignature: 'Every Ed25519 signature MUST verify.',
  oneForm: 'A key is Ed25519 when its SPKI is exactly\n  `302a300506032b6570032100` and 32 bytes',
  otherForm: 'that algorithm in any other form is refused',
  skipped: 'A well-formed SPKI of another algorithm is skipped and reported',
  wellFormed:
    'DER with lengths in their one form, of one OID, at most one parameter and a BIT STRING of whole bytes, at least one, and nothing else',
  twinSignature: 'its `signature` is padded base64 of 1 to 65,536 bytes',
  satisfiesNeither: 'it satisfies neither `issuer` nor `signers`',
  header:
    'Every header has `created_at` (time) and `issuer` {`fingerprint`, `label`, `successor`?: fingerprint}',
  issuer: 'one verified signature MUST be the issuer',
  signers: 'ascending fingerprints that MUST all be among the verified ones',
  critical: '`critical`: optional, non-empty, ascending',
  understand: 'members of this header that a reader must understand or refuse',
  defined: 'a name that is defined here, or absent from the header, is refused',
  noEffect: 'in evidence such a statement has no effect',
  unknown: 'Other unknown header\n  members are kept and ignored',
  alone: 'A statement alone in a file: `{"format":"omega-statement/1","statement":{…}}` in JCS and one LF.',
  points:
    'A and R MUST be canonical encodings of points of the prime-order subgroup\n([L]P = O, P ≠ O), and S < L.',
  // 2
  bom: 'UTF-8, no BOM.',
  document: '**Remove every LF and what is left is the JCS of the whole document**',
  places: 'LF stands in exactly these places, with one at the end',
  noEvidence: 'With no evidence the second line is `"evidence":[],` and the list is closed on it.',
  oneLine: 'One memory, one line',
  spelling: 'which also rules out duplicate keys, odd number spellings and needless escapes.',
  reformatted: 'A re-formatted file is refused with `not_canonical` and the line number',
  topLevel: 'Unknown top-level members are refused: nothing would sign them.',
  type: "The envelope's `type` MUST be the one of `format`.",
  gzip: 'A file may be gzip (RFC 1952): one member, nothing after it.',
  packedStatement: 'It may be gzip too;',
  brokenStatement:
    'a gzip file that is cut, damaged or followed by other bytes is no statement, whatever of it inflates',
  inflated: 'All that is said here is then said of what it inflates to.',
  line: 'a line 8 MiB (bytes before LF, comma included)',
  content: '`content` 1,000,000 UTF-16 code units',
  evidence:
    'evidence one statement a line, ascending by id, at most 1,024 statements, 1,024 signatures and 16 MiB in all',
  count: '`memory_count` 1 to 2^32−1.',
  detailsHash: 'hex SHA-256( 0x03 ‖ JCS(details) )',
  expires: 'optional time',
  root: 'number of leaves; hex',
  stream: '32 hex digits, random, one per line of manifests',
  sequence: '1, 2, 3 … in the stream, at most 2^53−1',
  previous: 'null exactly when `sequence` is 1',
  salt: '16 random bytes base64url without padding, `selection`',
  selection:
    '{`entity_id`?, `event_type`?, `hand_picked`?: true, `origin`?: `own` or `imported`, `since`?, `tags`?: as in 3, `tags_match`?: `all` (also when absent) or `any`, `until`?}',
  audience: '`audience`?: ascending fingerprints',
  note: '`note`?: at most 2,000 UTF-16 code units',
  bound: 'is bound by its hash',
  carries: "A manifest's own\nenvelope MUST carry it",
  without: 'as evidence the statement goes without it',
  // 3
  author: 'fingerprint of the key that first exported it',
  blind: '16 random bytes, base64url without padding, made once per leaf',
  text: 'the text, may be empty; absent only when withheld',
  contentHash: 'hex SHA-256 of the UTF-8 of `content`; present exactly when `content` is',
  memoryCritical: 'as in 1: a reader that does not understand it does not import this memory',
  id: 'short string, the author',
  event: 'short string, e.g. `decision`, `lesson`, `memory`',
  metadata: 'optional JSON object',
  provenance: 'optional, see 5',
  supersedes: 'ascending leaf hashes by the same author that this one replaces',
  tags: 'short strings, sorted by UTF-16 code units, unique, at most 256, may be empty',
  other: '`x-…` is private, the rest is for later; kept, covered by the leaf, carried on.',
  names:
    '`federation_origin` and `__proto__` are refused as member names here (inside `metadata` any name is data)',
  member: '| member | in the leaf | value |',
  sealed:
    'sealed_hash = SHA-256( 0x02 ‖ blind (16 bytes) ‖ SHA-256(content) ‖ ( SHA-256(JCS(metadata)) or 32 zero bytes without metadata ) )',
  leaf: 'leaf_hash   = SHA-256( 0x00 ‖ "omega-memory/1" LF ‖ JCS(leaf record) )',
  // 4
  tree: 'leaves as above in file order, node = SHA-256(0x01 ‖ left ‖ right), split at the largest power of two below n.',
  equal: 'Equal leaves are permitted',
  // 5
  anyKind:
    'statements of any kind. Kinds that a reader does not know, or that have no use here, are kept, reported, and have no effect',
  withheld:
    'level `content`: `blind`, `content`, `content_sha256`, `metadata` absent; level `memory`: only `leaf_hash` stands.',
  // 6
  surplus: 'a surplus one: `count_mismatch` at its line; missing ones: at the closing line',
  first:
    'The first failing layer is the result; within it the lowest line; within a line the order written here.',
  strict: 'keys strict, every signature',
  // 10
  oneCode: 'A report names one code a file: the first of its failing line in the order of this table.',
  empty: '| `file_empty` | 2 | signature | no bytes |',
  stranger:
    'the file does not start with `{"envelope":`, and neither `omega-federation-manifest` nor `"envelope"` stands in its first 65,536 bytes (line 1)',
  truncated:
    'the bytes end inside a line of at most 8 MiB, or before the closing line; the line is the one that is cut or missing',
  utf8: 'the line is not UTF-8; on line 1 also a file whose first 65,536 bytes are not',
  version: 'envelope `type` or `format` line of another version number',
  trailing: 'any byte after the LF of the closing line; nothing else is asked of it',
  notYet: 'this version of the product does not read them',
  statementCodes: 'Its codes, in this order: `file_empty`; `line_too_long`',
  keysFirst: 'In line 1 the keys of all signatures are read before any signature is verified',
} as const

export type Rule = keyof typeof RULES

/** Sentences with a MUST that join when the product reads what they speak of (withheld memories, provenance). */
export const LATER: readonly string[] = ['which MUST be there', 'MUST be listed in a redaction statement']
