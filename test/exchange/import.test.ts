import { readStored } from '../../src/store/segment.ts'
import { describe, expect, it } from 'vitest'
import { canonicalize } from '../../src/core/canonical.ts'
import { importManifest, importRefusal } from '../../src/exchange/import.ts'
import { listForks, resumeStream } from '../../src/exchange/forks.ts'
import { createIdentity } from '../../src/exchange/identity.ts'
import { openManifest } from '../../src/exchange/manifest.ts'
import {
  deleteMemory,
  editMemory,
  queryMemories,
  readFacets,
  readMemory,
  writeMemory,
} from '../../src/exchange/memories.ts'
import { exportManifest } from '../../src/exchange/export.ts'
import { removePeerMemories, trustPeer } from '../../src/exchange/peers.ts'
import { craftManifest, craftMemory, createStranger, type Crafted, type Stranger } from './craft.ts'
import {
  codeOf,
  dump,
  openTestInstance,
  openWithIdentity,
  trust,
  type TestInstance,
  rowsOf,
} from './instance.ts'

async function take(instance: TestInstance, { file }: Pick<Crafted, 'file'>) {
  return importManifest(instance, await openManifest(instance, file))
}

async function openWithPeer(...peers: Stranger[]) {
  const instance = await openTestInstance()
  for (const peer of peers) await trust(instance, peer)
  return instance
}

/** The order in which manifests of one stream follow each other. */
async function chain(signer: Stranger, length: number, contents = 'm') {
  const made: Crafted[] = []
  for (let sequence = 1; sequence <= length; sequence++) {
    const memory = craftMemory(signer.fingerprint, { content: `${contents} ${sequence}` })
    const previous = made.at(-1)?.id ?? null
    made.push(await craftManifest(signer, [memory], { header: { sequence, previous } }))
  }
  return made
}

describe('what the file itself says', () => {
  it('a file that does not hold is refused with its code and place, and changes nothing', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const good = await craftManifest(
      peer,
      [1, 2, 3].map((n) => craftMemory(peer.fingerprint, { content: `${n}` })),
    )
    const text = (await good.file.text()).replace('"content":"2"', '"content":"4"')
    const before = await dump(instance.db)
    const error = await take(instance, { file: new File([text], 'x') }).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'content_hash_mismatch', place: { line: 6, index: 1 } })
    expect(await dump(instance.db)).toEqual(before)
  })

  it('expired and early: refused, shown', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const now = new Date(instance.clock.ms).toISOString()
    const memory = craftMemory(peer.fingerprint)
    const expired = await craftManifest(peer, [memory], { header: { expires_at: now } })
    expect((await openManifest(instance, expired.file)).report).toMatchObject({ result: 'ok', expired: true })
    expect(await codeOf(take(instance, expired))).toBe('manifest_expired')
    instance.clock.ms -= 1
    const opened = await openManifest(instance, expired.file)
    expect(importRefusal(opened.report)).toBeNull()
    instance.clock.ms += 1
    // The report was made before; the clock has gone on.
    expect(await codeOf(importManifest(instance, opened))).toBe('manifest_expired')
    const lead = (ms: number) => ({ created_at: new Date(instance.clock.ms + ms).toISOString() })
    const within = await craftManifest(peer, [memory], { header: lead(300_000) })
    const beyond = await craftManifest(peer, [memory], { header: lead(300_001) })
    expect((await openManifest(instance, within.file)).report.clock_suspect).toBe(false)
    expect((await openManifest(instance, beyond.file)).report.clock_suspect).toBe(true)
    expect(await take(instance, beyond)).toMatchObject({ imported: 1 })
  })

  it('audience is told and does not decide', async () => {
    const peer = await createStranger()
    const instance = await openWithIdentity('Reader')
    await trust(instance, peer)
    const open = async (audience: string[]) =>
      (
        await openManifest(
          instance,
          (await craftManifest(peer, [craftMemory(peer.fingerprint)], { details: { audience } })).file,
        )
      ).report
    expect((await open([instance.identity.fingerprint])).audience).toBe('included')
    const other = await open(['ab'.repeat(32)])
    expect(other.audience).toBe('not_included')
    expect(importRefusal(other)).toBeNull()
  })

  it('a memory that must be understood and is not is counted, not taken', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const critical = craftMemory(peer.fingerprint, { content: 'a', critical: ['x-later'], 'x-later': 1 })
    const crafted = await craftManifest(peer, [
      critical,
      craftMemory(peer.fingerprint, { content: 'b', 'x-later': 1 }),
    ])
    expect(await take(instance, crafted)).toMatchObject({ imported: 1, not_understood: 1 })
    const rows = await rowsOf(instance)
    expect(rows.map(({ memory }) => [memory.content, memory['x-later']])).toEqual([['b', 1]])
    expect(await take(instance, crafted)).toMatchObject({ imported: 0, already_local: 1, not_understood: 1 })
  })

  it('equal keys in one manifest: the lowest index is the row, the others attest', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const [first, second] = [
      craftMemory(peer.fingerprint, { content: 'same', tags: ['first'] }),
      craftMemory(peer.fingerprint, { content: 'same', tags: ['second'] }),
    ]
    const crafted = await craftManifest(peer, [craftMemory(peer.fingerprint), first, second, first])
    expect(await take(instance, crafted)).toMatchObject({ imported: 2, already_local: 2 })
    const row = (await rowsOf(instance)).find(({ memory }) => memory.content === 'same')!
    expect(row).toMatchObject({
      memory: { tags: ['first'] },
      federation_origin: { leaf_index: 1 },
      attestations: 1,
    })
    expect((await readMemory(instance, row.key))!.attested).toMatchObject([
      { memory: { tags: ['second'] }, federation_origin: { leaf_index: 2 } },
    ])
    expect(await take(instance, crafted)).toMatchObject({ imported: 0, already_local: 4 })
    expect((await rowsOf(instance)).find(({ key }) => key === row.key)).toMatchObject({ attestations: 1 })
  })

  it('of many that attest one row all are counted and the first are read', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const memories = Array.from({ length: 150 }, () => craftMemory(peer.fingerprint))
    await take(instance, await craftManifest(peer, memories))
    const [row] = await rowsOf(instance)
    const detail = (await readMemory(instance, row!.key))!
    expect(detail.attestations).toBe(149)
    expect(detail.attested.map(({ memory }) => memory.id)).toEqual(memories.slice(1, 101).map(({ id }) => id))
    await deleteMemory(instance, row!.key)
    expect(await rowsOf(instance)).toEqual([])
  })

  it('of what attests one row no more is read than a page can hold, and a list reads beginnings', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const long = { content: 'a'.repeat(1_000_000), metadata: { note: 'b'.repeat(5_000_000) } }
    const memories = Array.from({ length: 4 }, () => craftMemory(peer.fingerprint, long))
    const crafted = await craftManifest(peer, memories)
    const opened = await openManifest(instance, crafted.file)
    expect(JSON.stringify(await opened.memories(0, 4)).length).toBeLessThan(10_000)
    expect(await opened.memory(3)).toEqual(memories[3])
    await importManifest(instance, opened)
    const list = await queryMemories(instance, {})
    const [row] = await list.rows(0, list.count)
    expect(JSON.stringify(row).length).toBeLessThan(10_000)
    const detail = (await readMemory(instance, row!.key))!
    expect(detail.memory).toEqual(memories[0])
    expect([detail.attestations, detail.attested.length]).toEqual([3, 2])
  })

  it('names to choose from are the most frequent ones', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const memories = Array.from({ length: 30 }, (_, i) => {
      const tags = Array.from({ length: 255 }, (_, j) => `tag ${i} ${j}`)
      return craftMemory(peer.fingerprint, { content: String(i), tags: ['often', ...tags].sort() })
    })
    await take(instance, await craftManifest(peer, memories))
    const { tags } = await readFacets(instance)
    expect(tags).toHaveLength(1000)
    expect(tags[0]).toEqual(['often', 30])
  })

  it('same content under another entity is another memory', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const memories = ['e1', 'e2'].map((entity_id) =>
      craftMemory(peer.fingerprint, { content: 'same', entity_id }),
    )
    expect(await take(instance, await craftManifest(peer, memories))).toMatchObject({ imported: 2 })
  })

  it('what was deleted here does not rise again', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const memories = ['a', 'b'].map((content) => craftMemory(peer.fingerprint, { content }))
    const crafted = await craftManifest(peer, memories)
    await take(instance, crafted)
    const row = (await rowsOf(instance)).find(({ memory }) => memory.content === 'a')!
    await deleteMemory(instance, row.key)
    expect(await take(instance, crafted)).toMatchObject({ imported: 0, already_local: 1, deleted_here: 1 })
    await removePeerMemories(instance, peer.fingerprint)
    expect(await take(instance, crafted)).toMatchObject({ imported: 1, already_local: 0, deleted_here: 1 })
    expect((await rowsOf(instance)).map(({ memory }) => memory.content)).toEqual(['b'])
  })
})

describe('authors', () => {
  it('a leaf that bears our key and that we did not make is forged', async () => {
    const peer = await createStranger()
    const instance = await openWithIdentity('B')
    await trust(instance, peer)
    const forged = craftMemory(instance.identity.fingerprint, { content: 'never said' })
    const crafted = await craftManifest(peer, [craftMemory(peer.fingerprint), forged])
    const before = await dump(instance.db)
    const error = await take(instance, crafted).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'author_forged', place: { line: 6, index: 1 } })
    expect(await dump(instance.db)).toEqual(before)
  })

  it('our own leaf comes home as an attestation', async () => {
    const [a, b] = [await openWithIdentity('A'), await openWithIdentity('B')]
    await trust(b, a.identity)
    await trust(a, b.identity)
    const key = await writeMemory(a, { content: 'ours', entity_id: 'e' })
    await take(b, await exportManifest(a, {}))
    const back = await exportManifest(b, {})
    expect(await take(a, back)).toMatchObject({ imported: 0, already_local: 1 })
    expect(await readMemory(a, key)).toMatchObject({ federation_origin: null, attestations: 1 })
  })

  it('an earlier version of ours that comes home stays replaced', async () => {
    const [a, b] = [await openWithIdentity('A'), await openWithIdentity('B')]
    await trust(b, a.identity)
    await trust(a, b.identity)
    const first = await writeMemory(a, { content: 'first', entity_id: 'e' })
    await take(b, await exportManifest(a, {}))
    const second = await editMemory(a, first, { content: 'second', entity_id: 'e' })
    expect(await take(a, await exportManifest(b, {}))).toMatchObject({ imported: 0, already_local: 1 })
    expect((await rowsOf(a)).map(({ key }) => key)).toEqual([second])
    // Written anew by hand it is shown again: then a person says so.
    await writeMemory(a, { content: 'first', entity_id: 'e' })
    expect((await rowsOf(a)).map(({ key }) => key).sort()).toEqual([first, second].sort())
  })

  it('what bears our key and is not ours does not leave, however it came in', async () => {
    // Taken in before the identity was restored here: then nobody could know.
    const peer = await createStranger()
    const later = await openTestInstance()
    await trust(later, peer)
    const { identity } = await createIdentity(later, { label: 'Later' })
    const key = (await later.db.get('identities', identity.fingerprint))!
    await later.db.clear('identities')
    await take(later, await craftManifest(peer, [craftMemory(identity.fingerprint, { content: 'planted' })]))
    await later.db.put('identities', key)
    expect(await codeOf(exportManifest(later, {}))).toBe('author_forged')
  })
})

describe('rows and those who attest them', () => {
  it('an own row stays, an imported one goes with its last attestation', async () => {
    const [p, q] = [await createStranger('P'), await createStranger('Q')]
    const instance = await openWithIdentity('B')
    await trust(instance, p)
    await trust(instance, q)
    const own = await writeMemory(instance, { content: 'own', entity_id: 'e' })
    const make = (peer: Stranger) =>
      craftManifest(
        peer,
        ['own', 'shared', peer.label].map((content) => craftMemory(peer.fingerprint, { content })),
      )
    const [fromP, fromQ] = [await make(p), await make(q)]
    expect(await take(instance, fromP)).toMatchObject({ imported: 2, already_local: 1 })
    expect(await take(instance, fromQ)).toMatchObject({ imported: 1, already_local: 2 })
    expect(await readFacets(instance)).toMatchObject({ rows: 4, own: 1, imported: 3 })
    expect(await readMemory(instance, own)).toMatchObject({ attestations: 2 })
    expect(await removePeerMemories(instance, p.fingerprint)).toEqual({ removed: 1, kept: 1 })
    const rows = await rowsOf(instance)
    expect(rows.map(({ memory }) => memory.content).sort()).toEqual(['Q', 'own', 'shared'])
    expect(rows.find(({ memory }) => memory.content === 'shared')).toMatchObject({
      federation_origin: { fingerprint: q.fingerprint, manifest: fromQ.id },
      memory: { author: q.fingerprint },
      attestations: 0,
    })
    expect(await readMemory(instance, own)).toMatchObject({ attestations: 1, federation_origin: null })
    await removePeerMemories(instance, q.fingerprint)
    expect((await rowsOf(instance)).map(({ key }) => key)).toEqual([own])
  })
})

describe('streams', () => {
  it('new, fresh, gap, late, replay', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const [one, two, three, four] = await chain(peer, 4)
    const freshness = async ({ file }: Crafted) => (await openManifest(instance, file)).report.freshness
    expect(await freshness(two!)).toBe('stream_new')
    await take(instance, two!)
    expect(await freshness(two!)).toBe('replay')
    expect(await freshness(three!)).toBe('fresh')
    expect(await freshness(four!)).toBe('gap')
    expect(await freshness(one!)).toBe('late')
    for (const each of [four!, one!, three!])
      expect(await take(instance, each)).toMatchObject({ imported: 1 })
    expect(await freshness(three!)).toBe('replay')
    expect(await instance.db.count('places')).toBe(4)
  })

  it.each([
    ['the same place', 2],
    ['the place after, with another before it', 3],
    ['the place before, which the known one does not follow', 1],
  ])('fork: %s', async (_, sequence) => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const [, two] = await chain(peer, 2)
    await take(instance, two!)
    const memory = craftMemory(peer.fingerprint, { content: 'other story' })
    const previous = sequence === 1 ? null : 'cd'.repeat(32)
    const other = await craftManifest(peer, [memory], { header: { sequence, previous } })
    const opened = await openManifest(instance, other.file)
    expect(opened.report).toMatchObject({ result: 'ok', freshness: 'fork' })
    expect(await codeOf(importManifest(instance, opened))).toBe('stream_fork')
    const [fork] = await listForks(instance)
    expect(fork).toMatchObject({
      issuer: peer.fingerprint,
      frozen: true,
      refused: { id: other.id, statement: other.statement },
      known: { id: two!.id, statement: two!.statement },
    })
    expect((await rowsOf(instance)).map(({ memory }) => memory.content)).toEqual(['m 2'])
    expect((await instance.db.getAll('places')).map(({ id }) => id)).toEqual([two!.id])
  })

  it('a frozen stream takes nothing until a person decides; then it does, and the liar is still refused', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const [one, two, three] = await chain(peer, 3)
    const liar = await craftManifest(peer, [craftMemory(peer.fingerprint, { content: 'lie' })])
    const elsewhere = await craftManifest(peer, [craftMemory(peer.fingerprint, { content: 'elsewhere' })], {
      header: { stream: '11'.repeat(16) },
    })
    await take(instance, one!)
    expect(await codeOf(take(instance, liar))).toBe('stream_fork')
    expect(await codeOf(take(instance, two!))).toBe('stream_fork')
    expect(await codeOf(take(instance, one!))).toBe('stream_fork')
    expect(await take(instance, elsewhere)).toMatchObject({ imported: 1 })
    const stream = (await listForks(instance))[0]!.stream
    await resumeStream(instance, peer.fingerprint, stream)
    expect(await take(instance, two!)).toMatchObject({ imported: 1 })
    expect(await codeOf(take(instance, liar))).toBe('stream_fork')
    // The person has decided on this very pair: showing it again decides nothing anew.
    expect(await take(instance, three!)).toMatchObject({ imported: 1 })
    expect(await listForks(instance)).toMatchObject([{ refused: { id: liar.id }, known: { id: one!.id } }])
  })

  it('what a person has decided on freezes nothing when evidence shows it again', async () => {
    const peer = await createStranger()
    const instance = await openWithPeer(peer)
    const [one] = await chain(peer, 1)
    const liar = await craftManifest(peer, [craftMemory(peer.fingerprint, { content: 'lie' })])
    const two = await craftManifest(peer, [craftMemory(peer.fingerprint, { content: 'm 2' })], {
      header: { sequence: 2, previous: one!.id },
      evidence: [liar.statement],
    })
    await take(instance, one!)
    expect(await codeOf(take(instance, two))).toBe('stream_fork')
    await resumeStream(instance, peer.fingerprint, (await listForks(instance))[0]!.stream)
    expect(await take(instance, two)).toMatchObject({ imported: 1 })
    expect(await listForks(instance)).toMatchObject([{ refused: { id: liar.id }, frozen: false }])
    expect((await instance.db.getAll('places')).map(({ id }) => id)).toEqual([one!.id, two.id])
  })

  it('a place seen in any of many pieces of evidence counts', async () => {
    const [peer, third] = [await createStranger('P'), await createStranger('T')]
    const instance = await openWithPeer(peer, third)
    const inStream = (n: number, content: string) =>
      craftManifest(third, [craftMemory(third.fingerprint, { content })], {
        header: { stream: n.toString(16).padStart(32, '0') },
      })
    const seen = await Promise.all(Array.from({ length: 50 }, (_, n) => inStream(n, 'seen')))
    const evidence = seen.map(({ statement }) => statement)
    await take(instance, await craftManifest(peer, [craftMemory(peer.fingerprint)], { evidence }))
    for (const n of [0, 25, 49]) {
      expect(await codeOf(take(instance, await inStream(n, 'other')))).toBe('stream_fork')
    }
    const forks = await listForks(instance)
    expect(forks.map(({ known }) => known.id).sort()).toEqual([0, 25, 49].map((n) => seen[n]!.id).sort())
  })

  it('an untrusted issuer forks nothing', async () => {
    const peer = await createStranger()
    const instance = await openTestInstance()
    const [one] = await chain(peer, 1)
    const other = await craftManifest(peer, [craftMemory(peer.fingerprint)])
    await trust(instance, peer)
    await take(instance, one!)
    await instance.db.clear('peers')
    expect(await codeOf(take(instance, other))).toBe('untrusted_peer')
    expect(await listForks(instance)).toEqual([])
  })

  it('places seen in evidence count for forks, not for freshness', async () => {
    const [peer, third] = [await createStranger('P'), await createStranger('T')]
    const instance = await openWithPeer(peer, third)
    const [one] = await chain(third, 1)
    const carrier = await craftManifest(peer, [craftMemory(peer.fingerprint)], { evidence: [one!.statement] })
    const opened = await openManifest(instance, carrier.file)
    expect(opened.report).toMatchObject({ result: 'ok', evidence: [{ id: one!.id }] })
    await importManifest(instance, opened)
    expect((await openManifest(instance, one!.file)).report.freshness).toBe('stream_new')
    const other = await craftManifest(third, [craftMemory(third.fingerprint, { content: 'other' })])
    expect((await openManifest(instance, other.file)).report.freshness).toBe('fork')
    expect(await codeOf(take(instance, other))).toBe('stream_fork')
  })

  it('of the same manifest with other evidence counts too; of the same evidence nothing changes', async () => {
    const [peer, third] = [await createStranger('P'), await createStranger('T')]
    const instance = await openWithPeer(peer, third)
    const [one] = await chain(third, 1)
    const memories = [craftMemory(peer.fingerprint)]
    const bare = await craftManifest(peer, memories)
    await take(instance, bare)
    const line = canonicalize(one!.statement)
    const text = (await bare.file.text()).replace('"evidence":[],', () => `"evidence":[\n${line}\n],`)
    const laden = { file: new File([text], 'laden.json') }
    expect(await take(instance, laden)).toMatchObject({ imported: 0, already_local: 1 })
    const { audit: _audit, settings: _settings, ...kept } = await dump(instance.db)
    expect((await instance.db.get('manifests', bare.id))!.evidence).toEqual([line])
    const other = await craftManifest(third, [craftMemory(third.fingerprint, { content: 'other' })])
    expect((await openManifest(instance, other.file)).report.freshness).toBe('fork')
    await take(instance, laden)
    expect(await dump(instance.db)).toMatchObject(kept)
  })

  it('of a key that was never listed are not kept: a courier could add any number', async () => {
    const [peer, nobody] = [await createStranger('P'), await createStranger('N')]
    const instance = await openWithPeer(peer)
    const both = await Promise.all(
      ['one', 'other'].map((content) =>
        craftManifest(nobody, [craftMemory(nobody.fingerprint, { content })]),
      ),
    )
    const evidence = both.sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ statement }) => statement)
    const carrier = () => craftManifest(peer, [craftMemory(peer.fingerprint)], { evidence })
    expect(await take(instance, await carrier())).toMatchObject({ imported: 1 })
    expect(await listForks(instance)).toEqual([])
    // Listed, the same quarrel is kept, and does not hinder who brings it.
    const later = await openWithPeer(peer, nobody)
    expect(await take(later, await carrier())).toMatchObject({ imported: 1 })
    expect(await listForks(later)).toMatchObject([{ issuer: nobody.fingerprint, frozen: true }])
  })
})

it('keeps what proves each row later', async () => {
  const peer = await createStranger()
  const instance = await openWithPeer(peer)
  const memories = [1, 2, 3].map((n) => craftMemory(peer.fingerprint, { content: `${n}` }))
  const crafted = await craftManifest(peer, memories)
  await take(instance, crafted)
  const record = (await instance.db.get('manifests', crafted.id))!
  expect(record).toMatchObject({
    direction: 'imported',
    statement: crafted.statement,
    counts: { imported: 3 },
  })
  const { leaves } = (await instance.db.get('leaves', crafted.id))!
  const hex = [...(await readStored(leaves))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  expect(hex).toBe(memories.map(({ leaf_hash }) => leaf_hash).join(''))
  // Every visible line is what was signed, byte for byte.
  const segments = await instance.db.getAll('segments')
  const texts = await Promise.all(segments.map(({ lines }) => new Blob([lines as BlobPart]).text()))
  expect(texts.join('')).toBe(crafted.lines.map((line) => line + ',\n').join(''))
})

it('a label of ours names the peer, whatever the file says', async () => {
  const peer = await createStranger('What they call themselves')
  const instance = await openTestInstance()
  await trustPeer(instance, { public_key_pem: peer.public_key_pem, label: 'Ours', compared: 'paper' })
  const result = await take(instance, await craftManifest(peer, [craftMemory(peer.fingerprint)]))
  expect(result.peer.label).toBe('Ours')
  expect((await rowsOf(instance))[0]!.federation_origin!.label).toBe('Ours')
})
