import { ExchangeError } from '../core/errors.ts'
import { openForeign, type OpenedForeign } from './foreign.ts'
import type { Instance } from './instance.ts'

const SAMPLES = {
  a: () => import('./samples/instance-a.json?raw'),
  b: () => import('./samples/instance-b.json?raw'),
}

/** Has the samples loaded while the server is still there: the app asks it for nothing later on. */
export async function loadSamples(): Promise<void> {
  // Not loaded now, they are asked for when they are wanted.
  await Promise.allSettled([SAMPLES.a(), SAMPLES.b()])
}

/**
 * The memories that come with the program, opened as any file of memories is: `a` is a harbour's incident desk,
 * `b` its partner at sea. They are chunks of the program, because the page may fetch nothing. Throws
 * `file_unreadable`, and what `openForeign` throws.
 */
export async function openSample(instance: Instance, which: 'a' | 'b'): Promise<OpenedForeign> {
  const { default: text } = await SAMPLES[which]().catch((cause: unknown) => {
    throw new ExchangeError('file_unreadable', '', {}, { cause })
  })
  const name = `instance-${which}.json`
  return openForeign(
    instance,
    new File([text], name, { type: 'application/json', lastModified: instance.now() }),
  )
}
