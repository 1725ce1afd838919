import { ExchangeError } from '../core/errors.ts'
import { pictureSize } from '../core/picture.ts'
import { readQr, type Pixels } from '../core/qr-read.ts'
import type { Instance } from './instance.ts'
import { readKeyOffer, type KeyOffer } from './peers.ts'

const MAX_BYTES = 32 * 1024 * 1024
const MAX_PIXELS = 50_000_000
/** The longer side, in pixels, of what is looked through: first quickly, then for what is small in a large picture. */
const LOOKED_THROUGH = [2048, 3840]
/** A code needs some pixels to the module; one to the module is what programs save. */
const SMALL = 600
/** Characters of a code that holds no key. */
const SHOWN = 300

/**
 * The key that a frame of a camera shows; null if no code is seen. A key of this instance's own gives way to another's:
 * a camera sees what its own screen throws back. Throws `qr_not_a_key`, `qr_ambiguous`, and what `readKeyOffer` throws.
 */
export async function readKeyFrame(instance: Instance, frame: Pixels): Promise<KeyOffer | null> {
  return keyIn(instance, await readQr(frame))
}

/**
 * The key that a picture file shows, read as a frame is. Nothing is decoded before its claimed size is within the
 * limits, and nothing of it is kept. Throws `file_unreadable`, `picture_unreadable`, `qr_missing`, and what
 * `readKeyFrame` throws.
 */
export async function readKeyPicture(instance: Instance, file: Blob): Promise<KeyOffer> {
  const picture = await decodePicture(file)
  try {
    for (const side of LOOKED_THROUGH) {
      const offer = await keyIn(instance, await readQr(pixelsOf(picture, side), true))
      if (offer !== null) return offer
    }
  } finally {
    picture.close()
  }
  throw new ExchangeError('qr_missing')
}

async function keyIn(instance: Instance, texts: readonly string[]): Promise<KeyOffer | null> {
  if (texts.length === 0) return null
  // A key among other codes is what is meant; a private one has to be told of whatever stands beside it.
  const keys = texts.filter((text) => text.includes('-----BEGIN '))
  const exposed = keys.find((text) => text.includes('PRIVATE KEY'))
  if (keys.length === 0) throw new ExchangeError('qr_not_a_key', beginningOf(texts[0]!))
  const offers: KeyOffer[] = []
  for (const text of exposed === undefined ? keys : [exposed]) offers.push(await readKeyOffer(instance, text))
  const others = offers.filter(({ standing }) => standing !== 'own')
  if (new Set(others.map(({ fingerprint }) => fingerprint)).size > 1) throw new ExchangeError('qr_ambiguous')
  return others[0] ?? offers[0]!
}

/** As much of it as tells what it is, on one line. */
function beginningOf(text: string): string {
  const signs = [...text.replaceAll(/\s+/g, ' ')]
  return signs.length <= SHOWN ? signs.join('') : `${signs.slice(0, SHOWN).join('')} …`
}

async function decodePicture(file: Blob): Promise<ImageBitmap> {
  if (file.size > MAX_BYTES) throw new ExchangeError('picture_unreadable')
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(await file.arrayBuffer())
  } catch (cause) {
    throw new ExchangeError('file_unreadable', '', {}, { cause })
  }
  const size = pictureSize(bytes)
  const pixels = (size?.width ?? 0) * (size?.height ?? 0)
  if (pixels === 0 || pixels > MAX_PIXELS) throw new ExchangeError('picture_unreadable')
  try {
    return await createImageBitmap(file)
  } catch (cause) {
    throw new ExchangeError('picture_unreadable', '', {}, { cause })
  }
}

/** At most `side` pixels long; what is small is drawn larger, without smoothing. White where it is transparent. */
function pixelsOf(picture: ImageBitmap, side: number): Pixels {
  const longer = Math.max(picture.width, picture.height)
  const scale = longer < SMALL ? Math.ceil((2 * SMALL) / longer) : Math.min(1, side / longer)
  const [width, height] = [picture.width, picture.height].map((each) => Math.max(1, Math.round(each * scale)))
  const canvas = new OffscreenCanvas(width!, height!)
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width!, height!)
  context.imageSmoothingEnabled = scale < 1
  context.imageSmoothingQuality = 'high'
  context.drawImage(picture, 0, 0, width!, height!)
  return context.getImageData(0, 0, width!, height!)
}
