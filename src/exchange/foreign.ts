import type { CallOptions } from '../worker/bridge.ts'
import { ExchangeError } from '../core/errors.ts'
import { isTime } from '../core/text.ts'
import type { ForeignPreview } from '../worker/foreign-file.ts'
import type { StagedDrafts } from '../worker/drafts.ts'
import { nowAsTime, type Instance } from './instance.ts'
import { addDrafts } from './memories.ts'

export type { ForeignPreview } from '../worker/foreign-file.ts'

/** A file of memories made elsewhere, read and not yet taken in. */
export interface OpenedForeign {
  readonly fileName: string
  readonly preview: ForeignPreview
  /** Takes in what is not here yet. Throws `no_identity`, `storage_full`, `cancelled`. */
  take(options?: CallOptions): Promise<Pick<StagedDrafts, 'added' | 'already_local' | 'deleted_here'>>
  close(): void
}

/** Names become entities where a memory names none. */
const FALLBACK_ENTITY = 'unsorted'

/** Throws `not_recognised`, `not_utf8`, `gzip_invalid`, `limit_exceeded`, `file_unreadable`, `cancelled`. */
export async function openForeign(
  instance: Instance,
  file: File,
  options: CallOptions = {},
): Promise<OpenedForeign> {
  const modified = new Date(file.lastModified)
  const fileDate = Number.isNaN(modified.getTime()) ? '' : modified.toISOString()
  const input = {
    file,
    fileDate: isTime(fileDate) ? fileDate : nowAsTime(instance),
    fallbackEntity: FALLBACK_ENTITY,
  }
  const { opened, preview } = await instance.worker.call('openForeign', input, options)
  return {
    fileName: file.name,
    preview,
    take: (callOptions = {}) =>
      addDrafts(instance, 'memories_taken_in', false, async (batch, author) => {
        const staged = await instance.worker.call('stageForeign', { opened, batch, author }, callOptions)
        // The worker may have been done before it heard of it; a person was told that nothing is taken in.
        if (callOptions.signal?.aborted) throw new ExchangeError('cancelled')
        return staged
      }),
    close: () => void instance.worker.call('release', { handle: opened }).catch(() => undefined),
  }
}
