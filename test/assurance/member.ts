import type { Json, JsonObject } from '../reference/canonical.ts'
import { hex } from '../reference/shapes.ts'
import { sha256 } from '../reference/merkle.ts'
import { leafHash, sealedHash } from '../reference/writer.ts'
import type { Base, Mutant, Mutators } from './base.ts'
import {
  altered,
  forge,
  inMemory,
  memoryTexts,
  only,
  parseMemory,
  put,
  renormalized,
  ROOT,
  upperCased,
  withMemories,
  withMemory,
} from './base.ts'
import type { Random } from './random.ts'
import {
  NOT_ASCENDING,
  NOT_BLINDS,
  NOT_CRITICAL,
  NOT_HASHES,
  NOT_SHORT,
  NOT_TIMES,
  TAGS_257,
} from './values.ts'

/** Memories: changed by a courier, or hashed and signed by an issuer who does not keep the format (3, 5). */
const REQUIRED = 'author blind content content_sha256 created_at entity_id id sealed_hash tags'.split(' ')
const HIDDEN = ['blind', 'content', 'content_sha256', 'metadata']

const WRONG: readonly [name: string, values: readonly Json[]][] = [
  ['author', NOT_HASHES],
  ['blind', NOT_BLINDS],
  ['content', [null, 5, [], {}]],
  ['content_sha256', NOT_HASHES],
  ['created_at', NOT_TIMES],
  ['critical', [...NOT_CRITICAL, ['tags'], ['metadata']]],
  ['entity_id', NOT_SHORT],
  ['event_type', NOT_SHORT],
  ['id', NOT_SHORT],
  ['metadata', [null, [], 'x', 1]],
  ['provenance', [null, {}, 'x']],
  ['sealed_hash', NOT_HASHES],
  ['supersedes', NOT_ASCENDING],
  ['tags', [null, {}, 'a', ['b', 'a'], ['a', 'a'], [''], [1], ['\ufb33', '\ud83d\ude00'], [...TAGS_257]]],
]

function signedMemory(base: Base, random: Random, edit: (memory: JsonObject) => void): Mutant {
  const at = random.below(base.memories)
  return {
    bytes: forge(base, { beforeLeaf: only(at, edit) }),
    expected: inMemory(base, at, 'memory_invalid'),
  }
}

/** One member of one memory in the other normal form; null where no memory has one. */
function renormalizedMember(base: Base, random: Random, name: string): [at: number, text: string] | null {
  const at = random.below(base.memories)
  const value = parseMemory(base, at)[name]
  const text = typeof value === 'string' ? renormalized(value) : null
  return text === null ? null : [at, text]
}

const ENTRY = { audit_path: ['ab'.repeat(32)], leaf_index: 0, manifest: 'cd'.repeat(32) }

export const MEMBERS: Mutators = {
  'content changed': (base, random) => {
    const at = random.below(base.memories)
    const bytes = withMemory(base, at, (memory) =>
      put(memory, 'content', altered(memory['content'] as string, random)),
    )
    return { bytes, expected: inMemory(base, at, 'content_hash_mismatch') }
  },
  'content in the other normal form': (base, random) => {
    const found = renormalizedMember(base, random, 'content')
    if (found === null) return null
    const [at, text] = found
    const bytes = withMemory(base, at, (memory) => put(memory, 'content', text))
    return { bytes, expected: inMemory(base, at, 'content_hash_mismatch') }
  },
  'content and its hashes changed, the leaf kept': (base, random) => {
    const at = random.below(base.memories)
    const bytes = withMemory(base, at, (memory) => {
      const content = altered(memory['content'] as string, random)
      const content_sha256 = hex(sha256(Buffer.from(content)))
      Object.assign(memory, { content, content_sha256 })
      memory['sealed_hash'] = sealedHash(memory)
    })
    return { bytes, expected: inMemory(base, at, 'leaf_hash_mismatch') }
  },
  'memory made again whole, the envelope kept': (base, random) => {
    const at = random.below(base.memories)
    const bytes = withMemory(base, at, (memory) => {
      const content = altered(memory['content'] as string, random)
      Object.assign(memory, { content, content_sha256: hex(sha256(Buffer.from(content))) })
      memory['sealed_hash'] = sealedHash(memory)
      memory['leaf_hash'] = leafHash(memory)
    })
    return { bytes, expected: ROOT }
  },
  'metadata changed, stripped or planted': (base, random) => {
    const at = random.below(base.memories)
    const bytes = withMemory(base, at, (memory) => {
      const { metadata } = memory
      if (metadata !== undefined && random.oneIn(2)) return void delete memory['metadata']
      const planted: JsonObject = { ...(metadata as JsonObject | undefined) }
      put(planted, random.pick(['__proto__', 'federation_origin', 'x', 'constructor']), random.hex(4))
      put(memory, 'metadata', metadata === undefined && random.oneIn(2) ? {} : planted)
    })
    return { bytes, expected: inMemory(base, at, 'sealed_hash_mismatch') }
  },
  'blind changed': (base, random) => {
    const at = random.below(base.memories)
    const blind = Buffer.from(random.bytes(16)).toString('base64url')
    const bytes = withMemory(base, at, (memory) => put(memory, 'blind', blind))
    return { bytes, expected: inMemory(base, at, 'sealed_hash_mismatch') }
  },
  'entity or id in the other normal form': (base, random) => {
    const name = random.pick(['entity_id', 'id'])
    const found = renormalizedMember(base, random, name)
    if (found === null) return null
    const [at, text] = found
    const bytes = withMemory(base, at, (memory) => put(memory, name, text))
    return { bytes, expected: inMemory(base, at, 'leaf_hash_mismatch') }
  },
  'leaf record changed': (base, random) => {
    const at = random.below(base.memories)
    const name = random.pick(['entity_id', 'event_type', 'id', 'x-private', 'x-n', 'toString', 'later'])
    const bytes = withMemory(base, at, (memory) => put(memory, name, random.hex(4)))
    return { bytes, expected: inMemory(base, at, 'leaf_hash_mismatch') }
  },
  'member of the leaf record stripped': (base, random) => {
    const at = random.below(base.memories)
    const memory = parseMemory(base, at)
    const optional = ['event_type', 'supersedes', 'x-private', 'x-n', 'later', 'critical']
    const names = optional.filter((name) => Object.hasOwn(memory, name))
    if (names.length === 0) return null
    const bytes = withMemory(base, at, (edited) => void Reflect.deleteProperty(edited, random.pick(names)))
    return { bytes, expected: inMemory(base, at, 'leaf_hash_mismatch') }
  },
  'members of two memories exchanged': (base, random) => {
    const [at, other] = [random.below(base.memories), random.below(base.memories)]
    const name = random.pick(['entity_id', 'tags', 'created_at', 'leaf_hash'])
    const value = parseMemory(base, other)[name]!
    if (JSON.stringify(parseMemory(base, at)[name]) === JSON.stringify(value)) return null
    const bytes = withMemory(base, at, (memory) => put(memory, name, value))
    return { bytes, expected: inMemory(base, at, 'leaf_hash_mismatch') }
  },
  'memory without a member, hashed and signed': (base, random) =>
    signedMemory(base, random, (memory) => void Reflect.deleteProperty(memory, random.pick(REQUIRED))),
  'memory member of the wrong kind or range, hashed and signed': (base, random) => {
    const [name, values] = random.pick(WRONG)
    const value = random.pick(values)
    return signedMemory(base, random, (memory) => put(memory, name, value))
  },
  'memory with a refused name, hashed and signed': (base, random) =>
    signedMemory(base, random, (memory) =>
      put(
        memory,
        random.pick(['federation_origin', '__proto__']),
        random.pick<Json>([{}, null, { fingerprint: 'x' }]),
      ),
    ),
  'leaf_hash absent or of the wrong kind': (base, random) => {
    const at = random.below(base.memories)
    const bytes = withMemory(base, at, (memory) => {
      if (random.oneIn(3)) Reflect.deleteProperty(memory, 'leaf_hash')
      else put(memory, 'leaf_hash', random.pick(NOT_HASHES))
    })
    return { bytes, expected: inMemory(base, at, 'memory_invalid') }
  },
  'hex case in a memory': (base, random) => {
    const at = random.below(base.memories)
    const name = random.pick(['author', 'content_sha256', 'leaf_hash', 'sealed_hash'])
    const upper = upperCased(parseMemory(base, at)[name] as string, random)
    if (upper === null) return null
    const bytes = withMemory(base, at, (memory) => put(memory, name, upper))
    return { bytes, expected: inMemory(base, at, 'memory_invalid') }
  },
  'base64 spare bits in a blind': (base, random) => {
    const at = random.below(base.memories)
    const bytes = withMemory(base, at, (memory) => {
      const blind = memory['blind'] as string
      const next = { A: 'B', Q: 'R', g: 'h', w: 'x' }[blind.at(-1)!]!
      put(memory, 'blind', blind.slice(0, -1) + next)
    })
    return { bytes, expected: inMemory(base, at, 'memory_invalid') }
  },
  'a value that is no memory': (base, random) => {
    const at = random.below(base.memories)
    const texts = memoryTexts(base).with(at, random.pick(['5', '{}', '[]', 'null', '"x"', 'true', '[{}]']))
    return { bytes: withMemories(base, texts), expected: inMemory(base, at, 'memory_invalid') }
  },
  'text withheld': (base, random) => {
    const at = random.below(base.memories)
    const bytes = withMemory(base, at, (memory) => {
      for (const name of HIDDEN) Reflect.deleteProperty(memory, name)
    })
    return { bytes, expected: inMemory(base, at, 'not_supported_yet') }
  },
  'memory withheld but for its leaf': (base, random) => {
    const at = random.below(base.memories)
    const texts = memoryTexts(base).with(at, `{"leaf_hash":"${base.leaves[at]!}"}`)
    return { bytes: withMemories(base, texts), expected: inMemory(base, at, 'not_supported_yet') }
  },
  'half of the text withheld': (base, random) => {
    const at = random.below(base.memories)
    const memory = parseMemory(base, at)
    const three = HIDDEN.slice(0, 3)
    const gone = random.some(three)
    if (gone.length === 0 || (gone.length === 3 && memory['metadata'] === undefined)) return null
    const bytes = withMemory(base, at, (edited) => {
      for (const name of gone) Reflect.deleteProperty(edited, name)
    })
    return { bytes, expected: inMemory(base, at, 'memory_invalid') }
  },
  'provenance planted': (base, random) => {
    const at = random.below(base.memories)
    const provenance = random.pick<Json[]>([[], [ENTRY], [ENTRY, ENTRY], [{}], [5]])
    const bytes = withMemory(base, at, (memory) => put(memory, 'provenance', provenance))
    return { bytes, expected: inMemory(base, at, 'not_supported_yet') }
  },
}
