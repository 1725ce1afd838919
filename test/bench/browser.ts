import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type BrowserContext, type CDPSession, type Page } from '@playwright/test'
import { findBrowser } from '../browser.ts'
import { openApp } from '../e2e/steps.ts'
import { CACHE } from './data.ts'
import { installProbe, type Deed, type Probe, type Timed, type Watched } from './probe.ts'

/** A Chromium of its own with a profile on disk, for a profile in memory would store nothing. */
export interface Browser {
  readonly context: BrowserContext
  readonly profile: string
  readonly version: string
  /** Of the browser itself. */
  readonly session: CDPSession
  /** How many workers live now, those of workers included. */
  readonly workers: { count(): number; most(): number; reset(): void }
  /** A tab in which the app has loaded and come to rest. */
  newTab(): Promise<Page>
  /** `keep` leaves the profile, for a browser that is started on it again. */
  close(options?: { readonly keep?: boolean }): Promise<void>
}

export interface BrowserOptions {
  /** Where the app or a peer is served. */
  readonly home: string
  readonly profile?: string
}

/** The app tests its engine 1.5 s after it has loaded; a tab is idle after that. */
const REST_MS = 2000
/** Ten times what the slowest deed should take on a slow machine. */
const PATIENCE_MS = 900_000
const KEYS_MS = 100
const WHEEL = 400
/** Means nothing to the app, and changes no click. */
const IDLE_KEY = 'F9'

export async function openBrowser(options: BrowserOptions): Promise<Browser> {
  const { home, profile = newProfile() } = options
  const { launchOptions } = await findBrowser()
  const context = await chromium.launchPersistentContext(profile, {
    ...launchOptions,
    headless: true,
    acceptDownloads: true,
    baseURL: home,
  })
  context.setDefaultTimeout(PATIENCE_MS)
  await context.addInitScript(installProbe)
  const browser = context.browser()
  if (browser === null) throw new Error('this Playwright does not tell the browser of a profile')
  const session = await browser.newBrowserCDPSession()
  const workers = await countWorkers(session)
  const [blank] = context.pages()
  let unused = blank
  return {
    context,
    profile,
    version: browser.version(),
    session,
    workers,
    async newTab() {
      const page = unused ?? (await context.newPage())
      unused = undefined
      await openApp(page)
      await page.waitForTimeout(REST_MS)
      return page
    },
    async close({ keep = false } = {}) {
      await context.close()
      if (!keep) removeProfile(profile)
    },
  }
}

const profiles = new Set<string>()
// Also when it is stopped midway: a store is as large as what it holds.
process.once('exit', () => profiles.forEach((profile) => removeProfile(profile)))

export function newProfile(): string {
  mkdirSync(CACHE, { recursive: true })
  const profile = mkdtempSync(join(CACHE, 'profile-'))
  profiles.add(profile)
  return profile
}

export function removeProfile(profile: string): void {
  // A browser that is being ended may still write.
  rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  profiles.delete(profile)
}

/** Told of by the browser: a page knows of its own workers, and of none that those start. */
export async function countWorkers(session: CDPSession): Promise<Browser['workers']> {
  const alive = new Set<string>()
  let most = 0
  session.on('Target.targetCreated', ({ targetInfo: { targetId, type } }) => {
    if (type === 'worker') most = Math.max(most, alive.add(targetId).size)
  })
  session.on('Target.targetDestroyed', ({ targetId }) => void alive.delete(targetId))
  await session.send('Target.setDiscoverTargets', { discover: true })
  return { count: () => alive.size, most: () => most, reset: () => void (most = alive.size) }
}

/** From now on the page waits for `deed`. */
export async function arm(page: Page, deed: Deed): Promise<void> {
  await page.evaluate((armed) => (Reflect.get(globalThis, '__bench') as Probe).arm(armed), deed)
}

/** Does `work` and answers what the page timed of it. */
export async function timed(page: Page, deed: Deed, work: () => Promise<unknown>): Promise<Timed> {
  await arm(page, deed)
  return endOf(page, work)
}

/** What the page timed of the deed that it was armed for. */
export async function endOf(
  page: Page,
  work: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Timed> {
  const ended = page.evaluate(() => (Reflect.get(globalThis, '__bench') as Probe).ended())
  // What never ends is an error, with what the page says: a benchmark that waits for ever tells nobody.
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const giveUp = (said: string) =>
        reject(new Error(`no end within ${PATIENCE_MS / 60_000} minutes: ${said}`))
      page
        .locator('main')
        .innerText()
        .then(giveUp, () => giveUp('the page does not answer'))
    }, PATIENCE_MS)
  })
  try {
    await Promise.race([Promise.all([work(), ended]), overdue])
    return await ended
  } finally {
    clearTimeout(timer)
  }
}

export interface Stay {
  /** Sets it going; nothing else is pressed meanwhile. */
  readonly begin: () => Promise<unknown>
  /** Waits for its end and touches nothing. */
  readonly end: () => Promise<unknown>
}

/**
 * From `begin` to `end` keys are pressed ten times a second and, where rows are in sight, the wheel is turned; answers
 * how the page took it.
 */
export async function watched(page: Page, { begin, end }: Stay): Promise<Watched> {
  await page.evaluate(() => (Reflect.get(globalThis, '__bench') as Probe).watch())
  await begin()
  let running = true
  const playing = (async () => {
    for (let turn = 0; running; turn++) {
      await page.keyboard.press(IDLE_KEY)
      if (turn % 10 === 0) await pointAtRows(page)
      await page.mouse.wheel(0, turn % 40 < 20 ? WHEEL : -WHEEL)
      await page.waitForTimeout(KEYS_MS)
    }
  })()
  try {
    await end()
  } finally {
    running = false
    await playing
  }
  return page.evaluate(() => (Reflect.get(globalThis, '__bench') as Probe).watched())
}

async function pointAtRows(page: Page): Promise<void> {
  // A locator would wait for the list to come back, had the page gone on between looking and measuring.
  const [row] = await page.getByTestId('memory-row').first().elementHandles()
  const box = (await row?.boundingBox()) ?? null
  if (box !== null) await page.mouse.move(box.x + 80, 400)
}
