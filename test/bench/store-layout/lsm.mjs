// L4, roughly: sorted key pages on disk, one store per kind, found through fences (first entry of each page) and binary search.
// An entry of 64 bits is group (entity, tag, origin) | time in 2 ms steps (35 bits) | row (20 bits); a dedup entry is the 32-byte key and the row.
import { done, drop, median, now, open, req } from './idb.mjs'
import { T0, keyOf, originOf, rowOf } from './rows.mjs'

const KINDS = ['key', 'entity', 'tag', 'origin', 'time'],
  PER_PAGE = 4096,
  KEYS_PER_PAGE = 1024,
  MAX_PAGES = 100_000
const stores = (d) => {
  for (const k of [...KINDS, 'fences']) d.createObjectStore(k)
}
const entry = (g, time, row) =>
  (BigInt(g) << 55n) | (BigInt(Math.floor((time - T0) / 2)) << 20n) | BigInt(row)

function sortKeys(keys, rowsOf) {
  // order by the first 44 bits, as good as all for random keys
  const n = rowsOf.length,
    p = new BigUint64Array(n),
    h = new Uint32Array(p.buffer)
  for (let i = 0; i < n; i++) {
    const k = 32 * i
    h[2 * i + 1] = (keys[k] << 24) | (keys[k + 1] << 16) | (keys[k + 2] << 8) | keys[k + 3]
    h[2 * i] = (((keys[k + 4] << 4) | (keys[k + 5] >> 4)) << 20) | i
  }
  p.sort()
  const outK = new Uint8Array(32 * n),
    outR = new Uint32Array(n)
  for (let j = 0; j < n; j++) {
    const i = h[2 * j] & 0xfffff
    outK.set(keys.subarray(32 * i, 32 * i + 32), 32 * j)
    outR[j] = rowsOf[i]
  }
  return { keys: outK, rows: outR }
}
const prefix = (k, at) => ((k[at] * 256 + k[at + 1]) * 256 + k[at + 2]) * 65_536 + k[at + 3] * 256 + k[at + 4] // 40 bits

async function writeRun(db, run, sorted) {
  let bytes = 0
  const fences = {}
  for (const kind of KINDS) {
    const v = sorted[kind],
      n = kind === 'key' ? v.rows.length : v.length,
      per = kind === 'key' ? KEYS_PER_PAGE : PER_PAGE,
      f = []
    for (let a = 0, q = 0; a < n; q++) {
      // some 32 pages a transaction
      const tx = db.transaction([kind], 'readwrite'),
        st = tx.objectStore(kind)
      for (let k = 0; k < 32 && a < n; k++, a += per) {
        const b = Math.min(n, a + per),
          page =
            kind === 'key' ? { keys: v.keys.slice(32 * a, 32 * b), rows: v.rows.slice(a, b) } : v.slice(a, b)
        f.push(kind === 'key' ? prefix(v.keys, 32 * a) : v[a])
        bytes += kind === 'key' ? 36 * (b - a) : 8 * (b - a)
        st.put(page, run * MAX_PAGES + f.length - 1)
      }
      await done(tx)
    }
    fences[kind] = kind === 'key' ? Float64Array.from(f) : BigUint64Array.from(f)
    fences[kind + 'Count'] = n
  }
  const tx = db.transaction('fences', 'readwrite')
  tx.objectStore('fences').put(fences, run)
  await done(tx)
  return bytes
}

const group = (kind, r, i) =>
  kind === 'entity' ? [r.entity] : kind === 'tag' ? r.tags : kind === 'origin' ? [originOf(i)] : [0]

export async function l4fill({ rows, runs = 10 }) {
  await drop('l4')
  const db = await open('l4', stores)
  let gen = 0,
    sort = 0,
    write = 0,
    bytes = 0
  for (let run = 0; run < runs; run++) {
    const lo = Math.floor((rows * run) / runs),
      hi = Math.floor((rows * (run + 1)) / runs)
    let a = now()
    const keys = new Uint8Array(32 * (hi - lo)),
      list = { entity: [], tag: [], origin: [], time: [] }
    for (let i = lo; i < hi; i++) {
      keyOf(i, keys, 32 * (i - lo))
      const r = rowOf(i)
      for (const k of KINDS.slice(1)) for (const g of group(k, r, i)) list[k].push(entry(g, r.time, i))
    }
    gen += now() - a
    a = now()
    const sorted = {
      key: sortKeys(
        keys,
        Uint32Array.from({ length: hi - lo }, (_, i) => lo + i),
      ),
    }
    for (const k of KINDS.slice(1)) sorted[k] = BigUint64Array.from(list[k]).sort()
    sort += now() - a
    a = now()
    bytes += await writeRun(db, run, sorted)
    write += now() - a
  }
  db.close()
  return {
    generationUsPerRow: +((gen * 1000) / rows).toFixed(1),
    sortUsPerRow: +((sort * 1000) / rows).toFixed(1),
    writeUsPerRow: +((write * 1000) / rows).toFixed(1),
    bytesPerRow: Math.round(bytes / rows),
  }
}

let db, fences, runNos
export async function l4open() {
  const a = now()
  db = await open('l4', stores)
  const st = db.transaction('fences').objectStore('fences')
  ;[runNos, fences] = await Promise.all([req(st.getAllKeys()), req(st.getAll())])
  return { ms: Math.round(now() - a), runs: runNos.length }
}
const below = (f, x) => {
  let lo = 0,
    hi = f.length
  while (lo < hi) {
    const m = (lo + hi) >> 1
    if (f[m] <= x) lo = m + 1
    else hi = m
  }
  return lo - 1
}

/** The entries in [lo, hi) of all runs: newest first up to limit, or all. */
async function range(kind, lo, hi, limit) {
  const st = db.transaction(kind).objectStore(kind),
    all = []
  await Promise.all(
    runNos.map(async (run, i) => {
      const f = fences[i][kind],
        from = Math.max(0, below(f, lo))
      let p = below(f, hi),
        got = 0
      while (p >= from && got < limit) {
        const v = await req(st.get(run * MAX_PAGES + p))
        for (let k = below(v, hi - 1n); k >= 0 && v[k] >= lo && got < limit; k--, got++) all.push(v[k])
        p--
      }
    }),
  )
  return all.sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)).slice(0, limit)
}
const span = (g) => [BigInt(g) << 55n, BigInt(g + 1) << 55n]
const rowNo = (e) => Number(e & 0xfffffn)

export async function l4queries({ rows }) {
  const out = { runs: runNos.length },
    five = async (f) => {
      const t = []
      let v
      for (let i = 0; i < 5; i++) {
        const a = now()
        v = await f()
        t.push(now() - a)
      }
      return { firstMs: +t[0].toFixed(1), ms: +median(t).toFixed(1), n: v.length }
    }
  out.entity100 = await five(() => range('entity', ...span(7), 100))
  out.origin100 = await five(() => range('origin', ...span(5), 100))
  out.tagAny100 = await five(async () =>
    [...(await range('tag', ...span(3), 100)), ...(await range('tag', ...span(77), 100))].sort().slice(-100),
  )
  out.tagAll100 = await five(async () => {
    const s = new Set((await range('tag', ...span(3), Infinity)).map(rowNo))
    return (await range('tag', ...span(77), Infinity)).filter((e) => s.has(rowNo(e))).slice(0, 100)
  })
  out.countEntity = await five(() => range('entity', ...span(7), Infinity))
  out.countOrigin = await five(() => range('origin', ...span(5), Infinity))
  const one = async (i) => {
    const k = new Uint8Array(32)
    keyOf(i, k, 0)
    const x = prefix(k, 0),
      st = db.transaction('key').objectStore('key')
    for (let r = 0; r < runNos.length; r++) {
      const p = below(fences[r].key, x)
      if (p < 0) continue
      const v = await req(st.get(runNos[r] * MAX_PAGES + p))
      if (find(v, k, 0, x) >= 0) return [1]
    }
    return []
  }
  out.dedupOne = await five(() => one(Math.floor(rows * 0.9)))
  let a = now(),
    hit = 0
  const keys = new Uint8Array(320_000),
    need = new Map()
  for (let i = 0; i < 10_000; i++) {
    keyOf(i % 2 ? 1e9 + i : Math.floor((i * rows) / 10_000), keys, 32 * i)
    const x = prefix(keys, 32 * i)
    runNos.forEach((run, r) => {
      const p = below(fences[r].key, x)
      if (p >= 0) {
        const no = run * MAX_PAGES + p
        if (!need.has(no)) need.set(no, [])
        need.get(no).push(i)
      }
    })
  }
  const nos = [...need.keys()].sort((x, y) => x - y)
  for (let q = 0; q < nos.length; q += 64) {
    const part = nos.slice(q, q + 64),
      st = db.transaction('key').objectStore('key'),
      got = await Promise.all(part.map((no) => req(st.get(no))))
    got.forEach((v, j) => {
      for (const i of need.get(part[j])) if (find(v, keys, 32 * i, prefix(keys, 32 * i)) >= 0) hit++
    })
  }
  out.dedup10000 = { ms: Math.round(now() - a), hit, pages: nos.length }
  return out
}
function find(v, k, at, x) {
  let lo = 0,
    hi = v.rows.length
  while (lo < hi) {
    const m = (lo + hi) >> 1
    if (prefix(v.keys, 32 * m) < x) lo = m + 1
    else hi = m
  }
  for (; lo < v.rows.length && prefix(v.keys, 32 * lo) === x; lo++) {
    let j = 0
    while (j < 32 && v.keys[32 * lo + j] === k[at + j]) j++
    if (j === 32) return v.rows[lo]
  }
  return -1
}

export async function l4merge() {
  const a = now()
  const sorted = {}
  for (const kind of KINDS) {
    const pages = []
    for (let after = -1; ;) {
      const st = db.transaction(kind).objectStore(kind),
        r = IDBKeyRange.lowerBound(after, true),
        [ks, vs] = await Promise.all([req(st.getAllKeys(r, 64)), req(st.getAll(r, 64))])
      if (!ks.length) break
      after = ks.at(-1)
      pages.push(...vs)
    }
    if (kind === 'key') {
      const n = pages.reduce((s, p) => s + p.rows.length, 0),
        keys = new Uint8Array(32 * n),
        rows = new Uint32Array(n)
      let at = 0
      for (const p of pages) {
        keys.set(p.keys, 32 * at)
        rows.set(p.rows, at)
        at += p.rows.length
      }
      sorted.key = sortKeys(keys, rows)
    } else {
      const n = pages.reduce((s, p) => s + p.length, 0),
        v = new BigUint64Array(n)
      let at = 0
      for (const p of pages) {
        v.set(p, at)
        at += p.length
      }
      sorted[kind] = v.sort()
    }
  }
  const read = now() - a
  await writeRun(db, 50, sorted)
  for (const kind of KINDS) {
    const tx = db.transaction(kind, 'readwrite')
    tx.objectStore(kind).delete(IDBKeyRange.upperBound(50 * MAX_PAGES, true))
    await done(tx)
  }
  {
    const tx = db.transaction('fences', 'readwrite')
    tx.objectStore('fences').delete(IDBKeyRange.upperBound(50, true))
    await done(tx)
  }
  db.close()
  return { readAndSortMs: Math.round(read), totalMs: Math.round(now() - a) }
}
