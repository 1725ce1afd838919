import { rmSync, writeFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import type { Pixels } from '../../src/core/qr-read.ts'
import { centred } from '../qr-picture.ts'

const WIDTH = 640
const HEIGHT = 480
const FRAMES = 3

/** What makes Chromium take a film for its camera and say yes to whoever asks for it. */
export function cameraArgs(film: string): string[] {
  return [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${film}`,
  ]
}

/** A film of one picture, as a camera has it that looks at a page: YUV4MPEG2, 640 by 480, grey. */
export function writeFilm(path: string, picture: Pixels | null): void {
  const shown = picture === null ? null : centred(picture, WIDTH, HEIGHT)
  const luma = Buffer.alloc(WIDTH * HEIGHT, 200)
  // As a lens has it: black is not black, white is not white.
  if (shown !== null)
    for (let at = 0; at < luma.length; at++) luma[at] = 40 + (shown.data[4 * at]! * 180) / 255
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((WIDTH * HEIGHT) / 2, 128)])
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`)
  // A camera that is open keeps the film it began with.
  rmSync(path, { force: true })
  writeFileSync(path, Buffer.concat([header, ...Array<Buffer>(FRAMES).fill(frame)]))
}

/** Notes every camera that the page is given, from its next load on. */
export async function watchCameras(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const given: MediaStreamTrack[] = []
    Reflect.set(globalThis, '__given', given)
    // Absent where the page is not trusted with one.
    const { mediaDevices } = navigator as { mediaDevices?: MediaDevices }
    if (mediaDevices === undefined) return
    const native = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await native(constraints)
      given.push(...stream.getTracks())
      return stream
    }
  })
}

/** `readyState` of each track that the page was given, oldest first. */
export function trackStates(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    (Reflect.get(globalThis, '__given') as MediaStreamTrack[]).map(
      (track) => `${track.kind} ${track.readyState}`,
    ),
  )
}
