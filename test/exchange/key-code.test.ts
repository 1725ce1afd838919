import { describe, expect, it, vi } from 'vitest'
import { drawQr } from '../../src/core/qr-draw.ts'
import type { Pixels } from '../../src/core/qr-read.ts'
import { readKeyFrame, readKeyPicture } from '../../src/exchange/key-code.ts'
import { revokePeer } from '../../src/exchange/peers.ts'
import { beside, rasterOf } from '../qr-picture.ts'
import { createStranger } from './craft.ts'
import { codeOf, dump, openTestInstance, openWithIdentity, trust } from './instance.ts'

const show = (text: string) => rasterOf(drawQr(text), 5)

async function pictureOf({ width, height, data }: Pixels, type: string): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height)
  canvas.getContext('2d')!.putImageData(new ImageData(Uint8ClampedArray.from(data), width, height), 0, 0)
  return canvas.convertToBlob({ type })
}

describe('a frame', () => {
  it('shows a key, and how it stands here', async () => {
    const instance = await openWithIdentity('A')
    const { fingerprint, public_key_pem } = await createStranger()
    const frame = show(public_key_pem)
    expect(await readKeyFrame(instance, frame)).toEqual({ fingerprint, public_key_pem, standing: 'new' })
    await trust(instance, { public_key_pem, label: 'P' })
    expect(await readKeyFrame(instance, frame)).toMatchObject({ standing: 'trusted' })
    await revokePeer(instance, { fingerprint })
    expect(await readKeyFrame(instance, frame)).toMatchObject({ standing: 'revoked' })
  })

  it('shows nothing', async () => {
    const instance = await openTestInstance()
    const blank = { width: 320, height: 240, data: new Uint8ClampedArray(320 * 240 * 4).fill(255) }
    expect(await readKeyFrame(instance, blank)).toBe(null)
  })

  it('shows a key of one’s own, which gives way to another’s beside it', async () => {
    const instance = await openWithIdentity('A')
    const own = show(instance.identity.public_key_pem)
    const { fingerprint, public_key_pem } = await createStranger()
    const other = show(public_key_pem)
    expect(await readKeyFrame(instance, own)).toMatchObject({ standing: 'own' })
    for (const frame of [beside(own, other), beside(other, own)])
      expect(await readKeyFrame(instance, frame)).toMatchObject({ fingerprint, standing: 'new' })
  })

  it('shows a key beside codes of other kinds', async () => {
    const instance = await openTestInstance()
    const { fingerprint, public_key_pem } = await createStranger()
    const poster = show('https://elsewhere.invalid/')
    for (const frame of [beside(poster, show(public_key_pem)), beside(show(public_key_pem), poster)])
      expect(await readKeyFrame(instance, frame)).toMatchObject({ fingerprint })
  })

  it('is refused, and changes nothing', async () => {
    const instance = await openTestInstance()
    const [pem, another] = [await createStranger(), await createStranger()].map((each) => each.public_key_pem)
    const secret = pem!.replaceAll('PUBLIC', 'PRIVATE')
    const cases: [Pixels, string][] = [
      [beside(show(pem!), show(another!)), 'qr_ambiguous'],
      [show('https://elsewhere.invalid/'), 'qr_not_a_key'],
      [show('-----END PUBLIC KEY-----'), 'qr_not_a_key'],
      [show(pem!.replace('MCow', 'MCox')), 'key_malformed'],
      [show(`Ada\n${pem}`), 'key_malformed'],
      [show(secret), 'private_key_given'],
      [beside(show(pem!), show(secret)), 'private_key_given'],
      [beside(show(pem!.replace('MCow', 'MCox')), show(secret)), 'private_key_given'],
    ]
    const before = await dump(instance.db)
    for (const [frame, code] of cases) expect(await codeOf(readKeyFrame(instance, frame))).toBe(code)
    expect(await dump(instance.db)).toEqual(before)
  })

  it('tells what else a code says by its beginning, on one line', async () => {
    const instance = await openTestInstance()
    const told = async (text: string) =>
      readKeyFrame(instance, show(text)).then(
        () => '',
        (error: Error) => error.message,
      )
    expect(await told('one\n\n\n\ttwo')).toBe('qr_not_a_key: one two')
    expect(await told('😀'.repeat(250))).toBe(`qr_not_a_key: ${'😀'.repeat(250)}`)
    expect(await told('x'.repeat(301))).toBe(`qr_not_a_key: ${'x'.repeat(300)} …`)
  })
})

describe('a picture', () => {
  it.each(['image/png', 'image/jpeg'])('%s: of a screen, of any size', async (type) => {
    const instance = await openTestInstance()
    const { fingerprint, public_key_pem } = await createStranger()
    for (const scale of [1, 4, 40]) {
      const picture = await pictureOf(rasterOf(drawQr(public_key_pem), scale), type)
      expect(await readKeyPicture(instance, picture)).toMatchObject({ fingerprint })
    }
  })

  it('transparent is white', async () => {
    const instance = await openTestInstance()
    const { fingerprint, public_key_pem } = await createStranger()
    const { width, height, data } = show(public_key_pem)
    const clear = data.map((value, at) => (at % 4 === 3 ? 255 - data[at - 1]! : value && 0))
    const picture = await pictureOf({ width, height, data: clear }, 'image/png')
    expect(await readKeyPicture(instance, picture)).toMatchObject({ fingerprint })
  })

  it('is refused for what it is, before it is decoded', async () => {
    const instance = await openTestInstance()
    const png = new Uint8Array(await (await pictureOf(show('x'), 'image/png')).arrayBuffer())
    const claiming = (width: number, height: number) => {
      const bytes = png.slice()
      new DataView(bytes.buffer).setUint32(16, width)
      new DataView(bytes.buffer).setUint32(20, height)
      return new Blob([bytes])
    }
    const cases: [Blob, string][] = [
      [new Blob([]), 'picture_unreadable'],
      [new Blob(['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>']), 'picture_unreadable'],
      [await pictureOf(show('x'), 'image/webp'), 'picture_unreadable'],
      [claiming(0, 100), 'picture_unreadable'],
      [claiming(50_001, 1000), 'picture_unreadable'],
      [claiming(0xffffffff, 0xffffffff), 'picture_unreadable'],
      [new Blob([png, new Uint8Array(32 * 1024 * 1024)]), 'picture_unreadable'],
    ]
    const decoding = vi.spyOn(globalThis, 'createImageBitmap')
    for (const [at, [picture, code]] of cases.entries())
      expect([at, await codeOf(readKeyPicture(instance, picture))]).toEqual([at, code])
    expect(decoding).not.toHaveBeenCalled()
    decoding.mockRestore()
  })

  it('is refused for what is in it', async () => {
    const instance = await openTestInstance()
    const png = new Uint8Array(await (await pictureOf(show('x'), 'image/png')).arrayBuffer())
    const cases: [Blob, string][] = [
      [new Blob([png.slice(0, png.length >> 1).fill(0, 40)]), 'picture_unreadable'],
      [await pictureOf(show('x'), 'image/png'), 'qr_not_a_key'],
      [await pictureOf({ width: 9, height: 9, data: new Uint8ClampedArray(324) }, 'image/png'), 'qr_missing'],
    ]
    for (const [at, [picture, code]] of cases.entries())
      expect([at, await codeOf(readKeyPicture(instance, picture))]).toEqual([at, code])
  })
})
