import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hashText, hashWith } from '../../src/core/hash.ts'

/** Against Node's own SHA-256: what is hashed is laid out in memory that is used again. */
const SEED = 20261126
/** What is laid out there, and what has memory of its own. */
const BOARD = 64 * 1024

function expected(domain: readonly number[], ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
  const hash = createHash('sha256').update(Buffer.concat([Uint8Array.from(domain), ...bytes]))
  return new Uint8Array(hash.digest())
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom('a', 'é', '文', '😀', '\ud800', '\udc00', '\0'), maxLength: 300 }),
)
const part = fc.oneof(text, fc.uint8Array({ maxLength: 300 }))

it('hashes parts as if they were one, whatever was hashed before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.array(part, { maxLength: 4 }), (domain, parts) => {
      expect(hashWith(domain, ...parts)).toEqual(expected([domain], ...parts))
    }),
    { seed: SEED, numRuns: 1000 },
  )
  fc.assert(
    fc.property(text, (text) => void expect(hashText(text)).toEqual(expected([], text))),
    { seed: SEED, numRuns: 1000 },
  )
})

it.each([
  0,
  54,
  55,
  56,
  57,
  63,
  64,
  65,
  119,
  120,
  128,
  20_000,
  21_845,
  21_846,
  BOARD - 1,
  BOARD,
  BOARD + 1,
  1e6,
])('hashes texts of %i units, each longer and shorter than the one before', (length) => {
  for (const unit of ['a', 'é', '文', '\ud800']) {
    const text = unit.repeat(length)
    expect(hashText(text)).toEqual(expected([], text))
    expect(hashText('short')).toEqual(expected([], 'short'))
    expect(hashWith(0, text, Uint8Array.of(1))).toEqual(expected([0], text, Uint8Array.of(1)))
  }
})

it('gives each hash memory of its own', () => {
  const first = hashText('one')
  const copy = first.slice()
  hashText('two')
  expect(first).toEqual(copy)
  expect(first.buffer.byteLength).toBe(32)
})
