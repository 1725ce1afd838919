import { fromBase64, fromBase64Url, isHash } from './bytes.ts'
import { parseCanonical, type JsonObject, type JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { fingerprintOf, readPublicKey } from './pem.ts'
import { hasShape, isInteger, type Shape } from './shape.ts'
import { isShortString, isTime } from './text.ts'

export const BACKUP_FORMAT = 'omega-identity-backup/1'
/** 128 MiB of memory for each guess. */
export const SCRYPT = { N: 2 ** 17, r: 8, p: 1 }
export const SALT_BYTES = 16
export const IV_BYTES = 12

/** What a private key is wrapped in: `wrapped` opens with the passphrase, all else is bound to it as additional data. */
export interface IdentityBackup {
  readonly kdf: { readonly N: number; readonly r: number; readonly p: number; readonly salt: Uint8Array }
  readonly iv: Uint8Array<ArrayBuffer>
  readonly wrapped: Uint8Array<ArrayBuffer>
  /** All members but `wrapped`. */
  readonly bound: JsonObject
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  readonly fingerprint: string
  readonly public_key_pem: string
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
    wrapped: (value) => typeof value === 'string' && value.length < 1024 && fromBase64(value) !== null,
  },
}

/** Reads the text of a backup, canonical JSON that may end with LF. Throws `backup_invalid`. */
export function parseIdentityBackup(text: string): IdentityBackup {
  try {
    const value = parseCanonical(text.trimEnd())
    if (!hasShape(value, BACKUP)) throw new ExchangeError('backup_invalid')
    const { wrapped, ...bound } = value
    const { cipher, kdf, fingerprint, public_key_pem, label, created_at } = bound as unknown as {
      cipher: { iv: string }
      kdf: { N: number; r: number; p: number; salt: string }
    } & Record<'fingerprint' | 'public_key_pem' | 'label' | 'created_at', string>
    const { ed25519: publicKey } = readPublicKey(public_key_pem)
    if (fingerprintOf(publicKey) !== fingerprint) throw new ExchangeError('backup_invalid')
    return {
      kdf: { ...kdf, salt: fromBase64Url(kdf.salt)! },
      iv: fromBase64Url(cipher.iv)!,
      wrapped: fromBase64(wrapped as string)!,
      bound,
      publicKey,
      fingerprint,
      public_key_pem,
      label,
      created_at,
    }
  } catch (cause) {
    throw new ExchangeError('backup_invalid', '', {}, { cause })
  }
}
