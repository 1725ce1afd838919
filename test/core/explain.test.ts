import { expect, test } from 'vitest'
import { DEED_CODES, FORMAT_CODES, type Code } from '../../src/core/codes.ts'
import { explain } from '../../src/core/explain.ts'

const CODES = Object.keys({ ...FORMAT_CODES, ...DEED_CODES }) as Code[]
const FORBIDDEN = /[!]|\b(oops|sorry|please|success\w*|secure\w*|unfortunately|invalid|error|failed|null)\b/i

test.each(CODES)('%s: what is so, what it means, what can be done', (code) => {
  const { title, what, remedy } = explain(code)
  expect(title).toMatch(/^[A-Z].*[^.]$/)
  expect(what).toMatch(/^[A-Z].*\.$/)
  expect(remedy).toMatch(/^[A-Z].*\.$/)
  for (const text of [title, what, remedy]) {
    expect(text).toBe(text.trim())
    expect(text).not.toMatch(FORBIDDEN)
    // A code is shown beside the words, never in their place.
    expect(text).not.toContain(code)
  }
  expect(title.length).toBeLessThanOrEqual(60)
})

test('no two codes have the same title', () => {
  const titles = CODES.map((code) => explain(code).title)
  expect(new Set(titles).size).toBe(titles.length)
})

test.each([
  ['not_canonical', '.json.gz'],
  ['not_canonical', 'Nothing was guessed'],
  ['untrusted_peer', 'Trust mode: trusted_keys_only'],
  ['ed25519_unavailable', 'Chrome or Edge 137, Firefox 129, Safari 17'],
  ['ed25519_unavailable', 'Verifying works'],
  ['private_key_given', 'THIS IS A PRIVATE KEY'],
  ['private_key_given', 'Nothing was stored'],
  ['key_unsupported', 'Ed25519'],
] as const)('%s says %j', (code, words) => {
  expect(Object.values(explain(code)).join('\n')).toContain(words)
})

test.each(['__proto__', 'constructor', 'toString', ''])('%j is no code', (name) => {
  expect(() => explain(name as Code)).toThrow('assertion failed')
})
