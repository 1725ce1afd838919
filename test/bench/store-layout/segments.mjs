// L3: append-only segments of lines, beside each a page of columns; at open all pages become columns in memory.
import { done, drop, now, open, req, timed, median } from './idb.mjs'
import { SPAN, T0, batchOf, entityName, keyOf, originOf, rowOf, tagName, typeName } from './rows.mjs'

const enc = new TextEncoder()
const stores = (d) => {
  for (const n of ['lines', 'pages', 'leaves', 'meta', 'slabs']) d.createObjectStore(n)
}
const MAX_CHUNKS = 1024 // key of a chunk of lines = page number * MAX_CHUNKS + chunk number

/** Rows [from, to) as one page and its chunks of lines. cfg: { pageRows, chunkRows, dict: 'page'|'global', leaves: 'page'|'apart', as: 'bytes'|'blob' } */
function pack(from, to, cfg) {
  const n = to - from,
    rows = []
  for (let i = from; i < to; i++) rows.push(rowOf(i))
  const keys = new Uint8Array(32 * n),
    leaves = new Uint8Array(32 * n),
    times = new Float64Array(n),
    type = new Uint8Array(n)
  const entity = new Uint16Array(n),
    tagStart = new Uint32Array(n + 1),
    tags = [],
    offsets = new Uint32Array(n)
  const names = { e: new Map(), t: new Map(), y: new Map() }
  const id = (m, v) => {
    if (cfg.dict === 'global') return v
    let k = m.get(v)
    if (k === undefined) m.set(v, (k = m.size))
    return k
  }
  const chunks = []
  for (let c = 0; c < n; c += cfg.chunkRows) {
    const part = rows.slice(c, c + cfg.chunkRows)
    let at = 0
    part.forEach((r, k) => {
      offsets[c + k] = at
      at += r.line.length + 1
    }) // ASCII here: length = bytes
    const bytes = enc.encode(part.map((r) => r.line + '\n').join(''))
    chunks.push(cfg.as === 'blob' && n > 1 ? new Blob([bytes]) : bytes) // a single row stays bytes in the record
  }
  rows.forEach((r, k) => {
    keyOf(from + k, keys, 32 * k)
    keyOf(from + k + 5e8, leaves, 32 * k)
    times[k] = r.time
    entity[k] = id(names.e, r.entity)
    type[k] = id(names.y, r.type)
    for (const t of r.tags) tags.push(id(names.t, t))
    tagStart[k + 1] = tags.length
  })
  const page = {
    n,
    batch: batchOf(from),
    chunkRows: cfg.chunkRows,
    keys,
    times,
    entity,
    type,
    tagStart,
    tags: Uint16Array.from(tags),
    offsets,
  }
  if (cfg.dict === 'page')
    page.names = [
      [...names.e.keys()].map(entityName),
      [...names.y.keys()].map(typeName),
      [...names.t.keys()].map(tagName),
    ]
  if (cfg.leaves === 'page') page.leaves = leaves
  return { page, leaves, chunks }
}

function putPage(tx, no, p, cfg) {
  tx.objectStore('pages').put(p.page, no)
  if (cfg.leaves === 'apart') tx.objectStore('leaves').put(p.leaves, no)
  const st = tx.objectStore('lines')
  p.chunks.forEach((c, k) => st.put(c, no * MAX_CHUNKS + k))
}

const ALL = ['lines', 'pages', 'leaves', 'meta']
const byteLength = (c) => c.size ?? c.length

export async function fill({ name, rows, cfg, pagesPerTx = 1, durability = 'default' }) {
  await drop(name)
  const db = await open(name, stores)
  let gen = 0,
    put = 0,
    bytes = 0
  const slow = []
  const pages = Math.ceil(rows / cfg.pageRows)
  for (let p = 0; p < pages; p += 16) {
    const a = now(),
      batch = []
    for (let k = p; k < Math.min(p + 16, pages); k++)
      batch.push(pack(k * cfg.pageRows, Math.min(rows, (k + 1) * cfg.pageRows), cfg))
    const b = now()
    gen += b - a
    for (let k = 0; k < batch.length; k += pagesPerTx) {
      const c = now(),
        tx = db.transaction(ALL, 'readwrite', { durability })
      for (let q = k; q < Math.min(k + pagesPerTx, batch.length); q++) {
        putPage(tx, p + q, batch[q], cfg)
        for (const x of batch[q].chunks) bytes += byteLength(x)
      }
      await done(tx)
      slow.push(now() - c)
    }
    put += now() - b
  }
  const tx = db.transaction('meta', 'readwrite')
  tx.objectStore('meta').put({ rows, cfg }, 'head')
  await done(tx)
  db.close()
  slow.sort((x, y) => x - y)
  return {
    rows,
    bytesPerRow: Math.round(bytes / rows),
    generationUsPerRow: +((gen * 1000) / rows).toFixed(1),
    putUsPerRow: +((put * 1000) / rows).toFixed(2),
    txMs: {
      median: +slow[slow.length >> 1].toFixed(1),
      p99: +slow[Math.floor(slow.length * 0.99)].toFixed(1),
      max: +slow.at(-1).toFixed(1),
    },
  }
}

let S = null // the open store: columns

export async function openColumns({ name, chunk = 64, ahead = true, withTable = true }) {
  S = null
  globalThis.gc?.()
  const t0 = now(),
    db = await open(name, stores),
    tOpen = now() - t0
  const head = await req(db.transaction('meta').objectStore('meta').get('head'))
  const cap = head.rows + 60_000
  const c = {
    db,
    cfg: head.cfg,
    n: 0,
    time: new Float64Array(cap),
    entity: new Uint16Array(cap),
    type: new Uint8Array(cap),
    batch: new Uint16Array(cap),
    tagStart: new Uint32Array(cap + 1),
    tags: new Uint16Array(cap * 3),
    offsets: new Uint32Array(cap),
    keys: new Uint8Array(cap * 32),
    pageNo: [],
    pageFirst: [],
    chunkRows: [],
    handles: new Map(),
    nTags: 0,
    entityIds: new Map(),
    tagIds: new Map(),
    typeIds: new Map(),
  }
  let tAppend = 0,
    tWait = 0,
    last = -1,
    tSlabs = now()
  const slabs = (await req(db.transaction('slabs').objectStore('slabs').getAllKeys())).map((k) =>
    req(db.transaction('slabs').objectStore('slabs').get(k)),
  )
  for (const s of slabs) {
    const v = await s
    appendSlab(c, v)
    last = v.pageNo.at(-1)
  }
  tSlabs = now() - tSlabs
  const next = (after) =>
    req(db.transaction('pages').objectStore('pages').getAll(IDBKeyRange.lowerBound(after, true), chunk))
  const nextKeys = (after) =>
    req(db.transaction('pages').objectStore('pages').getAllKeys(IDBKeyRange.lowerBound(after, true), chunk))
  let pend = [next(last), nextKeys(last)]
  for (;;) {
    let a = now()
    const keys = await pend[1]
    if (!keys.length) break
    last = keys.at(-1)
    const following = ahead ? [null, nextKeys(last)] : null
    if (following) following[0] = next(last)
    const pages = await pend[0]
    tWait += now() - a
    a = now()
    pages.forEach((p, k) => append(c, keys[k], p))
    tAppend += now() - a
    pend = following ?? [next(last), nextKeys(last)]
  }
  const a = now()
  if (withTable) buildTable(c)
  const tTable = now() - a
  const b = now()
  c.order = radixOrder(c.time, c.n)
  const tOrder = now() - b
  S = c
  const f = (x) => Math.round(x)
  return {
    rows: c.n,
    pages: c.pageNo.length,
    totalMs: f(now() - t0),
    openMs: f(tOpen),
    slabsMs: f(tSlabs),
    waitForPagesMs: f(tWait),
    appendMs: f(tAppend),
    hashTableMs: f(tTable),
    orderMs: f(tOrder),
  }
}

const mapIds = (m, names) =>
  Uint16Array.from(names, (s) => {
    let k = m.get(s)
    if (k === undefined) m.set(s, (k = m.size))
    return k
  })

function append(c, no, p) {
  const n = p.n,
    at = c.n
  c.time.set(p.times, at)
  c.offsets.set(p.offsets, at)
  c.keys.set(p.keys, at * 32)
  c.batch.fill(p.batch, at, at + n)
  if (p.names) {
    const e = mapIds(c.entityIds, p.names[0]),
      y = mapIds(c.typeIds, p.names[1]),
      t = mapIds(c.tagIds, p.names[2])
    for (let k = 0; k < n; k++) {
      c.entity[at + k] = e[p.entity[k]]
      c.type[at + k] = y[p.type[k]]
    }
    for (let k = 0; k < p.tags.length; k++) c.tags[c.nTags + k] = t[p.tags[k]]
  } else {
    c.entity.set(p.entity, at)
    c.type.set(p.type, at)
    c.tags.set(p.tags, c.nTags)
  }
  for (let k = 0; k < n; k++) c.tagStart[at + k + 1] = c.nTags + p.tagStart[k + 1]
  c.nTags += p.tags.length
  c.pageNo.push(no)
  c.pageFirst.push(at)
  c.chunkRows.push(p.chunkRows)
  c.n += n
}

/** All pages copied together into records of at least `per` rows; the pages stay for what is changed one by one. */
export async function fold({ per = 65_536 }) {
  const c = S,
    a = now()
  let no = 0,
    mb = 0
  for (let p = 0; p < c.pageNo.length; no++) {
    let q = p
    while (q < c.pageNo.length && c.pageFirst[q] - c.pageFirst[p] < per) q++
    const lo = c.pageFirst[p],
      hi = c.pageFirst[q] ?? c.n,
      t = c.tagStart[lo]
    const v = {
      n: hi - lo,
      times: c.time.slice(lo, hi),
      entity: c.entity.slice(lo, hi),
      type: c.type.slice(lo, hi),
      batch: c.batch.slice(lo, hi),
      tagStart: c.tagStart.slice(lo, hi + 1),
      tags: c.tags.slice(t, c.tagStart[hi]),
      offsets: c.offsets.slice(lo, hi),
      keys: c.keys.slice(lo * 32, hi * 32),
      pageNo: c.pageNo.slice(p, q),
      pageFirst: c.pageFirst.slice(p, q),
      chunkRows: c.chunkRows.slice(p, q),
    }
    for (const x of Object.values(v)) mb += (x.byteLength ?? 0) / 1e6
    const tx = c.db.transaction('slabs', 'readwrite')
    tx.objectStore('slabs').put(v, no)
    await done(tx)
    p = q
  }
  return { records: no, mb: Math.round(mb), ms: Math.round(now() - a) }
}
function appendSlab(c, p) {
  const at = c.n,
    dTag = c.nTags - p.tagStart[0],
    dRow = at - p.pageFirst[0]
  c.time.set(p.times, at)
  c.entity.set(p.entity, at)
  c.type.set(p.type, at)
  c.batch.set(p.batch, at)
  c.tags.set(p.tags, c.nTags)
  c.offsets.set(p.offsets, at)
  c.keys.set(p.keys, at * 32)
  for (let k = 1; k <= p.n; k++) c.tagStart[at + k] = p.tagStart[k] + dTag
  c.nTags += p.tags.length
  c.n += p.n
  for (let k = 0; k < p.pageNo.length; k++) {
    c.pageNo.push(p.pageNo[k])
    c.pageFirst.push(p.pageFirst[k] + dRow)
    c.chunkRows.push(p.chunkRows[k])
  }
}

function buildTable(c) {
  let size = 1024
  while (size < c.n * 2) size *= 2
  c.words = new Uint32Array(c.keys.buffer)
  c.mask = size - 1
  const t = (c.table = new Uint32Array(size)),
    w = c.words
  for (let r = 0; r < c.n; r++) {
    let h = w[r * 8] & c.mask
    while (t[h]) h = (h + 1) & c.mask
    t[h] = r + 1
  }
}
function lookup(c, kw, at) {
  // row or -1
  const t = c.table,
    w = c.words
  for (let h = kw[at] & c.mask; t[h]; h = (h + 1) & c.mask) {
    const r = t[h] - 1
    let k = 0
    while (k < 8 && w[r * 8 + k] === kw[at + k]) k++
    if (k === 8) return r
  }
  return -1
}

/** Rows in ascending time: least significant digit first, 3 passes of 13 bits over ms since the earliest (39 bits = 17 years). */
function radixOrder(time, n) {
  let a = new Uint32Array(n),
    b = new Uint32Array(n),
    min = Infinity
  const low = new Uint32Array(n),
    rest = new Uint32Array(n)
  for (let i = 0; i < n; i++) {
    a[i] = i
    if (time[i] < min) min = time[i]
  }
  for (let i = 0; i < n; i++) {
    const t = time[i] - min
    low[i] = t % 8192
    rest[i] = t / 8192
  }
  for (const [from, shift] of [
    [low, 0],
    [rest, 0],
    [rest, 13],
  ]) {
    const count = new Uint32Array(8193)
    for (let i = 0; i < n; i++) count[((from[i] >>> shift) & 8191) + 1]++
    for (let i = 0; i < 8192; i++) count[i + 1] += count[i]
    for (let i = 0; i < n; i++) {
      const r = a[i]
      b[count[(from[r] >>> shift) & 8191]++] = r
    }
    ;[a, b] = [b, a]
  }
  return a
}

const hasTag = (c, r, t) => {
  for (let k = c.tagStart[r], e = c.tagStart[r + 1]; k < e; k++) if (c.tags[k] === t) return true
  return false
}
function filters(c) {
  const e = c.cfg.dict === 'global' ? (n) => n : (n) => c.entityIds.get(entityName(n)),
    t = c.cfg.dict === 'global' ? (n) => n : (n) => c.tagIds.get(tagName(n))
  const e7 = e(7),
    ta = t(3),
    tb = t(77),
    lo = T0 + SPAN * 0.4,
    hi = T0 + SPAN * 0.45
  return {
    entity: (r) => c.entity[r] === e7,
    range: (r) => c.time[r] >= lo && c.time[r] < hi,
    tagAny: (r) => hasTag(c, r, ta) || hasTag(c, r, tb),
    tagAll: (r) => hasTag(c, r, ta) && hasTag(c, r, tb),
    origin: (r) => originByBatch[c.batch[r]] === 5,
    entityAndTag: (r) => c.entity[r] === e7 && hasTag(c, r, ta),
  }
}
const originByBatch = Uint8Array.from({ length: 65_536 }, (_, b) => originOf(b * 25_000))

function newestFirst(c, f, limit) {
  const out = []
  for (let i = c.n - 1; i >= 0 && out.length < limit; i--) {
    const r = c.order[i]
    if (f(r)) out.push(r)
  }
  return out
}
function newestFirstUnordered(c, f, limit) {
  // no order kept: collect all matches, then sort them
  const rows = [],
    time = c.time
  for (let r = 0; r < c.n; r++) if (f(r)) rows.push(r)
  return rows.sort((a, b) => time[b] - time[a]).slice(0, limit)
}
function newestTop(c, f, limit) {
  // no order kept: one scan, the best `limit` so far held in a sorted list
  const out = [],
    time = c.time
  let worst = -Infinity
  for (let r = c.n - 1; r >= 0; r--) {
    if (time[r] <= worst || !f(r)) continue
    let k = out.length
    while (k > 0 && time[out[k - 1]] < time[r]) k--
    out.splice(k, 0, r)
    if (out.length > limit) out.pop()
    if (out.length === limit) worst = time[out[limit - 1]]
  }
  return out
}
const count = (c, f) => {
  let n = 0
  for (let r = 0; r < c.n; r++) if (f(r)) n++
  return n
}

const pageOf = (c, r) => {
  let lo = 0,
    hi = c.pageFirst.length - 1
  while (lo < hi) {
    const m = (lo + hi + 1) >> 1
    if (c.pageFirst[m] <= r) lo = m
    else hi = m - 1
  }
  return lo
}
/** The lines of the rows, in their order; `window` chunks in flight. Calls sink(bytes, position in rows). */
async function readLines(c, rows, sink, window = 64, keepBlobs = false) {
  const need = new Map()
  rows.forEach((r, i) => {
    const p = pageOf(c, r),
      k = r - c.pageFirst[p],
      cr = c.chunkRows[p],
      chunk = Math.floor(k / cr)
    const end = k % cr === cr - 1 || r + 1 === (c.pageFirst[p + 1] ?? c.n) ? -1 : c.offsets[r + 1] - 1
    const key = c.pageNo[p] * MAX_CHUNKS + chunk
    let l = need.get(key)
    if (!l) need.set(key, (l = []))
    l.push([i, c.offsets[r], end])
  })
  const keys = [...need.keys()]
  for (let a = 0; a < keys.length; a += window) {
    const part = keys.slice(a, a + window),
      st = c.db.transaction('lines').objectStore('lines')
    const got = await Promise.all(part.map((k) => c.handles.get(k) ?? req(st.get(k))))
    await Promise.all(
      got.map(async (v, q) => {
        if (!(v instanceof Blob)) {
          for (const [i, from, end] of need.get(part[q]))
            sink(v.subarray(from, end < 0 ? v.length - 1 : end), i)
          return
        }
        c.handles.set(part[q], v)
        await Promise.all(
          need.get(part[q]).map(async ([i, from, end]) => {
            const b = v.slice(from, end < 0 ? v.size - 1 : end)
            sink(keepBlobs ? b : new Uint8Array(await b.arrayBuffer()), i)
          }),
        )
      }),
    )
  }
  return keys.length
}

export async function queries() {
  const c = S,
    out = {},
    f = filters(c)
  for (const [k, g] of Object.entries(f)) {
    const first = timed(() => newestFirst(c, g, 100)),
      plain = timed(() => newestFirstUnordered(c, g, 100)),
      top = timed(() => newestTop(c, g, 100)),
      all = timed(() => count(c, g))
    const same =
      first.v.length === plain.v.length &&
      top.v.every((r, i) => c.time[r] === c.time[plain.v[i]]) &&
      first.v.every((r, i) => c.time[r] === c.time[plain.v[i]])
    out[k] = {
      first100Ms: first.ms,
      first100SortMs: plain.ms,
      first100TopMs: top.ms,
      countMs: all.ms,
      count: all.v,
      same,
    }
  }
  const dec = new TextDecoder(),
    page = {}
  for (const k of ['entity', 'range', 'origin']) {
    const rows = newestFirst(c, f[k], 500),
      t = []
    let chunks = 0
    for (let i = 0; i < 5; i++) {
      const a = now(),
        lines = []
      chunks = await readLines(c, rows.slice(i * 100, i * 100 + 100), (b, q) => {
        lines[q] = JSON.parse(dec.decode(b))
      })
      t.push(now() - a)
      if (lines.length !== Math.max(0, Math.min(100, rows.length - i * 100))) throw new Error('lines missing')
    }
    page[k] = { firstMs: +t[0].toFixed(1), medianMs: +median(t).toFixed(1), chunksRead: chunks }
  }
  out.read100 = page
  const keys = new Uint8Array(320_000)
  for (let i = 0; i < 10_000; i++) keyOf(i % 2 ? 1e9 + i : Math.floor((i * c.n) / 10_000), keys, i * 32)
  const kw = new Uint32Array(keys.buffer),
    d = timed(() => {
      let hit = 0
      for (let i = 0; i < 10_000; i++) if (lookup(c, kw, i * 8) >= 0) hit++
      return hit
    })
  out.dedup10000 = d
  return out
}

export async function exportEntity({ window = 64 } = {}) {
  const c = S,
    rows = newestFirst(c, filters(c).entity, Infinity).sort((a, b) => a - b)
  const a = now(),
    parts = new Array(rows.length)
  const chunks = await readLines(
    c,
    rows,
    (b, i) => {
      parts[i] = b.slice()
    },
    window,
    true,
  )
  const blob = new Blob(parts.flatMap((p) => [p, '\n'])),
    ms = now() - a,
    text = await blob.text(),
    withRead = now() - a,
    want = c.deleted
      ? null
      : rows
          .map(
            (r) => rowOf(c.pageNo[pageOf(c, r)] * c.cfg.pageRows + r - c.pageFirst[pageOf(c, r)]).line + '\n',
          )
          .join('')
  return {
    rows: rows.length,
    bytes: blob.size,
    chunks,
    blobMadeMs: Math.round(ms),
    andReadMs: Math.round(withRead),
    identical: text === want,
  }
}

/** Every line once, in order, the next window asked for while this one is handled: exporting or verifying everything. */
export async function readAll({ window = 16 } = {}) {
  const a = now(),
    { db } = S
  let bytes = 0
  const ask = (after) => {
    const st = db.transaction('lines').objectStore('lines'),
      r = IDBKeyRange.lowerBound(after, true)
    return [req(st.getAllKeys(r, window)), req(st.getAll(r, window))]
  }
  let pend = ask(-1)
  for (;;) {
    const ks = await pend[0]
    if (!ks.length) break
    const next = ask(ks.at(-1))
    for (const v of await pend[1]) bytes += v instanceof Blob ? (await v.arrayBuffer()).byteLength : v.length
    pend = next
  }
  return { bytes, ms: Math.round(now() - a) }
}

export function sorting() {
  const c = S,
    n = c.n,
    out = {}
  const one = (k, f) => {
    const a = now(),
      v = f()
    out[k] = Math.round(now() - a)
    return v
  }
  const x = one('comparatorMs', () =>
    Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => c.time[a] - c.time[b]),
  )
  out.packedBigintMs = timed(() => {
    const k = new BigUint64Array(n),
      h = new Uint32Array(k.buffer)
    for (let i = 0; i < n; i++) {
      const t = c.time[i] - T0,
        hi = Math.floor(t / 4096)
      h[2 * i + 1] = hi
      h[2 * i] = ((t - hi * 4096) << 20) | i
    }
    k.sort()
    const o = new Uint32Array(n)
    for (let i = 0; i < n; i++) o[i] = h[2 * i] & 0xfffff
    return o
  }, 3).ms
  out.packedFloatMs = timed(() => {
    const k = new Float64Array(n)
    for (let i = 0; i < n; i++) k[i] = Math.floor((c.time[i] - T0) / 1000) * 1_048_576 + i
    k.sort()
    const o = new Uint32Array(n)
    for (let i = 0; i < n; i++) o[i] = k[i] % 1_048_576
    return o
  }, 3).ms
  const r = timed(() => radixOrder(c.time, n), 3)
  out.radixMs = r.ms
  out.radixEqualsComparator = r.v.every((v, i) => v === x[i])
  return out
}

/** Rewriting one segment; adding one row as a segment of its own, or to the last, full one. */
export async function mutate({ rowsBefore }) {
  const c = S,
    out = {},
    cfg = c.cfg,
    db = c.db
  const t = async (f) => {
    const a = now()
    await f()
    return +(now() - a).toFixed(2)
  }
  const many = async (n, f) => {
    const a = []
    for (let i = 0; i < n; i++) a.push(await t(() => f(i)))
    a.sort((x, y) => x - y)
    return { medianMs: a[n >> 1], p95Ms: a[Math.floor(n * 0.95)] }
  }
  const packed = pack(rowsBefore, rowsBefore + cfg.pageRows, cfg)
  const ready = Array.from({ length: 20 }, (_, i) =>
    pack((5 + i) * cfg.pageRows, (6 + i) * cfg.pageRows, cfg),
  )
  out.rewriteOneSegment = await many(20, async (i) => {
    const tx = db.transaction(ALL, 'readwrite')
    putPage(tx, 5 + i, ready[i], cfg)
    await done(tx)
  })
  const tail = 4_000_000
  const one = (durability) => async (i) => {
    const tx = db.transaction(ALL, 'readwrite', { durability })
    putPage(tx, tail + i, pack(rowsBefore + i, rowsBefore + i + 1, cfg), cfg)
    await done(tx)
  }
  out.appendOneRowSegmentRelaxed = await many(200, one('relaxed'))
  out.appendOneRowSegmentStrict = await many(200, one('strict'))
  const last = tail + 10_000_000,
    lc = packed.chunks.length - 1
  {
    const tx = db.transaction(ALL, 'readwrite')
    putPage(tx, last, packed, cfg)
    await done(tx)
  }
  const rewrite = (durability) => async () => {
    const tx = db.transaction(ALL, 'readwrite', { durability })
    const [pg, ln] = await Promise.all([
      req(tx.objectStore('pages').get(last)),
      req(tx.objectStore('lines').get(last * MAX_CHUNKS + lc)),
    ])
    tx.objectStore('pages').put(pg, last)
    if (cfg.leaves === 'apart') tx.objectStore('leaves').put(packed.leaves, last)
    tx.objectStore('lines').put(ln, last * MAX_CHUNKS + lc)
    await done(tx)
  }
  out.rewriteLastRelaxed = await many(200, rewrite('relaxed'))
  out.rewriteLastStrict = await many(200, rewrite('strict'))
  {
    const tx = db.transaction(ALL, 'readwrite')
    tx.objectStore('pages').delete(last)
    tx.objectStore('leaves').delete(last)
    tx.objectStore('lines').delete(IDBKeyRange.bound(last * MAX_CHUNKS, last * MAX_CHUNKS + MAX_CHUNKS - 1))
    await done(tx)
  }
  return out
}
export async function tailRows({ rowsBefore, n = 10_000 }) {
  // n one-row segments, 100 per transaction to save time
  const db = S.db,
    a = now()
  for (let i = 0; i < n; i += 100) {
    const tx = db.transaction(ALL, 'readwrite')
    for (let k = i; k < i + 100; k++)
      putPage(tx, 4_000_000 + k, pack(rowsBefore + k, rowsBefore + k + 1, S.cfg), S.cfg)
    await done(tx)
  }
  return { ms: Math.round(now() - a) }
}
export async function foldTail({ rowsBefore, n = 10_000 }) {
  // merge the one-row segments into full ones
  const db = S.db,
    cfg = S.cfg,
    a = now()
  const first = Math.ceil(rowsBefore / cfg.pageRows) + 1
  let pages = 0
  for (let i = 0; i < n; i += cfg.pageRows, pages++) {
    const m = Math.min(n, i + cfg.pageRows),
      tx = db.transaction(ALL, 'readwrite'),
      lo = 4_000_000 + i,
      hi = 4_000_000 + m - 1
    await req(tx.objectStore('lines').getAll(IDBKeyRange.bound(lo * MAX_CHUNKS, hi * MAX_CHUNKS)))
    await req(tx.objectStore('pages').getAll(IDBKeyRange.bound(lo, hi)))
    tx.objectStore('pages').delete(IDBKeyRange.bound(lo, hi))
    tx.objectStore('leaves').delete(IDBKeyRange.bound(lo, hi))
    tx.objectStore('lines').delete(IDBKeyRange.bound(lo * MAX_CHUNKS, hi * MAX_CHUNKS))
    putPage(tx, first + pages, pack(rowsBefore + i, rowsBefore + m, cfg), cfg)
    await done(tx)
  }
  return { ms: Math.round(now() - a), pages }
}
export async function deleteTenth() {
  // one transaction per segment
  const db = S.db,
    nos = S.pageNo.filter((no, i) => no < 4_000_000 && i % 10 === 3),
    a = now()
  for (const no of nos) {
    const tx = db.transaction(ALL, 'readwrite')
    tx.objectStore('pages').delete(no)
    tx.objectStore('leaves').delete(no)
    tx.objectStore('lines').delete(IDBKeyRange.bound(no * MAX_CHUNKS, no * MAX_CHUNKS + MAX_CHUNKS - 1))
    await done(tx)
  }
  return { pages: nos.length, ms: Math.round(now() - a) }
}
export function columnBytes() {
  let b = 0
  for (const v of Object.values(S)) if (ArrayBuffer.isView(v) && v !== S.words) b += v.byteLength
  return Math.round(b / 1e6)
}
