import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { nonce, proofOf } from '../bridge-pass.ts'
import { ask, bearer, makePlace, startBridge, tokensOf, type Running } from './bridge.ts'

let place: string
let bridge: Running
beforeEach(async () => {
  place = makePlace()
  bridge = await startBridge(place, '--dir', join(place, 'files'))
})

/** Everything that is not the app itself, with the token or pass it wants. */
const routes = () => {
  const {
    pass,
    tokens: { client },
  } = bridge
  return [
    ['POST', '/mcp', client, pass],
    ['GET', '/mcp', client, pass],
    ['DELETE', '/mcp', client, pass],
    ['POST', '/bridge/tab', pass, client],
    ['POST', '/bridge/messages', pass, client],
    ['GET', '/bridge/files?path=a', pass, client],
    ['PUT', '/bridge/files?path=a', pass, client],
  ] as const
}

const codeOf = (text: string) => (JSON.parse(text) as { code?: string }).code

describe('who is answered', () => {
  it('only who has the token of the route, spelled exactly', async () => {
    for (const [method, path, token, other] of routes())
      for (const headers of [
        {},
        bearer(other),
        // It stands behind the pass, and lets nobody in by itself.
        bearer(bridge.tokens.tab),
        bearer(token.slice(0, -1)),
        bearer(`${token}A`),
        bearer(`${token.slice(0, -1)}~`),
        bearer(''),
        { authorization: token },
        { authorization: `Basic ${token}` },
        { cookie: `token=${token}` },
      ] as Record<string, string>[]) {
        const { status, text, headers: answered } = await ask(bridge.port, method, path, headers)
        expect([status, codeOf(text)], `${method} ${path} ${JSON.stringify(headers)}`).toEqual([
          401,
          'token_refused',
        ])
        expect(answered['www-authenticate']).toBe('Bearer')
      }
    expect((await ask(bridge.port, 'GET', `/bridge/files?path=a&token=${bridge.pass}`)).status).toBe(401)
    expect((await ask(bridge.port, 'GET', '/bridge/files?path=a', bearer(bridge.pass))).status).toBe(409)
  })

  it('no page of another origin, with or without the token', async () => {
    for (const [method, path, token] of [...routes(), ['POST', '/bridge/proof', ''] as const])
      for (const headers of [
        { origin: 'https://example.org' },
        { origin: 'null' },
        { origin: `http://localhost:${bridge.port}` },
        { origin: `https://127.0.0.1:${bridge.port}` },
        { origin: `http://127.0.0.1:${bridge.port + 1}` },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'none' },
      ] as Record<string, string>[]) {
        const { status, text } = await ask(bridge.port, method, path, { ...headers, ...bearer(token) })
        expect([status, codeOf(text)], `${method} ${path} ${JSON.stringify(headers)}`).toEqual([
          403,
          'origin_refused',
        ])
      }
    const own = { origin: bridge.origin, 'sec-fetch-site': 'same-origin', ...bearer(bridge.pass) }
    expect((await ask(bridge.port, 'GET', '/bridge/files?path=a', own)).status).toBe(409)
    const preflight = { origin: 'https://example.org', 'access-control-request-method': 'POST' }
    const answered = await ask(bridge.port, 'OPTIONS', '/mcp', preflight)
    expect(answered.status).toBe(403)
    expect(answered.headers['access-control-allow-origin']).toBeUndefined()
  })

  it('no other name of this machine, for the app neither', async () => {
    const names = ['example.org', `example.org:${bridge.port}`, `localhost:${bridge.port}`, '127.0.0.1']
    names.push(`127.0.0.1:${bridge.port + 1}`, `[::1]:${bridge.port}`, `127.0.0.1:${bridge.port}.`, '127.1')
    for (const host of names)
      for (const path of ['/sw.js', '/bridge/hello', '/mcp', '/bridge/proof', '/bridge/tab']) {
        const { status, text } = await ask(bridge.port, 'POST', path, { host, ...bearer(bridge.pass) })
        expect([status, codeOf(text)], `${host} ${path}`).toEqual([421, 'host_refused'])
      }
    const whole = await ask(bridge.port, 'GET', `http://example.org/`, {})
    expect(whole.status).toBe(400)
  })

  it('no pass of an earlier run of the bridge', async () => {
    await bridge.end()
    const next = await startBridge(place, '--port', String(bridge.port))
    expect(next.tokens).toEqual(bridge.tokens)
    for (const [method, path, pass] of routes().slice(3)) {
      const { status, text } = await ask(next.port, method, path, bearer(pass))
      expect([status, codeOf(text)], `${method} ${path}`).toEqual([401, 'token_refused'])
    }
    expect((await ask(next.port, 'GET', '/bridge/files?path=a', bearer(next.pass))).status).toBe(409)
  })

  it('says to anybody that it is a bridge, and nothing else', async () => {
    const { status, text } = await ask(bridge.port, 'GET', '/bridge/hello')
    expect(status).toBe(200)
    expect(JSON.parse(text)).toEqual({ omega_bridge: '0.1.0' })
    expect((await ask(bridge.port, 'GET', '/bridge/hello', { origin: 'https://example.org' })).status).toBe(
      403,
    )
    expect((await ask(bridge.port, 'GET', '/bridge/else', bearer(bridge.pass))).status).toBe(404)
  })
})

describe('the bridge', () => {
  const prove = (challenge: unknown, of = bridge) =>
    ask(of.port, 'POST', '/bridge/proof', {}, JSON.stringify({ challenge }))
  const provenBy = async (challenge: string, of?: Running) =>
    JSON.parse((await prove(challenge, of)).text) as { run: string; proof: string }

  it('proves that it has the token, at this address, to each challenge and in each run anew', async () => {
    const { tab } = bridge.tokens
    const host = `127.0.0.1:${bridge.port}`
    const [one, two] = [nonce(), nonce()]
    const { run, proof } = await provenBy(one)
    expect(proof).toBe(proofOf(tab, host, one, run))
    expect(await provenBy(one)).toEqual({ run, proof })
    expect(await provenBy(two)).toEqual({ run, proof: proofOf(tab, host, two, run) })
    // One of the same state on another port, as a relay would ask.
    const other = await startBridge(place)
    const elsewhere = await provenBy(one, other)
    expect(elsewhere.run).not.toBe(run)
    expect(elsewhere.proof).toBe(proofOf(tab, `127.0.0.1:${other.port}`, one, elsewhere.run))
    for (const secret of [tab, bridge.pass]) expect((await prove(one)).text).not.toContain(secret)
  })

  it('answers no challenge of another shape', async () => {
    const { length } = nonce()
    const shapes = [undefined, null, 1, [nonce()], '', nonce().slice(1), `${nonce()}A`, `${nonce()}\n`]
    for (const challenge of [...shapes, '='.padStart(length, 'A'), '\n'.padStart(length, 'A')]) {
      const { status, text } = await prove(challenge)
      expect([status, codeOf(text)], JSON.stringify(challenge)).toEqual([400, 'shape_refused'])
    }
    for (const [body, status] of [
      ['', 400],
      ['{', 400],
      ['null', 400],
      [JSON.stringify({ challenge: nonce() }).padEnd(2000), 413],
    ] as const)
      expect((await ask(bridge.port, 'POST', '/bridge/proof', {}, body)).status).toBe(status)
  })
})

describe('the app', () => {
  it('comes with its types and headers, its page allowed to reach its own origin', async () => {
    const page = await ask(bridge.port, 'GET', '/')
    expect(page.status).toBe(200)
    expect(page.text).toContain(
      'content="default-src &#39;none&#39;; connect-src &#39;self&#39;; base-uri &#39;none&#39;"',
    )
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "frame-ancestors 'none'",
      'permissions-policy': expect.stringContaining('camera=(self)') as string,
    })
    const asset = await ask(bridge.port, 'GET', '/assets/a-1.js')
    expect(asset.text).toBe('// asset')
    expect(asset.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'max-age=31536000, immutable',
    })
    const copy = await ask(bridge.port, 'GET', '/sw.js')
    expect(copy.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; connect-src 'self'",
    )
    expect(await ask(bridge.port, 'HEAD', '/sw.js')).toMatchObject({ status: 200, text: '' })
    expect((await ask(bridge.port, 'POST', '/')).status).toBe(405)
  })

  it('is at one address: the other name leads there', async () => {
    const { status, headers } = await ask(bridge.port, 'GET', '/', { host: `localhost:${bridge.port}` })
    expect(status).toBe(307)
    expect(headers['location']).toBe(`${bridge.origin}/`)
  })

  it('is all that is served: nothing above it, nothing that a link leads to', async () => {
    writeFileSync(join(place, 'secret.txt'), 'secret')
    symlinkSync(join(place, 'secret.txt'), join(place, 'app/link.txt'))
    symlinkSync(place, join(place, 'app/up'))
    writeFileSync(join(place, 'app/.hidden'), 'secret')
    const paths = ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/..%2f..%2fsecret.txt']
    paths.push('/..%5csecret.txt', '/link.txt', '/up/secret.txt', '/.hidden', '/%00', '/assets', '/assets/')
    paths.push(
      `/${encodeURIComponent(join(place, 'secret.txt'))}`,
      `/${join(place, 'secret.txt')}`,
      '/%ff',
      '/%',
    )
    for (const path of paths) {
      const { status, text } = await ask(bridge.port, 'GET', path)
      expect(status, path).toBe(404)
      expect(text).not.toContain('secret')
    }
  })
})

describe('the tokens', () => {
  it('are for this user alone, and outlive the bridge', async () => {
    const { tab, client } = bridge.tokens
    expect(tab).toMatch(/^[\w-]{43}$/)
    expect(client).not.toBe(tab)
    expect(statSync(join(place, 'state')).mode & 0o777).toBe(0o700)
    expect(statSync(join(place, 'state/bridge-tokens.json')).mode & 0o777).toBe(0o600)
    expect(bridge.stderr()).not.toContain(client)
    await bridge.end()
    expect((await startBridge(place)).tokens).toEqual({ tab, client })
  })

  it('are made anew if others could read them, or they are damaged', async () => {
    const before = bridge.tokens
    const path = join(place, 'state/bridge-tokens.json')
    await bridge.end()
    for (const spoil of [
      () => chmodSync(path, 0o644),
      () => writeFileSync(path, '{"tab":'),
      () => writeFileSync(path, JSON.stringify({ tab: 'a', client: 'b' })),
      () => writeFileSync(path, JSON.stringify({ tab: before.tab, client: before.tab })),
      () => writeFileSync(path, 'null'),
    ]) {
      const kept = readFileSync(path, 'utf8')
      spoil()
      const next = await startBridge(place)
      expect(next.stderr()).toContain('there are new ones')
      expect(next.tokens.tab).not.toBe(before.tab)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(readFileSync(path, 'utf8')).not.toBe(kept)
      await next.end()
    }
    expect(tokensOf(place).tab).not.toBe(before.tab)
  })
})
