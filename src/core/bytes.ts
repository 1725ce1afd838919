import { ExchangeError } from './errors.ts'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Lower-case hex. Inverse of `fromHex`. */
export function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += HEX[byte]
  return hex
}

/** Bytes of lower-case hex that `isHex` has accepted. Inverse of `toHex`. */
export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = 16 * digitAt(hex, 2 * i) + digitAt(hex, 2 * i + 1)
  return bytes
}

/** Of `0` to `9`, or of `a` to `f`. */
function digitAt(hex: string, at: number): number {
  const code = hex.charCodeAt(at)
  return code < 0x3a ? code - 0x30 : code - 0x57
}

/** Whether `value` is `length` bytes in lower-case hex (manifest-format, 0). */
export function isHex(value: unknown, length: number): value is string {
  return typeof value === 'string' && value.length === 2 * length && /^[0-9a-f]*$/.test(value)
}

export function isHash(value: unknown): value is string {
  return isHex(value, 32)
}

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(text)
}

/** Strict UTF-8; keeps U+FEFF (manifest-format, 0). Throws `not_utf8`. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw new ExchangeError('not_utf8', '', {}, { cause })
  }
}

/** Base64 with padding. Inverse of `fromBase64`. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(binary)
}

/** Padded base64, accepted only if encoding it again gives the same text (manifest-format, 0); else null. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0) return null
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return decodeDigits(padding === 0 ? text : text.slice(0, -padding), STANDARD)
}

const SHARED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const STANDARD = digitsOf(SHARED + '+/')
const URL_SAFE = digitsOf(SHARED + '-_')

/** By character code, what each digit stands for; -1 for what is none. */
function digitsOf(alphabet: string): Int8Array {
  const digits = new Int8Array(128).fill(-1)
  for (const [value, digit] of [...alphabet].entries()) digits[digit.charCodeAt(0)] = value
  return digits
}

/** Base64 without padding; null where there is no such digit, a lone one at the end, or bits to spare that are not zero. */
function decodeDigits(text: string, digits: Int8Array): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 === 1) return null
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let [bits, held, at] = [0, 0, 0]
  for (let i = 0; i < text.length; i++) {
    const digit = digits[text.charCodeAt(i)] ?? -1
    if (digit === -1) return null
    held = ((held << 6) | digit) & 0xfff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = held >> bits
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : null
}

/** Base64url without padding. Inverse of `fromBase64Url`. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Base64url without padding, spare bits zero; else null. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  return decodeDigits(text, URL_SAFE)
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A byte array that grows by doubling: what it takes follows what was really read, never a claimed count. */
export class ByteList {
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0

  /** `capacity` in bytes: up to so many nothing is moved. */
  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity)
  }

  push(part: Uint8Array): void {
    if (this.#length + part.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + part.length))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(part, this.#length)
    this.#length += part.length
  }

  /** Takes away the first `count` bytes; the others move up. */
  drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.#length)
    this.#length -= count
  }

  clear(): void {
    this.#length = 0
  }

  get length(): number {
    return this.#length
  }

  /** The bytes pushed so far. A view: valid until the next push. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  /** The bytes pushed so far, in an array of exactly their length. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }
}
