import type { Json, JsonObject } from '../reference/canonical.ts'
import { sha256 } from '../reference/merkle.ts'
import { hex } from '../reference/shapes.ts'
import type { Draft, ManifestOptions } from '../reference/writer.ts'
import { leafHash, sealedHash } from '../reference/writer.ts'
import { type Case, withDraft } from './case.ts'

/** Members of a memory: absent, malformed, at their bounds (3). All its hashes are made for what stands there. */

const HASH = 'ab'.repeat(32)
const refused: Case[2] = ['leaves', 'memory_invalid', 6, 1]

/** The second of three memories without a member; leaf and root are those of what is left. */
const without = (name: string): ManifestOptions => ({
  memories: [{}, {}, {}],
  beforeLeaf: (memory, index) => {
    if (index === 1) Reflect.deleteProperty(memory, name)
  },
  memory: (memory, index) => {
    // Not written, and yet the root is built from it.
    if (index === 1 && name === 'leaf_hash') Object.defineProperty(memory, name, { enumerable: false })
  },
})
/** A value in place of one that is a hash or is hashed; the rest is made for it as far as it can be. */
const instead = (name: string, value: Json): ManifestOptions => ({
  memories: [{}, {}, {}],
  beforeLeaf: (memory, index) => {
    if (index === 1) memory[name] = value
  },
})

const WRONG: readonly [name: string, draft: Draft][] = [
  ['author of 62 digits', { author: HASH.slice(2) }],
  ['author null', { author: null }],
  ['created_at null', { created_at: null }],
  ['entity_id null', { entity_id: null }],
  ['entity_id a list', { entity_id: ['project'] }],
  ['id empty', { id: '' }],
  ['id of 257 code units', { id: 'a'.repeat(257) }],
  ['id with a line end', { id: 'a\nb' }],
  ['id with a direction mark', { id: 'a\u202eb' }],
  ['id a number', { id: 7 }],
  ['event_type empty', { event_type: '' }],
  ['event_type of 257 code units', { event_type: 'a'.repeat(257) }],
  ['event_type with a line separator', { event_type: 'a\u2028b' }],
  ['event_type a number', { event_type: 1 }],
  ['tags null', { tags: null }],
  ['tags as text', { tags: 'a' }],
  ['tags with a number', { tags: [1] }],
  ['tags with an empty one', { tags: [''] }],
  ['tags with one of 257 code units', { tags: ['a'.repeat(257)] }],
  ['tags with a direction mark', { tags: ['a\u2066b'] }],
  ['tags in another order', { tags: ['b', 'a'] }],
  ['supersedes as text', { supersedes: HASH }],
  ['supersedes of which one is no hex', { supersedes: ['mem-1'] }],
  ['supersedes in upper case', { supersedes: [HASH.toUpperCase()] }],
  ['supersedes with the same twice', { supersedes: [HASH, HASH] }],
  ['supersedes null', { supersedes: null }],
  ['critical as text', { critical: 'x-a', 'x-a': 1 }],
  ['critical with a number', { critical: [1] }],
  ['critical not ascending', { critical: ['x-b', 'x-a'], 'x-a': 1, 'x-b': 1 }],
  ['critical with the same twice', { critical: ['x-a', 'x-a'], 'x-a': 1 }],
  ['critical of the prototype', { critical: ['toString'] }],
  ['critical that names metadata', { critical: ['metadata'], metadata: {} }],
  ['critical that names what may be absent', { critical: ['event_type'], event_type: 'a' }],
  ['provenance that is no list', { provenance: 5 }],
  ['provenance an object', { provenance: {} }],
  ['metadata a text', { metadata: 'a' }],
  ['metadata a number', { metadata: 0 }],
]

export const members: Case[] = [
  ...'author blind content content_sha256 created_at entity_id id leaf_hash sealed_hash tags'
    .split(' ')
    .map((name): Case => [`${name} absent`, without(name), refused]),
  ...WRONG.map(([name, draft]): Case => [name, withDraft(draft), refused]),
  ['content null', withNullContent(), refused],
  ['content a number', instead('content', 7), refused],
  ['content_sha256 in upper case', upperCased('content_sha256'), refused],
  ['sealed_hash in upper case', upperCased('sealed_hash'), refused],
  ['leaf_hash in upper case', upperCased('leaf_hash'), refused],
  ['blind with spare bits', withBlind('AAAAAAAAAAAAAAAAAAAAAB'), refused],
  ['blind with padding', withBlind('AAAAAAAAAAAAAAAAAAAAAA=='), refused],
  ['blind in the other alphabet', withBlind(`${'/'.repeat(10)}${'+'.repeat(11)}w`), refused],
  ['blind in its alphabet', withBlind(`${'_'.repeat(10)}${'-'.repeat(11)}w`), null],
  ['blind of 17 bytes', withBlind('AAAAAAAAAAAAAAAAAAAAAAA'), refused],
  ['blind null', instead('blind', null), refused],
  [
    'every member there is',
    withDraft({
      ...{ event_type: 'decision', metadata: { a: 1 }, supersedes: [HASH], tags: ['a', 'b'] },
      ...{ critical: ['x-a', 'x-b'], 'x-a': 1, 'x-b': [null] },
    }),
    null,
  ],
  [
    'texts of 256 code units',
    withDraft({ event_type: 'a'.repeat(256), id: 'b'.repeat(256), tags: ['\ud83d\ude00'.repeat(128)] }),
    null,
  ],
  ['supersedes of none', withDraft({ supersedes: [] }), null],
  ['supersedes of two', withDraft({ supersedes: ['a'.repeat(64), HASH] }), null],
]

/** A blind that a forgiving reader takes for 16 bytes, and a sealed hash of those. */
function withBlind(blind: string): ManifestOptions {
  return withDraft({ blind })
}

/** As a reader hashes it that takes null for an empty text. */
function withNullContent(): ManifestOptions {
  return {
    memories: [{}, {}, {}],
    beforeLeaf: (memory, index) => {
      if (index !== 1) return
      Object.assign(memory, { content: '', content_sha256: hex(sha256(Buffer.from(''))) })
      memory['sealed_hash'] = sealedHash(memory)
      memory['content'] = null
    },
  }
}

/** A hash as it should be but for its case; the leaf is that of what stands there. */
function upperCased(name: string): ManifestOptions {
  const upper = (memory: JsonObject) => void (memory[name] = String(memory[name]).toUpperCase())
  return {
    memories: [{}, {}, {}],
    memory: (memory, index) => {
      if (index !== 1) return
      upper(memory)
      if (name === 'sealed_hash') memory['leaf_hash'] = leafHash(memory)
    },
  }
}
