import { equalBytes, fromHex, toBase64Url } from './bytes.ts'
import type { PlatformKey } from './ed25519.ts'

export interface PlatformKeyPair {
  readonly publicKey: PlatformKey
  readonly privateKey: PlatformKey
}

const FORMATS = ['pkcs8', 'jwk', 'raw'] as const

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, 7). */
const PKCS8_HEAD = fromHex('302e020100300506032b657004220420')
const PRIVATE_BYTES = 32

const TRIES = 8

/**
 * Makes an Ed25519 key pair. WebKitGTK (seen in 2.50) fails at about one in a hundred, those that begin with a zero
 * byte: where an engine fails at one it is asked for another. Throws what the platform throws, `NotSupportedError` if it
 * has no Ed25519.
 */
export async function makeKeyPair(extractable: boolean): Promise<PlatformKeyPair> {
  for (let tries = 1; ; tries += 1) {
    try {
      return (await crypto.subtle.generateKey('Ed25519', extractable, ['sign', 'verify'])) as PlatformKeyPair
    } catch (cause) {
      if (!isFault(cause, 'OperationError') || tries === TRIES) throw cause
    }
  }
}

/** Whether the platform makes and uses Ed25519 keys; without, one can still verify. */
export async function canSign(): Promise<boolean> {
  return makeKeyPair(false).then(
    () => true,
    () => false,
  )
}

/**
 * The private key that `pkcs8` holds, non-extractable. `publicKey`: its other half, 32 bytes; whether it is that is for
 * the caller to find out. Throws what the platform throws at what is no key.
 */
export async function importPrivateKey(
  pkcs8: Uint8Array<ArrayBuffer>,
  publicKey: Uint8Array,
): Promise<PlatformKey> {
  try {
    return await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
  } catch (cause) {
    if (!isFault(cause, 'DataError')) throw cause
    const head = pkcs8.subarray(0, PKCS8_HEAD.length)
    const bytes = pkcs8.subarray(PKCS8_HEAD.length)
    if (!equalBytes(head, PKCS8_HEAD) || bytes.length !== PRIVATE_BYTES) throw cause
    // WebKitGTK (seen in 2.50) takes none that begins with a zero byte, and takes the same as JWK: as strings, which
    // nothing can wipe.
    const jwk = { kty: 'OKP', crv: 'Ed25519', d: toBase64Url(bytes), x: toBase64Url(publicKey) }
    return crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign'])
  }
}

function isFault(cause: unknown, name: string): boolean {
  return cause instanceof DOMException && cause.name === name
}

/** Whether any way there is to get the bytes of a private key works: its promise is that none does. */
export async function isReadable(key: PlatformKey): Promise<boolean> {
  if (key.extractable) return true
  const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['wrapKey'])
  const wrap = { name: 'AES-GCM', iv: new Uint8Array(12) }
  for (const format of FORMATS) {
    for (const way of [
      () => crypto.subtle.exportKey(format as 'pkcs8', key),
      () => crypto.subtle.wrapKey(format, key, wrapping, wrap),
    ]) {
      const isRead = await way().then(
        () => true,
        () => false,
      )
      if (isRead) return true
    }
  }
  return false
}
