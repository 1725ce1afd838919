// For comparison: one file in the origin private file system (not transactional with IndexedDB, absent on file://).
import { now } from './idb.mjs'

export async function opfs({ mb = 69 }) {
  const root = await navigator.storage.getDirectory()
  const file = await (await root.getFileHandle('columns', { create: true })).createSyncAccessHandle()
  const bytes = new Uint8Array(mb * 1e6).fill(7)
  const t = [now()]
  file.write(bytes, { at: 0 })
  file.flush()
  t.push(now())
  file.read(bytes, { at: 0 })
  t.push(now())
  file.close()
  return { mb, writeMs: Math.round(t[1] - t[0]), readMs: Math.round(t[2] - t[1]) }
}
