import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/core/bytes.ts'
import { verifySignature } from '../../src/core/ed25519.ts'
import { codeOf } from '../exchange/instance.ts'
import { casesOf, verifiedByPlatform, type Wycheproof } from '../core/wycheproof.ts'
import { describeVectors } from '../vectors.ts'

describeVectors<Wycheproof>('ed25519-wycheproof', ({ numberOfTests, testGroups }) => {
  const cases = casesOf(testGroups)

  it('holds 151 cases', () => {
    expect(cases).toHaveLength(numberOfTests)
    expect(numberOfTests).toBe(151)
  })

  describe.each(['platform', 'noble'] as const)('%s, in this browser', (engine) => {
    it('answers each as it should', async () => {
      const others: string[] = []
      for (const { pk, msg, sig, result, tcId, comment } of cases) {
        const code = await codeOf(verifySignature(fromHex(pk), fromHex(msg), fromHex(sig), engine))
        const expected = result === 'valid' ? 'fulfilled: undefined' : 'signature_invalid'
        if (code !== expected) others.push(`${tcId} ${comment}: ${code}`)
      }
      expect(others).toEqual([])
    })
  })

  it('asks this browser whenever it says so', async () => {
    expect(await verifiedByPlatform(cases)).toBe(cases.filter(({ result }) => result === 'valid').length)
  })
})
