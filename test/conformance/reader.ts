import type { FormatCode } from '../../src/core/codes.ts'
import { verifyFile } from '../reference/report.ts'
import { readStatementFile } from '../reference/statement-file.ts'
import { idOf } from '../reference/verify.ts'

/** What a description says of its file beside its words: all that a reader is asked for. */
export interface Verdict {
  readonly result: 'ok' | FormatCode
  readonly layer: string | null
  readonly line: number | null
  readonly index: number | null
  readonly leaves: number | null
  readonly id: string | null
}

/** As the naive reader finds it. A file that is shipped packed for its size alone is given as it was. */
export function judge(kind: 'manifest' | 'statement', bytes: Uint8Array): Verdict {
  if (kind === 'statement') {
    const { statement, code } = readStatementFile(bytes)
    const nowhere = { layer: null, line: null, index: null, leaves: null }
    return { result: code ?? 'ok', ...nowhere, id: statement && idOf(statement) }
  }
  const { failure, leaves, id } = verifyFile(bytes)
  const { code, layer, line, index } = failure ?? { code: 'ok', layer: null, line: null, index: null }
  return { result: code, layer, line, index, leaves: leaves.length, id }
}
