import { createHash } from 'node:crypto'

/**
 * RFC 9162, 2.1, transcribed. `D` is the list of leaf *hashes* (format 4: leaves are hashed elsewhere, so
 * MTH of one is itself), `k` the largest power of two below n, `:` is append.
 */
export type Hash = Uint8Array

export function sha256(...parts: Uint8Array[]): Hash {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

export function node(left: Hash, right: Hash): Hash {
  return sha256(Uint8Array.of(1), left, right)
}

function largestPowerOfTwoBelow(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** 2.1.1. MTH({}) is the hash of nothing. */
export function MTH(D: readonly Hash[]): Hash {
  if (D.length === 0) return sha256()
  if (D.length === 1) return D[0]!
  const k = largestPowerOfTwoBelow(D.length)
  return node(MTH(D.slice(0, k)), MTH(D.slice(k)))
}

/** 2.1.3.1: the audit path of leaf m. */
export function PATH(m: number, D: readonly Hash[]): Hash[] {
  const n = D.length
  if (n === 1) return []
  const k = largestPowerOfTwoBelow(n)
  return m < k
    ? [...PATH(m, D.slice(0, k)), MTH(D.slice(k))]
    : [...PATH(m - k, D.slice(k)), MTH(D.slice(0, k))]
}

/** 2.1.4.1: from the first m leaves to all n. */
export function PROOF(m: number, D: readonly Hash[]): Hash[] {
  return SUBPROOF(m, D, true)
}

function SUBPROOF(m: number, D: readonly Hash[], b: boolean): Hash[] {
  const n = D.length
  if (m === n) return b ? [] : [MTH(D)]
  const k = largestPowerOfTwoBelow(n)
  return m <= k
    ? [...SUBPROOF(m, D.slice(0, k), b), MTH(D.slice(k))]
    : [...SUBPROOF(m - k, D.slice(k), false), MTH(D.slice(0, k))]
}

/** PATH read backwards: the root that a path leads to, or null where its length is not that of m and n. */
function rootFromPath(m: number, n: number, leaf: Hash, path: readonly Hash[]): Hash | null {
  if (!Number.isSafeInteger(m) || !Number.isSafeInteger(n) || m < 0 || m >= n) return null
  if (n === 1) return path.length === 0 ? leaf : null
  const k = largestPowerOfTwoBelow(n)
  const last = path.at(-1)
  const below =
    m < k ? rootFromPath(m, k, leaf, path.slice(0, -1)) : rootFromPath(m - k, n - k, leaf, path.slice(0, -1))
  if (last === undefined || below === null) return null
  return m < k ? node(below, last) : node(last, below)
}

export function checkPath(m: number, n: number, leaf: Hash, path: readonly Hash[], root: Hash): boolean {
  if (leaf.length !== 32) return false
  const found = rootFromPath(m, n, leaf, path)
  return found !== null && Buffer.from(found).equals(root)
}

/** SUBPROOF read backwards: both roots, or null. `old` is what MTH(D[0:m]) must be where b is true. */
function rootsFromSubproof(
  m: number,
  n: number,
  proof: readonly Hash[],
  b: boolean,
  old: Hash,
): Hash[] | null {
  if (m === n) {
    if (b) return proof.length === 0 ? [old, old] : null
    return proof.length === 1 ? [proof[0]!, proof[0]!] : null
  }
  const k = largestPowerOfTwoBelow(n)
  const last = proof.at(-1)
  const rest = proof.slice(0, -1)
  const below =
    m <= k ? rootsFromSubproof(m, k, rest, b, old) : rootsFromSubproof(m - k, n - k, rest, false, old)
  if (last === undefined || below === null) return null
  const [first, second] = below as [Hash, Hash]
  return m <= k ? [first, node(second, last)] : [node(last, first), node(last, second)]
}

/** 2.1.4: 0 < m ≤ n; the proof of a tree with itself is empty. */
export function checkProof(m: number, n: number, old: Hash, root: Hash, proof: readonly Hash[]): boolean {
  if (!Number.isSafeInteger(m) || !Number.isSafeInteger(n) || m < 1 || m > n) return false
  const roots = rootsFromSubproof(m, n, proof, true, old)
  return roots !== null && Buffer.from(roots[0]!).equals(old) && Buffer.from(roots[1]!).equals(root)
}
