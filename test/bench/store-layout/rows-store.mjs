// L1 and L2: one record per row, without and with four indexes.
import { done, drop, now, open } from './idb.mjs'
import { entityName, keyOf, originOf, rowOf, tagName } from './rows.mjs'

export async function fillRows({ name, rows, indexes, perTx = 1000 }) {
  await drop(name)
  const db = await open(name, (d) => {
    const st = d.createObjectStore('rows', { autoIncrement: true })
    if (!indexes) return
    st.createIndex('key', 'key')
    st.createIndex('entity', ['entity', 'time'])
    st.createIndex('tags', 'tags', { multiEntry: true })
    st.createIndex('origin', 'origin')
  })
  let gen = 0,
    put = 0
  for (let i = 0; i < rows; i += perTx) {
    const a = now(),
      batch = []
    for (let k = i; k < i + perTx && k < rows; k++) {
      const key = new Uint8Array(32)
      keyOf(k, key, 0)
      const r = rowOf(k)
      batch.push({
        key,
        entity: entityName(r.entity),
        time: r.time,
        tags: r.tags.map(tagName),
        origin: originOf(k),
        line: r.line,
      })
    }
    const b = now()
    gen += b - a
    const tx = db.transaction('rows', 'readwrite'),
      st = tx.objectStore('rows')
    for (const v of batch) st.put(v)
    await done(tx)
    put += now() - b
  }
  db.close()
  return {
    rows,
    generationUsPerRow: +((gen * 1000) / rows).toFixed(1),
    putUsPerRow: +((put * 1000) / rows).toFixed(1),
  }
}
