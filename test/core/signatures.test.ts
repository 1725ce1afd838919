import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/core/bytes.ts'
import { checkKey, verifySignature } from '../../src/core/ed25519.ts'
import { isStrictPoint, verifyStrictly } from '../reference/ed25519.ts'
import type { Signer } from '../reference/writer.ts'
import { buildStatement, ISSUER } from '../reference/writer.ts'
import { scalarNamed } from './curve.ts'
import type { Edge } from './edges.ts'
import {
  edgesOf,
  forge,
  forgeAny,
  largeS,
  numberOf,
  ODD_ENCODINGS,
  readLeniently,
  ORDER,
  withS,
} from './edges.ts'
import { OTHERS } from './manifests.ts'
import { codeOf, edgeSigner, ENGINES, failureOf, inEvidence, onLine1 } from './findings.ts'

const [ANA, BO] = OTHERS as [Signer, Signer, Signer]
const RECEIPT = 'application/vnd.omega.receipt.v1+json'
const SLOW = { timeout: 120_000 }

const keys = edgesOf(scalarNamed('Issuer'))
/** The discrete logarithm of R, unrelated to the key. */
const commitments = edgesOf(12345n)
const [goodKey, goodR] = [keys[0]!, commitments[0]!]

/** What twin and both engines say of 64 bytes; one answer, or the test fails. */
async function judge(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<string> {
  const strict = isStrictPoint(key)
  const twin = !strict
    ? 'key_not_allowed'
    : verifyStrictly(key, message, signature)
      ? 'ok'
      : 'signature_invalid'
  for (const engine of ENGINES)
    expect(await codeOf(verifySignature(key, message, signature, engine)), engine).toBe(twin)
  return twin
}

describe('each A with each R, the equation holding wherever it can', SLOW, () => {
  it.each(keys.map((a) => [a.name, a] as const))('A %s', async (_, a) => {
    for (const r of commitments) {
      const { message, signature } = forgeAny(a, r)
      const s = numberOf(signature.subarray(32))
      for (const [name, number] of [['S', s] as const, ...largeS(s)]) {
        // Every S only where the points are allowed: what refuses a point has not looked at S.
        const isWhole = a.kind === 'good' || r.kind === 'good' || name === 'S' || name === 'S + 1L'
        if (!isWhole) continue
        const isGood = a.kind === 'good' && r.kind === 'good' && name === 'S'
        const expected = a.kind !== 'good' ? 'key_not_allowed' : isGood ? 'ok' : 'signature_invalid'
        expect(await judge(a.bytes, message, withS(r.bytes, number)), `${r.name}, ${name}`).toBe(expected)
      }
    }
  })

  it('has the equation hold in hundreds of them, and 15 other S for each signature', () => {
    const holding = keys.flatMap((a) => commitments.filter((r) => forgeAny(a, r).holds))
    expect(holding.length).toBeGreaterThan(200)
    const s = numberOf(forgeAny(goodKey, goodR).signature.subarray(32))
    expect(largeS(s).filter(([name]) => /^S \+/.test(name)).length).toBeGreaterThanOrEqual(15)
  })

  it('refuses every encoding that is not the one of its point, as key and as R', async () => {
    for (const bytes of ODD_ENCODINGS) {
      expect(() => checkKey(bytes)).toThrow('key_not_allowed')
      expect(isStrictPoint(bytes)).toBe(false)
      const odd: Edge = { name: toHex(bytes), kind: 'odd encoding', bytes, known: null }
      const { signature } = forge(goodKey, odd, new Uint8Array(4))
      expect(await judge(goodKey.bytes, new Uint8Array(4), signature)).toBe('signature_invalid')
    }
    expect(ODD_ENCODINGS).toHaveLength(40)
  })

  it('finds no such encoding of an allowed point: the two rules never disagree', () => {
    // A fact of the curve: to drop one rule and keep the other would let nothing through.
    const points = ODD_ENCODINGS.map(readLeniently).filter((point) => point !== null)
    expect(points.length).toBeGreaterThan(20)
    expect(points.filter((point) => point.isTorsionFree() && !point.is0())).toEqual([])
  })
})

it('is stricter than every engine alone: each accepts what is refused here', SLOW, async () => {
  const taken = { platform: 0, 'noble, zip215 false': 0, 'noble, zip215 true': 0 }
  const universal = new Set<string>()
  for (const a of keys) {
    const imported = await crypto.subtle
      .importKey('raw', a.bytes.slice(), 'Ed25519', false, ['verify'])
      .catch(() => null)
    for (const r of commitments) {
      if (a.kind === 'good' && r.kind === 'good') continue
      const { message, signature } = forgeAny(a, r)
      if (imported && (await crypto.subtle.verify('Ed25519', imported, signature, message))) {
        taken.platform++
        if (a.kind === 'low') universal.add(a.name)
      }
      if (isTaken(() => ed25519.verify(signature, message, a.bytes, { zip215: false })))
        taken['noble, zip215 false']++
      if (isTaken(() => ed25519.verify(signature, message, a.bytes, { zip215: true })))
        taken['noble, zip215 true']++
    }
  }
  for (const [engine, count] of Object.entries(taken)) expect(count, engine).toBeGreaterThan(0)
  // A key that belongs to nobody and signs for everybody.
  expect(universal.size).toBeGreaterThan(0)
})

function isTaken(verify: () => boolean): boolean {
  try {
    return verify()
  } catch {
    return false
  }
}

describe('one signature and several keys', () => {
  it('a signature with R = [S]B fits the low-order keys, whatever the message: refused for each', async () => {
    const fits = []
    for (const a of keys.filter(({ kind }) => kind === 'low')) {
      for (const text of ['one', 'another']) {
        const message = new TextEncoder().encode(text)
        const { signature } = forge(a, goodR, message)
        expect(signature).toEqual(withS(goodR.bytes, 12345n))
        // Times eight, which is how a cofactored engine asks.
        if (ed25519.verify(signature, message, a.bytes, { zip215: true })) fits.push(`${a.name} ${text}`)
        expect(await judge(a.bytes, message, signature)).toBe('key_not_allowed')
      }
    }
    expect(fits).toHaveLength(16)
  })

  it("a signature made with a key's scalar for its twists fits the twist, times eight: refused", async () => {
    for (const a of keys.filter(({ kind }) => kind === 'mixed')) {
      const { signature, message } = forgeAny(a, goodR)
      expect(ed25519.verify(signature, message, a.bytes, { zip215: false })).toBe(true)
      expect(await judge(a.bytes, message, signature)).toBe('key_not_allowed')
      expect(await judge(goodKey.bytes, message, signature)).toBe('signature_invalid')
    }
  })
})

describe('in a manifest: as the issuer, beside the issuer, in evidence', SLOW, () => {
  const odd: [name: string, signer: Signer, code: string][] = [
    ...keys
      .slice(1)
      .map((a): [string, Signer, string] => [`A ${a.name}`, edgeSigner(a, goodR), 'key_not_allowed']),
    ...commitments
      .slice(1)
      .map((r): [string, Signer, string] => [`R ${r.name}`, edgeSigner(goodKey, r), 'signature_invalid']),
    ...largeS(ORDER / 2n).map(([name]): [string, Signer, string] => {
      const change = (s: bigint) => new Map(largeS(s)).get(name)!
      return [name, edgeSigner(goodKey, goodR, change), 'signature_invalid']
    }),
  ]

  it.each(odd)('%s', async (_, signer, code) => {
    expect(await failureOf({ signers: [signer] })).toEqual(onLine1(code))
    expect(await failureOf({ signers: [ANA, signer] })).toEqual(onLine1(code))
    const statement = (...signers: [Signer, ...Signer[]]) => buildStatement(RECEIPT, {}, signers)
    expect(await failureOf({ evidence: [statement(signer)] })).toEqual(inEvidence(code))
    expect(await failureOf({ evidence: [statement(BO, signer)] })).toEqual(inEvidence(code))
  })

  it('what is good three times over is accepted in each of these places', async () => {
    const signer = edgeSigner(goodKey, goodR)
    expect(signer.fingerprint).toBe(ISSUER.fingerprint)
    expect(await failureOf({ signers: [signer] })).toBeNull()
    expect(await failureOf({ signers: [ANA, signer] })).toBeNull()
    expect(await failureOf({ evidence: [buildStatement(RECEIPT, {}, [signer, BO])] })).toBeNull()
  })
})
