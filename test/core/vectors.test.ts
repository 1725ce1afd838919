import { describe, expect, it } from 'vitest'
import { decodeUtf8, fromBase64, fromHex } from '../../src/core/bytes.ts'
import { canonicalize, parseCanonical } from '../../src/core/canonical.ts'
import { verifySignature } from '../../src/core/ed25519.ts'
import { ExchangeError } from '../../src/core/errors.ts'
import { checkInclusion } from '../../src/core/merkle.ts'
import * as naive from '../reference/canonical.ts'
import { isStrictPoint, verifyStrictly } from '../reference/ed25519.ts'
import { checkPath } from '../reference/merkle.ts'
import { describeVectors } from '../vectors.ts'
import { casesOf, verifiedByPlatform, type Wycheproof } from './wycheproof.ts'

describeVectors<Wycheproof>('ed25519-wycheproof', ({ numberOfTests, testGroups }) => {
  const cases = casesOf(testGroups)

  it('holds as many cases as it says', () => {
    expect(cases).toHaveLength(numberOfTests)
    expect(numberOfTests).toBe(151)
  })

  describe.each(['platform', 'noble'] as const)('%s', (engine) => {
    it.each(cases)('$tcId $result: $comment', async ({ pk, msg, sig, result }) => {
      const verified = verifySignature(fromHex(pk), fromHex(msg), fromHex(sig), engine)
      if (result === 'valid') await expect(verified).resolves.toBeUndefined()
      else await expect(verified).rejects.toMatchObject({ code: 'signature_invalid' })
    })
  })

  it('asks the platform whenever it says so, and noble not at all', async () => {
    expect(await verifiedByPlatform(cases)).toBe(cases.filter(({ result }) => result === 'valid').length)
  })

  it('is answered likewise by the slow twin', () => {
    for (const { pk, msg, sig, result } of cases) {
      const key = fromHex(pk)
      const holds = isStrictPoint(key) && verifyStrictly(key, fromHex(msg), fromHex(sig))
      expect(holds).toBe(result === 'valid')
    }
  })
})

describeVectors<{ name: string; input: string; output: string }[]>('jcs', (vectors) => {
  it.each(vectors)('$name', ({ input, output }) => {
    const value = JSON.parse(input) as naive.Json
    // The suite has 1e21 and the like, which the format refuses: its spelling is the twin's to show.
    expect(naive.serialize(value)).toBe(output)
    if (naive.canonicalize(value) === null) expect(() => canonicalize(value)).toThrow('not_canonical')
    else expect(canonicalize(value)).toBe(output)
  })

  it('has values that the format allows', () => {
    expect(
      vectors.filter(({ input }) => naive.canonicalize(JSON.parse(input) as naive.Json) !== null).length,
    ).toBeGreaterThan(3)
  })
})

interface Parsing {
  name: string
  expect: 'y' | 'n' | 'i'
  base64: string
}

describeVectors<Parsing[]>('json-parsing', (vectors) => {
  function read(bytes: Uint8Array): { value: unknown } | { code: string } {
    try {
      return { value: parseCanonical(decodeUtf8(bytes)) }
    } catch (error) {
      if (error instanceof ExchangeError) return { code: error.code }
      throw error
    }
  }

  it.each(vectors)('$name', ({ expect: kind, base64 }) => {
    const bytes = fromBase64(base64)!
    const answer = read(bytes)
    const text = naive.decodeUtf8(bytes)
    const expected = text === null ? undefined : naive.parseCanonical(text)
    if (kind === 'n') expect(expected).toBeUndefined()
    if (expected !== undefined) expect(answer).toEqual({ value: expected })
    else expect(answer).toEqual({ code: text === null ? 'not_utf8' : 'not_canonical' })
  })

  it('reads the documents that must parse and stand in canonical form', () => {
    const canonical = vectors.filter(
      ({ expect, base64 }) => expect === 'y' && 'value' in read(fromBase64(base64)!),
    )
    expect(canonical.length).toBeGreaterThan(20)
  })
})

interface Inclusion {
  leafIdx: number
  treeSize: number
  root: string
  leafHash: string
  proof: string[] | null
  name: string
  wantErr: boolean
}

describeVectors<Inclusion[]>('merkle-inclusion', (vectors) => {
  it('holds 98 cases', () => expect(vectors).toHaveLength(98))

  it.each(vectors)('$name', ({ leafIdx, treeSize, root, leafHash, proof, wantErr }) => {
    const path = (proof ?? []).map((hash) => fromBase64(hash)!)
    const [rootBytes, leaf] = [fromBase64(root)!, fromBase64(leafHash)!]
    expect(checkInclusion(rootBytes, treeSize, leaf, leafIdx, path)).toBe(!wantErr)
    expect(checkPath(leafIdx, treeSize, leaf, path, rootBytes)).toBe(!wantErr)
  })
})
