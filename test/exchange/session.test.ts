import { expect, it } from 'vitest'
import sampleA from '../../src/exchange/samples/instance-a.json?raw'
import sampleB from '../../src/exchange/samples/instance-b.json?raw'
import { exportManifest, previewExport } from '../../src/exchange/export.ts'
import { importManifest } from '../../src/exchange/import.ts'
import { listManifests, openManifest } from '../../src/exchange/manifest.ts'
import { readFacets, readMemory } from '../../src/exchange/memories.ts'
import { openFile } from '../../src/exchange/open.ts'
import { listPeers, reinstatePeer, removePeerMemories, revokePeer } from '../../src/exchange/peers.ts'
import type { Instance } from '../../src/exchange/instance.ts'
import { codeOf, dump, openTestInstance, openWithIdentity, trust, rowsOf } from './instance.ts'

const QUARTER = { entity_id: 'incident-response', since: '2026-02-01', until: '2026-05-01' }

async function takeIn(instance: Instance, text: string, name: string) {
  const opened = await openFile(instance, new File([text], name))
  if (opened.kind !== 'memories') throw new Error(opened.kind)
  const counts = await opened.foreign.take()
  return { preview: opened.foreign.preview, counts, again: () => opened.foreign.take() }
}

/** All rows of a list. */
it('is the session of the product page, from A to B and back', async () => {
  const [a, b] = [await openWithIdentity('Harbour'), await openWithIdentity('Port')]

  const taken = await takeIn(a, sampleA, 'instance-a.json')
  expect(taken.preview).toMatchObject({
    kind: 'memories-json',
    good: 412,
    already_local: 0,
    problem_count: 0,
  })
  expect(taken.counts).toMatchObject({ added: 412, already_local: 0, deleted_here: 0 })
  const takenB = await takeIn(b, sampleB, 'instance-b.json')

  // A foreign file taken in twice adds nothing.
  expect(await taken.again()).toMatchObject({ added: 0, already_local: 412 })
  const twice = await takeIn(a, sampleA, 'renamed.json')
  expect(twice.preview).toMatchObject({ good: 412, already_local: 412 })
  expect(twice.counts).toMatchObject({ added: 0, already_local: 412, deleted_here: 0 })
  expect((await readFacets(a)).rows).toBe(412)

  expect(await previewExport(a, QUARTER)).toMatchObject({ count: 152, own: 152, imported: 0 })
  const exported = await exportManifest(a, QUARTER)
  expect(exported).toMatchObject({ count: 152, fingerprint: a.identity.fingerprint })

  // Opening keeps nothing; an untrusted issuer changes nothing.
  const before = await dump(b.db)
  const opened = await openManifest(b, exported.file)
  expect(opened.report).toMatchObject({
    result: 'ok',
    leaves: 152,
    layers: {
      signature: { status: 'ok' },
      leaves: { status: 'ok' },
      root: { status: 'ok' },
      evidence: { status: 'ok' },
    },
    trust: { mode: 'trusted_keys_only', issuer: 'unknown' },
    freshness: 'stream_new',
    expired: false,
    clock_suspect: false,
    audience: 'open',
  })
  expect(await opened.memories(0, 2)).toHaveLength(2)
  expect(await codeOf(importManifest(b, opened))).toBe('untrusted_peer')
  expect(await dump(b.db)).toEqual(before)

  await trust(b, a.identity)
  const result = await importManifest(b, opened)
  expect(result).toMatchObject({
    imported: 148,
    already_local: 4,
    deleted_here: 0,
    not_understood: 0,
    manifest: exported.id,
    peer: { fingerprint: a.identity.fingerprint, label: 'Harbour' },
  })
  const facets = await readFacets(b)
  expect(facets).toMatchObject({ own: takenB.counts.added, imported: 148 })
  expect(facets.peers).toEqual([{ fingerprint: a.identity.fingerprint, rows: 148, lines: 152 }])

  // Each row says where it came from.
  const imported = await rowsOf(b, { origin: 'imported' })
  expect(imported).toHaveLength(148)
  for (const row of imported) {
    expect(row.federation_origin).toMatchObject({
      fingerprint: a.identity.fingerprint,
      label: 'Harbour',
      manifest: exported.id,
      file_name: exported.file.name,
      stream: exported.envelope.header.stream,
      sequence: 1,
      merkle_root: exported.envelope.header.merkle_root,
      imported_at: new Date(b.clock.ms).toISOString(),
    })
  }
  const lines = (await exported.file.text()).split('\n').slice(4, -2)
  for (const { memory, federation_origin } of imported) {
    expect(JSON.parse(lines[federation_origin!.leaf_index]!.replace(/,$/, ''))).toEqual(memory)
  }
  // The four that were there stay the person's own, and are attested.
  const own = await rowsOf(b, { origin: 'own' })
  const attested = own.filter((row) => row.attestations > 0)
  expect(attested).toHaveLength(4)
  expect(attested.every((row) => row.federation_origin === null && row.attestations === 1)).toBe(true)
  const detail = await readMemory(b, attested[0]!.key)
  expect(detail!.attested[0]).toMatchObject({ federation_origin: { manifest: exported.id } })
  expect(detail!.attested[0]!.memory.content).toBe(detail!.memory.content)

  // The same file again changes nothing but the audit.
  const once = await dump(b.db)
  expect(await importManifest(b, opened)).toMatchObject({ imported: 0, already_local: 152 })
  const again = await dump(b.db)
  for (const store of Object.keys(once)) {
    if (store !== 'audit' && store !== 'settings') expect(again[store], store).toEqual(once[store])
  }
  expect(again['audit']).toHaveLength(once['audit']!.length + 1)
  expect((await openManifest(b, exported.file)).report.freshness).toBe('replay')

  // Revoked: refused, what came stays; taken out; trusted again; taken in again.
  await revokePeer(b, { fingerprint: a.identity.fingerprint, reason: 'lost laptop' })
  const revoked = await dump(b.db)
  expect(await codeOf(importManifest(b, opened))).toBe('revoked_peer')
  expect(await dump(b.db)).toEqual(revoked)
  expect((await readFacets(b)).imported).toBe(148)
  expect(await removePeerMemories(b, a.identity.fingerprint)).toEqual({ removed: 148, kept: 0 })
  expect(await readFacets(b)).toMatchObject({ own: takenB.counts.added, imported: 0, peers: [] })
  expect((await rowsOf(b)).every((row) => row.attestations === 0)).toBe(true)
  expect(await listManifests(b)).toHaveLength(1)
  await reinstatePeer(b, { fingerprint: a.identity.fingerprint, compared: 'in_person' })
  expect((await listPeers(b))[0]!.history.map(({ what }) => what)).toEqual([
    'trusted',
    'revoked',
    'reinstated',
  ])
  expect(await importManifest(b, opened)).toMatchObject({ imported: 148, already_local: 4 })
  expect(await readFacets(b)).toMatchObject({ own: takenB.counts.added, imported: 148 })

  // A does not take in its own.
  expect((await openManifest(a, exported.file)).report.trust!.issuer).toBe('own')
  expect(await codeOf(importManifest(a, await openManifest(a, exported.file)))).toBe('own_manifest')

  // C, who trusts B alone, gets A's lines byte for byte, and their leaves.
  const c = await openTestInstance()
  await trust(c, b.identity)
  const onwards = await exportManifest(b, { origin: 'imported' })
  const onwardLines = (await onwards.file.text()).split('\n').slice(4, -2)
  const plain = (line: string) => line.replace(/,$/, '')
  expect(onwardLines).toHaveLength(148)
  const original = new Set(lines.map(plain))
  expect(onwardLines.every((line) => original.has(plain(line)))).toBe(true)
  expect(await importManifest(c, await openManifest(c, onwards.file))).toMatchObject({ imported: 148 })
  const atC = await rowsOf(c)
  const leavesOfA = new Set(lines.map((line) => (JSON.parse(plain(line)) as { leaf_hash: string }).leaf_hash))
  expect(atC.every(({ memory }) => leavesOfA.has(memory.leaf_hash))).toBe(true)
  expect(atC.every(({ memory }) => memory.author === a.identity.fingerprint)).toBe(true)
  expect(atC.every((row) => row.federation_origin!.fingerprint === b.identity.fingerprint)).toBe(true)
})

it('opens a manifest and a key as what they are', async () => {
  const a = await openWithIdentity('A')
  await takeIn(a, sampleB, 'b.json')
  const { file } = await exportManifest(a, {})
  const b = await openTestInstance()
  expect((await openFile(b, file)).kind).toBe('manifest')
  expect((await openFile(b, new File([a.identity.public_key_pem], 'key.pem'))).kind).toBe('key')
})

it('a whole store goes from A to B through gzip', async () => {
  const [a, b] = [await openWithIdentity('A'), await openTestInstance()]
  await takeIn(a, sampleB, 'b.json')
  const { file, count } = await exportManifest(a, {})
  const packed = new Response(file.stream().pipeThrough(new CompressionStream('gzip')))
  const zipped = new File([await packed.blob()], 'manifest.json.gz')
  await trust(b, a.identity)
  const opened = await openManifest(b, zipped)
  expect(opened.report.result).toBe('ok')
  expect(await opened.memories(0, count)).toHaveLength(count)
  expect(await importManifest(b, opened)).toMatchObject({ imported: count })
})
