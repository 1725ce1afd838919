import type { FormatCode } from '../../src/core/codes.ts'
import type { Json, JsonObject } from './canonical.ts'
import { decodeUtf8, isObject, parseCanonical, serialize } from './canonical.ts'
import { verifyStrictly } from './ed25519.ts'
import { MTH, sha256 } from './merkle.ts'
import type { Key, Signature, Statement } from './shapes.ts'
import { decodeBase64, hex, isStatement, MANIFEST_TYPE, memoryForm, readKey } from './shapes.ts'

/**
 * The slow twin of the verifier: manifest-format, 2, 6 and 10, from the page alone, the whole file in memory,
 * each line's checks in the order of the table. A gzip file has been inflated before.
 */
type Layer = 'signature' | 'leaves' | 'root' | 'evidence'
interface Failure {
  layer: Layer
  code: FormatCode
  line: number
  index: number | null
}
export interface NaiveResult {
  failure: Failure | null
  /** Hex, as far as the file was read. */
  leaves: string[]
  /** The manifest's id once its first line has passed. */
  id: string | null
}

/** What a report tells beside that: of what verified, and of nothing else. */
export interface NaiveWhole extends NaiveResult {
  envelope: Statement | null
  /** Statements of the evidence that verified, in file order. */
  evidence: Statement[]
}

const PREFIX = '{"envelope":'
const MAX_LINE = 8 * 1024 * 1024
const HEAD = 65_536

interface Line {
  bytes: Buffer
  /** Ended by LF, or by the end of the file. */
  ended: boolean
}

function splitLines(bytes: Uint8Array): Line[] {
  const lines: Line[] = []
  const rest = Buffer.from(bytes)
  for (let from = 0; from < rest.length;) {
    const to = rest.indexOf(0x0a, from)
    lines.push({ bytes: rest.subarray(from, to < 0 ? rest.length : to), ended: to >= 0 })
    from = to < 0 ? rest.length : to + 1
  }
  return lines
}

/** Truncated, too long or not UTF-8, else the text. A line past 8 MiB is refused without looking for its end. */
function readLine(line: Line | undefined): { code: FormatCode } | { text: string } {
  if (line === undefined) return { code: 'truncated' }
  if (line.bytes.length > MAX_LINE) return { code: 'line_too_long' }
  if (!line.ended) return { code: 'truncated' }
  const text = decodeUtf8(line.bytes)
  return text === null ? { code: 'not_utf8' } : { text }
}

/** Line 1 of a file that does not start as a manifest must. */
function checkStranger(file: Buffer, first: Line): FormatCode {
  const head = file.subarray(0, HEAD)
  if (!head.includes('omega-federation-manifest') && !head.includes('"envelope"')) return 'not_a_manifest'
  const read = readLine(first)
  if ('code' in read) return read.code
  if (head.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf))) return 'not_utf8'
  try {
    // A character that the head ends in the middle of is no fault.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: head.length === HEAD })
  } catch {
    return 'not_utf8'
  }
  return 'not_canonical'
}

function paeOf(statement: Statement): Uint8Array {
  const type = Buffer.from(statement.type)
  const body = Buffer.from(serialize(statement.header))
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${body.length} `), body])
}

export function idOf(statement: Statement): string {
  return hex(sha256(paeOf(statement)))
}

/** Fingerprints of the keys that sign, and of those whose algorithm says nothing. */
export function signersOf(statement: Statement): { verified: string[]; skipped: string[] } {
  const isSkipped = ({ public_key_pem }: Signature) => (readKey(public_key_pem) as Key).ed25519 === null
  const names = (signatures: Signature[]) => signatures.map(({ fingerprint }) => fingerprint)
  return {
    verified: names(statement.signatures.filter((signature) => !isSkipped(signature))),
    skipped: names(statement.signatures.filter(isSkipped)),
  }
}

/** From `key_malformed` to `signer_missing`: all keys first, then all signatures, then who signed. */
export function checkSignatures(statement: Statement): FormatCode | null {
  const keys: Key[] = []
  for (const { public_key_pem, fingerprint } of statement.signatures) {
    const key = readKey(public_key_pem)
    if (key === 'key_malformed') return key
    if (key.fingerprint !== fingerprint) return 'fingerprint_mismatch'
    if (key.fault !== null) return key.fault
    keys.push(key)
  }
  const verified: string[] = []
  for (const [at, { fingerprint, signature }] of statement.signatures.entries()) {
    const point = keys[at]!.ed25519
    if (point === null) continue
    if (!verifyStrictly(point, paeOf(statement), decodeBase64(signature, 'base64')!))
      return 'signature_invalid'
    verified.push(fingerprint)
  }
  const { issuer, signers } = statement.header as { issuer: JsonObject; signers?: string[] }
  if (!verified.includes(issuer['fingerprint'] as string)) return 'issuer_unsigned'
  return signers?.some((signer) => !verified.includes(signer)) ? 'signer_missing' : null
}

function checkEnvelope(envelope: Json): FormatCode | null {
  if (isObject(envelope) && typeof envelope['type'] === 'string' && envelope['type'] !== MANIFEST_TYPE) {
    const isVersion = /^application\/vnd\.omega\.federation-manifest\.v\d+\+json$/.test(envelope['type'])
    return isVersion ? 'version_unsupported' : 'type_mismatch'
  }
  if (!isStatement(envelope, true)) return 'shape_invalid'
  // This reader knows no member beyond those defined, and those cannot be named.
  if (envelope.header['critical'] !== undefined) return 'critical_unknown'
  const code = checkSignatures(envelope)
  if (code !== null) return code
  const details = sha256(Uint8Array.of(3), Buffer.from(serialize(envelope['details']!)))
  return hex(details) === envelope.header['details_hash'] ? null : 'details_mismatch'
}

/** The recomputed leaf, or the first code that applies. */
function checkMemory(memory: Json): { code: FormatCode } | { leaf: Uint8Array } {
  const form = memoryForm(memory)
  if (form !== 'whole') return { code: form }
  const { blind, content, content_sha256, leaf_hash, metadata, ...record } = memory as JsonObject
  const contentHash = sha256(Buffer.from(content as string))
  if (hex(contentHash) !== content_sha256) return { code: 'content_hash_mismatch' }
  const metadataHash = metadata === undefined ? new Uint8Array(32) : sha256(Buffer.from(serialize(metadata)))
  const sealed = sha256(Uint8Array.of(2), decodeBase64(blind, 'base64url')!, contentHash, metadataHash)
  if (hex(sealed) !== record['sealed_hash']) return { code: 'sealed_hash_mismatch' }
  const leaf = sha256(Uint8Array.of(0), Buffer.from(`omega-memory/1\n${serialize(record)}`))
  return hex(leaf) === leaf_hash ? { leaf } : { code: 'leaf_hash_mismatch' }
}

interface EvidenceLine {
  line: number
  bytes: number
  value: Json
}

function checkEvidence(evidence: EvidenceLine[], verified: Statement[]): Failure | null {
  let [signatures, bytes, before] = [0, 0, '']
  for (const [at, { line, value, bytes: length }] of evidence.entries()) {
    const fail = (code: FormatCode): Failure => ({ layer: 'evidence', code, line, index: null })
    bytes += length
    signatures += isObject(value) && Array.isArray(value['signatures']) ? value['signatures'].length : 0
    if (at >= 1024 || signatures > 1024 || bytes > 16 * 1024 * 1024) return fail('limit_exceeded')
    if (!isStatement(value, false)) return fail('shape_invalid')
    const code = checkSignatures(value)
    if (code !== null) return fail(code)
    if (idOf(value) <= before) return fail('evidence_unordered')
    before = idOf(value)
    verified.push(value)
  }
  return null
}

export function verifyNaively(bytes: Uint8Array): NaiveResult {
  const { failure, leaves, id } = verifyWhole(bytes)
  return { failure, leaves, id }
}

export function verifyWhole(bytes: Uint8Array): NaiveWhole {
  const leaves: Uint8Array[] = []
  const evidence: EvidenceLine[] = []
  const verified: Statement[] = []
  let signed: Statement | null = null
  let id: string | null = null
  const end = (failure: Failure | null) => ({
    failure,
    leaves: leaves.map(hex),
    id,
    envelope: signed,
    evidence: verified,
  })
  const fail = (layer: Layer, code: FormatCode, line: number, index: number | null = null) =>
    end({ layer, code, line, index })

  const file = Buffer.from(bytes)
  const lines = splitLines(bytes)
  if (lines[0] === undefined) return fail('signature', 'file_empty', 1)
  if (!file.subarray(0, PREFIX.length).equals(Buffer.from(PREFIX))) {
    return fail('signature', checkStranger(file, lines[0]), 1)
  }
  const first = readLine(lines[0])
  if ('code' in first) return fail('signature', first.code, 1)
  const envelope = first.text.endsWith(',') ? parseCanonical(first.text.slice(PREFIX.length, -1)) : undefined
  if (envelope === undefined) return fail('signature', 'not_canonical', 1)
  const code = checkEnvelope(envelope)
  if (code !== null) return fail('signature', code, 1)
  const { header } = envelope as Statement
  const count = header['memory_count'] as number
  signed = envelope as Statement
  id = idOf(signed)

  // Each step reads line `at` and says which step is due on the next one.
  let due: 'evidence' | 'statement' | 'evidence end' | 'format' | 'memories' | 'memory' | 'end' = 'evidence'
  let at = 2
  for (; ; at++) {
    const index = due === 'memory' ? leaves.length : null
    const failHere = (code: FormatCode) => fail('leaves', code, at, index)
    const read = readLine(lines[at - 1])
    if ('code' in read) return failHere(read.code)
    const { text } = read
    if (due === 'evidence') {
      if (text !== '"evidence":[],' && text !== '"evidence":[') return failHere('not_canonical')
      due = text === '"evidence":[' ? 'statement' : 'format'
    } else if (due === 'evidence end') {
      if (text !== '],') return failHere('not_canonical')
      due = 'format'
    } else if (due === 'format') {
      if (text !== '"format":"omega-federation-manifest/1",') {
        const isVersion = /^"format":"omega-federation-manifest\/\d+",$/.test(text)
        return failHere(isVersion ? 'version_unsupported' : 'not_canonical')
      }
      due = 'memories'
    } else if (due === 'memories') {
      if (text !== '"memories":[') return failHere('not_canonical')
      due = 'memory'
    } else if (due === 'end') {
      if (text !== ']}') return failHere('not_canonical')
      if (leaves.length < count) return failHere('count_mismatch')
      break
    } else {
      const hasComma = text.endsWith(',')
      const value = parseCanonical(hasComma ? text.slice(0, -1) : text)
      if (value === undefined) return failHere('not_canonical')
      if (due === 'statement') {
        evidence.push({ line: at, bytes: lines[at - 1]!.bytes.length, value })
        due = hasComma ? 'statement' : 'evidence end'
      } else {
        const memory = checkMemory(value)
        if ('code' in memory) return failHere(memory.code)
        if (leaves.length === count) return failHere('count_mismatch')
        leaves.push(memory.leaf)
        due = hasComma ? 'memory' : 'end'
      }
    }
  }
  if (lines.length > at) return fail('leaves', 'trailing_data', at + 1)
  if (hex(MTH(leaves)) !== header['merkle_root']) return fail('root', 'root_mismatch', 1)
  return end(checkEvidence(evidence, verified))
}
