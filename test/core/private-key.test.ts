import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodeUtf8 } from '../../src/core/bytes.ts'
import { canSign, importPrivateKey, makeKeyPair } from '../../src/core/private-key.ts'
import { toPkcs8 } from '../pkcs8.ts'

afterEach(() => void vi.restoreAllMocks())

const message = encodeUtf8('a message')
const fault = (name: string) => new DOMException('', name)

/** An engine that fails at this many keys before one that it makes. */
function failAt(keys: number, name = 'OperationError') {
  const made = vi.spyOn(crypto.subtle, 'generateKey')
  for (let i = 0; i < keys; i++) made.mockRejectedValueOnce(fault(name))
  return made
}

describe('a key pair', () => {
  it.each([true, false])('signs what its public half verifies (extractable: %s)', async (extractable) => {
    const { publicKey, privateKey } = await makeKeyPair(extractable)
    expect([privateKey.extractable, publicKey.extractable]).toEqual([extractable, true])
    const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
    const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, message))
    expect(ed25519.verify(signature, message, raw, { zip215: false })).toBe(true)
  })

  it.each([1, 2, 7])('is made by an engine that fails at %i of them', async (keys) => {
    const made = failAt(keys)
    expect((await makeKeyPair(false)).privateKey.type).toBe('private')
    expect(made).toHaveBeenCalledTimes(keys + 1)
    failAt(keys)
    expect(await canSign()).toBe(true)
  })

  it('is not asked for without end', async () => {
    const made = failAt(1000)
    await expect(makeKeyPair(false)).rejects.toThrow(fault('OperationError'))
    expect(made).toHaveBeenCalledTimes(8)
  })

  it.each(['NotSupportedError', 'SyntaxError'])('is asked for once where the answer is %s', async (name) => {
    const made = failAt(1000, name)
    await expect(makeKeyPair(false)).rejects.toThrow(fault(name))
    expect(made).toHaveBeenCalledTimes(1)
    expect(await canSign()).toBe(false)
  })
})

const random = () => crypto.getRandomValues(new Uint8Array(32))
/** Begins, or ends, with zero bytes, as one in 256 does. */
const seeds = fc
  .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat({ max: 3 }), fc.nat({ max: 3 }))
  .map(([bytes, first, last]) => bytes.fill(0, 0, first).fill(0, 32 - last))

/** Takes no PKCS #8, and all else. */
function refusePkcs8(name = 'DataError') {
  const real = crypto.subtle.importKey.bind(crypto.subtle) as (...given: unknown[]) => Promise<CryptoKey>
  return vi
    .spyOn(crypto.subtle, 'importKey')
    .mockImplementation((...given: unknown[]) =>
      given[0] === 'pkcs8' ? Promise.reject(fault(name)) : real(...given),
    )
}

describe('a private key', () => {
  it.each(['NotSupportedError', 'OperationError'])(
    'is asked for once where the answer is %s',
    async (name) => {
      const asked = refusePkcs8(name)
      const seed = random()
      await expect(importPrivateKey(toPkcs8(seed), ed25519.getPublicKey(seed))).rejects.toThrow(fault(name))
      expect(asked).toHaveBeenCalledTimes(1)
    },
  )

  it.each(['taken', 'refused'])('comes whole out of PKCS #8 that is %s', async (how) => {
    if (how === 'refused') refusePkcs8()
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const key = await importPrivateKey(toPkcs8(seed), ed25519.getPublicKey(seed))
        expect(key).toMatchObject({ type: 'private', extractable: false, usages: ['sign'] })
        const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', key, message))
        expect(signature).toEqual(ed25519.sign(message, seed))
      }),
    )
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['the head alone', toPkcs8(new Uint8Array())],
    ['a byte too few', toPkcs8(random()).slice(0, -1)],
    ['a byte too many', Uint8Array.of(...toPkcs8(random()), 0)],
    ['another length within', toPkcs8(random()).with(1, 0x2f)],
    ['a key of X25519', toPkcs8(random()).with(11, 0x6e)],
    ['the bytes alone', random()],
  ])('that an engine refuses is not looked for in %s', async (_, pkcs8) => {
    const publicKey = ed25519.getPublicKey(random())
    const asked = refusePkcs8()
    await expect(importPrivateKey(pkcs8 as Uint8Array<ArrayBuffer>, publicKey)).rejects.toThrow(
      fault('DataError'),
    )
    expect(asked).toHaveBeenCalledTimes(1)
  })
})
