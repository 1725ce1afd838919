import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawFace, FACE_BOX, INKS, METALS } from '../../src/core/face.ts'

const FIRST = 88
const LAST = 152
const flip = (fingerprint: string, bit: number) =>
  (BigInt(`0x${fingerprint}`) ^ (1n << BigInt(255 - bit))).toString(16).padStart(64, '0')
const fingerprints = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((b) => Buffer.from(b).toString('hex'))

// Golden: a changed digest means that every face its holder has learnt has changed.
test.each([
  [
    '0'.repeat(64),
    'black and paper disc, dark, ladder',
    '0b8bd3d815dc639a937b4cc80c8fb1dfc92921d550193c0ca295e23ddbd3a341',
  ],
  [
    'f'.repeat(64),
    'rust and rose arch, with a dark round, mushroom',
    'd9a90174cd3544f1382ffb9f7ce048ce90461dcb23113f039fdd1a1ab98a16ac',
  ],
  [
    createHash('sha256').update('omega').digest('hex'),
    'purple and sky disc, parted across, mountain',
    '9553973ec173578b9024fb9bb1033faa3ab860b1e9d99a7023e9c33df1b7bcff',
  ],
])('%s is drawn as it always was', (fingerprint, blazon, digest) => {
  const face = drawFace(fingerprint)
  expect(face.blazon).toBe(blazon)
  expect(createHash('sha256').update(JSON.stringify(face)).digest('hex')).toBe(digest)
})

test('each of the 65 bits it reads changes the picture, and no other does', () => {
  fc.assert(
    fc.property(fingerprints, (fingerprint) => {
      const face = JSON.stringify(drawFace(fingerprint))
      for (let bit = 0; bit < 256; bit++) {
        const same = JSON.stringify(drawFace(flip(fingerprint, bit))) === face
        expect(same, `bit ${bit}`).toBe(bit < FIRST || bit > LAST)
      }
    }),
    { numRuns: 20 },
  )
})

test('the first 17 of them change the small picture too', () => {
  fc.assert(
    fc.property(fingerprints, fc.integer({ min: FIRST, max: FIRST + 16 }), (fingerprint, bit) => {
      const seen = (hex: string) => {
        const { ink, metal, outline, small } = drawFace(hex)
        return JSON.stringify([ink, metal, outline, small])
      }
      expect(seen(flip(fingerprint, bit))).not.toBe(seen(fingerprint))
    }),
  )
})

test('paths are absolute commands and integers within the box', () => {
  fc.assert(
    fc.property(fingerprints, (fingerprint) => {
      const face = drawFace(fingerprint)
      expect(INKS[face.ink]).toBeDefined()
      expect(METALS[face.metal]).toBeDefined()
      for (const path of [face.outline, face.full, face.small]) {
        expect(path).toMatch(/^([ML]\d+ \d+|C\d+ \d+ \d+ \d+ \d+ \d+|Z)*$/)
        for (const number of path.match(/\d+/g) ?? []) expect(Number(number)).toBeLessThanOrEqual(FACE_BOX)
      }
    }),
  )
})

test('each ink stands out from each metal by 3:1', () => {
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const c = parseInt(hex.slice(at, at + 2), 16) / 255
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
  }
  for (const [ink, dark] of INKS)
    for (const [metal, light] of METALS)
      expect(
        (luminance(light) + 0.05) / (luminance(dark) + 0.05),
        `${ink} on ${metal}`,
      ).toBeGreaterThanOrEqual(3)
})

test.each(['', 'A'.repeat(64), '0'.repeat(63), `${'0'.repeat(64)}\n`])('refuses %j', (text) => {
  expect(() => drawFace(text)).toThrow('assertion failed')
})
