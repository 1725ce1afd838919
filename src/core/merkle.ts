import { ByteList, concat, equalBytes } from './bytes.ts'
import { assert } from './errors.ts'
import { DOMAIN, hashWith } from './hash.ts'

/** SHA-256 of a leaf or node: 32 bytes. */
export type Hash = Uint8Array

const HASH_BYTES = 32
/** Leaves whose subtree is hashed at once: enough to be hashed side by side, few enough for the caches. */
const TOGETHER = 1024

/** Root of a complete tree: `leaves` are 2^k of 32 bytes each. */
type HashSubtree = (leaves: Uint8Array) => Hash

/**
 * Roots of all complete subtrees of 1,024 leaves among some leaves, 32 bytes each, if the first of these has index
 * `start`: what nobody has checked before the leaves are pushed.
 */
export interface Subtrees {
  readonly start: number
  readonly roots: Uint8Array
}

/**
 * Root of a tree whose leaves come in runs of any length, in the memory of one path: `#waiting[k]` is the root of
 * a complete subtree of 2^k times 1,024 leaves whose right sibling has not come (RFC 9162, 2.1.1).
 */
export class TreeHasher {
  readonly #hashSubtree: HashSubtree
  readonly #waiting: (Hash | null)[] = []
  /** The last leaves, fewer than are hashed at once. */
  readonly #held = new ByteList()
  #size = 0

  constructor(hashSubtree: HashSubtree = hashSubtreePlainly) {
    this.#hashSubtree = hashSubtree
  }

  /** `leaves` are 32 bytes each. Of `hashed`, if they stand where these do, the roots are taken as they are. */
  push(leaves: Uint8Array, hashed?: Subtrees | null): void {
    const roots = partsOf(hashed?.start === this.#size ? hashed.roots : NO_ROOTS)
    this.#size += leaves.length / HASH_BYTES
    for (let at = 0; at < leaves.length;) {
      const root = this.#held.length === 0 ? roots.next().value : undefined
      if (root !== undefined) {
        this.#climb(root)
        at += TOGETHER * HASH_BYTES
        continue
      }
      const part = leaves.subarray(at, at + TOGETHER * HASH_BYTES - this.#held.length)
      at += part.length
      this.#held.push(part)
      if (this.#held.length < TOGETHER * HASH_BYTES) continue
      this.#climb(this.#hashSubtree(this.#held.bytes))
      this.#held.clear()
    }
    assert(roots.next().done === true, 'as many roots as there are subtrees')
  }

  #climb(subtree: Hash): void {
    let node = subtree
    let level = 0
    for (let left; (left = this.#waiting[level] ?? null) !== null; level++) {
      this.#waiting[level] = null
      node = hashNode(left, node)
    }
    this.#waiting[level] = node
  }

  get size(): number {
    return this.#size
  }

  /** Root of the leaves pushed so far; there must be at least one. */
  root(): Hash {
    assert(this.#size > 0, 'a tree of the format has a leaf')
    // From left to right complete subtrees become smaller.
    const subtrees = this.#waiting.filter((node) => node !== null).reverse()
    for (let rest = this.#held.bytes; rest.length > 0;) {
      const bytes = HASH_BYTES * 2 ** Math.floor(Math.log2(rest.length / HASH_BYTES))
      subtrees.push(this.#hashSubtree(rest.subarray(0, bytes)))
      rest = rest.subarray(bytes)
    }
    return subtrees.reduceRight((right, left) => hashNode(left, right))
  }
}

const NO_ROOTS = new Uint8Array()

function* partsOf(hashes: Uint8Array): Generator<Hash, undefined> {
  for (let at = 0; at < hashes.length; at += HASH_BYTES) yield hashes.subarray(at, at + HASH_BYTES)
}

/** What `TreeHasher` would hash of `leaves`, 32 bytes each, for whoever pushes them there. */
export function hashSubtrees(
  leaves: Uint8Array,
  start: number,
  hashSubtree: HashSubtree = hashSubtreePlainly,
): Subtrees {
  const together = TOGETHER * HASH_BYTES
  const roots: Hash[] = []
  for (let at = -(start % TOGETHER) * HASH_BYTES; at + together <= leaves.length; at += together)
    if (at >= 0) roots.push(hashSubtree(leaves.subarray(at, at + together)))
  return { start, roots: concat(...roots) }
}

/** Root over `leaves`, 32 bytes each, in file order (RFC 9162, 2.1.1). */
export function rootOf(leaves: Uint8Array): Hash {
  const tree = new TreeHasher()
  tree.push(leaves)
  return tree.root()
}

/** Inclusion path of the leaf at `index` (RFC 9162, 2.1.3.1). See `checkInclusion`. */
export function proveInclusion(leaves: Uint8Array, index: number): Hash[] {
  const size = leaves.length / HASH_BYTES
  assert(Number.isInteger(index) && index >= 0 && index < size, 'index of a leaf')
  if (size === 1) return []
  const split = splitOf(size)
  const left = leaves.subarray(0, split * HASH_BYTES)
  const right = leaves.subarray(split * HASH_BYTES)
  return index < split
    ? [...proveInclusion(left, index), rootOf(right)]
    : [...proveInclusion(right, index - split), rootOf(left)]
}

/**
 * Whether `path` shows that `leaf` stands at `index` in the tree of `size` leaves under `root`
 * (RFC 9162, 2.1.3.2). One answer for every way to fail. See `proveInclusion`.
 */
export function checkInclusion(
  root: Hash,
  size: number,
  leaf: Hash,
  index: number,
  path: readonly Hash[],
): boolean {
  if (!isCount(size) || !isCount(index) || index >= size) return false
  if (leaf.length !== HASH_BYTES) return false
  let fn = index
  let sn = size - 1
  let node = leaf
  for (const sibling of path) {
    if (sn === 0 || sibling.length !== HASH_BYTES) return false
    if (fn % 2 === 1 || fn === sn) {
      node = hashNode(sibling, node)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      node = hashNode(node, sibling)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && equalBytes(node, root)
}

/** Consistency path from the first `first` leaves to all of them (RFC 9162, 2.1.4.1). See `checkConsistency`. */
export function proveConsistency(leaves: Uint8Array, first: number): Hash[] {
  const size = leaves.length / HASH_BYTES
  assert(Number.isInteger(first) && first > 0 && first <= size, 'size of an earlier tree')
  return subProof(leaves, first, true)
}

function subProof(leaves: Uint8Array, first: number, known: boolean): Hash[] {
  const size = leaves.length / HASH_BYTES
  if (first === size) return known ? [] : [rootOf(leaves)]
  const split = splitOf(size)
  const left = leaves.subarray(0, split * HASH_BYTES)
  const right = leaves.subarray(split * HASH_BYTES)
  return first <= split
    ? [...subProof(left, first, known), rootOf(right)]
    : [...subProof(right, first - split, false), rootOf(left)]
}

/**
 * Whether `path` shows that the tree of `first` leaves under `firstRoot` is a prefix of the one of `second`
 * leaves under `secondRoot` (RFC 9162, 2.1.4.2). See `proveConsistency`.
 */
export function checkConsistency(
  first: number,
  second: number,
  firstRoot: Hash,
  secondRoot: Hash,
  path: readonly Hash[],
): boolean {
  if (!isCount(first) || !isCount(second) || first < 1 || first > second) return false
  if (first === second) return path.length === 0 && equalBytes(firstRoot, secondRoot)
  if (path.length === 0 || path.some((hash) => hash.length !== HASH_BYTES)) return false
  // When `first` is a power of two its root is a node of the larger tree and is not sent.
  const nodes = Number.isInteger(Math.log2(first)) ? [firstRoot, ...path] : [...path]
  let fn = first - 1
  let sn = second - 1
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)]
  let [fr, sr] = [nodes[0]!, nodes[0]!]
  for (const node of nodes.slice(1)) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = hashNode(node, fr)
      sr = hashNode(node, sr)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      sr = hashNode(sr, node)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && equalBytes(fr, firstRoot) && equalBytes(sr, secondRoot)
}

function hashSubtreePlainly(leaves: Uint8Array): Hash {
  const level = leaves.slice()
  for (let bytes = leaves.length; bytes > HASH_BYTES; bytes /= 2)
    for (let at = 0; at < bytes; at += 2 * HASH_BYTES) {
      const right = at + HASH_BYTES
      level.set(hashNode(level.subarray(at, right), level.subarray(right, right + HASH_BYTES)), at / 2)
    }
  return level.slice(0, HASH_BYTES)
}

function hashNode(left: Hash, right: Hash): Hash {
  return hashWith(DOMAIN.node, left, right)
}

/** Largest power of two below `size`, which is at least 2. */
function splitOf(size: number): number {
  let split = 1
  while (2 * split < size) split *= 2
  return split
}

/** Sizes reach 2^53 − 1, beyond what bit operators carry. */
function half(n: number): number {
  return Math.floor(n / 2)
}

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0
}
