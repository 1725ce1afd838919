import * as fc from 'fast-check'
import { deleteDB } from 'idb'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeArchiveHead, hashRecord, RECORD_KINDS, type RecordKind } from '../../src/core/archive.ts'
import { concat, encodeUtf8, fromHex, toHex } from '../../src/core/bytes.ts'
import { canonicalize, type JsonObject } from '../../src/core/canonical.ts'
import { hashAuditRow, type AuditRow } from '../../src/core/audit.ts'
import { rootOf } from '../../src/core/merkle.ts'
import { backUpStore, openArchive } from '../../src/exchange/archive.ts'
import type { Instance } from '../../src/exchange/instance.ts'
import { WorkerBridge } from '../../src/worker/bridge.ts'
import { openFull } from './full.ts'
import { codeOf, startTestWorker } from './instance.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a forger keeps to no form
type Value = any

interface Parts {
  head: Value
  records: { kind: RecordKind; value: Value }[]
  memories: Value[]
}

let text = ''

/** The file that is forged, made in the first test that asks for it. */
async function prepare(): Promise<void> {
  if (text === '') text = await (await backUpStore(await openFull())).file.text()
}

const name = `test-${crypto.randomUUID()}`
const reader = { worker: new WorkerBridge(() => startTestWorker(name)) } as unknown as Instance
afterAll(async () => {
  reader.worker.close()
  await deleteDB(name)
})

const open = async (bytes: BlobPart): Promise<string> =>
  codeOf(
    openArchive(reader, new File([bytes], 'store.json')).then((opened) => {
      opened.close()
      return 'opened'
    }),
  )

function parse(): Parts {
  const { envelope, holdings, memories } = JSON.parse(text) as Record<string, Value>
  const records = (holdings as JsonObject[]).map((record) => {
    const [kind, value] = Object.entries(record)[0]!
    return { kind: kind as RecordKind, value }
  })
  return { head: envelope.header, records, memories }
}

/** As whoever has no key would write it: every count and root made anew, nobody's signature. */
function forge(edit: (parts: Parts) => void, { rows = false } = {}): string {
  const parts = parse()
  edit(parts)
  if (rows) chain(parts)
  const lines = parts.records.map(({ kind, value }) => canonicalize({ [kind]: value }, -30))
  const { issuer: _, ...head } = parts.head
  const audit = parts.records.filter(({ kind }) => kind === 'audit').map(({ value }) => value as AuditRow)
  const leaves = parts.memories.map(({ leaf_hash }) => fromHex(leaf_hash))
  const header = {
    ...head,
    audit: {
      last_row_hash: audit.at(-1)!.row_hash,
      merkle_root: toHex(rootOf(concat(...audit.map(({ row_hash }) => fromHex(row_hash))))),
      tree_size: audit.length,
    },
    counts: Object.fromEntries(
      RECORD_KINDS.map((kind) => [kind, parts.records.filter((record) => record.kind === kind).length]),
    ),
    holdings_root: toHex(rootOf(concat(...lines.map(hashRecord)))),
    memory_count: leaves.length,
    memory_root: toHex(rootOf(concat(...leaves))),
  }
  const memories = parts.memories.map((memory) => canonicalize(memory))
  const body = `${lines.join(',\n')}\n],\n"memories":[\n${memories.join(',\n')}\n]}\n`
  return encodeArchiveHead({ header, signatures: [] }) + body
}

/** Links the rows anew. */
function chain({ records }: Parts): void {
  let previous = '0'.repeat(64)
  for (const [i, record] of records.filter(({ kind }) => kind === 'audit').entries()) {
    const { row_hash: _, ...row } = { ...record.value, previous, seq: i + 1 }
    previous = hashAuditRow(row)
    record.value = { ...row, row_hash: previous }
  }
}

const first =
  (kind: RecordKind, is: (value: Value) => boolean = () => true) =>
  ({ records }: Parts): Value =>
    records.find((record) => record.kind === kind && is(record.value))!.value
const set =
  (kind: RecordKind, members: Value, is?: (value: Value) => boolean) =>
  (parts: Parts): void =>
    void Object.assign(first(kind, is)(parts), members)
const drop =
  (kind: RecordKind, is: (value: Value) => boolean = () => true) =>
  (parts: Parts) => {
    const at = parts.records.findIndex((record) => record.kind === kind && is(record.value))
    parts.records.splice(at, 1)
  }
const twice = (kind: RecordKind) => (parts: Parts) => {
  const at = parts.records.findIndex((record) => record.kind === kind)
  parts.records.splice(at, 0, structuredClone(parts.records[at]!))
}
const swap = (kind: RecordKind) => (parts: Parts) => {
  const at = parts.records.findIndex((record) => record.kind === kind)
  const [one, two] = parts.records.slice(at, at + 2)
  parts.records.splice(at, 2, two!, one!)
}
const isRow = (operation: string) => (value: Value) => value.operation === operation
const isImported = (value: Value) => value.direction === 'imported'
const isForeign = (value: Value) => value.origin !== null
const isOwn = (value: Value) => value.origin === null
const H = '00'.repeat(32)

describe('a file whose signature, counts and roots were left', () => {
  it('every line of it is covered', async () => {
    await prepare()
    const lines = text.split('\n')
    for (const kind of RECORD_KINDS) {
      const at = lines.findIndex((line) => line.startsWith(`{"${kind}":`))
      if (at === -1) continue
      const without = [...lines.slice(0, at), ...lines.slice(at + 1)].join('\n')
      expect(await open(without), kind).not.toContain('opened')
      const odd = [...lines.slice(0, at), lines[at]!.replace('{', '{ '), ...lines.slice(at + 1)].join('\n')
      expect(await open(odd), kind).toBe('not_canonical')
    }
  }, 60_000)

  it('no byte can be changed', async () => {
    await prepare()
    const bytes = encodeUtf8(text)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const changed = bytes.slice()
        changed[at] = changed[at]! ^ by
        return !(await open(changed)).includes('opened')
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  it('no end can be cut off, and nothing added', async () => {
    await prepare()
    expect(await open(text)).toContain('opened')
    expect(await open(text.slice(0, -1))).toBe('truncated')
    expect(await open(text.slice(0, -4))).toBe('truncated')
    expect(await open(text + '\n')).toBe('trailing_data')
    expect(await open(text.slice(0, text.indexOf('"memories"')))).toBe('truncated')
    expect(await open('')).toBe('file_empty')
    expect(await open(text.replace('omega-store/1', 'omega-store/2'))).toBe('version_unsupported')
    expect(await open(text.replace('store.v1+json', 'store.v2+json'))).toBe('version_unsupported')
    expect(await open(text.replace('omega.store.v1+json', 'omega.receipt.v1+json'))).toBe('type_mismatch')
    expect(await open(text.replace('"label":"Harbour, renamed"', '"label":"Harbour, other"'))).toBe(
      'signature_invalid',
    )
  }, 60_000)
})

describe('a file made anew by somebody else', () => {
  it('is whole as long as nothing in it is wrong', async () => {
    await prepare()
    expect(await open(forge(() => undefined))).toContain('opened')
    expect(await open(forge(() => undefined, { rows: true }))).toContain('opened')
  }, 60_000)

  const cases: readonly [what: string, code: string, edit: (parts: Parts) => void, rows?: boolean][] = [
    ['a member too many in the header', 'shape_invalid', ({ head }) => (head.other = 1)],
    ['an issuer who has not signed', 'archive_invalid', set('audit', { subject: {} })],
    ['an audit row out of the chain', 'archive_invalid', drop('audit')],
    [
      'a row that says of the store what is not so',
      'archive_invalid',
      set('audit', { operation: 'x' }, isRow('peer_trusted')),
      true,
    ],
    ['an identity whose fingerprint is another', 'archive_invalid', set('identity', { fingerprint: H })],
    [
      'an identity that no row has',
      'archive_invalid',
      set('audit', { operation: 'x' }, isRow('identity_created')),
      true,
    ],
    ['an identity with a key', 'archive_invalid', set('identity', { key: 'x' })],
    ['a peer whose fingerprint is another', 'archive_invalid', set('peer', { fingerprint: H })],
    ['a peer twice', 'archive_invalid', twice('peer')],
    ['peers out of order', 'archive_invalid', swap('peer')],
    ['a peer that no row trusted', 'archive_invalid', drop('audit', isRow('peer_trusted')), true],
    [
      'a revoked peer that is trusted',
      'archive_invalid',
      set('peer', { state: 'trusted' }, ({ state }) => state === 'revoked'),
    ],
    ['a name that was never given', 'archive_invalid', set('peer', { label: 'Somebody' })],
    ['a key that is none', 'key_malformed', set('peer', { public_key_pem: 'x' })],
    [
      'a manifest that was changed',
      'archive_invalid',
      (parts) => (first('manifest')(parts).statement.header.created_at = '2020-01-01T00:00:00.000Z'),
    ],
    [
      'details that were changed',
      'archive_invalid',
      (parts) => (first('manifest')(parts).details.note = 'x'),
    ],
    ['counts of another kind', 'archive_invalid', set('manifest', { counts: {} })],
    ['a manifest without its leaves', 'archive_invalid', drop('leaves')],
    ['leaves that do not make the root', 'archive_invalid', set('leaves', { bytes: btoa('\0'.repeat(32)) })],
    ['leaves that are no hashes', 'archive_invalid', set('leaves', { bytes: 'AAAA' })],
    ['evidence twice', 'archive_invalid', twice('evidence')],
    [
      'evidence that does not verify',
      'archive_invalid',
      (parts) => (first('evidence')(parts).statement.header.created_at = '2020-01-01T00:00:00.000Z'),
    ],
    ['a place that no manifest has', 'archive_invalid', set('place', { id: H })],
    ['a place that is missing', 'archive_invalid', drop('place')],
    [
      'a fork that is none',
      'archive_invalid',
      (parts) => {
        const fork = first('fork')(parts)
        fork.known = fork.refused
      },
    ],
    ['a fork frozen or not as no row says', 'archive_invalid', set('fork', { frozen: true })],
    ['a stream of ours further than rows say', 'archive_invalid', set('stream', { issued: 99 })],
    ['a tombstone without its form', 'archive_invalid', set('tombstone', { key: 'x' })],
    ['a batch with a line more', 'archive_invalid', (parts) => void first('batch')(parts).lines++],
    ['memories of ours that came from a peer', 'archive_invalid', set('batch', { origin: null }, isForeign)],
    [
      'memories of a peer that are ours',
      'archive_invalid',
      (parts) => void (first('batch', isOwn)(parts).origin = first('batch', isForeign)(parts).origin),
    ],
    [
      'an origin that its manifest does not have',
      'archive_invalid',
      (parts) => void (first('batch', isForeign)(parts).origin.sequence += 1),
    ],
    [
      'an origin without a manifest',
      'archive_invalid',
      (parts) => void (first('batch', isForeign)(parts).origin.manifest = H),
    ],
    ['an erased row beyond its batch', 'archive_invalid', set('erased', { row: 4_000_000_000 })],
    ['an erased row that is another', 'archive_invalid', set('erased', { leaf: H })],
    [
      'a setting that nobody knows',
      'archive_invalid',
      ({ records }) => void records.push({ kind: 'setting', value: { name: 'generation', value: 1 } }),
    ],
    [
      'a kind out of its place',
      'archive_invalid',
      ({ records }) =>
        void records.push({ kind: 'peer', value: records.find(({ kind }) => kind === 'peer')!.value }),
    ],
    [
      'a kind that nobody knows',
      'archive_invalid',
      ({ records }) => void records.push({ kind: 'key' as RecordKind, value: {} }),
    ],
    ['a memory less', 'archive_invalid', ({ memories }) => void memories.pop()],
    ['a memory twice', 'archive_invalid', ({ memories }) => void memories.push(memories[0])],
    ['memories in another order', 'archive_invalid', ({ memories }) => void memories.reverse()],
    ['a text that was changed', 'content_hash_mismatch', ({ memories }) => (memories[1].content += '!')],
    ['a memory without its form', 'memory_invalid', ({ memories }) => (memories.at(-1).tags = 'x')],
  ]
  it.each(cases)('%s', async (_, code, edit, rows = false) => {
    await prepare()
    expect(await open(forge(edit, { rows }))).toBe(code)
  })

  it('with a manifest that nobody imported', async () => {
    await prepare()
    const edit = set('audit', { operation: 'x' }, isRow('manifest_imported'))
    expect(await open(forge(edit, { rows: true }))).toBe('archive_invalid')
    const made = (parts: Parts) => Object.assign(first('manifest', isImported)(parts), { direction: 'made' })
    expect(await open(forge(made))).toBe('archive_invalid')
  })
})
