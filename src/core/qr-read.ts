import { decodeQRBatch } from 'qr/decode.js'

/** RGBA, four bytes to the pixel, as a canvas gives them. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8ClampedArray
}

/**
 * The texts of the QR codes in a picture, each once; none where none is found. The work gives way to the page every few
 * milliseconds. `thorough` is for a picture that comes once: further frames come from a camera. What a code says is
 * anybody's, and at most 7,089 characters. Inverse of `drawQr`.
 */
export async function readQr({ width, height, data }: Pixels, thorough = false): Promise<string[]> {
  const [found = []] = await decodeQRBatch([{ width, height, data }], {
    maxSize: { width, height },
    // One encoding, whatever the code says of itself.
    textDecoder: (bytes) => new TextDecoder().decode(bytes),
    ...(thorough ? { effort: Infinity, timeLimit: 3000 } : {}),
  })
  return [...new Set(found.filter((each) => typeof each === 'string'))]
}
