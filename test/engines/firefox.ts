import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import puppeteer, { type ElementHandle, type Page } from 'puppeteer-core'
import type { Driver, Engine } from './engine.ts'
import { noteRequests } from './proxy.ts'
import { newFileIn } from './saved.ts'

/** A stock Firefox, driven over WebDriver BiDi. */
export function firefox(executablePath: string): Engine {
  return { name: 'Firefox', keeps: true, open: (folder) => open(executablePath, folder) }
}

/** Where the browser itself asks for its settings, whatever page it shows. */
const ITS_OWN = /(^|\.)(services\.mozilla\.com|mozilla\.net|firefox\.com):443$/

async function open(executablePath: string, folder: string): Promise<Driver> {
  const [profile, downloads] = [join(folder, 'profile'), join(folder, 'downloads')]
  for (const each of [profile, downloads]) mkdirSync(each, { recursive: true })
  const proxy = await noteRequests()
  const browser = await puppeteer.launch({
    browser: 'firefox',
    protocol: 'webDriverBiDi',
    executablePath,
    headless: true,
    userDataDir: profile,
    // As root it refuses a home folder that is somebody else's.
    env: { ...process.env, HOME: folder },
    extraPrefsFirefox: {
      // The driver lets local files read each other; people's browsers do not.
      'security.fileuri.strict_origin_policy': true,
      'browser.download.folderList': 2,
      'browser.download.dir': downloads,
      'browser.download.useDownloadDir': true,
      'browser.download.always_ask_before_handling_new_types': false,
      'browser.download.alwaysOpenPanel': false,
      'network.proxy.type': 1,
      'network.proxy.http': '127.0.0.1',
      'network.proxy.http_port': proxy.port,
      'network.proxy.ssl': '127.0.0.1',
      'network.proxy.ssl_port': proxy.port,
    },
  })
  const [page = await browser.newPage()] = await browser.pages()
  page.setDefaultTimeout(60_000)
  const problems = watch(page)
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the page holds
  const element = async (find: string) => (await page.evaluateHandle(find)) as ElementHandle<any>
  return {
    version: await browser.version(),
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    run: async (source, ...args) => {
      const answer = await page.evaluate(`(${source})(...${JSON.stringify(args)})`)
      return answer as never
    },
    click: async (find) => (await element(find)).click(),
    type: async (find, text) => (await element(find)).type(text),
    give: async (find, path) => (await element(find)).uploadFile(path),
    saved: (deed) => newFileIn(downloads, deed),
    picture: async (path, width, height) => {
      await page.setViewport({ width, height })
      await page.screenshot({ path: path as `${string}.png` })
    },
    problems: async () => [
      ...problems,
      ...proxy.asked.filter((each) => !ITS_OWN.test(each)).map((each) => `request to elsewhere: ${each}`),
    ],
    close: async () => {
      await browser.close()
      proxy.stop()
    },
  }
}

/** Breaches of the policy are errors of the page here. */
function watch(page: Page): string[] {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`uncaught: ${String(error)}`))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`)
  })
  return problems
}
