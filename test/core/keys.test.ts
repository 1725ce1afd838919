import { ed25519 } from '@noble/curves/ed25519.js'
import { createPublicKey } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { fromHex, toHex } from '../../src/core/bytes.ts'
import { checkKey, verifySignature } from '../../src/core/ed25519.ts'
import { decodePublicKey, encodePublicKey, fingerprintOf, readPublicKey } from '../../src/core/pem.ts'
import { isStrictPoint } from '../reference/ed25519.ts'
import { readKey } from '../reference/shapes.ts'
import { ISSUER, signerOf } from '../reference/writer.ts'
import { littleEndian, LOW_ORDER, NOT_CANONICAL, ORDER, scalarNamed, signOddly, SPKI, T8 } from './curve.ts'
import { P256, RSA } from './manifests.ts'

const raw = new Uint8Array(Buffer.from(ISSUER.pem.split('\n')[1]!, 'base64').subarray(12))
const pemOf = (der: string) => signerOf(Buffer.from(der.replaceAll(' ', ''), 'hex'), ISSUER.sign).pem

describe('decodePublicKey', () => {
  it('is the inverse of encodePublicKey, and agrees with OpenSSL on the fingerprint', () => {
    expect(encodePublicKey(raw)).toBe(ISSUER.pem)
    expect(createPublicKey(ISSUER.pem).export({ format: 'pem', type: 'spki' })).toBe(ISSUER.pem)
    const { fingerprint, ed25519, algorithm, pem } = decodePublicKey(ISSUER.pem)
    expect({ fingerprint, ed25519, algorithm, pem }).toEqual({
      fingerprint: ISSUER.fingerprint,
      ed25519: raw,
      algorithm: 'Ed25519',
      pem: ISSUER.pem,
    })
    expect(fingerprintOf(raw)).toBe(ISSUER.fingerprint)
  })

  it.each([
    ['RSA', RSA.pem, 'RSA'],
    ['P-256', P256.pem, 'elliptic curve (P-256 or the like)'],
    ['Ed448', pemOf(`3043 3005 06032b6571 033a00 ${'01'.repeat(57)}`), 'Ed448'],
    ['an algorithm not known', pemOf('300c 3006 06042b010203 03020001'), '2b010203'],
  ])('names another algorithm: %s', (_, pem, algorithm) => {
    expect(decodePublicKey(pem)).toMatchObject({ ed25519: null, algorithm })
    expect(readKey(pem)).toMatchObject({ ed25519: null, fault: null })
  })

  const key = '03 21 00 ' + toHex(raw)
  it.each([
    ['NULL parameters', `302c 3007 06032b6570 0500 ${key}`, 'key_not_allowed'],
    ['31 bytes', `3029 3005 06032b6570 0320 00 ${toHex(raw.slice(1))}`, 'key_not_allowed'],
    ['33 bytes', `302b 3005 06032b6570 0322 00 ${toHex(raw)}00`, 'key_not_allowed'],
    ['a long length', `30812a 3005 06032b6570 ${key}`, 'key_malformed'],
    ['an indefinite length', `3080 3005 06032b6570 ${key} 0000`, 'key_malformed'],
    ['unused bits', `302a 3005 06032b6570 0321 01 ${toHex(raw)}`, 'key_malformed'],
    ['a byte after', `302a 3005 06032b6570 ${key} 00`, 'key_malformed'],
    ['a byte after, inside', `302b 3005 06032b6570 ${key} 00`, 'key_malformed'],
    ['a length beyond the end', `302b 3005 06032b6570 ${key}`, 'key_malformed'],
    ['two parameters', `302e 3009 06032b6570 0500 0500 ${key}`, 'key_malformed'],
    ['no algorithm', `3023 ${key}`, 'key_malformed'],
    ['an empty OID', `3027 3002 0600 ${key}`, 'key_malformed'],
    ['no key', '3007 3005 06032b6570', 'key_malformed'],
    ['an empty key', '300a 3005 06032b6571 0301 00', 'key_malformed'],
    ['a set', `312a 3005 06032b6570 ${key}`, 'key_malformed'],
    ['nothing', '30', 'key_malformed'],
  ])('refuses DER with %s', (_, der, code) => {
    expect(() => decodePublicKey(pemOf(der))).toThrow(expect.objectContaining({ code }) as Error)
    const naive = readKey(pemOf(der))
    expect(naive === 'key_malformed' ? naive : naive.fault).toBe(code)
  })

  it('names a claimed fingerprint that is another before the form of the key', () => {
    const pem = pemOf(`302c 3007 06032b6570 0500 ${key}`)
    expect(() => decodePublicKey(pem, ISSUER.fingerprint)).toThrow('fingerprint_mismatch')
    expect(decodePublicKey(ISSUER.pem, ISSUER.fingerprint).fingerprint).toBe(ISSUER.fingerprint)
  })
})

describe('readPublicKey', () => {
  it.each([
    ['as it is', ISSUER.pem],
    ['CRLF', ISSUER.pem.replaceAll('\n', '\r\n')],
    ['blank lines around', `\n\n  ${ISSUER.pem}\n\t`],
    ['no LF at the end', ISSUER.pem.trimEnd()],
  ])('forgives %s', (_, text) => {
    expect(readPublicKey(text)).toMatchObject({
      fingerprint: ISSUER.fingerprint,
      ed25519: raw,
      pem: ISSUER.pem,
    })
  })

  it.each([
    ['text before', `my key:\n${ISSUER.pem}`, 'key_malformed'],
    ['text after', `${ISSUER.pem}-- \nBo`, 'key_malformed'],
    ['two keys', ISSUER.pem + P256.pem, 'key_malformed'],
    ['trailing spaces on a line', ISSUER.pem.replace('=\n', '= \n'), 'key_malformed'],
    ['an empty line inside', ISSUER.pem.replace('MCow', '\nMCow'), 'key_malformed'],
    ['nothing', '', 'key_malformed'],
    ['a fingerprint', ISSUER.fingerprint, 'key_malformed'],
    ['a certificate', ISSUER.pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'), 'key_malformed'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n', 'private_key_given'],
    ['an encrypted private key', '-----BEGIN ENCRYPTED PRIVATE KEY-----', 'private_key_given'],
    ['a key of ssh', '-----BEGIN OPENSSH PRIVATE KEY-----', 'private_key_given'],
    ['a private key beside the public one', `${ISSUER.pem}-----BEGIN PRIVATE KEY-----`, 'private_key_given'],
    ['RSA', RSA.pem, 'key_unsupported'],
    ['P-256', P256.pem, 'key_unsupported'],
    ['a low-order key', encodePublicKey(LOW_ORDER[1]!), 'key_not_allowed'],
  ])('refuses %s', (_, text, code) => {
    expect(() => readPublicKey(text)).toThrow(expect.objectContaining({ code }) as Error)
  })
})

describe('checkKey', () => {
  const refused = [
    ...LOW_ORDER,
    ...NOT_CANONICAL,
    littleEndian(2n),
    new Uint8Array(31),
    new Uint8Array(33),
    new Uint8Array(0),
  ]

  it('takes points of the prime-order subgroup', () => {
    for (const scalar of [1n, 2n, 3n, 12345n]) {
      const key = ed25519.Point.BASE.multiply(scalar).toBytes()
      expect(() => checkKey(key)).not.toThrow()
      expect(isStrictPoint(key)).toBe(true)
    }
  })

  it.each(refused.map((key) => [toHex(key)]))('refuses %s', (hex) => {
    expect(() => checkKey(fromHex(hex))).toThrow('key_not_allowed')
    expect(isStrictPoint(fromHex(hex))).toBe(false)
  })

  it('refuses each point of mixed order', () => {
    for (let n = 1n; n < 8n; n++) {
      const key = ed25519.Point.BASE.multiply(7n).add(T8.multiply(n)).toBytes()
      expect(() => checkKey(key)).toThrow('key_not_allowed')
      expect(isStrictPoint(key)).toBe(false)
    }
  })

  it('is asked before any engine', async () => {
    // An engine that knows no more than the equation takes this for every message.
    const signature = new Uint8Array([...LOW_ORDER[0]!, ...new Uint8Array(32)])
    for (const engine of ['platform', 'noble'] as const) {
      const verified = verifySignature(LOW_ORDER[0]!, new Uint8Array(3), signature, engine)
      await expect(verified).rejects.toMatchObject({ code: 'key_not_allowed' })
    }
  })
})

describe('verifySignature leaves to an engine no more than the equation', () => {
  const message = new Uint8Array(3)
  const by = (odd: object) => signOddly({ key: raw, scalar: scalarNamed('Issuer'), ...odd })(message)

  it.each([
    ['S + L', by({ surplus: ORDER })],
    ['R of mixed order', by({ torsion: T8 })],
    ['R of low order', by({ nonce: 0n, torsion: T8 })],
    ['R in another encoding', by({ nonce: 0n, encodeR: () => NOT_CANONICAL[2]! })],
    ['65 bytes', Buffer.concat([by({}), Buffer.of(0)])],
  ])('and refuses %s where the engine takes it', async (_, signature) => {
    // WebKitGTK takes S + L, Chromium and Firefox low orders: this engine takes all.
    const engine = vi.spyOn(crypto.subtle, 'verify').mockResolvedValue(true)
    try {
      await expect(verifySignature(raw, message, by({}))).resolves.toBeUndefined()
      await expect(verifySignature(raw, message, signature)).rejects.toMatchObject({
        code: 'signature_invalid',
      })
      expect(engine).toHaveBeenCalledTimes(1)
    } finally {
      engine.mockRestore()
    }
  })
})

it('names the one form of an Ed25519 key', () => {
  expect(signerOf(Buffer.concat([SPKI, raw]), ISSUER.sign).pem).toBe(ISSUER.pem)
})
