import type { CallOptions } from '../worker/bridge.ts'
import type { Instance } from './instance.ts'

/**
 * The same file as `.json.gz`, which gateways and editors leave alone; its inverse is `openFile`. Packed piece by piece,
 * however large it is. Throws `file_unreadable`, `cancelled`.
 */
export async function packFile(instance: Instance, file: File, options: CallOptions = {}): Promise<File> {
  const packed = await instance.worker.call('pack', { file }, options)
  return new File([packed], `${file.name}.gz`, { type: packed.type })
}
