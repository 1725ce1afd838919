import type { FormatCode } from './codes.ts'
import type { SignatureEngine } from './ed25519.ts'
import type { Kernel } from './kernel.ts'
import type { LeafList } from './leaf-list.ts'
import type { Envelope } from './manifest.ts'
import type { CheckedRun, Mark, Run, RunProgress } from './run.ts'
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
  readonly leaves: LeafList
  /** Where some of the memories' lines start, ascending, the first among them. */
  readonly marks: readonly Mark[]
}

/** A file any part of which can be read by itself, and several checked at once. */
export interface Lanes<Checked = CheckedRun> {
  /** Bytes. */
  readonly size: number
  /** How many runs are checked at once. */
  readonly count: number
  /** Bytes of a run. */
  readonly runBytes: number
  readonly check: (run: Run, onProgress: RunProgress) => Promise<Checked>
  /** The file from a byte on. */
  readonly chunks: (from: number) => AsyncIterable<Uint8Array>
}

export interface VerifyOptions {
  readonly engine?: SignatureEngine
  /** Checks runs of memory lines, several at once. */
  readonly lanes?: Lanes
  /** Hashes the tree, and without lanes checks the memory lines; without either they are read plainly, one by one. */
  readonly kernel?: Kernel | null
  /** Bytes that the kernel is given at once where there are no lanes. */
  readonly batchBytes?: number
  /** Called once the signature layer has passed, before any other line is looked at. */
  readonly onSigned?: (signed: VerifiedEnvelope) => void
  /** Called after each chunk and each run. */
  readonly onProgress?: (bytes: number, memories: number) => void
}
