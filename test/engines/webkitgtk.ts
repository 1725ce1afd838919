import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { expect } from '@playwright/test'
import { Builder, Capabilities, type WebElement } from 'selenium-webdriver'
import { freePort } from '../free-port.ts'
import type { Driver, Engine } from './engine.ts'
import { noteRequests } from './proxy.ts'
import { newFileIn } from './saved.ts'

export interface WebKitPaths {
  readonly driver: string
  readonly browser: string
  readonly display: string
}

/** WebKitGTK's own small browser, driven by its WebDriver on a screen that nobody sees. */
export function webkitgtk(paths: WebKitPaths): Engine {
  return { name: 'WebKitGTK', keeps: false, open: (folder) => open(paths, folder) }
}

async function open(paths: WebKitPaths, folder: string): Promise<Driver> {
  mkdirSync(folder, { recursive: true })
  const proxy = await noteRequests()
  const screen = spawn(
    paths.display,
    ['-displayfd', '3', '-screen', '0', '1400x1100x24', '-nolisten', 'tcp'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  )
  const display = await new Promise<string>((resolve, reject) => {
    screen.once('exit', () => reject(new Error('Xvfb did not start')))
    ;(screen.stdio[3] as Readable).once('data', (name: Buffer) => resolve(`:${String(name).trim()}`))
  })
  const port = await freePort()
  const service = spawn(paths.driver, [`--port=${port}`, '--host=local'], {
    stdio: 'ignore',
    // What it saves lands in the home folder.
    env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, DISPLAY: display, WAYLAND_DISPLAY: '' },
  })
  const server = `http://127.0.0.1:${port}`
  await expect
    .poll(
      () =>
        fetch(`${server}/status`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { message: 'the driver' },
    )
    .toBe(true)
  const session = await new Builder()
    .usingServer(server)
    .withCapabilities(
      new Capabilities({
        browserName: 'MiniBrowser',
        'webkitgtk:browserOptions': {
          binary: paths.browser,
          args: ['--automation', `--proxy=http://127.0.0.1:${proxy.port}`, '--ignore-host=127.0.0.1'],
        },
      }),
    )
    .build()
  await session.manage().setTimeouts({ script: 60_000, pageLoad: 60_000 })
  const element = (find: string) => session.executeScript<WebElement>(`return ${find}`)
  const earlier: string[] = []
  const run = async <Answer>(source: string, ...args: readonly unknown[]): Promise<Answer> => {
    const { answer, error } = await session.executeAsyncScript<{ answer: Answer; error?: string }>(
      `const done = arguments[arguments.length - 1]
      Promise.resolve().then(() => (${source})(...${JSON.stringify(args)})).then(
        (answer) => done({ answer }), (error) => done({ error: String(error) + String(error?.stack) }))`,
    )
    if (error !== undefined) throw new Error(error)
    return answer
  }
  const watched = async () => (await run<string[]>('() => globalThis.__problems?.splice(0) ?? []')) ?? []
  return {
    version: (await session.getCapabilities()).get('browserVersion') as string,
    goto: async (url) => {
      await session.get(url)
      await run(WATCH)
    },
    reload: async () => {
      earlier.push(...(await watched()))
      await session.navigate().refresh()
      await run(WATCH)
    },
    run,
    click: async (find) => {
      const found = await element(find)
      // The driver does not scroll to what begins right below the window.
      await session.executeScript(`arguments[0].scrollIntoView({ block: 'nearest' })`, found)
      await found.click()
    },
    type: async (find, text) => (await element(find)).sendKeys(text),
    give: async (find, path) => (await element(find)).sendKeys(path),
    saved: (deed) => newFileIn(folder, deed),
    picture: async (path, width, height) => {
      await session.manage().window().setRect({ x: 0, y: 0, width, height })
      writeFileSync(path, Buffer.from(await session.takeScreenshot(), 'base64'))
    },
    problems: async () => {
      earlier.push(...(await watched()))
      return [...earlier, ...proxy.asked.map((each) => `request to elsewhere: ${each}`)]
    },
    close: async () => {
      await session.quit()
      await Promise.all([end(service), end(screen)])
      proxy.stop()
    },
  }
}

/** Breaches from before this ran are told too; of errors that early only the page that does not open. */
const WATCH = `() => {
  const problems = (globalThis.__problems = [])
  addEventListener('error', ({ message, filename }) => problems.push('uncaught: ' + message + ' ' + filename))
  addEventListener('unhandledrejection', ({ reason }) => problems.push('rejected: ' + String(reason)))
  const error = console.error
  console.error = (...args) => (problems.push('console: ' + args.join(' ')), error(...args))
  const tell = (reports) =>
    problems.push(...reports.map(({ body }) => 'csp: ' + body.effectiveDirective + ' blocked ' + body.blockedURL))
  new ReportingObserver(tell, { buffered: true, types: ['csp-violation'] }).observe()
}`

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill()
  })
}
