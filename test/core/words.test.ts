import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fingerprintWords } from '../../src/core/words.ts'

const fingerprints = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((b) => Buffer.from(b).toString('hex'))

test('all zeros are the first word eight times, all ones the last', () => {
  expect(fingerprintWords('0'.repeat(64))).toEqual(Array(8).fill('abandon'))
  expect(fingerprintWords('f'.repeat(64))).toEqual(Array(8).fill('zoo'))
})

test('eleven bits to a word, big end first', () => {
  // 00000000001 00000000010 00000000011 … 00000001000, by hand: words 1 to 8 of a list that begins at 0.
  const hex = '0020080180400a01803808'
  expect(fingerprintWords(hex.padEnd(64, '0'))).toEqual(
    'ability able about above absent absorb abstract absurd'.split(' '),
  )
})

test('words say the first 88 bits and nothing of the rest', () => {
  fc.assert(
    fc.property(fingerprints, fc.integer({ min: 0, max: 255 }), (fingerprint, bit) => {
      const flipped = (BigInt(`0x${fingerprint}`) ^ (1n << BigInt(255 - bit))).toString(16).padStart(64, '0')
      const same = fingerprintWords(fingerprint).join() === fingerprintWords(flipped).join()
      expect(same).toBe(bit >= 88)
    }),
  )
})

test.each(['', 'A'.repeat(64), '0'.repeat(63), '0'.repeat(65), `${'0'.repeat(64)}\n`])(
  'refuses %j',
  (text) => {
    expect(() => fingerprintWords(text)).toThrow('assertion failed')
  },
)
