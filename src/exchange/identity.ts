import { encodeUtf8 } from '../core/bytes.ts'
import { verifySignature } from '../core/ed25519.ts'
import { ExchangeError } from '../core/errors.ts'
import { parseIdentityBackup, type IdentityBackup } from '../core/identity-backup.ts'
import { encodePublicKey, fingerprintOf } from '../core/pem.ts'
import { canSign, makeKeyPair } from '../core/private-key.ts'
import { isShortString } from '../core/text.ts'
import { LOCK_MINUTES, type IdentityRecord } from '../store/schema.ts'
import { readBackup, seal, toBackupFile, unseal } from './backup.ts'
import { nowAsTime, perform, type Instance } from './instance.ts'
import { keepsKeys } from './key-keeping.ts'

export { canSign } from '../core/private-key.ts'
export { LOCK_MINUTES } from '../store/schema.ts'

export const LOCK_SETTING = 'lock_minutes'
const DEFAULT_LOCK_MINUTES = 15

/** What may be shown of an identity: all but the key. */
export interface Identity extends Omit<IdentityRecord, 'key' | 'sealed'> {
  /** Its key is kept wrapped under a passphrase alone, and unlocked to sign. */
  readonly locked: boolean
  /** A wrapped copy of its key is kept here, and can be saved as a backup. */
  readonly sealed: boolean
}

export interface NewIdentity {
  readonly identity: Identity
  /** The copy of the private key under the passphrase; null if the person chose to have none. */
  readonly backup: File | null
}

export type Sign = (message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>

/** The identity that signs here; null before one is made. */
export async function getIdentity(instance: Instance): Promise<Identity | null> {
  const record = await currentIdentity(instance)
  return record === null ? null : toIdentity(record)
}

/** Identities of a restored store whose private keys have not been brought, and that therefore sign nothing. */
export async function identitiesWithoutKey(instance: Instance): Promise<Identity[]> {
  return (await instance.db.getAll('identities')).filter((record) => !isUsable(record)).map(toIdentity)
}

/** Fingerprints of all keys this instance ever signed with. */
export async function ownKeys(instance: Instance): Promise<string[]> {
  return instance.db.getAllKeys('identities')
}

/**
 * Makes the identity. With a passphrase the private key is wrapped, unwrapped again on the spot, and only then kept;
 * without, it never exists in a form that could be read. `locked`: only the wrapped key is kept, and it is unlocked now.
 * Throws `identity_exists`, `label_invalid`, `passphrase_weak`, `lock_required`, `ed25519_unavailable`, `key_not_kept`,
 * `storage_full`.
 */
export async function createIdentity(
  instance: Instance,
  input: {
    readonly label: string
    readonly passphrase?: string | undefined
    readonly locked?: boolean | undefined
  },
): Promise<NewIdentity> {
  const { passphrase, locked = false } = input
  const label = checkLabel(input.label)
  await requireNone(instance, locked)
  if (locked && passphrase === undefined) throw new ExchangeError('passphrase_weak')
  const extractable = passphrase !== undefined
  const pair = await makeKeyPair(extractable)
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const made = {
    fingerprint: fingerprintOf(publicKey),
    label,
    public_key_pem: encodePublicKey(publicKey),
    created_at: nowAsTime(instance),
    backup: extractable,
    restored: false,
  }
  if (passphrase === undefined) {
    await checkPair(pair.privateKey, publicKey)
    return {
      identity: await keepIdentity(instance, { ...made, key: pair.privateKey }, 'identity_created'),
      backup: null,
    }
  }
  const sealed = await seal(instance.worker, made, pair.privateKey, passphrase)
  const key = await unseal(instance.worker, parseIdentityBackup(sealed), passphrase)
  await checkPair(key, publicKey)
  const identity = await keepIdentity(
    instance,
    { ...made, ...(locked ? { sealed } : { key }) },
    'identity_created',
  )
  if (locked) await holdKey(instance, identity, key)
  return { identity, backup: toBackupFile(sealed) }
}

/**
 * Takes an identity back from its backup file. It starts new streams: what the lost store had issued is unknown.
 * `locked` as for `createIdentity`. Throws `identity_exists`, `backup_invalid`, `passphrase_wrong`, `lock_required`,
 * `ed25519_unavailable`, `key_not_kept`, `storage_full`.
 */
export async function restoreIdentity(
  instance: Instance,
  file: Blob,
  passphrase: string,
  locked = false,
): Promise<Identity> {
  await requireNone(instance, locked)
  const sealed = await readBackup(file)
  const backup = parseIdentityBackup(sealed)
  const key = await unsealPair(instance, backup, passphrase)
  const { fingerprint, label, public_key_pem, created_at } = backup
  const identity = await keepIdentity(
    instance,
    {
      fingerprint,
      label,
      public_key_pem,
      created_at,
      backup: true,
      restored: true,
      ...(locked ? { sealed } : { key }),
    },
    'identity_restored',
  )
  if (locked) await holdKey(instance, identity, key)
  return identity
}

/**
 * What signs with the identity's key, for one deed: begun before the key was locked, it may end after. Throws
 * `no_identity`, `identity_locked`.
 */
export async function openSigner(instance: Instance): Promise<Sign> {
  const record = await requireRecord(instance)
  const key = record.key ?? instance.heldKey.get(record.fingerprint)
  if (key === null) throw new ExchangeError('identity_locked')
  return async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, message))
}

/** The name others are shown beside this key, from the next export on. Throws `no_identity`, `label_invalid`. */
export async function renameIdentity(instance: Instance, name: string): Promise<void> {
  const label = checkLabel(name)
  await changeIdentity(instance, 'identity_renamed', (record) => ({ ...record, label }))
}

/** Changes the identity's record, under one audit row. Throws `no_identity`, and what `change` throws. */
export async function changeIdentity(
  instance: Instance,
  operation: string,
  change: (record: IdentityRecord) => IdentityRecord,
): Promise<void> {
  await perform(instance, operation, ['identities'], async (tx) => {
    const identities = tx.objectStore('identities')
    const record = (await identities.getAll()).findLast(isUsable)
    if (record === undefined) throw new ExchangeError('no_identity')
    const changed = change(record)
    await identities.put(changed)
    return { result: undefined, subject: { fingerprint: changed.fingerprint, label: changed.label } }
  })
}

/** The identity, or `no_identity`. */
export async function requireIdentity(instance: Instance): Promise<Identity> {
  return toIdentity(await requireRecord(instance))
}

/** The identity with its key or what that is wrapped in, or `no_identity`. */
export async function requireRecord(instance: Instance): Promise<IdentityRecord> {
  const record = await currentIdentity(instance)
  if (record === null) throw new ExchangeError('no_identity')
  return record
}

/**
 * The private key of a backup, known to be the one of its public half. Throws `passphrase_wrong`, `backup_invalid`,
 * `ed25519_unavailable`.
 */
export async function unsealPair(
  instance: Instance,
  backup: IdentityBackup,
  passphrase: string,
): Promise<CryptoKey> {
  const key = await unseal(instance.worker, backup, passphrase)
  await checkPair(key, backup.publicKey).catch((cause: unknown) => {
    throw new ExchangeError('backup_invalid', 'the key is another one', {}, { cause })
  })
  return key
}

/** Holds the key of a locked identity until it was idle for the time that is set. */
export async function holdKey(
  instance: Instance,
  { fingerprint }: { readonly fingerprint: string },
  key: CryptoKey,
): Promise<void> {
  instance.heldKey.hold(fingerprint, key, (await lockMinutes(instance)) * 60_000)
}

/** Minutes without a deed of the person after which an unlocked identity is locked. */
export async function lockMinutes(instance: Instance): Promise<number> {
  const set = (await instance.db.get('settings', LOCK_SETTING))?.value
  return LOCK_MINUTES.find((minutes) => minutes === set) ?? DEFAULT_LOCK_MINUTES
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

/** Before anything is made of a key: there is none yet, and it could be kept. */
async function requireNone(instance: Instance, locked: boolean): Promise<void> {
  if ((await currentIdentity(instance)) !== null) throw new ExchangeError('identity_exists')
  if (!(await canSign())) throw new ExchangeError('ed25519_unavailable')
  if (locked) return
  if (instance.isFromDisk) throw new ExchangeError('lock_required')
  if (!(await keepsKeys(instance))) throw new ExchangeError('key_not_kept')
}

async function keepIdentity(
  instance: Instance,
  record: IdentityRecord,
  operation: string,
): Promise<Identity> {
  await perform(instance, operation, ['identities'], async (tx) => {
    const identities = tx.objectStore('identities')
    // Asked again inside the transaction: another tab may have made one meanwhile.
    if ((await identities.getAll()).some(isUsable)) throw new ExchangeError('identity_exists')
    // In a restored store it may stand there without its key.
    await identities.put(record)
    const { fingerprint, label, backup, key } = record
    return { result: undefined, subject: { fingerprint, label, backup, locked: key === undefined } }
  })
  return toIdentity(record)
}

function toIdentity({ key, sealed, ...shown }: IdentityRecord): Identity {
  return { ...shown, locked: key === undefined, sealed: sealed !== undefined }
}

/** A key that does not sign what its public half verifies is found out before it is kept. */
async function checkPair(key: CryptoKey, publicKey: Uint8Array): Promise<void> {
  const message = encodeUtf8('omega-exchange key check')
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', key, message))
  await verifySignature(publicKey, message, signature)
}
