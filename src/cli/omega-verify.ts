import { readFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { concat } from '../core/bytes.ts'
import { clauseOf, type Code } from '../core/codes.ts'
import { ExchangeError } from '../core/errors.ts'
import { explain } from '../core/explain.ts'
import { readPublicKey } from '../core/pem.ts'
import { recognise, RECOGNISED_BYTES } from '../core/recognise.ts'
import { createReport, type Report } from '../core/report.ts'
import { reportStatementFile, STATEMENT_FILE_BYTES, type StatementReport } from '../core/statement-file.ts'
import { isTime } from '../core/text.ts'
import { findUnseen } from '../core/unseen.ts'
import { UNREADABLE, verifyManifest } from '../core/verify.ts'
import { LAYERS, type Verification } from '../core/verification.ts'
import { gunzip } from './gunzip.ts'
import { openLanes, serveLane, startKernel } from './lanes.ts'

const USAGE = `Usage: omega-verify FILE [--trust KEY.pem]... [--now TIME] [--json]

Verifies a federation manifest, or a statement alone in a file, with no network and no store.
  --trust KEY.pem  a public key you trust; may be given more than once
  --now TIME       the clock to judge expiry by, as 2026-04-30T12:00:00.000Z
  --json           print the report and nothing else
  --help           print this

Exit: 0 intact, and its issuer trusted if --trust was given; 1 refused; 2 bad usage, or a file that cannot be read.`

const CHUNK_BYTES = 1024 * 1024

interface Arguments {
  readonly file: string
  readonly trusted: ReadonlySet<string> | null
  readonly now: string
  readonly json: boolean
}

/** Bad usage, or a file that cannot be opened: exit code 2. */
const usage = (words: string) => new ExchangeError('usage', words)

async function main(): Promise<number> {
  if (process.argv.slice(2).includes('--help')) {
    process.stdout.write(`${USAGE}\n`)
    return 0
  }
  const given = readArguments(process.argv.slice(2))
  const { file, trusted, json } = given
  const report = await verify(given)
  const words = () => (isOfStatement(report) ? describeStatement(file, report) : describe(file, report))
  process.stdout.write(json ? JSON.stringify(report) + '\n' : words())
  return report.result === 'ok' && (trusted === null || report.trust?.issuer === 'trusted') ? 0 : 1
}

function readArguments(args: string[]): Arguments {
  const parsed = (() => {
    try {
      return parseArgs({
        args,
        allowPositionals: true,
        options: {
          trust: { type: 'string', multiple: true },
          now: { type: 'string' },
          json: { type: 'boolean' },
        },
      })
    } catch (cause) {
      throw usage(cause instanceof Error ? cause.message : String(cause))
    }
  })()
  const { values, positionals } = parsed
  if (positionals.length !== 1) throw usage('Name one file.')
  const now = values.now ?? new Date().toISOString()
  if (!isTime(now)) throw usage('--now takes a time such as 2026-04-30T12:00:00.000Z.')
  const trusted = values.trust ? new Set(values.trust.map(readTrusted)) : null
  return { file: positionals[0]!, trusted, now, json: values.json === true }
}

function readTrusted(path: string): string {
  try {
    return readPublicKey(readFileSync(path, 'utf8')).fingerprint
  } catch (cause) {
    const words = cause instanceof ExchangeError ? explain(cause.code) : null
    throw usage(
      `--trust ${shown(path)}: ${words ? `${words.title}. ${words.remedy}` : shown(messageOf(cause))}`,
    )
  }
}

async function verify({ file: path, trusted, now }: Arguments): Promise<Report | StatementReport> {
  let handle: FileHandle
  try {
    handle = await open(path)
    const stat = await handle.stat()
    if (stat.isDirectory()) throw new Error('it is a folder')
    // It is read from several places, and more than once.
    if (!stat.isFile()) throw new Error('it is no file; save what comes out of a pipe first')
  } catch (cause) {
    throw usage(`${shown(path)} cannot be opened: ${shown(messageOf(cause))}`)
  }
  try {
    const start = await peek(handle, path, RECOGNISED_BYTES)
    const isStatement = start !== null && recognise(start) === 'statement'
    const bytes = isStatement ? await peek(handle, path, STATEMENT_FILE_BYTES) : null
    if (bytes !== null) return await reportStatementFile(bytes, trusted)
    const trust = trusted && { trusted, revoked: new Set<string>() }
    const verification = isStatement ? UNREADABLE : await verifyFile(handle, path)
    return createReport(verification, { now, ...(trust === null ? {} : { trust }) })
  } finally {
    await handle.close()
  }
}

/** On all cores where any part of the file can be read: not of gzip. */
async function verifyFile(handle: FileHandle, path: string): Promise<Verification> {
  if (await isGzip(handle)) return verifyManifest(await contents(handle, path), { kernel: startKernel() })
  const { options, end } = openLanes(handle.fd, (await handle.stat()).size)
  try {
    return await verifyManifest(chunksOf(handle, path), options)
  } finally {
    end()
  }
}

/** The first `most` bytes, or all; null of a broken gzip file, which is no statement (manifest-format, 10). */
async function peek(handle: FileHandle, path: string, most: number): Promise<Uint8Array | null> {
  try {
    return await beginning(await contents(handle, path), most)
  } catch (error) {
    if (error instanceof ExchangeError && error.code === 'gzip_invalid') return null
    throw error
  }
}

/** The first `most` bytes, or all. */
async function beginning(chunks: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    length += chunk.length
    if (length >= most) break
  }
  return concat(...parts).subarray(0, most)
}

/** The file's bytes, inflated if it is gzip. */
async function contents(handle: FileHandle, path: string): Promise<AsyncIterable<Uint8Array>> {
  return (await isGzip(handle)) ? gunzip(chunksOf(handle, path), CHUNK_BYTES) : chunksOf(handle, path)
}

async function isGzip(handle: FileHandle): Promise<boolean> {
  const { bytesRead, buffer } = await handle.read(new Uint8Array(2), 0, 2, 0)
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
}

async function* chunksOf(handle: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; ;) {
    // A fresh buffer each time: lines are views of it.
    const { bytesRead, buffer } = await handle
      .read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, at)
      .catch((cause: Error) => {
        throw usage(`${shown(path)} cannot be read: ${shown(cause.message)}`)
      })
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function describe(file: string, report: Report): string {
  return [...headline(file, report), ...layers(report), ...facts(report)].join('\n') + '\n'
}

function isOfStatement(report: Report | StatementReport): report is StatementReport {
  return report.format === 'omega-statement-report/1'
}

function describeStatement(file: string, report: StatementReport): string {
  const { statement, trust } = report
  if (report.result !== 'ok' || statement === null)
    return refusal(file, report.result as Code).join('\n') + '\n'
  const { header, type, id, signers } = statement
  const isRefused = trust !== null && trust.issuer !== 'trusted'
  const lines = [
    isRefused
      ? `${shown(file)}: refused, untrusted_peer (trust mode: trusted_keys_only)`
      : `${shown(file)}: a statement alone, signature OK`,
    `  type       ${shown(type)}`,
    `  statement  ${id}`,
    `  issuer     ${header.issuer.fingerprint} (calls itself ${shown(header.issuer.label)})`,
    `  created    ${header.created_at} (the issuer's claim)`,
    ...signers.map((fingerprint) => `  signed by  ${fingerprint}`),
    `  header     ${shown(header)}`,
    `  trust      ${trust === null ? 'not asked' : `${trust.issuer} (trust mode: ${trust.mode})`}`,
  ]
  return lines.join('\n') + '\n'
}

function refusal(file: string, code: Code): string[] {
  const words = explain(code)
  return [`${shown(file)}: refused, ${code}`, `  ${words.title}. ${words.what}`, `  ${words.remedy}`]
}

function headline(file: string, report: Report): string[] {
  if (report.result === 'ok' && (report.trust === null || report.trust.issuer === 'trusted')) {
    return [`${shown(file)}: leaf hashes consistent, root matches, signature OK, ${report.leaves} leaves`]
  }
  if (report.result === 'ok') {
    return [
      `${shown(file)}: refused, untrusted_peer (trust mode: trusted_keys_only)`,
      `  Intact, ${report.leaves} leaves, but signed by none of the keys given with --trust.`,
      '  Compare the fingerprint below with its owner, then give that key with --trust.',
    ]
  }
  return refusal(file, report.result)
}

function layers(report: Report): string[] {
  return LAYERS.map((name) => {
    const layer = report.layers[name]
    if (layer.status !== 'failed') return `  ${name.padEnd(10)} ${layer.status.replace('_', ' ')}`
    const memory = layer.index === null ? '' : `, memory ${layer.index + 1}`
    return `  ${name.padEnd(10)} failed: ${layer.code} (format, ${clauseOf(layer.code)}) at line ${layer.line}${memory}`
  })
}

function facts(report: Report): string[] {
  if (report.manifest === null) return []
  const { header, details, id } = report.manifest
  const claim = (name: string, value: unknown) =>
    value === undefined ? [] : [`  ${name.padEnd(10)} ${shown(value)}`]
  return [
    `  manifest   ${id}`,
    `  issuer     ${header.issuer.fingerprint} (calls itself ${shown(header.issuer.label)})`,
    `  created    ${header.created_at} (the issuer's claim)`,
    `  stream     ${header.stream}, sequence ${header.sequence}`,
    ...claim('selection', details.selection),
    ...claim('audience', details['audience']),
    ...claim('note', details['note']),
    ...(header.expires_at === undefined ? [] : [`  expires    ${header.expires_at}`]),
    `  trust      ${report.trust === null ? 'not asked' : `${report.trust.issuer} (trust mode: ${report.trust.mode})`}`,
    ...(report.expired === true ? ['  expired    yes'] : []),
  ]
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

/** Text of a stranger for a terminal: nothing that moves the cursor, turns the direction, piles up or is not seen. */
function shown(value: unknown): string {
  const text = JSON.stringify(value)
  let spelled = ''
  let at = 0
  for (const { from, to } of findUnseen(text, 'name')) {
    spelled += text.slice(at, from) + text.slice(from, to).replaceAll(/[^ ]/gu, escape)
    at = to
  }
  return spelled + text.slice(at)
}

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}

if (isMainThread) {
  main().then((code) => (process.exitCode = code), fail)
} else {
  serveLane()
}

function fail(error: unknown): void {
  const bad = error instanceof ExchangeError && error.code === 'usage'
  process.stderr.write(
    bad ? `${error.detail}\n\n${USAGE}\n` : `${String(error instanceof Error ? error.stack : error)}\n`,
  )
  process.exitCode = 2
}
