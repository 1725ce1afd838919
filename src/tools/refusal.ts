import { toWire } from '../core/errors.ts'
import { explain } from '../core/explain.ts'
import type { Outcome } from '../exchange/agents.ts'
import { quote } from './fence.ts'

/** A refusal in the words of the app, with its code. */
export function refusalOf(error: unknown): Outcome {
  const wire = toWire(error)
  if ('bug' in wire) {
    const text =
      'A fault of this program, which is not to be relied on. Nothing is known of whether it was done.'
    return { isError: true, text, structured: { code: 'fault' } }
  }
  const { code, detail, line, index } = wire
  const { title, what, remedy } = explain(code)
  const at = line === undefined ? '' : ` Line ${line}${index === undefined ? '' : `, memory ${index}`}.`
  const more = detail === '' ? '' : ` (${quote(detail)})`
  return {
    isError: true,
    text: `${code}: ${title}.${at} ${what} ${remedy}${more}`,
    structured: {
      code,
      title,
      what,
      remedy,
      detail,
      ...(line === undefined ? {} : { line }),
      ...(index === undefined ? {} : { index }),
    },
  }
}
