import { hash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { Random } from '../assurance/random.ts'
import { compareUnits, serialize } from '../reference/canonical.ts'
import { MANIFEST_TYPE } from '../reference/shapes.ts'
import { signerNamed, signStatement } from '../reference/writer.ts'
import { ENTITIES, RARE_WORD, TAGS, textOf, TYPES } from './vocabulary.ts'

/** Signs all data of the benchmark; it follows from its name. */
export const ISSUER = signerNamed('Bench issuer')

export interface Plan {
  /** The same seed and counts, the same bytes. */
  readonly seed: string
  readonly memories: number
  /** Of a text, in UTF-16 code units, on average. */
  readonly length: number
}

const PART_BYTES = 4 * 1024 * 1024
const FIRST_DAY = Date.parse('2023-01-01T00:00:00.000Z')
const DAYS = 1180
const DAY_MS = 86_400_000
const NONE = '00'.repeat(32)

/**
 * Writes the manifest of a plan (manifest-format, 2 to 4), as a stream: only the tree's path is held. Line 1 names the
 * root, so its place is kept and it is written last; its length does not depend on the root.
 */
export function writeManifest(path: string, plan: Plan): void {
  const file = openSync(path, 'w')
  try {
    const draft = headOf(plan, NONE)
    writeSync(file, draft)
    const head = headOf(plan, writeMemories(file, plan))
    if (head.length !== draft.length) throw new Error('line 1 has changed its length')
    writeSync(file, head, 0, head.length, 0)
  } finally {
    closeSync(file)
  }
}

function headOf({ seed, memories }: Plan, root: string): Buffer {
  const random = new Random(`${seed}/head`)
  const salt = Buffer.from(random.bytes(16)).toString('base64url')
  const details = { note: 'Made by the benchmark.', salt, selection: {} }
  const header = {
    created_at: '2026-03-31T12:00:00.000Z',
    details_hash: hash('sha256', Buffer.from('\u0003' + serialize(details))),
    issuer: { fingerprint: ISSUER.fingerprint, label: ISSUER.label },
    memory_count: memories,
    merkle_root: root,
    previous: null,
    sequence: 1,
    stream: random.hex(16),
  }
  const envelope = { ...signStatement(MANIFEST_TYPE, header, [ISSUER]), details }
  const lines = [
    `{"envelope":${serialize(envelope)},`,
    '"evidence":[],',
    '"format":"omega-federation-manifest/1",',
    '"memories":[',
  ]
  return Buffer.from(lines.map((line) => `${line}\n`).join(''))
}

/** Answers the root. */
function writeMemories(file: number, plan: Plan): string {
  const random = new Random(`${plan.seed}/memories`)
  const planted = Math.floor(plan.memories * 0.77)
  const tree = new Tree()
  // Written where it goes at once: strings that are held until a part is full outlive the cheap collections.
  const part = Buffer.allocUnsafe(PART_BYTES)
  let held = 0
  for (let at = 0; at < plan.memories; at++) {
    const { line, leaf } = memoryOf(random, plan.length, at === planted)
    tree.push(leaf)
    if (held + 3 * line.length + 8 > PART_BYTES) {
      writeSync(file, part, 0, held)
      held = 0
    }
    held += part.write(line, held)
    held += part.write(at < plan.memories - 1 ? ',\n' : '\n]}\n', held)
  }
  writeSync(file, part, 0, held)
  return tree.root()
}

/** A line, spelled as JCS has it: members in their order, and no string in a leaf that needs an escape. */
function memoryOf(random: Random, length: number, planted: boolean): { line: string; leaf: string } {
  // One in five is much shorter or longer than the others.
  const spread = random.oneIn(5) ? random.between(10, 190) : random.between(85, 115)
  const text = textOf(random, Math.floor((length * spread) / 100) - 60) + random.next()
  // At its beginning, for that is what a list shows.
  const content = planted ? `The ${RARE_WORD} again. ${text}` : text
  const blind = blindOf(random)
  const contentHash = hash('sha256', content)
  const metadata = random.oneIn(3) ? metadataOf(random) : null
  const metadataHash = metadata === null ? NONE : hash('sha256', metadata)
  const sealed = hash('sha256', filled(SEAL, blind, contentHash, metadataHash))

  const author = `"author":"${ISSUER.fingerprint}"`
  const id = `"id":"mem-${blindOf(random)}"`
  const event = random.oneIn(6) ? '' : `,"event_type":"${random.pick(TYPES)}"`
  const middle = `"created_at":"${timeOf(random)}","entity_id":"${entityOf(random)}"${event},${id}`
  const end = `"sealed_hash":"${sealed}","tags":${tagsOf(random)}`
  const leaf = hash('sha256', `\u0000omega-memory/1\n{${author},${middle},${end}}`)
  const line =
    `{${author},"blind":"${SEAL.toString('base64url', 1, 17)}","content":${JSON.stringify(content)},` +
    `"content_sha256":"${contentHash}",${middle},"leaf_hash":"${leaf}",` +
    `${metadata === null ? '' : `"metadata":${metadata},`}${end}}`
  return { line, leaf }
}

/** Hashes are hex, and what is hashed is put together in one place: a buffer each would cost more than the hashing. */
const SEAL = Buffer.alloc(81, 2)
const NODE = Buffer.alloc(65, 1)

function filled(target: Buffer, ...parts: readonly string[]): Buffer {
  let at = 1
  for (const part of parts) at += target.write(part, at, 'hex')
  return target
}

/** 16 bytes, in hex. */
function blindOf(random: Random): string {
  let hex = ''
  for (let word = 0; word < 4; word++) hex += random.next().toString(16).padStart(8, '0')
  return hex
}

/** Some entities have many memories and most have few, as in life. */
function entityOf(random: Random): string {
  return random.oneIn(3) ? ENTITIES[random.below(5)]! : random.pick(ENTITIES)
}

function tagsOf(random: Random): string {
  const tags = Array.from({ length: random.below(4) }, () => random.pick(TAGS))
  return JSON.stringify([...new Set(tags)].sort(compareUnits))
}

function timeOf(random: Random): string {
  return new Date(FIRST_DAY + random.below(DAYS) * DAY_MS + random.below(DAY_MS)).toISOString()
}

function metadataOf(random: Random): string {
  const confidence = random.between(1, 99) / 100
  if (random.oneIn(4)) {
    return `{"origin":{"line":${random.below(4000)},"path":"notes/${random.hex(3)}.md"},"reviewed":${random.oneIn(2)}}`
  }
  return `{"confidence":${confidence},"source":"${random.oneIn(2) ? 'mail' : 'Gespräch'}","ticket":${random.below(90_000)}}`
}

/** RFC 9162, 2.1.1, in the memory of one path: complete subtrees, the largest first, one for each bit of the count. */
class Tree {
  readonly #subtrees: string[] = []
  #count = 0

  push(leaf: string): void {
    let node = leaf
    for (let bits = this.#count++; bits % 2 === 1; bits = (bits - 1) / 2)
      node = nodeOf(this.#subtrees.pop()!, node)
    this.#subtrees.push(node)
  }

  root(): string {
    return this.#subtrees.reduceRight((right, left) => nodeOf(left, right))
  }
}

function nodeOf(left: string, right: string): string {
  return hash('sha256', filled(NODE, left, right))
}
