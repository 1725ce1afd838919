import { decodeUtf8, encodeUtf8, toBase64, toBase64Url } from '../core/bytes.ts'
import { canonicalize } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import {
  BACKUP_FORMAT,
  IV_BYTES,
  parseIdentityBackup,
  SALT_BYTES,
  SCRYPT,
  type IdentityBackup,
} from '../core/identity-backup.ts'
import { importPrivateKey } from '../core/private-key.ts'
import type { WorkerBridge } from '../worker/bridge.ts'
import type { IdentityRecord } from '../store/schema.ts'

export const MIN_PASSPHRASE = 12
const MAX_BACKUP_BYTES = 64 * 1024

/**
 * Wraps a private key under a passphrase: scrypt, AES-256-GCM, the rest of the text bound as additional data.
 * `key` must be extractable. Answers canonical JSON. Throws `passphrase_weak`. Inverse of `unseal`.
 */
export async function seal(
  worker: WorkerBridge,
  identity: Pick<IdentityRecord, 'created_at' | 'fingerprint' | 'label' | 'public_key_pem'>,
  key: CryptoKey,
  passphrase: string,
): Promise<string> {
  if ([...passphrase.trim()].length < MIN_PASSPHRASE) throw new ExchangeError('passphrase_weak')
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const bound = {
    cipher: { iv: toBase64Url(iv), name: 'AES-256-GCM' },
    created_at: identity.created_at,
    fingerprint: identity.fingerprint,
    format: BACKUP_FORMAT,
    kdf: { ...SCRYPT, name: 'scrypt', salt: toBase64Url(salt) },
    label: identity.label,
    public_key_pem: identity.public_key_pem,
  }
  const wrapping = await wrappingKey(worker, passphrase, { ...SCRYPT, salt })
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', key))
  try {
    const additionalData = encodeUtf8(canonicalize(bound))
    const wrapped = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, wrapping, pkcs8)
    return canonicalize({ ...bound, wrapped: toBase64(new Uint8Array(wrapped)) })
  } finally {
    pkcs8.fill(0)
  }
}

/**
 * The private key, non-extractable. Throws `passphrase_wrong`; `backup_invalid` if what was wrapped is no key;
 * `ed25519_unavailable`. Inverse of `seal`.
 */
export async function unseal(
  worker: WorkerBridge,
  { kdf, iv, bound, wrapped, publicKey }: IdentityBackup,
  passphrase: string,
): Promise<CryptoKey> {
  const wrapping = await wrappingKey(worker, passphrase, kdf)
  let pkcs8: Uint8Array<ArrayBuffer>
  try {
    const algorithm = { name: 'AES-GCM', iv, additionalData: encodeUtf8(canonicalize(bound)) }
    pkcs8 = new Uint8Array(await crypto.subtle.decrypt(algorithm, wrapping, wrapped))
  } catch (cause) {
    throw new ExchangeError('passphrase_wrong', '', {}, { cause })
  }
  try {
    return await importPrivateKey(pkcs8, publicKey)
  } catch (cause) {
    // Of a browser that is older than the one that made it.
    if (cause instanceof DOMException && cause.name === 'NotSupportedError')
      throw new ExchangeError('ed25519_unavailable', '', {}, { cause })
    // Sealed by someone who knew the passphrase, and no key all the same.
    throw new ExchangeError('backup_invalid', '', {}, { cause })
  } finally {
    pkcs8.fill(0)
  }
}

/** The backup in `file`. Throws `backup_invalid`. Inverse of `toBackupFile`. */
export async function readBackup(file: Blob): Promise<string> {
  try {
    if (file.size > MAX_BACKUP_BYTES) throw new ExchangeError('backup_invalid')
    return decodeUtf8(new Uint8Array(await file.arrayBuffer())).trimEnd()
  } catch (cause) {
    throw new ExchangeError('backup_invalid', '', {}, { cause })
  }
}

/** The file that a person saves. */
export function toBackupFile(sealed: string): File {
  const { fingerprint } = parseIdentityBackup(sealed)
  return new File([`${sealed}\n`], `omega-identity-${fingerprint.slice(0, 8)}.json`, {
    type: 'application/json',
  })
}

async function wrappingKey(
  worker: WorkerBridge,
  passphrase: string,
  { N, r, p, salt }: IdentityBackup['kdf'],
): Promise<CryptoKey> {
  const bytes = await worker.call('stretch', { passphrase, salt, N, r, p })
  try {
    return await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
  } finally {
    bytes.fill(0)
  }
}
