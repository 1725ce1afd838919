import type { Code } from './codes.ts'

export interface Words {
  readonly title: string
  readonly what: string
  readonly remedy: string
}

export function explain(code: Code): Words {
  return { title: code, what: '', remedy: '' }
}
