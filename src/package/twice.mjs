import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Makes the package twice from what is committed, in folders of another name and depth, on another day by every clock
 * that a build can read, in another zone and language, and compares all bytes.
 */
const project = fileURLToPath(new URL('../../', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'omega-twice-'))
const YEAR = 365 * 24 * 60 * 60 * 1000
/** Runs before every script of Node's: what it reads as now lies `YEAR` behind. */
const late = `const Now = Date; globalThis.Date = class extends Now {
  constructor(...args) { args.length === 0 ? super(Now.now() - ${YEAR}) : super(...args) }
  static now() { return Now.now() - ${YEAR} }
}`
const builds = [
  { folder: join(home, 'a'), env: { TZ: 'UTC', LANG: 'C', LC_ALL: 'C' } },
  {
    folder: join(home, 'another one', 'deeper', 'b'),
    env: {
      TZ: 'Pacific/Auckland',
      LANG: 'de_DE.UTF-8',
      LC_ALL: 'de_DE.UTF-8',
      SOURCE_DATE_EPOCH: '1',
      NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(late)}"`,
    },
    modified: new Date('2019-03-04'),
  },
]

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()

try {
  for (const { folder, env, modified } of builds) {
    const run = (program, ...args) =>
      execFileSync(program, args, {
        cwd: folder,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    mkdirSync(folder, { recursive: true })
    const archive = execFileSync('git', ['archive', 'HEAD'], { cwd: project, maxBuffer: 2 ** 30 })
    execFileSync('tar', ['-x'], { cwd: folder, input: archive })
    if (modified) for (const path of filesIn(folder)) utimesSync(join(folder, path), modified, modified)
    execFileSync('npm', ['ci', '--prefer-offline', '--ignore-scripts'], { cwd: folder, stdio: 'ignore' })
    run('npm', 'run', '-s', 'package')
  }
  const [first, second] = builds.map(({ folder }) => join(folder, 'package'))
  const files = [...new Set([...filesIn(first), ...filesIn(second)])].sort()
  const different = files.filter((path) => !read(first, path)?.equals(read(second, path) ?? Buffer.from([0])))
  for (const path of different) console.error(`differs: ${path}`)
  if (different.length > 0 || files.length < 20) process.exitCode = 1
  else console.log(`${files.length} files, the same bytes twice`)
} finally {
  rmSync(home, { recursive: true, force: true })
}

function read(folder, path) {
  try {
    return readFileSync(join(folder, path))
  } catch {
    return undefined
  }
}
