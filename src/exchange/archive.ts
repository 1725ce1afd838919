import { archiveId, archivePae, encodeArchiveHead, type ArchiveHeader } from '../core/archive.ts'
import { toBase64 } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import { parseIdentityBackup } from '../core/identity-backup.ts'
import type { CallOptions } from '../worker/bridge.ts'
import type { ArchiveSummary } from '../worker/archive-summary.ts'
import { getIdentity, openSigner } from './identity.ts'
import { exclusively, nowAsTime, perform, type Instance } from './instance.ts'

export type { ArchiveSummary } from '../worker/archive-summary.ts'

/** The whole store as a file. */
export interface Backup {
  readonly file: File
  readonly id: string
  readonly header: ArchiveHeader
}

/** An archive that was opened and holds. Nothing of it is in the store. */
export interface OpenedArchive {
  readonly file: File
  /** The worker's number for it. */
  readonly handle: number
  readonly summary: ArchiveSummary
  close(): void
}

/** Faults of the machine and not of what is kept. */
const NOT_OF_THE_STORE = [
  'cancelled',
  'worker_lost',
  'file_unreadable',
  'storage_full',
  'storage_unavailable',
]

/**
 * Writes everything that is kept here, but private keys, into one file (store-format), signed where there is an identity
 * that can sign. It is read back as a stranger would: what cannot be restored is no backup. Throws `store_empty`,
 * `storage_damaged`, `line_too_long`, `cancelled`.
 */
export function backUpStore(instance: Instance, options: CallOptions = {}): Promise<Backup> {
  return exclusively(instance, () => backUpAlone(instance, options), options.signal)
}

async function backUpAlone(instance: Instance, options: CallOptions): Promise<Backup> {
  const signer = await findSigner(instance)
  const composed = await instance.worker.call('composeArchive', {}, { signal: options.signal })
  const issuer = signer && { fingerprint: signer.fingerprint, label: signer.label }
  const header = {
    ...composed.header,
    created_at: nowAsTime(instance),
    ...(issuer === null ? {} : { issuer }),
  }
  const signatures = signer && [
    {
      fingerprint: signer.fingerprint,
      public_key_pem: signer.public_key_pem,
      signature: toBase64(await signer.sign(archivePae(header))),
    },
  ]
  const head = encodeArchiveHead({ header, signatures: signatures ?? [] })
  const id = archiveId(header)
  const name = `omega-store-${header.created_at.slice(0, 10)}-${id.slice(0, 8)}.json`
  const file = new File([head, composed.body], name, { type: 'application/json' })
  const opened = await instance.worker.call('openArchive', { file }, options).catch((cause: unknown) => {
    if (!(cause instanceof ExchangeError) || NOT_OF_THE_STORE.includes(cause.code)) throw cause
    throw new ExchangeError('storage_damaged', `${cause.code} ${cause.detail}`, cause.place, { cause })
  })
  await instance.worker.call('release', { handle: opened.opened })
  if (options.signal?.aborted) throw new ExchangeError('cancelled')
  await perform(instance, 'store_archived', [], async (tx) => {
    await tx.objectStore('settings').put({ name: LAST_BACKUP, value: header.created_at })
    return { result: undefined, subject: { archive: id, memories: header.memory_count } }
  })
  return { file, id, header }
}

/** The identity and what signs with it; null where there is none, or it is locked. */
async function findSigner(instance: Instance) {
  const identity = await getIdentity(instance)
  const isLocked = identity?.locked && instance.heldKey.get(identity.fingerprint) === null
  return identity === null || isLocked ? null : { ...identity, sign: await openSigner(instance) }
}

const LAST_BACKUP = 'last_backup'

/** When the last backup of the store was made; null if none ever was. */
export async function lastBackup(instance: Instance): Promise<string | null> {
  const value = (await instance.db.get('settings', LAST_BACKUP))?.value
  return typeof value === 'string' ? value : null
}

/**
 * Reads and verifies an archive. Throws the code of the first thing that does not hold, `archive_invalid`,
 * `gzip_invalid`, `file_unreadable`, `cancelled`.
 */
export async function openArchive(
  instance: Instance,
  file: File,
  options: CallOptions = {},
): Promise<OpenedArchive> {
  const { opened: handle, summary } = await instance.worker.call('openArchive', { file }, options)
  const close = () => void instance.worker.call('release', { handle }).catch(() => undefined)
  try {
    // The worker may have been done before it heard of it.
    if (options.signal?.aborted) throw new ExchangeError('cancelled')
    for (const { sealed, fingerprint, public_key_pem } of summary.identities) {
      if (sealed === undefined) continue
      const inside = parseIdentityBackup(sealed)
      if (inside.fingerprint !== fingerprint || inside.public_key_pem !== public_key_pem)
        throw new ExchangeError('archive_invalid', 'identity: sealed')
    }
    return { file, handle, summary, close }
  } catch (error) {
    close()
    throw error
  }
}
