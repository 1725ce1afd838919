import { fromBase64 } from './bytes.ts'

/** The text that was packed when the program was built (`src/packing.ts`). Throws TypeError for anything else. */
export async function unpack(packed: string): Promise<string> {
  const bytes = fromBase64(packed)
  if (bytes === null) throw new TypeError('not packed')
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Response(stream).text()
}
