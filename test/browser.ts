import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflate } from '@sparticuz/chromium'

/**
 * A Chromium for the tests: the one named by CHROME_PATH, else one that is installed, else the one that
 * `npm ci` brought. Nothing is ever downloaded here.
 */
export interface FoundBrowser {
  readonly source: 'CHROME_PATH' | 'installed' | 'npm'
  readonly version: number
  /** As Playwright and Puppeteer take them. `env`, where present, is the whole environment, not an addition. */
  readonly launchOptions: {
    readonly executablePath: string
    readonly args: string[]
    readonly env?: Record<string, string>
  }
}

type Env = NodeJS.ProcessEnv

/** The first that has Ed25519 in WebCrypto without a flag. */
const OLDEST = 137

/** Without these it knocks at doors that are closed where tests run, and waits. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

const project = fileURLToPath(new URL('..', import.meta.url))

let found: Promise<FoundBrowser> | undefined

/** Throws an Error that says what was tried and what to do. Unpacks the browser from npm if it has to. */
export function findBrowser(): Promise<FoundBrowser> {
  return (found ??= look())
}

async function look(): Promise<FoundBrowser> {
  const named = process.env['CHROME_PATH']
  if (named !== undefined && named !== '') {
    const version = versionOf(named)
    if (typeof version === 'string') throw new Error(`CHROME_PATH=${named}: ${version}.`)
    return { source: 'CHROME_PATH', version, launchOptions: { executablePath: named, args: args() } }
  }

  const refused: string[] = []
  for (const executablePath of installed()) {
    const version = versionOf(executablePath)
    if (typeof version === 'number') {
      return { source: 'installed', version, launchOptions: { executablePath, args: args() } }
    }
    refused.push(`  ${executablePath}: ${version}`)
  }

  if (process.platform === 'linux' && process.arch === 'x64') {
    const { executablePath, environments } = await unpack()
    let why: number | string = ''
    for (const env of environments) {
      why = versionOf(executablePath, env)
      // It is a bare binary: the sandbox would need a set-uid helper beside it.
      const options = { executablePath, args: ['--no-sandbox', ...QUIET], env: defined(env) }
      if (typeof why === 'number') return { source: 'npm', version: why, launchOptions: options }
    }
    refused.push(`  ${executablePath}: ${why}`)
    if (why.includes('shared libraries')) {
      refused.push('  On Debian or Ubuntu: apt-get install -y libnss3 libnspr4 libexpat1')
    }
  }
  throw new Error(
    [
      'No Chromium for the browser tests.',
      ...refused,
      `Install Chrome or Chromium ${OLDEST} or newer, or say where it is: CHROME_PATH=/path/to/chrome npm test`,
    ].join('\n'),
  )
}

function args(): string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox', ...QUIET] : [...QUIET]
}

/** The major version, or why it will not do. A file by that name proves nothing: Ubuntu has stubs that only advise. */
function versionOf(executablePath: string, env: Env = process.env): number | string {
  if (!existsSync(executablePath)) return 'no such file'
  // Chrome for Windows answers --version by opening a window.
  if (process.platform === 'win32') return OLDEST
  const run = spawnSync(executablePath, ['--version'], { env, encoding: 'utf8', timeout: 20_000 })
  const major = /(\d+)\.\d+\.\d+\.\d+/.exec(run.stdout ?? '')?.[1]
  if (major === undefined) {
    return ['does not start', run.error?.message ?? run.stderr.trim().split('\n')[0]]
      .filter(Boolean)
      .join(': ')
  }
  return Number(major) >= OLDEST ? Number(major) : `version ${major} is too old, ${OLDEST} is needed`
}

function installed(): string[] {
  const names = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome']
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...names.flatMap((name) => path.map((folder) => join(folder, name))), ...usualPlaces()].filter(
    (candidate) => existsSync(candidate),
  )
}

function usualPlaces(): string[] {
  if (process.platform === 'darwin') {
    return ['/Applications', join(homedir(), 'Applications')].flatMap((folder) =>
      ['Google Chrome', 'Chromium'].map((app) => join(folder, `${app}.app/Contents/MacOS/${app}`)),
    )
  }
  if (process.platform === 'win32') {
    // Edge last: it is a Chromium too, and every Windows has it.
    return ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'].flatMap(
      (exe) =>
        ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].map((root) =>
          join(process.env[root] ?? 'C:\\', exe),
        ),
    )
  }
  return []
}

/**
 * Unpacks `@sparticuz/chromium` once into a folder named by its version. The package itself would use fixed
 * names in the temp folder, and so hand out an older version that lies there.
 */
async function unpack(): Promise<{ executablePath: string; environments: Env[] }> {
  const home = join(project, 'node_modules/@sparticuz/chromium')
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }
  const cache = join(project, '.cache')
  const folder = join(cache, `chromium-${version}`)
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    const fresh = mkdtempSync(`${folder}-`)
    try {
      await inflateInto(fresh, join(home, 'bin'))
      writeFileSync(join(fresh, 'fonts.conf'), fontsConf(join(folder, 'fonts')))
      renameSync(fresh, folder)
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true })
      // Another process may have been faster; what it put there is the same.
      if (!existsSync(folder)) throw error
    }
  }
  const env = { ...process.env, FONTCONFIG_FILE: join(folder, 'fonts.conf') }
  const libraries = [join(folder, 'al2023/lib'), process.env['LD_LIBRARY_PATH']]
    .filter(Boolean)
    .join(delimiter)
  // The machine's own NSS comes first: the packed one needs glibc 2.34, the browser only 2.25.
  return {
    executablePath: join(folder, 'chromium'),
    environments: [env, { ...env, LD_LIBRARY_PATH: libraries }],
  }
}

async function inflateInto(folder: string, bin: string): Promise<void> {
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  // `inflate` asks for the temp folder when called, not later: TMPDIR can be put back before it is done.
  const archives = ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br']
  const done = Promise.all(archives.map((archive) => inflate(join(bin, archive))))
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
  await done
}

/** The machine's fonts, and Open Sans for a machine that has none. The packed file names folders of AWS. */
function fontsConf(fonts: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${fonts}</dir>
  <cachedir>${fonts}-cache</cachedir>
</fontconfig>
`
}

function defined(env: Env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
