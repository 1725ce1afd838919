import { ExchangeError } from '../../src/core/errors.ts'
import type { Failure } from '../../src/core/verification.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { expect } from 'vitest'
import { verifyNaively } from '../reference/verify.ts'
import type { ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, signerOf } from '../reference/writer.ts'
import { SPKI } from './curve.ts'
import type { Edge } from './edges.ts'
import { forge, numberOf, withS } from './edges.ts'
import { inChunks } from './manifests.ts'

/** The code that a promise rejects with; `ok` where it does not. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'ok',
    (error: unknown) => (error instanceof ExchangeError ? error.code : String(error)),
  )
}

export const ENGINES = ['platform', 'noble'] as const
/** What is found in the file, the same by twin and by both engines. */
export async function failureOf(options: ManifestOptions): Promise<Failure | null> {
  const { bytes } = buildManifest(options)
  const expected = verifyNaively(bytes).failure
  for (const engine of ENGINES) {
    const { failure, signed } = await verifyManifest(inChunks(bytes), { engine })
    expect(failure, engine).toEqual(expected)
    if (failure?.layer === 'signature') expect(signed).toBeNull()
  }
  return expected
}

export const onLine1 = (code: string) => ({ layer: 'signature', code, line: 1, index: null })
export const inEvidence = (code: string) => ({ layer: 'evidence', code, line: 3, index: null })

/** A key at an edge of the curve that signs with such an R, and an S that may be changed. */
export function edgeSigner(a: Edge, r: Edge, change: (s: bigint) => bigint = (s) => s): Signer {
  return signerOf(Uint8Array.of(...SPKI, ...a.bytes), (message) => {
    const { signature } = forge(a, r, message)
    return withS(r.bytes, change(numberOf(signature.subarray(32))))
  })
}
