import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { Json, JsonObject } from './canonical.ts'
import { compareUnits, serialize } from './canonical.ts'
import { MTH, sha256 } from './merkle.ts'
import type { Signature, Statement } from './shapes.ts'
import { hex, MANIFEST_TYPE } from './shapes.ts'

/**
 * The naive writer: manifests from drafts, byte for byte the same for the same options, with a hook at each
 * stage where a forger could put a hand. The plain case is `buildManifest()`.
 */
export interface Signer {
  fingerprint: string
  pem: string
  label: string
  sign: (message: Uint8Array) => Uint8Array
}

/** Any SubjectPublicKeyInfo, well-formed or not, with whatever makes its signatures. */
export function signerOf(spki: Uint8Array, sign: Signer['sign'], label = 'Key'): Signer {
  const lines = Buffer.from(spki)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')
  const pem = `-----BEGIN PUBLIC KEY-----\n${lines}-----END PUBLIC KEY-----\n`
  return { fingerprint: hex(sha256(spki)), pem, label, sign }
}

function signerFrom(key: KeyObject, label: string): Signer {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return signerOf(spki, (message) => sign(null, message, key), label)
}

/** An Ed25519 key whose seed is the hash of a name: the same in each run. */
export function signerNamed(name: string): Signer {
  const seed = sha256(Buffer.from(name))
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  return signerFrom(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }), name)
}

/** Keys that were made once: of their algorithms no signature is verified, so that theirs may be any bytes. */
const TWINS = {
  'P-256':
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVg+03cnM5EWldFEQE1rLhn5B2f33jG+5yzIl1QOduKUk2MHp7cnEO7jEVjRuXyyXy4uMsqE2wg5gc/qUScPeUA==',
  RSA: 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtPz1XjZXmCciy3TyP6sRSVqh5WrmxTiaU/T5HNilfPdh0vZPGrTHDfz1tZToOoGK2D7PVgzX7usBZrtULjyTjt/zfVQ91pirxorPnFTJvvoOKdWo3tPGWVdLUJTMrtjumPmBEaGmRd0M6N8leZf2TCFVw2wpPM+Ki4X09fFotwMNhryojKR8Jli6S/CpocZSVyYkAYWR5m+0F7cMSkiBF1DfVw/DjllDA7NMYtpRpBkhLrBLewL5AAqnelgHOpP/+eO7pwtdUhUXS3lOsIIHHbIU/FKcTYcUhC4uINPSL1VOfJ+8uk5ClBAiQzIQ1VQy1SBvzS/risJuD2uVk9E4HwIDAQAB',
}

/** A key of another algorithm. */
export function twinSigner(kind: keyof typeof TWINS): Signer {
  return signerOf(Buffer.from(TWINS[kind], 'base64'), (message) => sha256(message), kind)
}

/** Any member of a memory; what is left out is made up from the index. */
export type Draft = JsonObject
type Edit<Value> = (value: Value) => void
type EditMemory = (memory: JsonObject, index: number) => void

/** Deterministic stand-in for the 16 random bytes of a blind or a salt. */
function pseudoRandom(name: string): string {
  return Buffer.from(sha256(Buffer.from(name)).subarray(0, 16)).toString('base64url')
}

function hashMetadata(metadata: Json | undefined): Uint8Array {
  return metadata === undefined ? new Uint8Array(32) : sha256(Buffer.from(serialize(metadata)))
}

/** Format 3, `sealed_hash` in hex. */
export function sealedHash(memory: JsonObject): string {
  const blind = Buffer.from(memory['blind'] as string, 'base64url')
  const content = sha256(Buffer.from(memory['content'] as string))
  return hex(sha256(Uint8Array.of(2), blind, content, hashMetadata(memory['metadata'])))
}

const NOT_IN_THE_LEAF = ['blind', 'content', 'content_sha256', 'leaf_hash', 'metadata', 'provenance']

/** Format 3, `leaf_hash` in hex. */
export function leafHash(memory: JsonObject): string {
  const record = Object.fromEntries(
    Object.entries(memory).filter(([name]) => !NOT_IN_THE_LEAF.includes(name)),
  )
  return hex(sha256(Uint8Array.of(0), Buffer.from(`omega-memory/1\n${serialize(record)}`)))
}

export function buildMemory(
  draft: Draft,
  index: number,
  author: Signer,
  beforeLeaf?: EditMemory,
): JsonObject {
  const memory: JsonObject = {
    author: author.fingerprint,
    blind: pseudoRandom(`blind ${index}`),
    content: `Memory ${index}`,
    created_at: '2026-01-02T03:04:05.678Z',
    entity_id: 'project',
    id: `mem-${hex(sha256(Buffer.from(`id ${index}`))).slice(0, 32)}`,
    tags: [],
    ...draft,
  }
  memory['content_sha256'] = hex(sha256(Buffer.from(String(memory['content']))))
  memory['sealed_hash'] = sealedHash(memory)
  beforeLeaf?.(memory, index)
  memory['leaf_hash'] = leafHash(memory)
  return memory
}

function byFingerprint(a: Signature, b: Signature): number {
  return compareUnits(a.fingerprint, b.fingerprint)
}

function paeOf(type: string, header: Json): Uint8Array {
  const [kind, body] = [Buffer.from(type), Buffer.from(serialize(header))]
  return Buffer.concat([Buffer.from(`DSSEv1 ${kind.length} `), kind, Buffer.from(` ${body.length} `), body])
}

/** Format 1. Signatures stand in their order whatever the order of the signers. */
export function signStatement(type: string, header: JsonObject, signers: readonly Signer[]): Statement {
  const signatures = signers.map(({ fingerprint, pem, sign }) => ({
    fingerprint,
    public_key_pem: pem,
    signature: Buffer.from(sign(paeOf(type, header))).toString('base64'),
  }))
  return { header, signatures: signatures.sort(byFingerprint), type }
}

/** A statement of any kind; the first signer is the issuer. */
export function buildStatement(
  type: string,
  members: JsonObject,
  signers: readonly [Signer, ...Signer[]],
): Statement {
  const { fingerprint, label } = signers[0]
  const common = { created_at: '2026-01-02T03:04:05.678Z', issuer: { fingerprint, label } }
  return signStatement(type, { ...common, ...members }, signers)
}

export interface ManifestOptions {
  memories?: readonly Draft[]
  /** The first is the issuer and the author of all memories. */
  signers?: readonly [Signer, ...Signer[]]
  /** Put in their order, by id. */
  evidence?: readonly Statement[]
  /** Members that join or replace those of the header and of the details before anything is hashed. */
  header?: JsonObject
  details?: JsonObject
  /** Sees each memory before its leaf is hashed; `memory` sees it after, before the root is built. */
  beforeLeaf?: EditMemory
  memory?: EditMemory
  /** Sees the header before it is signed, with everything already in it. */
  beforeSigning?: Edit<JsonObject>
  /** Signed and whole, before it is written. */
  envelope?: Edit<JsonObject>
  /** In order, before it is written. */
  orderedEvidence?: Edit<Json[]>
  /** The lines without their LF, then the bytes. */
  lines?: (lines: string[]) => string[]
  bytes?: (bytes: Uint8Array) => Uint8Array
}

export interface Manifest {
  bytes: Uint8Array
  lines: string[]
  id: string
  /** Hex, as stated in the memories. */
  leaves: string[]
  /** The envelope without its details: what other manifests carry as evidence. */
  statement: Statement
}

export const ISSUER = signerNamed('Issuer')

function idOf({ type, header }: Statement): string {
  return hex(sha256(paeOf(type, header)))
}

function joinList(open: string, items: readonly Json[], close: string): string[] {
  return [open, ...items.map((item, at) => serialize(item) + (at < items.length - 1 ? ',' : '')), close]
}

export function buildManifest(options: ManifestOptions = {}): Manifest {
  const { signers = [ISSUER] } = options
  const memories = (options.memories ?? [{}]).map((draft, index) => {
    const memory = buildMemory(draft, index, signers[0], options.beforeLeaf)
    options.memory?.(memory, index)
    return memory
  })
  const leaves = memories.map((memory) => String(memory['leaf_hash']))
  const details: JsonObject = { salt: pseudoRandom('salt'), selection: {}, ...options.details }
  const header: JsonObject = {
    created_at: '2026-01-02T03:04:05.678Z',
    details_hash: hex(sha256(Uint8Array.of(3), Buffer.from(serialize(details)))),
    issuer: { fingerprint: signers[0].fingerprint, label: signers[0].label },
    memory_count: memories.length,
    merkle_root: hex(MTH(leaves.map((leaf) => new Uint8Array(Buffer.from(leaf, 'hex'))))),
    previous: null,
    sequence: 1,
    stream: hex(sha256(Buffer.from(signers[0].fingerprint))).slice(0, 32),
    ...options.header,
  }
  options.beforeSigning?.(header)
  const statement = signStatement(MANIFEST_TYPE, header, signers)
  const envelope: JsonObject = { ...statement, details }
  options.envelope?.(envelope)
  const evidence: Json[] = [...(options.evidence ?? [])].sort((a, b) => compareUnits(idOf(a), idOf(b)))
  options.orderedEvidence?.(evidence)
  const written = [
    `{"envelope":${serialize(envelope)},`,
    ...(evidence.length === 0 ? ['"evidence":[],'] : joinList('"evidence":[', evidence, '],')),
    '"format":"omega-federation-manifest/1",',
    ...joinList('"memories":[', memories, ']}'),
  ]
  const lines = options.lines?.(written) ?? written
  const bytes = new Uint8Array(Buffer.from(lines.map((line) => `${line}\n`).join('')))
  return { bytes: options.bytes?.(bytes) ?? bytes, lines, id: idOf(statement), leaves, statement }
}
