import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'

/** Names that a file has while a browser is still writing it. */
const UNFINISHED = /\.(part|crdownload|wkdownload)$/

/** The file that appears in a folder by `deed`, for engines that tell of no download. */
export async function newFileIn(folder: string, deed: () => Promise<void>): Promise<string> {
  const before = new Set(readdirSync(folder))
  await deed()
  let path = ''
  await expect
    .poll(
      () => {
        const names = readdirSync(folder).filter((name) => !before.has(name) && !name.startsWith('.'))
        path = join(folder, names[0] ?? '')
        const isWhole = names.length === 1 && !UNFINISHED.test(names[0]!) && statSync(path).size > 0
        return isWhole ? 'a whole file' : names
      },
      { message: `a file saved in ${folder}` },
    )
    .toBe('a whole file')
  return path
}
