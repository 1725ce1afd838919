const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const SOI = 0xd8
const SOS = 0xda

/**
 * Width and height that a PNG or JPEG claims, before anything is decoded; null for whatever is neither, or breaks off
 * before it says them.
 */
export function pictureSize(bytes: Uint8Array): { width: number; height: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (PNG.every((byte, at) => bytes[at] === byte)) {
    // IHDR stands first (PNG, 5.6).
    if (bytes.length < 24 || view.getUint32(12) !== 0x49484452) return null
    return { width: view.getUint32(16), height: view.getUint32(20) }
  }
  return bytes[0] === 0xff && bytes[1] === SOI ? jpegSize(view) : null
}

/** Goes from segment to segment up to the frame header (ITU-T T.81, B.1.1 and B.2.2). */
function jpegSize(view: DataView): { width: number; height: number } | null {
  let at = 2
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return null
    const marker = view.getUint8(at + 1)
    if (marker === SOS) return null
    // Filled with further 0xff.
    if (marker === 0xff) at++
    else if (isFrame(marker)) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    else at += 2 + view.getUint16(at + 2)
  }
  return null
}

/** SOF0 to SOF15, but for DHT, JPG and DAC among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
}
