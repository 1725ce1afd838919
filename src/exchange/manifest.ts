import { ExchangeError } from '../core/errors.ts'
import type { Memory } from '../core/memory.ts'
import type { StreamState } from '../core/freshness.ts'
import { createReport, type Report, type ReportContext } from '../core/report.ts'
import type { Verification, VerifiedEnvelope } from '../core/verification.ts'
import type { ManifestRecord } from '../store/schema.ts'
import type { CallOptions } from '../worker/bridge.ts'
import type { Excerpt } from '../worker/excerpt.ts'
import { ownKeys } from './identity.ts'
import { findForks, isSameStream, listForks, manifestsOf, newForks, placesOf } from './forks.ts'
import { isInstance, nowAsTime, type Instance, type Verifier } from './instance.ts'

export type { Report } from '../core/report.ts'
export type { VerifiedEnvelope } from '../core/verification.ts'
export type { Excerpt } from '../worker/excerpt.ts'
export type { ManifestRecord } from '../store/schema.ts'

/** A manifest that was opened and verified. Nothing of it is in the store. */
export interface OpenedManifest {
  readonly file: File
  /** The worker's number for it. */
  readonly handle: number
  readonly verification: Verification
  readonly report: Report
  /** What a list shows of memories `from` to `to`, each hashed again. Throws `file_changed`. */
  memories(from: number, to: number): Promise<Excerpt[]>
  /** Memory `index`, hashed again. Throws `file_changed`. */
  memory(index: number): Promise<Memory>
  /** Does `work`, until whose end the worker keeps the file, also if it is closed meanwhile. */
  during<Result>(work: () => Promise<Result>): Promise<Result>
  close(): void
}

/**
 * Reads and verifies the file, four layers; never throws for what its bytes are. `start` is what was read of its
 * beginning already. Throws `file_unreadable`, `cancelled`.
 */
export async function openManifest(
  verifier: Verifier,
  file: File,
  { start, ...options }: CallOptions & { readonly start?: Uint8Array } = {},
): Promise<OpenedManifest> {
  const { opened: handle, verification } = await verifier.worker.call('verify', { file, start }, options)
  let [works, isClosed] = [0, false]
  const release = () => {
    if (works === 0 && isClosed) verifier.worker.call('release', { handle }).catch(() => undefined)
  }
  const close = () => {
    isClosed = true
    release()
  }
  try {
    // The worker may have been done before it heard of it.
    if (options.signal?.aborted) throw new ExchangeError('cancelled')
    const report = createReport(verification, await reportContext(verifier, verification))
    return {
      file,
      handle,
      verification,
      report,
      memories: (from, to) => verifier.worker.call('listOpened', { opened: handle, from, to }),
      memory: (index) => verifier.worker.call('readOpened', { opened: handle, index }),
      async during(work) {
        works++
        try {
          return await work()
        } finally {
          works--
          release()
        }
      },
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

/** What is known of a manifest once its signature holds and while its memories are still being checked: nothing of them. */
export type SignedReport = Pick<Report, 'manifest' | 'trust' | 'expired' | 'clock_suspect' | 'audience'>

/** Who signed which header, and how that key stands here, under the allowlist and the clock of now. */
export async function reportSigned(verifier: Verifier, signed: VerifiedEnvelope): Promise<SignedReport> {
  const lists = isInstance(verifier) ? { trust: await trustLists(verifier) } : {}
  const context = { ...lists, now: nowAsTime(verifier) }
  const report = createReport({ failure: null, signed, memories: 0, evidence: [] }, context)
  const { manifest, trust, expired, clock_suspect, audience } = report
  // No layer and no result goes further: of those it would say what nobody has checked.
  return { manifest, trust, expired, clock_suspect, audience }
}

/** The report of what was opened under the trust, the stream and the clock of now; the file is not read again. */
export async function refreshReport(verifier: Verifier, opened: OpenedManifest): Promise<Report> {
  return createReport(opened.verification, await reportContext(verifier, opened.verification))
}

/** Trust list, stream and clock as they are now: what a report says beside the layers. */
async function reportContext(verifier: Verifier, verification: Verification): Promise<ReportContext> {
  const now = nowAsTime(verifier)
  // Without a store there is no allowlist and no stream to ask: the report says nothing of either.
  if (!isInstance(verifier)) return { now }
  const [stream, trust] = await Promise.all([streamState(verifier, verification), trustLists(verifier)])
  return {
    trust,
    now,
    ...(stream === null ? {} : { stream }),
  }
}

async function trustLists(instance: Instance): Promise<NonNullable<ReportContext['trust']>> {
  const [peers, own] = await Promise.all([instance.db.getAll('peers'), ownKeys(instance)])
  const withState = (state: 'trusted' | 'revoked') =>
    new Set(peers.filter((peer) => peer.state === state).map((peer) => peer.fingerprint))
  return {
    trusted: withState('trusted'),
    revoked: withState('revoked'),
    own: new Set(own),
  }
}

/** What is known of the manifest's stream; a fork that this very file's evidence shows freezes it too, until a person decided on it. */
async function streamState(instance: Instance, verification: Verification): Promise<StreamState | null> {
  const held = manifestsOf(verification)
  const [manifest] = held
  if (manifest === undefined) return null
  const { issuer, stream } = manifest.statement.header
  // Asked all at once: each answer comes from another process.
  const [places, found, records] = await Promise.all([
    instance.db.getAll('places', placesOf(issuer.fingerprint, stream)),
    findForks(instance, held),
    listForks(instance),
  ])
  const waiting = records.filter(({ frozen }) => frozen)
  const frozen = [...waiting, ...newForks(records, found)].some(({ refused }) =>
    isSameStream(refused, manifest),
  )
  return { places, frozen }
}

/** Manifests made and imported, newest first. */
export async function listManifests(instance: Instance): Promise<ManifestRecord[]> {
  const records = await instance.db.getAll('manifests')
  return records.sort((a, b) => (a.at < b.at ? 1 : -1))
}
