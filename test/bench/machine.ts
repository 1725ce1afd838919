import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findBrowser } from '../browser.ts'
import { python } from './peers.ts'

/** Where and with what it was measured. */

const project = fileURLToPath(new URL('../..', import.meta.url))

export async function describeMachine(): Promise<Readonly<Record<string, string>>> {
  const { launchOptions } = await findBrowser()
  const commit = output('git', 'rev-parse', 'HEAD') || 'not known'
  const isChanged = output('git', 'status', '--porcelain', '--', 'src', 'test') !== ''
  const [cpu] = cpus()
  const { version, cryptography } = python()
  return {
    date: new Date().toISOString(),
    commit: isChanged ? `${commit}, with changes that are not committed` : commit,
    machine: `${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model ?? 'CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: systemName(),
    browser: `${output(launchOptions.executablePath, '--version') || 'Chromium'}, headless`,
    node: process.versions.node,
    python: `${version}, ${cryptography === null ? 'no cryptography: signatures were not checked' : `cryptography ${cryptography}`}`,
    sha256sum: output('sha256sum', '--version').split('\n')[0] ?? '',
  }
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync(join('/etc', 'os-release'), 'utf8'))?.[1] ?? ''
  } catch {
    return process.platform
  }
}

function output(command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, {
      cwd: project,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}
