import { decodeUtf8 } from './bytes.ts'
import { isObject, parseCanonical, type JsonValue } from './canonical.ts'
import { clauseOf, FORMAT_CODES, type FormatCode } from './codes.ts'
import { ExchangeError } from './errors.ts'
import { MAX_LINE } from './lines.ts'
import { parseManifestStatement } from './manifest.ts'
import { hasShape, type Shape } from './shape.ts'
import {
  parseStatement,
  PAYLOAD_TYPE,
  statementId,
  verifyStatement,
  type Header,
  type Signers,
  type Statement,
} from './statement.ts'

const FORMAT = 'omega-statement/1'
const FILE: Shape = { required: { format: (format) => format === FORMAT, statement: () => true } }
const LF = 0x0a
/** One line and one byte after it: more says nothing that this does not. */
export const STATEMENT_FILE_BYTES = MAX_LINE + 2

/** A broken gzip file is none (manifest-format, 10). */
type StatementCode = Exclude<FormatCode, 'gzip_invalid'>

export interface VerifiedStatement {
  readonly id: string
  readonly statement: Statement
  readonly signers: Signers
}

/** What a statement file is, and whether it holds (manifest-format, 10; `statement-report.schema.json`). */
export interface StatementReport {
  readonly format: 'omega-statement-report/1'
  readonly result: 'ok' | StatementCode
  readonly clause: string | null
  /** Null unless it verified. */
  readonly statement: {
    readonly id: string
    readonly type: string
    readonly header: Header
    readonly signers: Signers['verified']
    readonly skipped: Signers['skipped']
  } | null
  /** Null where no trust list was given. */
  readonly trust: { readonly mode: 'trusted_keys_only'; readonly issuer: 'trusted' | 'unknown' } | null
}

/**
 * A statement alone in a file (manifest-format, 1); `bytes` may be cut after `STATEMENT_FILE_BYTES`. Throws the codes
 * of clause 10 in its order.
 */
export async function verifyStatementFile(bytes: Uint8Array): Promise<VerifiedStatement> {
  if (bytes.length === 0) throw new ExchangeError('file_empty')
  const end = bytes.indexOf(LF)
  if ((end === -1 ? bytes.length : end) > MAX_LINE) throw new ExchangeError('line_too_long')
  if (end === -1) throw new ExchangeError('truncated')
  // The statement is at depth 1, the document around it is not counted.
  const value = parseCanonical(decodeUtf8(bytes.subarray(0, end)), 0)
  if (isOtherVersion(value)) throw new ExchangeError('version_unsupported')
  if (end + 1 < bytes.length) throw new ExchangeError('trailing_data')
  if (!hasShape(value, FILE)) throw new ExchangeError('shape_invalid')
  const given = value['statement']!
  const isManifest = isObject(given) && given['type'] === PAYLOAD_TYPE.manifest
  const statement = isManifest ? parseManifestStatement(given) : parseStatement(given)
  // What is defined here may not be listed, so whatever is listed is unknown; only in evidence is that no refusal.
  if (Object.hasOwn(statement.header, 'critical')) throw new ExchangeError('critical_unknown')
  const signers = await verifyStatement(statement)
  return { id: statementId(statement.type, statement.header), statement, signers }
}

/** As `verifyStatementFile`, as a report; never throws for what the bytes are. */
export async function reportStatementFile(
  bytes: Uint8Array,
  trusted: ReadonlySet<string> | null,
): Promise<StatementReport> {
  const report = { format: 'omega-statement-report/1' } as const
  try {
    const { id, statement, signers } = await verifyStatementFile(bytes)
    const { type, header } = statement
    const issuer = trusted?.has(header.issuer.fingerprint) ? 'trusted' : 'unknown'
    return {
      ...report,
      result: 'ok',
      clause: null,
      statement: { id, type, header, signers: signers.verified, skipped: signers.skipped },
      trust: trusted && { mode: 'trusted_keys_only', issuer },
    }
  } catch (error) {
    if (!(error instanceof ExchangeError) || !Object.hasOwn(FORMAT_CODES, error.code)) throw error
    return {
      ...report,
      result: error.code as StatementCode,
      clause: clauseOf(error.code),
      statement: null,
      trust: null,
    }
  }
}

function isOtherVersion(value: JsonValue): boolean {
  const format = isObject(value) ? value['format'] : undefined
  return typeof format === 'string' && format !== FORMAT && /^omega-statement\/\d+$/.test(format)
}
