import * as rows from './rows-store.mjs'
import * as segments from './segments.mjs'
import * as lsm from './lsm.mjs'
import * as opfs from './opfs.mjs'
const calls = {
  ...rows,
  ...segments,
  ...lsm,
  ...opfs,
  gc: () => {
    globalThis.gc?.()
    return Boolean(globalThis.gc)
  },
}
onmessage = async ({ data: { call, arg } }) => {
  try {
    postMessage({ ok: await calls[call](arg ?? {}) })
  } catch (e) {
    postMessage({ error: String(e?.stack ?? e) })
  }
}
