import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { canonicalize } from '../../src/core/canonical.ts'
import { FORMAT_CODES } from '../../src/core/codes.ts'
import type { ReportContext } from '../../src/core/report.ts'
import { createReport } from '../../src/core/report.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { LAYERS } from '../../src/core/verification.ts'
import schema from '../../public/report.schema.json'
import type { ManifestOptions } from '../reference/writer.ts'
import { buildManifest, buildStatement, ISSUER } from '../reference/writer.ts'
import { bytesOfCase, CASES } from './cases.ts'
import { inChunks, OTHERS, P256 } from './manifests.ts'

const isReport = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(schema)
const [ANA, BO] = OTHERS as [typeof ISSUER, typeof ISSUER]
const NOW = '2026-01-02T03:04:05.678Z'
const nobody = { trusted: new Set<string>(), revoked: new Set<string>(), own: new Set<string>() }
const CONTEXT: ReportContext = { trust: nobody, stream: { places: [], frozen: false }, now: NOW }

async function reportOf(
  file: ManifestOptions | Uint8Array,
  context: ReportContext = {},
  sizes: number[] = [],
) {
  const bytes = file instanceof Uint8Array ? file : buildManifest(file).bytes
  return createReport(await verifyManifest(inChunks(bytes, sizes)), context)
}

describe('the schema', () => {
  it('knows the codes of the format and no other', () => {
    expect(schema.$defs.code.enum).toEqual(Object.keys(FORMAT_CODES))
  })

  // Large files cost time and their reports look like those of small ones.
  const cases = Object.entries(CASES).flatMap(([table, cases]) =>
    cases
      .filter(([name]) => !name.includes('MiB'))
      .map(([name, file, expected]) => ({ name: `${table}, ${name}`, file, expected })),
  )
  it.each(cases)('fits the report of $name', async ({ file, expected }) => {
    const verification = await verifyManifest(inChunks(bytesOfCase(file)))
    for (const context of [{}, CONTEXT]) {
      const report = createReport(verification, context)
      expect(isReport(report), JSON.stringify(isReport.errors)).toBe(true)
      expect(report.result).toBe(expected?.[1] ?? 'ok')
    }
  })

  it('fits nothing that a report is not', async () => {
    const report = await reportOf({ evidence: [buildStatement('text/x', {}, [ANA])] }, CONTEXT)
    const failed = await reportOf({ memories: [{ id: '' }] })
    const wrong: unknown[] = [
      { ...report, more: 1 },
      { ...report, result: 'fine' },
      { ...report, result: 'root_mismatch' },
      { ...report, manifest: null },
      { ...report, manifest: { ...report.manifest, more: 1 } },
      { ...report, leaves: -1 },
      { ...report, freshness: 'new' },
      { ...report, expired: 0 },
      { ...report, layers: { ...report.layers, root: { status: 'not_checked' } } },
      { ...report, layers: { ...report.layers, trust: { status: 'ok' } } },
      { ...report, evidence: [{ ...report.evidence[0], more: 1 }] },
      { ...report, trust: { mode: 'all', issuer: 'own' } },
      { ...failed, result: 'ok' },
      { ...failed, layers: { ...failed.layers, leaves: { ...failed.layers.leaves, line: 0 } } },
      { ...failed, layers: { ...failed.layers, root: { status: 'ok' } } },
      { ...failed, manifest: null },
      { ...failed, evidence: report.evidence },
      null,
    ]
    for (const value of wrong) expect(isReport(value), JSON.stringify(value)).toBe(false)
    for (const name of Object.keys(report)) {
      const { [name]: _, ...less } = report as unknown as Record<string, unknown>
      expect(isReport(less), name).toBe(false)
    }
  })
})

describe('a report', () => {
  it('names the failing layer; what comes after was not checked', async () => {
    const files: ManifestOptions[] = [
      { envelope: (value) => void (value['type'] = 'x') },
      { memories: [{}, { id: '' }] },
      { header: { merkle_root: '0'.repeat(64) } },
      { orderedEvidence: (list) => void list.push(5) },
    ]
    const failures = [
      ['type_mismatch', '1', 1, null],
      ['memory_invalid', '3', 6, 1],
      ['root_mismatch', '4', 1, null],
      ['shape_invalid', '1', 3, null],
    ] as const
    for (const [at, file] of files.entries()) {
      const { layers, result, manifest, leaves } = await reportOf(file)
      const [code, clause, line, index] = failures[at]!
      const expected = LAYERS.map((_, layer) => {
        if (layer === at) return { status: 'failed', code, clause, line, index }
        return { status: layer < at ? 'ok' : 'not_checked' }
      })
      expect(LAYERS.map((layer) => layers[layer])).toEqual(expected)
      expect(result).toBe(code)
      expect(manifest === null).toBe(at === 0)
      expect(leaves).toBe(at === 0 ? 0 : 1)
    }
  })

  it('asks nothing that it was not given', async () => {
    const { trust, freshness, expired, clock_suspect, audience } = await reportOf({})
    expect([trust, freshness, expired, clock_suspect, audience]).toEqual([null, null, null, null, null])
  })

  it.each([
    ['unknown', nobody],
    ['trusted', { ...nobody, trusted: new Set([ISSUER.fingerprint]) }],
    [
      'revoked',
      { ...nobody, trusted: new Set([ISSUER.fingerprint]), revoked: new Set([ISSUER.fingerprint]) },
    ],
    ['own', { ...nobody, own: new Set([ISSUER.fingerprint]), revoked: new Set([ISSUER.fingerprint]) }],
  ])('says that the issuer is %s', async (issuer, trust) => {
    // A trusted countersigner does not make the issuer trusted.
    const both = { ...trust, trusted: new Set([...trust.trusted, BO.fingerprint]) }
    const report = await reportOf({ signers: [ISSUER, BO] }, { trust: both })
    expect(report.trust).toEqual({ mode: 'trusted_keys_only', issuer })
    expect(report.result).toBe('ok')
  })

  it.each([
    ['open', undefined],
    ['included', [ANA.fingerprint]],
    ['not_included', [BO.fingerprint]],
    ['not_included', []],
  ])('says that the audience is %s', async (audience, fingerprints) => {
    const context = { trust: { ...nobody, own: new Set([ANA.fingerprint]) } }
    const details = fingerprints ? { audience: fingerprints } : {}
    expect((await reportOf({ details }, context)).audience).toBe(audience)
  })

  it('reads the clock that it is given', async () => {
    const file = { header: { expires_at: NOW, created_at: NOW } }
    const at = async (now: string) => {
      const { expired, clock_suspect } = await reportOf(file, { now })
      return [expired, clock_suspect]
    }
    expect(await at('2026-01-02T03:04:05.677Z')).toEqual([false, false])
    expect(await at(NOW)).toEqual([true, false])
    expect(await at('2026-01-02T02:59:05.678Z')).toEqual([false, false])
    expect(await at('2026-01-02T02:59:05.677Z')).toEqual([false, true])
  })

  it('says how fresh the manifest is', async () => {
    const { id } = buildManifest()
    const place = { sequence: 1, id, previous: null, imported: true }
    expect((await reportOf({}, { stream: { places: [place], frozen: false } })).freshness).toBe('replay')
    expect((await reportOf({}, { stream: { places: [], frozen: true } })).freshness).toBe('fork')
  })

  it('lists what verified', async () => {
    const evidence = [buildManifest({ signers: [ANA] }).statement, buildStatement('text/x', {}, [BO, ANA])]
    const built = buildManifest({
      memories: [{}, {}],
      signers: [ISSUER, P256],
      evidence,
      details: { note: 'n' },
    })
    const report = await reportOf(built.bytes)
    expect(report.leaves).toBe(2)
    expect(report.manifest).toMatchObject({
      id: built.id,
      header: built.statement.header,
      details: { note: 'n' },
    })
    expect(report.manifest!.signers).toEqual([ISSUER.fingerprint])
    expect(report.manifest!.skipped).toEqual([
      { fingerprint: P256.fingerprint, algorithm: 'elliptic curve (P-256 or the like)' },
    ])
    const issuers = report.evidence.map(({ type, issuer }) => [type, issuer])
    expect(issuers).toHaveLength(2)
    expect(issuers).toContainEqual(['text/x', BO.fingerprint])
  })

  it('is the same byte for byte for the same file and context, whatever the chunks', async () => {
    const { bytes } = buildManifest({ memories: [{}, { metadata: { b: 1, a: 2 } }], signers: [ISSUER, BO] })
    const texts = await Promise.all(
      [[], [1], [100, 1000]].map(async (sizes) => JSON.stringify(await reportOf(bytes, CONTEXT, sizes))),
    )
    expect(new Set(texts).size).toBe(1)
    // It can be signed: the format allows it as a value in a header.
    expect(canonicalize(JSON.parse(texts[0]!), 2)).toContain('"result":"ok"')
  })
})
