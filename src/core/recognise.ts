import { FRAME } from './manifest.ts'

/** What a file is by its contents; names and types that come with it are anybody's. */
export type FileKind =
  | 'empty'
  | 'manifest'
  | 'statement'
  | 'key'
  | 'identity_backup'
  | 'archive'
  | 'later_format'
  | 'memories'
  | 'utf16'
  | 'unknown'

const STATEMENT = '{"format":"omega-statement/'

/** How much of the start is enough to tell. */
export const RECOGNISED_BYTES = 64 * 1024

/** Members by which a manifest is known however it is spelled; in a text that only speaks of them the quotes are escaped. */
const REFORMATTED =
  /"(?:format"\s*:\s*"omega-federation-manifest\/|type"\s*:\s*"application\/vnd\.omega\.federation-manifest\.)/

/** Tells what starts like this; `start` is the first `RECOGNISED_BYTES` of the (inflated) contents, or all of them. */
export function recognise(start: Uint8Array): FileKind {
  if (start.length === 0) return 'empty'
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true })
  } catch {
    // Said to be a manifest or a statement: its verification names what is no text.
    const latin = new TextDecoder('latin1').decode(start)
    if (latin.startsWith(FRAME.envelope)) return 'manifest'
    if (latin.startsWith(STATEMENT)) return 'statement'
    const mark = 256 * start[0]! + start[1]!
    return mark === 0xfeff || mark === 0xfffe ? 'utf16' : 'unknown'
  }
  // Our own formats are canonical, so each has one beginning; what stands inside may be anybody's.
  if (text.startsWith(FRAME.envelope)) {
    if (isArchive(text)) return 'archive'
    return isLater(text) ? 'later_format' : 'manifest'
  }
  if (text.startsWith('{"audit_path":[') && text.includes('"format":"omega-audit-proof/'))
    return 'later_format'
  if (text.startsWith(STATEMENT)) return 'statement'
  if (text.startsWith('{"cipher":{') && text.includes('"format":"omega-identity-backup/'))
    return 'identity_backup'
  if (!/^\s*[[{]/.test(text)) return text.includes('-----BEGIN ') ? 'key' : 'unknown'
  if (/^\s*\{\s*"envelope"/.test(text) && /"format"\s*:\s*"omega-store\//.test(text)) return 'archive'
  // Re-formatted on its way: opened as what it was, it is refused with words that say so.
  return REFORMATTED.test(text) ? 'manifest' : 'memories'
}

/** The second line of a store archive names its format; re-formatted, it is refused as what it was. */
function isArchive(text: string): boolean {
  const end = text.indexOf('\n')
  if (end !== -1 && text.startsWith('"format":"omega-store/', end + 1)) return true
  const first = end === -1 ? text : text.slice(0, end)
  return first.includes(',"format":"omega-store/')
}

/** A proof stands on one line; an audit export names its format on a line of its own. */
function isLater(text: string): boolean {
  const [first = '', ...others] = text.split('\n')
  if (!first.endsWith(',')) return first.includes('"format":"omega-memory-proof/')
  return others.some((line) => line.startsWith('"format":"omega-audit-export/'))
}
