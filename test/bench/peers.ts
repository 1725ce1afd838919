import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBrowser } from './browser.ts'
import { DIST } from './server.ts'

/** What the app is held against: small programs that do the same, or less, in the plainest way. */

const peer = (name: string) => fileURLToPath(new URL(`peers/${name}`, import.meta.url))

/** Milliseconds of a whole process, its start included. */
function timeProcess(command: string, args: readonly string[]): number {
  const started = performance.now()
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  const ms = performance.now() - started
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return ms
}

export const sha256sum = (path: string): number => timeProcess('sha256sum', [path])
export const plainNode = (path: string): number => timeProcess(process.execPath, [peer('verify.mjs'), path])
export const plainPython = (path: string): number => timeProcess(python().command, [peer('verify.py'), path])
export const commandLine = (path: string): number =>
  timeProcess(process.execPath, [join(DIST, 'omega-verify.mjs'), path])

interface Python {
  readonly command: string
  readonly version: string
  /** Null: it checks no signature. Debian has it as python3-cryptography. */
  readonly cryptography: string | null
}

let found: Python | undefined

/** The first Python that can check signatures, else the first. */
export function python(): Python {
  return (found ??= findPython())
}

function findPython(): Python {
  const ask = (command: string, code: string) => {
    const { status, stdout } = spawnSync(command, ['-c', code], { encoding: 'utf8' })
    return status === 0 ? stdout.trim() : null
  }
  const all = ['python3', '/usr/bin/python3'].flatMap((command) => {
    const version = ask(command, 'import platform; print(platform.python_version())')
    const cryptography = ask(command, 'import cryptography; print(cryptography.__version__)')
    return version === null ? [] : [{ command, version, cryptography }]
  })
  const best = all.find(({ cryptography }) => cryptography !== null) ?? all[0]
  if (best === undefined) throw new Error('there is no python3')
  return best
}

/**
 * Puts the memories of each file in turn into one object store, the browser started again for each; the store then
 * holds those of the files before. Answers the milliseconds of putting, without reading and parsing.
 */
export async function bareLoop(home: string, paths: readonly string[]): Promise<number[]> {
  const times: number[] = []
  let profile: string | undefined
  for (const [at, path] of paths.entries()) {
    const browser = await openBrowser({ home, ...(profile === undefined ? {} : { profile }) })
    profile = browser.profile
    try {
      const [page] = browser.context.pages()
      await page!.goto('bare-loop.html')
      await page!.locator('input').setInputFiles(path)
      const output = page!.locator('output')
      await output.filter({ hasText: '{' }).waitFor()
      const { ms, error } = JSON.parse(await output.innerText()) as { ms: number; error?: string }
      if (error !== undefined) throw new Error(`the bare loop: ${error}`)
      times.push(ms)
    } finally {
      await browser.close({ keep: at < paths.length - 1 })
    }
  }
  return times
}
