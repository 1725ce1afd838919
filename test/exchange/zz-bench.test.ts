import { it } from 'vitest'
import { cdp } from 'vitest/browser'
import { OpenedManifest } from '../../src/worker/opened-manifest.ts'
import { Source } from '../../src/worker/source.ts'
import { stageImport } from '../../src/worker/import.ts'
import { decodeUtf8, encodeUtf8, fromHex } from '../../src/core/bytes.ts'
import { canonicalize, parseCanonical } from '../../src/core/canonical.ts'
import { hashText } from '../../src/core/hash.ts'
import { checkMemory, parseMemory, type Memory } from '../../src/core/memory.ts'
import { TreeHasher } from '../../src/core/merkle.ts'
import { importManifest } from '../../src/exchange/import.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import { queryMemories, readFacets } from '../../src/exchange/memories.ts'
import { dedupKey, PageBuilder } from '../../src/store/page.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { craftManifest, craftMemory, createStranger } from './craft.ts'
import { openTestInstance, trust } from './instance.ts'

const log: string[] = []
async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const from = performance.now()
  const result = await work()
  log.push(`${name}: ${(performance.now() - from).toFixed(0)} ms`)
  return result
}

it('bench', { timeout: 120_000 }, async () => {
  const N = 20_000
  const peer = await createStranger()
  const text = 'Firewalls east and west on the new release. Failover took seven seconds instead of two. '
  const memories = await timed('craft', () =>
    Array.from({ length: N }, (_, i) =>
      craftMemory(peer.fingerprint, {
        content: `${i} ${text.repeat(3)}`,
        tags: ['a', `t${i % 50}`],
        entity_id: `e${i % 9}`,
        event_type: 'decision',
        metadata: { n: i, hosts: ['x', 'y'] },
        created_at: new Date(1.7e12 + i * 1000).toISOString(),
      }),
    ),
  )
  const crafted = await craftManifest(peer, memories)
  log.push(`file ${crafted.file.size}`)
  const instance = await openTestInstance()
  const source = await Source.open(crafted.file)
  const context = { signal: new AbortController().signal, progress: () => undefined }
  const profile = async (name: string, work: () => Promise<unknown>) => {
    await cdp().send('Profiler.enable')
    await cdp().send('Profiler.setSamplingInterval', { interval: 500 })
    await cdp().send('Profiler.start')
    await timed(name, work)
    const { profile: p } = await cdp().send('Profiler.stop')
    const self = new Map<string, number>()
    const nodes = new Map(p.nodes.map((n: any) => [n.id, n]))
    p.samples!.forEach((id: number, i: number) => {
      const f = (nodes.get(id) as any).callFrame
      const name = `${f.functionName || '(anon)'} ${f.url.split('/').pop()}:${f.lineNumber + 1}`
      self.set(name, (self.get(name) ?? 0) + p.timeDeltas![i]! / 1000)
    })
    log.push(
      ...[...self]
        .sort((a, b) => b[1] - a[1])
        .slice(0, 22)
        .map(([n, ms]) => `   ${ms.toFixed(0)} ${n}`),
    )
  }
  let opened!: OpenedManifest
  await timed('warm', () => OpenedManifest.verify(source, context))
  await profile('verify in page', async () => (opened = await OpenedManifest.verify(source, context)))
  const store = new MemoryStore(instance.db)
  const input = () => ({ batch: crypto.randomUUID(), origin: { manifest: 'm' } as never, ownKeys: [] })
  await timed('warm stage', () => stageImport(instance.db, store, opened, input(), context))
  await profile('stage in page', () => stageImport(instance.db, store, opened, input(), context))
  console.log(log.join('\n'))
})
