import { findFork, type KnownPlace } from '../core/freshness.ts'
import { parseCanonical, type JsonObject } from '../core/canonical.ts'
import type { ManifestHeader } from '../core/manifest.ts'
import { parseManifestStatement } from '../core/manifest.ts'
import { PAYLOAD_TYPE, statementId, type Statement } from '../core/statement.ts'
import type { Verification } from '../core/verification.ts'
import type { Transaction } from '../store/deed.ts'
import type { ForkRecord } from '../store/schema.ts'
import { perform, type Instance } from './instance.ts'

export type { ForkRecord } from '../store/schema.ts'

/** A signed manifest header with its id: that of a file, or one that stands in its evidence. */
export interface HeldManifest {
  readonly id: string
  readonly statement: Statement<ManifestHeader>
}

/** Two manifests that contradict each other. Any third party can check both signatures (manifest-format, 2). */
export interface Fork {
  readonly refused: HeldManifest
  readonly known: HeldManifest
}

/** The manifest of a verified file, then those in its evidence. */
export function manifestsOf({ signed, evidence }: Verification): HeldManifest[] {
  if (signed === null) return []
  const { header, signatures, type } = signed.envelope
  const seen = evidence.filter(({ statement }) => statement.type === PAYLOAD_TYPE.manifest) as HeldManifest[]
  return [{ id: signed.id, statement: { header, signatures, type } }, ...seen]
}

/** What of `held` contradicts a known place of its stream, or another of `held` before it. */
export async function findForks(instance: Instance, held: readonly HeldManifest[]): Promise<Fork[]> {
  const { store } = instance.db.transaction('places')
  const looked = held.map(async (refused, i) => {
    const { header } = refused.statement
    const before = held.slice(0, i).filter((other) => isSameStream(other, refused))
    const places = await store.getAll(placesOf(header.issuer.fingerprint, header.stream))
    const known = findFork(header, refused.id, [...places, ...before.map(toPlace)])
    if (known === null) return []
    const statement = before.find(({ id }) => id === known.id)?.statement
    return [{ refused, known: known.id, statement }]
  })
  const found = (await Promise.all(looked)).flat()
  const missing = found.flatMap(({ known, statement }) => (statement === undefined ? [known] : []))
  const stored = await storedStatements(instance, new Set(missing))
  return found.flatMap(({ refused, known, statement = stored.get(known) }) =>
    statement === undefined ? [] : [{ refused, known: { id: known, statement } }],
  )
}

/** Whether two manifests stand in one stream of one issuer. */
export function isSameStream(a: HeldManifest, b: HeldManifest): boolean {
  const [one, other] = [a.statement.header, b.statement.header]
  return one.stream === other.stream && one.issuer.fingerprint === other.issuer.fingerprint
}

/** All places of one stream. */
export function placesOf(issuer: string, stream: string): IDBKeyRange {
  return IDBKeyRange.bound([issuer, stream, 0], [issuer, stream, Infinity])
}

/** Streams in which two manifests contradict each other. */
export function listForks(instance: Instance): Promise<ForkRecord[]> {
  return instance.db.getAll('forks')
}

/** Those that are not on record. A person may have decided on one that is: it freezes nothing anew. */
export function newForks(records: readonly ForkRecord[], forks: readonly Fork[]): Fork[] {
  return forks.filter(({ refused }) => !records.some((record) => record.refused.id === refused.id))
}

/** Whether a person has yet to decide on a fork of this stream. */
export async function isFrozen(
  forks: { getAll(range: IDBKeyRange): Promise<ForkRecord[]> },
  issuer: string,
  stream: string,
): Promise<boolean> {
  return (await forks.getAll(forksOf(issuer, stream))).some(({ frozen }) => frozen)
}

function forksOf(issuer: string, stream: string): IDBKeyRange {
  return IDBKeyRange.bound([issuer, stream], [issuer, stream, []])
}

/** Freezes the streams and keeps both headers of each fork. */
export async function putForks(
  tx: Transaction,
  forks: readonly Fork[],
  at: string,
  fileName: string,
): Promise<void> {
  for (const fork of forks) {
    const record = toForkRecord(fork, at, fileName)
    const { issuer, stream, refused } = record
    if ((await tx.objectStore('forks').get([issuer, stream, refused.id])) !== undefined) continue
    await tx.objectStore('forks').put(record)
  }
}

/** A fork that was found now, frozen until a person decides. */
export function toForkRecord({ refused, known }: Fork, at: string, fileName: string): ForkRecord {
  const { issuer, stream } = refused.statement.header
  return {
    issuer: issuer.fingerprint,
    stream,
    found_at: at,
    file_name: fileName,
    frozen: true,
    refused,
    known,
  }
}

export function describeForks(forks: readonly Fork[]): JsonObject[] {
  return forks.map(({ refused, known }) => ({
    issuer: refused.statement.header.issuer.fingerprint,
    known: known.id,
    refused: refused.id,
    stream: refused.statement.header.stream,
  }))
}

/**
 * A person's decision on a fork: what was imported stays the history, and the stream is taken from again. The
 * manifest that contradicts it is refused as before; both headers stay on record.
 */
export async function resumeStream(instance: Instance, issuer: string, stream: string): Promise<void> {
  await perform(instance, 'stream_resumed', ['forks'], async (tx) => {
    for (const fork of await tx.objectStore('forks').getAll(forksOf(issuer, stream))) {
      await tx.objectStore('forks').put({ ...fork, frozen: false })
    }
    return { result: undefined, subject: { issuer, stream } }
  })
}

function toPlace({ id, statement: { header } }: HeldManifest): KnownPlace {
  return { sequence: header.sequence, id, previous: header.previous, imported: false }
}

/** Signed headers of known places: of manifests in the register, and out of their evidence, which is read once for all. */
async function storedStatements(
  instance: Instance,
  ids: ReadonlySet<string>,
): Promise<Map<string, Statement<ManifestHeader>>> {
  const statements = new Map<string, Statement<ManifestHeader>>()
  for (const id of ids) {
    const imported = await instance.db.get('manifests', id)
    if (imported !== undefined) statements.set(id, imported.statement)
  }
  // One record at a time: the evidence of each may be 16 MiB.
  let cursor =
    statements.size === ids.size ? null : await instance.db.transaction('manifests').store.openCursor()
  for (; cursor !== null && statements.size < ids.size; cursor = await cursor.continue()) {
    for (const line of cursor.value.evidence) {
      const value = parseCanonical(line)
      const { type, header } = value as JsonObject
      const id = statementId(type as string, header!)
      if (ids.has(id) && !statements.has(id)) statements.set(id, parseManifestStatement(value))
    }
  }
  return statements
}
