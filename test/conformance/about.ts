import { RULES, type Rule } from './rules.ts'

/**
 * What each case is about, by group: the words of the format, and why the file is taken or refused. A name stands in
 * one row and in one only, whole; the reason of a case is its name and the sentence of its row.
 */
type Row = readonly [names: RegExp, rule: Rule, why: string]

const start: Row[] = [
  [/no bytes/, 'empty', 'a file of no bytes is told from one that is cut.'],
  [
    /zeros|a picture|other JSON|half of the prefix/,
    'stranger',
    'nothing at its start says that it is a manifest, so it is called none.',
  ],
  [
    /the name after the first 65,536 bytes/,
    'stranger',
    'what names it is looked for in the first 65,536 bytes only.',
  ],
  [
    /the name at the end of the first 65,536 bytes/,
    'stranger',
    'the last of those bytes still count, and it is a manifest in another form.',
  ],
  [/a manifest in UTF-16/, 'stranger', 'in UTF-16 none of the names is found as bytes.'],
  [/a byte order mark and nothing of ours/, 'stranger', 'a mark alone makes no manifest of it.'],
  [/a manifest with a byte order mark/, 'bom', 'the format has no byte order mark.'],
  [
    /a re-formatted manifest .*|not UTF-8 on the first line, .*/,
    'utf8',
    'it names itself a manifest, and its first line is not UTF-8.',
  ],
  [
    /a character across the end .*|not UTF-8 on a later line, .*/,
    'utf8',
    'only the first line, and of the rest the first 65,536 bytes, are asked to be UTF-8 here.',
  ],
  [
    /pretty-printed|all on one line|a space before/,
    'reformatted',
    'a manifest that was written anew is refused, never guessed at.',
  ],
  [
    /all on one line without an end|re-ordered, on one line without an end|the prefix alone/,
    'truncated',
    'the first line has no end, so the file is cut.',
  ],
  [/re-ordered, on one line over 8 MiB/, 'line', 'the first line has more than 8 MiB.'],
  [/CRLF/, 'lineEnd', 'a CR before LF belongs to the line, and no line ends in it.'],
]

const envelope: Row[] = [
  [/not UTF-8/, 'utf8', 'line 1 has a byte that is in no UTF-8.'],
  [/no comma/, 'places', 'line 1 ends in the comma that the document has there.'],
  [/over 8 MiB( and no end)?/, 'line', 'the line is longer than 8 MiB, wherever it ends.'],
  [/8 MiB and no end/, 'truncated', 'a line that may still be short enough is one that is cut.'],
  [/not an object/, 'statement', 'an envelope is an object.'],
  [
    /100,000 levels|header and value make 3[23] levels/,
    'depth',
    'levels are counted from the envelope, and 32 are the most.',
  ],
  [/a duplicate key|1\.0/, 'spelling', 'the line is not what its value is written as.'],
  [
    /another version( and a shape .*)?/,
    'version',
    'a later version may have any shape, so its number is named first.',
  ],
  [/another kind/, 'type', 'a statement of another kind opens no manifest.'],
  [/a type that is no text/, 'statement', 'a type is a text.'],
  [/no details/, 'carries', "a manifest's own envelope has its details."],
  [
    /a surplus member|a member __proto__/,
    'exactly',
    'an envelope is signed in its header only, so it has these members and no other.',
  ],
  [
    /a later header member|a header member __proto__|a later member of the issuer/,
    'unknown',
    'the header is signed whole, so what it has more is kept and ignored.',
  ],
  [/an announced successor/, 'header', 'an issuer may announce the key that follows.'],
  [/a label with a direction mark/, 'short', 'a label that turns the line around it is none.'],
  [
    /sequence [12] with(out)? previous/,
    'previous',
    'the first of a stream, and no other, has nothing before it.',
  ],
  [/sequence 2\^53 − 1/, 'sequence', 'the largest number that is one in every reader is still a sequence.'],
  [/sequence 2\^53/, 'numbers', 'beyond 2^53 − 1 two numbers are read as one.'],
  [/memory_count (0|2\^32|2\^32 − 1)/, 'count', 'a manifest has 1 to 2^32 − 1 memories.'],
  [
    /a date that does not exist|a leap second|1969|9999/,
    'time',
    'a time is a moment that exists, of the years 1970 to 9999.',
  ],
  [
    /critical: unknown|critical before a bad key/,
    'understand',
    'a member that must be understood and is not refuses the file before any key is read.',
  ],
  [
    /critical: (empty|not ascending)/,
    'critical',
    'the list has one name at least, and each once in its order.',
  ],
  [
    /critical: (defined here|absent|of the prototype)/,
    'defined',
    'only a member that is there and is not defined by the format can be critical.',
  ],
  [/details of another file/, 'bound', 'the details are not those that were signed.'],
  [/details with a later member/, 'bound', 'what details have more is hashed with them.'],
  [
    /an empty audience|an audience not ascending/,
    'audience',
    'an audience is a list in its order, and may be empty.',
  ],
  [
    /a note of 2,00[01] code units( in fewer characters)?/,
    'note',
    'a note has at most 2,000 UTF-16 code units.',
  ],
  [/a salt of 15 bytes/, 'salt', 'a salt has 16 bytes.'],
  [/a salt with spare bits/, 'base64', 'the last letter of a salt carries no bits of its own.'],
  [/hand_picked: false/, 'selection', 'what was not picked by hand says nothing of it.'],
]

const header: Row[] = [
  [
    /(as evidence: )?details_hash (in upper case|of 62 digits|absent)/,
    'detailsHash',
    'the hash of the details is 64 digits in lower case, in evidence too.',
  ],
  [
    /(as evidence: )?merkle_root (in upper case|null|absent)/,
    'root',
    'a root is 64 digits in lower case, in evidence too.',
  ],
  [
    /stream (in upper case|of 30 digits|of 64 digits|that is no hex)|(as evidence: )?stream absent/,
    'stream',
    'a stream has a name of 32 hex digits in lower case.',
  ],
  [
    /sequence (0|−1|1\.5|as text)|(as evidence: )?sequence absent/,
    'sequence',
    'a sequence is a whole number from 1.',
  ],
  [
    /previous (in upper case|that is no hex|an empty text)|(as evidence: )?previous absent|(as evidence: )sequence 2 without previous|the second of a stream/,
    'previous',
    'what was signed before is an id, or null for the first.',
  ],
  [
    /(as evidence: )?memory_count (1\.5|−1|as text|absent|0|2\^32)/,
    'count',
    'the count is a whole number from 1 to 2^32 − 1, in evidence too.',
  ],
  [/expires_at null/, 'expires', 'what expires has a time; what does not has no such member.'],
  [
    /created_at null|(as evidence: )?(created_at|issuer) absent|issuer (null|without a fingerprint|without a label)|issuer whose successor .*/,
    'header',
    'every header says when and by whom it was made.',
  ],
  [/issuer whose fingerprint is no hex/, 'fingerprint', 'a fingerprint is 64 hex digits.'],
  [/issuer whose label .*/, 'short', 'a label has 1 to 256 UTF-16 code units.'],
  [
    /signers .*|no signer listed/,
    'signers',
    'the signers are a list of fingerprints in its order, and may be empty.',
  ],
  [
    /critical (as text|with a number|null|with the same twice)/,
    'critical',
    'the list has names, each once in its order.',
  ],
  [/critical that names itself/, 'defined', 'the list is defined by the format, so it cannot name itself.'],
]

const details: Row[] = [
  [
    /every member of a selection|the other values of a selection/,
    'selection',
    'each member may stand there with each of its values.',
  ],
  [
    /selection null|selection a list|hand_picked 1|origin of no kind|tags_match none/,
    'selection',
    'a selection has these members with these values.',
  ],
  [/selection absent|salt absent|details null|salt null/, 'salt', 'details have a salt and a selection.'],
  [/entity_id .*|event_type .*/, 'selection', 'what is looked for is a short string.'],
  [/since a day|until a day|until null/, 'selection', 'the bounds are times, to the millisecond.'],
  [
    /tags by .*|tags with .*|tags as text|257 tags/,
    'tags',
    'tags are short strings in their order, at most 256.',
  ],
  [
    /salt with padding|salt in the other alphabet|salt in its alphabet/,
    'salt',
    'it is base64url without padding and nothing else.',
  ],
  [/audience .*/, 'audience', 'an audience is fingerprints in their order.'],
  [/an empty note|note null|note a list/, 'note', 'a note is a text, and may be empty.'],
]

const times: Row[] = [
  [
    /(of a memory: )?(t in lower case|z in lower case|a space for T|an offset of nothing|another offset|no offset|no milliseconds|one digit of a second|microseconds|a comma in the second|a day|a mark after it|a line after it|digits of another script|a number)|expires_at a day/,
    'time',
    'a time has one spelling: UTC, milliseconds, T and Z in capitals, and nothing after it.',
  ],
  [
    /(of a memory: )?(24 o’clock|minute 60|second 60|30 February|31 April|month 13|day 0|29 February of 2100)/,
    'time',
    'a time that is read and written again comes out as another one, or not at all.',
  ],
  [
    /(of a memory: )?(year 1969|year 10000|year 10000 as it is formatted)/,
    'time',
    'years go from 1970 to 9999.',
  ],
  [
    /the first moment|the last moment|29 February of a leap year|29 February of 2000/,
    'time',
    'the moment exists and is in range.',
  ],
]

const signatures: Row[] = [
  [
    /16 signatures|17 signatures, .*|none|the same key twice|not in their order/,
    'signatures',
    'there are 1 to 16, each by a key of its own, in their order.',
  ],
  [/a surplus member/, 'exactly', 'nothing signs what a signature says more.'],
  [/no padding|spare bits/, 'base64', 'the same bytes could be written in two ways.'],
  [/an empty signature|63 bytes/, 'bytes64', 'a signature has 64 bytes.'],
  [
    /by another key|over another header|one of two fails/,
    'everySignature',
    'one signature that does not verify refuses all.',
  ],
  [
    /P-256 and RSA beside|P-256 whose signature is nonsense/,
    'skipped',
    'keys of other algorithms are skipped, whatever their signatures are.',
  ],
  [/P-256 with 65,53[67] bytes/, 'twinSignature', 'such a signature has at most 65,536 bytes.'],
  [
    /P-256 alone|the issuer signs with P-256 only|P-256 among the signers/,
    'satisfiesNeither',
    'a key that is skipped has verified nothing.',
  ],
  [/not by the issuer/, 'issuer', 'the issuer named is none of those who signed.'],
  [
    /a countersignature, as listed|a countersignature stripped/,
    'signers',
    'whoever is listed has signed, so that no signature can be taken off.',
  ],
  [/signers not ascending/, 'ascending', 'a list in another order is another list.'],
]

const keys: Row[] = [
  [
    /Ed25519 (of 3[13] bytes.*|with parameters)/,
    'otherForm',
    'it is an Ed25519 key in a form that the format does not have.',
  ],
  [
    /an SPKI that reads two ways/,
    'oneForm',
    'its last 32 bytes are a key that somebody owns, and what stands before them says another one.',
  ],
  [
    /a length in a longer form|P-256 with a length .*|an indefinite length|a length beyond the end|a SEQUENCE that ends before the key does/,
    'wellFormed',
    'DER writes a length in one way, and it is the true one.',
  ],
  [
    /unused bits|P-256 with (eight )?unused bits|an empty BIT STRING|a BIT STRING of nothing at all|an OCTET STRING for the key/,
    'wellFormed',
    'the key is a BIT STRING of whole bytes, at least one.',
  ],
  [
    /an empty OID|two parameters|a byte after the key, inside|a SET for the SEQUENCE/,
    'wellFormed',
    'that is no SubjectPublicKeyInfo.',
  ],
  [
    /one parameter|an algorithm that nobody knows|X25519 beside/,
    'skipped',
    'it is well-formed and of another algorithm, so it is skipped.',
  ],
  [/PEM: (spare bits|no padding)/, 'base64', 'the same key could be written in two ways.'],
  [
    /PEM: (an empty line .*|a surplus LF at the end|an LF before it|two keys|one line for two|over 16 KiB|a trailing space|CRLF|no LF at the end|a comment .*|another label|short lines|nothing inside|not DER)/,
    'pem',
    'a key has one spelling as PEM, and this is another.',
  ],
  [
    /PEM: (16 KiB|over 16 KiB) of another algorithm/,
    'pem',
    'only its size is in question, and 16 KiB are the most.',
  ],
  [/a surplus byte after the SPKI/, 'pem', 'a PEM holds one SubjectPublicKeyInfo and nothing after it.'],
  [/65 bytes, of which 64 verify/, 'bytes64', 'a signature has 64 bytes, not the first 64 of more.'],
  [
    /the fingerprint of another(, P-256)?|another key under the fingerprint of the issuer/,
    'ownFingerprint',
    'the fingerprint stated is not that of the key.',
  ],
  [
    /Ed25519 with parameters, and the fingerprint of another|the first key in their order decides, .*|a key is read before any signature is verified/,
    'keysFirst',
    'keys are read in their order, each to the end, before any signature.',
  ],
]

const strict: Row[] = [
  [
    /a signature made by hand/,
    'strict',
    'what the forgeries beside are made with makes a good signature too.',
  ],
  [
    /(evidence: )?A .*, the equation holds/,
    'points',
    'a reader that does not ask for [L]A = O takes this signature.',
  ],
  [
    /a good A, R mixed \d: the equation holds times eight/,
    'points',
    'a reader that multiplies the equation by eight takes this signature.',
  ],
  [
    /low-order A: \d|A in another encoding: \d+|A of mixed order|A not on the curve/,
    'points',
    'the key is no canonical encoding of a point of the prime-order subgroup.',
  ],
  [
    /R of mixed order|R of low order|R is the identity.*|evidence: R the identity, .*/,
    'points',
    'R is no canonical encoding of a point of the prime-order subgroup.',
  ],
  [/S \+ \d*L|S with bit 25\d/, 'points', 'S is not below L, so it is a second signature made of the first.'],
]

const frame: Row[] = [
  [/two memories/, 'oneLine', 'each memory has a line, and all but the last a comma.'],
  [
    /evidence opened and closed at once|evidence on one line/,
    'noEvidence',
    'without evidence the list is closed on its line.',
  ],
  [
    /no evidence line|no memories line|no memory|the list of evidence not closed|a comma after .*|another format|a space on the closing line/,
    'places',
    'the line is not the one that is due there.',
  ],
  [/a statement that is not JSON/, 'evidence', 'a line of evidence is a statement.'],
  [/another format version/, 'version', 'another number after the name of the format is named as such.'],
  [
    /an empty line among memories|no comma between memories/,
    'oneLine',
    'a line is a memory, and a comma says that another follows.',
  ],
  [/CRLF on a memory/, 'lineEnd', 'the CR belongs to the line.'],
  [
    /one memory more(, and invalid)?|one memory fewer/,
    'surplus',
    'there are not as many memories as the header says.',
  ],
  [/no LF at the end|no closing line|ends .*/, 'truncated', 'the file is cut, at the line that is named.'],
  [
    /a surplus LF|a surplus byte|8 MiB and more after the end|two files in one/,
    'trailing',
    'nothing follows the closing line, whatever it is.',
  ],
  [/a fault in the leaves goes before one in the evidence/, 'first', 'the leaves are the layer before.'],
]

const spelling: Row[] = [
  [
    /a (label|composed label|decomposed label) ?(that is not ASCII|of emoji)?|a kind whose name is not ASCII, as evidence/,
    'pae',
    'the lengths that are signed count bytes of UTF-8, and no text is normalised.',
  ],
  [
    /a label that begins with U\+FEFF|U\+FEFF at the start of a text/,
    'feff',
    'at the start of a text U+FEFF is a character like others.',
  ],
  [
    /a label (de)?composed after signing/,
    'everySignature',
    'a text in the other normal form is another text.',
  ],
  [
    /names above U\+FFFF .*|names of digits, .*|names that are numbers, .*/,
    'jcs',
    'names are sorted by UTF-16 code units: those above U+FFFF stand before U+E000.',
  ],
  [
    /every escape there is|an escape in capitals|a long escape .*|an escaped slash|a number with .*|numbers at their edges|a needless escape in evidence/,
    'spelling',
    'each text and each number has one spelling.',
  ],
  [/U\+0085 .*/, 'lineEnd', 'neither U+0085 nor U+2028 ends a line, and they are not escaped.'],
  [
    /a lone surrogate .*/,
    'surrogates',
    'all hashes and signatures are made for what UTF-8 makes of it, and it is refused all the same.',
  ],
  [
    /no UTF-8 in .*|a surrogate in UTF-8, .*|an overlong slash, .*/,
    'utf8',
    'a reader that puts U+FFFD in place of such bytes finds hashes that fit.',
  ],
  [
    /U\+FEFF before .*/,
    'feff',
    'a mark before a line is part of it, and the line is not the one that is due.',
  ],
  [
    /a (space|number beyond 2\^53 − 1|member of evidence twice).*|members of evidence in another order|a tab before a memory|a line end in another spelling .*/,
    'document',
    'the line is not the canonical form of what it says, evidence no less than memories.',
  ],
  [
    /evidence of 3[23] levels|metadata of 32 levels .*/,
    'depth',
    'levels are counted from the statement or the memory, and 32 are the most.',
  ],
  [
    /a member (between|after|before) .*/,
    'topLevel',
    'the document has no members but its own, wherever they stand.',
  ],
]

const memories: Row[] = [
  [/not UTF-8/, 'utf8', 'the line has a byte that is in no UTF-8.'],
  [/8 MiB|over 8 MiB( and no end)?/, 'line', 'a line has at most 8 MiB, its comma included.'],
  [/content of 1,000,00[01] code units/, 'content', 'a content has at most 1,000,000 UTF-16 code units.'],
  [/empty content/, 'text', 'a content may be empty.'],
  [/content that JSON and editors stumble on/, 'jcs', 'RFC 8785 says which of these are escaped and how.'],
  [/a lone surrogate( in a name)?/, 'surrogates', 'half a pair is no character.'],
  [
    /a needless escape|a pair written as escapes|a duplicate key|-0|a space/,
    'spelling',
    'the line is not what its value is written as.',
  ],
  [/members out of order/, 'jcs', 'members stand in their order.'],
  [
    /−?2\^53|1e21|1e400|2\^53 − 1, 5e-324, 1e-7/,
    'numbers',
    'a number is no larger than 2^53 − 1 either way, however it is spelled.',
  ],
  [/(32|33|100,000) levels/, 'depth', 'levels are counted from the memory, and 32 are the most.'],
  [/not an object/, 'member', 'a memory is an object.'],
  [
    /a private member and one for later|names of the prototype|a private member stripped/,
    'other',
    'what a memory has more is kept, and its leaf covers it.',
  ],
  [
    /a member federation_origin|a member __proto__|any names inside metadata/,
    'names',
    'two names are refused in a memory, and none inside its metadata.',
  ],
  [/metadata null|metadata a list/, 'metadata', 'metadata are an object, or absent.'],
  [
    /empty metadata, which is not none|metadata stripped|metadata changed/,
    'sealed',
    'metadata are sealed, and empty ones are not the same as none.',
  ],
  [/event_type null/, 'event', 'a memory without one has no such member.'],
  [/an upper-case author/, 'hex', 'a fingerprint is in lower case.'],
  [
    /an entity of 25[67] code units|an empty entity|U\+[0-9a-f]+ in an entity/,
    'short',
    'a short string has 1 to 256 code units, and none of these marks in it but those beside their ranges.',
  ],
  [
    /25[67] tags|tags by .*|a tag twice/,
    'tags',
    'tags are each there once, by UTF-16 code units, at most 256.',
  ],
  [/a blind of 15 bytes/, 'blind', 'a blind has 16 bytes.'],
  [/blind changed/, 'sealed', 'with another blind the seal is another.'],
  [/critical, not understood/, 'memoryCritical', 'such a memory is intact; it is only not imported.'],
  [
    /critical: (defined here|absent|empty)/,
    'memoryCritical',
    'the rules for the list are those of a header.',
  ],
  [/supersedes( not ascending)?/, 'supersedes', 'what is replaced is listed in its order.'],
  [
    /content changed|the hash of the content changed/,
    'contentHash',
    'the content is not the one that was hashed.',
  ],
  [/content and all hashes wrong/, 'first', 'the hash of the content is compared first.'],
  [
    /an entity changed|the leaf hash changed, the root right/,
    'leaf',
    'the leaf covers every member that it does not seal.',
  ],
  [
    /an entity changed and the leaf with it|two memories swapped/,
    'tree',
    'each line holds, and the root says that it is not this leaf, or not its place.',
  ],
  [/composed and decomposed twins/, 'leaf', 'nothing is normalised, so the two have leaves of their own.'],
  [/equal leaves/, 'equal', 'one leaf may stand at two places.'],
]

const members: Row[] = [
  [
    /(author|created_at|entity_id|id|leaf_hash|sealed_hash|tags) absent/,
    'member',
    'a whole memory has each of these.',
  ],
  [
    /(blind|content|content_sha256) absent/,
    'withheld',
    'content is there with its hash and its blind, or none of them is.',
  ],
  [/author (of|null).*/, 'author', 'an author is a fingerprint.'],
  [/created_at null/, 'time', 'a memory has a time.'],
  [/entity_id (null|a list)/, 'short', 'an entity is a short string.'],
  [/id (empty|of 257 .*|with .*|a number)/, 'id', 'an id is a short string.'],
  [/event_type .*/, 'event', 'an event_type is a short string.'],
  [/tags (null|as text|with .*|in another order)/, 'tags', 'tags are short strings in their order.'],
  [/supersedes .*/, 'supersedes', 'it lists leaf hashes in their order, or none.'],
  [/critical .*/, 'memoryCritical', 'the rules for the list are those of a header.'],
  [/provenance .*/, 'provenance', 'provenance is a list, or absent.'],
  [/metadata (a text|a number)/, 'metadata', 'metadata are an object, or absent.'],
  [/content (null|a number)/, 'text', 'a content is a text, if there is one.'],
  [
    /(content_sha256|sealed_hash|leaf_hash) in upper case/,
    'hex',
    'a hash that is right but for its case is refused.',
  ],
  [
    /blind (with|in|of|null).*/,
    'blind',
    'a blind is 16 bytes in base64url without padding, in one spelling.',
  ],
  [/every member there is|texts of 256 code units/, 'member', 'all of them may stand beside each other.'],
]

const tree: Row[] = [
  [/\d+ lea(f|ves)/, 'tree', 'how the tree is split shows at this number of leaves.'],
  [/the root of a tree split in the middle/, 'tree', 'six leaves are four and two.'],
]

const notYet: Row[] = [
  [
    /withheld: (content|memory)|withheld with provenance|provenance|provenance, and a wrong hash/,
    'notYet',
    'it is well-formed, and this version does not read it.',
  ],
  [/provenance, and invalid|withheld, and invalid/, 'first', 'what is malformed is called so first.'],
  [
    /withheld but for .*|a leaf and something else/,
    'withheld',
    'a memory is withheld in one of two forms, and this is neither.',
  ],
  [/a leaf that is none/, 'hex', 'the leaf that alone stands there is no hash.'],
]

const evidence: Row[] = [
  [
    /kinds known and unknown|a kind of an empty name, .*|another version of a manifest/,
    'anyKind',
    'a kind that has no use here is kept and has no effect.',
  ],
  [/critical has no effect/, 'noEffect', 'as evidence it is kept though it is not understood.'],
  [
    /critical: (absent|defined for its kind)|a manifest whose critical is defined/,
    'defined',
    'a list that names what it must not is malformed, in evidence too.',
  ],
  [/a manifest with details/, 'without', 'the details of a manifest do not travel.'],
  [/a manifest without a root/, 'root', 'a manifest as evidence has the header of one.'],
  [/not an object/, 'statement', 'a statement is an object.'],
  [/key_malformed/, 'pem', 'keys are read in evidence as on line 1.'],
  [/fingerprint_mismatch/, 'ownFingerprint', 'the fingerprint stated is not that of the key.'],
  [/key_not_allowed/, 'points', 'the key belongs to nobody.'],
  [/signature_invalid/, 'everySignature', 'its header is not the one that was signed.'],
  [/issuer_unsigned/, 'issuer', 'the issuer named is none of those who signed.'],
  [/signer_missing/, 'signers', 'a signer that is listed has not signed.'],
  [/out of order|one twice/, 'evidence', 'statements stand by their ids, each once.'],
  [/1,025 signatures/, 'evidence', 'more than 1,024 signatures are not looked at.'],
]

const kinds: Row[] = [
  [/evidence: [a-z-]+/, 'anyKind', 'with the header that clause 8 gives it.'],
  [/evidence: .*changed after signing/, 'everySignature', 'one member of its header is another.'],
  [/evidence: .* as another kind/, 'kinds', 'what was signed as one kind is presented as another.'],
  [/evidence: [a-z-]+ as a manifest/, 'anyKind', 'as evidence too a manifest has the header of one.'],
  [
    /critical: \w+ of (any header|[a-z-]+)/,
    'defined',
    'the member is defined for this kind, so it cannot be critical.',
  ],
  [
    /critical: defined for another kind only/,
    'noEffect',
    'a name that only another kind defines is unknown here, which in evidence is no fault.',
  ],
  [
    /critical: (not ascending|empty)/,
    'critical',
    'the list has one name at least, and each once in its order.',
  ],
]

const statements: Row[] = [
  [
    /a surplus member( of a signature)?|details beside a receipt|(header|signatures|type) absent|\w+ of a signature absent/,
    'exactly',
    'a statement and a signature have these members and no other.',
  ],
  [/a type that is no text|a header that is a list/, 'statement', 'a header is an object and a type a text.'],
  [
    /no signature|the same key twice|signatures not in their order/,
    'signatures',
    'there are 1 to 16, each by a key of its own, in their order.',
  ],
  [/a fingerprint in upper case/, 'hex', 'a fingerprint is in lower case.'],
  [/a signature without padding/, 'base64', 'the same bytes could be written in two ways.'],
  [
    /created_at absent|issuer absent|created_at a day|a successor that is no hex/,
    'header',
    'every header says when and by whom it was made.',
  ],
  [/a label with a direction mark/, 'short', 'a label that turns the line around it is none.'],
  [/signers not ascending/, 'ascending', 'a list in another order is another list.'],
  [
    /the issuer written by another key, .*/,
    'ownFingerprint',
    'the fingerprint stated is not that of the key.',
  ],
  [/63 bytes/, 'bytes64', 'a signature has 64 bytes.'],
  [/one of two signatures fails/, 'everySignature', 'one signature that does not verify refuses all.'],
]

const limits: Row[] = [
  [/1,02[45] statements( and one that is none)?/, 'evidence', '1,024 statements are the most.'],
  [
    /1,024 signatures( and one more)?/,
    'evidence',
    '1,024 signatures in all are the most, whatever their algorithm.',
  ],
  [
    /(a byte over )?16 MiB of evidence/,
    'evidence',
    '16 MiB of lines are the most, commas counted and line ends not.',
  ],
]

const order: Row[] = [
  [
    /(the lower line|root_mismatch|trailing_data|count_mismatch|details_mismatch|not_canonical of evidence|version_unsupported of format) .*/,
    'first',
    'of two faults the one of the earlier layer and the lower line is named.',
  ],
  [/key_not_allowed of the second key .*/, 'keysFirst', 'all keys are read before any signature.'],
  [
    /(line_too_long|truncated|not_utf8|not_canonical(?! of)|type_mismatch|shape_invalid|critical_unknown|key_malformed|fingerprint_mismatch|key_not_allowed|signature_invalid|issuer_unsigned|signer_missing|memory_invalid|content_hash_mismatch|sealed_hash_mismatch|leaf_hash_mismatch|limit_exceeded)( of the details| of evidence)? before .*/,
    'oneCode',
    'of two faults of one line the earlier in the table is named.',
  ],
]

const gzip: Row[] = [
  [/one member/, 'inflated', 'packed it is the same manifest.'],
  [
    /an? (name|comment|extra field|checksum) (in|of) its header|said to be text|all of them in its header/,
    'gzip',
    'RFC 1952 has this field, and it says nothing of the contents.',
  ],
  [
    /another checksum of its header|the reserved flag \d+|a name without an end|an extra field longer than the file(, a checksum behind it)?|a method that is none/,
    'gzip',
    'RFC 1952 has no such header.',
  ],
  [/cut|cut in its header|another checksum|another size/, 'gzip', 'it is not whole, or not what was packed.'],
  [/a second member|a byte after it/, 'gzip', 'nothing follows the one member.'],
  [
    /a (long )?statement, .*/,
    'brokenStatement',
    'it is gzip and not whole, so whatever inflates is nothing.',
  ],
  [/gzip in gzip/, 'inflated', 'what it inflates to is no manifest.'],
]

const statement: Row[] = [
  [
    /a manifest, without its details|audit-export|redaction|receipt|key-succession|key-revocation|trust-list|verification-report|a kind that nobody knows|two signatures, both listed|a kind whose name is not ASCII/,
    'alone',
    'a statement of any kind may stand alone in a file.',
  ],
  [/packed( and long)?/, 'packedStatement', 'packed it is the same statement.'],
  [/packed with a byte after its LF/, 'statementCodes', 'what it inflates to has a byte after its line.'],
  [/signatures of other algorithms beside/, 'skipped', 'keys of other algorithms are skipped and reported.'],
  [
    /value and statement make 3[23] levels/,
    'depth',
    'levels are counted from the statement, not from the document.',
  ],
  [/.*,? changed after signing/, 'everySignature', 'one member of its header is another.'],
  [/(?!signed).* as another kind/, 'kinds', 'what was signed as one kind is presented as another.'],
  [
    /[a-z-]+ as a manifest|a manifest without its members/,
    'statementCodes',
    'a manifest has the header of one, alone in a file too.',
  ],
  [
    /critical: (defined for (?!another).*|absent)/,
    'defined',
    'only a member that is there and is not defined for the kind can be critical.',
  ],
  [
    /critical|critical: defined for another kind/,
    'understand',
    'a member that must be understood and is not refuses the statement.',
  ],
  [
    /no bytes|no LF at the end|cut in the middle|a line over 8 MiB|a line of 8 MiB( and a byte)?|a second LF|two statements|not UTF-8(, after the LF)?|another format version/,
    'statementCodes',
    'the file is one line with one LF at its end, of this version.',
  ],
  [
    /CRLF|a space|a duplicate key|U\+FEFF before it/,
    'alone',
    'the line is the canonical form of what it says.',
  ],
  [
    /a format of no version|a surplus member (of the document|behind the statement)|a statement that is no object|details beside a manifest/,
    'exactly',
    'document and statement have these members and no other.',
  ],
  [/no signature/, 'signatures', 'somebody has signed it.'],
  [/a PEM that is none/, 'pem', 'the key is no PEM.'],
  [/the fingerprint of another/, 'ownFingerprint', 'the fingerprint stated is not that of the key.'],
  [
    /a low-order key|A of mixed order, the equation holds/,
    'points',
    'the key is no point of the prime-order subgroup.',
  ],
  [/signed as another kind/, 'kinds', 'the type is signed with the header.'],
  [/not by its issuer/, 'issuer', 'the issuer named is none of those who signed.'],
  [/a listed signer is missing/, 'signers', 'a signer that is listed has not signed.'],
  [/\w+ before \w+/, 'statementCodes', 'of two faults the earlier in this order is named.'],
]

const GROUPS: Readonly<Record<string, readonly Row[]>> = {
  ...{
    start,
    envelope,
    header,
    details,
    times,
    signatures,
    keys,
    strict,
    frame,
    spelling,
    memories,
    members,
  },
  ...{ tree, notYet, evidence, kinds, statements, limits, order, gzip, statement },
}

/** The words of the format, and a sentence. Throws where a case stands in no row, or in two. */
export function about(group: string, name: string): { rule: string; reason: string } {
  const rows = GROUPS[group]!.filter(([names]) => new RegExp(`^(?:${names.source})$`).test(name))
  if (rows.length !== 1) throw new Error(`${group}: ${name} stands in ${rows.length} rows`)
  const [, rule, why] = rows[0]!
  return { rule: RULES[rule], reason: `${name}: ${why}` }
}

/** Rows that speak of no case. */
export function idleRows(names: readonly (readonly [group: string, name: string])[]): string[] {
  return Object.entries(GROUPS).flatMap(([group, rows]) =>
    rows
      .map(([each]) => new RegExp(`^(?:${each.source})$`))
      .filter((each) => !names.some(([of, name]) => of === group && each.test(name)))
      .map((each) => `${group}: ${each.source}`),
  )
}
