import type { JsonObject } from '../core/canonical.ts'
import { canonicalize } from '../core/canonical.ts'
import type { Code } from '../core/codes.ts'
import { assert, ExchangeError } from '../core/errors.ts'
import { classifyFreshness, isExpired } from '../core/freshness.ts'
import { MAX_EVIDENCE } from '../core/manifest-reader.ts'
import type { ManifestHeader } from '../core/manifest.ts'
import type { Report } from '../core/report.ts'
import type { Verification, VerifiedEnvelope } from '../core/verification.ts'
import type { Transaction } from '../store/deed.ts'
import type { BatchOrigin, PeerRecord } from '../store/schema.ts'
import { commitBatch, deleteBatch } from '../store/staging.ts'
import type { CallOptions } from '../worker/bridge.ts'
import type { ImportCounts, Staged } from '../worker/import.ts'
import {
  describeForks,
  findForks,
  isFrozen,
  listForks,
  manifestsOf,
  newForks,
  placesOf,
  putForks,
  type Fork,
} from './forks.ts'
import { ownKeys } from './identity.ts'
import { exclusively, nowAsTime, perform, type Instance } from './instance.ts'
import { requireEngine } from './integrity.ts'
import { refreshReport, type OpenedManifest } from './manifest.ts'
import { discardStaged } from './memories.ts'

export type { ImportCounts } from '../worker/import.ts'

export interface ImportResult extends ImportCounts {
  readonly manifest: string
  readonly peer: { readonly fingerprint: string; readonly label: string }
}

/** Why a manifest with this report may not be imported; null if it may (manifest-format, 7). Step under step, the policy. */
export function importRefusal(report: Report): Code | null {
  if (report.result !== 'ok') return report.result
  if (report.trust?.issuer === 'own') return 'own_manifest'
  if (report.trust?.issuer === 'revoked') return 'revoked_peer'
  if (report.trust?.issuer !== 'trusted') return 'untrusted_peer'
  if (report.freshness === 'fork') return 'stream_fork'
  if (report.expired === true) return 'manifest_expired'
  return null
}

/**
 * Imports an opened manifest: all or nothing. Trust, stream and time are asked again, for they may have changed since
 * it was opened, and every line is held against the leaf that was verified; its memories are staged unseen, and one transaction makes them visible together with the
 * manifest, the place in its stream and the audit row. Throws the code of the refusal, `engine_unreliable`,
 * `author_forged`, `file_changed`, `cancelled`, `storage_full`; then nothing has changed.
 */
export async function importManifest(
  instance: Instance,
  opened: OpenedManifest,
  options: CallOptions = {},
): Promise<ImportResult> {
  // It may wait for its turn, and the page open another file meanwhile.
  return opened.during(() =>
    exclusively(instance, () => importAlone(instance, opened, options), options.signal),
  )
}

async function importAlone(
  instance: Instance,
  opened: OpenedManifest,
  options: CallOptions,
): Promise<ImportResult> {
  const allowed = await requireAllowed(instance, opened)
  return withStaged(instance, opened, allowed.origin, options, (staged, batch) =>
    commitImport(instance, { ...allowed, opened, staged, batch }),
  )
}

/** What an import would do now; nothing is kept of it. Throws as `importManifest`. */
export function previewImport(
  instance: Instance,
  opened: OpenedManifest,
  options: CallOptions = {},
): Promise<ImportCounts> {
  const preview = async () => {
    const { origin } = await requireAllowed(instance, opened)
    return withStaged(instance, opened, origin, options, async ({ counts }, batch) => {
      await discardStaged(instance, batch)
      return counts
    })
  }
  return opened.during(() => exclusively(instance, preview, options.signal))
}

/** What is known of a manifest that may be imported now. Throws the code of the refusal. */
async function requireAllowed(
  instance: Instance,
  opened: OpenedManifest,
): Promise<Pick<Prepared, 'signed' | 'peer' | 'forks' | 'origin'>> {
  await requireEngine(instance)
  const refusal = importRefusal(await refreshReport(instance, opened))
  const { signed, failure } = opened.verification
  const forks = await forksOfPeers(instance, await findForks(instance, manifestsOf(opened.verification)))
  if (refusal === 'stream_fork') await recordForks(instance, opened, forks)
  if (refusal !== null) throw new ExchangeError(refusal, '', placeOf(failure))
  assert(signed !== null, 'what may be imported is signed')
  const { header } = signed.envelope
  const peer = await instance.db.get('peers', header.issuer.fingerprint)
  assert(peer !== undefined, 'a trusted issuer is a peer')
  return { signed, peer, forks, origin: originOf(instance, opened, signed, peer) }
}

function originOf(
  instance: Instance,
  opened: OpenedManifest,
  signed: VerifiedEnvelope,
  peer: PeerRecord,
): BatchOrigin {
  const { header } = signed.envelope
  return {
    fingerprint: peer.fingerprint,
    label: peer.label,
    manifest: signed.id,
    file_name: opened.file.name,
    merkle_root: header.merkle_root,
    stream: header.stream,
    sequence: header.sequence,
    imported_at: nowAsTime(instance),
  }
}

/** Stages it unseen, lets `use` do with it, and takes out what `use` did not make visible. */
async function withStaged<Result>(
  instance: Instance,
  opened: OpenedManifest,
  origin: BatchOrigin,
  options: CallOptions,
  use: (staged: Staged, batch: string) => Promise<Result>,
): Promise<Result> {
  const batch = crypto.randomUUID()
  const input = { opened: opened.handle, batch, origin, ownKeys: await ownKeys(instance) }
  try {
    const staged = await instance.worker.call('stageImport', input, options)
    // The worker may have been done before it heard of it; a person was told that nothing is taken in.
    if (options.signal?.aborted) throw new ExchangeError('cancelled')
    return await use(staged, batch)
  } catch (error) {
    await discardStaged(instance, batch)
    throw error
  }
}

/** Evidence stands outside the signature: a courier could fill the register with quarrels of keys nobody knows. */
async function forksOfPeers(instance: Instance, forks: readonly Fork[]): Promise<Fork[]> {
  const peers = new Set(await instance.db.getAllKeys('peers'))
  return forks.filter(({ refused }) => peers.has(refused.statement.header.issuer.fingerprint))
}

interface Prepared {
  readonly opened: OpenedManifest
  readonly signed: VerifiedEnvelope
  readonly staged: Staged
  readonly peer: PeerRecord
  readonly batch: string
  readonly origin: BatchOrigin
  /** Streams of others that the evidence shows to be forked; they do not hinder this manifest (manifest-format, 5). */
  readonly forks: readonly Fork[]
}

const COMMITTED = ['batches', 'pages', 'segments', 'peers', 'manifests', 'leaves', 'places', 'forks'] as const

function commitImport(instance: Instance, prepared: Prepared): Promise<ImportResult> {
  const { opened, signed, staged, peer, batch, origin, forks } = prepared
  const { header, details } = signed.envelope
  const { fingerprint, label } = peer
  return perform(instance, 'manifest_imported', COMMITTED, async (tx) => {
    await checkStillAllowed(tx, signed, nowAsTime(instance))
    await (staged.staged > 0 ? commitBatch(tx, batch, staged.staged) : deleteBatch(tx, batch))
    const known = await tx.objectStore('manifests').get(signed.id)
    if (known === undefined) {
      await tx.objectStore('manifests').add({
        id: signed.id,
        direction: 'imported',
        file_name: opened.file.name,
        bytes: opened.file.size,
        at: origin.imported_at,
        statement: { header, signatures: signed.envelope.signatures, type: signed.envelope.type },
        details,
        evidence: [],
        counts: { ...staged.counts },
      })
      await tx.objectStore('leaves').put({ id: signed.id, leaves: staged.leaves })
      await putPlace(tx, header, signed.id, true)
    }
    await keepEvidence(tx, opened.verification, new Set(forks.map(({ refused }) => refused.id)))
    await putForks(tx, forks, origin.imported_at, opened.file.name)
    const result = { ...staged.counts, manifest: signed.id, peer: { fingerprint, label } }
    const subject: JsonObject = {
      ...staged.counts,
      ...(forks.length === 0 ? {} : { forks: describeForks(forks) }),
      issuer: fingerprint,
      lines: staged.staged,
      manifest: signed.id,
    }
    return { result, subject }
  })
}

/**
 * Keeps the evidence that came with a manifest, and the places seen in it but for those of `forked`. The same manifest
 * may come again with other evidence, which stands outside its signature: of that too, but not without end.
 */
async function keepEvidence(
  tx: Transaction,
  verification: Verification,
  forked: ReadonlySet<string>,
): Promise<void> {
  const record = (await tx.objectStore('manifests').get(verification.signed!.id))!
  const held = new Set(record.evidence)
  const fresh = verification.evidence
    .map((each) => ({ ...each, line: canonicalize(each.statement) }))
    .filter(({ line }) => !held.has(line))
    .slice(0, MAX_EVIDENCE - held.size)
  if (fresh.length === 0) return
  await tx.objectStore('manifests').put({ ...record, evidence: [...held, ...fresh.map(({ line }) => line)] })
  const kept = new Set(fresh.map(({ id }) => id))
  for (const { id, statement } of manifestsOf(verification).slice(1)) {
    if (kept.has(id) && !forked.has(id)) await putPlace(tx, statement.header, id, false)
  }
}

/** Between the check and the commit another tab may have revoked the peer or imported another manifest. */
async function checkStillAllowed(tx: Transaction, signed: VerifiedEnvelope, now: string): Promise<void> {
  const { header } = signed.envelope
  const { fingerprint } = header.issuer
  const peer = await tx.objectStore('peers').get(fingerprint)
  if (peer?.state !== 'trusted')
    throw new ExchangeError(peer === undefined ? 'untrusted_peer' : 'revoked_peer')
  const places = await tx.objectStore('places').getAll(placesOf(fingerprint, header.stream))
  const frozen = await isFrozen(tx.objectStore('forks'), fingerprint, header.stream)
  if (classifyFreshness(header, signed.id, { places, frozen }) === 'fork')
    throw new ExchangeError('stream_fork')
  if (isExpired(header, now)) throw new ExchangeError('manifest_expired')
}

/** An imported place stays imported; one only seen never takes another's place. */
async function putPlace(
  tx: Transaction,
  header: ManifestHeader,
  id: string,
  imported: boolean,
): Promise<void> {
  const places = tx.objectStore('places')
  const issuer = header.issuer.fingerprint
  const known = await places.get([issuer, header.stream, header.sequence])
  if (known !== undefined && !imported) return
  await places.put({
    issuer,
    stream: header.stream,
    sequence: header.sequence,
    id,
    previous: header.previous,
    imported,
  })
}

/** Freezes what the file shows to be forked; of a stream frozen before there may be nothing new to keep. */
async function recordForks(
  instance: Instance,
  opened: OpenedManifest,
  forks: readonly Fork[],
): Promise<void> {
  const found = newForks(await listForks(instance), forks)
  if (found.length === 0) return
  await perform(instance, 'stream_frozen', ['forks'], async (tx) => {
    await putForks(tx, found, nowAsTime(instance), opened.file.name)
    return { result: undefined, subject: { forks: describeForks(found) } }
  })
}

function placeOf(failure: { readonly line: number; readonly index: number | null } | null): {
  line?: number
  index?: number
} {
  if (failure === null) return {}
  return failure.index === null ? { line: failure.line } : { line: failure.line, index: failure.index }
}
