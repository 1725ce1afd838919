import { ExchangeError } from '../core/errors.ts'
import { normalizeSelection } from '../core/selection.ts'
import type { JsonObject } from '../core/canonical.ts'
import type { CallOptions } from '../worker/bridge.ts'
import { nowAsTime, perform, present, type Instance } from './instance.ts'
import type { MemoryFilter } from './memories.ts'

/**
 * The rows that a filter finds as a CSV file, to be read in a spreadsheet: signed by nobody, and with nothing in it that
 * a spreadsheet would run. Throws `empty_selection`, `selection_invalid`, `cancelled`, `list_outdated`, `storage_damaged`.
 */
export async function saveList(
  instance: Instance,
  filter: MemoryFilter,
  options: CallOptions = {},
): Promise<File> {
  const { text, peer, ...input } = filter
  const selection = normalizeSelection(input)
  const query = {
    selection,
    ...(text === undefined ? {} : { text }),
    ...(peer === undefined ? {} : { peer }),
  }
  const { file, count } = await instance.worker.call('writeCsv', query, options)
  // The worker may have been done before it heard of it; a person was told that nothing is saved.
  if (options.signal?.aborted) throw new ExchangeError('cancelled')
  // Text leaves the store unsigned: that it did is on record.
  return perform(instance, 'memories_listed', [], async () => ({
    result: new File([file], `memories-${nowAsTime(instance).slice(0, 10)}.csv`, { type: 'text/csv' }),
    subject: present({
      rows: count,
      selection: selection as JsonObject,
      peer,
      text: text === undefined ? undefined : true,
    }),
  }))
}
