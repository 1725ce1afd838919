import { chromium, test } from '@playwright/test'
import type { BrowserContext, ConsoleMessage, Page } from '@playwright/test'

/** A browser with a profile on disk, so that what a test stores outlives the browser, as it does for people. */
export interface Profile {
  readonly context: BrowserContext
  /** The first page, still blank: `page.goto('./')` opens the app. */
  readonly page: Page
  /** With a slash at its end. */
  readonly baseURL: string
  /** What must not happen: console errors, uncaught errors, breaches of the CSP, requests to elsewhere. Empty at the end of a test. */
  readonly problems: string[]
  /** Ends the browser; opening the same folder again is then a restart. */
  close(): Promise<void>
}

/**
 * Opens the profile in `folder` (`test.info().outputPath('ada')` is one of the test's own), made if absent.
 * `baseURL` is for tests that serve the app themselves, to go offline by stopping the server. Only within a test.
 */
export async function openProfile(folder: string, baseURL?: string): Promise<Profile> {
  const { use } = test.info().project
  const { actionTimeout = 0 } = use
  const home = new URL('./', baseURL ?? use.baseURL).href
  const context = await chromium.launchPersistentContext(folder, {
    ...use.launchOptions,
    headless: use.headless ?? true,
    acceptDownloads: true,
    baseURL: home,
  })
  context.setDefaultTimeout(actionTimeout)
  const problems = await watch(context, home)
  const page = context.pages()[0] ?? (await context.newPage())
  return { context, page, baseURL: home, problems, close: () => context.close() }
}

async function watch(context: BrowserContext, home: string): Promise<string[]> {
  const problems: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()} (${placeOf(message)})`)
  })
  context.on('weberror', (event) => {
    problems.push(`uncaught: ${event.error().stack ?? event.error().message}`)
  })
  // Those of workers are seen too; those of the browser itself are not.
  context.on('request', (request) => {
    if (!isAtHome(request.url(), home)) problems.push(`request to elsewhere: ${request.url()}`)
  })
  const watchPage = (page: Page) => {
    page.on('websocket', (socket) => problems.push(`request to elsewhere: ${socket.url()}`))
    page.on('crash', () => problems.push(`crashed: ${page.url()}`))
  }
  context.on('page', watchPage)
  context.pages().forEach(watchPage)
  await context.exposeBinding(
    '__cspBreach',
    (_source, breach: string) => void problems.push(`csp: ${breach}`),
  )
  await context.addInitScript(() => {
    const report = Reflect.get(globalThis, '__cspBreach') as (breach: string) => void
    addEventListener(
      'securitypolicyviolation',
      ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) => {
        report(`${effectiveDirective} blocked ${blockedURI} at ${sourceFile}:${lineNumber}`)
      },
    )
  })
  return problems
}

function isAtHome(url: string, home: string): boolean {
  return url.startsWith(home) || /^(blob|data|about):/.test(url)
}

function placeOf(message: ConsoleMessage): string {
  const { url, lineNumber } = message.location()
  return `${url}:${lineNumber + 1}`
}
