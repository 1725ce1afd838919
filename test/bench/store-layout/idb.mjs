// The few IndexedDB helpers the benchmark needs.
export const now = () => performance.now()
export const req = (r) =>
  new Promise((ok, no) => {
    r.onsuccess = () => ok(r.result)
    r.onerror = () => no(r.error)
  })
export const done = (tx) =>
  new Promise((ok, no) => {
    tx.oncomplete = () => ok()
    tx.onabort = tx.onerror = () => no(tx.error)
  })
export const drop = (name) => req(indexedDB.deleteDatabase(name))
export const open = (name, stores) =>
  new Promise((ok, no) => {
    const r = indexedDB.open(name, 1)
    r.onupgradeneeded = () => stores(r.result)
    r.onsuccess = () => ok(r.result)
    r.onerror = () => no(r.error)
  })
export const median = (a) => [...a].sort((x, y) => x - y)[a.length >> 1]
/** Middle of five runs, in ms. */
export function timed(f, runs = 5) {
  const t = []
  let v
  for (let i = 0; i < runs; i++) {
    const a = now()
    v = f()
    t.push(now() - a)
  }
  return { ms: +median(t).toFixed(2), v }
}
