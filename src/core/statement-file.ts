import { decodeUtf8 } from './bytes.ts'
import { parseCanonical } from './canonical.ts'
import { ExchangeError } from './errors.ts'
import { MAX_LINE } from './lines.ts'
import { hasShape } from './shape.ts'
import { parseStatement, statementId, verifyStatement, type Signers, type Statement } from './statement.ts'

const FORMAT = 'omega-statement/1'

export interface VerifiedStatement {
  readonly id: string
  readonly statement: Statement
  readonly signers: Signers
}

/** A statement alone in a file (manifest-format, 1). Throws the codes of the signature layer. */
export async function verifyStatementFile(bytes: Uint8Array): Promise<VerifiedStatement> {
  if (bytes.length > MAX_LINE) throw new ExchangeError('line_too_long', '', { line: 1 })
  const text = decodeUtf8(bytes)
  if (!text.endsWith('\n')) throw new ExchangeError('truncated', '', { line: 1 })
  const value = parseCanonical(text.slice(0, -1))
  const known = hasShape(value, {
    required: { format: (format) => format === FORMAT, statement: () => true },
  })
  if (!known) throw new ExchangeError('shape_invalid', '', { line: 1 })
  const statement = parseStatement(value['statement']!)
  const signers = await verifyStatement(statement)
  return { id: statementId(statement.type, statement.header), statement, signers }
}
