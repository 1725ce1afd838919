import type { JsonObject } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Holdings } from '../store/archive-records.ts'
import type { Transaction } from '../store/deed.ts'
import type { StoreName } from '../store/schema.ts'
import { commitBatch } from '../store/staging.ts'
import type { StagedArchive } from '../worker/stage-archive.ts'
import type { CallOptions } from '../worker/bridge.ts'
import type { OpenedArchive } from './archive.ts'
import { exclusively, perform, type Instance } from './instance.ts'
import { requireEngine } from './integrity.ts'
import { discardStaged } from './memories.ts'

export interface RestoreResult {
  readonly restored: number
}

const ALL: readonly StoreName[] = [
  'segments',
  'pages',
  'batches',
  'tombstones',
  'identities',
  'peers',
  'manifests',
  'leaves',
  'places',
  'forks',
  'own_streams',
]

/** Whether nothing has ever been done here: every deed leaves its row. */
export async function isFresh(instance: Instance): Promise<boolean> {
  return (await instance.db.count('audit')) === 0
}

/**
 * Restores a store from an archive that was opened: all or nothing. Memories are staged unseen, and one transaction
 * makes everything visible. Throws `engine_unreliable`, `archive_foreign`, `file_changed`, `cancelled`, `storage_full`;
 * then nothing has changed.
 */
export function restoreStore(
  instance: Instance,
  opened: OpenedArchive,
  options: CallOptions = {},
): Promise<RestoreResult> {
  return exclusively(instance, () => restoreAlone(instance, opened, options), options.signal)
}

async function restoreAlone(
  instance: Instance,
  opened: OpenedArchive,
  options: CallOptions,
): Promise<RestoreResult> {
  await requireEngine(instance)
  if (!(await isFresh(instance))) throw new ExchangeError('archive_foreign')
  const { handle } = opened
  const holdings = await instance.worker.call('readHoldings', { opened: handle })
  const batches = holdings.batches.map(({ id }) => id)
  try {
    const staged = await instance.worker.call('stageArchive', { opened: handle, batches }, options)
    // The worker may have been done before it heard of it; a person was told that nothing is restored.
    if (options.signal?.aborted) throw new ExchangeError('cancelled')
    return await restoreWhole(instance, opened, holdings, staged)
  } catch (error) {
    for (const id of batches) await discardStaged(instance, id)
    throw error
  }
}

/** Into a store in which nothing was done: everything as it was, but for what a copy must not go on with. */
function restoreWhole(
  instance: Instance,
  { summary }: OpenedArchive,
  holdings: Holdings,
  staged: StagedArchive,
): Promise<RestoreResult> {
  return perform(instance, 'store_restored', ALL, async (tx) => {
    // Asked again inside the transaction: another tab may have begun something meanwhile.
    if ((await tx.objectStore('audit').count()) > 0) throw new ExchangeError('archive_foreign')
    for (const { id, lines } of staged.batches) await commitBatch(tx, id, lines)
    await Promise.all(putHoldings(tx, holdings, staged))
    const settings = tx.objectStore('settings')
    // As many deeds as there are rows; the one of now is counted behind them.
    await settings.put({ name: 'generation', value: holdings.audit.length })
    await settings.put({ name: 'last_backup', value: summary.header.created_at })
    const result = { restored: summary.header.memory_count }
    return { result, subject: describe(summary) }
  })
}

function* putHoldings(
  tx: Transaction,
  holdings: Holdings,
  { leaves }: StagedArchive,
): Generator<Promise<unknown>> {
  for (const row of holdings.audit) yield tx.objectStore('audit').add(row)
  // Its private key is not here, and the streams of ours are given up: what the other copy issues since is not known here.
  for (const identity of holdings.identities)
    yield tx.objectStore('identities').add({ ...identity, restored: true })
  for (const peer of holdings.peers) yield tx.objectStore('peers').add(peer)
  for (const manifest of holdings.manifests) yield tx.objectStore('manifests').add(manifest)
  for (const [id, bytes] of leaves) yield tx.objectStore('leaves').add({ id, leaves: bytes })
  for (const place of holdings.places) yield tx.objectStore('places').add(place)
  for (const fork of holdings.forks) yield tx.objectStore('forks').add(fork)
  for (const tombstone of holdings.tombstones) yield tx.objectStore('tombstones').add(tombstone)
}

/** Which archive it was: its end of the audit chain is what a later backup can be held against. */
function describe({ id, header }: OpenedArchive['summary']): JsonObject {
  return {
    archive: id,
    audit: { ...header.audit },
    ...(header.issuer === undefined ? {} : { issuer: header.issuer.fingerprint }),
    memory_root: header.memory_root,
  }
}
