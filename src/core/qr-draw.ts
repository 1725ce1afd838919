import { encodeQR } from 'qr'

/** Modules left white around a code (ISO/IEC 18004, 5.3.8). */
const QUIET_ZONE = 4

/** `path` is SVG path data of integers for the dark modules; `size` is the side of the box with its quiet zone, in modules. */
export interface QrDrawing {
  readonly size: number
  readonly path: string
}

/**
 * The QR code of a text, byte for byte (ISO/IEC 18004), to be filled black on white. Medium error correction: screens
 * are not torn, and modules stay large. Inverse of `readQr`.
 */
export function drawQr(text: string): QrDrawing {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', encoding: 'byte', border: QUIET_ZONE })
  const path = rows.map((row, y) => runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`))
  return { size: rows.length, path: path.flat().join('') }
}

/** Where dark modules begin in a row, and how many there are. */
function runsOf(row: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = []
  row.forEach((dark, x) => {
    if (!dark) return
    const last = runs.at(-1)
    if (last !== undefined && last[0] + last[1] === x) last[1]++
    else runs.push([x, 1])
  })
  return runs
}
