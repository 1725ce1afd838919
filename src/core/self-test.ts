import { decodeUtf8, encodeUtf8, equalBytes, fromHex, toHex } from './bytes.ts'
import { canonicalize, parseCanonical } from './canonical.ts'
import { verifySignature } from './ed25519.ts'
import { ExchangeError } from './errors.ts'
import { sha256 } from './hash.ts'
import type { Kernel } from './kernel.ts'
import { kernelCases, patternOf, plainCases, type Case } from './kernel-test.ts'
import { checkInclusion, TreeHasher } from './merkle.ts'
import { canSign, isReadable, makeKeyPair } from './private-key.ts'
import vectors from './self-test-vectors.json'
import { verifyManifest } from './verify.ts'

/** What of an engine is tested, in this order. */
export const ENGINE_TESTS = [
  'sha256',
  'kernel',
  'text',
  'canonical_json',
  'signatures',
  'platform_signatures',
  'merkle',
  'manifest',
  'private_key',
  'random',
] as const
export type EngineTestName = (typeof ENGINE_TESTS)[number]

export interface EngineTest {
  readonly name: EngineTestName
  /** `not_possible`: this browser has no Ed25519 of its own; it verifies with a library and signs nothing. */
  readonly status: 'passed' | 'failed' | 'not_possible'
  readonly cases: number
  /** Names of the cases that failed. */
  readonly failed: readonly string[]
}

export interface EngineReport {
  readonly result: 'reliable' | 'unreliable'
  /** What checks signatures: the platform, or the library where the platform has no Ed25519. */
  readonly signatures_by: 'platform' | 'noble'
  readonly tests: readonly EngineTest[]
}

/**
 * Tests the engine that this runs on with vectors of our own making (`self-test-vectors.json`, written by the naive
 * implementation in `test/reference`): whether what verification leans on does here what it must. `kernel` is the one
 * that reads here, used or not; null where there is none. Never throws.
 */
export async function testEngine(kernel: Kernel | null): Promise<EngineReport> {
  const platform = await canSign()
  const cases: Record<EngineTestName, readonly Case[] | null> = {
    sha256: sha256Cases(),
    kernel: kernel && [...kernelCases(kernel), ...plainCases(kernel)],
    text: textCases(),
    canonical_json: canonicalCases(),
    signatures: signatureCases(),
    platform_signatures: platform ? platformCases() : null,
    merkle: merkleCases(),
    manifest: manifestCases(),
    private_key: platform ? privateKeyCases() : null,
    random: randomCases(),
  }
  const tests: EngineTest[] = []
  for (const name of ENGINE_TESTS) tests.push(await run(name, cases[name]))
  return {
    result: tests.some(({ status }) => status === 'failed') ? 'unreliable' : 'reliable',
    signatures_by: platform ? 'platform' : 'noble',
    tests,
  }
}

async function run(name: EngineTestName, cases: readonly Case[] | null): Promise<EngineTest> {
  if (cases === null) return { name, status: 'not_possible', cases: 0, failed: [] }
  const failed: string[] = []
  for (const [each, holds] of cases) {
    try {
      if (!(await holds())) failed.push(each)
    } catch {
      failed.push(each)
    }
  }
  return { name, status: failed.length === 0 ? 'passed' : 'failed', cases: cases.length, failed }
}

function sha256Cases(): Case[] {
  return vectors.sha256.flatMap(({ length, hash }): Case[] => [
    [`${length} bytes`, () => toHex(sha256(patternOf(length))) === hash],
    [
      `${length} bytes, by the platform`,
      // Absent outside a secure context, where nothing leans on it.
      async () =>
        crypto.subtle === undefined ||
        toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', patternOf(length)))) === hash,
    ],
  ])
}

function textCases(): Case[] {
  return vectors.utf8.map(({ name, bytes, text }): Case => [
    name,
    () =>
      text === null
        ? refusalOf(() => decodeUtf8(fromHex(bytes))) === 'not_utf8'
        : decodeUtf8(fromHex(bytes)) === text && toHex(encodeUtf8(text)) === bytes,
  ])
}

function canonicalCases(): Case[] {
  return vectors.canonical.map(({ text, canonical }): Case => [
    text.slice(0, 60),
    () => {
      const isItself = refusalOf(() => parseCanonical(text)) === (text === canonical ? null : 'not_canonical')
      if (canonical === null) return isItself
      return isItself && canonicalize(JSON.parse(text)) === canonical
    },
  ])
}

/** Strict rules and equation together, on the path that verification takes here. */
function signatureCases(): Case[] {
  return vectors.signatures.map(({ name, key, message, signature, code }): Case => [
    name,
    async () => {
      const verified = verifySignature(fromHex(key), fromHex(message), fromHex(signature))
      const found = await verified.then(
        () => null,
        (error: unknown) => (error instanceof ExchangeError ? error.code : 'thrown'),
      )
      return found === code
    },
  ])
}

/** What only the equation decides: there the engine alone has to be right. */
function platformCases(): Case[] {
  const plain = vectors.signatures.filter(({ equation }) => equation !== null)
  return plain.map(({ name, key, message, signature, equation }): Case => [
    name,
    async () => {
      const imported = await crypto.subtle.importKey('raw', bytesOf(key), 'Ed25519', false, ['verify'])
      return (
        (await crypto.subtle.verify('Ed25519', imported, bytesOf(signature), bytesOf(message))) === equation
      )
    },
  ])
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return fromHex(hex) as Uint8Array<ArrayBuffer>
}

function merkleCases(): Case[] {
  const { roots, index, path } = vectors.merkle
  const leaves = roots.map((_, i) => sha256(patternOf(i)))
  const proof = path.map(fromHex)
  const root = fromHex(roots.at(-1)!)
  const check = (at: number, hashes: readonly Uint8Array[]) =>
    checkInclusion(root, leaves.length, leaves[index]!, at, hashes)
  return [
    ...roots.map((hash, i): Case => [
      `a tree of ${i + 1}`,
      () => {
        const tree = new TreeHasher()
        for (const leaf of leaves.slice(0, i + 1)) tree.push(leaf)
        return toHex(tree.root()) === hash
      },
    ]),
    ['an inclusion proof', () => check(index, proof)],
    ['the proof of another place', () => !check(index + 1, proof)],
    ['a proof in another order', () => !check(index, proof.toReversed())],
  ]
}

function manifestCases(): Case[] {
  const { text, id, changes } = vectors.manifest
  return [
    [
      'whole',
      async () => {
        const { failure, signed } = await verifyManifest(once(text))
        return failure === null && signed?.id === id
      },
    ],
    ...changes.map(({ name, edits, code }): Case => [
      name,
      async () => {
        const changed = edits.reduce((before, [from, to]) => before.replace(from!, to!), text)
        return (await verifyManifest(once(changed))).failure?.code === code
      },
    ]),
  ]
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield encodeUtf8(text)
}

/** A key as an identity's: made not to be readable. */
function privateKeyCases(): Case[] {
  const made = makeKeyPair(false)
  const message = patternOf(100)
  return [
    ['cannot be read', async () => !(await isReadable((await made).privateKey))],
    [
      'cannot be read once it was copied',
      async () => !(await isReadable(structuredClone((await made).privateKey))),
    ],
    [
      'signs what its public half verifies',
      async () => {
        const { privateKey, publicKey } = await made
        const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, message))
        const key = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
        await verifySignature(key, message, signature)
        return true
      },
    ],
  ]
}

function randomCases(): Case[] {
  const draw = () => crypto.getRandomValues(new Uint8Array(32))
  return [
    ['two draws differ', () => !equalBytes(draw(), draw())],
    ['a draw is not blank', () => draw().some((byte) => byte !== 0)],
  ]
}

/** The code with which `work` refuses; null if it does not. */
function refusalOf(work: () => unknown): string | null {
  try {
    work()
    return null
  } catch (error) {
    return error instanceof ExchangeError ? error.code : 'thrown'
  }
}
