import type { Code } from './codes.ts'
import { clauseOf } from './codes.ts'
import {
  classifyFreshness,
  isClockSuspect,
  isExpired,
  type Freshness,
  type StreamState,
} from './freshness.ts'
import type { Envelope } from './manifest.ts'
import { LAYERS, type LayerName, type Verification } from './verification.ts'

export type LayerResult =
  | { readonly status: 'ok' }
  | { readonly status: 'not_checked' }
  | {
      readonly status: 'failed'
      readonly code: Code
      readonly clause: string
      readonly line: number
      readonly index: number | null
    }

export type IssuerTrust = 'trusted' | 'unknown' | 'revoked' | 'own'

/** What the reader brings; what is absent is not asked and stands as null in the report. */
export interface ReportContext {
  readonly trust?: {
    readonly trusted: ReadonlySet<string>
    readonly revoked: ReadonlySet<string>
    /** Keys of the reader's own; absent where the reader has none to compare an audience with. */
    readonly own?: ReadonlySet<string>
  }
  /** The importer's state of the issuer's stream. */
  readonly stream?: StreamState
  /** The clock, as a time of the format. */
  readonly now?: string
}

/** The answer to "what is this file, and does it hold" (manifest-format, 6; `report.schema.json`). */
export interface Report {
  readonly format: 'omega-verification-report/1'
  readonly result: 'ok' | Code
  readonly layers: Readonly<Record<LayerName, LayerResult>>
  /** Leaves that were recomputed and hold. */
  readonly leaves: number
  /** Null until the signature layer has passed. */
  readonly manifest: ReportedManifest | null
  readonly evidence: readonly { readonly id: string; readonly type: string; readonly issuer: string }[]
  readonly trust: { readonly mode: 'trusted_keys_only'; readonly issuer: IssuerTrust } | null
  readonly freshness: Freshness | null
  readonly expired: boolean | null
  readonly clock_suspect: boolean | null
  readonly audience: 'open' | 'included' | 'not_included' | null
}

export interface ReportedManifest {
  readonly id: string
  readonly header: Envelope['header']
  readonly details: Envelope['details']
  readonly signers: readonly string[]
  readonly skipped: readonly { readonly fingerprint: string; readonly algorithm: string }[]
}

/** Same verification, same context: the same report, byte for byte. */
export function createReport(verification: Verification, context: ReportContext = {}): Report {
  const { failure, signed, memories, evidence } = verification
  const header = signed?.envelope.header
  const { trust, stream, now } = context
  return {
    format: 'omega-verification-report/1',
    result: failure?.code ?? 'ok',
    layers: layerResults(verification),
    leaves: memories,
    manifest: signed && {
      id: signed.id,
      header: signed.envelope.header,
      details: signed.envelope.details,
      signers: signed.signers.verified,
      skipped: signed.signers.skipped,
    },
    evidence: evidence.map(({ id, statement }) => ({
      id,
      type: statement.type,
      issuer: statement.header.issuer.fingerprint,
    })),
    trust:
      header && trust
        ? { mode: 'trusted_keys_only', issuer: trustOf(header.issuer.fingerprint, trust) }
        : null,
    freshness: signed && stream ? classifyFreshness(signed.envelope.header, signed.id, stream) : null,
    expired: header && now !== undefined ? isExpired(header, now) : null,
    clock_suspect: header && now !== undefined ? isClockSuspect(header, now) : null,
    audience: signed && trust?.own ? audienceOf(signed.envelope, trust.own) : null,
  }
}

function layerResults({ failure }: Verification): Record<LayerName, LayerResult> {
  const failedAt = failure === null ? LAYERS.length : LAYERS.indexOf(failure.layer)
  const resultAt = (at: number): LayerResult => {
    if (failure === null || at < failedAt) return { status: 'ok' }
    if (at > failedAt) return { status: 'not_checked' }
    const { code, line, index } = failure
    return { status: 'failed', code, clause: clauseOf(code), line, index }
  }
  return { signature: resultAt(0), leaves: resultAt(1), root: resultAt(2), evidence: resultAt(3) }
}

function trustOf(issuer: string, trust: NonNullable<ReportContext['trust']>): IssuerTrust {
  if (trust.own?.has(issuer)) return 'own'
  if (trust.revoked.has(issuer)) return 'revoked'
  return trust.trusted.has(issuer) ? 'trusted' : 'unknown'
}

function audienceOf(envelope: Envelope, own: ReadonlySet<string>): Report['audience'] {
  const audience = envelope.details['audience'] as readonly string[] | undefined
  if (audience === undefined) return 'open'
  return audience.some((fingerprint) => own.has(fingerprint)) ? 'included' : 'not_included'
}
