import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium as playwright, type JSHandle, type ElementHandle } from '@playwright/test'
import type { FoundBrowser } from '../browser.ts'
import type { Driver, Engine } from './engine.ts'

/** The Chromium of the other tests, driven by Playwright. */
export function chromium({ launchOptions }: FoundBrowser): Engine {
  return { name: 'Chromium', keeps: true, open: (folder) => open(launchOptions, folder) }
}

async function open(options: FoundBrowser['launchOptions'], folder: string): Promise<Driver> {
  const downloads = join(folder, 'downloads')
  mkdirSync(downloads, { recursive: true })
  const context = await playwright.launchPersistentContext(join(folder, 'profile'), {
    ...options,
    headless: true,
    acceptDownloads: true,
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const problems: string[] = []
  // Breaches of the policy are told on the console.
  context.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`)
  })
  context.on('weberror', (event) => problems.push(`uncaught: ${event.error().message}`))
  // A proxy would see what the browser itself is after, too.
  context.on('request', (request) => {
    if (!/^(http:\/\/127\.0\.0\.1:|file:|blob:|data:)/.test(request.url()))
      problems.push(`request to elsewhere: ${request.url()}`)
  })
  const element = async (find: string) =>
    ((await page.evaluateHandle(find)) as JSHandle<HTMLElement>).asElement() as ElementHandle<HTMLElement>
  return {
    version: context.browser()?.version() ?? '',
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    run: (source, ...args) => page.evaluate(`(${source})(...${JSON.stringify(args)})`),
    click: async (find) => (await element(find)).click(),
    type: async (find, text) => {
      await (await element(find)).focus()
      await page.keyboard.type(text)
    },
    give: async (find, path) => (await element(find)).setInputFiles(path),
    saved: async (deed) => {
      const [download] = await Promise.all([page.waitForEvent('download'), deed()])
      const path = join(downloads, download.suggestedFilename())
      await download.saveAs(path)
      return path
    },
    picture: async (path, width, height) => {
      await page.setViewportSize({ width, height })
      await page.screenshot({ path })
    },
    problems: async () => problems,
    close: () => context.close(),
  }
}
