import {
  decodeUtf8,
  encodeUtf8,
  fromBase64,
  fromBase64Url,
  isHash,
  toBase64,
  toBase64Url,
} from '../core/bytes.ts'
import { canonicalize, parseCanonical, type JsonObject, type JsonValue } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { fingerprintOf, readPublicKey } from '../core/pem.ts'
import { hasShape, isInteger, type Shape } from '../core/shape.ts'
import { isShortString, isTime } from '../core/text.ts'
import type { WorkerBridge } from '../worker/bridge.ts'
import type { Identity } from './identity.ts'

const BACKUP_FORMAT = 'omega-identity-backup/1'
export const MIN_PASSPHRASE = 12
const MAX_BACKUP_BYTES = 64 * 1024
/** 128 MiB of memory for each guess. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 }
const SALT_BYTES = 16
const IV_BYTES = 12

/** What a backup opens to; the key is non-extractable already. */
interface OpenedBackup {
  readonly key: CryptoKey
  readonly publicKey: Uint8Array
  readonly label: string
  readonly created_at: string
}

const isBytes = (length: number) => (value: JsonValue) =>
  typeof value === 'string' && fromBase64Url(value)?.length === length

const BACKUP: Shape = {
  required: {
    cipher: (value) =>
      hasShape(value, { required: { iv: isBytes(IV_BYTES), name: (name) => name === 'AES-256-GCM' } }),
    created_at: isTime,
    fingerprint: isHash,
    format: (value) => value === BACKUP_FORMAT,
    kdf: (value) =>
      hasShape(value, {
        required: {
          // A file that asks for more than what is written here wants to exhaust the machine.
          N: (n) => isInteger(n, 2 ** 14, SCRYPT.N) && Number.isInteger(Math.log2(n)),
          name: (name) => name === 'scrypt',
          p: (p) => p === SCRYPT.p,
          r: (r) => r === SCRYPT.r,
          salt: isBytes(SALT_BYTES),
        },
      }),
    label: isShortString,
    public_key_pem: (value) => typeof value === 'string',
    wrapped: (value) => typeof value === 'string' && value.length < 1024,
  },
}

/**
 * Wraps a private key under a passphrase: scrypt, AES-256-GCM, the rest of the file bound as additional data.
 * `key` must be extractable. Throws `passphrase_weak`. Inverse of `openBackup`.
 */
export async function sealBackup(
  worker: WorkerBridge,
  identity: Identity,
  key: CryptoKey,
  passphrase: string,
): Promise<File> {
  if ([...passphrase.trim()].length < MIN_PASSPHRASE) throw new ExchangeError('passphrase_weak')
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const open = {
    cipher: { iv: toBase64Url(iv), name: 'AES-256-GCM' },
    created_at: identity.created_at,
    fingerprint: identity.fingerprint,
    format: BACKUP_FORMAT,
    kdf: { ...SCRYPT, name: 'scrypt', salt: toBase64Url(salt) },
    label: identity.label,
    public_key_pem: identity.public_key_pem,
  }
  const wrapping = await wrappingKey(worker, passphrase, salt, SCRYPT)
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', key))
  const additionalData = encodeUtf8(canonicalize(open))
  const wrapped = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, wrapping, pkcs8)
  pkcs8.fill(0)
  const text = canonicalize({ ...open, wrapped: toBase64(new Uint8Array(wrapped)) }) + '\n'
  return new File([text], `omega-identity-${identity.fingerprint.slice(0, 8)}.json`, {
    type: 'application/json',
  })
}

/** Opens a backup. Throws `backup_invalid`, `passphrase_wrong`. Inverse of `sealBackup`. */
export async function openBackup(
  worker: WorkerBridge,
  file: Blob,
  passphrase: string,
): Promise<OpenedBackup> {
  const { wrapped, ...open } = await readBackup(file)
  const { kdf, cipher } = open as unknown as {
    kdf: { N: number; r: number; p: number; salt: string }
    cipher: { iv: string }
  }
  const wrapping = await wrappingKey(worker, passphrase, fromBase64Url(kdf.salt)!, kdf)
  const sealed = fromBase64(wrapped as string)
  if (sealed === null) throw new ExchangeError('backup_invalid')
  const { ed25519: publicKey } = readPublicKey(open['public_key_pem'] as string)
  if (fingerprintOf(publicKey) !== open['fingerprint']) throw new ExchangeError('backup_invalid')
  let pkcs8: Uint8Array<ArrayBuffer>
  try {
    const algorithm = {
      name: 'AES-GCM',
      iv: fromBase64Url(cipher.iv)!,
      additionalData: encodeUtf8(canonicalize(open)),
    }
    pkcs8 = new Uint8Array(await crypto.subtle.decrypt(algorithm, wrapping, sealed))
  } catch (cause) {
    throw new ExchangeError('passphrase_wrong', '', {}, { cause })
  }
  const key = await importPrivateKey(pkcs8)
  pkcs8.fill(0)
  return { key, publicKey, label: open['label'] as string, created_at: open['created_at'] as string }
}

/** Sealed by someone who knew the passphrase, and no key all the same. */
async function importPrivateKey(pkcs8: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
  } catch (cause) {
    throw new ExchangeError('backup_invalid', '', {}, { cause })
  }
}

/** What stands open in the text of a backup. Throws `backup_invalid`. */
export async function readSealed(
  text: string,
): Promise<{ readonly fingerprint: string; readonly public_key_pem: string }> {
  const { fingerprint, public_key_pem } = await readBackup(new Blob([text]))
  return { fingerprint: fingerprint as string, public_key_pem: public_key_pem as string }
}

async function readBackup(file: Blob): Promise<JsonObject> {
  try {
    if (file.size > MAX_BACKUP_BYTES) throw new ExchangeError('backup_invalid')
    const text = decodeUtf8(new Uint8Array(await file.arrayBuffer()))
    const value = parseCanonical(text.trimEnd())
    if (!hasShape(value, BACKUP)) throw new ExchangeError('backup_invalid')
    readPublicKey(value['public_key_pem'] as string)
    return value
  } catch (cause) {
    throw new ExchangeError('backup_invalid', '', {}, { cause })
  }
}

async function wrappingKey(
  worker: WorkerBridge,
  passphrase: string,
  salt: Uint8Array,
  { N, r, p }: { readonly N: number; readonly r: number; readonly p: number },
): Promise<CryptoKey> {
  const bytes = await worker.call('stretch', { passphrase, salt, N, r, p })
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
}
