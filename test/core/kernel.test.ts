import { expect, it } from 'vitest'
import { hex } from '../reference/shapes.ts'
import { buildManifest } from '../reference/writer.ts'
import { KERNEL_NAMES, KERNELS } from './lanes.ts'

/** Of each length over more than two blocks of SHA-256, some of it escaped, not ASCII, or long. */
const CONTENTS = [
  ...Array.from({ length: 150 }, (_, length) => 'c'.repeat(length + 1)),
  ...Array.from({ length: 20 }, (_, length) => `${'c'.repeat(length)}\n"\\\u0001é€😀 ${'d'.repeat(40)}\t`),
  'e'.repeat(200_000),
]

/** What a kernel leaves is read all the same, slower: so no other test would notice. */
it.each(KERNEL_NAMES)('the kernel in %s takes every line of the usual members, of any length', (name) => {
  const kernel = KERNELS[name]()
  const { bytes, leaves } = buildManifest({
    memories: [...CONTENTS, 'the last has no comma'].map((content, i) => ({
      content,
      ...(i % 2 === 0
        ? { metadata: { n: i, text: 'm'.repeat(i % 130), nested: [null, true, -1.5, 'é'] } }
        : {}),
    })),
  })
  const file = Buffer.from(bytes)
  const lines = file.subarray(file.indexOf('{"author"'), file.lastIndexOf('{"author"'))
  kernel.load(lines)
  const taken: string[] = []
  for (let at = 0; at < lines.length;) {
    const { leaves, end } = kernel.takeLines(at)
    expect(leaves.length, `line ${taken.length}`).toBeGreaterThan(0)
    for (let i = 0; i < leaves.length; i += 32) taken.push(hex(leaves.subarray(i, i + 32)))
    at = end
  }
  expect(taken).toEqual(leaves.slice(0, -1))
})

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const DIGITS_OF_A_BLIND = 22

it.each(KERNEL_NAMES)(
  'the kernel in %s knows each digit of a blind, in each place, and no other byte',
  (name) => {
    const kernel = KERNELS[name]()
    // Four of the last digit's bits are spare, and zero.
    const blinds = Array.from({ length: 64 }, (_, first) =>
      Array.from({ length: DIGITS_OF_A_BLIND }, (_, place) =>
        place === DIGITS_OF_A_BLIND - 1 ? DIGITS[16 * (first % 4)] : DIGITS[(first + place) % 64],
      ).join(''),
    )
    const { bytes } = buildManifest({
      memories: [...blinds.map((blind) => ({ blind, content: 'c' })), { content: 'the last has no comma' }],
    })
    const lines = Buffer.from(bytes)
      .toString()
      .split(/(?<=\n)/)
      .filter((line) => line.startsWith('{"author"'))
    const isTaken = (line: Uint8Array) => {
      kernel.load(line)
      return kernel.takeLines(0).leaves.length > 0
    }
    const isDigit = (byte: number) => DIGITS.includes(String.fromCharCode(byte))
    const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !isDigit(byte))
    const wrong: string[] = []
    for (const [i, blind] of blinds.entries()) {
      const line = Buffer.from(lines[i]!)
      const at = line.indexOf(blind)
      expect(isTaken(line), blind).toBe(true)
      for (let place = 0; place < DIGITS_OF_A_BLIND; place++)
        for (const byte of others) {
          const forged = Buffer.from(line)
          forged[at + place] = byte
          if (isTaken(forged)) wrong.push(`${byte} in place ${place} of ${blind}`)
        }
      for (let spare = 1; spare < 16; spare++) {
        const forged = Buffer.from(line)
        forged.write(DIGITS[16 * (i % 4) + spare]!, at + DIGITS_OF_A_BLIND - 1)
        if (isTaken(forged)) wrong.push(`spare bits ${spare} of ${blind}`)
      }
    }
    expect(wrong).toEqual([])
  },
)
