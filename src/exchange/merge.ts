import { MAX_EVIDENCE } from '../core/manifest-reader.ts'
import { parseManifestStatement } from '../core/manifest.ts'
import { parseCanonical, isObject, type JsonObject } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import { PAYLOAD_TYPE, statementId } from '../core/statement.ts'
import type { Holdings } from '../store/archive-records.ts'
import type { Transaction } from '../store/deed.ts'
import type { PeerRecord } from '../store/schema.ts'
import { bumpEpoch, commitBatch, deleteBatch } from '../store/staging.ts'
import type { MergedArchive } from '../worker/merge-archive.ts'
import { findForks, toForkRecord, type Fork, type HeldManifest } from './forks.ts'
import type { Instance } from './instance.ts'

/** What of an archive may be taken into a store that has its own, as it stands now. */
export interface MergeTerms {
  /** Keys whose memories are taken in. */
  readonly trusted: readonly string[]
  /** Keys that are new here and were trusted there; taken over only where the person agreed. */
  readonly offered: readonly PeerRecord[]
  /** Keys trusted there and revoked here, which they stay. */
  readonly refusedPeers: readonly PeerRecord[]
  readonly forks: readonly Fork[]
}

/** `trust`: the person has agreed to trust the offered keys. */
export async function termsOf(instance: Instance, holdings: Holdings, trust: boolean): Promise<MergeTerms> {
  const here = new Map((await instance.db.getAll('peers')).map((peer) => [peer.fingerprint, peer]))
  const own = new Set(await instance.db.getAllKeys('identities'))
  const isOffered = ({ fingerprint, state }: PeerRecord) =>
    state === 'trusted' && !here.has(fingerprint) && !own.has(fingerprint)
  const offered = holdings.peers.filter(isOffered)
  const trusted = [...here.values()].filter(({ state }) => state === 'trusted')
  const held = new Set(await instance.db.getAllKeys('manifests'))
  const brought = holdings.manifests.filter(({ id, direction }) => direction === 'imported' && !held.has(id))
  return {
    trusted: [...trusted, ...(trust ? offered : [])].map(({ fingerprint }) => fingerprint),
    offered,
    refusedPeers: holdings.peers.filter(
      ({ fingerprint, state }) => state === 'trusted' && here.get(fingerprint)?.state === 'revoked',
    ),
    forks: await findForks(
      instance,
      brought.flatMap(({ id, statement, evidence }) => [{ id, statement }, ...evidence.flatMap(toManifest)]),
    ),
  }
}

function toManifest(line: string): HeldManifest[] {
  const value = parseCanonical(line)
  if (!isObject(value) || value['type'] !== PAYLOAD_TYPE.manifest) return []
  const statement = parseManifestStatement(value)
  return [{ id: statementId(statement.type, statement.header), statement }]
}

/**
 * Takes over what is not here, inside the deed, and answers what its audit row says of it. No decision that was made
 * here is changed. Throws `untrusted_peer` where one was made since.
 */
export async function putMerged(
  tx: Transaction,
  holdings: Holdings,
  merged: MergedArchive,
  { terms, trust, at, fileName }: { terms: MergeTerms; trust: boolean; at: string; fileName: string },
): Promise<JsonObject> {
  const peers = await putPeers(tx, holdings.peers, terms, trust)
  const identities = await putIdentities(tx, holdings)
  for (const { id, lines } of merged.batches)
    await (lines > 0 ? commitBatch(tx, id, lines) : deleteBatch(tx, id))
  const refused = new Set(terms.forks.map((fork) => fork.refused.id))
  const manifests = await putManifests(tx, holdings, merged, refused)
  const places = await putPlaces(tx, holdings, refused)
  const known_forks = await putKnownForks(tx, holdings, terms, at, fileName)
  for (const tombstone of merged.tombstones) await tx.objectStore('tombstones').put(tombstone)
  if (merged.tombstones.length > 0) await bumpEpoch(tx)
  const own = merged.batches.find(({ manifest }) => manifest === null)
  return {
    added: own?.lines ?? 0,
    ...(merged.root === null ? {} : { merkle_root: merged.root }),
    batches: merged.batches
      .filter(({ manifest, lines }) => manifest !== null && lines > 0)
      .map(({ added, issuer, label, lines, manifest }) => ({ added, issuer, label, lines, manifest })),
    erased: merged.erased,
    gone: merged.gone,
    identities,
    known_forks,
    manifests: manifests.added,
    evidence: manifests.evidence,
    peers,
    places,
    tombstones: merged.tombstones.length,
  }
}

/** Whether nothing of this would change the store: then it is no deed. */
export function isNothing(subject: JsonObject): boolean {
  return Object.values(subject).every((value) => value === 0 || (Array.isArray(value) && value.length === 0))
}

async function putPeers(
  tx: Transaction,
  archived: readonly PeerRecord[],
  { trusted }: MergeTerms,
  trust: boolean,
): Promise<JsonObject[]> {
  const store = tx.objectStore('peers')
  const here = new Map((await store.getAll()).map((peer) => [peer.fingerprint, peer]))
  const own = new Set(await tx.objectStore('identities').getAllKeys())
  const added = archived.filter(
    ({ fingerprint, state }) =>
      !here.has(fingerprint) && !own.has(fingerprint) && (state === 'revoked' || trust),
  )
  const now = new Map([...added.map((peer) => [peer.fingerprint, peer] as const), ...here])
  // Between the reading and the commit another tab may have revoked one.
  if (trusted.some((fingerprint) => now.get(fingerprint)?.state !== 'trusted'))
    throw new ExchangeError('untrusted_peer')
  for (const peer of added) await store.add(peer)
  return added.map(({ fingerprint, label, history }) => ({
    fingerprint,
    history: history.map(({ at: _, ...decision }) => decision),
    label,
  }))
}

/** Keys of memories of our own, that they are known as that; without the private ones, which are not here. */
async function putIdentities(tx: Transaction, { identities }: Holdings): Promise<JsonObject[]> {
  const store = tx.objectStore('identities')
  const here = new Set(await store.getAllKeys())
  const added = identities.filter(({ fingerprint }) => !here.has(fingerprint))
  for (const identity of added) await store.add({ ...identity, restored: true })
  return added.map(({ backup, fingerprint, label }) => ({ backup, fingerprint, label }))
}

/** Manifests made and imported, also where their memories are not taken in: what was signed stays known. */
async function putManifests(
  tx: Transaction,
  holdings: Holdings,
  { leaves }: MergedArchive,
  refused: ReadonlySet<string>,
): Promise<{ readonly added: JsonObject[]; readonly evidence: number }> {
  const added: JsonObject[] = []
  let statements = 0
  const store = tx.objectStore('manifests')
  for (const record of holdings.manifests) {
    if (refused.has(record.id)) continue
    const here = await store.get(record.id)
    if (here === undefined) {
      await store.add(record)
      await tx.objectStore('leaves').put({ id: record.id, leaves: leaves.get(record.id)! })
      added.push({ made: record.direction === 'made', manifest: record.id })
    } else {
      const evidence = [...new Set([...here.evidence, ...record.evidence])].slice(0, MAX_EVIDENCE)
      statements += evidence.length - here.evidence.length
      if (evidence.length > here.evidence.length) await store.put({ ...here, evidence })
    }
  }
  return { added, evidence: statements }
}

/** The furthest that either store knew. One that was imported counts for more than one only seen. */
async function putPlaces(
  tx: Transaction,
  { places }: Holdings,
  refused: ReadonlySet<string>,
): Promise<number> {
  let added = 0
  const store = tx.objectStore('places')
  for (const place of places) {
    if (refused.has(place.id)) continue
    const here = await store.get([place.issuer, place.stream, place.sequence])
    const isFurther = here === undefined || (here.id === place.id && place.imported && !here.imported)
    if (!isFurther) continue
    added++
    await store.put(place)
  }
  return added
}

/** Forks that the other store knew, as it left them, and those that show only now: these are for the person to decide. */
async function putKnownForks(
  tx: Transaction,
  holdings: Holdings,
  { forks }: MergeTerms,
  at: string,
  fileName: string,
): Promise<JsonObject[]> {
  const found = forks.map((fork) => toForkRecord(fork, at, fileName))
  const added: JsonObject[] = []
  const store = tx.objectStore('forks')
  for (const fork of [...found, ...holdings.forks]) {
    const { issuer, stream, refused, frozen } = fork
    if ((await store.get([issuer, stream, refused.id])) !== undefined) continue
    await store.add(fork)
    added.push({ frozen, issuer, refused: refused.id, stream })
  }
  return added
}
