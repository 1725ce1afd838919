import { scryptAsync } from '@noble/hashes/scrypt.js'
import { fromHex, toHex } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import type { Memory, MemoryDraft } from '../core/memory.ts'
import { testEngine, type EngineReport } from '../core/self-test.ts'
import type { Verification } from '../core/verification.ts'
import type { Holdings } from '../store/archive-records.ts'
import type { Database } from '../store/database.ts'
import type { MemoryIndex, Ordinal } from '../store/memory-index.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { lineEnd } from '../store/page.ts'
import type { WorkerLike } from './bridge.ts'
import { composeArchive, type ArchiveBody } from './archive-body.ts'
import { writeCsv, type CsvList } from './csv.ts'
import {
  stageDrafts,
  stageRevision,
  type DraftsInput,
  type RevisionInput,
  type StagedDrafts,
} from './drafts.ts'
import type { Excerpt } from './excerpt.ts'
import { previewExport, writeBody, type ExportBody, type ExportPreview, type ExportQuery } from './export.ts'
import { readFacets, type Facets } from './facets.ts'
import { readForeignFile, type ForeignPreview } from './foreign-file.ts'
import { stageImport, type Staged } from './import.ts'
import { checkStore, type Walked } from './integrity.ts'
import { startedKernel } from './kernel.ts'
import { Lanes } from './lanes.ts'
import { OpenedManifest } from './opened-manifest.ts'
import { OpenedArchive } from './opened-archive.ts'
import { mergeArchive, type MergedArchive, type MergeInput } from './merge-archive.ts'
import { packFile } from './pack.ts'
import type { Task } from './protocol.ts'
import {
  findRows,
  readDetail,
  readRows,
  type MemoryDetail,
  type MemoryRow,
  type Query,
  type Rows,
} from './query.ts'
import { Source } from './source.ts'
import { stageArchive, type StagedArchive } from './stage-archive.ts'
import { summaryOf, type ArchiveSummary } from './archive-summary.ts'

/** What the worker keeps between two calls, by number, until it is told to let go. */
export type Handle = number

/** Where a line stands: which row of its segment, and between which bytes. */
export interface LineBytes {
  readonly segment: number
  readonly row: number
  readonly from: number
  readonly to: number
}

export interface Tasks {
  verify: Task<{ file: Blob; start?: Uint8Array | undefined }, { opened: Handle; verification: Verification }>
  /** Starts what a large file will need. */
  warm: Task<Record<string, never>, void>
  /** Whether a batch that the page has put is there. */
  sees: Task<{ batch: string }, boolean>
  /** A person uses the page: the lanes leave it a core. */
  giveWay: Task<Record<string, never>, void>
  listOpened: Task<{ opened: Handle; from: number; to: number }, Excerpt[]>
  readOpened: Task<{ opened: Handle; index: number }, Memory>
  stageImport: Task<{ opened: Handle } & Parameters<typeof stageImport>[4], Staged>
  release: Task<{ handle: Handle }, void>
  query: Task<Query & { first: number }, { list: Handle; count: number; rows: MemoryRow[] }>
  readList: Task<{ list: Handle; from: number; to: number }, MemoryRow[]>
  readMemory: Task<{ key: string }, MemoryDetail | null>
  facets: Task<Record<string, never>, Facets>
  previewExport: Task<Query, ExportPreview>
  writeBody: Task<ExportQuery, ExportBody>
  writeCsv: Task<Query, CsvList>
  pack: Task<{ file: Blob }, Blob>
  stageDrafts: Task<DraftsInput, StagedDrafts>
  stageRevision: Task<RevisionInput, StagedDrafts>
  openForeign: Task<
    { file: Blob; fileDate: string; fallbackEntity: string },
    { opened: Handle; preview: ForeignPreview }
  >
  stageForeign: Task<{ opened: Handle; batch: string; author: string }, StagedDrafts>
  composeArchive: Task<Record<string, never>, ArchiveBody>
  openArchive: Task<{ file: Blob }, { opened: Handle; summary: ArchiveSummary }>
  /** Its records, to be put into the store. */
  readHoldings: Task<{ opened: Handle }, Holdings>
  /** What `mergeArchive` would do. */
  previewMerge: Task<MergeInput & { opened: Handle }, MergedArchive>
  mergeArchive: Task<MergeInput & { opened: Handle; ids: readonly string[] }, MergedArchive>
  stageArchive: Task<{ opened: Handle; batches: readonly string[] }, StagedArchive>
  locate: Task<{ key: string }, { keys: string[]; lines: LineBytes[]; leaf: string }>
  checkIntegrity: Task<Record<string, never>, Walked>
  testEngine: Task<Record<string, never>, EngineReport>
  stretch: Task<
    { passphrase: string; salt: Uint8Array; N: number; r: number; p: number },
    Uint8Array<ArrayBuffer>
  >
}

/** The tasks over one database connection; `startLane` makes a worker that serves `laneTasks`. */
export function createTasks(opening: Promise<Database>, startLane: () => WorkerLike): Tasks {
  const manifests = new Map<Handle, OpenedManifest>()
  const archives = new Map<Handle, OpenedArchive>()
  const foreign = new Map<Handle, readonly MemoryDraft[]>()
  const lists = new Map<Handle, Rows>()
  const lanes = new Lanes(startLane)
  let handles = 0
  const storing = opening.then((db) => ({ db, store: new MemoryStore(db) }))
  // Verification needs no store: where it cannot be opened, the tasks that need it say so.
  storing.catch(() => undefined)

  return {
    async verify({ file, start }, context) {
      const manifest = await OpenedManifest.verify(await Source.open(file, start), lanes, context)
      manifests.set(++handles, manifest)
      return { opened: handles, verification: manifest.verification }
    },
    warm: () => lanes.warm(),
    sees: async ({ batch }) => (await (await storing).db.getKey('batches', batch)) !== undefined,
    giveWay: async () => lanes.giveWay(),
    listOpened: async ({ opened, from, to }) => held(manifests, opened).excerpts(from, to),
    readOpened: async ({ opened, index }) => held(manifests, opened).read(index),
    async stageImport({ opened, ...input }, context) {
      const { db, store } = await storing
      return stageImport(db, store, lanes, held(manifests, opened), input, context)
    },
    async release({ handle }) {
      manifests.delete(handle)
      archives.delete(handle)
      foreign.delete(handle)
      lists.delete(handle)
    },
    async query({ first, ...query }, context) {
      const { store } = await storing
      const list = ++handles
      const keep = (found: Rows) => {
        lists.set(list, found)
        return list
      }
      const found = await findRows(store, query, context, { lanes, keep })
      const { index, lines } = found
      const rows = await readRows(store, { index, lines: lines.subarray(0, first) })
      return { list: keep(found), count: lines.length, rows }
    },
    async readList({ list, from, to }) {
      const { store } = await storing
      const { lines, index } = held(lists, list)
      // Lines were taken out since: their numbers now mean others.
      if ((await store.upToDate()) !== index) throw new ExchangeError('list_outdated')
      return readRows(store, { index, lines: lines.subarray(from, to) })
    },
    readMemory: async ({ key }) => readDetail((await storing).store, key),
    facets: async () => readFacets((await storing).store),
    previewExport: async (query, context) => previewExport((await storing).store, query, context),
    writeBody: async (query, context) => writeBody((await storing).store, lanes, query, context),
    writeCsv: async (query, context) => writeCsv((await storing).store, query, context),
    pack: ({ file }, context) => packFile(file, context),
    async stageDrafts(input, context) {
      const { db, store } = await storing
      return stageDrafts(db, store, input, context)
    },
    async stageRevision(input) {
      const { db, store } = await storing
      return stageRevision(db, store, input)
    },
    async openForeign({ file, ...context }, { signal }) {
      const { preview, drafts } = await readForeignFile((await storing).store, file, context, signal)
      foreign.set(++handles, drafts)
      return { opened: handles, preview }
    },
    async stageForeign({ opened, ...input }, context) {
      const { db, store } = await storing
      return stageDrafts(db, store, { ...input, drafts: held(foreign, opened), byHand: false }, context)
    },
    composeArchive: async (_, context) => composeArchive((await storing).db, context),
    async openArchive({ file }, context) {
      const archive = await OpenedArchive.verify(await Source.open(file), lanes, context)
      archives.set(++handles, archive)
      return { opened: handles, summary: summaryOf(archive) }
    },
    readHoldings: async ({ opened }) => held(archives, opened).holdings,
    async previewMerge({ opened, ...input }, context) {
      const { db, store } = await storing
      return mergeArchive(db, store, held(archives, opened), { ...input, ids: null }, context)
    },
    async mergeArchive({ opened, ...input }, context) {
      const { db, store } = await storing
      return mergeArchive(db, store, held(archives, opened), input, context)
    },
    async stageArchive({ opened, ...input }, context) {
      const { db } = await storing
      return stageArchive(db, held(archives, opened), input, context)
    },
    async locate({ key }) {
      const { store } = await storing
      const index = await store.upToDate()
      const { row } = index.lookUp(fromHex(key))
      if (row === null) throw new ExchangeError('memory_unknown')
      const keys = new Set([row, ...index.historyOf(row)].map((line) => toHex(index.keyOf(line))))
      const lines = [...keys]
        .flatMap((each) => index.linesOf(fromHex(each)))
        .map((line) => bytesOf(index, line))
      return { keys: [...keys], lines, leaf: toHex(index.leafOf(row)) }
    },
    checkIntegrity: async (_, context) => checkStore((await storing).db, context),
    testEngine: () => testEngine(startedKernel),
    stretch: async ({ passphrase, salt, N, r, p }) =>
      (await scryptAsync(passphrase.normalize('NFKC'), salt, {
        N,
        r,
        p,
        dkLen: 32,
      })) as Uint8Array<ArrayBuffer>,
  }
}

function held<T>(kept: ReadonlyMap<Handle, T>, handle: Handle): T {
  const value = kept.get(handle)
  // The worker that kept it has died; the one that took its place knows nothing of it.
  if (value === undefined) throw new ExchangeError('worker_lost')
  return value
}

function bytesOf(index: MemoryIndex, line: Ordinal): LineBytes {
  const page = index.pageOf(line)
  const row = index.rowOf(line)
  return { segment: page.id, row, from: page.offsets[row]!, to: lineEnd(page, row) }
}
