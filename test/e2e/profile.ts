import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, test } from '@playwright/test'
import type { BrowserContext, ConsoleMessage, Page } from '@playwright/test'
import { findBrowser } from '../browser.ts'
import { watchDocument } from './watch.ts'

const BREACHES: ReadonlySet<string> = new Set(['ContentSecurityPolicyIssue', 'MixedContentIssue'])

/** Skips a test with the browser that npm brings: a shell, without the settings that a browser has for sites. */
export async function needWholeBrowser(): Promise<void> {
  const { source } = await findBrowser()
  test.skip(source === 'npm', 'a whole browser is needed: install Chromium, or name one by CHROME_PATH')
}

/** A browser with a profile on disk, so that what a test stores outlives the browser, as it does for people. */
export interface Profile {
  readonly context: BrowserContext
  /** The first page, still blank: `page.goto('./')` opens the app. */
  readonly page: Page
  /** With a slash at its end. */
  readonly baseURL: string
  /**
   * What must not happen: console errors, uncaught errors, breaches of the policy, requests and ways to elsewhere, elements
   * and attributes that only data could have brought, anything that data has run, and characters that hide or turn round
   * others where they are not marked. Empty at the end of a test.
   */
  readonly problems: string[]
  /** Ends the browser; opening the same folder again is then a restart. */
  close(): Promise<void>
}

export interface ProfileOptions {
  readonly baseURL?: string
  readonly keeps?: boolean
  /** For the browser, beside the usual ones. */
  readonly args?: readonly string[]
  /** In place of the usual browser: what starts it otherwise. */
  readonly executablePath?: string
  /** What the profile begins with, as the browser keeps it. */
  readonly preferences?: object
}

/**
 * Opens the profile in `folder` (`test.info().outputPath('ada')` is one of the test's own), made if absent.
 * `baseURL` is for tests that serve the app themselves, to go offline by stopping the server. No copy of the app is kept
 * but where `keeps` says so: a test would wait for its making, and the requests of a service worker are seen by the
 * server alone. `args` go to the browser beside its usual ones. Only within a test.
 */
export async function openProfile(
  folder: string,
  { baseURL, keeps = false, args = [], executablePath, preferences }: ProfileOptions = {},
): Promise<Profile> {
  const { use } = test.info().project
  const { actionTimeout = 0 } = use
  const home = new URL('./', baseURL ?? use.baseURL).href
  if (preferences !== undefined) {
    mkdirSync(join(folder, 'Default'), { recursive: true })
    writeFileSync(join(folder, 'Default/Preferences'), JSON.stringify(preferences))
  }
  const context = await chromium.launchPersistentContext(folder, {
    ...use.launchOptions,
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [...(use.launchOptions?.args ?? []), ...args],
    headless: use.headless ?? true,
    acceptDownloads: true,
    baseURL: home,
    serviceWorkers: keeps ? 'allow' : 'block',
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
    const { name, message, stack } = event.error()
    // A DOMException has no stack of its own.
    problems.push(`uncaught: ${stack || `${name}: ${message}`}`)
  })
  // Those of workers are seen too; those of the browser itself are not.
  context.on('request', (request) => {
    if (!isAtHome(request.url(), home)) problems.push(`request to elsewhere: ${request.url()}`)
  })
  const watchPage = (page: Page) => {
    page.on('websocket', (socket) => problems.push(`request to elsewhere: ${socket.url()}`))
    page.on('crash', () => problems.push(`crashed: ${page.url()}`))
    page.on('popup', (popup) => problems.push(`popup: ${popup.url()}`))
    page.on('framenavigated', (frame) => {
      const isOurs = frame === page.mainFrame() && isAtHome(frame.url(), home)
      if (!isOurs) problems.push(`navigated: ${frame.url()}`)
    })
    void watchIssues(context, page, problems)
  }
  context.on('page', watchPage)
  context.pages().forEach(watchPage)
  await context.exposeBinding('__breach', (_source, breach: string) => void problems.push(breach))
  await context.addInitScript(watchDocument, home)
  return problems
}

/** What the browser itself files as a breach of the policy, in the page and in what it blocks before any event. */
async function watchIssues(context: BrowserContext, page: Page, problems: string[]): Promise<void> {
  try {
    const session = await context.newCDPSession(page)
    session.on('Audits.issueAdded', ({ issue: { code, details } }) => {
      if (!BREACHES.has(code)) return
      problems.push(`${code}: ${JSON.stringify(details.contentSecurityPolicyIssueDetails ?? details)}`)
    })
    await session.send('Audits.enable')
  } catch (error) {
    // A page may be closed before it is watched; one that is there must be.
    if (!page.isClosed()) throw error
  }
}

function isAtHome(url: string, home: string): boolean {
  return url.startsWith(home) || /^(blob|data|about):/.test(url)
}

function placeOf(message: ConsoleMessage): string {
  const { url, lineNumber } = message.location()
  return `${url}:${lineNumber + 1}`
}
