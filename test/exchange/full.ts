import { exportManifest } from '../../src/exchange/export.ts'
import { resumeStream } from '../../src/exchange/forks.ts'
import { openForeign } from '../../src/exchange/foreign.ts'
import { renameIdentity } from '../../src/exchange/identity.ts'
import { importManifest } from '../../src/exchange/import.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import { deleteMemory, editMemory, queryMemories, writeMemory } from '../../src/exchange/memories.ts'
import { reinstatePeer, removePeerMemories, renamePeer, revokePeer } from '../../src/exchange/peers.ts'
import { craftManifest, craftMemory, createStranger } from './craft.ts'
import { openWithIdentity, trust, type TestInstance } from './instance.ts'

const DATE = '2026-02-03T04:05:06.000Z'

async function takeIn(instance: TestInstance, contents: readonly string[]): Promise<void> {
  const rows = contents.map((content) => ({
    content,
    entity_id: 'project',
    tags: [content],
    created_at: DATE,
  }))
  const opened = await openForeign(instance, new File([JSON.stringify(rows)], 'memories.json'))
  await opened.take()
  opened.close()
}

async function keyOf(instance: TestInstance, content: string): Promise<string> {
  const list = await queryMemories(instance, { text: content })
  const rows = await list.rows(0, list.count)
  return rows.find(({ memory }) => memory.content === content)!.key
}

/** An instance to which everything has happened that can. */
export async function openFull(): Promise<TestInstance> {
  const instance = await openWithIdentity('Harbour')
  await takeIn(instance, ['alpha', 'beta', 'gamma'])
  const first = await writeMemory(instance, { content: 'one', entity_id: 'e', tags: ['t'] })
  const second = await editMemory(instance, first, { content: 'two', entity_id: 'e', event_type: 'note' })
  await writeMemory(instance, { content: 'gone', entity_id: 'secret', tags: ['hidden'] })
  const list = await queryMemories(instance, { entity_id: 'secret' })
  await deleteMemory(instance, (await list.rows(0, 1))[0]!.key)
  await exportManifest(instance, { entity_id: 'e' })
  await exportManifest(instance, {}, { stream: { name: 'Second' } })

  const other = await openWithIdentity('Port')
  await takeIn(other, ['beta', 'delta', 'epsilon'])
  await trust(instance, other.identity)
  const manifest = await exportManifest(other, {})
  await importManifest(instance, await openManifest(instance, manifest.file))
  await editMemory(instance, second, { content: 'three', entity_id: 'e' })
  // Deleted and written again; imported and deleted.
  const again = await writeMemory(instance, { content: 'again', entity_id: 'e' })
  await deleteMemory(instance, again)
  await writeMemory(instance, { content: 'again', entity_id: 'e' })
  await deleteMemory(instance, await keyOf(instance, 'epsilon'))

  // Attestations, evidence, a place only seen, a fork, a peer whose memories were taken out again.
  const [stranger, witness] = [await createStranger('Stranger'), await createStranger('Witness')]
  for (const peer of [stranger, witness]) await trust(instance, peer)
  const twice = [{ content: 'same', tags: ['a'] }, { content: 'same', tags: ['b'] }, { content: 'other' }]
  const memories = twice.map((draft) => craftMemory(stranger.fingerprint, draft))
  const seen = await craftManifest(witness, [craftMemory(witness.fingerprint)])
  const crafted = await craftManifest(stranger, memories, { evidence: [seen.statement] })
  await importManifest(instance, await openManifest(instance, crafted.file))
  const fork = await craftManifest(stranger, [craftMemory(stranger.fingerprint)])
  await importManifest(instance, await openManifest(instance, fork.file)).catch(() => undefined)
  await resumeStream(
    instance,
    stranger.fingerprint,
    String((fork.statement['header'] as { stream: string }).stream),
  )
  const leaving = await createStranger('Leaving')
  await trust(instance, leaving)
  const left = ['leaves', 'leaves deleted'].map((content) => craftMemory(leaving.fingerprint, { content }))
  const gone = await craftManifest(leaving, left)
  await importManifest(instance, await openManifest(instance, gone.file))
  await exportManifest(instance, {})
  await deleteMemory(instance, await keyOf(instance, 'leaves deleted'))
  await removePeerMemories(instance, leaving.fingerprint)
  await revokePeer(instance, { fingerprint: leaving.fingerprint, reason: 'test' })
  await revokePeer(instance, { fingerprint: witness.fingerprint })
  await reinstatePeer(instance, { fingerprint: witness.fingerprint, compared: 'phone' })
  await renamePeer(instance, witness.fingerprint, 'Witness, renamed')
  await renameIdentity(instance, 'Harbour, renamed')
  return instance
}
