import { encodeUtf8 } from '../core/bytes.ts'
import { verifySignature } from '../core/ed25519.ts'
import { ExchangeError } from '../core/errors.ts'
import { encodePublicKey, fingerprintOf } from '../core/pem.ts'
import { isShortString } from '../core/text.ts'
import type { IdentityRecord } from '../store/schema.ts'
import { openBackup, sealBackup } from './backup.ts'
import { nowAsTime, perform, type Instance } from './instance.ts'

/** What may be shown of an identity: all but the key. */
export type Identity = Omit<IdentityRecord, 'key'>

export interface NewIdentity {
  readonly identity: Identity
  /** The one copy of the private key there can ever be; null if the person chose to have none. */
  readonly backup: File | null
}

/** The identity that signs here; null before one is made. */
export async function getIdentity(instance: Instance): Promise<Identity | null> {
  const record = await currentIdentity(instance)
  if (record === null) return null
  const { key: _, ...identity } = record
  return identity
}

/** The identity whose key can be used now; null where there is none. */
export async function getSigner(instance: Instance): Promise<Identity | null> {
  return (await currentIdentity(instance))?.key === undefined ? null : getIdentity(instance)
}

/** Identities of a restored store whose private keys have not been brought, and that therefore sign nothing. */
export async function identitiesWithoutKey(instance: Instance): Promise<Identity[]> {
  return (await instance.db.getAll('identities')).filter((record) => !isUsable(record))
}

/** Fingerprints of all keys this instance ever signed with. */
export async function ownKeys(instance: Instance): Promise<string[]> {
  return instance.db.getAllKeys('identities')
}

/** Whether this browser can make and use Ed25519 keys; without, it can still verify. */
export async function canSign(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
    return true
  } catch {
    return false
  }
}

/**
 * Makes the identity. With a passphrase the private key is wrapped into a backup, the backup is opened again on
 * the spot, and only then is the key kept, non-extractable; without, it never exists in a form that could be read.
 * Throws `identity_exists`, `label_invalid`, `passphrase_weak`, `ed25519_unavailable`.
 */
export async function createIdentity(
  instance: Instance,
  input: { readonly label: string; readonly passphrase?: string | undefined },
): Promise<NewIdentity> {
  const label = checkLabel(input.label)
  if ((await currentIdentity(instance)) !== null) throw new ExchangeError('identity_exists')
  if (!(await canSign())) throw new ExchangeError('ed25519_unavailable')
  const extractable = input.passphrase !== undefined
  const pair = (await crypto.subtle.generateKey('Ed25519', extractable, ['sign', 'verify'])) as CryptoKeyPair
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const identity = {
    fingerprint: fingerprintOf(publicKey),
    label,
    public_key_pem: encodePublicKey(publicKey),
    created_at: nowAsTime(instance),
    backup: extractable,
    restored: false,
  }
  if (input.passphrase === undefined) {
    await checkPair(pair.privateKey, publicKey)
    await keepIdentity(instance, { ...identity, key: pair.privateKey }, 'identity_created')
    return { identity, backup: null }
  }
  const file = await sealBackup(instance.worker, identity, pair.privateKey, input.passphrase)
  const { key } = await openBackup(instance.worker, file, input.passphrase)
  await checkPair(key, publicKey)
  await keepIdentity(instance, { ...identity, key }, 'identity_created')
  return { identity, backup: file }
}

/**
 * Takes an identity back from its backup file. It starts new streams: what the lost store had issued is unknown.
 * Throws `identity_exists`, `backup_invalid`, `passphrase_wrong`, `ed25519_unavailable`.
 */
export async function restoreIdentity(instance: Instance, file: Blob, passphrase: string): Promise<Identity> {
  if ((await currentIdentity(instance)) !== null) throw new ExchangeError('identity_exists')
  if (!(await canSign())) throw new ExchangeError('ed25519_unavailable')
  const { key, publicKey, label, created_at } = await openBackup(instance.worker, file, passphrase)
  await checkPair(key, publicKey).catch((cause: unknown) => {
    throw new ExchangeError('backup_invalid', 'the key is another one', {}, { cause })
  })
  const identity = {
    fingerprint: fingerprintOf(publicKey),
    label,
    public_key_pem: encodePublicKey(publicKey),
    created_at,
    backup: true,
    restored: true,
  }
  await keepIdentity(instance, { ...identity, key }, 'identity_restored')
  return identity
}

/** Signs with the identity's key. Throws `no_identity`. */
export async function sign(instance: Instance, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const record = await currentIdentity(instance)
  if (record?.key === undefined) throw new ExchangeError('no_identity')
  return new Uint8Array(await crypto.subtle.sign('Ed25519', record.key, message))
}

/** The name others are shown beside this key, from the next export on. Throws `no_identity`, `label_invalid`. */
export async function renameIdentity(instance: Instance, name: string): Promise<void> {
  const label = checkLabel(name)
  const record = await currentIdentity(instance)
  if (record === null) throw new ExchangeError('no_identity')
  await perform(instance, 'identity_renamed', ['identities'], async (tx) => {
    await tx.objectStore('identities').put({ ...record, label })
    return { result: undefined, subject: { fingerprint: record.fingerprint, label } }
  })
}

/** The identity, or `no_identity`. */
export async function requireIdentity(instance: Instance): Promise<Identity> {
  const identity = await getIdentity(instance)
  if (identity === null) throw new ExchangeError('no_identity')
  return identity
}

/** Trimmed. Throws `label_invalid`. */
export function checkLabel(text: string): string {
  const label = text.trim()
  if (!isShortString(label)) throw new ExchangeError('label_invalid')
  return label
}

async function currentIdentity(instance: Instance): Promise<IdentityRecord | null> {
  return (await instance.db.getAll('identities')).findLast(isUsable) ?? null
}

/** Its private key is here, or can be had of a passphrase. */
function isUsable({ key, sealed }: IdentityRecord): boolean {
  return key !== undefined || sealed !== undefined
}

async function keepIdentity(instance: Instance, record: IdentityRecord, operation: string): Promise<void> {
  await perform(instance, operation, ['identities'], async (tx) => {
    const identities = tx.objectStore('identities')
    // Asked again inside the transaction: another tab may have made one meanwhile.
    if ((await identities.getAll()).some(isUsable)) throw new ExchangeError('identity_exists')
    // In a restored store it may stand there without its key.
    await identities.put(record)
    const { fingerprint, label, backup } = record
    return { result: undefined, subject: { fingerprint, label, backup } }
  })
}

/** A key that does not sign what its public half verifies is found out before it is kept. */
async function checkPair(key: CryptoKey, publicKey: Uint8Array): Promise<void> {
  const message = encodeUtf8('omega-exchange key check')
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', key, message))
  await verifySignature(publicKey, message, signature)
}
