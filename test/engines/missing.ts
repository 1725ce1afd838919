import { findEngine, Missing } from './found.ts'
import { ENGINES } from './test.ts'

/** Says at the start and again at the end what is not run. */
export default async function sayWhatIsMissing(): Promise<() => void> {
  const missing: string[] = []
  for (const name of ENGINES) {
    try {
      await findEngine(name)
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      missing.push(`NOT RUN: ${error.message}`)
    }
  }
  const say = () => missing.forEach((each) => console.error(`\n${each}`))
  say()
  return say
}
