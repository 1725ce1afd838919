/**
 * The memories of a manifest, put one by one into one object store without indexes: no check, no hash, no key of
 * one's own. Only the putting is timed, not the reading and the parsing.
 */
const ROWS_IN_A_TRANSACTION = 1000

function open() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('bare-loop')
    opening.onupgradeneeded = () => opening.result.createObjectStore('rows', { autoIncrement: true })
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error)
  })
}

function put(db, rows) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction('rows', 'readwrite')
    const store = transaction.objectStore('rows')
    for (const row of rows) store.put(row)
    transaction.oncomplete = resolve
    transaction.onabort = () => reject(transaction.error)
  })
}

async function* rowsOf(file) {
  const decoder = new TextDecoder()
  let rest = ''
  for (let at = 0; at < file.size; at += 4e6) {
    const bytes = await file.slice(at, at + 4e6).arrayBuffer()
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop()
    for (const line of lines)
      if (line.startsWith('{"author"')) yield JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line)
  }
}

async function run(file) {
  const db = await open()
  let [ms, count, batch] = [0, 0, []]
  const flush = async () => {
    const began = performance.now()
    await put(db, batch)
    ms += performance.now() - began
    count += batch.length
    batch = []
  }
  for await (const row of rowsOf(file)) if (batch.push(row) === ROWS_IN_A_TRANSACTION) await flush()
  if (batch.length > 0) await flush()
  db.close()
  return { ms, count }
}

document.querySelector('input').addEventListener('change', ({ target }) => {
  run(target.files[0]).then(
    (result) => (document.querySelector('output').value = JSON.stringify(result)),
    (error) => (document.querySelector('output').value = JSON.stringify({ error: String(error) })),
  )
})
