import type { Json } from '../reference/canonical.ts'

/** Values that the format refuses in one member or another, of every kind and near what is allowed (0, 1). */

/** Not a short string (manifest-format, 0). */
export const NOT_SHORT: readonly Json[] = [
  '',
  'a'.repeat(257),
  '\ud83d\ude00'.repeat(129),
  'a\nb',
  '\u0000',
  'a\u007f',
  '\u0085',
  'a\u2028',
  '\u202eabc',
  '\u2066',
  null,
  1,
  ['a'],
]
export const NOT_TIMES: readonly Json[] = [
  '2026-02-29T00:00:00.000Z',
  '2016-12-31T23:59:60.000Z',
  '1969-12-31T23:59:59.999Z',
  '2026-01-02T03:04:05Z',
  '2026-01-02T03:04:05.678+00:00',
  '2026-01-02t03:04:05.678z',
  '2026-01-02 03:04:05.678Z',
  '2026-13-01T00:00:00.000Z',
  '2026-01-02T24:00:00.000Z',
  '+010000-01-01T00:00:00.000Z',
  '2026-01-02T03:04:05.678Z\u0000',
  1767323045678,
  null,
]
export const NOT_HASHES: readonly Json[] = [
  'ab'.repeat(31),
  'ab'.repeat(33),
  'AB'.repeat(32),
  `0x${'ab'.repeat(31)}`,
  `${'ab'.repeat(31)}\u0430b`,
  'zz'.repeat(32),
  '',
  0,
  null,
  [],
]
export const NOT_ASCENDING: readonly Json[] = [
  ['b'.repeat(64), 'a'.repeat(64)],
  ['a'.repeat(64), 'a'.repeat(64)],
  ['A'.repeat(64)],
  'a'.repeat(64),
  [1],
  {},
]
export const NOT_BLINDS: readonly Json[] = [
  'AAAAAAAAAAAAAAAAAAAAAB',
  'AAAAAAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAAAAAAAAAA==',
  'AAAAAAAAAAAAAAAAAAAA+A',
  'AAAAAAAAAAAAAAAAAAAA A',
  '',
  16,
  null,
]
/** `critical` that names nothing, what is defined, what is absent, or in another order. */
export const NOT_CRITICAL: readonly Json[] = [
  [],
  ['created_at'],
  ['nowhere'],
  ['toString'],
  ['hasOwnProperty'],
  ['critical'],
  'x-n',
  [1],
  ['x-b', 'x-a'],
  null,
]
export const TAGS_257: readonly string[] = Array.from({ length: 257 }, (_, at) => String(1000 + at))
