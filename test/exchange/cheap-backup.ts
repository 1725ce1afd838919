import { ed25519 } from '@noble/curves/ed25519.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { encodeUtf8, toBase64, toBase64Url } from '../../src/core/bytes.ts'
import { canonicalize } from '../../src/core/canonical.ts'
import { encodePublicKey, fingerprintOf } from '../../src/core/pem.ts'
import { toPkcs8 } from '../pkcs8.ts'
import { random16 } from './craft.ts'

export const PASSPHRASE = 'correct horse battery'

/** A backup as the product writes it, but with the least work factor that it reads. `seed`: the 32 bytes of the key. */
export async function cheapBackup(
  passphrase = PASSPHRASE,
  seed: Uint8Array = crypto.getRandomValues(new Uint8Array(32)),
) {
  const publicKey = ed25519.getPublicKey(seed)
  const [salt, iv] = [random16(), random16().slice(0, 12)]
  const kdf = { N: 2 ** 14, r: 8, p: 1 }
  const open = {
    cipher: { iv: toBase64Url(iv), name: 'AES-256-GCM' },
    created_at: '2026-01-01T00:00:00.000Z',
    fingerprint: fingerprintOf(publicKey),
    format: 'omega-identity-backup/1',
    kdf: { ...kdf, name: 'scrypt', salt: toBase64Url(salt) },
    label: 'Backed up',
    public_key_pem: encodePublicKey(publicKey),
  }
  const raw = (await scryptAsync(passphrase.normalize('NFKC'), salt, {
    ...kdf,
    dkLen: 32,
  })) as Uint8Array<ArrayBuffer>
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt'])
  const pkcs8 = toPkcs8(seed)
  const additionalData = encodeUtf8(canonicalize(open))
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: iv as Uint8Array<ArrayBuffer>, additionalData },
    key,
    pkcs8,
  )
  return { ...open, wrapped: toBase64(new Uint8Array(sealed)) }
}

export const toBackupFile = (value: object) => new File([canonicalize(value) + '\n'], 'backup.json')
