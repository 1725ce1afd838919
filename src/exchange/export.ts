import { isHash, toBase64, toBase64Url, toHex } from '../core/bytes.ts'
import type { JsonObject } from '../core/canonical.ts'
import { ExchangeError } from '../core/errors.ts'
import {
  encodeHead,
  hashDetails,
  isNote,
  parseEnvelope,
  TAIL,
  type Details,
  type Envelope,
} from '../core/manifest.ts'
import { normalizeSelection, type Selection, type SelectionInput } from '../core/selection.ts'
import { encodePae, PAYLOAD_TYPE, statementId, verifyStatement } from '../core/statement.ts'
import { isTime, toAscending } from '../core/text.ts'
import type { OwnStreamRecord } from '../store/schema.ts'
import type { CallOptions } from '../worker/bridge.ts'
import type { ExportBody, ExportPreview } from '../worker/export.ts'
import { checkLabel, openSigner, ownKeys, requireIdentity, type Identity } from './identity.ts'
import { exclusively, nowAsTime, perform, present, type Instance } from './instance.ts'

export type { ExportPreview } from '../worker/export.ts'
export type OwnStream = OwnStreamRecord

/** What to export. `picked` are keys of rows chosen by hand; the other members narrow them further. */
export interface ExportInput extends Omit<SelectionInput, 'hand_picked'> {
  readonly picked?: readonly string[] | undefined
}

export interface ExportTerms {
  /** Fingerprints it is meant for; none: open. */
  readonly audience?: readonly string[] | undefined
  readonly note?: string | undefined
  /** A time, or a date for its 00:00:00.000Z. */
  readonly expires_at?: string | undefined
  /** One of our streams, or the name of a new one; absent: the first, made when there is none. */
  readonly stream?: { readonly id: string } | { readonly name: string } | undefined
  /** How many memories the person who allowed it was told of; another number is not signed. */
  readonly expected?: number | undefined
}

export interface Exported {
  readonly file: File
  readonly id: string
  readonly count: number
  readonly fingerprint: string
  readonly envelope: Envelope
}

const FIRST_STREAM = 'General'

/** Counts what would be exported; nothing is signed. Throws `selection_invalid`. */
export function previewExport(
  instance: Instance,
  input: ExportInput,
  options: CallOptions = {},
): Promise<ExportPreview> {
  return instance.worker.call('previewExport', toQuery(input), options)
}

/** Our lines of manifests under the present identity, oldest first. */
export async function listStreams(instance: Instance): Promise<OwnStream[]> {
  const { fingerprint } = await requireIdentity(instance)
  const streams = (await instance.db.getAll('own_streams')).filter((stream) => stream.issuer === fingerprint)
  return streams.sort((a, b) => (a.created_at < b.created_at ? -1 : 1))
}

/**
 * Writes and signs a manifest. The lines are made in the worker; the sequence is reserved durably before anything is
 * signed, so that a crash leaves a gap in the stream and never a fork. Throws `no_identity`, `identity_locked`, `selection_invalid`,
 * `empty_selection`, `storage_damaged`, `author_forged`, `line_too_long`, `manifest_unknown` for a stream that is not
 * ours, `label_invalid` for the name of a new one, `fingerprint_incomplete`, `changed_since_asked`, `cancelled`.
 */
export function exportManifest(
  instance: Instance,
  input: ExportInput,
  terms: ExportTerms = {},
  options: CallOptions = {},
): Promise<Exported> {
  // Alone: two tabs in one stream would both follow the same manifest, and lines must not go while they are read.
  return exclusively(instance, () => exportAlone(instance, input, terms, options), options.signal)
}

async function exportAlone(
  instance: Instance,
  input: ExportInput,
  terms: ExportTerms,
  options: CallOptions,
): Promise<Exported> {
  const identity = await requireIdentity(instance)
  const sign = await openSigner(instance)
  const query = toQuery(input)
  const details = toDetails(query.selection, terms)
  const expires_at = toExpiry(instance, terms.expires_at)
  const body = await instance.worker.call(
    'writeBody',
    { ...query, ownKeys: await ownKeys(instance) },
    options,
  )
  // The worker may have been done before it heard of it; a person was told that no number is used up.
  if (options.signal?.aborted) throw new ExchangeError('cancelled')
  if (terms.expected !== undefined && terms.expected !== body.count)
    throw new ExchangeError('changed_since_asked', `${terms.expected} then, ${body.count} now`)
  const stream = await reserveSequence(instance, identity, terms)
  const header = {
    created_at: nowAsTime(instance),
    details_hash: hashDetails(details),
    ...(expires_at === undefined ? {} : { expires_at }),
    issuer: { fingerprint: identity.fingerprint, label: identity.label },
    memory_count: body.count,
    merkle_root: body.root,
    previous: stream.last,
    sequence: stream.issued,
    stream: stream.stream,
  }
  const signature = toBase64(await sign(encodePae(PAYLOAD_TYPE.manifest, header)))
  const signatures = [
    { fingerprint: identity.fingerprint, public_key_pem: identity.public_key_pem, signature },
  ]
  // Read back as a stranger would, so that nothing leaves that a stranger would refuse.
  const envelope = parseEnvelope({
    details,
    header,
    signatures,
    type: PAYLOAD_TYPE.manifest,
  } as unknown as JsonObject)
  await verifyStatement(envelope)
  const id = statementId(envelope.type, envelope.header)
  const name = `manifest-${header.created_at.slice(0, 10)}-${id.slice(0, 8)}.json`
  const file = new File([encodeHead(envelope), body.body, TAIL], name, { type: 'application/json' })
  await registerExport(instance, { envelope, id, body, file })
  return { file, id, count: body.count, fingerprint: identity.fingerprint, envelope }
}

/** The next place in the stream is taken now, signed or not. */
async function reserveSequence(
  instance: Instance,
  identity: Identity,
  terms: ExportTerms,
): Promise<OwnStream> {
  const current = await chooseStream(instance, identity, terms.stream)
  // A first manifest that was reserved and never signed: nothing could name it as previous, so its stream ends here.
  const lost = current.issued > 0 && current.last === null
  const reserved = lost
    ? { ...current, stream: newStreamId(), issued: 1 }
    : { ...current, issued: current.issued + 1 }
  return perform(instance, 'sequence_reserved', ['own_streams'], async (tx) => {
    if (lost) await tx.objectStore('own_streams').delete(current.stream)
    await tx.objectStore('own_streams').put(reserved)
    return { result: reserved, subject: { stream: reserved.stream, sequence: reserved.issued } }
  })
}

async function chooseStream(
  instance: Instance,
  identity: Identity,
  wanted: ExportTerms['stream'],
): Promise<OwnStream> {
  const streams = await listStreams(instance)
  if (wanted !== undefined && 'id' in wanted) {
    const chosen = streams.find(({ stream }) => stream === wanted.id)
    if (chosen === undefined) throw new ExchangeError('manifest_unknown', 'stream')
    return chosen
  }
  if (wanted === undefined && streams[0] !== undefined) return streams[0]
  return {
    stream: newStreamId(),
    issuer: identity.fingerprint,
    name: wanted === undefined ? FIRST_STREAM : checkLabel(wanted.name),
    issued: 0,
    last: null,
    created_at: nowAsTime(instance),
  }
}

function newStreamId(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)))
}

/** Puts what was signed into the register, before it is handed out: what is not in it was never released. */
async function registerExport(
  instance: Instance,
  made: { readonly envelope: Envelope; readonly id: string; readonly body: ExportBody; readonly file: File },
): Promise<void> {
  const { envelope, id, body, file } = made
  const { header, signatures, type, details } = envelope
  await perform(instance, 'manifest_exported', ['manifests', 'leaves', 'own_streams'], async (tx) => {
    await tx.objectStore('manifests').add({
      id,
      direction: 'made',
      file_name: file.name,
      bytes: file.size,
      at: header.created_at,
      statement: { header, signatures, type },
      details,
      evidence: [],
      counts: { exported: body.count },
    })
    await tx.objectStore('leaves').put({ id, leaves: body.leaves })
    const stream = await tx.objectStore('own_streams').get(header.stream)
    await tx.objectStore('own_streams').put({ ...stream!, last: id })
    const subject = { manifest: id, exported: body.count, stream: header.stream, sequence: header.sequence }
    return { result: undefined, subject }
  })
}

function toQuery({ picked, ...input }: ExportInput): { selection: Selection; picked?: readonly string[] } {
  if (picked === undefined) return { selection: normalizeSelection(input) }
  if (picked.length === 0) throw new ExchangeError('empty_selection')
  return { selection: normalizeSelection({ ...input, hand_picked: true }), picked }
}

function toDetails(selection: Selection, terms: ExportTerms): Details {
  const audience = toAscending(terms.audience ?? [])
  if (!audience.every(isHash)) throw new ExchangeError('fingerprint_incomplete')
  const note = terms.note?.trim() || undefined
  if (note !== undefined && !isNote(note)) throw new ExchangeError('selection_invalid', 'note')
  return present({
    audience: audience.length > 0 ? audience : undefined,
    note,
    salt: toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
    selection: selection as JsonObject,
  }) as Details
}

function toExpiry(instance: Instance, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00.000Z` : text
  if (!isTime(time) || time <= nowAsTime(instance)) throw new ExchangeError('selection_invalid', 'expires_at')
  return time
}
