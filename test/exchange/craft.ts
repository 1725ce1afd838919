import { fromHex, toBase64, toBase64Url, toHex } from '../../src/core/bytes.ts'
import { canonicalize, type JsonObject, type JsonValue } from '../../src/core/canonical.ts'
import { FRAME, hashDetails, TAIL } from '../../src/core/manifest.ts'
import { createMemory, type Memory, type MemoryDraft } from '../../src/core/memory.ts'
import { TreeHasher } from '../../src/core/merkle.ts'
import { encodePublicKey, fingerprintOf } from '../../src/core/pem.ts'
import { encodePae, PAYLOAD_TYPE, statementId } from '../../src/core/statement.ts'

/** A stranger with a raw key who may sign whatever they like. */
export interface Stranger {
  readonly label: string
  readonly fingerprint: string
  readonly public_key_pem: string
  sign(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array>
}

export interface Crafted {
  readonly file: File
  readonly id: string
  readonly statement: JsonObject
  readonly lines: readonly string[]
}

export async function createStranger(label = 'Stranger'): Promise<Stranger> {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  return {
    label,
    fingerprint: fingerprintOf(raw),
    public_key_pem: encodePublicKey(raw),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, message)),
  }
}

export function craftMemory(author: string, draft: Partial<MemoryDraft> & JsonObject = {}): Memory {
  const full = { content: 'text', created_at: '2026-03-01T00:00:00.000Z', entity_id: 'e', tags: [], ...draft }
  return createMemory(full, author, { blind: random16(), idBytes: random16() })
}

export function random16(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(16))
}

/** A manifest that verifies, whatever it says. */
export async function craftManifest(
  signer: Stranger,
  memories: readonly Memory[],
  options: {
    header?: JsonObject
    details?: JsonObject
    evidence?: readonly JsonObject[]
    name?: string
  } = {},
): Promise<Crafted> {
  const tree = new TreeHasher()
  for (const memory of memories) tree.push(fromHex(memory.leaf_hash))
  const details = { salt: toBase64Url(random16()), selection: {}, ...options.details }
  const header: JsonObject = {
    created_at: '2026-05-01T00:00:00.000Z',
    details_hash: hashDetails(details),
    issuer: { fingerprint: signer.fingerprint, label: signer.label },
    memory_count: memories.length,
    merkle_root: toHex(tree.root()),
    previous: null,
    sequence: 1,
    stream: '00'.repeat(16),
    ...options.header,
  }
  const { statement, id } = await signStatement(PAYLOAD_TYPE.manifest, header, signer)
  const lines = memories.map((memory) => canonicalize(memory))
  const evidence = [...(options.evidence ?? [])].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const evidenceLines =
    evidence.length === 0
      ? FRAME.noEvidence
      : [FRAME.evidence, evidence.map((each) => canonicalize(each)).join(',\n'), FRAME.endEvidence].join('\n')
  const head = `${FRAME.envelope}${canonicalize({ ...statement, details })},\n${evidenceLines}\n${FRAME.format}\n${FRAME.memories}\n`
  const file = new File([head, lines.join(',\n'), TAIL], options.name ?? 'manifest.json')
  return { file, id, statement, lines }
}

async function signStatement(
  type: string,
  header: JsonObject,
  signer: Stranger,
): Promise<{ statement: JsonObject; id: string }> {
  const signature = toBase64(await signer.sign(encodePae(type, header)))
  const { fingerprint, public_key_pem } = signer
  return {
    statement: { header, signatures: [{ fingerprint, public_key_pem, signature }], type },
    id: statementId(type, header),
  }
}

function idOf({ type, header }: JsonObject): string {
  return statementId(type as string, header as JsonValue)
}

export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}

export async function bytesOf(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer())
}
