import { startOf, toRuns } from './runs.ts'

const KEPT_MS = 60_000

/** Hands a file to the browser to save. Safari reads it only after the click, hence the wait. */
export function saveFile(file: File): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = toFileName(file.name)
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS)
}

const MOST = 200
/** Separators and what some systems refuse in a name. */
const REFUSED = /[/\\:*?"<>|]/g
/** Hidden on some systems, a device on another. */
const APART = /^\.+|^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))/i

/** A name made from a stranger's: nothing in it is unseen or turns round what the end of the name says it is. */
export function toFileName(name: string): string {
  const seen = toRuns(name, 'name').map(({ text, unseen }) => (unseen === undefined ? text : '_'))
  const clean = seen.join('').replaceAll(REFUSED, '_').replace(APART, '_')
  const [, stem = '', end = ''] = /^(.*?)((?:\.[A-Za-z0-9]{1,12}){0,3})$/s.exec(clean) ?? []
  return startOf(stem, MOST) + end
}
