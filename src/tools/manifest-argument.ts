import * as v from 'valibot'
import { ExchangeError } from '../core/errors.ts'
import { toFile } from '../exchange/open.ts'
import { manifestText, path } from './schemas.ts'
import type { CallContext } from './tool.ts'

/** A manifest comes by `path` or in `manifest`. */
export const manifestArgument = { path: v.optional(path), manifest: v.optional(manifestText) }

interface Given {
  readonly path?: string | undefined
  readonly manifest?: string | undefined
}

/** Throws `arguments_invalid` unless there is exactly one, `path_needs_bridge`, what opening a path throws. */
export async function manifestFile({ client, options }: CallContext, given: Given): Promise<File> {
  if ((given.path === undefined) === (given.manifest === undefined))
    throw new ExchangeError('arguments_invalid', 'give either path or manifest')
  if (given.manifest !== undefined) return toFile(given.manifest)
  if (client.files === null) throw new ExchangeError('path_needs_bridge')
  return client.files.open(given.path!, options.signal)
}
