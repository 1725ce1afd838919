import {
  closeSync,
  constants,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type BigIntStats,
} from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { PathError } from './path.ts'

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants

/** Linux names an open folder: below that name a path is looked up in it, wherever its own name leads by then. */
const BY_HANDLE = process.platform === 'linux' && existsSync('/proc/self/fd')

type Deed<T> = (at: (name: string) => string) => T

/**
 * A folder some parts below a root, reached through folders alone. What is done by name is done in that folder or
 * not at all, even if a part of its path is swapped for a link meanwhile. Names come as `readPath` gives them.
 */
export class Folder {
  /** Where its files are to be opened; what is there by then is looked at again. */
  readonly #path: string
  readonly #within: <T>(deed: Deed<T>) => T
  readonly #handle: FileHandle | null

  private constructor(path: string, within: <T>(deed: Deed<T>) => T, handle: FileHandle | null) {
    this.#path = path
    this.#within = within
    this.#handle = handle
  }

  /** `root` is ours, `parts` are a stranger's. @throws PathError */
  static async open(root: string, parts: readonly string[], byHandle = BY_HANDLE): Promise<Folder> {
    try {
      return byHandle ? await Folder.#byHandle(root, parts) : Folder.#byPath(root, parts)
    } catch (cause) {
      throw toPathError(cause)
    }
  }

  static async #byHandle(root: string, parts: readonly string[]): Promise<Folder> {
    let handle = await open(root, O_RDONLY | O_DIRECTORY)
    for (const part of parts) {
      const outer = handle
      try {
        handle = await open(join(nameOf(outer), part), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      } finally {
        await outer.close()
      }
    }
    const path = nameOf(handle)
    return new Folder(path, (deed) => deed((name) => join(path, name)), handle)
  }

  static #byPath(root: string, parts: readonly string[]): Folder {
    const seen = step(root, parts, null, () => lstat('.'))
    return new Folder(
      join(root, ...parts),
      (deed) => step(root, parts, seen, () => deed((name) => name)),
      null,
    )
  }

  /** What `name` is; null if there is nothing. @throws PathError */
  look(name: string): BigIntStats | null {
    try {
      return this.#within((at) => lstat(at(name)))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw toPathError(cause)
    }
  }

  /** Opens a plain file to read it: no link, no device, no pipe, and none of them in its place meanwhile. @throws PathError */
  async read(name: string): Promise<FileHandle> {
    const before = this.look(name)
    if (before === null) throw new PathError('path_missing', 'There is no such file.')
    if (!before.isFile()) throw new PathError('path_refused', 'This is no plain file.')
    return this.#open(name, O_RDONLY)
  }

  /** Makes a file that was not there, for this user alone, and opens it to write. @throws PathError */
  async create(name: string): Promise<FileHandle> {
    this.#do((at) => closeSync(openSync(at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)))
    return this.#open(name, O_WRONLY)
  }

  /** Gives a file a second name. @throws what the system says; not EEXIST only */
  link(from: string, to: string): void {
    this.#within((at) => linkSync(at(from), at(to)))
  }

  /** Gives a file another name, in the place of what has it. @throws PathError */
  rename(from: string, to: string): void {
    this.#do((at) => renameSync(at(from), at(to)))
  }

  remove(name: string): void {
    this.#do((at) => rmSync(at(name), { force: true }))
  }

  /** What was put in place stays so after a power cut, where a system can promise it. */
  async sync(): Promise<void> {
    await this.#handle?.sync().catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.#handle?.close()
  }

  #do<T>(deed: Deed<T>): T {
    try {
      return this.#within(deed)
    } catch (cause) {
      throw toPathError(cause)
    }
  }

  /** Nothing is read or written before what was opened is known to be what lies in this folder. */
  async #open(name: string, flags: number): Promise<FileHandle> {
    // A pipe swapped in would keep the opening waiting.
    const handle = await open(join(this.#path, name), flags | O_NOFOLLOW | O_NONBLOCK).catch(
      (cause: unknown) => {
        throw toPathError(cause)
      },
    )
    try {
      const opened = await handle.stat({ bigint: true })
      const there = this.look(name)
      if (!opened.isFile() || there === null || !isSame(opened, there))
        throw new PathError('path_refused', 'The file was replaced while it was opened.')
      return handle
    } catch (cause) {
      await handle.close()
      throw cause
    }
  }
}

/**
 * Goes down from `root` part by part, each held against what it was before the step, does `deed` there, and comes
 * back: where an open folder has no name, the one that this process is in is what cannot be swapped. `last`: what
 * must be found at the end.
 */
function step<T>(root: string, parts: readonly string[], last: BigIntStats | null, deed: () => T): T {
  const home = process.cwd()
  try {
    process.chdir(root)
    for (const part of parts) {
      const stat = lstat(part)
      if (!stat.isDirectory())
        throw new PathError('path_refused', 'A part of the path is a link or no folder.')
      process.chdir(part)
      if (!isSame(lstat('.'), stat)) throw replaced()
    }
    if (last !== null && !isSame(lstat('.'), last)) throw replaced()
    return deed()
  } finally {
    process.chdir(home)
  }
}

function replaced(): PathError {
  return new PathError('path_refused', 'A folder was replaced meanwhile.')
}

function nameOf(folder: FileHandle): string {
  return `/proc/self/fd/${folder.fd}`
}

function lstat(path: string): BigIntStats {
  return lstatSync(path, { bigint: true })
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

const CODES: Readonly<Record<string, readonly [PathError['code'], string]>> = {
  ENOENT: ['path_missing', 'There is no such file or folder.'],
  ENOTDIR: ['path_refused', 'A part of the path is a link or no folder.'],
  ELOOP: ['path_refused', 'A part of the path is a link.'],
  ENAMETOOLONG: ['path_refused', 'The path is too long.'],
  EEXIST: ['path_exists', 'There is a file of that name.'],
  ENOSPC: ['storage_full', 'There is no room left.'],
  EDQUOT: ['storage_full', 'There is no room left for this user.'],
  EFBIG: ['storage_full', 'The file is larger than can be kept there.'],
}

/** An error of the system, said in the codes of the bridge. */
export function toPathError(cause: unknown): PathError {
  if (cause instanceof PathError) return cause
  const { code = '' } = cause as NodeJS.ErrnoException
  const [own, detail] = CODES[code] ?? ['file_unreadable', `The file cannot be read or written (${code}).`]
  return new PathError(own, detail, { cause })
}
