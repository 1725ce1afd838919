import type { JsonObject } from '../core/canonical.ts'
import type { Code } from '../core/codes.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Holdings } from '../store/archive-records.ts'
import type { Transaction } from '../store/deed.ts'
import type { PeerRecord, StoreName } from '../store/schema.ts'
import { commitBatch } from '../store/staging.ts'
import type { MergeCounts } from '../worker/merge-archive.ts'
import type { StagedArchive } from '../worker/stage-archive.ts'
import type { CallOptions } from '../worker/bridge.ts'
import type { OpenedArchive } from './archive.ts'
import { ownKeys } from './identity.ts'
import { exclusively, nowAsTime, perform, type Instance } from './instance.ts'
import { requireEngine } from './integrity.ts'
import { discardStaged } from './memories.ts'
import { isNothing, putMerged, termsOf, type MergeTerms } from './merge.ts'

/** What restoring an archive here would do. */
export interface RestorePreview {
  /** `whole`: nothing was done here. `merge`: this store keeps what it has, and what is not here comes in. */
  readonly mode: 'whole' | 'merge'
  /** Why it may not be restored here; null if it may. */
  readonly refusal: Code | null
  /** It is signed by the identity that this store has. */
  readonly isOwn: boolean
  readonly counts: MergeCounts
  /** Keys that would become trusted here, if the person agrees. */
  readonly offered: readonly PeerRecord[]
  /** Keys that it trusts and that were revoked here: they stay revoked. */
  readonly revoked: readonly PeerRecord[]
  /** Streams of others in which it contradicts what is known here. */
  readonly forks: number
}

export interface RestoreResult {
  readonly mode: RestorePreview['mode']
  /** False: all of it was here. */
  readonly changed: boolean
  readonly counts: MergeCounts
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
async function isFresh(instance: Instance): Promise<boolean> {
  return (await instance.db.count('audit')) === 0
}

/** Why an archive may not be restored into this store; null if it may. */
function refusalOf(own: readonly string[], { summary }: OpenedArchive): Code | null {
  // Whoever has no identity yet may take one up; who has one takes in only what it has signed.
  return own.length === 0 || isSignedBy(own, summary) ? null : 'archive_foreign'
}

function isSignedBy(own: readonly string[], { signed, header }: OpenedArchive['summary']): boolean {
  return signed && own.includes(header.issuer!.fingerprint)
}

/** Compares an archive with this store; nothing is changed. `trust` as in `restoreStore`. Throws `file_changed`, `cancelled`. */
export async function previewRestore(
  instance: Instance,
  opened: OpenedArchive,
  trust: boolean,
  options: CallOptions = {},
): Promise<RestorePreview> {
  const { summary, handle } = opened
  const own = await ownKeys(instance)
  const refusal = refusalOf(own, opened)
  const isOwn = isSignedBy(own, summary)
  const whole = { added: summary.header.memory_count, already_local: 0, deleted_here: 0, withheld: 0 }
  const preview = { refusal, isOwn, counts: whole, revoked: [], forks: 0 }
  if (await isFresh(instance)) {
    const offered = summary.peers.filter(({ state }) => state === 'trusted')
    return { ...preview, mode: 'whole', offered }
  }
  if (refusal !== null) return { ...preview, mode: 'merge', offered: [] }
  const holdings = await instance.worker.call('readHoldings', { opened: handle })
  const terms = await termsOf(instance, holdings, trust)
  const merged = await instance.worker.call('previewMerge', { opened: handle, ...inputOf(terms) }, options)
  const { offered, refusedPeers: revoked, forks } = terms
  return { ...preview, mode: 'merge', counts: merged.counts, offered, revoked, forks: forks.length }
}

function inputOf({ trusted, forks }: MergeTerms): { trusted: readonly string[]; refused: readonly string[] } {
  return { trusted, refused: forks.map(({ refused }) => refused.id) }
}

/**
 * Restores a store from an archive that was opened: all or nothing. Memories are staged unseen, and one transaction
 * makes everything visible. `trust`: the person agrees to trust the keys that the archive trusts and that are new here;
 * a whole store comes back with them or not at all. Throws `engine_unreliable`, `archive_foreign`, `untrusted_peer`,
 * `file_changed`, `cancelled`, `storage_full`; then nothing has changed.
 */
export function restoreStore(
  instance: Instance,
  opened: OpenedArchive,
  { trust, ...options }: CallOptions & { readonly trust: boolean },
): Promise<RestoreResult> {
  return exclusively(instance, () => restoreAlone(instance, opened, trust, options), options.signal)
}

async function restoreAlone(
  instance: Instance,
  opened: OpenedArchive,
  trust: boolean,
  options: CallOptions,
): Promise<RestoreResult> {
  await requireEngine(instance)
  const refusal = refusalOf(await ownKeys(instance), opened)
  if (refusal !== null) throw new ExchangeError(refusal)
  const holdings = await instance.worker.call('readHoldings', { opened: opened.handle })
  if (!(await isFresh(instance))) return mergeAlone(instance, opened, holdings, trust, options)
  if (!trust && holdings.peers.some(({ state }) => state === 'trusted'))
    throw new ExchangeError('untrusted_peer')
  const batches = holdings.batches.map(({ id }) => id)
  return discarding(instance, batches, async () => {
    const staged = await instance.worker.call('stageArchive', { opened: opened.handle, batches }, options)
    throwIfAborted(options)
    return restoreWhole(instance, opened, holdings, staged)
  })
}

async function mergeAlone(
  instance: Instance,
  opened: OpenedArchive,
  holdings: Holdings,
  trust: boolean,
  options: CallOptions,
): Promise<RestoreResult> {
  const terms = await termsOf(instance, holdings, trust)
  const ids = holdings.batches.map(() => crypto.randomUUID() as string)
  const input = { opened: opened.handle, ids, ...inputOf(terms) }
  const nothing = new NothingNew()
  return discarding(instance, ids, async () => {
    const merged = await instance.worker.call('mergeArchive', input, options)
    throwIfAborted(options)
    const result = { mode: 'merge', counts: merged.counts } as const
    const context = { terms, trust, at: nowAsTime(instance), fileName: opened.file.name }
    return perform(instance, 'store_merged', ALL, async (tx) => {
      const changes = await putMerged(tx, holdings, merged, context)
      if (isNothing(changes)) throw nothing
      return { result: { ...result, changed: true }, subject: { ...changes, ...describe(opened.summary) } }
    }).catch(async (error: unknown) => {
      if (error !== nothing) throw error
      for (const id of ids) await discardStaged(instance, id)
      return { ...result, changed: false }
    })
  })
}

/** Ends a deed that turns out to be none. */
class NothingNew extends Error {}

/** What is staged and not committed is taken out again. */
async function discarding<T>(instance: Instance, ids: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    for (const id of ids) await discardStaged(instance, id)
    throw error
  }
}

/** The worker may have been done before it heard of it; a person was told that nothing is restored. */
function throwIfAborted({ signal }: CallOptions): void {
  if (signal?.aborted) throw new ExchangeError('cancelled')
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
    for (const setting of holdings.settings) await settings.put(setting)
    await settings.put({ name: 'last_backup', value: summary.header.created_at })
    const counts = { added: summary.header.memory_count, already_local: 0, deleted_here: 0, withheld: 0 }
    const result = { mode: 'whole', changed: true, counts } as const
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
