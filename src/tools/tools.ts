import { exportTool } from './export.ts'
import { importTool } from './import.ts'
import { query } from './query.ts'
import { store } from './store.ts'
import type { Tool } from './tool.ts'
import { trustAdd } from './trust-add.ts'
import { trustList } from './trust-list.ts'
import { trustRemove } from './trust-remove.ts'
import { verify } from './verify.ts'

/** Every tool there is, in the order in which they are listed. */
export const TOOLS: readonly Tool[] = [
  exportTool,
  verify,
  trustAdd,
  trustList,
  trustRemove,
  importTool,
  store,
  query,
]
