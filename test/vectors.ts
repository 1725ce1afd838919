import { describe, expect, it } from 'vitest'

/** A glob and not the file system, so that it works in Node and in a browser, and finds nothing without complaint. */
const files = import.meta.glob<unknown>('../../shared/vectors/*.json', { import: 'default' })

/**
 * A suite over the vectors of `../shared/vectors/NAME.json`. They lie beside the project, not in it: where
 * they are absent the suite is listed as skipped and says why, and under CI it fails.
 */
export function describeVectors<Vectors>(name: string, suite: (vectors: Vectors) => void): void {
  const load = files[`../../shared/vectors/${name}.json`]
  if (load !== undefined) {
    describe(`vectors ${name}`, async () => suite((await load()) as Vectors))
    return
  }
  const why = `../shared/vectors/${name}.json is absent`
  if (import.meta.env['CI']) {
    it(`vectors ${name}`, () => expect.fail(why))
  } else {
    console.warn(`Skipped: ${why}.`)
    it.skip(`vectors ${name}: ${why}`)
  }
}
