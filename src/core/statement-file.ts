import { decodeUtf8 } from './bytes.ts'
import { isObject, parseCanonical, type JsonValue } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { MAX_LINE } from './lines.ts'
import { parseManifestStatement } from './manifest.ts'
import { hasShape, type Shape } from './shape.ts'
import {
  parseStatement,
  PAYLOAD_TYPE,
  statementId,
  verifyStatement,
  type Signers,
  type Statement,
} from './statement.ts'

const FORMAT = 'omega-statement/1'
const FILE: Shape = { required: { format: (format) => format === FORMAT, statement: () => true } }

export interface VerifiedStatement {
  readonly id: string
  readonly statement: Statement
  readonly signers: Signers
}

/** A statement alone in a file (manifest-format, 1). Throws the codes of the signature layer. */
export async function verifyStatementFile(bytes: Uint8Array): Promise<VerifiedStatement> {
  const text = decodeUtf8(bytes)
  if (!text.endsWith('\n')) throw new ExchangeError('truncated')
  if (bytes.length > MAX_LINE + 1) throw new ExchangeError('line_too_long')
  // The statement is at depth 1, the document around it is not counted.
  const value = parseCanonical(text.slice(0, -1), 0)
  if (isOtherVersion(value)) throw new ExchangeError('version_unsupported')
  if (!hasShape(value, FILE)) throw new ExchangeError('shape_invalid')
  const given = value['statement']!
  const isManifest = isObject(given) && given['type'] === PAYLOAD_TYPE.manifest
  const statement = isManifest ? parseManifestStatement(given) : parseStatement(given)
  // What is defined here may not be listed, so whatever is listed is unknown; only in evidence is that no refusal.
  if (Object.hasOwn(statement.header, 'critical')) throw new ExchangeError('critical_unknown')
  const signers = await verifyStatement(statement)
  return { id: statementId(statement.type, statement.header), statement, signers }
}

function isOtherVersion(value: JsonValue): boolean {
  const format = isObject(value) ? value['format'] : undefined
  return typeof format === 'string' && format !== FORMAT && /^omega-statement\/\d+$/.test(format)
}
