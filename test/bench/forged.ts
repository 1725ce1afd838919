import { closeSync, copyFileSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import type { Page, Worker } from '@playwright/test'
import { openBrowser } from './browser.ts'
import { dataFile } from './data.ts'
import { verify } from './deeds.ts'
import { median, say, secondsOf } from './measurement.ts'
import { gigabytesOf, type Results, type Setting } from './rows.ts'

/** The row about a manifest whose first line is forged: how soon it is refused, however long it is. */

const MOST_MS = 20
const HEAD_BYTES = 65_536

export async function forged({ app, scale }: Setting): Promise<Results> {
  const { path, bytes } = dataFile(scale.forged)
  const copy = `${path}.forged`
  copyFileSync(path, copy)
  const browser = await openBrowser({ home: app })
  try {
    forge(copy)
    say('a forged first line')
    const page = await browser.newTab()
    await verify(page, dataFile('10k').path)
    const [reading, setting]: [number[], number[]] = [[], []]
    for (let round = 0; round < scale.rounds; round++) {
      await watchReads(page)
      const { ok, text, began, shown, painted } = await verify(page, copy)
      if (ok || !text.includes('signature_invalid')) throw new Error(`the forgery was not refused: ${text}`)
      reading.push(shown - Math.min(...(await firstReads(page))))
      setting.push(painted - began)
    }
    const ms = median(reading)
    return {
      rows: [
        {
          what: `forged first line, ${gigabytesOf(bytes)}`,
          target: `refused within ${MOST_MS} ms of reading starting`,
          measured:
            `**${secondsOf(ms)}** from the first read to the refusal in the page ` +
            `(${secondsOf(Math.min(...reading))} to ${secondsOf(Math.max(...reading))}, ${reading.length} runs); ` +
            `${secondsOf(median(setting))} from the file on the input to the refusal painted`,
          isMet: ms <= MOST_MS,
        },
      ],
    }
  } finally {
    await browser.close()
    rmSync(copy, { force: true })
  }
}

/** Another character in the middle of the signature; still base64, still 64 bytes. */
function forge(path: string): void {
  const file = openSync(path, 'r+')
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    readSync(file, head, 0, HEAD_BYTES, 0)
    const mark = '"signature":"'
    const at = head.indexOf(mark) + mark.length + 40
    writeSync(file, head[at] === 0x41 ? 'B' : 'A', at)
  } finally {
    closeSync(file)
  }
}

/** The page and all its workers, those of workers included. */
const scopesOf = (page: Page): (Page | Worker)[] => [page, ...page.workers()]

async function watchReads(page: Page): Promise<void> {
  for (const scope of scopesOf(page)) await (scope as Worker).evaluate(hookReads)
}

async function firstReads(page: Page): Promise<number[]> {
  const reads = scopesOf(page).map((scope) =>
    (scope as Worker).evaluate(() => Reflect.get(globalThis, '__firstRead') as number | undefined),
  )
  return (await Promise.all(reads)).filter((time) => time !== undefined)
}

/** Runs in the page and in workers: notes when the first bytes of a file are asked for from now on. */
function hookReads(): void {
  const isHooked = Reflect.has(globalThis, '__firstRead')
  Reflect.set(globalThis, '__firstRead', undefined)
  if (isHooked) return
  const note = () => {
    if (Reflect.get(globalThis, '__firstRead') === undefined)
      Reflect.set(globalThis, '__firstRead', performance.timeOrigin + performance.now())
  }
  const readers: readonly [object | undefined, readonly string[]][] = [
    [Blob.prototype, ['arrayBuffer', 'bytes', 'stream', 'text']],
    [Reflect.get(globalThis, 'FileReaderSync')?.prototype, ['readAsArrayBuffer']],
    [Reflect.get(globalThis, 'FileReader')?.prototype, ['readAsArrayBuffer']],
  ]
  for (const [target, names] of readers) {
    for (const name of names) {
      const native: unknown = target && Reflect.get(target, name)
      if (typeof native !== 'function') continue
      Reflect.set(target!, name, function (this: unknown, ...args: unknown[]): unknown {
        note()
        return Reflect.apply(native, this, args)
      })
    }
  }
}
