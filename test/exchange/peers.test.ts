import { describe, expect, it } from 'vitest'
import { toBase64 } from '../../src/core/bytes.ts'
import { encodePublicKey } from '../../src/core/pem.ts'
import { openFile, toFile } from '../../src/exchange/open.ts'
import {
  listPeers,
  readKeyOffer,
  reinstatePeer,
  renamePeer,
  revokePeer,
  trustPeer,
  type Comparison,
} from '../../src/exchange/peers.ts'
import { createStranger } from './craft.ts'
import { codeOf, dump, openTestInstance, openWithIdentity, trust } from './instance.ts'

async function spkiPem(algorithm: RsaHashedKeyGenParams | EcKeyGenParams | 'X25519'): Promise<string> {
  const usages: KeyUsage[] = algorithm === 'X25519' ? ['deriveBits'] : ['sign', 'verify']
  const pair = (await crypto.subtle.generateKey(algorithm, true, usages)) as CryptoKeyPair
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey))
  const lines = toBase64(spki).replaceAll(/.{1,64}/g, '$&\n')
  return `-----BEGIN PUBLIC KEY-----\n${lines}-----END PUBLIC KEY-----\n`
}

it('reads a key as pasted, and says how it stands', async () => {
  const instance = await openWithIdentity('A')
  const { fingerprint, public_key_pem } = await createStranger()
  for (const text of [public_key_pem, `\n  ${public_key_pem}\n\n`, public_key_pem.replaceAll('\n', '\r\n')]) {
    expect(await readKeyOffer(instance, text)).toEqual({ fingerprint, public_key_pem, standing: 'new' })
    expect(await openFile(instance, toFile(text))).toMatchObject({ kind: 'key', key: { fingerprint } })
  }
  expect((await readKeyOffer(instance, instance.identity.public_key_pem)).standing).toBe('own')
  await trust(instance, { public_key_pem, label: 'P' })
  expect((await readKeyOffer(instance, public_key_pem)).standing).toBe('trusted')
  await revokePeer(instance, { fingerprint })
  expect((await readKeyOffer(instance, public_key_pem)).standing).toBe('revoked')
})

describe('refusals, which change nothing', () => {
  it('of keys', async () => {
    const instance = await openWithIdentity('A')
    const pem = (await createStranger()).public_key_pem
    const point = (bytes: readonly number[]) =>
      encodePublicKey(Uint8Array.from({ length: 32 }, (_, i) => bytes[i] ?? 0))
    const refusals: [string, string][] = [
      ['', 'key_malformed'],
      ['hello', 'key_malformed'],
      [pem.replace('PUBLIC', 'PRIVATE'), 'private_key_given'],
      ['-----BEGIN OPENSSH PRIVATE KEY-----', 'private_key_given'],
      [pem.replace('PUBLIC KEY', 'ENCRYPTED PRIVATE KEY'), 'private_key_given'],
      [pem + pem, 'key_malformed'],
      [pem.slice(0, -30), 'key_malformed'],
      [pem.replace('MCow', 'MCox'), 'key_malformed'],
      [await spkiPem({ name: 'ECDSA', namedCurve: 'P-256' }), 'key_unsupported'],
      [await spkiPem('X25519'), 'key_unsupported'],
      // The identity, a point of order 2, one of order 4, and y = 1 spelled as p + 1.
      [point([1]), 'key_not_allowed'],
      [point([0xec, ...Array<number>(30).fill(0xff), 0x7f]), 'key_not_allowed'],
      [point([]), 'key_not_allowed'],
      [point([0xee, ...Array<number>(30).fill(0xff), 0x7f]), 'key_not_allowed'],
      [instance.identity.public_key_pem, 'own_key'],
    ]
    const before = await dump(instance.db)
    for (const [text, code] of refusals) {
      const work = trustPeer(instance, { public_key_pem: text, label: 'P', compared: 'phone' })
      expect(await codeOf(work), text.slice(0, 60)).toBe(code)
    }
    expect(await dump(instance.db)).toEqual(before)
  })

  it('of labels, comparisons, fingerprints and states', async () => {
    const instance = await openTestInstance()
    const { public_key_pem, fingerprint } = await createStranger()
    const offer = { public_key_pem, label: 'P', compared: 'phone' as Comparison }
    expect(await codeOf(trustPeer(instance, { ...offer, label: ' ' }))).toBe('label_invalid')
    // As the program names itself, and as that looks.
    for (const label of ['Omega Exchange', ' this instance ', 'Уou'])
      expect(await codeOf(trustPeer(instance, { ...offer, label })), label).toBe('label_reserved')
    expect(await codeOf(trustPeer(instance, { ...offer, compared: 'guessed' as Comparison }))).toBe(
      'comparison_missing',
    )
    expect(
      await codeOf(trustPeer(instance, { ...offer, compared: undefined as unknown as Comparison })),
    ).toBe('comparison_missing')
    expect(await codeOf(revokePeer(instance, { fingerprint }))).toBe('peer_unknown')
    expect(await codeOf(renamePeer(instance, fingerprint, 'x'))).toBe('peer_unknown')
    expect(await codeOf(reinstatePeer(instance, { fingerprint, compared: 'phone' }))).toBe('peer_unknown')
    expect(await instance.db.count('audit')).toBe(0)

    await trustPeer(instance, { ...offer, label: ' P ' })
    expect(await codeOf(trustPeer(instance, offer))).toBe('peer_exists')
    expect(await codeOf(reinstatePeer(instance, { fingerprint, compared: 'phone' }))).toBe('peer_unknown')
    expect(await codeOf(renamePeer(instance, fingerprint, ''))).toBe('label_invalid')
    expect(await codeOf(renamePeer(instance, fingerprint, 'Yours'))).toBe('label_reserved')
    for (const short of [
      '',
      fingerprint.slice(0, 16),
      fingerprint.slice(0, 63),
      `${fingerprint}0`,
      'z'.repeat(64),
    ]) {
      expect(await codeOf(revokePeer(instance, { fingerprint: short }))).toBe('fingerprint_incomplete')
    }
    expect(await codeOf(revokePeer(instance, { fingerprint, reason: 'a\u202eb' }))).toBe('label_invalid')
    expect(await listPeers(instance)).toMatchObject([{ label: 'P', state: 'trusted', compared: 'phone' }])

    const spelled = fingerprint.toUpperCase().replaceAll(/.{8}/g, '$& ')
    await revokePeer(instance, { fingerprint: spelled, reason: ' stolen ' })
    expect(await codeOf(revokePeer(instance, { fingerprint }))).toBe('peer_unknown')
    expect(await codeOf(trustPeer(instance, offer))).toBe('revoked_peer')
    expect(await codeOf(reinstatePeer(instance, { fingerprint, compared: '' as Comparison }))).toBe(
      'comparison_missing',
    )
    expect(await listPeers(instance)).toMatchObject([{ state: 'revoked', reason: 'stolen' }])
    expect(await instance.db.count('audit')).toBe(2)
  })
})

it('keeps the history of each trust, and a name of our own', async () => {
  const instance = await openTestInstance()
  const { public_key_pem, fingerprint } = await createStranger()
  await trustPeer(instance, { public_key_pem, label: 'P', compared: 'not_compared' })
  await renamePeer(instance, fingerprint, 'Q')
  await revokePeer(instance, { fingerprint, reason: 'lost' })
  await reinstatePeer(instance, { fingerprint, compared: 'in_person' })
  const [peer] = await listPeers(instance)
  expect(peer).toMatchObject({
    label: 'Q',
    state: 'trusted',
    compared: 'in_person',
    history: [
      { what: 'trusted', compared: 'not_compared' },
      { what: 'revoked', reason: 'lost' },
      { what: 'reinstated', compared: 'in_person' },
    ],
  })
  expect(peer!.revoked_at).toBeUndefined()
  expect(peer!.reason).toBeUndefined()
  expect((await instance.db.getAll('audit')).map(({ operation }) => operation)).toEqual([
    'peer_trusted',
    'peer_renamed',
    'peer_revoked',
    'peer_reinstated',
  ])
})

it('two tabs that trust one key at once have one peer', async () => {
  const instance = await openTestInstance()
  const tab = await openTestInstance(instance.name)
  const { public_key_pem } = await createStranger()
  const codes = await Promise.all(
    [instance, tab].map((each) => codeOf(trust(each, { public_key_pem, label: 'P' }))),
  )
  expect(codes.filter((code) => code === 'peer_exists')).toHaveLength(1)
  expect(await listPeers(tab)).toHaveLength(1)
})
