import { toFileName } from './save-file.ts'

/** How sharing ended; `refused`: the browser hands over no file of this kind, whatever it said before. */
export type ShareOutcome = 'handed_over' | 'cancelled' | 'refused' | 'failed'

/** Whether there is a sheet of the system, and the browser says that it takes this very file. */
export function canShare(file: File): boolean {
  const { canShare, share } = navigator as Partial<Pick<Navigator, 'canShare' | 'share'>>
  return share !== undefined && canShare?.call(navigator, { files: [file] }) === true
}

/** Hands a file to the sheet of the system, on a click: a browser forgets the click over anything that takes its time. */
export async function shareFile(file: File): Promise<ShareOutcome> {
  try {
    await navigator.share({ files: [withSaferName(file)] })
    return 'handed_over'
  } catch (error) {
    const name = error instanceof DOMException ? error.name : ''
    if (name === 'AbortError') return 'cancelled'
    // Chromium has a list of endings, without .json, .gz and .pem, and says so only now.
    return name === 'NotAllowedError' ? 'refused' : 'failed'
  }
}

/** The same bytes under a name that every list of endings has; null for what is no text, and for what has it already. */
export function asText(file: File): File | null {
  if (!/\.(json|pem)$/i.test(file.name)) return null
  return new File([file], `${file.name}.txt`, { type: 'text/plain' })
}

/** As it would be saved. */
function withSaferName(file: File): File {
  const name = toFileName(file.name)
  return name === file.name ? file : new File([file], name, { type: file.type })
}
