import { deleteDB } from 'idb'
import { expect, it, onTestFinished } from 'vitest'
import { toBase64 } from '../../src/core/bytes.ts'
import { canonicalize, type JsonObject } from '../../src/core/canonical.ts'
import { MAX_LINE } from '../../src/core/lines.ts'
import type { Memory } from '../../src/core/memory.ts'
import { encodePae } from '../../src/core/statement.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import type { Progress } from '../../src/worker/protocol.ts'
import { craftManifest, craftMemory, createStranger, type Stranger } from '../exchange/craft.ts'
import { codeOf, startTestWorker } from '../exchange/instance.ts'

const EVIDENCE = 1024
const author = await createStranger()

function openWorker(): WorkerBridge {
  const name = `test-${crypto.randomUUID()}`
  const bridge = new WorkerBridge(() => startTestWorker(name))
  onTestFinished(async () => {
    bridge.close()
    await deleteDB(name)
  })
  return bridge
}

async function stateSomething(signer: Stranger, at: number): Promise<JsonObject> {
  const { fingerprint, label, public_key_pem } = signer
  const header = { at, created_at: '2026-05-01T00:00:00.000Z', issuer: { fingerprint, label } }
  const type = 'text/x'
  const signature = toBase64(await signer.sign(encodePae(type, header)))
  return { header, signatures: [{ fingerprint, public_key_pem, signature }], type }
}

/** 256 tags of 256 code units, and metadata that fills the line to its last byte, comma included. */
function largest(metadata: JsonObject): Memory {
  const tags = Array.from({ length: 256 }, (_, at) => String(at).padStart(3, '0') + '記'.repeat(253))
  const make = (pad: string) => craftMemory(author.fingerprint, { tags, metadata: { ...metadata, pad } })
  const empty = new TextEncoder().encode(canonicalize(make(''))).length
  return make('x'.repeat(MAX_LINE - 1 - empty))
}

it('a manifest as large as the format allows is verified with progress, and can be cancelled', async () => {
  const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`member ${at}`, at]))
  const numbers = Array.from({ length: 500_000 }, (_, at) => at % 10_000)
  const memories = [largest({ wide }), largest({ numbers }), largest({}), largest({})]
  const evidence = await Promise.all(Array.from({ length: EVIDENCE }, (_, at) => stateSomething(author, at)))
  const { file, lines } = await craftManifest(author, [...memories, craftMemory(author.fingerprint)], {
    evidence,
  })
  for (const line of lines.slice(0, 4)) expect(new TextEncoder().encode(line)).toHaveLength(MAX_LINE - 1)

  const bridge = openWorker()
  const seen: Progress[] = []
  const { verification } = await bridge.call('verify', { file }, { onProgress: (each) => seen.push(each) })
  expect(verification.failure).toBeNull()
  expect(verification.memories).toBe(5)
  expect(verification.evidence).toHaveLength(EVIDENCE)
  // Of 33 MB in lines of 8 MiB.
  expect(seen.length).toBeGreaterThan(5)
  for (const [at, { done, total, memories: passed }] of seen.entries()) {
    expect(total).toBe(file.size)
    expect(done).toBeGreaterThanOrEqual(seen[at - 1]?.done ?? 0)
    expect(passed).toBeGreaterThanOrEqual(seen[at - 1]?.memories ?? 0)
  }
  expect(seen.at(-1)).toEqual({ done: file.size, total: file.size, memories: 5 })

  const controller = new AbortController()
  const reached: number[] = []
  const onProgress = ({ done }: Progress) => {
    reached.push(done)
    controller.abort()
  }
  const call = bridge.call('verify', { file }, { signal: controller.signal, onProgress })
  expect(await codeOf(call)).toBe('cancelled')
  expect(Math.max(...reached)).toBeLessThan(file.size)
  // The worker is free for the next.
  const { file: small } = await craftManifest(author, [craftMemory(author.fingerprint)])
  expect((await bridge.call('verify', { file: small })).verification.failure).toBeNull()
}, 240_000)

/** `count` lines, each the same memory: a stranger's own, signed for as many as there can be. */
async function craftBomb(count: number): Promise<File> {
  const line = craftMemory(author.fingerprint)
  const { file } = await craftManifest(author, [line, line], { header: { memory_count: 2 ** 32 - 1 } })
  const [envelope, evidence, format, list, first, last] = (await file.text()).split('\n')
  const some = new TextEncoder().encode(`${first}\n`.repeat(1000))
  const lines = Array.from({ length: count / 1000 }, () => some)
  const whole = new Blob([`${[envelope, evidence, format, list].join('\n')}\n`, ...lines, `${last}\n]}\n`])
  const packed = whole.stream().pipeThrough(new CompressionStream('gzip'))
  return new File([await new Response(packed).blob()], 'bomb.json.gz')
}

it('what inflates two hundred times behind a signed envelope is read to its end, or cancelled', async () => {
  const count = 60_000
  const file = await craftBomb(count)
  expect(file.size).toBeLessThan(400_000)
  const bridge = openWorker()
  const seen: Progress[] = []
  const { verification } = await bridge.call('verify', { file }, { onProgress: (each) => seen.push(each) })
  const expected = { layer: 'leaves', code: 'count_mismatch', line: 4 + count + 2, index: null }
  expect(verification.failure).toEqual(expected)
  expect(verification.memories).toBe(count + 1)
  // Progress is that of the file, not of what it claims.
  expect(seen.every(({ done, total }) => done <= total && total === file.size)).toBe(true)

  const controller = new AbortController()
  const passed: number[] = []
  const onProgress = ({ memories }: Progress) => {
    passed.push(memories)
    if (memories > 0) controller.abort()
  }
  const call = bridge.call('verify', { file }, { signal: controller.signal, onProgress })
  expect(await codeOf(call)).toBe('cancelled')
  expect(Math.max(...passed)).toBeLessThan(count)
}, 240_000)
