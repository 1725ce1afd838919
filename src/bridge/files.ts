import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answer, PRIVATE } from './answers.ts'
import { Folder, toPathError } from './folder.ts'
import { PathError, readPath, type PathCode } from './path.ts'
import { sendFile } from './send-file.ts'

const STATUS: Readonly<Record<PathCode, number>> = {
  path_no_folder: 403,
  path_refused: 403,
  path_missing: 404,
  path_exists: 409,
  file_unreadable: 422,
  storage_full: 507,
}

/** What this process was started with; read once, as reading it means to set it. */
const UMASK = process.umask(0o077)
process.umask(UMASK)

/** The files of one folder, read and written for the tab: `/bridge/files`. Without a folder there are none. */
export class Files {
  readonly #root: string | null
  readonly #underWay = new Set<Promise<void>>()

  constructor(root: string | null) {
    this.#root = root
  }

  /** Answers a GET or a PUT of the tab; the path in it is attacker-controlled. */
  async handle(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> {
    const deed = this.#handle(request, response, query)
    this.#underWay.add(deed)
    await deed
    this.#underWay.delete(deed)
  }

  /** When nothing is half written any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  async #handle(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> {
    try {
      if (this.#root === null) throw new PathError('path_no_folder', 'The bridge was started without --dir.')
      const paths = query.getAll('path')
      if (paths.length !== 1) throw new PathError('path_refused', 'Name one path.')
      const parts = readPath(paths[0]!)
      const folder = await Folder.open(this.#root, parts.slice(0, -1))
      try {
        if (request.method === 'GET') await send(response, folder, parts.at(-1)!)
        else await receive(request, folder, parts.at(-1)!, query.get('overwrite') === '1')
      } finally {
        await folder.close()
      }
      if (request.method === 'PUT') answer(response, 201, { path: parts.join('/') })
    } catch (cause) {
      const { code, message } = toPathError(cause)
      if (response.headersSent) response.destroy()
      else answer(response, STATUS[code], { code, detail: message })
    }
  }
}

async function send(response: ServerResponse, folder: Folder, name: string): Promise<void> {
  const handle = await folder.read(name)
  try {
    await sendFile(response, handle, {
      ...PRIVATE,
      'Content-Type': 'application/octet-stream',
      'Omega-File-Name': encodeURIComponent(name),
    })
  } finally {
    await handle.close()
  }
}

/** Whole or not at all: nothing has the name before all of it is on the disk. */
async function receive(
  request: IncomingMessage,
  folder: Folder,
  name: string,
  overwrite: boolean,
): Promise<void> {
  const length = request.headers['content-length']
  if (length === undefined || !/^\d{1,15}$/.test(length))
    throw new PathError('file_unreadable', 'The length of the file was not said.')
  mayStand(folder, name, overwrite)
  const temporary = `.omega-${randomBytes(12).toString('hex')}.part`
  const handle = await folder.create(temporary)
  try {
    try {
      await fill(handle, request, Number(length))
      await handle.chmod(0o666 & ~UMASK)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await place(folder, temporary, name, overwrite)
    await folder.sync()
  } finally {
    folder.remove(temporary)
  }
}

function mayStand(folder: Folder, name: string, overwrite: boolean): void {
  const there = folder.look(name)
  if (there === null) return
  if (!there.isFile()) throw new PathError('path_refused', 'What has this name is no plain file.')
  if (!overwrite) throw new PathError('path_exists', 'There is a file of that name.')
}

async function fill(handle: FileHandle, body: AsyncIterable<Buffer>, length: number): Promise<void> {
  let written = 0
  for await (const part of body) {
    for (let at = 0; at < part.length;) at += (await handle.write(part, at)).bytesWritten
    written += part.length
  }
  if (written !== length) throw new PathError('file_unreadable', 'The file did not come whole.')
}

/** Atomically; a file that came to have the name meanwhile is replaced only if asked for. */
async function place(folder: Folder, from: string, name: string, overwrite: boolean): Promise<void> {
  if (overwrite) {
    mayStand(folder, name, true)
    return folder.rename(from, name)
  }
  try {
    folder.link(from, name)
  } catch (cause) {
    if (!WITHOUT_LINKS.has((cause as NodeJS.ErrnoException).code ?? '')) throw cause
    // The name is taken first, by a file of our own.
    await (await folder.create(name)).close()
    folder.rename(from, name)
  }
}

/** What file systems that have no hard links say (FAT, some network shares). */
const WITHOUT_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'UNKNOWN'])
