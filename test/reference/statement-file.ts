import type { FormatCode } from '../../src/core/codes.ts'
import { canonicalize, compareUnits, decodeUtf8, isObject, parseCanonical, type Json } from './canonical.ts'
import { isStatement, type Statement } from './shapes.ts'
import { checkSignatures } from './verify.ts'

const FORMAT = 'omega-statement/1'
const MAX_LINE = 8 * 1024 * 1024

type Read = { statement: Statement; code: null } | { statement: null; code: FormatCode }
const refuse = (code: FormatCode): Read => ({ statement: null, code })

/** Manifest-format, 1 and 10: a statement alone in a file, or the first code that applies. */
export function readStatementFile(bytes: Uint8Array): Read {
  const file = Buffer.from(bytes)
  if (file.length === 0) return refuse('file_empty')
  const end = file.indexOf(10)
  if ((end < 0 ? file.length : end) > MAX_LINE) return refuse('line_too_long')
  if (end < 0) return refuse('truncated')
  const text = decodeUtf8(file.subarray(0, end))
  if (text === null) return refuse('not_utf8')
  const value = readDocument(text)
  if (value === undefined) return refuse('not_canonical')
  const format = isObject(value) ? value['format'] : undefined
  if (typeof format === 'string' && format !== FORMAT && /^omega-statement\/\d+$/.test(format))
    return refuse('version_unsupported')
  if (end + 1 < file.length) return refuse('trailing_data')
  if (!isObject(value) || format !== FORMAT || Object.keys(value).join() !== 'format,statement')
    return refuse('shape_invalid')
  const statement = value['statement']!
  if (!isStatement(statement, false)) return refuse('shape_invalid')
  if (statement.header['critical'] !== undefined) return refuse('critical_unknown')
  const code = checkSignatures(statement)
  return code === null ? { statement, code } : refuse(code)
}

/** The statement counts as level 1 of 32, and the document around it is not counted: each member is asked by itself. */
function readDocument(text: string): Json | undefined {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return undefined
  }
  if (!isObject(value)) return parseCanonical(text)
  const members = Object.entries(value).sort(([a], [b]) => compareUnits(a, b))
  const spelled = members.map(([name, member]) => `${canonicalize(name)}:${canonicalize(member)}`)
  return `{${spelled.join(',')}}` === text ? value : undefined
}
