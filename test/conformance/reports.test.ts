import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, describe, expect, it } from 'vitest'
import schema from '../../public/statement-report.schema.json'
import { createReport } from '../../src/core/report.ts'
import { reportStatementFile } from '../../src/core/statement-file.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { inChunks } from '../core/manifests.ts'
import { reportNaively, reportStatementNaively } from '../reference/report.ts'
import { makeSet, NOW, type Entry } from './set.ts'

const CLI = new URL('../../dist/omega-verify.mjs', import.meta.url).pathname
/** All of them in the long run; here every eighth, which starts at another one for each kind of file. */
const ONE_IN = process.env['OMEGA_ASSURE'] === '1' ? 1 : 8

const isStatementReport = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(
  schema,
)
const entries = [...makeSet()]
const isPacked = ({ path, description: { file } }: Entry) =>
  file.endsWith('.gz') && !path.startsWith('manifest/gzip/')
const plainOf = (entry: Entry) => (isPacked(entry) ? new Uint8Array(gunzipSync(entry.bytes)) : entry.bytes)
const naiveOf = (entry: Entry) =>
  entry.description.kind === 'manifest'
    ? reportNaively(entry.bytes, NOW)
    : reportStatementNaively(plainOf(entry))

describe('the streaming reader reports as the naive verifier, byte for byte, whatever the chunks', () => {
  const manifests = entries.filter(
    ({ path, description }) => description.kind === 'manifest' && !path.startsWith('manifest/gzip/'),
  )
  it.each(manifests.map((entry) => [entry.path, entry] as const))('%s', async (_, entry) => {
    const bytes = plainOf(entry)
    const sizes = bytes.length < 100_000 ? [[], [1], [7, 64]] : [[], [65_536, 999_983]]
    for (const chunks of sizes) {
      const report = createReport(await verifyManifest(inChunks(bytes, chunks)), { now: NOW })
      expect(JSON.stringify(report)).toBe(naiveOf(entry))
    }
  })

  const statements = entries.filter(({ description }) => description.kind === 'statement')
  it.each(statements.map((entry) => [entry.path, entry] as const))('%s', async (_, entry) => {
    const report = await reportStatementFile(async () => plainOf(entry), null)
    expect(JSON.stringify(report)).toBe(naiveOf(entry))
    expect(isStatementReport(report), JSON.stringify(isStatementReport.errors)).toBe(true)
  })
})

describe('the command line reports as the naive verifier, byte for byte', () => {
  const folder = mkdtempSync(join(tmpdir(), 'omega-conformance-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const some = entries.filter(({ path }, at) => at % ONE_IN === 0 || path.startsWith('manifest/gzip/'))

  it('has been built', () => expect(existsSync(CLI), 'npm run build first').toBe(true))

  it.each(some.map((entry) => [entry.path, entry] as const))('%s', async (_, entry) => {
    const path = join(folder, entry.path.replaceAll('/', '-'))
    writeFileSync(path, entry.bytes)
    const { code, stdout, stderr } = await run([path, '--json', '--now', NOW])
    // A file of this kind is told by how it starts; what does not start so is judged as a manifest.
    const isStatement = entry.description.kind === 'statement' && entry.description.result !== 'file_empty'
    const expected = isStatement ? naiveOf(entry) : reportNaively(entry.bytes, NOW)
    expect({ code, stdout, stderr }).toEqual({
      code: entry.description.result === 'ok' ? 0 : 1,
      stdout: `${expected}\n`,
      stderr: '',
    })
  })
})

async function run(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [CLI, ...args], {
      maxBuffer: 2 ** 26,
    })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}
