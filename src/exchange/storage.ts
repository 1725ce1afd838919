/** How firmly the browser holds what is stored here; `unknown` where it does not say. */
export type StorageState = 'persisted' | 'best_effort' | 'unknown'

export async function storageState(): Promise<StorageState> {
  try {
    return (await navigator.storage.persisted()) ? 'persisted' : 'best_effort'
  } catch {
    // No StorageManager outside a secure context, and an opaque origin has no storage to speak of.
    return 'unknown'
  }
}

/** Asks the browser, which may ask the person, never to clear the store by itself. Answers what is so then. */
export async function askToPersist(): Promise<StorageState> {
  try {
    await navigator.storage.persist()
  } catch {
    // The answer below says it.
  }
  return storageState()
}
