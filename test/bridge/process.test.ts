import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  argsOf,
  ask,
  atEnd,
  BRIDGE,
  makePlace,
  portOf,
  startBridge,
  stdioClient,
  tokensOf,
} from './bridge.ts'

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BRIDGE, ...args], { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

describe('the command line', () => {
  it('says how it is used, and what it is', () => {
    expect(run('--help')).toMatchObject({ code: 0, err: '' })
    expect(run('--help').out).toContain('Usage: omega-bridge')
    expect(run('--version')).toMatchObject({ code: 0, out: '0.1.0\n', err: '' })
  })

  it('prints what a person is to copy, and starts nothing', async () => {
    const place = makePlace()
    const client = run(...argsOf(place, '--print-token'))
    const { tab, client: token } = tokensOf(place)
    expect(client).toMatchObject({ code: 0, out: `${token}\n`, err: '' })
    expect(run(...argsOf(place, '--port', '7434', '--print-address')).out).toBe(
      `http://127.0.0.1:7434/#bridge=${tab}\n`,
    )
  })

  it('names what is wrong with it: exit code 2', () => {
    const place = makePlace()
    for (const [args, words] of [
      [['--nothing'], 'nothing'],
      [['file'], 'file'],
      [['--port', '-1'], '--port'],
      [['--port', '65536'], '--port'],
      [['--port', '7434x'], '--port'],
      [['--dir', join(place, 'missing')], '--dir'],
      [['--dir', join(place, 'app/index.html')], '--dir'],
      [['--app', join(place, 'files')], 'index.html'],
    ] as const) {
      const { code, out, err } = run(...argsOf(place, ...args))
      expect([code, out], args.join(' ')).toEqual([2, ''])
      expect(err).toContain(words)
    }
    expect(existsSync(join(place, 'state'))).toBe(false)
  })

  it('keeps no tokens where they would not be its own', () => {
    const place = makePlace()
    writeFileSync(join(place, 'state'), 'a file')
    expect(run(...argsOf(place, '--http')).code).toBe(2)
    const other = makePlace()
    symlinkSync(join(other, 'files'), join(other, 'state'))
    const { code, err } = run(...argsOf(other, '--http'))
    expect([code, err]).toEqual([2, expect.stringContaining('no folder')])
  })
})

describe('a port that is taken', () => {
  it('by another bridge: says so, and how that one is used', async () => {
    const place = makePlace()
    const bridge = await startBridge(place)
    const { code, out, err } = run(...argsOf(place, '--stdio', '--port', String(bridge.port)))
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(`Another Omega bridge (0.1.0) runs on port ${bridge.port}`)
    expect(err).toContain(`${bridge.origin}/mcp`)
    expect(err).not.toContain(bridge.tokens.client)
  })

  it.each([
    ['that says nothing', ''],
    ['that says something else', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
    ['that says a bridge’s words and more', 'HTTP/1.1 200 OK\r\n\r\n{"omega_bridge":"\u001b[2J"}'],
  ])('by another program %s: says so, and what to do', async (_, says) => {
    const other = createServer((socket) => {
      socket.on('error', () => undefined)
      if (says !== '') socket.end(says)
    })
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    atEnd(() => other.close())
    const { port } = other.address() as AddressInfo
    const child = spawn(process.execPath, [BRIDGE, ...argsOf(makePlace(), '--stdio', '--port', String(port))])
    let err = ''
    child.stderr.on('data', (part: Buffer) => (err += String(part)))
    // Its standard input stays open, as a client's does.
    expect(await once(child, 'close')).toEqual([2, null])
    expect(err).toContain(`Port ${port} is taken by another program`)
    expect(err).toContain('--port')
  })
})

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s is clean: the tab is let go, files are whole',
    async (signal) => {
      const bridge = await startBridge(makePlace())
      const page = await bridge.tab()
      await bridge.client()
      const exit = once(bridge.child, 'exit')
      bridge.child.kill(signal)
      expect(await exit).toEqual([0, null])
      await page.changed.until(() => page.isEnded)
    },
  )

  it('comes with the end of standard input', () => {
    const { status } = spawnSync(process.execPath, [BRIDGE, ...argsOf(makePlace(), '--stdio')], { input: '' })
    expect(status).toBe(0)
  })

  it('does not come with /dev/null on standard input, as a service has it', async () => {
    const child = spawn(process.execPath, [BRIDGE, ...argsOf(makePlace())], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exit = once(child, 'exit')
    const { port } = await portOf(child.stderr)
    expect((await ask(port, 'GET', '/bridge/hello')).status).toBe(200)
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })

  it('with --stdio alone there is no /mcp', async () => {
    const place = makePlace()
    const { port, tab, connected } = await stdioClient(place)
    await tab()
    await connected
    const headers = { authorization: `Bearer ${tokensOf(place).client}` }
    expect((await ask(port, 'POST', '/mcp', headers)).status).toBe(404)
  })
})

describe('a browser', () => {
  it('is opened at the address with the token, as one argument, when a client comes and no tab is there', async () => {
    const place = makePlace()
    const program = join(place, 'a browser; touch x')
    const note = join(place, 'note')
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s\\n' "$#" "$1" > '${note}.part'; mv '${note}.part' '${note}'\n`,
    )
    chmodSync(program, 0o755)
    const args = argsOf(place, '--http', '--browser', program).filter((each) => each !== '--no-open')
    const child = spawn(process.execPath, [BRIDGE, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: place,
    })
    atEnd(() => child.kill())
    const { port } = await portOf(child.stderr)
    expect(existsSync(note)).toBe(false)
    const { tab, client } = tokensOf(place)
    const headers = {
      authorization: `Bearer ${client}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'x', version: '0' },
    }
    void ask(
      port,
      'POST',
      '/mcp',
      headers,
      JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
    ).catch(() => undefined)
    while (!existsSync(note)) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(readFileSync(note, 'utf8')).toBe(`1\nhttp://127.0.0.1:${port}/#bridge=${tab}\n`)
    expect(existsSync(join(place, 'x'))).toBe(false)
  })

  it('that is not there: the address is said', async () => {
    const place = makePlace()
    const args = argsOf(place, '--stdio', '--browser', join(place, 'none')).filter(
      (each) => each !== '--no-open',
    )
    const child = spawn(process.execPath, [BRIDGE, ...args])
    atEnd(() => child.kill())
    const { said, port } = await portOf(child.stderr)
    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
    const address = `http://127.0.0.1:${port}/#bridge=${tokensOf(place).tab}`
    while (!said().includes(address)) await once(child.stderr, 'data')
    expect(said()).toContain('opened no browser')
  })
})
