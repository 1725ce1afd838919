import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeUtf8 } from '../../src/core/bytes.ts'
import { recognise, RECOGNISED_BYTES, type FileKind } from '../../src/core/recognise.ts'
import { verifyStatementFile } from '../../src/core/statement-file.ts'
import { serialize, type JsonObject } from '../reference/canonical.ts'
import type { Statement } from '../reference/shapes.ts'
import { idOf } from '../reference/verify.ts'
import { buildManifest, buildStatement, ISSUER, signerNamed } from '../reference/writer.ts'

const RECEIPT = 'application/vnd.omega.receipt.v1+json'
const receipt = buildStatement(RECEIPT, { imported: 3 }, [ISSUER])
const file = (document: JsonObject) => `${serialize(document)}\n`
const statementFile = file({ format: 'omega-statement/1', statement: receipt as unknown as JsonObject })
const manifest = Buffer.from(buildManifest().bytes).toString()
const quoting = (text: string) =>
  Buffer.from(
    buildManifest({ memories: [{ content: text, metadata: { format: 'omega-statement/1' } }] }).bytes,
  ).toString()

const CASES: readonly (readonly [what: string, contents: string | Uint8Array, kind: FileKind])[] = [
  ['nothing', '', 'empty'],
  ['a manifest, which holds a key', manifest, 'manifest'],
  ['a manifest re-formatted', JSON.stringify(JSON.parse(manifest), null, 2), 'manifest'],
  ['a manifest on one line', JSON.stringify(JSON.parse(manifest)), 'manifest'],
  ['a manifest with a byte order mark', `\ufeff${manifest}`, 'manifest'],
  [
    'a manifest with a byte that is no text',
    Buffer.from(manifest.replace('Memory', '\u00ff'), 'latin1'),
    'manifest',
  ],
  ['a manifest that quotes a key', quoting(ISSUER.pem), 'manifest'],
  ['a manifest that quotes other formats', quoting('"format":"omega-audit-export/1"'), 'manifest'],
  ['a statement', statementFile, 'statement'],
  ['a public key', ISSUER.pem, 'key'],
  ['a private key', '-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n', 'key'],
  ['a key in a letter', `Dear all,\n\n${ISSUER.pem}`, 'key'],
  ['a memory alone', '{"envelope":{},"format":"omega-memory-proof/1","memory":{}}\n', 'later_format'],
  ['an audit row alone', '{"audit_path":[],"envelope":{},"format":"omega-audit-proof/1"}\n', 'later_format'],
  ['an audit export', '{"envelope":{},\n"evidence":[],\n"format":"omega-audit-export/1",\n', 'later_format'],
  ['an identity backup', '{"cipher":{},"format":"omega-identity-backup/1"}\n', 'identity_backup'],
  ['a backup of a store', '{"envelope":{},\n"format":"omega-store/1",\n"holdings":[\n', 'archive'],
  ['one of a later version', '{"envelope":{},\n"format":"omega-store/2",\n', 'archive'],
  ['one on one line', '{"envelope":{},"format":"omega-store/1","holdings":[]}', 'archive'],
  ['one re-formatted', '{\n  "envelope": {},\n  "format": "omega-store/1"\n}', 'archive'],
  ['a manifest that quotes one', quoting(',"format":"omega-store/1"'), 'manifest'],
  ['memories that speak of one', '[{"content":"a","metadata":{"format":"omega-store/1"}}]', 'memories'],
  ['memories as a list', ' [{"content":"a"}]', 'memories'],
  [
    'memories that speak of manifests',
    JSON.stringify([{ content: '"format":"omega-federation-manifest/1" is the format' }]),
    'memories',
  ],
  ['memories by line', '{"content":"a"}\n{"content":"-----BEGIN PUBLIC KEY-----"}\n', 'memories'],
  ['prose', 'Dear all,', 'unknown'],
  ['zeros', new Uint8Array(1000), 'unknown'],
  ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'utf16'],
  ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff), 'unknown'],
]

describe('recognise', () => {
  it.each(CASES)('%s', (_what, contents, kind) => {
    const bytes = typeof contents === 'string' ? encodeUtf8(contents) : contents
    expect(recognise(bytes.subarray(0, RECOGNISED_BYTES))).toBe(kind)
  })

  it('tells something of any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof recognise(bytes) === 'string'))
  })

  it('is not led astray by a character that the start cuts', () => {
    const long = encodeUtf8(`["${'é'.repeat(RECOGNISED_BYTES)}"]`)
    expect(recognise(long.subarray(0, RECOGNISED_BYTES))).toBe('memories')
    expect(recognise(long.subarray(0, RECOGNISED_BYTES - 1))).toBe('memories')
  })
})

describe('a statement alone in a file', () => {
  const codeOf = (text: string) =>
    verifyStatementFile(encodeUtf8(text)).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    )

  it('verifies, with who signed', async () => {
    const verified = await verifyStatementFile(encodeUtf8(statementFile))
    expect(verified.id).toBe(idOf(receipt))
    expect(verified.signers.verified).toEqual([ISSUER.fingerprint])
  })

  it('may nest as deep as anywhere else, counted from the statement', async () => {
    const nested = (depth: number): JsonObject => (depth === 0 ? {} : { a: nested(depth - 1) })
    const at = (depth: number) => {
      // The header is at 2, what is in it at 3.
      const statement = buildStatement(RECEIPT, { deep: nested(depth - 3) }, [ISSUER])
      return codeOf(file({ format: 'omega-statement/1', statement: statement as unknown as JsonObject }))
    }
    expect(await at(32)).toBe('ok')
    expect(await at(33)).toBe('not_canonical')
  })

  const alone = (statement: Statement) =>
    file({ format: 'omega-statement/1', statement: statement as unknown as JsonObject })
  it('may be of the manifest kind, and then is one', async () => {
    const { statement } = buildManifest()
    expect(await codeOf(alone(statement))).toBe('ok')
    expect(await codeOf(alone(buildStatement(statement.type, {}, [ISSUER])))).toBe('shape_invalid')
    const critical = buildManifest({ header: { critical: ['stream'] } })
    expect(await codeOf(alone(critical.statement))).toBe('shape_invalid')
  })

  const stranger = buildStatement(RECEIPT, {}, [signerNamed('Stranger')])
  it.each([
    ['no LF', statementFile.slice(0, -1), 'truncated'],
    ['two LF', `${statementFile}\n`, 'trailing_data'],
    ['one character changed', statementFile.replace('"imported":3', '"imported":4'), 'signature_invalid'],
    ['another version', statementFile.replace('statement/1', 'statement/2'), 'version_unsupported'],
    [
      'another member',
      file({ a: 1, format: 'omega-statement/1', statement: receipt as never }),
      'shape_invalid',
    ],
    [
      'critical, not understood',
      alone(buildStatement(RECEIPT, { critical: ['later'], later: 1 }, [ISSUER])),
      'critical_unknown',
    ],
    ['critical, absent', alone(buildStatement(RECEIPT, { critical: ['later'] }, [ISSUER])), 'shape_invalid'],
    ['re-formatted', JSON.stringify(JSON.parse(statementFile), null, 1) + '\n', 'not_canonical'],
    [
      'signed by another than the issuer',
      file({
        format: 'omega-statement/1',
        statement: { ...receipt, signatures: stranger.signatures } as never,
      }),
      'signature_invalid',
    ],
  ])('%s: %s', async (_what, text, code) => {
    expect(await codeOf(text)).toBe(code)
  })
})
