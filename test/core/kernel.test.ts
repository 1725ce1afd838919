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
