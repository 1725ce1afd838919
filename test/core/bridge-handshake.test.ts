import { createHmac, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { isNonce, passOf, proveBridge } from '../../src/core/bridge-handshake.ts'

const TOKEN = 't'.repeat(43)
const HOST = '127.0.0.1:7434'
const [CHALLENGE, RUN] = ['c'.repeat(43), '-_'.padEnd(43, 'r')]

it('is HMAC-SHA-256 of its lines, by Node’s own', async () => {
  const node = (text: string) => createHmac('sha256', TOKEN).update(text).digest('base64url')
  const proof = await proveBridge(TOKEN, HOST, CHALLENGE, RUN)
  expect(proof).toBe(node(`omega-bridge/1 bridge\n${HOST}\n${CHALLENGE}\n${RUN}`))
  expect(await passOf(TOKEN, HOST, RUN)).toBe(node(`omega-bridge/1 tab\n${HOST}\n${RUN}`))
  expect(proof).toMatch(/^[\w-]{43}$/)
})

it('differs by token, host, challenge, run, and by what it is for', async () => {
  const other = randomBytes(32).toString('base64url')
  const all = await Promise.all([
    proveBridge(TOKEN, HOST, CHALLENGE, RUN),
    proveBridge(other, HOST, CHALLENGE, RUN),
    proveBridge(TOKEN, '127.0.0.1:7435', CHALLENGE, RUN),
    proveBridge(TOKEN, HOST, other, RUN),
    proveBridge(TOKEN, HOST, CHALLENGE, other),
    proveBridge(TOKEN, HOST, RUN, CHALLENGE),
    passOf(TOKEN, HOST, RUN),
    passOf(other, HOST, RUN),
    passOf(TOKEN, '127.0.0.1:7435', RUN),
    passOf(TOKEN, HOST, other),
  ])
  expect(new Set(all).size).toBe(all.length)
})

it('takes nothing that could be read as two lines', () => {
  expect(isNonce(CHALLENGE) && isNonce(RUN)).toBe(true)
  const wrong = [undefined, null, 43, [CHALLENGE], '', 'c'.repeat(42), 'c'.repeat(44), `${'c'.repeat(42)}=`]
  for (const value of [...wrong, `${'c'.repeat(42)}\n`, `${CHALLENGE}\n`, `${'c'.repeat(42)}é`]) {
    expect(isNonce(value), JSON.stringify(value)).toBe(false)
    expect(() => proveBridge(TOKEN, HOST, value as string, RUN)).toThrow('assertion')
    expect(() => proveBridge(TOKEN, HOST, CHALLENGE, value as string)).toThrow('assertion')
    expect(() => passOf(TOKEN, HOST, value as string)).toThrow('assertion')
  }
})
