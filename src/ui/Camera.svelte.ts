import { ExchangeError } from '../core/errors.ts'
import type { Code } from '../core/codes.ts'
import type { Pixels } from '../core/qr-read.ts'

/** Between two frames that are looked at; the page has this time to itself. */
const PAUSE_MS = 120
/** The longer side of a frame as it is looked at, in pixels: a code held to a camera has several to the module. */
const FRAME = 1280

const REFUSALS: ReadonlyMap<string, Code> = new Map([
  ['NotAllowedError', 'camera_refused'],
  ['NotFoundError', 'camera_missing'],
  ['OverconstrainedError', 'camera_missing'],
  ['NotReadableError', 'camera_busy'],
  ['AbortError', 'camera_busy'],
])

/**
 * A camera for as long as a person looks through it. No frame is kept, and none is looked at once it is off: `stop` ends
 * its tracks, which puts its light out.
 */
export class Camera {
  state = $state<'off' | 'starting' | 'on'>('off')
  /** Why it is off, if nobody put it off. */
  error = $state.raw<unknown>()
  /** Looks at the person in front of the screen, who expects a mirror. */
  facesUser = $state(false)
  /** How many there are, as far as the browser says. */
  count = $state(0)
  #stream: MediaStream | null = null
  #video: HTMLVideoElement | null = null
  /** Grows with each start and stop: what belongs to an earlier one goes no further. */
  #turn = 0

  /** Shows it in the `video` and hands over frame by frame, one at a time. Never throws: `error` says why it does not run. */
  async start(video: HTMLVideoElement, onframe: (frame: Pixels) => Promise<void>): Promise<void> {
    const before = this.#stream?.getVideoTracks()[0]?.getSettings().deviceId
    this.stop()
    const turn = ++this.#turn
    this.state = 'starting'
    this.error = undefined
    try {
      const stream = await this.#ask(before)
      if (turn !== this.#turn) return endTracks(stream)
      this.#stream = stream
      this.#video = video
      stream.getVideoTracks()[0]!.onended = () => this.#fail(turn, new ExchangeError('camera_busy'))
      video.srcObject = stream
      await video.play()
      if (turn !== this.#turn) return
      this.state = 'on'
      await this.#look(turn, video, onframe)
    } catch (error) {
      this.#fail(turn, error)
    }
  }

  /** Ends it, whatever it is doing. */
  stop(): void {
    this.#turn++
    if (this.#stream !== null) endTracks(this.#stream)
    // The last frame would stand there still.
    if (this.#video !== null) this.#video.srcObject = null
    this.#stream = this.#video = null
    this.state = 'off'
  }

  #fail(turn: number, error: unknown): void {
    if (turn !== this.#turn) return
    this.stop()
    this.error = error
  }

  /** The camera at the back where there is one; of several, the one after `before`. */
  async #ask(before: string | undefined): Promise<MediaStream> {
    const { mediaDevices } = navigator as { readonly mediaDevices?: MediaDevices }
    if (mediaDevices === undefined || isForbidden()) throw new ExchangeError('camera_unavailable')
    const known = await this.#cameras(mediaDevices)
    const next = known[(known.indexOf(before ?? '') + 1) % known.length]
    const which =
      before === undefined || next === undefined
        ? { facingMode: { ideal: 'environment' } }
        : { deviceId: { exact: next } }
    try {
      const size = { width: { ideal: FRAME }, height: { ideal: 720 } }
      const stream = await mediaDevices.getUserMedia({ audio: false, video: { ...which, ...size } })
      this.facesUser = stream.getVideoTracks()[0]?.getSettings().facingMode !== 'environment'
      // Who may see none is not told how many there are.
      this.count = (await this.#cameras(mediaDevices)).length
      return stream
    } catch (cause) {
      const code = REFUSALS.get(cause instanceof DOMException ? cause.name : '')
      throw new ExchangeError(code ?? 'camera_unavailable', '', {}, { cause })
    }
  }

  async #cameras(mediaDevices: MediaDevices): Promise<string[]> {
    const devices = await mediaDevices.enumerateDevices().catch(() => [])
    return devices.filter(({ kind }) => kind === 'videoinput').map(({ deviceId }) => deviceId)
  }

  async #look(
    turn: number,
    video: HTMLVideoElement,
    onframe: (frame: Pixels) => Promise<void>,
  ): Promise<void> {
    const canvas = new OffscreenCanvas(1, 1)
    const context = canvas.getContext('2d', { willReadFrequently: true })!
    while (turn === this.#turn) {
      const { videoWidth, videoHeight } = video
      if (videoWidth > 0 && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const scale = Math.min(1, FRAME / Math.max(videoWidth, videoHeight))
        canvas.width = Math.round(videoWidth * scale)
        canvas.height = Math.round(videoHeight * scale)
        context.drawImage(video, 0, 0, canvas.width, canvas.height)
        await onframe(context.getImageData(0, 0, canvas.width, canvas.height))
      }
      await new Promise((passed) => setTimeout(passed, PAUSE_MS))
    }
  }
}

function endTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}

/** By a policy of the server: the browser would call that a refusal of the person's. Known to Chromium alone. */
function isForbidden(): boolean {
  const { featurePolicy } = document as { featurePolicy?: { allowsFeature(name: string): boolean } }
  return featurePolicy?.allowsFeature('camera') === false
}
