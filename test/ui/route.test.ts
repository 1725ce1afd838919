import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseHash, PLACES, toHash } from '../../src/ui/route.ts'

const part = fc.string({ unit: 'grapheme', minLength: 1 })

it('leads back to where one was, whatever the names', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PLACES), fc.array(part), (place, path) => {
      expect(parseHash(toHash(place, ...path))).toEqual({ place, path })
    }),
  )
})

it('never throws, and leads to a place, for any address', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (hash) => {
      expect(PLACES).toContain(parseHash(`#${hash}`).place)
    }),
  )
})

it.each(['', '#', '#/', '#/nowhere', '#/__proto__', '#/%E0%A4%A', '#//memories'])(
  '%s is the first place',
  (hash) => {
    expect(parseHash(hash).place).toBe('memories')
  },
)
