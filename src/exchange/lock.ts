import { ExchangeError } from '../core/errors.ts'
import { parseIdentityBackup } from '../core/identity-backup.ts'
import { readBackup, toBackupFile } from './backup.ts'
import { changeIdentity, holdKey, LOCK_MINUTES, LOCK_SETTING, requireRecord, unsealPair } from './identity.ts'
import { perform, type Instance } from './instance.ts'
import { keepsKeys } from './key-keeping.ts'

/**
 * Unlocks the identity in this tab, until it is locked again. Throws `no_identity`, `passphrase_wrong`, `backup_invalid`,
 * `ed25519_unavailable`.
 */
export async function unlock(instance: Instance, passphrase: string): Promise<void> {
  const { sealed, fingerprint } = await requireRecord(instance)
  if (sealed === undefined) return
  const key = await unsealPair(instance, parseSealed(sealed, fingerprint), passphrase)
  await holdKey(instance, { fingerprint }, key)
}

/** Locks it in all tabs. */
export function lock(instance: Instance): void {
  instance.heldKey.lock()
}

/**
 * From now on keeps the key wrapped alone: as the backup in `file` has it, or the copy that is here already. The passphrase
 * is tried first. Throws `no_identity`, `backup_invalid`, `backup_of_another`, `passphrase_wrong`,
 * `ed25519_unavailable`.
 */
export async function keepLocked(instance: Instance, passphrase: string, file?: Blob): Promise<void> {
  const { fingerprint, sealed: here } = await requireRecord(instance)
  const sealed = file === undefined ? here : await readBackup(file)
  if (sealed === undefined) throw new ExchangeError('backup_invalid')
  const key = await unsealPair(instance, parseSealed(sealed, fingerprint), passphrase)
  await changeIdentity(instance, 'identity_locked', ({ key: _, ...record }) => ({ ...record, sealed }))
  await holdKey(instance, { fingerprint }, key)
}

/**
 * From now on keeps the key itself, non-extractable, so that it need not be unlocked; the wrapped one stays beside it.
 * Throws `no_identity`, `identity_locked`, `key_not_kept`, `lock_required` for a store that other files share.
 */
export async function keepOpen(instance: Instance): Promise<void> {
  if (instance.isFromDisk) throw new ExchangeError('lock_required')
  const { fingerprint } = await requireRecord(instance)
  const key = instance.heldKey.get(fingerprint)
  if (key === null) throw new ExchangeError('identity_locked')
  if (!(await keepsKeys(instance))) throw new ExchangeError('key_not_kept')
  await changeIdentity(instance, 'identity_opened', (record) => ({ ...record, key }))
  instance.heldKey.lock()
}

/** The wrapped key that is kept here, as a file to save. Throws `no_identity`, `backup_invalid` where there is none. */
export async function saveBackup(instance: Instance): Promise<File> {
  const { sealed } = await requireRecord(instance)
  if (sealed === undefined) throw new ExchangeError('backup_invalid')
  return toBackupFile(sealed)
}

/** How long an unlocked identity stays so while nobody does anything; counts from the next unlocking. */
export async function setLockMinutes(
  instance: Instance,
  minutes: (typeof LOCK_MINUTES)[number],
): Promise<void> {
  await perform(instance, 'setting_changed', ['settings'], async (tx) => {
    await tx.objectStore('settings').put({ name: LOCK_SETTING, value: minutes })
    return { result: undefined, subject: { name: LOCK_SETTING, value: minutes } }
  })
}

function parseSealed(sealed: string, fingerprint: string) {
  const backup = parseIdentityBackup(sealed)
  if (backup.fingerprint !== fingerprint) throw new ExchangeError('backup_of_another')
  return backup
}
