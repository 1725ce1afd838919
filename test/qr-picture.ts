import type { QrDrawing } from '../src/core/qr-draw.ts'
import type { Pixels } from '../src/core/qr-read.ts'

/** Pictures of QR codes as a screen, a hand and a lens make them; all of them grey. */

/** `scale` pixels to the module. */
export function rasterOf({ size, path }: QrDrawing, scale: number): Pixels {
  const side = size * scale
  const data = new Uint8ClampedArray(side * side * 4).fill(255)
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)/g))
    for (let v = Number(y) * scale; v < (Number(y) + 1) * scale; v++)
      for (let u = Number(x) * scale; u < (Number(x) + Number(length)) * scale; u++)
        data.fill(0, 4 * (v * side + u), 4 * (v * side + u) + 3)
  return { width: side, height: side, data }
}

function build(width: number, height: number, grey: (x: number, y: number) => number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.fill(grey(x, y), 4 * (y * width + x), 4 * (y * width + x) + 3)
  return { width, height, data }
}

/** White beyond the edges. */
function at({ width, height, data }: Pixels, x: number, y: number): number {
  return x < 0 || y < 0 || x >= width || y >= height ? 255 : data[4 * (y * width + x)]!
}

/** In the middle of a white picture of that size. */
export function centred(picture: Pixels, width: number, height: number): Pixels {
  const [left, top] = [(width - picture.width) >> 1, (height - picture.height) >> 1]
  return build(width, height, (x, y) => at(picture, x - left, y - top))
}

/** Around its middle, on a square that holds all of it; four samples to the pixel. */
export function turned(picture: Pixels, degrees: number): Pixels {
  const side = Math.ceil(Math.hypot(picture.width, picture.height))
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  const sample = (x: number, y: number) =>
    at(
      picture,
      Math.floor(cos * (x - side / 2) + sin * (y - side / 2) + picture.width / 2),
      Math.floor(cos * (y - side / 2) - sin * (x - side / 2) + picture.height / 2),
    )
  return build(side, side, (x, y) =>
    [0.25, 0.75].flatMap((u) => [0.25, 0.75].map((v) => sample(x + u, y + v))).reduce((a, b) => a + b / 4, 0),
  )
}

/** The mean of a square around each pixel. */
export function blurred(picture: Pixels, radius: number): Pixels {
  const across = Array.from({ length: 2 * radius + 1 }, (_, i) => i - radius)
  return build(picture.width, picture.height, (x, y) =>
    across
      .flatMap((u) => across.map((v) => at(picture, x + u, y + v)))
      .reduce((a, b) => a + b / across.length ** 2, 0),
  )
}

/** The one left of the other. */
export function beside(left: Pixels, right: Pixels): Pixels {
  return build(left.width + right.width, Math.max(left.height, right.height), (x, y) =>
    x < left.width ? at(left, x, y) : at(right, x - left.width, y),
  )
}
