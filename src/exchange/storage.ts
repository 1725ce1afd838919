/** How firmly the browser holds what is stored here; `unknown` where it does not say. */
export type StorageState = 'persisted' | 'best_effort' | 'unknown'

/** What a store belongs to: the origin of a server, or on disk (in some browsers) the path of the file. */
export interface StorePlace {
  readonly kind: 'origin' | 'path'
  /** Short enough to stand on every page. */
  readonly name: string
  readonly whole: string
}

export function storePlace(): StorePlace {
  const { protocol, host, origin, pathname } = location
  if (protocol !== 'file:') return { kind: 'origin', name: host, whole: origin }
  const whole = toReadable(pathname)
  return { kind: 'path', name: whole.slice(whole.lastIndexOf('/') + 1), whole }
}

/** The path as a person knows it; as it stands where its bytes are no UTF-8. */
function toReadable(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

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
