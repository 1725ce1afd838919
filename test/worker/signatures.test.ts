import { ed25519 } from '@noble/curves/ed25519.js'
import { expect, it } from 'vitest'
import { verifySignature } from '../../src/core/ed25519.ts'
import { edgesOf, forgeAny, largeS, numberOf, withS } from '../core/edges.ts'
import { codeOf } from '../exchange/instance.ts'

/** The forgeries of `test/core/signatures.test.ts` before the engine that people have. */
const keys = edgesOf(98765n)
const commitments = edgesOf(12345n)

it('this browser alone accepts forgeries with each A and R; none passes the strict rules', async () => {
  let taken = 0
  for (const a of keys) {
    const imported = await crypto.subtle
      .importKey('raw', a.bytes.slice(), 'Ed25519', false, ['verify'])
      .catch(() => null)
    for (const r of commitments) {
      const { message, signature } = forgeAny(a, r)
      const isGood = a.kind === 'good' && r.kind === 'good'
      const alone = imported !== null && (await crypto.subtle.verify('Ed25519', imported, signature, message))
      if (isGood) expect(alone).toBe(true)
      else if (alone) taken++
      const refusal = a.kind === 'good' ? 'signature_invalid' : 'key_not_allowed'
      for (const engine of ['platform', 'noble'] as const) {
        const code = await codeOf(verifySignature(a.bytes, message, signature, engine))
        expect(code, `${a.name}, ${r.name}, ${engine}`).toBe(isGood ? 'fulfilled: undefined' : refusal)
      }
    }
  }
  expect(taken).toBeGreaterThan(0)
}, 120_000)

it('no S but the one below L passes', async () => {
  const [a, r] = [keys[0]!, commitments[0]!]
  const { message, signature } = forgeAny(a, r)
  expect(ed25519.verify(signature, message, a.bytes)).toBe(true)
  for (const [name, s] of largeS(numberOf(signature.subarray(32)))) {
    for (const engine of ['platform', 'noble'] as const) {
      const work = verifySignature(a.bytes, message, withS(r.bytes, s), engine)
      expect(await codeOf(work), `${name}, ${engine}`).toBe('signature_invalid')
    }
  }
})
