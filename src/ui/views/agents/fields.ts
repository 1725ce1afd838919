import { isObject, type JsonObject, type JsonValue } from '../../../core/canonical.ts'

/** One member of the arguments of a tool, as a person fills it in. */
export interface ToolField {
  readonly name: string
  readonly kind: 'text' | 'long' | 'manifest' | 'lines' | 'number' | 'flag' | 'choice' | 'json'
  readonly required: boolean
  readonly hint: string
  readonly choices: readonly string[]
}

/** By the name of the field: text as it was typed, or whether it is ticked. */
export type Values = Readonly<Record<string, string | boolean>>

/** Longer ones get an area of several lines. */
const ONE_LINE = 512
const LONG = new Set(['content', 'public_key_pem'])

/** What `inputSchema` of a tool asks for, in its order. A path is for those who have a folder, and a page has none. */
export function toFields({ properties, required }: JsonObject): ToolField[] {
  const wanted = Array.isArray(required) ? (required as readonly JsonValue[]) : []
  return Object.entries(isObject(properties) ? properties : {}).flatMap(([name, schema]) =>
    name === 'path' || !isObject(schema) ? [] : [toField(name, schema, wanted.includes(name))],
  )
}

function toField(name: string, schema: JsonObject, required: boolean): ToolField {
  const choices = Array.isArray(schema['enum'])
    ? schema['enum'].filter((each) => typeof each === 'string')
    : []
  return { name, kind: kindOf(name, schema), required, choices, hint: hintOf(schema) }
}

function kindOf(name: string, { type, enum: choices, maxLength }: JsonObject): ToolField['kind'] {
  if (Array.isArray(choices)) return 'choice'
  if (type === 'boolean') return 'flag'
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'array') return 'lines'
  if (type !== 'string') return 'json'
  if (name === 'manifest') return 'manifest'
  return LONG.has(name) || (typeof maxLength === 'number' && maxLength > ONE_LINE) ? 'long' : 'text'
}

function hintOf(schema: JsonObject): string {
  const { type, description, minimum, maximum, default: usual } = schema
  return [
    typeof description === 'string' ? description : '',
    typeof minimum === 'number' && typeof maximum === 'number' ? `From ${minimum} to ${maximum}.` : '',
    typeof usual === 'number' || typeof usual === 'string' ? `Empty: ${usual}.` : '',
    type === 'array' ? 'One on each line.' : '',
  ]
    .filter((each) => each !== '')
    .join(' ')
}

/** The arguments that were filled in, or by name of the field what is wrong. What was left empty is left out. */
export function toArguments(
  fields: readonly ToolField[],
  values: Values,
): { readonly args: JsonObject; readonly faults: Readonly<Record<string, string>> } {
  const args: Record<string, JsonValue> = {}
  const faults: Record<string, string> = {}
  for (const field of fields) {
    const value = values[field.name] ?? ''
    try {
      const read = typeof value === 'string' ? readText(field, value) : value || undefined
      if (read !== undefined) args[field.name] = read
      else if (field.required) faults[field.name] = 'This one has to be filled in.'
    } catch (error) {
      faults[field.name] = error instanceof Error ? error.message : String(error)
    }
  }
  return { args, faults }
}

/** Undefined if nothing was filled in. Throws an Error in words for a person. */
function readText({ kind }: ToolField, text: string): JsonValue | undefined {
  // What is long is taken to the letter, spaces and all.
  if (text.trim() === '') return undefined
  switch (kind) {
    case 'lines':
      return text.split(/\r?\n/).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
    case 'number':
      return readNumber(text)
    case 'json':
      return readObject(text)
    default:
      return text
  }
}

function readNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error('Must be a whole number.')
  return value
}

function readObject(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`Not JSON: ${error instanceof Error ? error.message : ''}`, { cause: error })
  }
  if (!isObject(value)) throw new Error('Must be a JSON object: { "name": "value" }')
  return value
}
