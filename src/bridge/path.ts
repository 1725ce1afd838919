/** What keeps a file from being read or written; `path_no_folder`: the bridge was given no folder. */
export type PathCode =
  'path_no_folder' | 'path_refused' | 'path_missing' | 'path_exists' | 'file_unreadable' | 'storage_full'

/** Thrown for a path or a file of a stranger; `detail` is for a person. */
export class PathError extends Error {
  readonly code: PathCode

  constructor(code: PathCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
  }
}

const MOST_PARTS = 32
const LONGEST_PART = 255

/** Windows takes these for devices, whatever follows a dot, in any case. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³]) *(?:\.|$)/i

/**
 * The parts of a relative path, `/` between them, that means the same file under every system and stays in its folder.
 * Attacker-controlled; what the parts are on the disk is for `Folder` to see.
 * @throws PathError path_refused
 */
export function readPath(path: string): readonly string[] {
  const parts = path.split('/')
  const why = parts.length > MOST_PARTS ? 'it has too many parts' : parts.map(whyNot).find((each) => each)
  if (why) throw new PathError('path_refused', `${JSON.stringify(path.slice(0, 200))}: ${why}.`)
  return parts
}

function whyNot(part: string): string | null {
  if (part === '') return 'it is empty, absolute, or has an empty part'
  // `.` and `..` among them; what is hidden is settings of other programs.
  if (part.startsWith('.')) return 'a part begins with a dot'
  if (/[ .]$/.test(part)) return 'a part ends in a dot or a space'
  if (/[\p{Cc}\p{Cs}]/u.test(part)) return 'it has control characters'
  if (/[\\:]/.test(part)) return 'it has a backslash or a colon'
  if (DEVICE.test(part)) return 'a part is the name of a device'
  if (Buffer.byteLength(part) > LONGEST_PART) return 'a part is too long'
  return null
}
