import { concat, decodeUtf8 } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import { recognise, RECOGNISED_BYTES } from '../core/recognise.ts'
import type { CallOptions } from '../worker/bridge.ts'
import { inUse, isGzip } from '../worker/source.ts'
import { openArchive, type OpenedArchive } from './archive.ts'
import { openForeign, type OpenedForeign } from './foreign.ts'
import { openManifest, type OpenedManifest } from './manifest.ts'
import { requireStore, type Verifier } from './instance.ts'
import { readKeyOffer, type KeyOffer } from './peers.ts'
import { STATEMENT_FILE_BYTES, verifyStatementFile, type VerifiedStatement } from '../core/statement-file.ts'

/** What was opened, and where it belongs. */
export type Opened =
  | { readonly kind: 'manifest'; readonly manifest: OpenedManifest }
  | { readonly kind: 'key'; readonly key: KeyOffer }
  | { readonly kind: 'statement'; readonly statement: VerifiedStatement; readonly fileName: string }
  | { readonly kind: 'identity_backup'; readonly file: File }
  | { readonly kind: 'archive'; readonly archive: OpenedArchive }
  | { readonly kind: 'memories'; readonly foreign: OpenedForeign }

const MAX_SMALL_BYTES = 64 * 1024

/**
 * Opens a file that was picked, dropped or pasted: told by its contents, taken to where it belongs. Nothing is kept.
 * A manifest that does not hold is no error: its report says so. Throws `file_empty`, `not_recognised`, `not_utf8`,
 * `gzip_invalid`, `limit_exceeded`, `file_unreadable`, `not_supported_yet`, `cancelled`, what reading a key, a statement
 * or a store archive throws; of what is no use without a store, why there is none.
 */
export async function openFile(verifier: Verifier, file: File, options: CallOptions = {}): Promise<Opened> {
  const start = await readStart(file, RECOGNISED_BYTES)
  const kind = recognise((await inflateStart(file, start, RECOGNISED_BYTES)).subarray(0, RECOGNISED_BYTES))
  switch (kind) {
    case 'empty':
      throw new ExchangeError('file_empty')
    case 'utf16':
      throw new ExchangeError('not_utf8')
    case 'unknown':
      throw new ExchangeError('not_recognised')
    case 'later_format':
      throw new ExchangeError('not_supported_yet')
    case 'manifest':
      return { kind, manifest: await openManifest(verifier, file, { ...options, start }) }
    case 'key': {
      const instance = requireStore(verifier)
      return { kind, key: await readKeyOffer(instance, decodeUtf8(await readSmall(file, MAX_SMALL_BYTES))) }
    }
    case 'statement':
      return {
        kind,
        statement: await verifyStatementFile(await readContents(file, STATEMENT_FILE_BYTES)),
        fileName: file.name,
      }
    case 'identity_backup':
      requireStore(verifier)
      return { kind, file: new File([await readSmall(file, MAX_SMALL_BYTES)], file.name) }
    case 'archive':
      return { kind, archive: await openArchive(requireStore(verifier), file, options) }
    case 'memories':
      return { kind, foreign: await openForeign(requireStore(verifier), file, options) }
  }
}

/** Starts, at rest, what the first large file would wait for. Never throws: where it cannot start, that file does without. */
export async function prepareToOpen({ worker }: Verifier): Promise<void> {
  await worker.call('warm', {}).catch(() => undefined)
}

/** Text pasted by a person, as the file it would be. */
export function toFile(text: string): File {
  // Text areas and clipboards drop or double the last LF; a manifest or statement ends with exactly one.
  const ends = /^\s*\{/.test(text) ? text.trimEnd() + '\n' : text
  return new File([ends], 'pasted', { type: 'text/plain' })
}

/** The first bytes of the contents, `most` of them and perhaps some more, inflated if the file is gzip. */
async function readContents(file: Blob, most: number): Promise<Uint8Array> {
  return inflateStart(file, await readStart(file, most), most)
}

/** The first bytes of the file itself: one more than `most`, or all of them. */
function readStart(file: Blob, most: number): Promise<Uint8Array<ArrayBuffer>> {
  return bytesOf(file.slice(0, most + 1))
}

/** `start`, or of a gzip file what it begins to inflate to. */
async function inflateStart(file: Blob, start: Uint8Array, most: number): Promise<Uint8Array> {
  if (!isGzip(start)) return start
  const parts: Uint8Array[] = []
  let length = 0
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  inUse.add(reader)
  try {
    while (length <= most) {
      const { done, value } = await reader.read()
      if (done) break
      parts.push(value)
      length += value.length
    }
  } catch (cause) {
    // A file that is gone and one that is damaged break the stream in the same words.
    await bytesOf(file.slice(0, 1))
    throw new ExchangeError('gzip_invalid', '', {}, { cause })
  } finally {
    inUse.delete(reader)
    reader.cancel().catch(() => undefined)
  }
  return concat(...parts)
}

/** The whole contents of what is small. Throws `limit_exceeded`. */
async function readSmall(file: Blob, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readContents(file, most)
  if (bytes.length > most) throw new ExchangeError('limit_exceeded')
  return bytes.slice()
}

async function bytesOf(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch (cause) {
    throw new ExchangeError('file_unreadable', '', {}, { cause })
  }
}
