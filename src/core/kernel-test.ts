import { encodeUtf8, equalBytes, toHex } from './bytes.ts'
import { canonicalize, parseCanonical } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { DOMAIN, hashWith } from './hash.ts'
import type { Kernel, Taken } from './kernel.ts'
import { checkMemory, createMemory, parseMemory } from './memory.ts'
import { rootOf } from './merkle.ts'
import vectors from './self-test-vectors.json'

/** One case: answers whether the engine did what it must. What it throws counts as no. */
export type Case = readonly [name: string, holds: () => boolean | Promise<boolean>]
type SyncCase = readonly [name: string, holds: () => boolean]

/** Bytes that anybody can make again: `7 i + 3` modulo 256. */
export function patternOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (7 * i + 3) % 256)
}

/** Whether a kernel does here what it must: one that does not must not be used. Never throws. */
export function isKernelRight(kernel: Kernel): boolean {
  try {
    return kernelCases(kernel).every(([, holds]) => holds())
  } catch {
    return false
  }
}

/** Nodes that it hashes and lines that it takes, against what the naive implementation says. */
export function kernelCases(kernel: Kernel): SyncCase[] {
  const good = vectors.lines.filter(({ leaf }) => leaf !== null)
  const bad = vectors.lines.find(({ leaf }) => leaf === null)!
  return [
    ...[1, 2, 4, 8, 1024].map((count): SyncCase => [
      `a tree of ${count}`,
      () => equalBytes(kernel.hashSubtree(patternOf(32 * count)), patternRootOf(count)),
    ]),
    ...vectors.lines.map(({ name, line, leaf, key }): SyncCase => [
      name,
      () => {
        const { leaves, keys } = takenBy(kernel, [line])
        return toHex(leaves) === (leaf ?? '') && toHex(keys) === (key ?? '')
      },
    ]),
    [
      'many lines at once',
      () => {
        const { leaves, keys } = takenBy(
          kernel,
          good.map(({ line }) => line),
        )
        const [wanted, wantedKeys] = [
          good.map(({ leaf }) => leaf).join(''),
          good.map(({ key }) => key).join(''),
        ]
        return toHex(leaves) === wanted && toHex(keys) === wantedKeys
      },
    ],
    [
      'none behind one that is no memory',
      () => {
        const { leaves } = takenBy(kernel, [good[0]!.line, bad.line, good[1]!.line])
        return toHex(leaves) === good[0]!.leaf
      },
    ],
  ]
}

/** The same lines and a long one by the plain reader, which the kernel must agree with. */
export function plainCases(kernel: Kernel): Case[] {
  return [
    ...vectors.lines.map(({ name, line, leaf }): Case => [
      `${name}, plainly`,
      () => plainLeafOf(line) === leaf,
    ]),
    [
      `${LONG} letters`,
      () => {
        const content = 'omega-'.repeat(LONG).slice(0, LONG)
        const draft = { content, created_at: TIME, entity_id: 'e', tags: [] }
        const random = { blind: patternOf(16), idBytes: patternOf(16) }
        const memory = createMemory(draft, '0'.repeat(64), random)
        return toHex(takenBy(kernel, [canonicalize(memory)]).leaves) === memory.leaf_hash
      },
    ],
  ]
}

const LONG = 100_000
const TIME = '2026-01-02T03:04:05.678Z'

function takenBy(kernel: Kernel, lines: readonly string[]): Taken {
  kernel.load(encodeUtf8(lines.map((line) => `${line},\n`).join('')))
  return kernel.takeLines(0, true)
}

function plainLeafOf(line: string): string | null {
  try {
    return toHex(checkMemory(parseMemory(parseCanonical(line))))
  } catch (error) {
    if (error instanceof ExchangeError) return null
    throw error
  }
}

/** Root over so many leaves, 2^k of them, made of the pattern. It repeats itself every eight leaves: few are hashed. */
function patternRootOf(count: number): Uint8Array {
  let root = rootOf(patternOf(32 * Math.min(count, 8)))
  for (let size = 8; size < count; size *= 2) root = hashWith(DOMAIN.node, root, root)
  return root
}
