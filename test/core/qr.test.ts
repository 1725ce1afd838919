import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeQR } from 'qr'
import { encodePublicKey, readPublicKey } from '../../src/core/pem.ts'
import { pictureSize } from '../../src/core/picture.ts'
import { drawQr, type QrDrawing } from '../../src/core/qr-draw.ts'
import { readQr, type Pixels } from '../../src/core/qr-read.ts'
import { signerNamed } from '../reference/writer.ts'
import { beside, blurred, rasterOf, turned } from '../qr-picture.ts'

const pemOf = (bytes: Uint8Array) => encodePublicKey(bytes)
const keyBytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
const A = signerNamed('A').pem
const B = signerNamed('B').pem
const readThorough = (picture: Pixels) => readQr(picture, true)

/** The modules by a second way: from the path data, as an SVG engine would fill them. */
function modulesOf({ size, path }: QrDrawing): boolean[][] {
  const grid = Array.from({ length: size }, () => Array<boolean>(size).fill(false))
  const runs = [...path.matchAll(/M(\d+) (\d+)h(\d+)v1h-(\d+)z/g)]
  expect(runs.map(([run]) => run).join('')).toBe(path)
  for (const [, x, y, length, back] of runs) {
    expect(length).toBe(back)
    for (let i = 0; i < Number(length); i++) grid[Number(y)]![Number(x) + i] = true
  }
  return grid
}

describe('drawQr', () => {
  it('draws what the encoder says, with four white modules around it', () => {
    fc.assert(
      fc.property(keyBytes, (bytes) => {
        const text = pemOf(bytes)
        const drawing = drawQr(text)
        const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 4 })
        expect(modulesOf(drawing)).toEqual(rows)
        // Version 7, so every key is shown in the same size.
        expect(drawing.size).toBe(45 + 8)
        const edge = rows.flatMap((row, y) =>
          row.filter((_, x) => Math.min(x, y, 52 - x, 52 - y) < 4).map((dark) => dark),
        )
        expect(edge.some((dark) => dark)).toBe(false)
      }),
      { numRuns: 30 },
    )
  })
})

describe('readQr', () => {
  it('is the inverse of drawQr for every key, at any size that has pixels enough', async () => {
    await fc.assert(
      fc.asyncProperty(keyBytes, fc.integer({ min: 3, max: 9 }), async (bytes, scale) => {
        const text = pemOf(bytes)
        expect(await readQr(rasterOf(drawQr(text), scale))).toEqual([text])
      }),
      { numRuns: 40 },
    )
  })

  it('is its inverse for any text that fits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 }), async (text) => {
        expect(await readThorough(rasterOf(drawQr(text), 6))).toEqual([text])
      }),
      { numRuns: 25 },
    )
  })

  it.each([1, 3, 8, 20, 40, 70, 90, 180])('reads it turned by %i degrees', async (degrees) => {
    expect(await readThorough(turned(rasterOf(drawQr(A), 6), degrees))).toEqual([A])
  })

  it.each([1, 2])('reads it blurred by %i pixels', async (radius) => {
    expect(await readThorough(blurred(rasterOf(drawQr(A), 6), radius))).toEqual([A])
  })

  it('reads all that stand side by side, each once', async () => {
    const pair = beside(rasterOf(drawQr(A), 5), rasterOf(drawQr(B), 5))
    expect((await readThorough(pair)).sort()).toEqual([A, B].sort())
    expect(await readThorough(beside(rasterOf(drawQr(A), 5), rasterOf(drawQr(A), 5)))).toEqual([A])
  })

  it('finds nothing in nothing, in noise and in a part', async () => {
    const whole = rasterOf(drawQr(A), 6)
    const blank = { ...whole, data: new Uint8ClampedArray(whole.data.length).fill(255) }
    let seed = 7
    const noise = whole.data.map(() => (seed = (seed * 48271) % 2147483647) & 255)
    const half = {
      width: whole.width,
      height: whole.height >> 1,
      data: whole.data.slice(0, (whole.height >> 1) * whole.width * 4),
    }
    for (const picture of [blank, { ...whole, data: noise }, half])
      expect(await readThorough(picture)).toEqual([])
  })

  it('reads the same or nothing where modules are damaged, never another key', async () => {
    const whole = rasterOf(drawQr(A), 5)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(52), fc.nat(52)), { maxLength: 400 }), async (spots) => {
        const data = whole.data.slice()
        for (const [x, y] of spots)
          for (let i = 0; i < 25; i++) {
            const at = 4 * ((5 * y + Math.trunc(i / 5)) * whole.width + 5 * x + (i % 5))
            for (const channel of [0, 1, 2]) data[at + channel] = 255 - data[at + channel]!
          }
        for (const text of await readQr({ ...whole, data })) expect(text).toBe(A)
      }),
      { numRuns: 40 },
    )
  })

  it('carries whatever a stranger put into it, as text', async () => {
    const texts = ['https://elsewhere.invalid/', 'javascript:alert(1)', '\u202egnp.exe', '7'.repeat(7000)]
    for (const text of texts) {
      const rows = encodeQR(text, 'raw', { ecc: 'low', border: 4 })
      const path = rows.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join(''))
      expect(await readThorough(rasterOf({ size: rows.length, path: path.join('') }, 6))).toEqual([text])
    }
  })

  it('what is read is a key as any other text is, and no more forgiven', async () => {
    for (const text of [`${A}\n`, A.replaceAll('\n', '\r\n'), A.trimEnd()]) {
      const [read] = await readThorough(rasterOf(drawQr(text), 6))
      expect(readPublicKey(read!).pem).toBe(A)
    }
    const [read] = await readThorough(rasterOf(drawQr(`Ada\n${A}`), 6))
    expect(() => readPublicKey(read!)).toThrow('key_malformed')
  })
})

describe('pictureSize', () => {
  const png = (width: number, height: number, type = 'IHDR') => {
    const bytes = new Uint8Array(33)
    bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    const view = new DataView(bytes.buffer)
    view.setUint32(8, 13)
    bytes.set(new TextEncoder().encode(type), 12)
    view.setUint32(16, width)
    view.setUint32(20, height)
    return bytes
  }
  const segment = (marker: number, ...payload: number[]) => [
    0xff,
    marker,
    (payload.length + 2) >> 8,
    (payload.length + 2) & 255,
    ...payload,
  ]
  const frame = (marker: number) => segment(marker, 8, 0x02, 0x58, 0x03, 0x20, 3)
  const jpeg = (...segments: number[][]) => Uint8Array.from([0xff, 0xd8, ...segments.flat()])

  it.each([
    ['a PNG', png(640, 480), { width: 640, height: 480 }],
    ['a PNG that claims the most', png(0xffffffff, 0xffffffff), { width: 0xffffffff, height: 0xffffffff }],
    ['a baseline JPEG', jpeg(segment(0xe0, 1, 2, 3), frame(0xc0)), { width: 800, height: 600 }],
    ['a progressive JPEG', jpeg(segment(0xdb, 0), frame(0xc2)), { width: 800, height: 600 }],
    ['a JPEG with fill bytes', jpeg([0xff, 0xff], frame(0xc1)), { width: 800, height: 600 }],
    [
      'a JPEG with tables that look like frames',
      jpeg(segment(0xc4, ...Array<number>(20).fill(9)), frame(0xc0)),
      { width: 800, height: 600 },
    ],
    ['a PNG without its header first', png(640, 480, 'IDAT'), null],
    ['a PNG that breaks off', png(640, 480).slice(0, 23), null],
    ['a JPEG that breaks off', jpeg(segment(0xe0, 1, 2, 3), frame(0xc0)).slice(0, 14), null],
    ['a JPEG whose picture begins before its frame', jpeg(segment(0xda, 1, 2, 3), frame(0xc0)), null],
    ['a JPEG with something between segments', jpeg([1, 2, 3], frame(0xc0)), null],
    [
      'a segment that ends beyond the end',
      jpeg([0xff, 0xe0, 0xff, 0xff, ...Array<number>(40).fill(0)]),
      null,
    ],
    ['a GIF', new TextEncoder().encode('GIF89a\u0001\u0001\u0001\u0001 and some more'), null],
    ['an SVG', new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg">'), null],
    ['nothing', new Uint8Array(), null],
  ])('%s', (_, bytes, size) => expect(pictureSize(bytes)).toEqual(size))

  it('takes any bytes, ends, and reads within them', () => {
    const begun = fc
      .tuple(fc.constantFrom(png(1, 1), jpeg(), jpeg(segment(0xe1, 5, 5))), fc.uint8Array({ maxLength: 200 }))
      .map(([start, rest]) => Uint8Array.from([...start, ...rest]))
    fc.assert(
      fc.property(fc.oneof(begun, fc.uint8Array()), (bytes) => {
        const size = pictureSize(bytes)
        if (size !== null) expect(size.width >= 0 && size.height >= 0).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
