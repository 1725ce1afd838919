import { isCode } from '../core/codes.ts'
import { ExchangeError } from '../core/errors.ts'
import type { ClientFiles } from '../exchange/agents.ts'

/** The folder of the bridge, over its own origin. `ask` adds what lets the bridge know this tab. */
export function createBridgeFiles(ask: (url: string, init: RequestInit) => Promise<Response>): ClientFiles {
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    let response: Response
    try {
      response = await ask(`bridge/files?path=${encodeURIComponent(path)}`, init)
    } catch (cause) {
      throw new ExchangeError(init.signal?.aborted ? 'cancelled' : 'bridge_lost', '', {}, { cause })
    }
    if (response.ok) return response
    const refused: unknown = await response.json().catch(() => null)
    const { code, detail } = (refused ?? {}) as { readonly code?: unknown; readonly detail?: unknown }
    throw new ExchangeError(isCode(code) ? code : 'bridge_lost', typeof detail === 'string' ? detail : '')
  }
  return {
    async open(path, signal) {
      const response = await request(path, { method: 'GET', ...(signal ? { signal } : {}) })
      try {
        // A copy of the browser's own: what is verified is what is taken in, whatever becomes of the file.
        return new File([await response.blob()], nameOf(path))
      } catch (cause) {
        throw new ExchangeError(signal?.aborted ? 'cancelled' : 'file_unreadable', '', {}, { cause })
      }
    },
    async has(path, signal) {
      try {
        const response = await request(path, { method: 'GET', ...(signal ? { signal } : {}) })
        await response.body?.cancel()
        return true
      } catch (error) {
        if (error instanceof ExchangeError && error.code === 'path_missing') return false
        throw error
      }
    },
    async save(path, file, signal) {
      const response = await request(path, { method: 'PUT', body: file, ...(signal ? { signal } : {}) })
      const { path: written } = (await response.json()) as { readonly path: string }
      return written
    },
  }
}

function nameOf(path: string): string {
  return path.split('/').at(-1) ?? path
}
