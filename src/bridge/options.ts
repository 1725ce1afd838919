import { realpathSync, statSync } from 'node:fs'
import { existsSync, fstatSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const USAGE = `Usage: omega-bridge [--stdio] [--http] [--port 7434] [--dir FOLDER] [--app FOLDER] [...]

Lets MCP clients use the tools of Omega Exchange in an open browser tab, on this machine alone.
  --stdio            speak MCP on standard input and output
  --http             speak MCP over HTTP, at /mcp; without either: both, --stdio only if something is piped in
  --port NUMBER      the port (7434); the app's keys and memories belong to it
  --dir FOLDER       files that tools may read and write; without it none
  --app FOLDER       the app (the folder of this file)
  --state FOLDER     where the two tokens are kept
  --no-open          open no browser, print the address
  --browser COMMAND  the program that opens it; it is given the address
  --wait SECONDS     how long a request waits for a tab (25)
  --print-token      print the token for HTTP clients, and end
  --print-address    print the address for the browser, with the tab's token, and end
  --help, --version  print this, or the version

Exit: 0 ended; 2 bad usage, or the port, the app or the tokens cannot be had.`

/** What is wrong with the command line or the machine, in words for a person: exit code 2. */
export class Unusable extends Error {}

export interface Options {
  readonly stdio: boolean
  readonly http: boolean
  readonly port: number
  /** Resolved; null where no files may be read or written. */
  readonly folder: string | null
  /** Resolved. */
  readonly app: string
  readonly state: string
  /** Null where none is to be opened. */
  readonly browser: string | 'default' | null
  readonly waitMs: number
  readonly print: 'help' | 'version' | 'token' | 'address' | null
}

/** @throws Unusable */
export function readOptions(args: string[], own: string): Options {
  const values = parse(args)
  const isEither = values.stdio === true || values.http === true
  const print = (['help', 'version'] as const).find((each) => values[each])
  return {
    stdio: isEither ? values.stdio === true : isPipedIn(),
    http: isEither ? values.http === true : true,
    port: numberOf('--port', values.port ?? '7434', 65_535),
    folder: values.dir === undefined ? null : folderOf('--dir', values.dir),
    app: print === undefined ? appOf(values.app, own) : own,
    state: values.state === undefined ? stateFolder() : resolve(values.state),
    browser: values['no-open'] ? null : (values.browser ?? 'default'),
    waitMs: 1000 * numberOf('--wait', values.wait ?? '25', 3600),
    print: print ?? (values['print-token'] ? 'token' : values['print-address'] ? 'address' : null),
  }
}

function parse(args: string[]) {
  const flag = { type: 'boolean' } as const
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args,
      options: {
        stdio: flag,
        http: flag,
        port: text,
        dir: text,
        app: text,
        state: text,
        'no-open': flag,
        browser: text,
        wait: text,
        'print-token': flag,
        'print-address': flag,
        help: flag,
        version: flag,
      },
    }).values
  } catch (cause) {
    throw new Unusable(`${cause instanceof Error ? cause.message : String(cause)}\n\n${USAGE}`)
  }
}

/** A client pipes its messages in; a terminal, or a service's /dev/null, sends none. */
function isPipedIn(): boolean {
  if (process.stdin.isTTY) return false
  try {
    const stat = fstatSync(0)
    return stat.isFIFO() || stat.isSocket() || stat.isFile()
  } catch {
    return process.platform === 'win32'
  }
}

function numberOf(option: string, text: string, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Infinity
  if (value > most) throw new Unusable(`${option} takes a whole number, ${most} at most.`)
  return value
}

function folderOf(option: string, path: string): string {
  try {
    const real = realpathSync(path)
    if (statSync(real).isDirectory()) return real
  } catch {
    // Said below.
  }
  throw new Unusable(`${option}: there is no folder ${JSON.stringify(path)}.`)
}

/** Beside this file, or in `app` beside it, as in the package. */
function appOf(given: string | undefined, own: string): string {
  const candidates = given === undefined ? [own, join(own, 'app')] : [given]
  const found = candidates.find((each) => existsSync(join(each, 'index.html')))
  if (found !== undefined) return folderOf('--app', found)
  throw new Unusable(
    `There is no index.html in ${JSON.stringify(candidates[0])}: name the folder of the app with --app.`,
  )
}

function stateFolder(): string {
  const { LOCALAPPDATA, XDG_STATE_HOME } = process.env
  if (process.platform === 'win32')
    return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'omega-exchange')
  // The specification of XDG ignores relative paths.
  const base = XDG_STATE_HOME?.startsWith('/') ? XDG_STATE_HOME : join(homedir(), '.local', 'state')
  return join(base, 'omega-exchange')
}
