import type { FormatCode } from './codes.ts'
import type { SignatureEngine } from './ed25519.ts'
import type { Line } from './lines.ts'
import type { Envelope } from './manifest.ts'
import type { Memory } from './memory.ts'
import type { Signers, Statement } from './statement.ts'

export const LAYERS = ['signature', 'leaves', 'root', 'evidence'] as const
export type LayerName = (typeof LAYERS)[number]

/** `index` is that of the memory in whose place the line stands; null where none does. */
export interface Failure {
  readonly layer: LayerName
  readonly code: FormatCode
  readonly line: number
  readonly index: number | null
}

/** A statement of the evidence that has verified. */
export interface Evidence {
  readonly id: string
  readonly statement: Statement
}

export interface VerifiedEnvelope {
  readonly envelope: Envelope
  readonly id: string
  readonly signers: Signers
}

export interface Verification {
  /** Null if all four layers hold. */
  readonly failure: Failure | null
  /** Null until the signature layer has passed: nothing of an unverified envelope goes further. */
  readonly signed: VerifiedEnvelope | null
  /** How many leaves were recomputed and hold. */
  readonly memories: number
  readonly evidence: readonly Evidence[]
}

/** A verification with what it recomputed: the leaves that hold, 32 bytes each, in file order. */
export interface VerificationWithLeaves extends Verification {
  readonly leaves: Uint8Array<ArrayBuffer>
}

export interface VerifyOptions {
  readonly engine?: SignatureEngine
  /** Called once the signature layer has passed, before any other line is looked at. */
  readonly onSigned?: (signed: VerifiedEnvelope) => void
  /** Called for each memory that holds; `line.bytes` is valid during the call only. */
  readonly onMemory?: (memory: Memory, line: Line, leaf: Uint8Array) => void
  /** Called after each chunk. */
  readonly onProgress?: (bytes: number, memories: number) => void
}
