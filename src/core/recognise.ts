import { FRAME } from './manifest.ts'

/** What a file is by its contents; names and types that come with it are anybody's. */
export type FileKind =
  | 'empty'
  | 'manifest'
  | 'statement'
  | 'key'
  | 'identity_backup'
  | 'later_format'
  | 'memories'
  | 'not_text'
  | 'unknown'

/** How much of the start is enough to tell. */
export const RECOGNISED_BYTES = 64 * 1024

/** Tells what starts like this; `start` is the first `RECOGNISED_BYTES` of the (inflated) contents, or all of them. */
export function recognise(start: Uint8Array): FileKind {
  if (start.length === 0) return 'empty'
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true })
  } catch {
    return 'not_text'
  }
  if (text.includes('-----BEGIN ')) return 'key'
  if (text.includes('"format":"omega-memory-proof/') || text.includes('"format":"omega-audit-'))
    return 'later_format'
  if (text.startsWith(FRAME.envelope) || text.includes('omega-federation-manifest')) return 'manifest'
  if (text.includes('"format":"omega-statement/1"')) return 'statement'
  if (text.includes('"format":"omega-identity-backup/1"')) return 'identity_backup'
  return /^\s*[[{]/.test(text) ? 'memories' : 'unknown'
}
