import { toHex } from '../core/bytes.ts'
import { parseCanonical, type JsonObject, type JsonValue } from '../core/canonical.ts'
import { findFork } from '../core/freshness.ts'
import { hashDetails, parseEnvelope, parseManifestStatement, type ManifestHeader } from '../core/manifest.ts'
import { TreeHasher } from '../core/merkle.ts'
import {
  parseStatement,
  PAYLOAD_TYPE,
  statementId,
  verifyStatement,
  type Statement,
} from '../core/statement.ts'
import { readStored } from '../store/segment.ts'
import type { Database } from '../store/database.ts'
import type { ForkRecord, ManifestRecord, OwnStreamRecord, PlaceRecord } from '../store/schema.ts'
import type { Findings } from './integrity-findings.ts'
import type { History } from './integrity-history.ts'
import { kernel } from './kernel.ts'

/** A manifest of the register that was verified anew, or one that stood in evidence and was. */
export interface HeldHeader {
  readonly id: string
  readonly header: ManifestHeader
}

/** What of the register holds: lineage leans on it. */
export interface Register {
  /** By id. */
  readonly manifests: ReadonlyMap<string, HeldHeader & { readonly leavesHold: boolean }>
  /** By id, out of evidence. */
  readonly seen: ReadonlyMap<string, HeldHeader>
  /** Ids of all that stand there, those that no longer verify among them. */
  readonly present: ReadonlySet<string>
}

const LEAVES_A_PAUSE = 4096

/** Verifies every manifest made and imported, with its details, leaves and evidence, as if it came anew. */
export async function checkManifests(db: Database, history: History, findings: Findings): Promise<Register> {
  const manifests = new Map<string, HeldHeader & { leavesHold: boolean }>()
  const seen = new Map<string, HeldHeader>()
  const ids = await db.getAllKeys('manifests')
  for (const id of ids) {
    // One at a time: the evidence of each may be 16 MiB, its leaves 32 bytes a memory.
    const [record, leaves] = [await db.get('manifests', id), await db.get('leaves', id)]
    if (record === undefined) continue
    findings.check('manifests')
    const header = await verifyRecord(record, findings)
    if (history.manifests.get(id) !== record.direction)
      findings.faultByHistory('manifest_unrecorded', { manifest: id })
    await checkEvidence(record, seen, findings)
    if (header !== null) {
      const root = await rootOf(await bytesOf(leaves?.leaves), header.memory_count, findings)
      const leavesHold = root === header.merkle_root
      if (!leavesHold) findings.fault('leaves_wrong', { manifest: id })
      manifests.set(id, { id, header, leavesHold })
    }
    findings.step(1)
  }
  const present = new Set(ids)
  for (const id of history.manifests.keys())
    if (!present.has(id)) findings.faultByHistory('manifest_gone', { manifest: id })
  return { manifests, seen, present }
}

async function verifyRecord(record: ManifestRecord, findings: Findings): Promise<ManifestHeader | null> {
  const place = { manifest: record.id }
  try {
    const statement = parseManifestStatement(record.statement as unknown as JsonValue)
    await verifyStatement(statement)
    if (statementId(statement.type, statement.header) !== record.id) throw new Error('another id')
    findings.guard('details_wrong', place, () => {
      parseEnvelope({ ...(record.statement as unknown as JsonObject), details: record.details })
      if (hashDetails(record.details) !== statement.header.details_hash) throw new Error('another hash')
    })
    return statement.header
  } catch {
    findings.fault('manifest_wrong', place)
    return null
  }
}

async function checkEvidence(
  record: ManifestRecord,
  seen: Map<string, HeldHeader>,
  findings: Findings,
): Promise<void> {
  const lines: readonly string[] = Array.isArray(record.evidence) ? record.evidence : ['']
  for (const line of lines) {
    try {
      const value = parseCanonical(line)
      const isManifest = (value as JsonObject)['type'] === PAYLOAD_TYPE.manifest
      const statement = isManifest ? parseManifestStatement(value) : parseStatement(value)
      await verifyStatement(statement)
      const id = statementId(statement.type, statement.header)
      if (isManifest) seen.set(id, { id, header: statement.header as ManifestHeader })
    } catch {
      findings.fault('evidence_wrong', { manifest: record.id })
    }
    await findings.pause()
  }
}

/** The bytes of kept leaves; what else may stand there is no array. */
async function bytesOf(leaves: unknown): Promise<unknown> {
  return leaves instanceof Blob ? readStored(leaves).catch(() => null) : leaves
}

/** Hex root of kept leaves; null where they are not that many. */
async function rootOf(leaves: unknown, count: number, findings: Findings): Promise<string | null> {
  if (!(leaves instanceof Uint8Array) || leaves.length !== 32 * count || count === 0) return null
  const tree = new TreeHasher(kernel?.hashSubtree)
  for (let at = 0; at < leaves.length; at += 32 * LEAVES_A_PAUSE) {
    tree.push(leaves.subarray(at, at + 32 * LEAVES_A_PAUSE))
    await findings.pause()
  }
  return toHex(tree.root())
}

/** Places of streams, streams of our own, and forks: against the manifests, the evidence and the history. */
export async function checkStreams(
  db: Database,
  { manifests, seen, present }: Register,
  history: History,
  findings: Findings,
): Promise<void> {
  const places = await db.getAll('places')
  const isKnown = (id: string) => present.has(id) || history.manifests.has(id)
  const isWhole = [...history.manifests.keys(), ...present].every((id) => manifests.has(id))
  const imported = new Set<string>()
  const taken = new Set(
    places.map(({ issuer, stream, sequence }) => JSON.stringify([issuer, stream, sequence])),
  )
  for (const place of places) {
    findings.check('streams')
    const held =
      place.imported === true ? manifests.get(place.id) : (seen.get(place.id) ?? manifests.get(place.id))
    // Of a manifest that is gone or no longer verifies that was told; what was seen in its evidence is gone with it.
    const isTold = held === undefined && (place.imported === true ? isKnown(place.id) : !isWhole)
    if (isTold) findings.doubt('streams')
    else if (held === undefined || typeof place.imported !== 'boolean' || !isPlaceOf(place, held))
      findings.fault('place_wrong', { stream: String(place.stream), sequence: Number(place.sequence) })
    if (place.imported === true) imported.add(place.id)
    await findings.pause()
  }
  for (const [id, { header }] of manifests) {
    if (history.manifests.get(id) === 'imported' && !imported.has(id))
      findings.fault('place_missing', { manifest: id, stream: header.stream, sequence: header.sequence })
  }
  // Of two that evidence shows in one place the first was kept; one that contradicts what was known is a fork.
  for (const [manifest, { header }] of seen) {
    const { issuer, stream, sequence } = header
    const isTaken = taken.has(JSON.stringify([issuer.fingerprint, stream, sequence]))
    if (!isTaken && !history.forks.has(manifest))
      findings.faultByHistory('place_missing', { manifest, stream, sequence })
  }
  await checkOwnStreams(await db.getAll('own_streams'), history, findings)
  await checkForks(await db.getAll('forks'), history, findings)
}

function isPlaceOf(place: PlaceRecord, { header }: HeldHeader): boolean {
  return (
    place.issuer === header.issuer.fingerprint &&
    place.stream === header.stream &&
    place.sequence === header.sequence &&
    place.previous === header.previous
  )
}

async function checkOwnStreams(
  streams: readonly OwnStreamRecord[],
  history: History,
  findings: Findings,
): Promise<void> {
  const present = new Set(streams.map(({ stream }) => stream))
  for (const { stream, issuer, issued, last } of streams) {
    findings.check('streams')
    const known = history.streams.get(stream)
    if (known?.issued !== issued || known.last !== last || !history.identities.has(issuer))
      findings.faultByHistory('own_stream_wrong', { stream: String(stream) })
  }
  // One whose first manifest was reserved and never signed was given up.
  for (const [stream, { last }] of history.streams)
    if (last !== null && !present.has(stream)) findings.faultByHistory('own_stream_wrong', { stream })
}

async function checkForks(forks: readonly ForkRecord[], history: History, findings: Findings): Promise<void> {
  const present = new Set<string>()
  for (const fork of forks) {
    findings.check('streams')
    try {
      const [refused, known] = [await verifySide(fork.refused), await verifySide(fork.known)]
      const { issuer, stream } = refused.header
      present.add(fork.refused.id)
      const place = { ...known.header, id: fork.known.id, imported: true }
      const isOne =
        issuer.fingerprint === known.header.issuer.fingerprint &&
        stream === known.header.stream &&
        fork.issuer === issuer.fingerprint &&
        fork.stream === stream &&
        findFork(refused.header, fork.refused.id, [place]) !== null
      const where = { manifest: fork.refused.id, stream }
      if (!isOne) findings.fault('fork_wrong', where)
      else if (history.forks.get(fork.refused.id)?.frozen !== fork.frozen)
        findings.faultByHistory('fork_wrong', where)
    } catch {
      findings.fault('fork_wrong', { stream: String(fork.stream) })
    }
  }
  for (const [manifest, { stream }] of history.forks)
    if (!present.has(manifest)) findings.faultByHistory('fork_missing', { manifest, stream })
}

async function verifySide(side: ForkRecord['refused']): Promise<Statement<ManifestHeader>> {
  const statement = parseManifestStatement(side.statement as unknown as JsonValue)
  await verifyStatement(statement)
  if (statementId(statement.type, statement.header) !== side.id) throw new Error('another id')
  return statement
}
