import type { FormatCode } from '../../src/core/codes.ts'
import { ANA, BO, nest } from '../core/case.ts'
import { LOW_ORDER, oddSigner } from '../core/curve.ts'
import { forgedStatement } from '../core/key-cases.ts'
import { definedFor, KINDS, statementOf, typeOf } from '../core/kind-headers.ts'
import { P256, RSA } from '../core/manifests.ts'
import type { Json } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import type { Signature, Statement } from '../reference/shapes.ts'
import { MANIFEST_TYPE } from '../reference/shapes.ts'
import { buildManifest, buildStatement, ISSUER } from '../reference/writer.ts'
import { PACKED_STATEMENTS } from './packed.ts'

/** Files with one statement: what they hold, and the code they are refused with. */
export type StatementCase = readonly [name: string, bytes: () => Uint8Array, code: FormatCode | null]

const receipt = () => statementOf('receipt', { later: 1 })

const text = (line: string) => new Uint8Array(Buffer.from(line))
const write = (statement: Json, format: Json = 'omega-statement/1') =>
  text(`${serialize({ format, statement })}\n`)
const edited =
  (edit: (statement: Statement) => void, make: () => Statement = receipt) =>
  () => {
    const statement = structuredClone(make())
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
  ['packed', PACKED_STATEMENTS.whole, null],
  ['packed and long', PACKED_STATEMENTS.long, null],
  ['packed with a byte after its LF', PACKED_STATEMENTS.more, 'trailing_data'],
  ...KINDS.map((kind): StatementCase => [kind, () => write(statementOf(kind)), null]),
  ...KINDS.map((kind): StatementCase => [
    `${kind}, changed after signing`,
    edited(
      ({ header }) => void (header['created_at'] = '2026-01-02T03:04:05.679Z'),
      () => statementOf(kind),
    ),
    'signature_invalid',
  ]),
  ...KINDS.map((kind): StatementCase => [
    `${kind} as another kind`,
    edited(
      (statement) => void (statement.type = typeOf(KINDS.find((each) => each !== kind)!)),
      () => statementOf(kind),
    ),
    'signature_invalid',
  ]),
  ...KINDS.map((kind): StatementCase => [
    `${kind} as a manifest`,
    edited(
      (statement) => void (statement.type = MANIFEST_TYPE),
      () => statementOf(kind),
    ),
    'shape_invalid',
  ]),
  [
    'a manifest as another kind',
    edited(
      (statement) => void (statement.type = typeOf('receipt')),
      () => buildManifest().statement,
    ),
    'signature_invalid',
  ],
  [
    'a manifest changed after signing',
    edited(
      ({ header }) => void (header['memory_count'] = 2),
      () => buildManifest().statement,
    ),
    'signature_invalid',
  ],
  ...KINDS.map((kind): StatementCase => [
    `critical: defined for ${kind}`,
    () => write(statementOf(kind, { critical: [definedFor(kind)[0]!] })),
    'shape_invalid',
  ]),
  [
    'critical: defined for a manifest',
    () => write(buildManifest({ header: { critical: ['merkle_root'] } }).statement),
    'shape_invalid',
  ],
  [
    'critical: defined for another kind',
    () => write(statementOf('trust-list', { critical: ['predecessor'], predecessor: 1 })),
    'critical_unknown',
  ],
  ['a kind that nobody knows', () => write(buildStatement('text/x', { a: [1] }, [ANA])), null],
  [
    'two signatures, both listed',
    () => write(statementOf('receipt', { signers: [ANA.fingerprint, BO.fingerprint].sort() }, [ANA, BO])),
    null,
  ],
  ['signatures of other algorithms beside', () => write(statementOf('receipt', {}, [ANA, P256, RSA])), null],
  ['value and statement make 32 levels', () => write(statementOf('receipt', { deep: nest(30) })), null],
  [
    'value and statement make 33 levels',
    () => write(statementOf('receipt', { deep: nest(31) })),
    'not_canonical',
  ],
  ['no bytes', () => text(''), 'file_empty'],
  ['no LF at the end', () => write(receipt()).slice(0, -1), 'truncated'],
  ['cut in the middle', () => write(receipt()).slice(0, 300), 'truncated'],
  ['a line over 8 MiB', () => write(statementOf('receipt', { big: 'a'.repeat(8 << 20) })), 'line_too_long'],
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
  [
    'a surplus member behind the statement',
    () => text(`${serialize({ format: 'omega-statement/1', statement: receipt(), z: 1 })}\n`),
    'shape_invalid',
  ],
  ['a statement that is no object', () => write(5), 'shape_invalid'],
  ['details beside a manifest', () => write({ ...buildManifest().statement, details: {} }), 'shape_invalid'],
  ['a manifest without its members', () => write(buildStatement(MANIFEST_TYPE, {}, [ANA])), 'shape_invalid'],
  ['no signature', edited((statement) => void (statement.signatures = [])), 'shape_invalid'],
  ['critical', () => write(statementOf('receipt', { critical: ['later'], later: 1 })), 'critical_unknown'],
  ['critical: absent', () => write(statementOf('receipt', { critical: ['later'] })), 'shape_invalid'],
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
    () => write(statementOf('receipt', {}, [oddSigner({ key: LOW_ORDER[1]!, scalar: 0n, nonce: 0n })])),
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
    () => write(statementOf('receipt', { issuer: { fingerprint: ISSUER.fingerprint, label: 'x' } })),
    'issuer_unsigned',
  ],
  [
    'a listed signer is missing',
    () => write(statementOf('receipt', { signers: [BO.fingerprint] })),
    'signer_missing',
  ],
  ['a line of 8 MiB', () => ofLength(8 * 1024 * 1024), null],
  ['a line of 8 MiB and a byte', () => ofLength(8 * 1024 * 1024 + 1), 'line_too_long'],
  [
    'a kind whose name is not ASCII',
    () => write(buildStatement('text/quittance; é 😀', { a: 'Zoe\u0308' }, [ANA])),
    null,
  ],
  ['U+FEFF before it', () => text(`\ufeff${Buffer.from(write(receipt())).toString()}`), 'not_canonical'],
  ['not UTF-8, after the LF', () => new Uint8Array([...write(receipt()), 0xff]), 'trailing_data'],
  ['A of mixed order, the equation holds', () => write(forgedStatement()), 'key_not_allowed'],
  // Two faults, of which the earlier in the order of clause 10 is named.
  [
    'not_canonical before version_unsupported',
    () => text(Buffer.from(write(receipt(), 'omega-statement/2')).toString().replace(',', ', ')),
    'not_canonical',
  ],
  [
    'version_unsupported before trailing_data',
    () => text(`${Buffer.from(write(receipt(), 'omega-statement/2')).toString()}\n`),
    'version_unsupported',
  ],
  [
    'trailing_data before shape_invalid',
    () => text(`${Buffer.from(write(5)).toString()}\n`),
    'trailing_data',
  ],
  [
    'shape_invalid before critical_unknown',
    () => write(statementOf('receipt', { critical: ['later'], later: 1, signers: 5 })),
    'shape_invalid',
  ],
  [
    'critical_unknown before key_malformed',
    edited(
      (statement) => void (first(statement).public_key_pem = ''),
      () => statementOf('receipt', { critical: ['later'], later: 1 }),
    ),
    'critical_unknown',
  ],
  [
    'line_too_long before truncated',
    () => write(statementOf('receipt', { big: 'a'.repeat(8 << 20) })).slice(0, -1),
    'line_too_long',
  ],
  ['not_utf8 before not_canonical', () => write(receipt()).with(60, 0xff).with(61, 0x20), 'not_utf8'],
]

/** A statement on a line of so many bytes, LF not counted. */
function ofLength(length: number): Uint8Array {
  const make = (letters: number) => write(statementOf('receipt', { big: 'a'.repeat(letters) }))
  return make(length + 1 - make(0).length)
}
