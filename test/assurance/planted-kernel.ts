import type { Plant } from './planted.ts'

/**
 * The kernel only ever says yes: what it does not take, the plain reader judges. So a rule that it forgets is a
 * memory that it takes and must not.
 */
const gone = (name: string, file: string, text: string, instead = ''): Plant => ({
  name: `kernel: ${name}`,
  file: `kernel/${file}`,
  text,
  instead,
})

/** The same in what is compiled for JavaScript alone. */
const goneInScript = (
  name: string,
  ...rest: readonly [file: string, text: string, instead?: string]
): Plant => gone(`in JavaScript: ${name}`, ...rest)

const HASHES = 'for (let i: usize = 0; i < 96; i += 16)'

const AREAS = 'scalar.areEqual(record, record + STATED_CONTENT, 3 * HASH_BYTES)'
const someAreas = (from: number, bytes: number) =>
  `scalar.areEqual(record + ${from}, record + STATED_CONTENT + ${from}, ${bytes})`

export const KERNEL_PLANTS: readonly Plant[] = [
  gone('content_sha256 compared', 'memory.ts', HASHES, 'for (let i: usize = 32; i < 96; i += 16)'),
  gone('sealed_hash compared', 'memory.ts', HASHES, `${HASHES}\n    if (i < 32 || i >= 64)`),
  gone('leaf_hash compared', 'memory.ts', HASHES, 'for (let i: usize = 0; i < 64; i += 16)'),
  gone('nodes in their own domain', 'index.ts', 'DOMAIN_NODE: u8 = 1', 'DOMAIN_NODE: u8 = 0'),
  gone('tags in order', 'memory.ts', 'if (last !== 0 && compare(last, lastEnd, tag, at) >= 0) return 0'),
  gone('at most 256 tags', 'memory.ts', 'count <= MAX_TAGS', 'count <= 1000'),
  gone('tags above U+DFFF are not ordered by bytes', 'memory.ts', ' || hasHigh) return 0', ') return 0'),
  gone('supersedes in order', 'memory.ts', 'compare(last, last + 64, at + 1, at + 65) >= 0', 'false'),
  gone('short strings: forbidden characters', 'memory.ts', ' || hasForbidden'),
  gone('short strings: at most 256', 'memory.ts', ' || end - at > MAX_SHORT'),
  gone('short strings: not empty', 'memory.ts', ' || end === at'),
  gone('content of at most 1,000,000', 'memory.ts', ' || at - content > MAX_CONTENT'),
  gone('a line of at most 8 MiB', 'memory.ts', ' || at + 1 - start > MAX_LINE'),
  gone(
    'hex in lower case',
    'memory.ts',
    'isBetween(text, 0x61, 6)',
    'v128.or(isBetween(text, 0x61, 6), isBetween(text, 0x41, 6))',
  ),
  gone(
    'spare bits of a blind',
    'memory.ts',
    'if ((i8x16.extract_lane_u(lastValues, 5) & 15) !== 0) return false',
  ),
  gone('a day that exists', 'memory.ts', ' || day > daysOf(month, year)'),
  gone('a time from 1970', 'memory.ts', 'year < 1970 || '),
  gone('an hour below 24', 'memory.ts', 'inRange(at + 11, 23)', 'inRange(at + 11, 99)'),
  gone(
    'private members in order',
    'memory.ts',
    '    last = nameStart\n    lastEnd = nameEnd\n    at = scanValue(at, 2)',
    '    at = scanValue(at, 2)',
  ),
  gone('names in order', 'json.ts', 'compare(last, lastEnd, at + 1, end) >= 0', 'false'),
  gone(
    'no name twice',
    'json.ts',
    'compare(last, lastEnd, at + 1, end) >= 0',
    'compare(last, lastEnd, at + 1, end) > 0',
  ),
  gone('names above U+DFFF are not ordered by bytes', 'json.ts', ' || hasHigh'),
  gone('names with escapes are not ordered by bytes', 'json.ts', 'hasEscape || '),
  gone('no more than 32 levels', 'json.ts', 'MAX_DEPTH: u32 = 32', 'MAX_DEPTH: u32 = 33'),
  gone(
    'whole numbers of at most 15 digits',
    'json.ts',
    'digits === 0 || digits > SAFE_DIGITS',
    'digits === 0',
  ),
  gone(
    'fractions of at most 15 digits',
    'json.ts',
    'at === significant || digits > SAFE_DIGITS',
    'at === significant',
  ),
  gone('no zero at the end of a fraction', 'json.ts', ' || load<u8>(at - 1) === 0x30'),
  gone('no number below a millionth', 'json.ts', 'at - fraction > 5', 'false'),
  gone('escapes for control characters only', 'strings.ts', 'if (high > 1) return 0xff'),
  gone(
    'short escapes where there are',
    'strings.ts',
    'return isShort ? 0xff : <u8>control',
    'return <u8>control',
  ),
  gone(
    'escapes in lower case',
    'strings.ts',
    'else return 0xff\n  if (high',
    'else low = digit - 0x37\n  if (high',
  ),
  gone('no other escapes', 'strings.ts', '    default:\n      return 0\n', '    default:\n      return 2\n'),
  gone(
    'control characters are escaped',
    'strings.ts',
    'if (first < 0xc2) return 0',
    'if (first < 0x20) return 1\n  if (first < 0xc2) return 0',
  ),
  gone(
    'UTF-8: two bytes in the shortest form',
    'strings.ts',
    'if (first < 0xc2) return 0',
    'if (first < 0xc0) return 0',
  ),
  gone(
    'UTF-8: three bytes in the shortest form',
    'strings.ts',
    'return isLong && !isSurrogate',
    'return !isSurrogate',
  ),
  gone('UTF-8: no surrogates', 'strings.ts', ' && !isSurrogate'),
  gone('UTF-8: nothing above U+10FFFF', 'strings.ts', 'isLong && isUnicode && ', 'isLong && '),
  gone('UTF-8: bytes that continue', 'strings.ts', 'return (byte & 0xc0) === 0x80', 'return byte !== 0x22'),
  goneInScript('content_sha256 compared', 'memory.ts', AREAS, someAreas(32, 64)),
  goneInScript('leaf_hash compared', 'memory.ts', AREAS, someAreas(0, 64)),
  goneInScript('spare bits of a blind', 'scalar.ts', ' && (bits & 15) === 0'),
  goneInScript(
    'hex in lower case',
    'scalar.ts',
    'load<u8>(at))',
    'load<u8>(at) | (load<u8>(at) >= 0x41 ? 0x20 : 0))',
  ),
  goneInScript('UTF-8 is looked at', 'scalar.ts', '<u8>(byte - 0x20) >= 0x5f', 'byte < 0x20'),
]
