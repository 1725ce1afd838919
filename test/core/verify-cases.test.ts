import { describe, expect, it } from 'vitest'
import type { FormatCode } from '../../src/core/codes.ts'
import { FORMAT_CODES } from '../../src/core/codes.ts'
import { ExchangeError } from '../../src/core/errors.ts'
import { notUnderstood } from '../../src/core/memory.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import type { JsonObject } from '../reference/canonical.ts'
import { verifyNaively } from '../reference/verify.ts'
import { buildManifest, ISSUER } from '../reference/writer.ts'
import { bytesOfCase, CASES, composed, strict } from './cases.ts'
import { inChunks, memoriesOf, OTHERS, P256, RSA, verify } from './manifests.ts'

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  it.each(cases)('%s', async (_, file, expected) => {
    const bytes = bytesOfCase(file)
    const [layer, code, line, index = null] = expected ?? []
    const failure = expected === null ? null : { layer, code, line, index }
    expect(verifyNaively(bytes).failure).toEqual(failure)
    expect((await verify(bytes)).failure).toEqual(failure)
    // Chunks that end inside whatever the case is about; small ones would only cost time in large files.
    expect((await verify(bytes, bytes.length < 100_000 ? [7] : [65_536, 999_983])).failure).toEqual(failure)
  })
})

it('has a case for each code of the format', () => {
  const found = Object.values(CASES).flatMap((cases) => cases.map(([, , expected]) => expected?.[1]))
  const codes = Object.keys(FORMAT_CODES) as FormatCode[]
  // What inflates is the source's to do, see below.
  expect(codes.filter((code) => !found.includes(code))).toEqual(['gzip_invalid'])
})

it('counts nothing of a gzip file that turns out to be broken', async () => {
  const { bytes } = buildManifest({ memories: [{}, {}] })
  for (const whole of [0, 1, 2, 3]) {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield* [bytes, bytes.subarray(0, 0), bytes.subarray(0, 0)].slice(0, whole)
      throw new ExchangeError('gzip_invalid')
    }
    const { leaves, marks, ...answer } = await verifyManifest(broken())
    expect([leaves.length, marks.length]).toEqual([0, 0])
    expect(answer).toEqual({
      failure: { layer: 'signature', code: 'gzip_invalid', line: 1, index: null },
      signed: null,
      memories: 0,
      evidence: [],
    })
  }
})

it.each(strict)('without the platform, strict: %s', async (_, file, expected) => {
  const { failure } = await verifyManifest(inChunks(bytesOfCase(file)), { engine: 'noble' })
  expect(failure?.code).toBe(expected?.[1])
})

it('reports who signed, and whose algorithm says nothing', async () => {
  const { signed } = await verifyManifest(
    inChunks(buildManifest({ signers: [ISSUER, OTHERS[1]!, P256, RSA] }).bytes),
  )
  expect(signed!.signers.verified).toEqual([ISSUER.fingerprint, OTHERS[1]!.fingerprint].sort())
  const skipped = [P256.fingerprint, RSA.fingerprint].sort()
  expect(signed!.signers.skipped.map(({ fingerprint }) => fingerprint)).toEqual(skipped)
})

it('takes a critical memory as intact and says that it is not understood', async () => {
  const { bytes } = buildManifest({ memories: [{ critical: ['x-a'], 'x-a': 1 }, {}] })
  expect((await verify(bytes)).failure).toBeNull()
  expect(memoriesOf(bytes).map(notUnderstood)).toEqual([true, false])
})

it('gives a composed and a decomposed text leaves of their own', () => {
  expect(new Set(buildManifest({ memories: composed }).leaves).size).toBe(2)
})

it('looks at no memory before the signature layer has passed', async () => {
  const calls: string[] = []
  const options = {
    onSigned: () => calls.push('signed'),
    onProgress: (_bytes: number, memories: number) => memories > 0 && calls.push('memory'),
  }
  // Byte by byte, so that each step is told.
  await verifyManifest(inChunks(buildManifest({ memories: [{}, {}] }).bytes, [1]), options)
  expect(calls.slice(0, 2)).toEqual(['signed', 'memory'])
  const told = calls.length
  const forged = buildManifest({
    memories: [{}, {}],
    envelope: (value) => void ((value['header'] as JsonObject)['sequence'] = 2),
  })
  await verifyManifest(inChunks(forged.bytes, [1]), options)
  expect(calls).toHaveLength(told)
})

it('stops reading at the first failing line', async () => {
  let [read, closed] = [0, false]
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      yield buildManifest({ envelope: (value) => void (value['type'] = 'x') }).bytes
      for (; ; read++) yield new Uint8Array(65_536)
    } finally {
      closed = true
    }
  }
  const { failure } = await verifyManifest(endless())
  expect(failure?.code).toBe('type_mismatch')
  // The head of the file is read before anything is judged.
  expect(read).toBeLessThanOrEqual(1)
  expect(closed).toBe(true)
})

it('passes on an error of the source', async () => {
  // eslint-disable-next-line require-yield
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    throw new Error('the disk')
  }
  await expect(verifyManifest(broken())).rejects.toThrow('the disk')
})
