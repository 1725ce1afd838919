import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findBrowser } from '../browser.ts'
import { chromium } from './chromium.ts'
import type { Engine, EngineName } from './engine.ts'
import { firefox } from './firefox.ts'
import { webkitgtk } from './webkitgtk.ts'

/** Why an engine is not here, and how to get it. */
export class Missing extends Error {
  override readonly name = 'Missing'
}

/** Finds an engine on this machine. Nothing is ever downloaded here. Throws `Missing`. */
export async function findEngine(name: EngineName): Promise<Engine> {
  if (name === 'Firefox') return findFirefox()
  if (name === 'WebKitGTK') return findWebKitGTK()
  try {
    return chromium(await findBrowser())
  } catch (error) {
    throw new Missing((error as Error).message)
  }
}

function findFirefox(): Engine {
  const named = process.env['FIREFOX_PATH']
  const places = named
    ? [named]
    : [
        ...inPath('firefox-esr', 'firefox'),
        '/Applications/Firefox.app/Contents/MacOS/firefox',
        join(process.env['PROGRAMFILES'] ?? 'C:\\Program Files', 'Mozilla Firefox\\firefox.exe'),
      ]
  const path = places.find(isFirefox)
  if (path !== undefined) return firefox(path)
  throw new Missing(
    `Firefox is missing${named ? `: ${named} does not start` : ''}. On Debian: apt-get install -y firefox-esr. ` +
      'Elsewhere: FIREFOX_PATH=/path/to/firefox npm run test:engines',
  )
}

/** A file by that name proves nothing: Ubuntu has stubs that only advise. Firefox for Windows answers no `--version`. */
function isFirefox(path: string): boolean {
  if (!existsSync(path)) return false
  if (process.platform === 'win32') return true
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 60_000 })
  return /^Mozilla Firefox \d/m.test(stdout ?? '')
}

function findWebKitGTK(): Engine {
  const [driver] = inPath('WebKitWebDriver')
  const [display] = inPath('Xvfb')
  const browser = miniBrowsers().find(existsSync)
  if (driver && display && browser) return webkitgtk({ driver, display, browser })
  const lacking = Object.entries({ WebKitWebDriver: driver, MiniBrowser: browser, Xvfb: display })
    .filter(([, path]) => path === undefined)
    .map(([each]) => each)
  throw new Missing(
    `WebKitGTK is missing (${lacking.join(', ')}). On Debian: apt-get install -y webkit2gtk-driver xvfb`,
  )
}

/** Where distributions put the browser that WebKitGTK comes with: beside the library, by its version. */
function miniBrowsers(): string[] {
  const folders = ['/usr/lib', '/usr/lib64', '/usr/libexec', ...foldersIn('/usr/lib', /-linux-gnu$/)]
  return folders.flatMap((folder) =>
    foldersIn(folder, /^webkit(2gtk|gtk)-\d/)
      .toReversed()
      .map((each) => join(each, 'MiniBrowser')),
  )
}

function foldersIn(folder: string, name: RegExp): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((each) => name.test(each))
  return names.sort().map((each) => join(folder, each))
}

function inPath(...names: string[]): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).filter(existsSync)
}
