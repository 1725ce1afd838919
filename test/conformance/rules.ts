/**
 * Which words of the format a case is about: a quotation of `manifest-format.md`, and the cases, by `group: name`. A
 * case that stands nowhere here is about its code: then the words are those of the table in 10.
 */
export const RULES: readonly (readonly [rule: string, cases: RegExp])[] = [
  // 2, before what 0 says of any number
  ['1, 2, 3 … in the stream, at most 2^53−1', /sequence 2\^53 −/],
  // 0
  ['Decoders keep U+FEFF', /^memories: content that JSON/],
  ['a line ends at byte 0x0A and nowhere else', /CRLF|^memories: a space$/],
  ['nesting\n  deeper than 32, counted from the statement, envelope, memory or row, which is 1', /levels/],
  ['a number with |x| > 2^53−1, however spelled', /2\^53|1e21|1e400/],
  ['lone surrogates', /surrogate/],
  ['*Ascending* means strictly: equals are refused', /not ascending|twice|in their order$|out of order$/],
  ['have exactly the members given here', /surplus member|a member __proto__$|^envelope: a member/],
  [
    'A *short string* (label, id, entity_id, tag, event_type, reason): 1 to 256 UTF-16 code units, none of U+0000–001F, 007F–009F, 2028–202E, 2066–2069.',
    /U\+.* in an entity|entity of 25|empty entity|direction mark/,
  ],
  [
    'RFC 3339, UTC, milliseconds, `Z`, years 1970–9999, seconds 00–59, a moment that exists: parse, format again, compare.',
    /a date that|leap second|: 1969$|: 9999$/,
  ],
  ['All hex is lowercase.', /upper-case|a leaf that is none/],
  [
    'All base64 is decoded, re-encoded and compared (spare bits zero, padding as stated).',
    /spare bits|no padding/,
  ],
  // 1
  ['`fingerprint` MUST be that key', /the fingerprint of another|: fingerprint_mismatch$/],
  [
    'Every Ed25519 signature MUST verify.',
    /by another key|over another header|one of two fails|: signature_invalid$/,
  ],
  [
    '1 to 16 signatures, by distinct keys, ascending by fingerprint.',
    /1[67] signatures|: none$|the same key twice/,
  ],
  ['`signature`: 64 bytes, base64 with padding.', /63 bytes|an empty signature/],
  [
    'one SubjectPublicKeyInfo in PEM ("PUBLIC KEY"), 64-column lines, each ended by one LF, nothing before or after, at most 16 KiB.',
    /PEM|surplus byte after the SPKI|: key_malformed$/,
  ],
  ['that algorithm in any other form is refused', /Ed25519 (with parameters|of 31)/],
  [
    'A well-formed SPKI of another algorithm is skipped and reported (room for a post-quantum twin): its `signature` is padded base64 of 1 to 65,536 bytes',
    /P-256 and RSA beside|P-256 whose|P-256 with|signatures of other algorithms/,
  ],
  ['it satisfies neither `issuer` nor `signers`', /P-256 (alone|among)|with P-256 only/],
  ['one verified signature MUST be the issuer', /not by the issuer|: issuer_unsigned$/],
  ['ascending fingerprints that MUST all be among the verified ones', /countersignature|: signer_missing$/],
  [
    'members of this header that a reader must understand or refuse',
    /critical: unknown|critical before|: critical$/,
  ],
  [
    'a name that is defined here, or absent from the header, is refused',
    /^(envelope|evidence).*critical: (defined|absent|of the)/,
  ],
  ['in evidence such a statement has no effect', /critical has no effect/],
  ['`critical`: optional, non-empty, ascending', /critical: (empty|not ascending)/],
  [
    'Other unknown header\n  members are kept and ignored',
    /later header member|header member __proto__|later member of the issuer|a header of its own/,
  ],
  ['`issuer` {`fingerprint`, `label`, `successor`?: fingerprint}', /announced successor/],
  [
    'A and R MUST be canonical encodings of points of the prime-order subgroup',
    /^strict: (low|A |R )|: key_not_allowed$/,
  ],
  ['and S < L', /S \+ L/],
  ['the domain separation that lets one identity sign several kinds of thing', /signed as another kind/],
  [
    'A statement alone in a file: `{"format":"omega-statement/1","statement":{…}}` in JCS and one LF.',
    /^statements: /,
  ],
  // 2
  ["The envelope's `type` MUST be the one of `format`.", /another kind$/],
  ["A manifest's own\nenvelope MUST carry it", /no details/],
  ['as evidence the statement goes without it', /a manifest with details/],
  [
    '**Remove every LF and what is left is the JCS of the whole document**',
    /duplicate key|: 1\.0$|out of order$|needless|as escapes|-0$|: a space$/,
  ],
  [
    'A re-formatted file is refused with `not_canonical` and the line number',
    /pretty|one line$|^start: a space/,
  ],
  ['One memory, one line', /two memories$|no comma between|an empty line/],
  [
    'With no evidence the second line is `"evidence":[],` and the list is closed on it.',
    /evidence opened|evidence on one/,
  ],
  ['one member, nothing after it', /^gzip: /],
  ['a line 8 MiB (bytes before LF, comma included)', /8 MiB/],
  ['`content` 1,000,000 UTF-16 code units', /content of 1,000/],
  [
    'evidence one statement a line, ascending by id, at most 1,024 statements, 1,024 signatures and 16 MiB in all',
    /1,025|16 MiB|^evidence: one twice|^evidence: out of order/,
  ],
  ['`memory_count` 1 to 2^32−1.', /memory_count/],
  ['null exactly when `sequence` is 1', /sequence [12] with/],
  ['`note`?: at most 2,000 UTF-16 code units', /a note of/],
  ['16 random bytes base64url without padding', /a salt of|a blind of/],
  ['`audience`?: ascending fingerprints', /audience/],
  ['`hand_picked`?: true', /hand_picked/],
  ['is bound by its hash', /details of another|details with a later/],
  // 3
  ['the text, may be empty; absent only when withheld', /empty content/],
  ['short strings, sorted by UTF-16 code units, unique, at most 256, may be empty', /tags|a tag twice/],
  ['a reader that does not understand it does not import this memory', /^memories: critical/],
  ['ascending leaf hashes by the same author that this one replaces', /supersedes/],
  [
    '`federation_origin` and `__proto__` are refused as member names here (inside `metadata` any name is data)',
    /federation_origin|^memories: a member __proto__|any names inside/,
  ],
  [
    '`x-…` is private, the rest is for later; kept, covered by the leaf, carried on.',
    /private member|names of the prototype/,
  ],
  ['optional JSON object', /metadata (null|a list)/],
  [
    '( SHA-256(JCS(metadata)) or 32 zero bytes without metadata )',
    /empty metadata|metadata stripped|metadata changed/,
  ],
  ['Text and metadata hang on the leaf through a blind', /blind changed/],
  [
    'the memory without blind, content, content_sha256, leaf_hash, metadata, provenance',
    /an entity changed$|twins/,
  ],
  // 4
  ['leaves as above in file order', /swapped|and the leaf with it/],
  ['Equal leaves are permitted', /equal leaves/],
  // 5
  [
    'Kinds that a reader does not know, or that have no use here, are kept, reported, and have no effect',
    /kinds known|a kind of|another version of a manifest$/,
  ],
  [
    'level `content`: `blind`, `content`, `content_sha256`, `metadata` absent; level `memory`: only `leaf_hash` stands',
    /withheld|leaf and something/,
  ],
  // 6
  [
    'a surplus one: `count_mismatch` at its line; missing ones: at the closing line',
    /one memory (more|fewer)/,
  ],
  [
    'The first failing layer is the result; within it the lowest line; within a line the order written here.',
    /goes before|decides|before any|all hashes wrong/,
  ],
  ['keys strict, every signature', /made by hand/],
]

/** Sentences with a MUST that join when the product reads what they speak of (withheld memories, provenance). */
export const LATER: readonly string[] = ['which MUST be there', 'MUST be listed in a redaction statement']
