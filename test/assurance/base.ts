import type { FormatCode } from '../../src/core/codes.ts'
import type { Failure } from '../../src/core/verification.ts'
import type { Json, JsonObject } from '../reference/canonical.ts'
import { serialize } from '../reference/canonical.ts'
import type { Signature, Statement } from '../reference/shapes.ts'
import type { Manifest, ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest } from '../reference/writer.ts'
import type { Random } from './random.ts'

/** A manifest that holds, with what made it, so that a forger who has the keys can make it again otherwise. */
export interface Base extends Manifest {
  readonly options: ManifestOptions
  readonly signers: readonly [Signer, ...Signer[]]
  /** How many of each. */
  readonly statements: number
  readonly memories: number
  readonly lineOf: Lines
}

/** Where things stand in a file, from 1 (manifest-format, 2). */
export interface Lines {
  readonly format: number
  readonly list: number
  readonly close: number
  readonly memory: (index: number) => number
  readonly statement: (index: number) => number
}

export function linesOf(statements: number, memories: number): Lines {
  const format = statements === 0 ? 3 : statements + 4
  return {
    format,
    list: format + 1,
    close: format + 2 + memories,
    memory: (index) => format + 2 + index,
    statement: (index) => 3 + index,
  }
}

/** `expected` is where the format says that it fails; null where nothing but "refused, as the twin says" is known. */
export interface Mutant {
  readonly bytes: Uint8Array
  readonly expected: Failure | null
}

/** Lines that are frame and neither statement nor memory. */
export function frameLines({ lineOf, statements }: Base): number[] {
  return [2, ...(statements > 0 ? [lineOf.format - 1] : []), lineOf.format, lineOf.list, lineOf.close]
}

/** Null where the base has nothing to work on: another one is tried. */
export type Mutator = (base: Base, random: Random, pool: readonly Base[]) => Mutant | null
export type Mutators = Readonly<Record<string, Mutator>>

export interface Envelope extends JsonObject {
  details: JsonObject
  header: JsonObject
  signatures: Signature[]
  type: string
}

export const PREFIX = '{"envelope":'

export function parseEnvelope(base: Base): Envelope {
  return JSON.parse(base.lines[0]!.slice(PREFIX.length, -1)) as Envelope
}

export function parseMemory(base: Base, index: number): JsonObject {
  return parseListed(base.lines[base.lineOf.memory(index) - 1]!) as JsonObject
}

export function parseStatements(base: Base): Statement[] {
  return base.lines.slice(2, 2 + base.statements).map((line) => parseListed(line) as Statement)
}

function parseListed(line: string): Json {
  return JSON.parse(line.replace(/,$/, '')) as Json
}

/** Defined, not assigned, so that `__proto__` is a name like any other. */
export function put(target: JsonObject, name: string, value: Json): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
}

export function fromLines(lines: readonly string[]): Uint8Array {
  return new Uint8Array(Buffer.from(lines.map((line) => `${line}\n`).join('')))
}

/** One line otherwise, `number` from 1; the rest as it was. */
export function withLine(base: Base, number: number, text: string): Uint8Array {
  return fromLines(base.lines.with(number - 1, text))
}

/** What a courier can do without a key: the envelope otherwise, in canonical form. */
export function withEnvelope(base: Base, edit: (envelope: Envelope) => void): Uint8Array {
  const envelope = parseEnvelope(base)
  edit(envelope)
  return withLine(base, 1, `${PREFIX}${serialize(envelope)},`)
}

export function withMemory(base: Base, index: number, edit: (memory: JsonObject) => void): Uint8Array {
  const memory = parseMemory(base, index)
  edit(memory)
  const comma = index < base.memories - 1 ? ',' : ''
  return withLine(base, base.lineOf.memory(index), serialize(memory) + comma)
}

/** The list of memories otherwise, as lines with the commas of a list. */
export function withMemories(base: Base, memories: readonly string[]): Uint8Array {
  return fromLines([...base.lines.slice(0, base.lineOf.list), ...listed(memories), ']}'])
}

/** The list of evidence otherwise. */
export function withEvidence(base: Base, statements: readonly Json[]): Uint8Array {
  const texts = statements.map((statement) => serialize(statement))
  const evidence = texts.length === 0 ? ['"evidence":[],'] : ['"evidence":[', ...listed(texts), '],']
  return fromLines([base.lines[0]!, ...evidence, ...base.lines.slice(base.lineOf.format - 1)])
}

function listed(texts: readonly string[]): string[] {
  return texts.map((text, at) => (at < texts.length - 1 ? `${text},` : text))
}

/** The lines of the memories without their commas. */
export function memoryTexts(base: Base): string[] {
  return base.lines
    .slice(base.lineOf.memory(0) - 1, base.lineOf.close - 1)
    .map((line) => line.replace(/,$/, ''))
}

/** What a forger with the issuer's key can do: made and signed again with other options. */
export function forge(base: Base, options: ManifestOptions): Uint8Array {
  return buildManifest({ ...base.options, ...options }).bytes
}

/** A hook of the writer for one memory. */
export function only(at: number, edit: (memory: JsonObject) => void) {
  return (memory: JsonObject, index: number): void => {
    if (index === at) edit(memory)
  }
}

/** The index of the memory in whose place a line of the base stands (manifest-format, 10). */
function dueAt({ lineOf }: Base, line: number): number | null {
  return line >= lineOf.memory(0) && line < lineOf.close ? line - lineOf.memory(0) : null
}

export function inEnvelope(code: FormatCode): Failure {
  return { layer: 'signature', code, line: 1, index: null }
}

export function inMemory({ lineOf }: Base, index: number, code: FormatCode): Failure {
  return { layer: 'leaves', code, line: lineOf.memory(index), index }
}

export function inStatement(index: number, code: FormatCode): Failure {
  return { layer: 'evidence', code, line: 3 + index, index: null }
}

/** A fault of the line itself, whatever stands there: of its place, its bytes, its canonical form. */
export function inLine(base: Base, line: number, code: FormatCode): Failure {
  return { layer: line === 1 ? 'signature' : 'leaves', code, line, index: dueAt(base, line) }
}

export const ROOT: Failure = { layer: 'root', code: 'root_mismatch', line: 1, index: null }

/** Longer by one character, at a random place between characters. */
export function altered(text: string, random: Random): string {
  const characters = [...text]
  return characters
    .toSpliced(random.below(characters.length + 1), 0, random.pick(['x', '0', ' ', 'é', '\u200b', '記']))
    .join('')
}

/** The other normal form of a text, or null where it has but one. */
export function renormalized(text: string): string | null {
  const [composed, decomposed] = [text.normalize('NFC'), text.normalize('NFD')]
  if (decomposed !== text) return decomposed
  return composed !== text ? composed : null
}

/** Hex with one letter in upper case, or null where it has none. */
export function upperCased(hex: string, random: Random): string | null {
  const letters = [...hex.matchAll(/[a-f]/g)].map(({ index }) => index)
  if (letters.length === 0) return null
  const at = random.pick(letters)
  return hex.slice(0, at) + hex[at]!.toUpperCase() + hex.slice(at + 1)
}
