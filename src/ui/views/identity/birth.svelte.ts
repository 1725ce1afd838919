import { askToPersist } from '../../../exchange/storage.ts'

/**
 * What is known of an identity only in the page that made it: its backup, which can never be made again. Outlives
 * the view, so that going to another place and back does not lose it.
 */
class Birth {
  fingerprint = $state.raw<string | null>(null)
  backup = $state.raw<File | null>(null)
  /** Grows with each answer of the browser about keeping the store. */
  answers = $state(0)

  /** Not awaited where it is called: a browser may leave its question open for as long as the person does. */
  async askToPersist(): Promise<void> {
    await askToPersist()
    this.answers++
  }
}

export const birth = new Birth()
