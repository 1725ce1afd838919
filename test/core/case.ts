import type { FormatCode } from '../../src/core/codes.ts'
import type { LayerName } from '../../src/core/verification.ts'
import type { Json, JsonObject } from '../reference/canonical.ts'
import type { Signature, Statement } from '../reference/shapes.ts'
import type { Draft, ManifestOptions, Signer } from '../reference/writer.ts'
import { buildManifest, ISSUER, signerOf } from '../reference/writer.ts'
import { OTHERS } from './manifests.ts'

/** What a case is, and what the tables of cases write it with. */

/** Where a case fails: layer, code, line, index; or null. */
export type Expected = [layer: LayerName, code: FormatCode, line: number, index?: number] | null
/** Options of the writer, or the bytes themselves. */
export type Case = [name: string, file: ManifestOptions | Uint8Array | (() => Uint8Array), expected: Expected]

export const RECEIPT = 'application/vnd.omega.receipt.v1+json'
export const MIB = 1024 * 1024
export const [ANA, BO, CY] = OTHERS as [Signer, Signer, Signer]
export const two = [{}, {}]

export const withDraft = (draft: Draft): ManifestOptions => ({ memories: [{}, draft, {}] })
/** Writes `to` for `from` on line `at` (from 1) of a file that is otherwise right. */
export const inLine = (
  at: number,
  from: string,
  to: string,
  options: ManifestOptions = {},
): ManifestOptions => ({
  ...options,
  lines: (lines) => {
    if (!lines[at - 1]!.includes(from)) throw new Error(`line ${at} has no ${from}`)
    return lines.with(
      at - 1,
      lines[at - 1]!.replace(from, () => to),
    )
  },
})
export const withLines = (change: (lines: string[]) => string[], options: ManifestOptions = {}) => ({
  ...options,
  lines: change,
})
export const withBytes = (bytes: (bytes: Uint8Array) => Uint8Array, options: ManifestOptions = {}) => ({
  ...options,
  bytes,
})
export const bytesOf = (...parts: (string | Uint8Array)[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))))
export const withSignature = (
  edit: (signature: Signature, all: Signature[]) => void,
  signers: [Signer, ...Signer[]] = [ISSUER],
) => ({
  signers,
  envelope: (envelope: JsonObject) =>
    edit((envelope['signatures'] as Signature[])[0]!, envelope['signatures'] as Signature[]),
})
export const withHeader = (header: JsonObject): ManifestOptions => ({ header })
export const withDetails = (details: JsonObject): ManifestOptions => ({ details })
/** `depth` arrays, one in the other. */
export const nest = (depth: number): Json => (depth === 0 ? 0 : [nest(depth - 1)])
/** Options whose manifest is signed by keys of which one is odd. */
export const by = (...signers: [Signer, ...Signer[]]): ManifestOptions => ({ signers })

export const withEvidence = (...evidence: Statement[]): ManifestOptions => ({ evidence })
export function bytesOfCase(file: Case[1]): Uint8Array {
  if (file instanceof Uint8Array) return file
  return typeof file === 'function' ? file() : buildManifest(file).bytes
}

/** The issuer's private key under another SubjectPublicKeyInfo. */
export function withSpki(change: (spki: Buffer) => Buffer): Signer {
  const spki = Buffer.from(ISSUER.pem.split('\n')[1]!, 'base64')
  return signerOf(change(spki), ISSUER.sign)
}
