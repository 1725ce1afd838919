import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { get, request } from 'node:http'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { Folder } from '../../src/bridge/folder.ts'
import { ask, bearer, makePlace, startBridge, type Running } from './bridge.ts'
import type { FakeTab } from './fake-tab.ts'
import { Waiting } from './waiting.ts'

let place: string
let files: string
let bridge: Running
let page: FakeTab
beforeEach(async () => {
  place = makePlace()
  files = join(place, 'files')
  writeFileSync(join(place, 'outside.json'), 'outside')
  bridge = await startBridge(place, '--dir', files)
  page = await bridge.tab()
})

const at = (path: string, more = '') => `/bridge/files?path=${encodeURIComponent(path)}${more}`
const read = (path: string) => ask(bridge.port, 'GET', at(path), page.headers)
const write = (path: string, body: string | Uint8Array, more = '') =>
  ask(
    bridge.port,
    'PUT',
    at(path, more),
    { ...page.headers, 'content-length': String(Buffer.byteLength(body)) },
    body,
  )
const said = ({ status, text }: { status: number; text: string }) => [
  status,
  (JSON.parse(text) as { code: string }).code,
]
/** What lies in the folder, the hidden and half-written too. */
const listed = () => readdirSync(files, { recursive: true, encoding: 'utf8' }).sort()

describe('files are for the tab that is connected', () => {
  const refused = [409, 'tab_displaced']

  it('and for no other page that has the pass', async () => {
    writeFileSync(join(files, 'a'), 'before')
    const { authorization } = page.headers
    const second = await bridge.tab(true)
    const all: Record<string, string>[] = [
      { authorization },
      { authorization, 'omega-tab': '' },
      { authorization, 'omega-tab': second.id.toUpperCase() },
      // The one that was displaced.
      { ...page.headers },
    ]
    for (const headers of all) {
      expect(said(await ask(bridge.port, 'GET', at('a'), headers))).toEqual(refused)
      const put = await ask(bridge.port, 'PUT', at('a', '&overwrite=1'), headers, 'after')
      expect(said(put)).toEqual(refused)
    }
    // Where it leads is not told either.
    expect(said(await ask(bridge.port, 'GET', at('none'), page.headers))).toEqual(refused)
    expect((await ask(bridge.port, 'GET', at('a'), second.headers)).text).toBe('before')
    await second.gone()
    expect(said(await ask(bridge.port, 'GET', at('a'), second.headers))).toEqual(refused)
    expect(said(await ask(bridge.port, 'GET', at('a'), bearer(bridge.pass)))).toEqual(refused)
    expect(listed()).toEqual(['a'])
  })

  it('which is seen before anything of a file is read', async () => {
    await bridge.tab(true)
    const upload = startUpload('a', 10)
    upload.flush()
    const { status } = await upload.answered
    expect(status).toBe(409)
    upload.break()
    expect(listed()).toEqual([])
  })
})

describe('reading', () => {
  it('gives the bytes of a file, with their number and its name', async () => {
    const bytes = Buffer.alloc(3_000_000, 'ω')
    mkdirSync(join(files, 'in'))
    writeFileSync(join(files, 'in/Bericht – 1.json'), bytes)
    const { status, headers, text } = await read('in/Bericht – 1.json')
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-length': String(bytes.length),
      'omega-file-name': encodeURIComponent('Bericht – 1.json'),
      'cache-control': 'no-store',
    })
    expect(text === bytes.toString('utf8')).toBe(true)
    writeFileSync(join(files, 'empty'), '')
    expect(await read('empty')).toMatchObject({ status: 200, text: '' })
  })

  it('refuses what is no plain file, without waiting for it', async () => {
    mkdirSync(join(files, 'folder'))
    expect(spawnSync('mkfifo', [join(files, 'pipe')]).status).toBe(0)
    for (const name of ['folder', 'pipe']) expect(said(await read(name)), name).toEqual([403, 'path_refused'])
    expect(said(await read('missing'))).toEqual([404, 'path_missing'])
    expect(said(await read('missing/missing'))).toEqual([404, 'path_missing'])
  })

  it('refuses links everywhere: to a file, a folder, a device, nothing, itself', async () => {
    writeFileSync(join(files, 'inside.json'), 'inside')
    symlinkSync(join(place, 'outside.json'), join(files, 'out'))
    symlinkSync('inside.json', join(files, 'in'))
    symlinkSync(place, join(files, 'up'))
    symlinkSync('/dev/zero', join(files, 'zero'))
    symlinkSync('nowhere', join(files, 'dangling'))
    symlinkSync('loop', join(files, 'loop'))
    for (const path of [
      'out',
      'in',
      'up/outside.json',
      'up',
      'zero',
      'dangling',
      'loop',
      'loop/a',
      'inside.json/a',
    ]) {
      expect(said(await read(path)), path).toEqual([403, 'path_refused'])
      if (path !== 'inside.json/a')
        expect(said(await write(path, 'x', '&overwrite=1')), path).toEqual([403, 'path_refused'])
    }
    expect(readFileSync(join(place, 'outside.json'), 'utf8')).toBe('outside')
    expect(() => statSync(join(files, 'nowhere'))).toThrow()
  })

  it('refuses devices', async () => {
    await bridge.end()
    const dev = await startBridge(place, '--dir', '/dev')
    const { headers } = await dev.tab()
    for (const name of ['zero', 'null'])
      expect(said(await ask(dev.port, 'GET', at(name), headers))).toEqual([403, 'path_refused'])
  })

  it('refuses paths that lead elsewhere, however they are spelled', async () => {
    const spelled = ['../outside.json', '%2e%2e/outside.json', '..%2foutside.json', '/etc/passwd', '']
    for (const path of spelled) {
      const raw = await ask(bridge.port, 'GET', `/bridge/files?path=${path}`, page.headers)
      expect(said(raw), path).toEqual([403, 'path_refused'])
    }
    const none = await ask(bridge.port, 'GET', '/bridge/files', page.headers)
    const two = await ask(bridge.port, 'GET', '/bridge/files?path=a&path=b', page.headers)
    expect([said(none), said(two)]).toEqual([
      [403, 'path_refused'],
      [403, 'path_refused'],
    ])
  })

  it.each([
    ['grows', (path: string) => appendFileSync(path, 'more')],
    ['shrinks', (path: string) => truncateSync(path, 1_000_000)],
  ])('breaks off if the file %s meanwhile', async (_, change) => {
    const path = join(files, 'large')
    const size = 200_000_000
    writeFileSync(path, '')
    truncateSync(path, size)
    const outcome = await new Promise<string>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: bridge.port,
        path: at('large'),
        headers: page.headers,
      }
      get({ ...options, agent: false }, (response) => {
        // Nothing is read yet: what the bridge has sent fits the buffers between.
        change(path)
        let length = 0
        response.on('data', (part: Buffer) => (length += part.length))
        response.on('end', () => resolve(`whole, ${length}`))
        response.on('error', () => resolve(length < size ? 'broken off' : 'too much'))
      }).on('error', reject)
    })
    expect(outcome).toBe('broken off')
  })

  it('without a folder there are no files', async () => {
    await bridge.end()
    const bare = await startBridge(place)
    const page = await bare.tab()
    for (const method of ['GET', 'PUT'])
      expect(said(await ask(bare.port, method, at('a'), page.headers))).toEqual([403, 'path_no_folder'])
    expect(page.lines[0]!.hello).toMatchObject({ folder: null })
  })

  it('says what cannot be read', async () => {
    writeFileSync(join(files, 'a'), 'a')
    chmodSync(join(files, 'a'), 0)
    // root reads everything.
    const expected = process.getuid?.() === 0 ? 200 : 422
    expect((await read('a')).status).toBe(expected)
  })
})

describe('writing', () => {
  it('puts a file in its place, as other programs would', async () => {
    mkdirSync(join(files, 'out'))
    expect(await write('out/a.json', 'text')).toMatchObject({ status: 201, text: '{"path":"out/a.json"}\n' })
    expect(readFileSync(join(files, 'out/a.json'), 'utf8')).toBe('text')
    expect(statSync(join(files, 'out/a.json')).mode & 0o777).toBe(0o666 & ~process.umask())
    expect(await write('empty', '')).toMatchObject({ status: 201 })
    expect(listed()).toEqual(['empty', 'out', 'out/a.json'])
    expect(said(await write('missing/a', 'x'))).toEqual([404, 'path_missing'])
  })

  it('replaces nothing unless that is asked for', async () => {
    writeFileSync(join(files, 'a'), 'before')
    expect(said(await write('a', 'after'))).toEqual([409, 'path_exists'])
    expect(said(await write('a', 'after', '&overwrite=0'))).toEqual([409, 'path_exists'])
    expect(readFileSync(join(files, 'a'), 'utf8')).toBe('before')
    expect((await write('a', 'after', '&overwrite=1')).status).toBe(201)
    expect(readFileSync(join(files, 'a'), 'utf8')).toBe('after')
    mkdirSync(join(files, 'folder'))
    expect(said(await write('folder', 'x', '&overwrite=1'))).toEqual([403, 'path_refused'])
    expect(listed()).toEqual(['a', 'folder'])
  })

  it('does not replace a file that came while it was sent', async () => {
    const upload = startUpload('a', 10)
    await upload.begun('12345')
    writeFileSync(join(files, 'a'), 'theirs')
    const { status, text } = await upload.end('67890')
    expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([409, 'path_exists'])
    expect(readFileSync(join(files, 'a'), 'utf8')).toBe('theirs')
    expect(listed()).toEqual(['a'])
  })

  it('does not follow a link that came while it was sent', async () => {
    const upload = startUpload('a', 10, '&overwrite=1')
    await upload.begun('12345')
    symlinkSync(join(place, 'outside.json'), join(files, 'a'))
    expect((await upload.end('67890')).status).toBe(403)
    expect(readFileSync(join(place, 'outside.json'), 'utf8')).toBe('outside')
    expect(lstatSync(join(files, 'a')).isSymbolicLink()).toBe(true)
  })

  it('stays in the folder it began in, wherever its name leads by then', async () => {
    mkdirSync(join(files, 'in'))
    mkdirSync(join(place, 'elsewhere'))
    const upload = startUpload('in/a', 10)
    await upload.begun('12345')
    renameSync(join(files, 'in'), join(files, 'moved'))
    symlinkSync(join(place, 'elsewhere'), join(files, 'in'))
    await upload.end('67890')
    expect(readdirSync(join(place, 'elsewhere'))).toEqual([])
    expect(readdirSync(join(files, 'moved')).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('leaves nothing of what breaks off', async () => {
    const upload = startUpload('a', 10)
    await upload.begun('12345')
    upload.break()
    await until(() => listed().length === 0)
    expect((await write('a', 'again')).status).toBe(201)
    const late = startUpload('b', 10)
    await late.begun('1')
    late.break()
    await until(() => listed().length === 1)
    const unsaid = { ...page.headers, 'transfer-encoding': 'chunked' }
    expect(said(await ask(bridge.port, 'PUT', at('c'), unsaid, 'x'))).toEqual([422, 'file_unreadable'])
    expect(listed()).toEqual(['a'])
  })

  it('leaves nothing when the bridge is ended under it', async () => {
    const upload = startUpload('a', 10)
    await upload.begun('12345')
    upload.answered.catch(() => undefined)
    await bridge.end()
    expect(listed()).toEqual([])
  })

  it('says when there is no room', async () => {
    // /dev/full is no folder; a file system of its own would need root. What the system says is told apart here.
    const { toPathError } = await import('../../src/bridge/folder.ts')
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
    expect(toPathError(full).code).toBe('storage_full')
    expect(toPathError(Object.assign(new Error(), { code: 'EIO' })).code).toBe('file_unreadable')
  })
})

/** An upload in pieces. */
function startUpload(path: string, length: number, more = '') {
  const asked = request({
    host: '127.0.0.1',
    port: bridge.port,
    method: 'PUT',
    path: at(path, more),
    headers: { ...page.headers, 'content-length': String(length) },
    agent: false,
  })
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    asked.on('error', reject)
    asked.on('response', (response) => {
      let text = ''
      response.on('data', (part: Buffer) => (text += String(part)))
      response.on('end', () => resolve({ status: response.statusCode!, text }))
    })
  })
  answered.catch(() => undefined)
  return {
    answered,
    /** Until it lies on the disk. */
    begun: async (part: string) => {
      asked.write(part)
      await until(() =>
        listed().some((name) => name.endsWith('.part') && lstatSync(join(files, name)).size === part.length),
      )
    },
    end: (part: string) => {
      asked.end(part)
      return answered
    },
    /** Its headers, and nothing of it. */
    flush: () => asked.flushHeaders(),
    break: () => asked.destroy(),
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const seen = new Waiting()
  const timer = setInterval(() => seen.tell(), 10)
  await seen.until(isSo)
  clearInterval(timer)
}

describe.each([
  ['by its handle', true],
  ['by its path', false],
])('a folder reached %s', (_, byHandle) => {
  it('is entered through folders alone', async () => {
    mkdirSync(join(files, 'a/b'), { recursive: true })
    writeFileSync(join(files, 'a/b/c'), 'c')
    symlinkSync('a', join(files, 'link'))
    const folder = await Folder.open(files, ['a', 'b'], byHandle)
    const handle = await folder.read('c')
    expect(await handle.readFile('utf8')).toBe('c')
    await handle.close()
    await folder.close()
    await expect(Folder.open(files, ['link', 'b'], byHandle)).rejects.toMatchObject({ code: 'path_refused' })
    await expect(Folder.open(files, ['a', 'x'], byHandle)).rejects.toMatchObject({ code: 'path_missing' })
    await expect(Folder.open(files, ['a', 'b', 'c'], byHandle)).rejects.toMatchObject({
      code: 'path_refused',
    })
  })

  it('does not lead out when a part of its path is swapped for a link', async () => {
    mkdirSync(join(files, 'a'))
    mkdirSync(join(place, 'b'))
    writeFileSync(join(files, 'a/c'), 'inside')
    writeFileSync(join(place, 'b/c'), 'outside')
    const folder = await Folder.open(files, ['a'], byHandle)
    renameSync(join(files, 'a'), join(files, 'kept'))
    symlinkSync(join(place, 'b'), join(files, 'a'))
    const read = await folder.read('c').then(
      async (handle) => {
        const text = await handle.readFile('utf8')
        await handle.close()
        return text
      },
      (error: { code: string }) => error.code,
    )
    expect(read).toBe(byHandle ? 'inside' : 'path_refused')
    await folder.close()
  })

  it('gives nothing of the outside while links come and go', async () => {
    mkdirSync(join(files, 'a'))
    writeFileSync(join(files, 'a/c'), 'inside')
    mkdirSync(join(place, 'b'))
    writeFileSync(join(place, 'b/c'), 'outside')
    const swap = `const { renameSync, symlinkSync, unlinkSync } = require('node:fs')
      for (;;) {
        renameSync('files/a', 'files/kept')
        symlinkSync('../b', 'files/a')
        unlinkSync('files/a')
        renameSync('files/kept', 'files/a')
        // Now and then it is in its place long enough.
        if (Math.random() < 0.1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3)
      }`
    const swapping = spawn(process.execPath, ['-e', swap], { cwd: place, stdio: 'ignore' })
    const gone = once(swapping, 'exit')
    await until(() => readdirSync(files).includes('kept'))
    const seen = new Set<string>()
    for (let i = 0; i < 500; i++) {
      try {
        const folder = await Folder.open(files, ['a'], byHandle)
        try {
          const handle = await folder.read('c')
          seen.add(await handle.readFile('utf8'))
          await handle.close()
        } finally {
          await folder.close()
        }
      } catch (error) {
        seen.add((error as { code: string }).code)
      }
    }
    swapping.kill('SIGKILL')
    await gone
    seen.delete('path_refused')
    seen.delete('path_missing')
    // Both happened: it was kept out, and it got in where that was right.
    expect([...seen]).toEqual(['inside'])
  })
})
