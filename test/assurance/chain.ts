import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import { MTH, node, sha256 } from '../reference/merkle.ts'
import { decodeBase64, hex } from '../reference/shapes.ts'
import { buildManifest, leafHash, sealedHash } from '../reference/writer.ts'
import type { Base, Mutators } from './base.ts'
import { altered, forge, inEnvelope, inLine, inMemory, only, put, ROOT, withEnvelope } from './base.ts'
import { MALLORY } from './pool.ts'
import type { Random } from './random.ts'

/**
 * The chain from the text to the signature: something changed, and every hash and signature made again but the
 * one of that link (manifest-format, 1 to 4). The forger holds the issuer's key: only the link can stop him.
 */
const hashOf = (text: string) => hex(sha256(Buffer.from(text)))

function withOtherContent(memory: JsonObject, random: Random): string {
  const content = altered(memory['content'] as string, random)
  memory['content'] = content
  return hashOf(content)
}

function withOtherMetadata(memory: JsonObject, random: Random): void {
  if (memory['metadata'] !== undefined && random.oneIn(3)) delete memory['metadata']
  else put(memory, 'metadata', { ...(memory['metadata'] as JsonObject | undefined), changed: random.hex(4) })
}

/** Members of the leaf record, each with another value that the format allows. */
function withOtherRecord(memory: JsonObject, random: Random): void {
  const edits: (() => void)[] = [
    () => put(memory, 'entity_id', random.hex(5)),
    () => put(memory, 'author', random.pick([MALLORY.fingerprint, random.hex(32)])),
    () => put(memory, 'created_at', '2026-03-04T05:06:07.089Z'),
    () => put(memory, 'id', `mem-${random.hex(16)}`),
    () => put(memory, 'tags', [random.hex(4)]),
    () => put(memory, 'event_type', random.hex(4)),
    () => put(memory, 'supersedes', [random.hex(32)]),
    () => put(memory, 'x-private', random.hex(4)),
    () => put(memory, random.pick(['constructor', 'toString', 'hasOwnProperty']), random.hex(4)),
  ]
  random.pick(edits)()
}

/** A leaf or seal hashed in another domain than its own. */
function leafUnder(tag: number[], prefix: string, memory: JsonObject): string {
  const hidden = ['blind', 'content', 'content_sha256', 'leaf_hash', 'metadata', 'provenance']
  const record = Object.fromEntries(Object.entries(memory).filter(([name]) => !hidden.includes(name)))
  return hex(sha256(Uint8Array.from(tag), Buffer.from(prefix + serialize(record))))
}

function sealUnder(tag: number[], memory: JsonObject): string {
  const metadata = memory['metadata']
  const sealed = metadata === undefined ? new Uint8Array(32) : sha256(Buffer.from(serialize(metadata)))
  const content = sha256(Buffer.from(memory['content'] as string))
  return hex(sha256(Uint8Array.from(tag), decodeBase64(memory['blind'], 'base64url')!, content, sealed))
}

/** Trees that are not the one of RFC 9162. */
const OTHER_TREES: ((leaves: Uint8Array[]) => Uint8Array)[] = [
  (leaves) => sha256(...leaves),
  (leaves) => MTH([...leaves, leaves.at(-1)!]),
  (leaves) => MTH(leaves.toReversed()),
  (leaves) => MTH(leaves.map((leaf) => sha256(Uint8Array.of(0), leaf))),
  (leaves) => leaves.reduce((left, right) => node(left, right)),
  (leaves) => leaves.reduce((left, right) => sha256(left, right)),
]

function onOneMemory(
  base: Base,
  random: Random,
  edit: (memory: JsonObject) => void,
): { bytes: Uint8Array; at: number } {
  const at = random.below(base.memories)
  return { bytes: forge(base, { beforeLeaf: only(at, edit) }), at }
}

export const CHAIN: Mutators = {
  'content changed, all made again but content_sha256': (base, random) => {
    const { bytes, at } = onOneMemory(base, random, (memory) => {
      withOtherContent(memory, random)
      memory['sealed_hash'] = sealedHash(memory)
    })
    return { bytes, expected: inMemory(base, at, 'content_hash_mismatch') }
  },
  'content changed, all made again but sealed_hash': (base, random) => {
    const { bytes, at } = onOneMemory(base, random, (memory) => {
      memory['content_sha256'] = withOtherContent(memory, random)
    })
    return { bytes, expected: inMemory(base, at, 'sealed_hash_mismatch') }
  },
  'metadata changed, all made again but sealed_hash': (base, random) => {
    const { bytes, at } = onOneMemory(base, random, (memory) => withOtherMetadata(memory, random))
    return { bytes, expected: inMemory(base, at, 'sealed_hash_mismatch') }
  },
  'blind changed, all made again but sealed_hash': (base, random) => {
    const { bytes, at } = onOneMemory(base, random, (memory) =>
      put(memory, 'blind', Buffer.from(random.bytes(16)).toString('base64url')),
    )
    return { bytes, expected: inMemory(base, at, 'sealed_hash_mismatch') }
  },
  'content or metadata changed, all made again but leaf_hash': (base, random) => {
    const at = random.below(base.memories)
    const edit = (memory: JsonObject) => {
      if (random.oneIn(2)) memory['content_sha256'] = withOtherContent(memory, random)
      else withOtherMetadata(memory, random)
      memory['sealed_hash'] = sealedHash(memory)
    }
    return {
      bytes: forge(base, { memory: only(at, edit) }),
      expected: inMemory(base, at, 'leaf_hash_mismatch'),
    }
  },
  'leaf record changed, all made again but leaf_hash': (base, random) => {
    const at = random.below(base.memories)
    const bytes = forge(base, { memory: only(at, (memory) => withOtherRecord(memory, random)) })
    return { bytes, expected: inMemory(base, at, 'leaf_hash_mismatch') }
  },
  'leaf_hash of another leaf, in the tree too': (base, random) => {
    const at = random.below(base.memories)
    const edit = (memory: JsonObject) => put(memory, 'leaf_hash', random.hex(32))
    return {
      bytes: forge(base, { memory: only(at, edit) }),
      expected: inMemory(base, at, 'leaf_hash_mismatch'),
    }
  },
  'leaf hashed in another domain': (base, random) => {
    const at = random.below(base.memories)
    const [tag, prefix] = random.pick<[number[], string]>([
      [[], 'omega-memory/1\n'],
      [[1], 'omega-memory/1\n'],
      [[0], ''],
      [[0], 'omega-memory/2\n'],
      [[0], 'omega-audit-row/1\n'],
    ])
    const edit = (memory: JsonObject) => put(memory, 'leaf_hash', leafUnder(tag, prefix, memory))
    return {
      bytes: forge(base, { memory: only(at, edit) }),
      expected: inMemory(base, at, 'leaf_hash_mismatch'),
    }
  },
  'sealed in another domain': (base, random) => {
    const { bytes, at } = onOneMemory(base, random, (memory) =>
      put(memory, 'sealed_hash', sealUnder(random.pick([[], [0], [1], [3]]), memory)),
    )
    return { bytes, expected: inMemory(base, at, 'sealed_hash_mismatch') }
  },
  'memory changed, all made again but merkle_root': (base, random) => {
    const at = random.below(base.memories)
    const edit = (memory: JsonObject) => {
      if (random.oneIn(2)) withOtherRecord(memory, random)
      else memory['content_sha256'] = withOtherContent(memory, random)
      memory['sealed_hash'] = sealedHash(memory)
      memory['leaf_hash'] = leafHash(memory)
    }
    const merkle_root = base.statement.header['merkle_root']!
    const beforeSigning = (header: JsonObject) => put(header, 'merkle_root', merkle_root)
    return { bytes: forge(base, { memory: only(at, edit), beforeSigning }), expected: ROOT }
  },
  'root of another tree, signed': (base, random) => {
    const leaves = base.leaves.map((leaf) => new Uint8Array(Buffer.from(leaf, 'hex')))
    const root = hex(random.pick(OTHER_TREES)(leaves))
    if (root === base.statement.header['merkle_root']) return null
    return {
      bytes: forge(base, { beforeSigning: (header) => put(header, 'merkle_root', root) }),
      expected: ROOT,
    }
  },
  'memory changed, all made again but the signatures': (base, random) => {
    const at = random.below(base.memories)
    const beforeLeaf = only(at, (memory) => {
      memory['content_sha256'] = withOtherContent(memory, random)
      memory['sealed_hash'] = sealedHash(memory)
    })
    const envelope = (forged: JsonObject) =>
      put(forged, 'signatures', base.statement.signatures as unknown as Json)
    return { bytes: forge(base, { beforeLeaf, envelope }), expected: inEnvelope('signature_invalid') }
  },
  'details changed, all made again but details_hash': (base, random) => {
    const { details_hash } = base.statement.header
    const details: JsonObject = { ...base.options.details }
    random.pick<() => void>([
      () => put(details, 'note', random.hex(4)),
      () => put(details, 'audience', [random.hex(32)]),
      () => put(details, 'salt', Buffer.from(random.bytes(16)).toString('base64url')),
      () => put(details, 'selection', { entity_id: random.hex(4) }),
      () => put(details, random.pick(['more', '__proto__', 'x']), random.hex(4)),
    ])()
    const beforeSigning = (header: JsonObject) => put(header, 'details_hash', details_hash!)
    return { bytes: forge(base, { details, beforeSigning }), expected: inEnvelope('details_mismatch') }
  },
  'details changed, all made again but the signatures': (base, random) => {
    const bytes = withEnvelope(base, ({ details, header }) => {
      put(details, 'note', random.hex(4))
      put(header, 'details_hash', hex(sha256(Uint8Array.of(3), Buffer.from(serialize(details)))))
    })
    return { bytes, expected: inEnvelope('signature_invalid') }
  },
  'details hashed in another domain': (base, random) => {
    const text = Buffer.from(serialize(base.options.details!))
    const hash = hex(sha256(Uint8Array.from(random.pick([[], [0], [2], [3, 3]])), text))
    const beforeSigning = (header: JsonObject) => put(header, 'details_hash', hash)
    return { bytes: forge(base, { beforeSigning }), expected: inEnvelope('details_mismatch') }
  },
  'details of another manifest': (base, random, pool) => {
    const other = random.pick(pool)
    if (other.statement.header['details_hash'] === base.statement.header['details_hash']) return null
    const bytes = withEnvelope(base, (envelope) => (envelope.details = other.options.details!))
    return { bytes, expected: inEnvelope('details_mismatch') }
  },
  'memory_count larger, signed': (base, random) => {
    const count = base.memories + random.pick([1, 2, 1000, 2 ** 32 - 1 - base.memories])
    return {
      bytes: forge(base, { beforeSigning: (header) => put(header, 'memory_count', count) }),
      expected: inLine(base, base.lineOf.close, 'count_mismatch'),
    }
  },
  'memory_count smaller, signed with the root of so many': (base, random) => {
    if (base.memories < 2) return null
    const count = random.between(1, base.memories - 1)
    const leaves = base.leaves.slice(0, count).map((leaf) => new Uint8Array(Buffer.from(leaf, 'hex')))
    const beforeSigning = (header: JsonObject) => {
      put(header, 'memory_count', count)
      put(header, 'merkle_root', hex(MTH(leaves)))
    }
    return { bytes: forge(base, { beforeSigning }), expected: inMemory(base, count, 'count_mismatch') }
  },
  'more memories than were signed': (base, random) => {
    const { merkle_root, memory_count } = base.statement.header
    const memories = [...base.options.memories!, { content: random.hex(4), id: random.hex(4) }]
    const { bytes } = buildManifest({
      ...base.options,
      memories,
      beforeSigning: (header) => Object.assign(header, { merkle_root, memory_count }),
    })
    return { bytes, expected: inMemoryPast(base) }
  },
}

/** The line after the last memory, where one memory too many stands. */
function inMemoryPast(base: Base) {
  const { layer, code } = inMemory(base, 0, 'count_mismatch')
  return { layer, code, line: base.lineOf.close, index: base.memories }
}
