import { readFileSync } from 'node:fs'
import { deflateAsync } from '@gfx/zopfli'
import type { Plugin } from 'vite'

const ASKED = /\?packed$/

/** Gives `FILE?packed`: the text of the file, packed. Inverse of `unpack` in `core/packed.ts`. */
export function packing(): Plugin {
  return {
    name: 'omega-packing',
    enforce: 'pre',
    async resolveId(id, importer) {
      if (!ASKED.test(id)) return null
      const found = await this.resolve(id.replace(ASKED, ''), importer, { skipSelf: true })
      return found === null ? null : `\0${found.id}?packed`
    },
    async load(id) {
      if (!id.startsWith('\0') || !ASKED.test(id)) return null
      const file = id.slice(1).replace(ASKED, '')
      this.addWatchFile(file)
      return `export default '${await pack(readFileSync(file, 'utf8'))}'`
    },
  }
}

/**
 * Raw deflate as base64: without a header, that names the system it was made on, and by WebAssembly, for what zlib makes
 * of a text depends on its version and on the processor.
 */
export async function pack(text: string): Promise<string> {
  return Buffer.from(await deflateAsync(Buffer.from(text), {})).toString('base64')
}
