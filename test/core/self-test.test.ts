import { expect, it, vi } from 'vitest'
import { testEngine, type EngineTestName } from '../../src/core/self-test.ts'
import { makeVectors } from './self-test-vectors.ts'

it('has the vectors that the naive implementation makes', async () => {
  await expect(`${JSON.stringify(makeVectors(), null, 2)}\n`).toMatchFileSnapshot(
    '../../src/core/self-test-vectors.json',
  )
})

it('finds this engine reliable', async () => {
  const { result, signatures_by, tests } = await testEngine()
  expect({ result, signatures_by }).toEqual({ result: 'reliable', signatures_by: 'platform' })
  for (const { name, status, cases, failed } of tests)
    expect({ name, status, failed, some: cases > 0 }).toEqual({
      name,
      status: 'passed',
      failed: [],
      some: true,
    })
})

/** What an engine may get wrong, and the tests that must notice it. */
const BROKEN: [what: string, sabotage: () => unknown, noticed: EngineTestName[]][] = [
  [
    'WebCrypto says yes to every signature',
    () => vi.spyOn(crypto.subtle, 'verify').mockResolvedValue(true),
    ['signatures', 'platform_signatures'],
  ],
  [
    'WebCrypto says no to every signature',
    () => vi.spyOn(crypto.subtle, 'verify').mockResolvedValue(false),
    ['signatures', 'platform_signatures', 'manifest', 'private_key'],
  ],
  [
    'WebCrypto throws where it should verify',
    () => vi.spyOn(crypto.subtle, 'verify').mockRejectedValue(new Error('no')),
    ['signatures', 'platform_signatures', 'manifest', 'private_key'],
  ],
  [
    'another SHA-256 of the platform',
    () => vi.spyOn(crypto.subtle, 'digest').mockResolvedValue(new ArrayBuffer(32)),
    ['sha256'],
  ],
  [
    'a private key can be exported',
    () => vi.spyOn(crypto.subtle, 'exportKey').mockResolvedValue(new ArrayBuffer(32)),
    ['private_key'],
  ],
  [
    'a private key can be wrapped',
    () => vi.spyOn(crypto.subtle, 'wrapKey').mockResolvedValue(new ArrayBuffer(32)),
    ['private_key'],
  ],
  [
    'a dead generator of random bytes',
    () => vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => array),
    ['random'],
  ],
  [
    'a decoder that drops a byte order mark',
    () => {
      const decode = TextDecoder.prototype.decode
      return vi.spyOn(TextDecoder.prototype, 'decode').mockImplementation(function (
        this: TextDecoder,
        ...given
      ) {
        return decode.apply(this, given).replace(/^\ufeff/, '')
      })
    },
    ['text'],
  ],
  [
    'a decoder that mends what is not UTF-8',
    () =>
      vi
        .spyOn(TextDecoder.prototype, 'decode')
        .mockImplementation((bytes) => Buffer.from(bytes as Uint8Array).toString()),
    ['text'],
  ],
  [
    'JSON that reads the smallest numbers as none',
    () => {
      const parse = JSON.parse
      return vi
        .spyOn(JSON, 'parse')
        .mockImplementation((text) => parse(text.replace('5e-324', '0')) as unknown)
    },
    ['canonical_json'],
  ],
  [
    'numbers written otherwise',
    () => {
      const stringify = JSON.stringify
      return vi
        .spyOn(JSON, 'stringify')
        .mockImplementation((value: unknown) => (value === 1e-7 ? '1e-07' : stringify(value)))
    },
    ['canonical_json'],
  ],
]

it.each(BROKEN)('notices %s', async (_, sabotage, noticed) => {
  sabotage()
  try {
    const { result, tests } = await testEngine()
    const failed = tests.filter(({ status }) => status === 'failed').map(({ name }) => name)
    for (const name of noticed) expect(failed).toContain(name)
    expect(result).toBe('unreliable')
  } finally {
    vi.restoreAllMocks()
  }
})

it('says what is not possible where the platform has no Ed25519', async () => {
  vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new DOMException('', 'NotSupportedError'))
  vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('', 'NotSupportedError'))
  try {
    const { result, signatures_by, tests } = await testEngine()
    expect({ result, signatures_by }).toEqual({ result: 'reliable', signatures_by: 'noble' })
    const not = tests.filter(({ status }) => status === 'not_possible').map(({ name }) => name)
    expect(not).toEqual(['platform_signatures', 'private_key'])
  } finally {
    vi.restoreAllMocks()
  }
})
