import { ExchangeError } from '../core/errors.ts'
import type { CallOptions } from '../worker/bridge.ts'

/** Chromium has it; elsewhere files are saved where the browser saves them. */
interface Picker {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>
}
/** Not yet in every engine that has the picker. */
type Removable = FileSystemFileHandle & { remove?: () => Promise<void> }

export const canChoosePlace = (): boolean => (window as Picker).showSaveFilePicker !== undefined

/** Asks a person where to save, on a click of theirs; null if they thought better of it. */
export async function choosePlace(suggestedName: string): Promise<FileSystemFileHandle | null> {
  try {
    return await (window as Picker).showSaveFilePicker!({ suggestedName })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null
    throw error
  }
}

/** Writes a file there as a stream: no more of it is in memory than what is on its way. Throws `cancelled`, what the disk says. */
export async function writeTo(
  place: FileSystemFileHandle,
  file: File,
  { signal, onProgress }: CallOptions = {},
): Promise<void> {
  let done = 0
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform: (chunk, controller) => {
      done += chunk.length
      controller.enqueue(chunk)
      onProgress?.({ done, total: file.size, memories: 0 })
    },
  })
  try {
    const target = await place.createWritable()
    await file
      .stream()
      .pipeThrough(counting)
      .pipeTo(target, signal ? { signal } : {})
  } catch (cause) {
    await leavePlace(place)
    if (signal?.aborted) throw new ExchangeError('cancelled', '', {}, { cause })
    throw cause
  }
}

/** Takes away the empty file that the picker made; one that was there before stays as it was. */
export async function leavePlace(place: FileSystemFileHandle): Promise<void> {
  try {
    if ((await place.getFile()).size === 0) await (place as Removable).remove?.()
  } catch {
    // It is gone, or not ours to take away.
  }
}
