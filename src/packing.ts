import { readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
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
    load(id) {
      if (!id.startsWith('\0') || !ASKED.test(id)) return null
      const file = id.slice(1).replace(ASKED, '')
      this.addWatchFile(file)
      return `export default '${pack(readFileSync(file, 'utf8'))}'`
    },
  }
}

/** Raw deflate as base64: without a header, that names the system it was made on. */
export function pack(text: string): string {
  return deflateRawSync(text, { level: 9 }).toString('base64')
}
