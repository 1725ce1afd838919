import type { PlatformKey } from './ed25519.ts'

const FORMATS = ['pkcs8', 'jwk', 'raw'] as const

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
