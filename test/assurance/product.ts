import { toHex } from '../../src/core/bytes.ts'
import type { SignatureEngine } from '../../src/core/ed25519.ts'
import { ExchangeError } from '../../src/core/errors.ts'
import type { Failure, VerificationWithLeaves, VerifyOptions } from '../../src/core/verification.ts'
import { buildKernel, buildKernelScript } from '../../src/kernel/build.ts'
import { inChunks } from '../core/manifests.ts'
import { serialize, type Json } from '../reference/canonical.ts'
import * as entry from './entry.ts'

/** The clock of all reports. */
export const NOW = '2026-06-01T00:00:00.000Z'

/** No mutant is larger: the longest line of the format, and what stands about it. */
const LARGEST_BYTES = 9 * 1024 * 1024

export type Entry = typeof entry

/** What a reader makes of a manifest. */
export interface Answer {
  readonly failure: Failure | null
  readonly leaves: readonly string[]
  readonly id: string | null
  /** Canonical text of header and details. */
  readonly signed: string | null
  readonly report: string
}

/** How the lines of a file are shared out: runs of so many bytes, as bytes in one of the kernels or plainly. */
export interface Runs {
  readonly bytes: number
  readonly kernel: 'WebAssembly' | 'JavaScript' | null
}

/** What the sources of the kernel were compiled to. */
export interface Compiled {
  readonly wasm: Uint8Array
  readonly script: string
}

/** The readers of the product, or of a copy of it. */
export interface Product {
  /** The streaming reader, given chunks of `sizes`. */
  readonly stream: (bytes: Uint8Array, sizes: readonly number[], engine: SignatureEngine) => Promise<Answer>
  /** The fast path. */
  readonly runs: (bytes: Uint8Array, runs: Runs, engine: SignatureEngine) => Promise<Answer>
  /** A packed manifest as the command line reads it. */
  readonly packed: (bytes: Uint8Array, sizes: readonly number[]) => Promise<Answer>
  /** The report of a statement alone in a file. */
  readonly statement: (bytes: Uint8Array) => Promise<string>
  /** What a gzip file holds; null where it is refused. */
  readonly inflate: (bytes: Uint8Array, sizes: readonly number[]) => Promise<Uint8Array | null>
}

export function productOf(core: Entry, { wasm, script }: Compiled = buildKernels()): Product {
  const kernel = core.Kernel.start(Buffer.from(wasm).toString('base64'))
  if (kernel === null) throw new Error('no WebAssembly with SIMD here')
  const kernels = { WebAssembly: kernel, JavaScript: core.startScriptKernel(script) }
  // What a kernel has grown to it keeps, and that of JavaScript lies in the heap: no mutant is to be charged with it.
  for (const each of Object.values(kernels)) each.load(new Uint8Array(LARGEST_BYTES))
  const verify = async (chunks: AsyncIterable<Uint8Array>, options: VerifyOptions): Promise<Answer> =>
    toAnswer(core, await core.verifyManifest(chunks, options))
  const unpacked = (bytes: Uint8Array, sizes: readonly number[]) =>
    core.gunzip(inChunks(bytes, sizes), Math.max(64, ...sizes))
  return {
    stream: (bytes, sizes, engine) => verify(inChunks(bytes, sizes), { engine }),
    runs: (bytes, runs, engine) =>
      verify(inChunks(bytes), {
        engine,
        ...core.inRuns(bytes, runs.kernel && kernels[runs.kernel], runs.bytes),
      }),
    // By the kernel as it inflates.
    packed: (bytes, sizes) => verify(unpacked(bytes, sizes), { kernel, batchBytes: Math.max(64, ...sizes) }),
    statement: async (bytes) => JSON.stringify(await core.reportStatementFile(bytes, null)),
    inflate: async (bytes, sizes) => {
      const parts: Uint8Array[] = []
      try {
        for await (const part of unpacked(bytes, sizes)) parts.push(part)
      } catch (error) {
        // By its name: a copy has a class of its own.
        if (error instanceof Error && 'code' in error && error.code === GZIP_INVALID) return null
        throw error
      }
      return Buffer.concat(parts)
    },
  }
}

function buildKernels(): Compiled {
  return { wasm: buildKernel(), script: buildKernelScript() }
}

const GZIP_INVALID = 'gzip_invalid' satisfies ExchangeError['code']

function toAnswer({ createReport }: Entry, verification: VerificationWithLeaves): Answer {
  const { failure, signed, leaves } = verification
  return {
    failure,
    leaves: toHex(leaves.toBytes()).match(/.{64}/g) ?? [],
    id: signed?.id ?? null,
    signed: signed && signedText(signed.envelope.header, signed.envelope.details),
    report: JSON.stringify(createReport(verification, { now: NOW })),
  }
}

export function signedText(header: unknown, details: unknown): string {
  return serialize({ header, details } as Json)
}

let product: Product | undefined

/** The product as it is; its kernels are compiled when it is first asked for. */
export function theProduct(): Product {
  return (product ??= productOf(entry))
}
