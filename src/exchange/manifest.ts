import type { Memory } from '../core/memory.ts'
import { createReport, type Report, type ReportContext } from '../core/report.ts'
import type { Verification } from '../core/verify.ts'
import type { ForkRecord, ManifestRecord, PlaceRecord } from '../store/schema.ts'
import type { CallOptions } from '../worker/bridge.ts'
import { ownKeys } from './identity.ts'
import { nowAsTime, perform, type Instance } from './instance.ts'

export type { Report } from '../core/report.ts'
export type { ForkRecord, ManifestRecord } from '../store/schema.ts'

/** A manifest that was opened and verified. Nothing of it is in the store. */
export interface OpenedManifest {
  readonly file: File
  /** The worker's number for it. */
  readonly handle: number
  readonly verification: Verification
  readonly report: Report
  /** Memories `from` to `to` of an intact manifest, hashed again. Throws `file_changed`. */
  memories(from: number, to: number): Promise<Memory[]>
  close(): void
}

/** Reads and verifies the file, four layers; never throws for what its bytes are. Throws `file_unreadable`, `gzip_invalid`, `cancelled`. */
export async function openManifest(
  instance: Instance,
  file: File,
  options: CallOptions = {},
): Promise<OpenedManifest> {
  const { opened: handle, verification } = await instance.worker.call('verify', { file }, options)
  return {
    file,
    handle,
    verification,
    report: createReport(verification, await reportContext(instance, verification)),
    memories: (from, to) => instance.worker.call('readOpened', { opened: handle, from, to }),
    close: () => void instance.worker.call('release', { handle }).catch(() => undefined),
  }
}

/** The report of what was opened under the trust, the stream and the clock of now; the file is not read again. */
export async function refreshReport(instance: Instance, opened: OpenedManifest): Promise<Report> {
  return createReport(opened.verification, await reportContext(instance, opened.verification))
}

/** Trust list, stream and clock as they are now: what a report says beside the layers. */
export async function reportContext(instance: Instance, verification: Verification): Promise<ReportContext> {
  const peers = await instance.db.getAll('peers')
  const withState = (state: 'trusted' | 'revoked') =>
    new Set(peers.filter((peer) => peer.state === state).map((peer) => peer.fingerprint))
  const header = verification.signed?.envelope.header
  return {
    trust: {
      trusted: withState('trusted'),
      revoked: withState('revoked'),
      own: new Set(await ownKeys(instance)),
    },
    now: nowAsTime(instance),
    ...(header === undefined
      ? {}
      : { stream: await streamState(instance, header.issuer.fingerprint, header.stream) }),
  }
}

async function streamState(
  instance: Instance,
  issuer: string,
  stream: string,
): Promise<{ places: PlaceRecord[]; frozen: boolean }> {
  const places = await instance.db.getAll('places', placesOf(issuer, stream))
  const fork = await instance.db.get('forks', [issuer, stream])
  return { places, frozen: fork?.frozen ?? false }
}

/** All places of one stream. */
export function placesOf(issuer: string, stream: string): IDBKeyRange {
  return IDBKeyRange.bound([issuer, stream, 0], [issuer, stream, Infinity])
}

/** Manifests made and imported, newest first. */
export async function listManifests(instance: Instance): Promise<ManifestRecord[]> {
  const records = await instance.db.getAll('manifests')
  return records.sort((a, b) => (a.at < b.at ? 1 : -1))
}

/** Streams in which two manifests contradict each other. */
export function listForks(instance: Instance): Promise<ForkRecord[]> {
  return instance.db.getAll('forks')
}

/**
 * A person's decision on a fork: what was imported stays the history, and the stream is taken from again. The
 * manifest that contradicts it is refused as before; both headers stay on record.
 */
export async function resumeStream(instance: Instance, issuer: string, stream: string): Promise<void> {
  await perform(instance, 'stream_resumed', ['forks'], async (tx) => {
    const fork = await tx.objectStore('forks').get([issuer, stream])
    if (fork !== undefined) await tx.objectStore('forks').put({ ...fork, frozen: false })
    return { result: undefined, subject: { issuer, stream } }
  })
}
