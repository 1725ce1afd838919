import { makeKeyPair } from '../core/private-key.ts'
import type { IdentityRecord } from '../store/schema.ts'
import { toStorageError } from '../store/database.ts'
import type { Instance } from './instance.ts'

/** In place of a fingerprint: no key of anybody has it, and it is gone before its transaction ends. */
const PROBE = 'probe'

/**
 * Whether this browser stores private keys for the app and gives them back as they were. Some do not in private windows,
 * and say so only when one is put. Tried with a key made for that, in one transaction that leaves nothing behind.
 * Throws `storage_full`, and what WebCrypto throws where there is no Ed25519 (`canSign`).
 */
export async function keepsKeys(instance: Instance): Promise<boolean> {
  const pair = await makeKeyPair(false)
  const kept = await putAndTake(instance, pair.privateKey)
  if (kept === null) return false
  try {
    const message = new Uint8Array(32)
    const signature = await crypto.subtle.sign('Ed25519', kept, message)
    return await crypto.subtle.verify('Ed25519', pair.publicKey, signature, message)
  } catch {
    // What came back is no key, or another one.
    return false
  }
}

async function putAndTake(instance: Instance, key: CryptoKey): Promise<CryptoKey | null> {
  const record: IdentityRecord = {
    fingerprint: PROBE,
    label: '',
    public_key_pem: '',
    created_at: '',
    backup: false,
    restored: false,
    key,
  }
  const tx = instance.db.transaction('identities', 'readwrite')
  try {
    await tx.store.put(record)
    const kept = await tx.store.get(PROBE)
    await tx.store.delete(PROBE)
    await tx.done
    return kept?.key ?? null
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'QuotaExceededError') throw toStorageError(cause)
    return null
  }
}
