import fc from 'fast-check'
import { expect, it } from 'vitest'
import { toPieces } from '../../src/ui/pieces.ts'

const long = fc
  .array(fc.tuple(fc.string({ unit: 'binary', maxLength: 30 }), fc.integer({ min: 1, max: 700 })), {
    maxLength: 12,
  })
  .map((runs) => runs.map(([text, times]) => text.repeat(times)).join(''))

it('joined, the pieces are the text; none is long, empty, or tears a character', () => {
  fc.assert(
    fc.property(long, (text) => {
      const pieces = toPieces(text)
      expect(pieces.join('')).toBe(text)
      for (const [at, piece] of pieces.entries()) {
        expect(piece.length).toBeGreaterThan(0)
        expect(piece.length).toBeLessThanOrEqual(4000)
        expect(piece.split('\n').length).toBeLessThanOrEqual(101)
        if (at > 0)
          expect(
            piece.charCodeAt(0) >> 10 === 0x37 &&
              pieces[at - 1]!.charCodeAt(pieces[at - 1]!.length - 1) >> 10 === 0x36,
          ).toBe(false)
      }
    }),
    { seed: 20261124, numRuns: 200 },
  )
})

it('cuts behind the last line end there is, else behind a space, and keeps marks with their letter', () => {
  const line = 'a'.repeat(99)
  expect(toPieces(`${line}\n`.repeat(50)).map(({ length }) => length)).toEqual([4000, 1000])
  expect(toPieces(`${line} ${line}`.repeat(30))[0]).toMatch(/ $/)
  expect(toPieces(`${'b'.repeat(3999)}e\u0301${'c'.repeat(10)}`)[1]).toMatch(/^e\u0301/)
  expect(toPieces(`${'b'.repeat(3990)}\n${'\u0301'.repeat(9000)}`)[0]).toHaveLength(3991)
})

it('cuts behind a hundred lines', () => {
  expect(toPieces('\n'.repeat(250)).map(({ length }) => length)).toEqual([100, 100, 50])
  expect(toPieces('a\n'.repeat(100))).toHaveLength(1)
})

it('leaves a text of usual length whole', () => {
  expect(toPieces('one\ntwo\n')).toEqual(['one\ntwo\n'])
  expect(toPieces('')).toEqual([])
})
