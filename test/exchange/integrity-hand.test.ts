import { expect, it } from 'vitest'
import { hashAuditRow } from '../../src/core/audit.ts'
import { FAULT_CODES, type FaultCode } from '../../src/core/integrity.ts'
import type { ManifestRecord, PeerRecord, StoreName } from '../../src/store/schema.ts'
import { craftManifest, createStranger } from './craft.ts'
import { openFull } from './full.ts'
import { erase, keep, linesOf, putBack, retell, reworded, write, type Kept, type Lines } from './hand.ts'
import type { TestInstance } from './instance.ts'

type Db = TestInstance['db']

/** Without the self-test of the engine, which is the same each time. */
const walk = (instance: TestInstance) => instance.worker.call('checkIntegrity', {})

type Hand = (db: Db, kept: Kept) => Promise<unknown>

const isOwn = ({ batch }: Lines) => batch.origin === null
const isWhole = ({ page }: Lines) => (page.erased ?? []).length === 0
const takenIn = (db: Db) => linesOf(db, (lines) => isOwn(lines) && lines.memories.length > 1)
const written = (db: Db) =>
  linesOf(db, (lines) => isOwn(lines) && lines.memories.length === 1 && isWhole(lines))
const brought = (db: Db) =>
  linesOf(db, (lines) => !isOwn(lines) && lines.memories.length > 1 && isWhole(lines))
const partly = (db: Db) => linesOf(db, (lines) => !isOwn(lines) && !isWhole(lines))

async function rewriteFirst(db: Db, lines: Lines, author?: string): Promise<void> {
  lines.memories[0] = reworded(lines.memories[0]!, { content: 'Pay 100000 to Mallory' }, author)
  await write(db, lines)
}

/** Changes the first record that is wanted. */
function change<Name extends StoreName>(
  name: Name,
  to: object,
  isWanted: (record: never) => boolean = () => true,
): Hand {
  return async (db) => {
    const record = (await db.getAll(name)).find((each) => isWanted(each as never))!
    await db.put(name, { ...(record as object), ...to } as never)
  }
}

function drop(name: StoreName, isWanted: (record: never) => boolean = () => true): Hand {
  return async (db) => {
    for (const key of await db.getAllKeys(name))
      if (isWanted((await db.get(name, key as never)) as never)) return db.delete(name, key as never)
    throw new Error('nothing to drop')
  }
}

const isImported = ({ direction }: ManifestRecord) => direction === 'imported'
/** Nothing else rests on what it brought. */
const isAlone = ({ direction, evidence }: ManifestRecord) => direction === 'imported' && evidence.length === 0
const isTrusted = ({ state }: PeerRecord) => state === 'trusted'
const TOMBSTONE = { key: 'ab'.repeat(32), at: '2026-01-01T00:00:00.000Z' }

/** What a hand in the store may do, every hash made anew, and what the check says then: all codes, and no others. */
const HANDS: Readonly<Record<string, readonly [hand: Hand, codes: readonly FaultCode[]]>> = {
  'a memory that was written is reworded': [
    async (db) => rewriteFirst(db, await written(db)),
    ['memories_missing', 'memory_unrecorded'],
  ],
  'a memory that was taken in is reworded': [
    async (db) => rewriteFirst(db, await takenIn(db)),
    ['memories_missing', 'memory_unrecorded', 'handed_over_gone'],
  ],
  'one that was taken in before rows named roots, and was handed over': [
    async (db) => {
      await forgetRoots(db)
      await rewriteFirst(db, await takenIn(db))
    },
    ['handed_over_gone'],
  ],
  'a memory of ours comes from nowhere': [
    async (db) => {
      const { page, batch, memories } = await written(db)
      const more = { ...batch, id: 'ffffffff-0000-4000-8000-000000000000' }
      await write(db, { page, batch: more, memories: [reworded(memories[0]!, {})] }, [0], 9001)
    },
    ['memories_unrecorded', 'memory_unrecorded'],
  ],
  'a memory of ours stands here twice': [
    async (db) => {
      const lines = await written(db)
      lines.memories.push(lines.memories[0]!)
      await write(db, lines)
    },
    ['memories_missing', 'memories_unrecorded', 'memory_doubled', 'memory_unrecorded'],
  ],
  'a memory of ours bears another author': [
    async (db) => rewriteFirst(db, await written(db), 'ab'.repeat(32)),
    ['author_unknown', 'memories_missing', 'memory_unrecorded'],
  ],
  'a memory of ours is gone, and its batch': [
    async (db) => {
      const { page, batch } = await written(db)
      await Promise.all([
        db.delete('pages', page.id),
        db.delete('segments', page.id),
        db.delete('batches', batch.id),
      ])
    },
    ['memories_missing'],
  ],
  'an imported memory is taken out without a deed': [
    async (db) => {
      const lines = await brought(db)
      await erase(db, lines, 0)
      await db.put('tombstones', { ...TOMBSTONE, key: keyAt(lines, 0) })
    },
    // Two of its lines stand here, and one still has its text.
    ['deletion_unrecorded', 'tombstone_unrecorded'],
  ],
  'one of ours is taken out without a deed': [
    async (db) => {
      const lines = await takenIn(db)
      await erase(db, lines, 2)
      await db.put('tombstones', { ...TOMBSTONE, key: keyAt(lines, 2) })
    },
    ['deletion_unrecorded', 'tombstone_unrecorded'],
  ],
  'a deleted memory stands here again, with its tombstone gone': [
    async (db, kept) => {
      const lines = await partly(db)
      const { manifest } = lines.batch.origin!
      const all = (kept.get('leaves') as { id: string }[]).find(({ id }) => id === manifest)
      expect(all).toBeDefined()
      // Whoever kept a copy of the text can put it back; here any text will do, and the leaf is what it was.
      await db.put('pages', { ...lines.page, erased: [] })
      await db.delete('tombstones', keyAt(lines, lines.page.erased![0]!))
    },
    ['line_unreadable', 'deletion_unrecorded', 'tombstone_missing'],
  ],
  'an imported memory stands in the place of another': [
    async (db) => {
      const lines = await brought(db)
      lines.memories[1] = lines.memories[0]!
      await write(db, lines, [0, 0, 2])
    },
    ['memory_doubled'],
  ],
  'an imported memory is reworded': [
    async (db) => rewriteFirst(db, await brought(db)),
    ['leaf_unproven', 'handed_over_gone'],
  ],
  'an imported memory is gone, and its batch says so': [
    async (db) => {
      const lines = await brought(db)
      const last = lines.memories.length - 1
      await write(db, { ...lines, memories: lines.memories.slice(0, last) })
    },
    ['memories_missing', 'handed_over_gone'],
  ],
  'an imported memory comes once more': [
    async (db) => {
      const { page, batch, memories } = await brought(db)
      const more = { ...batch, id: 'ffffffff-0000-4000-8000-000000000000' }
      await write(db, { page, batch: more, memories: [memories[0]!] }, [0], 9001)
    },
    ['memories_unrecorded', 'memory_doubled'],
  ],
  'a tombstone that nobody set': [async (db) => db.put('tombstones', TOMBSTONE), ['tombstone_unrecorded']],
  'a tombstone on a memory that is here': [
    async (db) => db.put('tombstones', { ...TOMBSTONE, key: keyAt(await takenIn(db), 0) }),
    ['tombstone_unrecorded'],
  ],
  'a tombstone is gone': [drop('tombstones'), ['tombstone_missing']],
  'a deleted memory says that it replaced one that is here': [
    async (db) => {
      const live = await written(db)
      const { page } = await linesOf(db, (lines) => isOwn(lines) && !isWhole(lines))
      const leaves = [live.memories[0]!.leaf_hash]
      await db.put('pages', { ...page, supersedes: [{ row: page.erased![0]!, leaves }] })
    },
    ['columns_wrong'],
  ],
  'a segment is gone': [drop('segments'), ['segment_missing']],
  'a page is gone': [drop('pages'), ['page_missing', 'memories_missing']],
  'a segment is cut': [
    async (db) => {
      const { page } = await takenIn(db)
      await db.put('segments', { id: page.id, lines: new Blob(['{},\n{},\n{},']) })
      await db.put('pages', { ...page, offsets: Uint32Array.of(0, 4, 8, 11) })
    },
    ['line_unreadable', 'segment_damaged'],
  ],
  'a letter of a line': [
    async (db) => {
      const { page } = await takenIn(db)
      const text = await ((await db.get('segments', page.id))!.lines as Blob).text()
      await db.put('segments', {
        id: page.id,
        lines: new Blob([text.replace('"content":"a', '"content":"b')]),
      })
    },
    ['line_changed'],
  ],
  'an entity of a page': [
    async (db) => {
      const { page } = await takenIn(db)
      await db.put('pages', {
        ...page,
        strings: page.strings.map((text) => (text === 'project' ? 'other' : text)),
      })
    },
    ['columns_wrong'],
  ],
  'a batch is gone': [
    drop('batches', (({ origin }: Lines['batch']) => origin !== null) as never),
    ['batch_missing', 'memories_missing'],
  ],
  'a batch is no batch': [change('batches', { state: 'done' }), ['batch_wrong', 'memories_missing']],
  'a word of a deleted memory is put back': [
    async (db) => {
      const { page } = await linesOf(db, (lines) => isOwn(lines) && !isWhole(lines))
      await db.put('pages', { ...page, strings: page.strings.map(() => 'secret') })
    },
    ['deleted_text_kept'],
  ],
  'a manifest is gone': [
    async (db) => db.delete('manifests', (await brought(db)).batch.origin!.manifest),
    ['manifest_gone', 'manifest_missing'],
  ],
  'a manifest that nobody imported': [
    async (db) => {
      const stranger = await createStranger()
      const [record] = await db.getAll('manifests')
      const { id, statement } = await craftManifest(stranger, [(await written(db)).memories[0]!])
      const leaves = (await db.get('leaves', record!.id))!
      await db.put('manifests', { ...record!, id, statement: statement as never, direction: 'imported' })
      await db.put('leaves', { ...leaves, id })
    },
    ['manifest_unrecorded', 'details_wrong', 'leaves_wrong'],
  ],
  'a manifest is signed by nobody': [
    async (db) => {
      const record = (await db.getAll('manifests')).find(isImported)!
      const { header } = record.statement
      await db.put('manifests', {
        ...record,
        statement: { ...record.statement, header: { ...header, sequence: 9 } },
      })
    },
    ['manifest_wrong'],
  ],
  'the kept leaves of a manifest': [
    async (db) => {
      const { id } = (await db.getAll('manifests')).find(isImported)!
      await db.put('leaves', { id, leaves: new Uint8Array(32) })
    },
    ['leaves_wrong'],
  ],
  'evidence is changed': [change('manifests', { evidence: ['{}'] }, isAlone as never), ['evidence_wrong']],
  'memories are said to come from another stream': [
    async (db) => {
      const { batch } = await brought(db)
      await db.put('batches', { ...batch, origin: { ...batch.origin!, sequence: 7 } })
    },
    ['origin_wrong'],
  ],
  'memories are said to come from somebody of another name': [
    async (db) => {
      const { batch } = await brought(db)
      await db.put('batches', { ...batch, origin: { ...batch.origin!, label: 'My bank' } })
    },
    ['origin_name_wrong'],
  ],
  'a place of a stream is gone': [
    drop('places', (({ imported }: { imported: boolean }) => imported) as never),
    ['place_missing'],
  ],
  'a place that only evidence shows is gone': [
    drop('places', (({ imported }: { imported: boolean }) => !imported) as never),
    ['place_missing'],
  ],
  'a place of a stream follows another': [change('places', { previous: 'ab'.repeat(32) }), ['place_wrong']],
  'a stream of ours is put back': [change('own_streams', { issued: 0 }), ['own_stream_wrong']],
  'a fork is gone': [drop('forks'), ['fork_missing']],
  'a fork is frozen': [change('forks', { frozen: true }), ['fork_wrong']],
  'the key is gone': [drop('identities'), ['key_missing']],
  'the key can be read': [
    async (db) => {
      const made = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
      await change('identities', { key: made.privateKey })(db, new Map())
    },
    ['key_readable'],
  ],
  'the key is another': [
    async (db) => {
      const made = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
      await change('identities', { key: made.privateKey })(db, new Map())
    },
    ['key_wrong'],
  ],
  'the key is of another kind': [
    async (db) => {
      const kind = { name: 'ECDSA', namedCurve: 'P-256' }
      const made = await crypto.subtle.generateKey(kind, false, ['sign', 'verify'])
      await change('identities', { key: made.privateKey })(db, new Map())
    },
    ['key_unusable'],
  ],
  'the identity has another name': [change('identities', { label: 'Bank' }), ['identity_wrong']],
  'a peer is gone': [drop('peers'), ['peer_missing']],
  'a revoked peer is trusted': [
    change('peers', { state: 'trusted' }, (({ state }: PeerRecord) => state === 'revoked') as never),
    ['peer_wrong'],
  ],
  'a peer has another name': [change('peers', { label: 'My bank' }), ['peer_name_wrong']],
  'a peer was compared otherwise': [
    change('peers', { compared: 'in_person' }, isTrusted as never),
    ['peer_history_wrong'],
  ],
  'a row says something else': [
    change('audit', { operation: 'nothing' }),
    ['audit_row_changed', 'audit_gap'],
  ],
  'a row is gone': [drop('audit'), ['audit_gap']],
  'a row follows another': [
    async (db) => {
      const { row_hash: _, ...row } = { ...(await db.getAll('audit')).at(-1)!, previous: 'ab'.repeat(32) }
      await db.put('audit', { ...row, row_hash: hashAuditRow(row) })
    },
    ['audit_link_broken'],
  ],
  'rows are cut off': [
    async (db) => {
      const last = (await db.getAllKeys('audit')).at(-1)!
      await db.delete('audit', last)
    },
    ['audit_gap'],
  ],
  'the count of deeds is no number': [
    async (db) => db.put('settings', { name: 'generation', value: { toString: 1, valueOf: 1 } as never }),
    ['audit_gap'],
  ],
  'a manifest is named by what is no text': [
    async (db) => {
      const { batch } = await brought(db)
      const manifest = { toString: 1, valueOf: 1 } as never
      await db.put('batches', { ...batch, origin: { ...batch.origin!, manifest } })
    },
    ['batch_wrong', 'memories_missing'],
  ],
}

/** What nothing that is kept here can tell, once the chain too was written anew. `SECURITY.md` says so. */
const UNDETECTED: Readonly<Record<string, Hand>> = {
  'nobody was revoked': async (db) => {
    await retell(db, ({ operation }) =>
      operation === 'peer_revoked' || operation === 'peer_reinstated' ? null : {},
    )
    for (const { reason: _reason, revoked_at: _at, ...peer } of await db.getAll('peers'))
      await db.put('peers', {
        ...peer,
        state: 'trusted',
        compared: 'phone',
        history: peer.history.slice(0, 1),
      })
  },
  'a memory that was never handed over is reworded, in the chain as well': async (db) => {
    for (const { id } of (await db.getAll('manifests')).filter(({ direction }) => direction === 'made')) {
      await db.delete('manifests', id)
      await db.delete('leaves', id)
    }
    for (const stream of await db.getAllKeys('own_streams')) await db.delete('own_streams', stream)
    const lines = await written(db)
    const before = lines.memories[0]!.leaf_hash
    await rewriteFirst(db, lines)
    const after = lines.memories[0]!.leaf_hash
    await retell(db, ({ operation, leaf_hash }) => {
      if (operation === 'manifest_exported' || operation === 'sequence_reserved') return null
      return leaf_hash === before ? { leaf_hash: after } : {}
    })
  },
}

function keyAt({ page }: Lines, row: number): string {
  return page.keys
    .subarray(32 * row, 32 * row + 32)
    .reduce((hex, byte) => hex + byte.toString(16).padStart(2, '0'), '')
}

/** As rows were before they named what a file brought. */
function forgetRoots(db: Db): Promise<void> {
  return retell(db, ({ subject }) => {
    const { merkle_root: _, ...rest } = subject
    return { subject: rest }
  })
}

it('finds what a hand in the store did, by every code there is', { timeout: 600_000 }, async () => {
  const instance = await openFull()
  const { db } = instance
  const kept = await keep(db)
  const found: Record<string, string[]> = {}
  for (const [name, [hand]] of Object.entries(HANDS)) {
    await hand(db, kept)
    const { counts, faults, result } = await walk(instance)
    found[name] = Object.keys(counts).sort()
    expect({ name, result }).toEqual({ name, result: 'faults' })
    expect([...new Set(faults.map(({ code }) => code))].sort()).toEqual(found[name])
    await putBack(db, kept)
  }
  const expected = Object.entries(HANDS).map(([name, [, codes]]) => [name, [...codes].sort()])
  expect(found).toEqual(Object.fromEntries(expected))
  const proved = new Set(Object.values(HANDS).flatMap(([, codes]) => codes))
  expect(FAULT_CODES.filter((code) => !proved.has(code))).toEqual([])

  const head = (await walk(instance)).audit_head
  for (const [name, hand] of Object.entries(UNDETECTED)) {
    await hand(db, kept)
    const report = await walk(instance)
    expect({ name, counts: report.counts }).toEqual({ name, counts: {} })
    expect(report.audit_head).not.toEqual(head)
    await putBack(db, kept)
  }
  expect((await walk(instance)).result).toBe('holds')
})

it(
  'says first that the history is broken, and of what rests on it that it is not known',
  { timeout: 60_000 },
  async () => {
    const instance = await openFull()
    const { db } = instance
    await db.delete('audit', 2)
    const { areas, counts, faults } = await walk(instance)
    expect(Object.keys(counts)).toEqual(['audit_gap'])
    expect(faults[0]!.code).toBe('audit_gap')
    const { audit, ...others } = areas
    expect(audit.result).toBe('faults')
    expect([...new Set(Object.values(others).map(({ result }) => result))]).toEqual(['unknown'])
  },
)

it('counts every fault, and keeps the first hundred of each code', { timeout: 60_000 }, async () => {
  const instance = await openFull()
  const { db } = instance
  for (let i = 0; i < 150; i++)
    await db.put('tombstones', { ...TOMBSTONE, key: i.toString(16).padStart(64, '0') })
  await db.delete('peers', (await db.getAllKeys('peers'))[0]!)
  const { counts, faults, areas } = await walk(instance)
  expect(counts).toEqual({ tombstone_unrecorded: 151, peer_missing: 1 })
  expect(areas.memories.faults).toBe(151)
  expect(faults.length).toBe(101)
})
