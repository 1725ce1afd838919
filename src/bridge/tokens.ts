import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Unusable } from './options.ts'

/** Two secrets of 256 bits, base64url: the tab's and that of HTTP clients. */
export interface Tokens {
  readonly tab: string
  readonly client: string
}

const FILE = 'bridge-tokens.json'
const TOKEN = /^[\w-]{43}$/

/**
 * The tokens kept in `folder`, made when there are none: an open tab and a configured client outlive the bridge.
 * What others could read is no secret any more and is made anew. `say` gets words for a person.
 * @throws Unusable where they cannot be kept for this user alone
 */
export function readTokens(folder: string, say: (words: string) => void): Tokens {
  const path = join(folder, FILE)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    keepPrivate(folder)
    const kept = readKept(path)
    if (kept !== 'none' && kept !== 'exposed') return kept
    if (kept === 'exposed') {
      say('The tokens could be read by others, or were damaged: there are new ones.')
      rmSync(path)
    }
    return make(folder, path)
  } catch (cause) {
    if (cause instanceof Unusable) throw cause
    throw new Unusable(`The tokens cannot be kept in ${JSON.stringify(folder)}: ${(cause as Error).message}`)
  }
}

/** Takes as long for one wrong token as for another. */
export function isSameToken(given: string, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(token))
}

function keepPrivate(folder: string): void {
  const stat = lstatSync(folder)
  if (!stat.isDirectory()) throw new Unusable(`${JSON.stringify(folder)} is no folder.`)
  if (!isOwn(stat.uid)) throw new Unusable(`${JSON.stringify(folder)} belongs to another user.`)
  if (hasModes() && (stat.mode & 0o077) !== 0) chmodSync(folder, 0o700)
}

function readKept(path: string): Tokens | 'none' | 'exposed' {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'none'
    throw cause
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile() || !isOwn(stat.uid) || (hasModes() && (stat.mode & 0o077) !== 0)) return 'exposed'
    const { tab, client } = JSON.parse(readFileSync(fd, 'utf8')) as Record<string, unknown>
    const isToken = (value: unknown): value is string => typeof value === 'string' && TOKEN.test(value)
    return isToken(tab) && isToken(client) && tab !== client ? { tab, client } : 'exposed'
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError) return 'exposed'
    throw cause
  } finally {
    closeSync(fd)
  }
}

/** Written whole before it has its name: of two bridges that start at once, both take the first one's. */
function make(folder: string, path: string): Tokens {
  const token = () => randomBytes(32).toString('base64url')
  const temporary = join(folder, `.${token()}`)
  writeFileSync(temporary, `${JSON.stringify({ tab: token(), client: token() })}\n`, {
    mode: 0o600,
    flag: 'wx',
  })
  try {
    linkSync(temporary, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    rmSync(temporary)
  }
  const kept = readKept(path)
  if (typeof kept === 'string') throw new Unusable(`${JSON.stringify(path)} cannot be kept private.`)
  return kept
}

function isOwn(uid: number): boolean {
  return process.getuid === undefined || process.getuid() === uid
}

function hasModes(): boolean {
  return process.platform !== 'win32'
}
