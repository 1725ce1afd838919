import { openForeign, type OpenedForeign } from './foreign.ts'
import type { Instance } from './instance.ts'

/**
 * The memories that come with the program, opened as any file of memories is: `a` is a harbour's incident desk,
 * `b` its partner at sea. They are chunks of the program, because the page may fetch nothing. Throws what
 * `openForeign` throws.
 */
export async function openSample(instance: Instance, which: 'a' | 'b'): Promise<OpenedForeign> {
  const { default: text } = await (which === 'a'
    ? import('./samples/instance-a.json?raw')
    : import('./samples/instance-b.json?raw'))
  const name = `instance-${which}.json`
  return openForeign(
    instance,
    new File([text], name, { type: 'application/json', lastModified: instance.now() }),
  )
}
