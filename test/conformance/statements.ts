import type { FormatCode } from '../../src/core/codes.ts'
import { LOW_ORDER, oddSigner } from '../core/curve.ts'
import { OTHERS, P256, RSA } from '../core/manifests.ts'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import type { Signature, Statement } from '../reference/shapes.ts'
import { MANIFEST_TYPE } from '../reference/shapes.ts'
import type { Signer } from '../reference/writer.ts'
import { buildManifest, buildStatement, ISSUER } from '../reference/writer.ts'

/** Files with one statement: what they hold, and the code they are refused with. */
export type StatementCase = readonly [name: string, bytes: () => Uint8Array, code: FormatCode | null]

const [ANA, BO] = OTHERS as [Signer, Signer]
const KINDS = [
  'audit-export',
  'redaction',
  'receipt',
  'key-succession',
  'key-revocation',
  'trust-list',
  'verification-report',
] as const
const typeOf = (kind: string) => `application/vnd.omega.${kind}.v1+json`
const receipt = () => buildStatement(typeOf('receipt'), { later: 1 }, [ANA])
const nest = (depth: number): Json => (depth === 0 ? 0 : [nest(depth - 1)])

const text = (line: string) => new Uint8Array(Buffer.from(line))
const write = (statement: Json, format: Json = 'omega-statement/1') =>
  text(`${serialize({ format, statement })}\n`)
const edited = (edit: (statement: Statement) => void) => () => {
  const statement = structuredClone(receipt())
  edit(statement)
  return write(statement)
}
const first = ({ signatures }: Statement) => signatures[0] as Signature
const replaced = (from: string, to: string) => () =>
  text(
    Buffer.from(write(receipt()))
      .toString()
      .replace(from, () => to),
  )

export const STATEMENTS: readonly StatementCase[] = [
  ['a manifest, without its details', () => write(buildManifest().statement), null],
  ...KINDS.map((kind): StatementCase => [kind, () => write(buildStatement(typeOf(kind), {}, [ANA])), null]),
  ['a kind that nobody knows', () => write(buildStatement('text/x', { a: [1] }, [ANA])), null],
  [
    'two signatures, both listed',
    () =>
      write(
        buildStatement(typeOf('receipt'), { signers: [ANA.fingerprint, BO.fingerprint].sort() }, [ANA, BO]),
      ),
    null,
  ],
  [
    'signatures of other algorithms beside',
    () => write(buildStatement(typeOf('receipt'), {}, [ANA, P256, RSA])),
    null,
  ],
  [
    'value and statement make 32 levels',
    () => write(buildStatement(typeOf('receipt'), { deep: nest(30) }, [ANA])),
    null,
  ],
  [
    'value and statement make 33 levels',
    () => write(buildStatement(typeOf('receipt'), { deep: nest(31) }, [ANA])),
    'not_canonical',
  ],
  ['no bytes', () => text(''), 'file_empty'],
  ['no LF at the end', () => write(receipt()).slice(0, -1), 'truncated'],
  ['cut in the middle', () => write(receipt()).slice(0, 300), 'truncated'],
  [
    'a line over 8 MiB',
    () => write(buildStatement(typeOf('receipt'), { big: 'a'.repeat(8 << 20) }, [ANA])),
    'line_too_long',
  ],
  ['a second LF', () => text(`${Buffer.from(write(receipt())).toString()}\n`), 'trailing_data'],
  ['two statements', () => text(Buffer.from(write(receipt())).toString().repeat(2)), 'trailing_data'],
  ['not UTF-8', () => write(receipt()).with(60, 0xff), 'not_utf8'],
  ['CRLF', replaced('\n', '\r\n'), 'not_canonical'],
  ['a space', replaced('"header":', '"header": '), 'not_canonical'],
  ['a duplicate key', replaced('"later":1', '"later":1,"later":1'), 'not_canonical'],
  ['another format version', () => write(receipt(), 'omega-statement/2'), 'version_unsupported'],
  ['a format of no version', () => write(receipt(), 'omega-statement/x'), 'shape_invalid'],
  [
    'a surplus member of the document',
    () => text(`${serialize({ format: 'omega-statement/1', more: 1, statement: receipt() })}\n`),
    'shape_invalid',
  ],
  ['a statement that is no object', () => write(5), 'shape_invalid'],
  ['details beside a manifest', () => write({ ...buildManifest().statement, details: {} }), 'shape_invalid'],
  ['a manifest without its members', () => write(buildStatement(MANIFEST_TYPE, {}, [ANA])), 'shape_invalid'],
  ['no signature', edited((statement) => void (statement.signatures = [])), 'shape_invalid'],
  [
    'critical',
    () => write(buildStatement(typeOf('receipt'), { critical: ['later'], later: 1 }, [ANA])),
    'critical_unknown',
  ],
  [
    'critical: absent',
    () => write(buildStatement(typeOf('receipt'), { critical: ['later'] }, [ANA])),
    'shape_invalid',
  ],
  [
    'a PEM that is none',
    edited((statement) => void (first(statement).public_key_pem = 'x')),
    'key_malformed',
  ],
  [
    'the fingerprint of another',
    edited((statement) => void (first(statement).fingerprint = BO.fingerprint)),
    'fingerprint_mismatch',
  ],
  [
    'a low-order key',
    () =>
      write(
        buildStatement(typeOf('receipt'), {}, [oddSigner({ key: LOW_ORDER[1]!, scalar: 0n, nonce: 0n })]),
      ),
    'key_not_allowed',
  ],
  ['a header changed after signing', edited(({ header }) => void (header['later'] = 2)), 'signature_invalid'],
  [
    'signed as another kind',
    edited((statement) => void (statement.type = typeOf('trust-list'))),
    'signature_invalid',
  ],
  [
    'not by its issuer',
    () =>
      write(
        buildStatement(
          typeOf('receipt'),
          { issuer: { fingerprint: ISSUER.fingerprint, label: 'x' } as JsonObject },
          [ANA],
        ),
      ),
    'issuer_unsigned',
  ],
  [
    'a listed signer is missing',
    () => write(buildStatement(typeOf('receipt'), { signers: [BO.fingerprint] }, [ANA])),
    'signer_missing',
  ],
]
