import { readFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { clauseOf } from '../core/codes.ts'
import { checkKey } from '../core/ed25519.ts'
import { ExchangeError } from '../core/errors.ts'
import { explain } from '../core/explain.ts'
import { readPublicKey } from '../core/pem.ts'
import { createReport, type Report } from '../core/report.ts'
import { isTime } from '../core/text.ts'
import { verifyManifest } from '../core/verify.ts'
import { LAYERS, type Verification } from '../core/verification.ts'
import { gunzip } from './gunzip.ts'

const USAGE = `Usage: omega-verify FILE [--trust KEY.pem]... [--now TIME] [--json]

Verifies a federation manifest with no network and no store.
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
  const { file, trusted, now, json } = readArguments(process.argv.slice(2))
  const verification = await verify(file)
  const trust = trusted && { trusted, revoked: new Set<string>() }
  const report = createReport(verification, { now, ...(trust === null ? {} : { trust }) })
  process.stdout.write(json ? JSON.stringify(report) + '\n' : describe(file, report))
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
    const { fingerprint, ed25519 } = readPublicKey(readFileSync(path, 'utf8'))
    checkKey(ed25519)
    return fingerprint
  } catch (cause) {
    const words = cause instanceof ExchangeError ? explain(cause.code) : null
    throw usage(
      `--trust ${shown(path)}: ${words ? `${words.title}. ${words.remedy}` : shown(messageOf(cause))}`,
    )
  }
}

async function verify(path: string): Promise<Verification> {
  let handle: FileHandle
  try {
    handle = await open(path)
    if ((await handle.stat()).isDirectory()) throw new Error('it is a folder')
  } catch (cause) {
    throw usage(`${shown(path)} cannot be opened: ${shown(messageOf(cause))}`)
  }
  try {
    return await verifyManifest(await contents(handle, path))
  } finally {
    await handle.close()
  }
}

/** The file's bytes, inflated if it is gzip. */
async function contents(handle: FileHandle, path: string): Promise<AsyncIterable<Uint8Array>> {
  const { bytesRead, buffer } = await handle.read(new Uint8Array(2), 0, 2, 0)
  const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  return isGzip ? gunzip(chunksOf(handle, path), CHUNK_BYTES) : chunksOf(handle, path)
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
  const words = explain(report.result)
  return [`${shown(file)}: refused, ${report.result}`, `  ${words.title}. ${words.what}`, `  ${words.remedy}`]
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

/** Text of a stranger for a terminal: nothing that moves the cursor or turns the direction. */
function shown(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\ufffd')
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const bad = error instanceof ExchangeError && error.code === 'usage'
    process.stderr.write(
      bad ? `${error.detail}\n\n${USAGE}\n` : `${String(error instanceof Error ? error.stack : error)}\n`,
    )
    process.exitCode = 2
  },
)
