import { vi } from 'vitest'
import { fromHex } from '../../src/core/bytes.ts'
import { verifySignature } from '../../src/core/ed25519.ts'

/** Vectors of Wycheproof for Ed25519. No Node in here: a browser's engine is asked the same. */
export interface Wycheproof {
  numberOfTests: number
  testGroups: {
    publicKey: { pk: string }
    tests: { tcId: number; comment: string; msg: string; sig: string; result: 'valid' | 'invalid' }[]
  }[]
}

export type WycheproofCase = Wycheproof['testGroups'][number]['tests'][number] & { readonly pk: string }

export function casesOf(groups: Wycheproof['testGroups']): WycheproofCase[] {
  return groups.flatMap(({ publicKey, tests }) => tests.map((test) => ({ ...test, pk: publicKey.pk })))
}

/**
 * How many signatures hold by the platform's own word: where a key cannot be imported another engine is asked in
 * silence, so its `verify` is watched. Throws if a key was not imported.
 */
export async function verifiedByPlatform(cases: readonly WycheproofCase[]): Promise<number> {
  const asked = vi.spyOn(crypto.subtle, 'verify')
  const imports = vi.spyOn(crypto.subtle, 'importKey')
  try {
    let held = 0
    for (const { pk, msg, sig } of cases) {
      const before = asked.mock.calls.length
      const holds = await verifySignature(fromHex(pk), fromHex(msg), fromHex(sig), 'platform').then(
        () => true,
        () => false,
      )
      if (holds && asked.mock.calls.length === before + 1) held++
    }
    for (const { value } of imports.mock.results) await value
    return held
  } finally {
    asked.mockRestore()
    imports.mockRestore()
  }
}
