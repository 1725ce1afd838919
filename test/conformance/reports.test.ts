import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, describe, expect, it } from 'vitest'
import schema from '../../public/statement-report.schema.json'
import { createReport } from '../../src/core/report.ts'
import { reportStatementFile } from '../../src/core/statement-file.ts'
import type { Verification } from '../../src/core/verification.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { inRuns, KERNEL_NAMES, KERNELS } from '../core/lanes.ts'
import { inChunks } from '../core/manifests.ts'
import { reportNaively } from '../reference/report.ts'
import { NOW } from './set.ts'
import { readShipped, reportOf } from './shipped.ts'

const CLI = new URL('../../dist/omega-verify.mjs', import.meta.url).pathname
const ALL = process.env['OMEGA_ASSURE'] === '1'
/** All files before the command line in the long run; here every sixteenth, and those that are packed. */
const ONE_IN = ALL ? 1 : 16

const isStatementReport = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(
  schema,
)
const entries = readShipped()
const kernels = KERNEL_NAMES.map((name) => [name, KERNELS[name]()] as const)
/** Bytes of a run: a line in several, about a line, all in one. */
const RUNS = [97, 2000, 2 ** 20]
/** What is tried of several: all in the long run, else another one for each file. */
const someOf = <Each>(all: readonly Each[], at: number) => (ALL ? all : [all[at % all.length]!])

describe('the streaming reader reports as the naive verifier, byte for byte, whatever the chunks', () => {
  const manifests = entries.filter(
    ({ path, description }) => description.kind === 'manifest' && !path.startsWith('manifest/gzip/'),
  )
  it.each(manifests.map((entry, at) => [entry.path, entry, at] as const))('%s', async (_, entry, at) => {
    const { plain } = entry
    const expectReported = (found: Verification, how: string) => {
      const report = JSON.stringify(createReport(found, { now: NOW }))
      expect(report, how).toBe(reportOf(entry, report))
    }
    const isSmall = plain.length < 100_000
    for (const chunks of someOf(isSmall ? [[], [1], [7, 64]] : [[], [65_536, 999_983]], at)) {
      expectReported(await verifyManifest(inChunks(plain, chunks)), `chunks of ${chunks.join(', ')}`)
    }
    // The lines of memories checked as bytes, in runs side by side.
    for (const size of someOf(isSmall ? RUNS : RUNS.slice(-1), at)) {
      // Most of the time of a large one goes to its signatures, in which no kernel has a part.
      for (const [name, kernel] of isSmall ? kernels : someOf(kernels, at)) {
        const found = await verifyManifest(inChunks(plain), inRuns(plain, kernel, size))
        expectReported(found, `runs of ${size}, by the kernel in ${name}`)
      }
    }
  })

  const statements = entries.filter(({ description }) => description.kind === 'statement')
  it.each(statements.map((entry) => [entry.path, entry] as const))('%s', async (_, entry) => {
    const found = await reportStatementFile(entry.plain, null)
    const report = JSON.stringify(found)
    expect(report).toBe(reportOf(entry, report))
    expect(isStatementReport(found), JSON.stringify(isStatementReport.errors)).toBe(true)
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
    const expected =
      isStatement || entry.description.kind === 'manifest'
        ? reportOf(entry, stdout.replace(/\n$/, ''))
        : reportNaively(entry.bytes, NOW)
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
