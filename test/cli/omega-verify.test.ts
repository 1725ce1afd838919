import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createReport } from '../../src/core/report.ts'
import { verifyManifest } from '../../src/core/verify.ts'
import { inChunks } from '../core/manifests.ts'
import { serialize } from '../reference/canonical.ts'
import { MTH } from '../reference/merkle.ts'
import { hex } from '../reference/shapes.ts'
import {
  buildManifest,
  buildMemory,
  buildStatement,
  ISSUER,
  signerNamed,
  twinSigner,
} from '../reference/writer.ts'

const CLI = fileURLToPath(new URL('../../dist/omega-verify.mjs', import.meta.url))
const NOW = '2026-06-01T00:00:00.000Z'

const folder = mkdtempSync(join(tmpdir(), 'omega-verify-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeAll(() => {
  if (!existsSync(CLI)) throw new Error('dist/omega-verify.mjs is not built: npm run build')
})

function file(name: string, contents: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, contents)
  return path
}

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

const whole = buildManifest({ memories: Array.from({ length: 152 }, (_, i) => ({ content: `Note ${i}` })) })
const manifest = file('manifest.json', whole.bytes)
const trusted = file('issuer.pem', ISSUER.pem)
const stranger = file('stranger.pem', signerNamed('Stranger').pem)

describe('a statement alone in a file', () => {
  const receipt = buildStatement(
    'application/vnd.omega.receipt.v1+json',
    { note: 'a\u202e\u200b\u001b[2J' },
    [ISSUER],
  )
  const text = `${serialize({ format: 'omega-statement/1', statement: receipt })}\n`
  const path = file('receipt.json', text)

  it('is verified, and trusted or not', () => {
    expect(run(path)).toMatchObject({ code: 0, err: '' })
    expect(run(path).out).toContain('a statement alone, signature OK')
    expect(run(path, '--trust', trusted).code).toBe(0)
    const refused = run(path, '--trust', stranger)
    expect(refused.code).toBe(1)
    expect(refused.out).toContain('untrusted_peer (trust mode: trusted_keys_only)')
    const { trust } = JSON.parse(run(path, '--json', '--trust', stranger).out) as { trust: unknown }
    expect(trust).toEqual({ mode: 'trusted_keys_only', issuer: 'unknown' })
  })

  it('shows nothing that steers a terminal', () => {
    // eslint-disable-next-line no-control-regex -- this is what must not be there
    expect(run(path).out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\u200b]/)
  })

  it('may be gzip, whole', () => {
    const packed = gzipSync(text)
    expect(run(file('receipt.json.gz', packed), '--json').out).toBe(run(path, '--json').out)
    const broken = run(file('broken.json.gz', packed.subarray(0, -3)), '--json')
    expect(broken.code).toBe(1)
    expect(JSON.parse(broken.out)).toMatchObject({ result: 'gzip_invalid' })
    // All that inflates is there; only the checksum is another.
    const changed = Buffer.from(packed)
    changed[changed.length - 8]! ^= 1
    expect(JSON.parse(run(file('changed.json.gz', changed), '--json').out)).toMatchObject({
      result: 'gzip_invalid',
    })
  })
})

describe('exit code 0', () => {
  it('an intact manifest, three layers and the count in one line', () => {
    const { code, out } = run(manifest)
    expect(out).toContain('leaf hashes consistent, root matches, signature OK, 152 leaves')
    expect(code).toBe(0)
  })

  it('an intact manifest whose issuer is trusted', () => {
    const { code, out } = run(manifest, '--trust', stranger, '--trust', trusted)
    expect(out).toContain('trusted (trust mode: trusted_keys_only)')
    expect(code).toBe(0)
  })

  it('the same as gzip', () => {
    const { code, out } = run(file('manifest.json.gz', gzipSync(whole.bytes)), '--json', '--now', NOW)
    expect(out).toBe(run(manifest, '--json', '--now', NOW).out)
    expect(code).toBe(0)
  })

  it('an expired manifest is intact: time is no layer', () => {
    const { bytes } = buildManifest({ header: { expires_at: '2026-02-01T00:00:00.000Z' } })
    const path = file('expired.json', bytes)
    expect(JSON.parse(run(path, '--json', '--now', NOW).out)).toMatchObject({ result: 'ok', expired: true })
    expect(JSON.parse(run(path, '--json', '--now', '2026-01-31T23:59:59.999Z').out)).toMatchObject({
      expired: false,
    })
    expect(run(path, '--now', NOW).code).toBe(0)
  })
})

it('--help says how, and that is no error', () => {
  expect(run('--help')).toMatchObject({ code: 0, err: '' })
  expect(run('--help').out).toContain('Usage: omega-verify')
})

describe('exit code 1', () => {
  const cases: [string, Uint8Array | string, string][] = [
    ['empty', '', 'file_empty'],
    ['zeros', new Uint8Array(20_000_000), 'not_a_manifest'],
    ['noise', Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 251), 'not_a_manifest'],
    ['other JSON', '{"a":1}\n', 'not_a_manifest'],
    ['cut', whole.bytes.subarray(0, whole.bytes.length - 30), 'truncated'],
    [
      're-formatted',
      JSON.stringify(JSON.parse(Buffer.from(whole.bytes).toString()), null, 2),
      'not_canonical',
    ],
    ['byte order mark', Buffer.concat([Buffer.from('\ufeff'), whole.bytes]), 'not_utf8'],
    ['one byte flipped', flipped(whole.bytes, 'Note 77'), 'content_hash_mismatch'],
    ['gzip cut short', gzipSync(whole.bytes).subarray(0, 900), 'gzip_invalid'],
    ['gzip and more', Buffer.concat([gzipSync(whole.bytes), Buffer.from('more')]), 'gzip_invalid'],
    ['gzip of two members', Buffer.concat([gzipSync(whole.bytes), gzipSync('')]), 'gzip_invalid'],
    ['gzip with a wrong checksum', flippedAt(gzipSync(whole.bytes), -6), 'gzip_invalid'],
    ['gzip header cut short', Uint8Array.of(0x1f, 0x8b, 8, 8, 65), 'gzip_invalid'],
    ['a key', ISSUER.pem, 'not_a_manifest'],
  ]
  it.each(cases)('%s: refused with its code', (name, bytes, result) => {
    const { code, out, err } = run(file(`${name}.bin`, bytes), '--json')
    expect(JSON.parse(out)).toMatchObject({ result, layers: { root: { status: 'not_checked' } } })
    expect(err).toBe('')
    expect(code).toBe(1)
  })

  it('an intact manifest of an issuer who is not trusted', () => {
    const { code, out } = run(manifest, '--trust', stranger)
    expect(out).toMatch(/: refused, untrusted_peer \(trust mode: trusted_keys_only\)\n/)
    expect(out).not.toContain('signature OK')
    expect(code).toBe(1)
  })

  it('names the line and the memory, and what to do', () => {
    const { out } = run(file('flipped.json', flipped(whole.bytes, 'Note 77')))
    expect(out).toContain('content_hash_mismatch (format, 3) at line 82, memory 78')
  })
})

describe('exit code 2', () => {
  const pem = twinSigner('P-256').pem
  const cases: [string, string[]][] = [
    ['no file named', []],
    ['two files', [manifest, manifest]],
    ['unknown option', [manifest, '--trustt', trusted]],
    ['no such file', [join(folder, 'absent.json')]],
    ['a folder', [folder]],
    ['a time that is none', [manifest, '--now', 'yesterday']],
    ['a key that is none', [manifest, '--trust', manifest]],
    ['a key of another algorithm', [manifest, '--trust', file('p256.pem', pem)]],
    [
      'a private key',
      [
        manifest,
        '--trust',
        file('private.pem', '-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n'),
      ],
    ],
  ]
  it.each(cases)('%s', (_name, args) => {
    const { code, out, err } = run(...args)
    expect(err).toContain('Usage: omega-verify')
    expect(out).toBe('')
    expect(code).toBe(2)
  })
})

describe('--json', () => {
  it('prints the report of the core and nothing else', async () => {
    const verification = await verifyManifest(inChunks(whole.bytes))
    const trust = { trusted: new Set([ISSUER.fingerprint]), revoked: new Set<string>() }
    const report = createReport(verification, { now: NOW, trust })
    expect(run(manifest, '--json', '--now', NOW, '--trust', trusted).out).toBe(JSON.stringify(report) + '\n')
  })
})

describe('text of strangers', () => {
  it('cannot steer the terminal', () => {
    const { bytes } = buildManifest({ signers: [{ ...ISSUER, label: 'A “label” 😀' }] })
    const { out } = run(file('\u202egnp.json', bytes))
    expect(out).not.toContain('\u202e')
    expect(out).not.toContain('\u001b')
  })
})

describe.skipIf(process.platform !== 'linux')('memory', () => {
  it('does not grow with the file', { timeout: 120_000 }, async () => {
    const small = await peakMemory(writeLarge('small.json', 8))
    const large = await peakMemory(writeLarge('large.json', 240))
    // 240 MB against 8 MB: what is kept besides a line and some chunks is 32 bytes a leaf.
    expect(large - small).toBeLessThan(120)
  })
})

/** A manifest of `count` memories of 1 MB, written piece by piece. */
function writeLarge(name: string, count: number): string {
  const texts = Array.from({ length: count }, (_, i) => `${i} `.repeat(1_000_000 / `${i} `.length))
  const leafOf = (i: number) => buildMemory({ content: texts[i]! }, i, ISSUER)
  const leaves = texts.map((_, i) => String(leafOf(i)['leaf_hash']))
  const root = MTH(leaves.map((leaf) => new Uint8Array(Buffer.from(leaf, 'hex'))))
  const { lines } = buildManifest({ header: { memory_count: count, merkle_root: hex(root) } })
  const path = file(name, lines.slice(0, 4).join('\n') + '\n')
  for (let i = 0; i < count; i++) appendFileSync(path, serialize(leafOf(i)) + (i < count - 1 ? ',\n' : '\n'))
  appendFileSync(path, ']}\n')
  return path
}

/** Peak resident memory of a run over `path`, in MB. */
async function peakMemory(path: string): Promise<number> {
  const child = spawn(process.execPath, [CLI, path], { stdio: 'ignore' })
  let peak = 0
  const watch = setInterval(() => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0))
  }, 20)
  const code = await new Promise((resolve) => child.once('exit', resolve))
  clearInterval(watch)
  expect(code).toBe(0)
  expect(peak).toBeGreaterThan(0)
  return peak / 1024
}

function flippedAt(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes.at(at)! ^ 1)
}

/** One bit of the first byte after `text` begins, flipped. */
function flipped(bytes: Uint8Array, text: string): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = Buffer.from(copy.buffer).indexOf(text)
  copy[at] = copy[at]! ^ 1
  return copy
}
