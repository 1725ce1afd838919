import { decodeUtf8, encodeUtf8 } from '../core/bytes.ts'
import type { Kernel } from '../core/kernel.ts'
import type { Memory } from '../core/memory.ts'
import { checkRun, type CheckedRun, type Run, type RunProgress } from '../core/run.ts'

/** A run of memory lines that are about to go out. */
export interface GatheredRun extends CheckedRun {
  /** Which of them have one of our own keys as author, counted from the run's first. */
  readonly ownAuthored: readonly number[]
}

const LF = 0x0a
const COMMA = 0x2c
const AUTHOR = encodeUtf8('{"author":"')

/** As `checkRun`, looking for lines that bear one of `ownKeys`, fingerprints. */
export async function gatherRun(
  kernel: Kernel | null,
  chunks: AsyncIterable<Uint8Array>,
  { ownKeys, ...run }: Run & { readonly ownKeys: readonly string[] },
  onProgress: RunProgress,
): Promise<GatheredRun> {
  const own = ownKeys.map(encodeUtf8)
  const ownAuthored: number[] = []
  let row = 0
  const isOwn = (lines: Uint8Array, start: number, lf: number) => {
    if (standsAt(lines, start, AUTHOR)) return own.some((key) => standsAt(lines, start + AUTHOR.length, key))
    // Another member may stand before it.
    const end = lines[lf - 1] === COMMA ? lf - 1 : lf
    return ownKeys.includes((JSON.parse(decodeUtf8(lines.subarray(start, end))) as Memory).author)
  }
  const checked = await checkRun(kernel, chunks, run, onProgress, (lines) => {
    for (let start = 0; start < lines.length; row++) {
      const lf = lines.indexOf(LF, start)
      if (isOwn(lines, start, lf)) ownAuthored.push(row)
      start = lf + 1
    }
  })
  return { ...checked, ownAuthored }
}

function standsAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false
  return true
}
