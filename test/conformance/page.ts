import { readFileSync } from 'node:fs'

/** The page of the format, and what it says of codes: nothing of this is written down twice. */
export const PAGE = readFileSync(new URL('../../public/manifest-format.md', import.meta.url), 'utf8')

export interface Row {
  readonly codes: readonly string[]
  readonly clauses: readonly string[]
  readonly layers: readonly string[]
}

/** The table of clause 10. */
export const TABLE: readonly Row[] = readTable()

function readTable(): Row[] {
  const lines = PAGE.slice(PAGE.indexOf('\n## 10.')).split('\n')
  const from = lines.findIndex((line) => line.startsWith('| code |')) + 2
  const rows = lines.slice(from, lines.indexOf('', from))
  return rows.map((line) => {
    const [codes, clauses, layers] = line.slice(2).split(' | ')
    return {
      codes: [...codes!.matchAll(/`(\w+)`/g)].map(([, code]) => code!),
      clauses: clauses!.split(', '),
      layers: layers!.split(', '),
    }
  })
}

/** The clause that a report names with a code: the first of its row. */
export function clauseOfCode(code: string): string {
  const row = TABLE.find(({ codes }) => codes.includes(code))
  if (row === undefined) throw new Error(`the table of clause 10 has no ${code}`)
  return row.clauses[0]!
}

/** The number of the heading above these words of the page. */
export function clauseAbove(words: string): string {
  const at = PAGE.indexOf(words)
  if (at < 0) throw new Error(`the format does not say: ${words}`)
  return [...PAGE.slice(0, at).matchAll(/^## (\d+)\./gm)].at(-1)![1]!
}
