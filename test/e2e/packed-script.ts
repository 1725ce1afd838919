import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

/** The script of the one file as it is run, once it is unpacked. */
export function readPackedScript(file: string): string {
  const [, packed] = /id="packed">([^<]+)</.exec(readFileSync(file, 'utf8'))!
  return inflateRawSync(Buffer.from(packed!, 'base64')).toString()
}

/** The watch is there for what data brings: the one script that the page adds is its own, and named by its policy. */
export function withoutOwnScript(problems: readonly string[], script: string): string[] {
  return problems.filter((problem) => !`element: <script type="module">${script}`.startsWith(problem))
}
