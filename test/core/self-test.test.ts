import { describe, expect, it, vi } from 'vitest'
import { isKernelRight } from '../../src/core/kernel-test.ts'
import { testEngine, type EngineTestName } from '../../src/core/self-test.ts'
import { Kernel } from '../../src/core/kernel.ts'
import { KERNEL_NAMES, KERNELS, startKernel } from './lanes.ts'
import { makeVectors } from './self-test-vectors.ts'

it('has the vectors that the naive implementation makes', async () => {
  await expect(`${JSON.stringify(makeVectors(), null, 2)}\n`).toMatchFileSnapshot(
    '../../src/core/self-test-vectors.json',
  )
})

it.each(KERNEL_NAMES)('finds this engine reliable, its kernel in %s', async (name) => {
  const { result, signatures_by, tests } = await testEngine(KERNELS[name]())
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
    ['signatures', 'platform_signatures', 'manifest'],
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
        .mockImplementation((value: unknown) => stringify(value)?.replaceAll('1e-7', '1e-07'))
    },
    ['canonical_json'],
  ],
]

it.each(BROKEN)('notices %s', async (_, sabotage, noticed) => {
  sabotage()
  try {
    const { result, tests } = await testEngine(startKernel())
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
    const { result, signatures_by, tests } = await testEngine(startKernel())
    expect({ result, signatures_by }).toEqual({ result: 'reliable', signatures_by: 'noble' })
    const not = tests.filter(({ status }) => status === 'not_possible').map(({ name }) => name)
    expect(not).toEqual(['platform_signatures', 'private_key'])
  } finally {
    vi.restoreAllMocks()
  }
})

it('takes an engine for what it is that fails at a key now and then', async () => {
  vi.spyOn(crypto.subtle, 'generateKey')
    .mockRejectedValueOnce(new DOMException('', 'OperationError'))
    .mockRejectedValueOnce(new DOMException('', 'OperationError'))
  try {
    const { result, signatures_by, tests } = await testEngine(startKernel())
    expect({ result, signatures_by }).toEqual({ result: 'reliable', signatures_by: 'platform' })
    expect(tests.filter(({ status }) => status !== 'passed')).toEqual([])
  } finally {
    vi.restoreAllMocks()
  }
})

describe.each(KERNEL_NAMES)('a kernel in %s', (name) => {
  const startKernel = KERNELS[name]

  it('does what the plain reader does', () => {
    expect(isKernelRight(startKernel())).toBe(true)
  })

  const WRONG: [what: string, sabotage: () => unknown][] = [
    [
      'hashes nodes otherwise',
      () => vi.spyOn(Kernel.prototype, 'load').mockImplementation(() => new Uint8Array()),
    ],
    [
      'takes every line',
      () => {
        const take = Kernel.prototype.takeLines
        return vi.spyOn(Kernel.prototype, 'takeLines').mockImplementation(function (
          this: Kernel,
          from,
          withKeys,
        ) {
          const taken = take.call(this, from, withKeys)
          return taken.leaves.length > 0
            ? taken
            : { ...taken, leaves: new Uint8Array(32), keys: new Uint8Array(32) }
        })
      },
    ],
    [
      'takes none',
      () =>
        vi
          .spyOn(Kernel.prototype, 'takeLines')
          .mockImplementation((from) => ({ leaves: new Uint8Array(), keys: new Uint8Array(), end: from })),
    ],
    [
      'has one bit of a leaf wrong',
      () => {
        const take = Kernel.prototype.takeLines
        return vi.spyOn(Kernel.prototype, 'takeLines').mockImplementation(function (
          this: Kernel,
          from,
          withKeys,
        ) {
          const taken = take.call(this, from, withKeys)
          return { ...taken, leaves: taken.leaves.map((byte, at) => (at === 31 ? byte ^ 1 : byte)) }
        })
      },
    ],
    [
      'throws',
      () =>
        vi.spyOn(Kernel.prototype, 'takeLines').mockImplementation(() => {
          throw new RangeError('out of bounds')
        }),
    ],
  ]
  it.each(WRONG)('that %s is noticed, and is not to be used', async (_, sabotage) => {
    const kernel = startKernel()
    sabotage()
    try {
      expect(isKernelRight(kernel)).toBe(false)
      const { result, tests } = await testEngine(kernel)
      expect(result).toBe('unreliable')
      expect(tests.find(({ name }) => name === 'kernel')!.status).toBe('failed')
    } finally {
      vi.restoreAllMocks()
    }
  })

  it('is not missed where there is none', async () => {
    const { result, tests } = await testEngine(null)
    expect(result).toBe('reliable')
    expect(tests.find(({ name }) => name === 'kernel')).toMatchObject({ status: 'not_possible', failed: [] })
  })
})
